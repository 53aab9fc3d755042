"""FactorVAE: a VAE whose codes are made independent by a discriminator that estimates their total correlation.

Kim and Mnih, 2018, Disentangling by factorising, https://arxiv.org/abs/1802.05983.

Training minimizes (equation 2)

    -E_q log p(x|z) + KL(q(z|x) || N(0, I)) + gamma TC,    TC = KL(q(z) || prod_j q(z_j)),

with gamma as `tc_weight`. A discriminator tells codes, draws of q(z), from codes whose components are permuted across
the batch, each by itself, which are nearly draws of prod_j q(z_j) (algorithm 1). Its logit is the logarithm of the
density ratio, and the mean logit of codes estimates TC (equation 3). A step (algorithm 2) updates encoder and decoder,
then the discriminator with the same codes. The discriminator has six layers of 1000 units with leaky ReLU (appendix A).

Differences from the paper: the permuted codes come from the batch itself and not from a second one; the discriminator
has one logit in place of two, whose difference it is; encoder and decoder are those of `vae`.
"""

import keras
from keras import layers, ops

from keras_genzoo import losses, sampling
from keras_genzoo.families.total_correlation import check_components, checked_batch
from keras_genzoo.models.vae import VAE
from keras_genzoo.networks.mlp import mlp_features
from keras_genzoo.utils.arguments import Units, Weight
from keras_genzoo.utils.noise import noise_for_tests


def several(z):
    """1 for several codes, 0 for a single one, whose permutation is itself: a float32 scalar."""
    return ops.cast(ops.shape(z)[0] > 1, "float32")


@keras.saving.register_keras_serializable(package="keras_genzoo")
class FactorVAE(VAE):
    """Encodes images as Gaussian codes whose components a discriminator makes independent of each other.

    Shapes: `encoder` and `decoder` as in `VAE`; `discriminator` `(batch, latent_dim)` -> logits `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1802.05983, equations 2 and 3, algorithms 1 and 2.

    Example:

    >>> import keras_genzoo
    >>> args = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=8, d_hidden_units=(32, 32))
    >>> model = keras_genzoo.build("factor_vae", tc_weight=10.0, **args)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> sorted(history.history)
    ['d_loss', 'kl_loss', 'loss', 'reconstruction_loss', 'tc_loss']
    """

    tc_weight = Weight(35.0, "Weight of the total correlation, gamma of the paper.", training=True)
    d_hidden_units = Units(
        (1000, 1000, 1000, 1000, 1000, 1000), "Units of the hidden layers of the discriminator of codes."
    )
    reconstruction_weight = 1.0
    advice_on_unused_codes = "a smaller tc_weight uses more of them"

    optimizer_names = ("optimizer", "d_optimizer")
    loss_names = (*VAE.loss_names, "tc_loss", "d_loss")

    def check_arguments(self):
        super().check_arguments()
        check_components(self)

    def build_networks(self):
        super().build_networks()
        self.discriminator = self.build_discriminator()

    def build_discriminator(self):
        """Functional model from codes to logits `(batch, 1)`: those of unpermuted codes are to be high."""
        z = keras.Input((self.latent_dim,), name="z")
        x = mlp_features(z, self.d_hidden_units, activation="leaky_relu", dtype=self.dtype_policy)
        logits = layers.Dense(1, dtype="float32", name="logits")(x)  # (batch, 1)
        return keras.Model(z, logits, name="discriminator")

    def default_optimizers(self):
        """Adam with learning rate 0.0001; for the discriminator with beta_1 0.5 and beta_2 0.9."""
        return {
            "optimizer": keras.optimizers.Adam(1e-4),
            "d_optimizer": keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9),
        }

    def optimized_variables(self):
        adversary = {id(variable) for variable in self.discriminator.trainable_variables}
        own = [variable for variable in self.trainable_variables if id(variable) not in adversary]
        return {"optimizer": own, "d_optimizer": self.discriminator.trainable_variables}

    def unpack(self, data):
        return checked_batch(self, super().unpack(data))

    # -- the losses -----------------------------------------------------------------------------------------------

    def loss_terms(self, batch, training=True):
        """Terms of the loss of encoder and decoder: dict of scalars, nats per image, means over the batch.

        `tc_loss` is the discriminator's estimate of the total correlation.
        """
        return self.terms_and_codes(batch, training)[0]

    def terms_and_codes(self, batch, training):
        """`loss_terms`, and the codes that they are of, `(batch, latent_dim)`."""
        given = self.conditions_of(batch)
        posterior = self.posterior(self.encoded(batch.images, training=training, **given))
        noise = sampling.step_normal((posterior.num_rows, posterior.noise_dim), self.noise())
        z, log_q = posterior.draw(noise)
        decoded = self.decoded(z, training=training, **given)
        terms = {
            "reconstruction_loss": ops.mean(self.negative_log_likelihood(batch.images, decoded)),
            "kl_loss": ops.mean(self.divergence(posterior, z, log_q)),
            "tc_loss": ops.mean(self.discriminator(z)) * several(z),
        }
        return terms, z

    def loss_weights(self):
        return {"tc_loss": self.tc_weight}

    def weighted(self, terms):
        """The loss of encoder and decoder from its terms."""
        weights = self.loss_weights()
        return sum(weights.get(key, 1.0) * term for key, term in terms.items())

    def permuted(self, z):
        """Codes whose components are permuted across the batch, each by itself: algorithm 1."""
        order = ops.argsort(sampling.step_uniform(ops.shape(z), self.noise()), axis=0)
        return ops.take_along_axis(z, order, axis=0)

    def discriminator_loss(self, z):
        """Half the cross entropy of codes against permuted ones, a scalar: log 2 if they cannot be told apart."""
        logits, permuted_logits = self.discriminator(z), self.discriminator(self.permuted(z))
        return 0.5 * losses.minimax_discriminator_loss(logits, permuted_logits) * several(z)

    # -- the step -------------------------------------------------------------------------------------------------

    def train_step(self, data):
        batch = self.training_batch(data)
        with self.recording("optimizer") as tape:
            terms, z = self.terms_and_codes(batch, training=True)
            loss = self.weighted(terms)
        self.apply_gradients("optimizer", loss, tape)
        fixed = ops.stop_gradient(z)
        d_loss = self.update("d_optimizer", lambda: self.discriminator_loss(fixed))
        return self.results({"loss": loss, **terms, "d_loss": d_loss})

    def test_step(self, data):
        with noise_for_tests():
            terms, z = self.terms_and_codes(self.training_batch(data), training=False)
            d_loss = self.discriminator_loss(z)
        return self.results({"loss": self.weighted(terms), **terms, "d_loss": d_loss})
