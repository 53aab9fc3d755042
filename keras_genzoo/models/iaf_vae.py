"""IAFVAE: a VAE whose posterior is a Gaussian that inverse autoregressive flows transform.

Kingma et al., 2016, Improving variational inference with inverse autoregressive flow,
https://arxiv.org/abs/1606.04934.

The encoder gives mean and log-variance of a diagonal Gaussian and a context h. A code is drawn from the Gaussian and
passes T flows, each with an autoregressive network of its own, whose outputs m_i and s_i depend on the context and on
the components of z_{t-1} before i (equations 12 to 14):

    z_0 = mean + sigma_0 * noise,    z_t = sigma_t * z_{t-1} + (1 - sigma_t) * m_t,    sigma_t = sigmoid(s_t).

The Jacobian of each flow is triangular with sigma_t on its diagonal, so that the density of a code is exact
(equation 11):

    log q(z_T|x) = log N(noise; 0, I) - sum_i sum_{t=0..T} log sigma_{t,i}.

The divergence from the prior has no closed form and is estimated from the draw. The order of the components is reversed
from flow to flow, and s_t starts near 2, so that flows change little at first (section 4).

Differences from the paper: the networks around the flows are those of `vae`, and training has no free bits.
"""

import keras
from keras import layers, ops

from keras_genzoo.families.posteriors import GaussianPosterior, Posterior
from keras_genzoo.likelihood import importance
from keras_genzoo.models.vae import VAE
from keras_genzoo.networks.autoregressive import autoregressive_heads
from keras_genzoo.utils.arguments import Integer, Units

_INITIAL_GATE = 2.0  # sigmoid(2) = 0.88


@keras.saving.register_keras_serializable(package="keras_genzoo")
class IAFVAE(VAE):
    """Encodes images as codes whose posterior is not Gaussian.

    `encode` gives one code per image, the draw without noise: it is the mean of the Gaussian after the flows.

    Shapes: `encoder` images -> `z_mean` and `z_log_var` of the Gaussian `(batch, latent_dim)`, and `context`
    `(batch, context_dim)`; `flow` `[z_0, context]` -> `z` `(batch, latent_dim)` and `log_det` `(batch,)`, the logarithm
    of the determinant of its Jacobian; `decoder` as `VAE`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1606.04934, equations 11 to 14.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("iaf_vae", image_shape=(8, 8, 1), latent_dim=4, base_filters=8, flow_units=(16,))
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.encode(digits[:4]).shape
    (4, 4)
    """

    num_flows = Integer(2, "Number of flows.")
    flow_units = Units((320, 320), "Units of the hidden layers of the autoregressive network of each flow.")
    context_dim = Integer(64, "Length of the context that the encoder gives to the flows.")

    code_names = ("z",)

    def check_arguments(self):
        super().check_arguments()
        if not self.flow_units:
            raise ValueError(
                "Expected flow_units of at least one layer, which takes the context of the image. Received: none"
            )

    def build_networks(self):
        super().build_networks()
        self.flow = self.build_flow()

    def build_flow(self):
        """Functional model of all flows."""
        z = start = keras.Input((self.latent_dim,), name="z")
        context = keras.Input((self.context_dim,), name="context")
        log_scales = []
        for index in range(self.num_flows):
            heads = autoregressive_heads(
                z,
                context,
                self.flow_units,
                heads={"shift": 0.0, "gate": _INITIAL_GATE},
                descending=index % 2 == 1,
                dtype=self.dtype_policy,
            )
            z = ops.sigmoid(heads["gate"]) * z + ops.sigmoid(-heads["gate"]) * heads["shift"]
            log_scales.append(-ops.softplus(-heads["gate"]))  # log sigmoid
        log_det = ops.sum(ops.concatenate(log_scales, axis=-1), axis=-1)
        return keras.Model([start, context], {"z": z, "log_det": log_det}, name="flow")

    def code_outputs(self, features):
        context = layers.Dense(self.context_dim, activation="elu", dtype=self.dtype_policy)(features)
        context = layers.Activation("linear", dtype="float32", name="context")(context)
        return {**super().code_outputs(features), "context": context}

    def codes(self, images, training=False, **conditions):
        encoded = self.encoded(images, training, **conditions)
        return {"z": self.flow([encoded["z_mean"], encoded["context"]], training=training)["z"]}

    def posterior(self, encoded):
        return FlowPosterior(encoded["z_mean"], encoded["z_log_var"], encoded["context"], self.flow)


class FlowPosterior(Posterior):
    """A Gaussian with independent components, transformed by flows.

    Args:
        z_mean: Means of the Gaussian, `(batch, latent_dim)`.
        z_log_var: Logarithms of its variances, `(batch, latent_dim)`.
        context: What the flows know of the image, `(batch, context_dim)`.
        flow: Network from `[z_0, context]` to `z` and `log_det`.
    """

    def __init__(self, z_mean, z_log_var, context, flow):
        self.gaussian = GaussianPosterior(z_mean, z_log_var)
        self.context, self.flow = context, flow
        self.noise_dim, self.num_rows = self.gaussian.noise_dim, self.gaussian.num_rows

    def draw(self, noise):
        z, log_q = self.gaussian.draw(noise)
        moved = self.flow([z, self.context])
        return moved["z"], log_q - moved["log_det"]

    def repeat(self, num):
        gaussian = self.gaussian.repeat(num)
        return type(self)(gaussian.z_mean, gaussian.z_log_var, importance.repeat(self.context, num), self.flow)
