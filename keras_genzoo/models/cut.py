"""CUT: translation learned from unpaired images in one direction, where patches keep what they show.

Park, Efros, Zhang and Zhu, 2020, Contrastive learning for unpaired image-to-image translation,
https://arxiv.org/abs/2007.15651.

There is no cycle and no second generator: a patch of the translation is to resemble the patch of the input at the same
position more than other patches of that input. The encoder half of the generator, and a small network for each of
several layers, turn patches into vectors of length 1. Of S patches, with v_s of the translation and w_s of the input,
the loss is a cross-entropy of S classes (equations 2 and 3, PatchNCE)

    -log exp(v_s . w_s / tau) / sum over t of exp(v_s . w_t / tau)

in which w_s and w_t are fixed, as in the authors' code. The same loss between images of the target domain and what the
generator makes of them, which should be themselves, keeps it from changing what needs no change (equation 4).

Generator and discriminator are those of CycleGAN, with the least-squares loss. Differences from the paper: the
convolutions that change the resolution have 4x4 instead of 3x3 kernels; vectors are taken of all patches where a layer
has at most `num_patches` of them; both losses of patches have the weights of the paper, which the authors' code halves
where there are two; the weights of the small networks are trained by the generator's optimizer; and the
moving average of the generator's weights is an addition.
"""

import functools

import keras
from keras import layers, ops

from keras_genzoo import losses, sampling
from keras_genzoo.data.kinds import ImagePairs
from keras_genzoo.families import BaseTranslator
from keras_genzoo.families.two_player import SMALL_NORMAL, scores_of_both
from keras_genzoo.models.cyclegan import CycleGAN
from keras_genzoo.networks.patch import patch_discriminator
from keras_genzoo.networks.residual import residual_translator
from keras_genzoo.utils.arguments import Integer, Positive, Weight
from keras_genzoo.utils.record import Record


@keras.saving.register_keras_serializable(package="keras_genzoo")
class CUT(BaseTranslator):
    """Translates images of domain a to domain b, trained on unpaired images of both.

    With `nce_weight=10` and `identity_weight=0` it is the paper's FastCUT, but for the mirrored images of that one.

    Shapes: `generator_ab` `(batch, height, width, channels)` -> the same, both in [-1, 1]; `discriminator` images in
    [-1, 1] -> scores `(batch, rows, columns, 1)`; `encoder` images in [-1, 1] -> list of maps
    `(batch, height, width, n)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/2007.15651, equations 1 to 4 and appendix C.

    Example:

    >>> import keras_genzoo
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8), limit=64)
    >>> model = keras_genzoo.build("cut", image_shape=(8, 8, 1), base_filters=4, num_blocks=1)
    >>> history = model.fit(digits, 255 - digits[::-1], epochs=1, verbose=0)
    >>> model.translate(digits[:4]).shape
    (4, 8, 8, 1)
    """

    image_shape = CycleGAN.image_shape
    network = CycleGAN.network
    base_filters = CycleGAN.base_filters
    d_base_filters = CycleGAN.d_base_filters
    num_blocks = CycleGAN.num_blocks
    d_layers = CycleGAN.d_layers
    upsampling = CycleGAN.upsampling
    num_patches = Integer(256, "Patches of each layer that are compared.", low=2, training=True)
    projection_units = Integer(256, "Length of the vector of a patch, and units of the layer before it.")
    temperature = Positive(0.07, "Temperature of the similarities (the paper's tau).", training=True)
    nce_weight = Weight(1.0, "Weight of the loss of the patches (the paper's lambda_X).", training=True)
    identity_weight = Weight(
        1.0,
        "Weight of the same loss on images of the target domain (the paper's lambda_Y). With 0 it is not computed, "
        "which saves two passes.",
        training=True,
    )

    data_kind = ImagePairs()
    directions = ("a_to_b",)
    discriminator_first = True

    @property
    def loss_names(self):
        return ("d_loss", "g_loss", "nce_loss", *(("identity_loss",) if self.identity_weight else ()))

    # -- networks -------------------------------------------------------------------------------------------------

    def build_networks(self):
        shared = dict(kernel_initializer=SMALL_NORMAL, dtype=self.dtype_policy)
        sizes = (self.image_shape, self.base_filters, self.num_blocks, self.network == "separable")
        self.set_generators(
            a_to_b=residual_translator(*sizes, upsampling=self.upsampling, name="generator_ab", **shared)
        )
        filters = self.d_base_filters or self.base_filters
        self.discriminator = patch_discriminator(self.image_shape, filters, self.d_layers, **shared)
        self.projections = [
            self.build_projection(maps.shape[-1], f"projection_{number}")
            for number, maps in enumerate(self.encoder.outputs)
        ]

    # A cached property goes past Keras' tracking, which would save the generator's weights twice.
    @functools.cached_property
    def encoder(self):
        """The generator up to the maps whose patches are compared: the image, both strided convolutions, and blocks."""
        network = self.generator_ab
        added = [layer.output for layer in network.layers if isinstance(layer, layers.Add)]
        strided = [layer.output for layer in network.layers if type(layer) is layers.Conv2D and layer.strides == (2, 2)]
        blocks = added[:: max(1, len(added) // 2)][:2]  # appendix C: the first and the fifth of nine
        return keras.Model(network.input, [network.input, *strided, *blocks], name="encoder")

    def build_projection(self, channels, name):
        """Functional model from features of patches `(batch, patches, channels)` to vectors, float32."""
        # In float32: vectors are short before they get length 1, and their gradients as large.
        common = dict(kernel_initializer=SMALL_NORMAL, dtype="float32")
        features = keras.Input((None, channels), name="features")
        hidden = layers.Dense(self.projection_units, activation="relu", **common)(features)
        return keras.Model(features, layers.Dense(self.projection_units, **common)(hidden), name=name)

    def optimized_variables(self):
        projections = [variable for network in self.projections for variable in network.trainable_variables]
        return {
            "d_optimizer": self.discriminator.trainable_variables,
            "g_optimizer": self.generator_ab.trainable_variables + projections,
        }

    # -- losses ---------------------------------------------------------------------------------------------------

    def make_fake(self, real):
        """The translations `b` of the images `a`; with an identity loss also `same_b`, of images that are in b."""
        if not self.identity_weight:
            return Record(b=self.generator_ab(real.a, training=True))
        num = ops.shape(real.a)[0]
        both = self.generator_ab(ops.concatenate([real.a, real.b], axis=0), training=True)
        return Record(b=both[:num], same_b=both[num:])

    def discriminator_loss(self, real, fake):
        return losses.least_squares_discriminator_loss(*scores_of_both(self.discriminator, real.b, fake.b))

    def generator_loss(self, real, fake):
        """Equation 4; logs the losses of the patches."""
        adversarial = 2.0 * losses.least_squares_generator_loss(self.discriminator(fake.b, training=True))
        terms = {"nce_loss": self.patch_loss(real.a, fake.b)}
        if self.identity_weight:
            terms["identity_loss"] = self.patch_loss(real.b, fake.same_b)
        self.log(terms)
        same = self.identity_weight * terms.get("identity_loss", 0.0)
        return adversarial + self.nce_weight * terms["nce_loss"] + same

    def patch_loss(self, images, translations):
        """PatchNCE in nats, a mean over patches, layers and images."""
        encoder, num = self.encoder, ops.shape(images)[0]
        maps = encoder(ops.concatenate([images, translations], axis=0), training=True)
        total = 0.0
        for both, projection in zip(maps, self.projections, strict=True):
            vectors = projection(self.patches(both))
            vectors = vectors / ops.sqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True) + 1e-12)
            inputs, outputs = ops.stop_gradient(vectors[:num]), vectors[num:]
            logits = ops.matmul(outputs, ops.transpose(inputs, (0, 2, 1))) / self.temperature
            own = ops.arange(logits.shape[1])
            found = ops.broadcast_to(own, ops.shape(logits)[:2])
            total += ops.mean(keras.losses.sparse_categorical_crossentropy(found, logits, from_logits=True))
        return total / len(maps)

    def patches(self, maps):
        """Features at the same positions of all maps `(batch, height, width, n)`: `(batch, patches, n)`."""
        _, height, width, channels = maps.shape
        flat = ops.reshape(maps, (-1, height * width, channels))
        if height * width <= self.num_patches:
            return flat
        order = ops.argsort(sampling.step_uniform((height * width,), self.noise()))
        return ops.take(flat, order[: self.num_patches], axis=1)
