"""Beta-VAE: a VAE whose KL divergence has a weight, with a warm-up, or is held at a capacity that grows.

Higgins et al., 2017, beta-VAE: learning basic visual concepts with a constrained variational framework, ICLR 2017; the
capacity: Burgess et al., 2018, Understanding disentangling in beta-VAE, https://arxiv.org/abs/1804.03599; the warm-up:
Sønderby et al., 2016, Ladder variational autoencoders, https://arxiv.org/abs/1602.02282, section 2.3.

Training minimizes

    -E_q log p(x|z) + beta KL(q(z|x) || N(0, I)).

A weight above 1 presses the codes towards the prior, whose components are independent. In a warm-up, the weight grows
from 0 to `beta` in proportion to the steps, so that the codes are of use to the decoder before they are pressed.
With a capacity C (1804.03599, equation 8) the divergence is not to vanish but to be near C:

    -E_q log p(x|z) + beta |KL(q(z|x) || N(0, I)) - C|,

where `beta` is the paper's gamma and C grows from 0 to `capacity` in proportion to the steps. KL is the mean over the
batch here. The paper's schedule for dSprites is C from 0 to 25 nats in 100,000 steps, with gamma = 1000.

Likelihoods (`elbo`, `log_likelihood`) are those of the model, and do not depend on the weight.
"""

import keras
from keras import ops

from keras_genzoo.families.step_count import StepCount
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils import replicas
from keras_genzoo.utils.arguments import Steps, Weight


@keras.saving.register_keras_serializable(package="keras_genzoo")
class BetaVAE(VAE):
    """Encodes images as Gaussian codes whose KL divergence has a weight or a capacity.

    The schedules count training steps, those before a file was saved included: see
    `keras_genzoo.families.step_count`. Pretrained weights go on with the schedule where their training stood;
    `model.schedule_steps.assign(0)` begins it again.

    Shapes: as in `VAE`.

    Raises:
        ValueError: If an argument is out of its range, has no effect, or excludes another one.

    References:
        https://arxiv.org/abs/1804.03599, equation 8.

    Example:

    >>> import keras_genzoo
    >>> args = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=8)
    >>> model = keras_genzoo.build("beta_vae", beta=4.0, warmup_steps=20, **args)
    >>> held = keras_genzoo.build("beta_vae", beta=100.0, capacity=5.0, capacity_steps=20, **args)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = held.fit(digits, epochs=1, verbose=0)
    >>> float(held.schedule_steps), round(float(held.current_capacity()), 1)
    (47.0, 5.0)
    """

    advice_on_unused_codes = "a smaller beta, warmup_steps or a capacity use more of them"

    beta = Weight(4.0, "Weight of the KL divergence; with a capacity, of its distance from there.", training=True)
    warmup_steps = Steps(0, "Training steps in which the weight grows from 0 to `beta`.", training=True)
    capacity = Weight(
        0.0, "Nats per image that the KL divergence is held at; 0 leaves it to its weight alone.", training=True
    )
    capacity_steps = Steps(0, "Training steps in which the capacity grows from 0 to `capacity`.", training=True)
    reconstruction_weight = 1.0

    def check_arguments(self):
        super().check_arguments()
        if self.warmup_steps and self.capacity:
            raise ValueError(
                "Expected a warm-up of the weight or a capacity, and not both. Received: "
                f"warmup_steps={self.warmup_steps}, capacity={self.capacity}"
            )
        if self.capacity_steps and not self.capacity:
            raise ValueError(
                "Expected capacity above 0 with capacity_steps. Received: "
                f"capacity={self.capacity}, capacity_steps={self.capacity_steps}"
            )
        if not self.beta and (self.warmup_steps or self.capacity):
            raise ValueError(
                "Expected beta above 0 with a warm-up or a capacity. Received: "
                f"beta={self.beta}, warmup_steps={self.warmup_steps}, capacity={self.capacity}"
            )

    def build_networks(self):
        super().build_networks()
        self.step_count = StepCount(self)

    def current_weight(self):
        """The weight of the KL divergence in this step, a scalar tensor."""
        return self.beta * self.step_count.fraction(self.warmup_steps)

    def current_capacity(self):
        """The capacity in this step, in nats per image, a scalar tensor."""
        return self.capacity * self.step_count.fraction(self.capacity_steps)

    def negative_bound(self, batch, training=True):
        terms = self.loss_terms(batch, training)
        divergence = terms["kl_loss"]
        # Validation is by the objective at the end of both schedules: else the first epochs would look best.
        weight, capacity = (self.current_weight(), self.current_capacity()) if training else (self.beta, self.capacity)
        if self.capacity:
            # Of the whole batch: a mean of distances would not be the distance of the mean.
            whole = replicas.total(divergence * replicas.share())
            divergence = ops.abs(whole - capacity)
        return terms["reconstruction_loss"] + weight * divergence, terms
