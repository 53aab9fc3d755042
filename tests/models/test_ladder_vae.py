"""The ladder VAE: densities of its levels by change of variables, divergences by quadrature, and the warm-up."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from keras import ops

import keras_genzoo
from keras_genzoo.families.levels import Gaussian
from keras_genzoo.likelihood import importance

SMALL = dict(
    image_shape=(8, 8, 1), level_channels=(2, 1, 2), level_halvings=(3, 2, 2), base_filters=3, num_blocks=1, seed=1
)


@pytest.fixture(scope="module")
def model():
    """A model whose priors and posteriors are far from the first ones."""
    built, rng = keras_genzoo.build("ladder_vae", **SMALL), np.random.default_rng(0)
    for variable in built.weights:
        variable.assign(variable + 0.3 * rng.normal(size=variable.shape))
    return built


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 2, (3, 8, 8, 1), dtype="uint8") * np.uint8(255)


def log_density_by_change_of_variables(draw, noise):
    """`log N(noise) - log |det dz / dnoise|` of each row."""
    noise = tf.constant(noise)
    with tf.GradientTape() as tape:
        tape.watch(noise)
        z = draw(noise)
    jacobian = np.asarray(tape.batch_jacobian(z, noise), "float64")
    assert np.abs(np.triu(jacobian[0], 1)).max() == 0.0 < np.abs(np.tril(jacobian[0], -1)).max()  # from the top down
    return scipy.stats.norm.logpdf(noise).sum(axis=1) - np.linalg.slogdet(jacobian)[1], z


def test_densities_of_codes_are_those_of_their_draws(model, images):
    noise = np.random.default_rng(0).normal(size=(3, model.latent_dim)).astype("float32")
    expected, z = log_density_by_change_of_variables(model.prior.from_normal, noise)
    np.testing.assert_allclose(model.prior.log_density(z), expected, rtol=1e-4)
    assert model.prior.log_density(tf.reshape(z, (3, 1, -1))).shape == (3, 1)
    posterior = model.posterior(model.encoded(model.to_network(images)))
    expected, _ = log_density_by_change_of_variables(lambda noise: posterior.draw(noise)[0], noise)
    np.testing.assert_allclose(posterior.draw(noise)[1], expected, rtol=1e-4)


def test_one_way_down_gives_the_weights_of_posterior_prior_and_decoder(model, images):
    x = model.to_network(images)
    posterior, repeated = model.posterior(model.encoded(x)), importance.repeat(x, 4)

    def log_px(z):
        return -model.negative_log_likelihood(repeated, model.decoder(z))

    expected = importance.log_weights(posterior, model.prior, log_px, 4, 7, 0)
    np.testing.assert_allclose(model.log_weights(x, 4, 7, 0, {}), expected, rtol=1e-4)


def test_product_of_gaussians_and_their_divergence_agree_with_numerical_integration():
    grid = np.linspace(-30.0, 30.0, 200001)
    means, log_vars = (0.5, -1.0), (0.8, -0.6)
    parts = [
        Gaussian(ops.full((1, 1, 1, 1), m), ops.full((1, 1, 1, 1), v)) for m, v in zip(means, log_vars, strict=True)
    ]
    first, second = (scipy.stats.norm(m, np.exp(v / 2.0)) for m, v in zip(means, log_vars, strict=True))
    weights = first.pdf(grid) * second.pdf(grid)
    weights /= weights.sum()
    mean = weights @ grid
    product = parts[0].times(parts[1])
    assert float(ops.squeeze(product.mean)) == pytest.approx(mean, rel=1e-4)
    assert float(ops.squeeze(product.log_var)) == pytest.approx(np.log(weights @ (grid - mean) ** 2), rel=1e-4)
    integrand = first.pdf(grid) * (first.logpdf(grid) - second.logpdf(grid))
    assert float(parts[0].divergence(parts[1])[0]) == pytest.approx(np.trapezoid(integrand, grid), rel=1e-4)
    assert float(parts[0].log_density(ops.full((1, 1, 1, 1), 0.3))[0]) == pytest.approx(first.logpdf(0.3), rel=1e-5)


def test_divergence_of_each_level_is_logged_and_their_sum_is_that_of_the_bound(model, images):
    logs = {name: float(value) for name, value in model.test_step((images,)).items()}
    assert [*logs] == ["loss", "reconstruction_loss", "kl_loss", "kl_1", "kl_2", "kl_3"]
    assert logs["kl_loss"] == pytest.approx(logs["kl_1"] + logs["kl_2"] + logs["kl_3"], rel=1e-5)
    assert logs["loss"] == pytest.approx(logs["reconstruction_loss"] + logs["kl_loss"], rel=1e-5)
    assert min(logs.values()) > 0.0


def test_weight_of_the_divergence_rises_over_the_first_steps_of_training_alone(images):
    model = keras_genzoo.build("ladder_vae", **SMALL, warmup_steps=4, free_bits=0.0)
    for weight in (0.0, 0.25, 0.5, 0.75, 1.0, 1.0):
        loss, terms = model.negative_bound(model.unpack((images,)))
        expected = float(terms["reconstruction_loss"]) + weight * float(terms["kl_loss"])
        assert float(loss) == pytest.approx(expected, rel=1e-5)
        loss, terms = model.negative_bound(model.unpack((images,)), training=False)
        assert float(loss) == pytest.approx(float(terms["reconstruction_loss"]) + float(terms["kl_loss"]), rel=1e-5)
        model.train_step((images,))


def test_divergence_of_a_level_costs_at_least_the_free_bits_in_training_alone(images):
    model = keras_genzoo.build("ladder_vae", **SMALL, warmup_steps=0, free_bits=1e-3)
    terms = {"reconstruction_loss": 3.0, "kl_1": 2.0, "kl_2": 1e-4, "kl_3": 0.5}
    assert float(model.kl_cost(terms)) == pytest.approx(2.501)
    model = keras_genzoo.build("ladder_vae", **SMALL, warmup_steps=0, free_bits=1e3)
    loss, terms = model.negative_bound(model.unpack((images,)))
    assert float(loss) == pytest.approx(float(terms["reconstruction_loss"]) + 3e3, rel=1e-5)
    loss, terms = model.negative_bound(model.unpack((images,)), training=False)
    assert float(loss) == pytest.approx(float(terms["reconstruction_loss"]) + float(terms["kl_loss"]), rel=1e-5)


@pytest.mark.parametrize("value", [1e6, -1e6])
def test_log_variances_are_bounded(images, value):
    model = keras_genzoo.build("ladder_vae", **SMALL)
    for network in (*model.prior_networks, *model.posterior_networks):
        bias = network.weights[-1]
        half = bias.shape[0] // 2
        bias.assign([0.0] * half + [value] * half)
    z_mean, z_log_var = model.encode(images)
    assert np.isfinite(z_mean).all() and -11.0 < z_log_var.min() <= z_log_var.max() < 10.1
    assert np.isfinite([float(part) for part in model.train_step((images,)).values()]).all()
    assert all(np.isfinite(variable.numpy()).all() for variable in model.weights)


def test_levels_that_do_not_fit_are_refused():
    for wrong in (dict(level_halvings=(1, 2)), dict(level_halvings=(2,)), dict(level_channels=())):
        with pytest.raises(ValueError, match="Expected level_halvings with one number for each of level_channels"):
            keras_genzoo.build("ladder_vae", **{"level_halvings": (2, 1), "level_channels": (2, 2), **wrong})
