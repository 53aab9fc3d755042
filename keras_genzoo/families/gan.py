"""What GANs share: a generator from codes, a discriminator, and the step that trains both."""

import itertools

from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.families import generation, two_player
from keras_genzoo.families.averages import Average
from keras_genzoo.families.base import ZooModel
from keras_genzoo.families.batch_sizes import enough_for_normalization
from keras_genzoo.families.discriminator_inputs import DiscriminatorInputs
from keras_genzoo.families.inputs import main_and_conditions
from keras_genzoo.families.priors import NormalPrior
from keras_genzoo.layers import frozen_statistics
from keras_genzoo.networks.conditions import applied
from keras_genzoo.utils import replicas
from keras_genzoo.utils.arguments import Fraction, Integer, Options, Steps, Weight
from keras_genzoo.utils.graph_checks import after
from keras_genzoo.utils.noise import noise_for_tests
from keras_genzoo.utils.record import Record


class BaseGAN(ZooModel):
    """A generator against a discriminator.

    One `train_step` makes `d_steps` updates of the discriminator and one of the generator. Each update differentiates
    with respect to one network and changes that network alone, moving statistics included. The last discriminator
    update and the generator update share one pass through the generator: about a fifth of the step.

    A model has `build_generator` and `build_discriminator`, and overrides `discriminator_loss` and `generator_loss`,
    not the step. Losses get records: `real` is the training batch, `fake` has the generated `images`, their `z` and
    their conditions. A loss may log parts of itself with `log`, under names that the model adds to `loss_names`. A
    further network is trained by the optimizer under which `optimized_variables` lists its weights.

    References:
        Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, algorithm 1; the average: Yazici et al., 2018,
        https://arxiv.org/abs/1806.04498.
    """

    latent_dim = Integer(100, "Length of the latent code `z`.")
    d_steps = Integer(
        1,
        "Discriminator updates for each generator update. The batch of a step is divided among them, so that each sees "
        "other real images: five updates on 64 images each take batches of 320. The generator is trained on as many "
        "images as one of them.",
        training=True,
    )
    ema_decay = Fraction(
        0.999,
        "Decay of the exponential moving average of the generator's weights; 0 keeps none. It rises to this value: "
        "t / (t + 10) in step t, where pretrained weights count as 90 steps. With an average, "
        "`generate`, metrics and export use it.",
        training=True,
    )
    augmentations = Options(
        (),
        "What is done to real and generated images before the discriminator sees them, drawn anew each time "
        "(`keras_genzoo.augmentations`): for small data sets, whose images a discriminator learns by heart.",
        choices=("color", "flip", "scale", "translation", "cutout"),  # as in `FUNCTIONS` there
        training=True,
    )
    augmentation_target = Fraction(
        0.0,
        "Adaptive augmentation: the probability of each augmentation rises while the discriminator separates pairs of "
        "real and generated images more than this (0 is guessing, 1 never wrong; the paper's target is 0.6); 0 for "
        "always.",
        training=True,
    )
    instance_noise = Weight(
        0.0,
        "Standard deviation of normal noise on all that the discriminator sees, of pixels in [-1, 1], or of points.",
        training=True,
    )
    instance_noise_steps = Steps(0, "Steps over which this noise falls to 0; 0 for none.", training=True)

    optimizer_names = two_player.OPTIMIZERS
    loss_names = ("d_loss", "g_loss")
    web_view = "latent"
    inference_networks = ("ema_generator", "generator")

    generate = generation.generate
    generate_on_device = generation.generate_on_device
    latent_sample = generation.latent_sample

    def check_arguments(self):
        for given, needed in (("augmentation_target", "augmentations"), ("instance_noise_steps", "instance_noise")):
            if getattr(self, given) and not getattr(self, needed):
                raise ValueError(f"Expected {needed} next to {given}. Received: {given}={getattr(self, given)} alone")

    # -- networks -------------------------------------------------------------------------------------------------

    @property
    def prior(self):
        """Distribution of the codes: see `keras_genzoo.families.priors`."""
        return NormalPrior(self.latent_dim)

    def build_generator(self):
        """Functional model from inputs `z` and, where it takes them, conditions to images in [-1, 1]."""
        raise NotImplementedError

    def build_discriminator(self):
        """Functional model from `image` and, where it takes them, conditions to logits or scores `(batch, 1)`."""
        raise NotImplementedError

    def build_networks(self):
        generation.check_prior(self)
        self.generator = self.build_generator()
        self.discriminator = self.build_discriminator()
        self.average = Average(self, self.ema_decay, self.averaged_networks())
        self.seen = DiscriminatorInputs(self)
        if self.augmentation_target:
            self.loss_names = (*self.loss_names, "augmentation_probability")

    def averaged_networks(self):
        """Dict of the networks whose averages are kept, by attribute."""
        return {"generator": self.generator}

    @property
    def generator_network(self):
        """The network from `z` to images in [-1, 1] that `generate` and export use: the average, where one is kept."""
        return self.ema_generator or self.generator

    @property
    def network_variables(self):
        of_training = [id(variable) for variable in self.training_variables().values()]
        return [each for each in self.average.without_steps(self.weights) if id(each) not in of_training]

    def training_variables(self):
        """Dict of weights that belong to a training and not to the networks, by the names that they have in files.

        A file is read with other training arguments, too, and a preset has none of them.
        """
        return self.seen.variables

    def after_pretrained(self):
        self.average.reset()

    def call(self, inputs, training=False):
        """Codes `(batch, latent_dim)`, or `[z, *conditions]`, -> images, float32 in [0, 1]."""
        z, given = main_and_conditions(self, inputs, "z")
        return self.images_from_codes(z, training=training, **given)

    # -- the losses that a model overrides --------------------------------------------------------------------------

    def discriminator_loss(self, real, fake):
        """Loss of the discriminator: two records with images in [-1, 1] -> scalar."""
        return losses.minimax_discriminator_loss(self.judge(real), self.judge(fake))

    def generator_loss(self, real, fake):
        """Loss of the generator: the training batch and the generated one -> scalar."""
        return losses.non_saturating_generator_loss(self.judge(fake))

    def scores(self, real, fake):
        """Scores of the discriminator for a batch of real and one of generated images: two tensors `(batch, 1)`."""
        return self.judge(real), self.judge(fake)

    def judge(self, batch):
        """What the discriminator gives for a record, in training mode: logits or scores `(batch, 1)`."""
        return self.discriminator(batch.feed(self.discriminator), training=True)

    # -- the step -------------------------------------------------------------------------------------------------

    def default_optimizers(self):
        """Adam with learning rate 0.0002 and beta_1 0.5 for both networks."""
        return two_player.default_optimizers()

    def optimized_variables(self):
        return {
            "d_optimizer": self.discriminator.trainable_variables,
            "g_optimizer": self.generator.trainable_variables,
        }

    def unpack(self, data):
        return enough_for_normalization(
            self, super().unpack(data), (self.generator, self.discriminator), updates=self.d_steps
        )

    def train_step(self, data):
        *parts, last = self.divide(self.unpack(data))
        for real in parts:
            real = replicas.begin_part(real)
            self.update_discriminator(self.seen(real), self.seen(self.sample_fake(real)))
        last = replicas.begin_part(last)
        d_loss, g_loss = two_player.update_both(
            self,
            generate=lambda: self.make_fake(last),
            discriminator_loss=lambda fake: self.discriminator_loss(self.seen(last), self.seen(fake)),
            generator_loss=lambda fake: self.generator_loss(self.seen(last), self.seen(fake)),
        )
        two_player.finish_step(self, g_loss)
        self.after_step(last, g_loss)
        return self.gan_results(d_loss, g_loss)

    def after_step(self, real, loss):
        """Called at the end of a step, with the batch of its last update and a loss: what counts steps does it here."""
        self.seen.advance(real, loss)

    def test_step(self, data):
        with frozen_statistics(), noise_for_tests():
            real = self.unpack(data)
            fake = self.sample_fake(real)
            return self.gan_results(self.discriminator_loss(real, fake), self.generator_loss(real, fake))

    def gan_results(self, d_loss, g_loss):
        """Logs the losses of a batch, and returns what a step returns."""
        values = {"d_loss": d_loss, "g_loss": g_loss}
        if self.augmentation_target:
            values["augmentation_probability"] = self.seen.probability
        return self.results(values)

    def update_discriminator(self, real, fake):
        """One update of the discriminator alone; returns its loss."""
        fixed = fake.map(ops.stop_gradient)
        return self.update("d_optimizer", lambda: self.discriminator_loss(real, fixed))

    def divide(self, batch):
        """List of `d_steps` parts of a record, as equal as can be; of fewer images, some are in several parts."""
        if self.d_steps == 1:
            return [batch]
        num = ops.shape(batch.images)[0]
        ends = [num * step // self.d_steps for step in range(self.d_steps + 1)]
        pairs = itertools.pairwise(ends)
        rows = [ops.arange(first, ops.maximum(end, first + 1), dtype="int32") for first, end in pairs]
        return [batch.map(lambda x, row=row: ops.take(x, row, axis=0)) for row in rows]

    def make_fake(self, real):
        """A record of as many generated images as there are real ones: `images`, `z` and the conditions.

        A condition that the training batch has is taken from there; any other one is drawn.
        """
        num = ops.shape(real.images)[0]
        noise = sampling.step_normal((num, self.prior.noise_dim), self.noise())
        z = after(self.prior.from_normal(noise), real.images)  # a batch that is refused must not move statistics
        given = {
            each.name: getattr(real, each.name)
            if each.name in real
            else each.draw(num, sampling.step_seed(self.noise()))
            for each in self.conditions
        }
        batch = Record(z=z, **given)
        return batch.replace(images=self.generator(batch.feed(self.generator), training=True))

    def sample_fake(self, real):
        """Like `make_fake`, and leaves the generator as it is."""
        with frozen_statistics():
            return self.make_fake(real)

    # -- use ------------------------------------------------------------------------------------------------------

    def images_from_codes(self, z, dtype="float32", training=False, **conditions):
        """Images of codes: `(n, latent_dim)` -> `(n, height, width, channels)`, float32 in [0, 1] or uint8."""
        network = self.generator_network
        return self.from_network(applied(network, Record(z=z, **conditions), training), dtype)

    def generate_batch(self, seed, start, num, conditions):
        return self.images_from_codes(self.latent_sample(num, seed, start), "uint8", **conditions)

    def export_functions(self, image_dtype="float32"):
        return generation.code_functions(self, image_dtype)
