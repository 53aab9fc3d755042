"""Ladder VAE: a VAE with several levels of codes, maps of growing resolution, drawn from the top down.

Sønderby et al., 2016, Ladder variational autoencoders, https://arxiv.org/abs/1602.02282; convolutional and with both
directions in the posterior as in Kingma et al., 2016, https://arxiv.org/abs/1606.04934.

The code is z = (z_1, ..., z_L) from the top level, with z_1 ~ N(0, I) and p(z_l | z_1, ..., z_{l-1}) a diagonal
Gaussian made by a network on the way down. The encoder gives features of the image for each level, from the bottom up.
On the same way down, the posterior of a level is the product of the prior of the level and a Gaussian made of the
features (equations 17 to 19: precisions add up, and means are weighted by them). Training minimizes

    -E_q log p(x|z) + warmup * sum_l E KL(q(z_l | x, z_1, ..., z_{l-1}) || p(z_l | z_1, ..., z_{l-1}))

where each KL term is in closed form given the levels above, and `warmup` rises from 0 to 1 over the first steps
(section 2.3), so that higher levels are not given up before they learn. For the same purpose, the KL term of a level
counts as at least `free_bits` (1606.04934, appendix C.8).

Differences from the papers: the Gaussian of the features sees the state of the way down as well; residual blocks with
ELU and without batch normalization; no autoregressive flows.
"""

import functools

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.families.levels import Gaussian, LevelsPosterior, LevelsPrior, joined_levels, split_levels
from keras_genzoo.families.step_count import StepCount
from keras_genzoo.likelihood import importance
from keras_genzoo.models.vae import VAE
from keras_genzoo.networks import ladder
from keras_genzoo.networks.code_maps import check_halvings, map_shape
from keras_genzoo.utils import replicas
from keras_genzoo.utils.arguments import Integer, Steps, Units, Weight


@keras.saving.register_keras_serializable(package="keras_genzoo")
class LadderVAE(VAE):
    """Encodes images as maps of Gaussian codes on several levels, and generates images from the top level down.

    A code `z` has the maps of all levels, flattened, the top one first. The encoder's `z_mean` are the means of the
    levels, each given the means above, and `z_log_var` their log-variances. The KL term of each level is logged, from
    `kl_1`, the top.

    Shapes: `encoder` images -> list of features `(batch, height, width, base_filters)`, from the top; `decoder`
    `(batch, latent_dim)` -> logits or means `(batch, height, width, channels)`; `prior_networks` and
    `posterior_networks` states, and features, -> means and log-variances of a level.

    Raises:
        ValueError: If an argument is out of its range, or the levels do not fit each other.

    References:
        https://arxiv.org/abs/1602.02282, equations 10 to 19.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("ladder_vae", image_shape=(8, 8, 1), base_filters=8, num_blocks=1)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.level_shapes, model.generate(2, seed=0).shape
    ([(1, 1, 16), (2, 2, 8), (4, 4, 4)], (2, 8, 8, 1))
    """

    takes_signals = False  # the networks are of two-dimensional maps
    network = "conv"
    hidden_units = ()
    # Of all levels together: no argument here.
    latent_dim = property(lambda self: sum(height * width * num for height, width, num in self.level_shapes))

    level_channels = Units((16, 8, 4), "Channels of the map of each level, from the top.")
    level_halvings = Units(
        (3, 2, 1), "How often each level halves the resolution, from the top: no level more often than the one above."
    )
    base_filters = Integer(32, "Filters of all convolutions.")
    num_blocks = Integer(1, "Residual blocks of each level, on the way up and on the way down.", low=0)
    warmup_steps = Steps(
        2000,
        "Steps over which the weight of the KL terms rises from 0 to 1; with few or none, levels may end unused.",
        training=True,
    )
    free_bits = Weight(
        0.5,
        "Nats per level that cost nothing in training: the KL term of a level counts as at least this, so that no "
        "level is given up. 0 trains the bound itself.",
        training=True,
    )

    code_part = "levels"
    advice_on_unused_codes = "more free_bits or warmup_steps keep levels in use"
    web_view = None  # the page draws no codes of several levels

    def check_arguments(self):
        super().check_arguments()
        numbers = self.level_halvings
        if len(numbers) != len(self.level_channels) or list(numbers) != sorted(numbers, reverse=True):
            raise ValueError(
                "Expected level_halvings with one number for each of level_channels, none above the one before. "
                f"Received: level_halvings={numbers}, level_channels={self.level_channels}"
            )
        check_halvings(self.image_shape, level_halvings=numbers[0])

    @property
    def level_shapes(self):
        """Shapes of the maps of the levels, from the top."""
        pairs = zip(self.level_halvings, self.level_channels, strict=True)
        return [(*map_shape(self.image_shape, halvings), channels) for halvings, channels in pairs]

    # -- networks -------------------------------------------------------------------------------------------------

    def build_networks(self):
        super().build_networks()
        self.prior_networks = [self.gaussian_of_level(level, "prior", 1) for level in range(1, len(self.level_shapes))]
        self.posterior_networks = [
            self.gaussian_of_level(level, "posterior", 2 if level else 1) for level in range(len(self.level_shapes))
        ]
        self.step_count = StepCount(self)
        self.loss_names = (*VAE.loss_names, *(f"kl_{level + 1}" for level in range(len(self.level_shapes))))

    def build_encoder(self):
        sizes = self.level_halvings, self.base_filters, self.num_blocks
        return ladder.ladder_encoder(self.image_shape, *sizes, dtype=self.dtype_policy)

    def build_decoder(self):
        sizes, policy = (self.base_filters, self.num_blocks), self.dtype_policy
        between = functools.partial(ladder.maps_between, self.image_shape)
        steps, ends = [], [*self.level_halvings[1:], self.level_halvings[-1]]
        for level, (height, width, channels) in enumerate(self.level_shapes):
            upwards = between(self.level_halvings[level], ends[level])
            options = dict(first=level == 0, dtype=policy, name=f"step_{level}")
            steps.append(ladder.step_network((height, width), upwards, channels, *sizes, **options))
        maps = [self.level_shapes[-1][:2], *between(self.level_halvings[-1], 0)]
        head = ladder.head_network(self.image_shape, maps, self.base_filters, self.decoder_activation, policy)
        return ladder.ladder_decoder(self.level_shapes, steps, head)

    def gaussian_of_level(self, level, kind, num_inputs):
        """Functional model from a state, features, or both to means and log-variances of a level."""
        *size, channels = self.level_shapes[level]
        shapes = [(*size, self.base_filters)] * num_inputs
        name = f"{kind}_{level}"
        return ladder.gaussian_network(shapes, channels, self.base_filters, dtype=self.dtype_policy, name=name)

    # -- distributions --------------------------------------------------------------------------------------------

    @property
    def prior(self):
        return LevelsPrior(self)

    def encoder_posterior(self):
        return LevelsPosterior(self, self.encoder.output)

    def posterior(self, encoded):
        return LevelsPosterior(self, encoded["features"])

    def level_prior(self, level, state):
        """p(z_l | z_1, ..., z_{l-1}), from the state on the way down."""
        if state is None:
            return Gaussian(*(ops.zeros((1, *self.level_shapes[0]), "float32") for _ in range(2)))
        return _gaussian(self.prior_networks[level - 1](state))

    def level_posterior(self, level, features, prior, state):
        """q(z_l | x, z_1, ..., z_{l-1}): the prior times a Gaussian of the features (equations 17 to 19)."""
        inputs = features if state is None else [features, state]
        return _gaussian(self.posterior_networks[level](inputs)).times(prior)

    def descend(self, choose):
        """Goes down the levels; `choose(level, prior, state)` gives the map of each. Returns the last state."""
        state = None
        for level in range(len(self.level_shapes)):
            z = choose(level, self.level_prior(level, state), state)
            state = self.decoder.get_layer(f"step_{level}")(z if state is None else [state, z])
        return state

    def drawn(self, features, noise):
        """One way down with draws from the posteriors.

        Args:
            features: Features of images, a list from the top.
            noise: Standard normal, `(batch, latent_dim)`.

        Returns:
            Tuple `(posteriors, priors, maps, decoded)`: lists from the top, and what the decoder gives for the draws.
        """
        noises, posteriors, priors, maps = split_levels(noise, self.level_shapes), [], [], []

        def choose(level, prior, state):
            priors.append(prior)
            posteriors.append(self.level_posterior(level, features[level], prior, state))
            maps.append(posteriors[-1].draw(noises[level]))
            return maps[-1]

        return posteriors, priors, maps, self.decoder.get_layer("head")(self.descend(choose))

    def encoded(self, images, training=False):
        """What the encoder gives for images in `network_range`: dict of `features`, `z_mean` and `z_log_var`."""
        features = self.encoder(images, training=training)
        nothing = ops.zeros((ops.shape(images)[0], self.latent_dim), "float32")
        posteriors, _, maps, _ = self.drawn(features, nothing)
        log_vars = joined_levels([each.log_var for each in posteriors])
        return {"features": features, "z_mean": joined_levels(maps), "z_log_var": log_vars}

    # -- the bound ------------------------------------------------------------------------------------------------

    def loss_terms(self, batch, training=True):
        """Terms of the negative bound: see `VAE.loss_terms`; `kl_loss` is the sum of the others, `kl_1`, `kl_2`, ..."""
        features = self.encoder(batch.images, training=training)
        noise = sampling.step_normal((ops.shape(batch.images)[0], self.latent_dim), self.noise())
        posteriors, priors, _, decoded = self.drawn(features, noise)
        pairs = zip(posteriors, priors, strict=True)
        parts = [ops.mean(posterior.divergence(prior)) for posterior, prior in pairs]
        return {
            "reconstruction_loss": ops.mean(self.negative_log_likelihood(batch.images, decoded)),
            "kl_loss": sum(parts),
            **{f"kl_{level + 1}": part for level, part in enumerate(parts)},
        }

    def negative_bound(self, batch, training=True):
        terms = self.loss_terms(batch, training)
        weight = self.step_count.fraction(self.warmup_steps) if training else 1.0
        cost = self.kl_cost(terms) if training else terms["kl_loss"]
        return self.reconstruction_weight * terms["reconstruction_loss"] + weight * cost, terms

    def kl_cost(self, terms):
        """The KL terms of all levels, each at least `free_bits`."""
        parts = [terms[f"kl_{level + 1}"] for level in range(len(self.level_shapes))]
        # Of the whole batch: the mean of maxima would not be the maximum of the means.
        return sum(ops.maximum(replicas.total(part * replicas.share()), self.free_bits) for part in parts)

    # -- likelihood -----------------------------------------------------------------------------------------------

    def log_weights(self, images, num, seed, offset, conditions):
        features = [importance.repeat(each, num) for each in self.encoder(images, training=False)]
        noise = sampling.normal_rows(seed, offset, ops.shape(features[0])[0], self.latent_dim)
        posteriors, priors, maps, decoded = self.drawn(features, noise)
        log_p = sum(prior.log_density(z) for prior, z in zip(priors, maps, strict=True))
        log_q = sum(posterior.log_density(z) for posterior, z in zip(posteriors, maps, strict=True))
        log_px = -self.negative_log_likelihood(importance.repeat(images, num), decoded)
        return ops.reshape(log_px + log_p - log_q, (-1, num))


def _gaussian(parameters):
    """Means and log-variances of a level, bounded so that no variance ends in NaN."""
    mean, log_var = ops.split(parameters, 2, axis=-1)
    return Gaussian(mean, ops.clip(log_var, -losses.MAX_LOG_VAR, losses.MAX_LOG_VAR))
