"""BEGAN: a GAN whose discriminator is an autoencoder, in an equilibrium with the generator.

Berthelot, Schumm and Metz, 2017, BEGAN: boundary equilibrium generative adversarial networks,
https://arxiv.org/abs/1703.10717.

The discriminator D reconstructs images; its error for an image is L(v) = |v - D(v)|, the mean over the pixels
(section 3.1). With codes z uniform on [-1, 1], the networks minimize (section 3.4)

    L_D = L(x) - k L(G(z))
    L_G = L(G(z))

The weight k begins at 0 and keeps the errors in the proportion gamma = E L(G(z)) / E L(x):

    k <- k + balance_rate (gamma L(x) - L(G(z))), kept in [0, 1].

A low gamma has D reconstruct real images well, which gives sharper images of less diversity. The convergence measure
M = L(x) + |gamma L(x) - L(G(z))|, logged as `convergence`, falls as images get better (section 3.4.1). Adam has
learning rate 0.0001; the paper lowers it where M stalls.

Where easy images have a much lower error than others, as a 1 among handwritten digits, which has little ink, G draws
them too often: an image that is up to 1 / k times too frequent costs D nothing. `repelling_weight` adds the
pulling-away term of EBGAN (Zhao, Mathieu and LeCun, 2016, https://arxiv.org/abs/1609.03126, section 2.4), the mean
squared cosine of D's codes S of a batch of n generated images, those of one replica, to L_G:

    1 / (n (n - 1)) sum_i sum_{j != i} (S_i . S_j / (|S_i| |S_j|))^2

Differences from the paper: D is made of the strided and transposed convolutions of `dcgan` with ReLU in its decoder,
where the paper has convolutions of stride 1 with ELU, subsampling and upsampling; a tanh bounds the pixels of
generated images, and not, as in the paper, those of reconstructions. k moves with each update of D, by the images of
that update, while the paper draws other ones for G. Neither network has batch normalization, as in the paper; with
`network="mlp"`, the generator has it.
"""

import functools

import keras
from keras import layers, ops

from keras_genzoo.families import StandardGAN, UniformPrior
from keras_genzoo.families.two_player import scores_of_both
from keras_genzoo.layers.frozen import is_frozen
from keras_genzoo.networks.conv import conv_features, conv_generator
from keras_genzoo.networks.mlp import mlp_features, mlp_generator
from keras_genzoo.utils import replicas
from keras_genzoo.utils.arguments import Fraction, Integer, Weight
from keras_genzoo.utils.record import Record


def errors(images, reconstructions):
    """Mean absolute error of each image over its pixels, `(batch, 1)`."""
    distances = ops.abs(images - reconstructions)
    return ops.mean(ops.reshape(distances, (ops.shape(distances)[0], -1)), axis=-1, keepdims=True)


def likeness(codes):
    """Mean squared cosine of the codes of two images of a batch, 0..1; of one image, 0.

    Args:
        codes: Tensor `(batch, code_dim)`.

    References:
        https://arxiv.org/abs/1609.03126, section 2.4, equation 4.
    """
    codes = ops.normalize(ops.cast(codes, "float32"), axis=-1)
    squares = ops.square(ops.matmul(codes, ops.transpose(codes)))
    num = ops.cast(ops.shape(codes)[0], "float32")
    return (ops.sum(squares) - ops.trace(squares)) / ops.maximum(num * (num - 1.0), 1.0)


@keras.saving.register_keras_serializable(package="keras_genzoo")
class BEGAN(StandardGAN):
    """Generates images by a GAN whose discriminator reconstructs real images better than generated ones.

    `fake_weight` is k, a weight of the model that belongs to training: `.keras` files and checkpoints go on with it,
    and a preset begins at 0.

    Shapes: `generator` `(batch, latent_dim)` -> `(batch, height, width, channels)` in [-1, 1]; `discriminator`
    images in [-1, 1] -> their reconstructions, without a bound. `judge` gives minus the error of each image,
    `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1703.10717, section 3.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("began", image_shape=(8, 8, 1), base_filters=8)
    >>> history = model.fit(keras_genzoo.data.load("digits", image_size=(8, 8)), epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    latent_dim = Integer(64, "Length of the latent code `z` (the paper's N_z).")
    code_dim = Integer(64, "Length of the code of an image in the discriminator (the paper's N_h).")
    gamma = Fraction(
        0.5,
        "Diversity ratio: the error of generated images that is asked for, as a share of that of real images. Less "
        "gives sharper images of less diversity.",
        training=True,
        only={"balance_rate": "nonzero"},
    )
    balance_rate = Weight(
        0.001, "Rate at which the weight of generated images follows the balance (the paper's lambda_k).", training=True
    )
    repelling_weight = Weight(
        0.0,
        "Weight of the likeness of the codes of generated images in a batch (the pulling-away term of EBGAN), which "
        "the generator then avoids: more diversity.",
        training=True,
    )
    # An autoencoder is to reconstruct each image by itself, from all of its features; noise it cannot reconstruct.
    dropout = 0.0
    minibatch_stddev = False
    instance_noise = 0.0
    instance_noise_steps = 0
    # Its score is higher for generated images than for real ones, by design: it cannot tell how much D overfits.
    augmentation_target = 0.0

    loss_names = (*StandardGAN.loss_names, "convergence", "fake_weight")
    generator_options = {"batch_norm": False}

    @property
    def prior(self):
        return UniformPrior(self.latent_dim)

    def build_networks(self):
        super().build_networks()
        options = dict(shape=(), initializer="zeros", dtype="float32", trainable=False, aggregation="mean")
        self.fake_weight = self.add_weight(name="fake_weight", **options)

    def build_discriminator(self):
        image = keras.Input(self.image_shape, name="image")
        common = dict(dtype=self.dtype_policy)
        # No tanh: of dark images, the first steps would drive it to its flat end, and D would reconstruct black only.
        output = dict(output_activation=None, name="decoder", **common)
        if self.network == "conv":
            sizes = (self.d_base_filters or self.base_filters, self.kernel_size)
            units = dict(dense_units=self.d_dense_units)
            features = conv_features(image, self.image_shape, *sizes, batch_norm=False, **units, **common)
            decoder = conv_generator(self.image_shape, self.code_dim, *sizes, batch_norm=False, **units, **output)
        else:
            features = mlp_features(image, self.hidden_units, "leaky_relu", **common)
            decoder = mlp_generator(self.image_shape, self.code_dim, self.hidden_units[::-1], "leaky_relu", **output)
        code = layers.Dense(self.code_dim, name="code", **common)(features)  # (batch, code_dim)
        return keras.Model(image, decoder(code), name="discriminator")

    # A cached property goes past Keras' tracking, which would save the discriminator's weights twice.
    @functools.cached_property
    def encoder(self):
        """Functional network from images in [-1, 1] to the discriminator's codes, `(batch, code_dim)`."""
        return keras.Model(self.discriminator.input, self.discriminator.get_layer("code").output, name="encoder")

    def training_variables(self):
        return {**super().training_variables(), "fake_weight": self.fake_weight}

    # -- the losses -----------------------------------------------------------------------------------------------

    def judge(self, batch):
        """Minus the error of the reconstruction of each image, `(batch, 1)`, mean over pixels in [-1, 1]."""
        return -errors(batch.images, self.discriminator(batch.images, training=True))

    def scores(self, real, fake):
        def judge(images, training):
            return self.judge(Record(images=images))

        return scores_of_both(judge, real.images, fake.images)

    def discriminator_loss(self, real, fake):
        real_error, fake_error = (-ops.mean(scores) for scores in self.scores(real, fake))
        weight = self.fake_weight + 0.0  # before it moves
        self.balance(real_error, fake_error)
        return real_error - weight * fake_error

    def generator_loss(self, real, fake):
        if not self.repelling_weight:
            return -ops.mean(self.judge(fake))
        codes = self.encoder(fake.images, training=True)
        reconstructions = self.discriminator.get_layer("decoder")(codes, training=True)
        return ops.mean(errors(fake.images, reconstructions)) + self.repelling_weight * likeness(codes)

    def balance(self, real_error, fake_error):
        """Logs the convergence, and moves the weight of generated images; in test steps, it rests."""
        real_error, fake_error = (
            replicas.total(replicas.share() * ops.stop_gradient(error)) for error in (real_error, fake_error)
        )
        difference = self.gamma * real_error - fake_error
        if not is_frozen():
            moved = self.fake_weight + self.balance_rate * difference
            self.fake_weight.assign(ops.clip(moved, 0.0, 1.0))
        convergence = real_error + ops.abs(difference)
        self.log({"convergence": convergence, "fake_weight": ops.convert_to_tensor(self.fake_weight)})

    def default_optimizers(self):
        """Adam with learning rate 0.0001 for both networks."""
        return {name: keras.optimizers.Adam(1e-4) for name in self.optimizer_names}
