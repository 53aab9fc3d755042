"""InfoGAN: a GAN with codes that are asked for by value and read back from the image, learned without labels.

Chen et al., 2016, InfoGAN: interpretable representation learning by information maximizing generative adversarial
nets, https://arxiv.org/abs/1606.03657.

Beside noise z, the generator gets a code c: categorical codes, uniform over their categories, and factors, uniform in
[-1, 1]. A recognition network Q(c|x) reads the code from the image, and the game of generator and discriminator gets a
lower bound of the mutual information of code and image (equations 5 and 6):

    min over G, Q, max over D of V(D, G) - lambda L_I(G, Q),    L_I = E log Q(c|G(z, c)) + H(c).

For a categorical code, -log Q is a cross-entropy, with lambda = `info_weight`; for factors it is the negative
log-density of a Gaussian whose mean and variance Q gives, with lambda = `factor_weight` (section 6 and appendix C.1).
H(c) is constant and left out. The logged `code_loss` and `factor_loss` are E -log Q in nats, without weights.

Q shares all layers with the discriminator but the last ones: a hidden layer and its outputs. As in the authors' code,
the discriminator's optimizer trains Q, the shared layers included, by the discriminator's loss plus lambda E -log Q of
generated images, and the generator's optimizer trains the generator by its loss plus the same term. Each of the two
networks therefore minimizes -lambda L_I, which is equation 6.

As in the paper's networks for MNIST, both networks have a dense layer between the convolutions and the code or the
scores. What they are worth is in `docs/gans.md`.

Differences from the paper: the convolutions are those of `dcgan`, and the dense layers have fewer units (1024 in the
paper) by default; z is normal; the generator's part of V is the non-saturating loss.
"""

import functools

import keras
import numpy as np
from keras import layers, ops

from keras_genzoo import losses
from keras_genzoo.families import ClassCondition, RealCondition, StandardGAN
from keras_genzoo.families.batches import in_batches, joined
from keras_genzoo.families.exporting import ExportFunction, image_input
from keras_genzoo.layers import BatchNormalization
from keras_genzoo.models.acgan import ACGAN
from keras_genzoo.models.dcgan import DCGAN, INITIAL_WEIGHTS
from keras_genzoo.models.gan import GAN
from keras_genzoo.networks.heads import with_heads
from keras_genzoo.utils.arguments import Integer, Units, Weight


@keras.saving.register_keras_serializable(package="keras_genzoo")
class InfoGAN(StandardGAN):
    """Generates images from codes, `generate(16, codes=3, factors=0.5)`, and reads the codes of images.

    The conditions are `codes`, the first categorical code, `code2s`, `code3s` and so on, the others, and `factors`.

    Shapes: `generator` `[(batch, latent_dim), (batch,) per categorical code, (batch, num_factors)]` ->
    `(batch, height, width, channels)` in [-1, 1]; `discriminator` images in [-1, 1] -> dict of `logits` `(batch, 1)`,
    `code_logits` `(batch, categories)` per categorical code, `factor_mean` and `factor_log_var`
    `(batch, num_factors)`.

    Raises:
        ValueError: If an argument is out of its range, or arguments do not fit each other.

    References:
        https://arxiv.org/abs/1606.03657, equations 5 and 6 and appendix C.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("infogan", image_shape=(8, 8, 1), base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> read = model.recognize(model.generate(4, codes=2, factors=[0.5, -1.0]))
    >>> read["codes"].shape, read["factors"].shape
    ((4, 10), (4, 2))
    """

    latent_dim = Integer(62, "Length of the noise `z` beside the code.")
    code_sizes = Units((10,), "Numbers of categories of the categorical codes, at least 2 each.")
    num_factors = Integer(2, "Number of real-valued factors in [-1, 1].", low=0)
    dense_units = Integer(
        256,
        "Convolutions only: units of the dense layer between the generator's code and its maps; 1024 in the paper; 0 "
        "for none.",
        low=0,
        only={"network": ("conv",)},
    )
    d_dense_units = Integer(
        256,
        "Convolutions only: units of the dense layer between the discriminator's maps and its outputs; 0 for none.",
        low=0,
        only={"network": ("conv",)},
    )
    recognition_units = Integer(128, "Units of the hidden layer of the recognition network.")
    info_weight = Weight(
        1.0,
        "Weight of the information of the categorical codes (the paper's lambda).",
        training=True,
        only={"code_sizes": "nonzero"},
    )
    factor_weight = Weight(
        0.1,
        "Weight of the information of the factors (lambda for them).",
        training=True,
        only={"num_factors": "nonzero"},
    )
    label_smoothing = GAN.label_smoothing
    label_noise = GAN.label_noise

    loss_names = (*StandardGAN.loss_names, "code_loss", "factor_loss")
    generator_options = INITIAL_WEIGHTS
    discriminator_options = INITIAL_WEIGHTS
    discriminator_conditions = ()

    noisy = GAN.noisy
    examined = ACGAN.examined
    judge = ACGAN.judge

    def check_arguments(self):
        super().check_arguments()
        if not self.code_sizes and not self.num_factors:
            raise ValueError("Expected code_sizes or num_factors: a code to read. Received: neither")
        if self.code_sizes and min(self.code_sizes) < 2:
            raise ValueError(f"Expected code_sizes of at least 2 each. Received: code_sizes={self.code_sizes}")

    @property
    def conditions(self):
        return (*self.code_conditions, *self.factor_conditions)

    @property
    def code_conditions(self):
        """The categorical codes; image i has category i of the first one by default, as labels in other models."""
        names = ["codes", *(f"code{number}s" for number in range(2, len(self.code_sizes) + 1))]
        sizes = zip(names, self.code_sizes, strict=False)
        return tuple(ClassCondition(name, size, in_turn=name == "codes") for name, size in sizes)

    @property
    def factor_conditions(self):
        """The factors, where there are any."""
        return (RealCondition("factors", self.num_factors),) if self.num_factors else ()

    # -- networks -------------------------------------------------------------------------------------------------

    def build_discriminator(self):
        return with_heads(super().build_discriminator(), self.code_heads)

    def code_heads(self, features):
        """The outputs of the recognition network Q from the last features of the discriminator, symbolic, by name."""
        policy, kernel = self.dtype_policy, dict(kernel_initializer=INITIAL_WEIGHTS["kernel_initializer"])
        x = layers.Dense(self.recognition_units, use_bias=False, dtype=policy, **kernel)(features)
        x = BatchNormalization(gamma_initializer=INITIAL_WEIGHTS["gamma_initializer"], dtype=policy)(x)
        x = layers.LeakyReLU(negative_slope=0.2, dtype=policy)(x)  # (batch, recognition_units)
        sizes = {f"{each.input}_logits": each.num_classes for each in self.code_conditions}
        if self.num_factors:
            sizes |= {"factor_mean": self.num_factors, "factor_log_var": self.num_factors}
        return {name: layers.Dense(size, dtype="float32", name=name, **kernel)(x) for name, size in sizes.items()}

    # A cached property goes past Keras' tracking, which would save the discriminator's weights twice.
    @functools.cached_property
    def recognizer(self):
        """Functional network from images in [-1, 1] to Q: probabilities of categories, and means of factors."""
        outputs = self.discriminator.output
        found = {each.input: ops.softmax(outputs[f"{each.input}_logits"]) for each in self.code_conditions}
        if self.num_factors:
            found["factor"] = outputs["factor_mean"]
        return keras.Model(self.discriminator.input, found, name="recognizer")

    def default_optimizers(self):
        """Adam with beta_1 0.5 and the learning rates of appendix C: 0.0002 for the discriminator, 0.001."""
        rates = {"d_optimizer": 2e-4, "g_optimizer": 1e-3}
        return {name: keras.optimizers.Adam(rate, beta_1=0.5) for name, rate in rates.items()}

    # -- losses ---------------------------------------------------------------------------------------------------

    def discriminator_loss(self, real, fake):
        real, fake = self.examined(real), self.examined(fake)
        return GAN.discriminator_loss(self, real, fake) + self.weighted(*self.code_losses(fake))

    def generator_loss(self, real, fake):
        fake = self.examined(fake)
        code_loss, factor_loss = self.code_losses(fake)
        self.log({"code_loss": code_loss, "factor_loss": factor_loss})
        return DCGAN.generator_loss(self, real, fake) + self.weighted(code_loss, factor_loss)

    def code_losses(self, fake):
        """E -log Q(c|x) of generated images in nats, of the categorical codes and of the factors; 0 without any."""
        code_loss = factor_loss = 0.0
        for each in self.code_conditions:
            category, logits = getattr(fake, each.name), getattr(fake, f"{each.input}_logits")
            error = keras.losses.sparse_categorical_crossentropy(category, logits, from_logits=True)
            code_loss += ops.mean(error)
        if self.num_factors:
            log_var = ops.clip(fake.factor_log_var, -losses.MAX_LOG_VAR, losses.MAX_LOG_VAR)
            factor_loss = ops.mean(losses.gaussian_nll(fake.factors, fake.factor_mean, log_var))
        return code_loss, factor_loss

    def weighted(self, code_loss, factor_loss):
        """Both terms, each times its lambda."""
        return self.info_weight * code_loss + self.factor_weight * factor_loss

    # -- use ------------------------------------------------------------------------------------------------------

    def recognize(self, images, batch_size=500):
        """The codes of images.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images per forward pass.

        Returns:
            Dict of float32 NumPy arrays by the names of the conditions: probabilities of the categories,
            `(n, categories)`, and means of the factors, `(n, num_factors)`.

        Raises:
            ValueError: If the images have a wrong shape, type or range.
        """
        self.values.check(images)
        parts = in_batches(self, "recognize", self._recognize, batch_size, images)
        sizes = {each.name: each.num_classes for each in self.code_conditions}
        sizes |= {each.name: each.dim for each in self.factor_conditions}
        names = {each.name: each.input for each in self.conditions}
        return {name: joined([part[names[name]] for part in parts], (size,)) for name, size in sizes.items()}

    def _recognize(self, images):
        return self.recognizer(self.to_network(images), training=False)

    def predict_codes(self, images, batch_size=500):
        """The most likely category of each image, of the first categorical code.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images per forward pass.

        Returns:
            int64 NumPy array `(n,)`.

        Raises:
            ValueError: If the images have a wrong shape, type or range, or the model has no categorical code.
        """
        if not self.code_sizes:
            raise ValueError("Expected a model with a categorical code. Received: code_sizes=()")
        return np.argmax(self.recognize(images, batch_size)["codes"], axis=-1)

    def export_functions(self, image_dtype="float32"):
        outputs = tuple(each.input for each in self.conditions)
        recognize = ExportFunction(self._recognize_input, image_input(self, image_dtype), outputs)
        return {**super().export_functions(image_dtype), "recognize": recognize}

    def _recognize_input(self, **inputs):
        return self._recognize(inputs[self.values.name])
