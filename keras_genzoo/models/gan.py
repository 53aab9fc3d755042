"""GAN: the original generative adversarial network, fully connected.

Goodfellow et al., 2014, Generative adversarial networks, https://arxiv.org/abs/1406.2661.

The discriminator D maximizes E log D(x) + E log(1 - D(G(z))) (equation 1, algorithm 1), in `d_steps` updates for each
update of the generator G. Three losses of the generator have the same fixed point (section 3):

- `minimax` minimizes log(1 - D(G(z))), as equation 1 has it. Where the discriminator is sure, its gradient vanishes.
- `non_saturating` maximizes log D(G(z)), with strong gradients there: what the paper trains with.
- `flipped` is the discriminator's loss with the labels of real and generated images exchanged:
  -E log D(G(z)) - E log(1 - D(x)). The term of the real images has no gradient with respect to the generator, so that
  it trains as `non_saturating` does; the logged loss shows both errors of the discriminator.

Differences from the paper: LeakyReLU takes the place of maxout in the discriminator, batch normalization is in the
generator (https://arxiv.org/abs/1502.03167), which has neither in the paper, and dropout is an option.
"""

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.families import StandardGAN
from keras_genzoo.utils.arguments import Choice, Fraction
from keras_genzoo.utils.noise import is_testing


@keras.saving.register_keras_serializable(package="keras_genzoo")
class GAN(StandardGAN):
    """Generates images by fully connected networks.

    Shapes: `generator` `(batch, latent_dim)` -> `(batch, height, width, channels)` in [-1, 1]; `discriminator`
    images in [-1, 1] -> logits `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1406.2661, equation 1 and algorithm 1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("gan", image_shape=(8, 8, 1), hidden_units=[32])
    >>> history = model.fit(keras_genzoo.data.load("digits", image_size=(8, 8)), epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    network = Choice(
        "mlp",
        "`'mlp'` for fully connected networks, as in the paper: ReLU and batch normalization in the generator, "
        "LeakyReLU in the discriminator; `'conv'` for strided and transposed convolutions.",
        choices=("conv", "mlp"),
    )
    generator_objective = Choice(
        "non_saturating",
        "What the generator minimizes: `'minimax'` log(1 - D(G(z))), `'non_saturating'` -log D(G(z)), `'flipped'` the "
        "discriminator's loss with exchanged labels.",
        choices=("minimax", "non_saturating", "flipped"),
        training=True,
    )
    label_smoothing = Fraction(
        0.0,
        "One-sided label smoothing: real images have the target 1 - label_smoothing "
        "(https://arxiv.org/abs/1606.03498, section 3.4).",
        training=True,
    )
    label_noise = Fraction(
        0.0,
        "Share of images, real and generated, whose target is exchanged for that of the other kind, drawn anew in each "
        "update of the discriminator.",
        training=True,
    )

    def discriminator_loss(self, real, fake):
        real_logits, fake_logits = self.scores(real, fake)
        targets = [1.0 - self.label_smoothing, 0.0]
        if self.label_noise and not is_testing():
            shapes = ops.shape(real_logits), ops.shape(fake_logits)
            targets = [self.noisy(target, shape) for target, shape in zip(targets, shapes, strict=True)]
        return losses.minimax_discriminator_loss(real_logits, fake_logits, *targets)

    def noisy(self, target, shape):
        """`target` for most images, and that of the other kind for a share of `label_noise`: of `shape`."""
        exchanged = sampling.bernoulli(self.label_noise, sampling.step_uniform(shape, self.noise()))
        return target + exchanged * (1.0 - self.label_smoothing - 2.0 * target)  # float32, whatever Keras' floatx

    def generator_loss(self, real, fake):
        if self.generator_objective == "minimax":
            return losses.minimax_generator_loss(self.judge(fake))
        if self.generator_objective == "flipped":
            return losses.minimax_discriminator_loss(self.judge(fake), self.judge(real))
        return losses.non_saturating_generator_loss(self.judge(fake))
