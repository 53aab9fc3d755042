"""Losses as pure functions of tensors, which return a scalar or one value per image.

Adversarial losses take logits (or scores) of any shape and return their mean. Likelihood terms take images
`(batch, ...)` and return nats per image `(batch,)`, summed over all axes except the batch. All losses are computed in
float32 for inputs of any dtype, and are finite at logits of +-10,000.
"""

from keras_genzoo.losses.adversarial import (
    gradient_penalty,
    hinge_discriminator_loss,
    hinge_generator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    minimax_discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
    relativistic_discriminator_loss,
    relativistic_generator_loss,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from keras_genzoo.losses.likelihood import (
    MAX_LOG_VAR,
    bernoulli_nll,
    gaussian_kl,
    gaussian_kl_terms,
    gaussian_nll,
    normal_log_density,
    squared_error,
)

__all__ = [
    "MAX_LOG_VAR",
    "bernoulli_nll",
    "gaussian_kl",
    "gaussian_kl_terms",
    "gaussian_nll",
    "gradient_penalty",
    "hinge_discriminator_loss",
    "hinge_generator_loss",
    "least_squares_discriminator_loss",
    "least_squares_generator_loss",
    "minimax_discriminator_loss",
    "minimax_generator_loss",
    "non_saturating_generator_loss",
    "normal_log_density",
    "relativistic_discriminator_loss",
    "relativistic_generator_loss",
    "squared_error",
    "wasserstein_discriminator_loss",
    "wasserstein_generator_loss",
]
