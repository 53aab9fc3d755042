"""R3GAN: a modern GAN, with a relativistic loss, two gradient penalties and residual networks.

Huang, Gokaslan, Kuleshov and Tompkin, 2025, The GAN is dead; long live the GAN! A modern GAN baseline,
https://arxiv.org/abs/2501.05441.

The discriminator judges pairs of a real and a generated image (equation 2, with f(t) = -log(1 + exp(-t)); Jolicoeur-
Martineau, 2018, https://arxiv.org/abs/1807.00734): it minimizes E log(1 + exp(-(D(x) - D(G(z))))), and the generator
the same with exchanged images. A generated image is judged beside a real one, so that modes that are left out cost
something (https://arxiv.org/abs/2011.04926). Penalties on the gradient of the discriminator at real images (R1) and at
generated ones (R2) make the game converge (equation 3):

    gp_weight / 2 (E |grad D(x)|^2 + E |grad D(G(z))|^2)

The networks (section 4) are residual, without normalization: see `keras_genzoo.networks.resnext`. Adam has beta_1 0.
The paper lets the weight of the penalties fall in the course of a training, which `final_gp_weight` and `gp_steps` do,
along a cosine.

Seven details differ: the penalties may be computed on a part of the batch, its first images (`gp_share`); their
gradients are those at the images that the discriminator sees, augmented where `augmentations` say so; the interpolation
of lower resolutions averages 2x2 pixels; a tanh bounds the generated pixels; beta_2 of Adam is 0.99 from the start,
where the authors let it rise from 0.9; the decay of the average rises within a few thousand steps, theirs with
the schedules; and the last convolution of the discriminator, of each channel by itself, begins with weights that are
smaller by the square root of the number of channels, so that first scores are near 0.
"""

import math

import keras
from keras import ops

from keras_genzoo import losses
from keras_genzoo.families import StandardGAN
from keras_genzoo.families.gradients import gradient_norms
from keras_genzoo.families.step_count import StepCount
from keras_genzoo.networks.resnext import residual_discriminator, residual_generator, stage_widths
from keras_genzoo.utils.arguments import Choice, Integer, Positive, Steps, Units, Weight


@keras.saving.register_keras_serializable(package="keras_genzoo")
class R3GAN(StandardGAN):
    """Generates images by a relativistic GAN with penalties on real and on generated images.

    Shapes: `generator` `(batch, latent_dim)` -> `(batch, height, width, channels)` in [-1, 1]; `discriminator`
    images in [-1, 1] -> scores `(batch, 1)`, of which only differences mean something.

    Raises:
        ValueError: If an argument is out of its range, or arguments do not fit each other.

    References:
        https://arxiv.org/abs/2501.05441, equations 2 and 3 and section 4.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("r3gan", image_shape=(8, 8, 1), base_filters=8)
    >>> history = model.fit(keras_genzoo.data.load("digits", image_size=(8, 8)), epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    latent_dim = Integer(64, "Length of the latent code `z`.")
    network = Choice(
        "residual",
        "`'residual'` for the paper's networks; `'conv'` for strided and transposed convolutions as in DCGAN, without "
        "normalization in the discriminator, which take less time; `'mlp'` for fully connected networks.",
        choices=("residual", "conv", "mlp"),
    )
    upsampling = Choice(
        "transposed",
        "Convolutions only: how the generator doubles the resolution, by `'transposed'` convolutions, or by "
        "`'nearest'`, repeated pixels and a convolution, which leaves no fine texture on plain areas.",
        choices=("transposed", "nearest"),
        only={"network": ("conv",)},
    )
    base_filters = Integer(
        64,
        "Convolutions and residual networks only: filters at full resolution, doubled at each halving up to 8 times as "
        "many.",
        only={"network": ("conv", "residual"), "stage_filters": (None,)},
    )
    d_base_filters = Integer(
        None,
        "The same for the discriminator; `None` for `base_filters`.",
        optional=True,
        only={"network": ("conv", "residual"), "stage_filters": (None,)},
    )
    num_blocks = Integer(
        1, "Residual networks only: blocks at each resolution; 2 in the paper.", only={"network": ("residual",)}
    )
    expansion = Integer(
        2,
        "Residual networks only: channels inside of a block, as a multiple of those outside.",
        only={"network": ("residual",)},
    )
    stage_filters = Units(
        None,
        "Residual networks only: filters of both networks at each resolution, from the full one down, the last for all "
        "further ones, in place of `base_filters` and `d_base_filters`.",
        optional=True,
        only={"network": ("residual",)},
    )
    group_size = Integer(
        None,
        "Residual networks only: channels in a group of the 3x3 convolutions, 16 in the paper; `None` for one group, "
        "which is faster on CPUs.",
        optional=True,
        only={"network": ("residual",)},
    )
    gp_weight = Weight(1.0, "Weight of the gradient penalties (the paper's gamma), at the beginning.", training=True)
    final_gp_weight = Weight(0.0, "Weight of the gradient penalties after `gp_steps`, which it needs.", training=True)
    gp_steps = Steps(0, "Steps over which the weight of the penalties falls along a cosine; 0 for none.", training=True)
    gp_share = Positive(
        1.0,
        "Share of the batch on which the penalties are computed, at most 1: an estimate from fewer images costs less "
        "time.",
        training=True,
    )

    discriminator_options = {"batch_norm": False, "output_bias": False}  # only differences of scores count
    loss_names = (*StandardGAN.loss_names, "gp_loss")

    @property
    def generator_options(self):
        return {"upsampling": self.upsampling}

    def check_arguments(self):
        super().check_arguments()
        if self.gp_share > 1.0:
            raise ValueError(f"Expected gp_share of at most 1. Received: gp_share={self.gp_share!r}")
        if self.final_gp_weight and not self.gp_steps:
            raise ValueError(
                f"Expected gp_steps next to final_gp_weight. Received: final_gp_weight={self.final_gp_weight!r} alone"
            )
        if self.gp_steps and self.final_gp_weight == self.gp_weight:
            raise ValueError(
                f"Expected another final_gp_weight than gp_weight with gp_steps. Received: {self.gp_weight} for both"
            )
        if not self.gp_weight and not self.final_gp_weight and (self.gp_share != 1.0 or self.gp_steps):
            raise ValueError(
                "Expected gp_weight or final_gp_weight above 0 with gp_share or gp_steps. "
                f"Received: gp_weight=0.0, gp_share={self.gp_share}, gp_steps={self.gp_steps}"
            )
        if self.network != "residual":
            return
        for name in ("dropout", "minibatch_stddev"):
            if getattr(self, name):
                raise ValueError(
                    f"Expected no {name} in residual networks; network='conv' or 'mlp' has it. "
                    f"Received: {name}={getattr(self, name)!r}"
                )
        if self.stage_filters == ():
            raise ValueError("Expected stage_filters of at least one resolution, or None. Received: none")
        self.check_groups()

    def check_groups(self):
        """Raises `ValueError` unless groups of `group_size` channels fill all blocks."""
        used = {*stage_widths(self.image_shape, self.g_filters), *stage_widths(self.image_shape, self.d_filters)}
        inner = sorted(self.expansion * filters for filters in used)
        if self.group_size and any(each % self.group_size for each in inner):
            listed = ", ".join(map(str, inner))
            raise ValueError(
                f"Expected a group_size that divides filters * expansion of all blocks, {listed}. "
                f"Received: group_size={self.group_size}"
            )

    # -- networks -------------------------------------------------------------------------------------------------

    def build_networks(self):
        super().build_networks()
        self.gp_count = StepCount(self, "gp_steps_done") if self.gp_steps else None

    def build_generator(self):
        if self.network != "residual":
            return super().build_generator()
        return residual_generator(self.image_shape, self.latent_dim, self.g_filters, **self.residual_options())

    def build_discriminator(self):
        if self.network != "residual":
            return super().build_discriminator()
        return residual_discriminator(self.image_shape, self.d_filters, **self.residual_options())

    @property
    def g_filters(self):
        """Filters of the residual generator: see `keras_genzoo.networks.resnext.stage_widths`."""
        return self.stage_filters or self.base_filters

    @property
    def d_filters(self):
        """Filters of the residual discriminator."""
        return self.stage_filters or self.d_base_filters or self.base_filters

    def residual_options(self):
        return dict(
            num_blocks=self.num_blocks,
            expansion=self.expansion,
            group_size=self.group_size,
            conditions=self.conditions,
            dtype=self.dtype_policy,
        )

    def training_variables(self):
        return {**super().training_variables(), **({"gp_steps_done": self.gp_count.variable} if self.gp_count else {})}

    def after_step(self, real, loss):
        super().after_step(real, loss)
        if self.gp_count:
            self.gp_count.advance(loss)

    # -- the objective --------------------------------------------------------------------------------------------

    def discriminator_loss(self, real, fake):
        loss = losses.relativistic_discriminator_loss(*self.scores(real, fake))
        penalty = self.gradient_penalty(real) + self.gradient_penalty(fake)
        self.log({"gp_loss": penalty})
        return loss + 0.5 * self.current_gp_weight() * penalty

    def generator_loss(self, real, fake):
        return losses.relativistic_generator_loss(*self.scores(real, fake))

    def gradient_penalty(self, batch):
        """Mean squared norm of the gradient of the scores with respect to the images of a record, scalar."""
        share = ops.ceil(self.gp_share * ops.cast(ops.shape(batch.images)[0], "float32"))
        part = batch.map(lambda x: x[: ops.cast(share, "int32")])
        norms = gradient_norms(lambda images: self.judge(part.replace(images=images)), part.images)
        return ops.mean(ops.square(norms))

    def current_gp_weight(self):
        """The weight of the penalties in this step."""
        if self.gp_count is None:
            return self.gp_weight
        left = 0.5 * (1.0 + ops.cos(math.pi * self.gp_count.fraction(self.gp_steps)))
        return self.final_gp_weight + (self.gp_weight - self.final_gp_weight) * left

    def default_optimizers(self):
        """Adam with learning rate 0.0002, beta_1 0 and beta_2 0.99 for both networks."""
        return {name: keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.99) for name in self.optimizer_names}
