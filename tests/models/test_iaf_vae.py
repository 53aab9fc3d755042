"""The posterior of the IAF VAE: its density against automatic differentiation."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from case import Case
from cases import for_cases
from rows.iaf_vae import CASES


def disturbed(case):
    """A model with noise on all weights, so that the flows are far from their initial values."""
    model, rng = case.build(), np.random.default_rng(0)
    for variable in model.weights:
        variable.assign_add(0.5 * rng.normal(size=variable.shape))
    return model


@for_cases(CASES)
def test_density_is_that_of_the_jacobian(case):
    """`log q(z) = log N(noise) - log |det dz / dnoise|`."""
    model, (images,) = disturbed(case), case.data(3)
    posterior = model.posterior(model.encoded(model.to_network(images)))
    noise = tf.constant(np.random.default_rng(1).normal(size=(3, model.latent_dim)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(noise)
        z, log_q = posterior.draw(noise)
    jacobians = tape.batch_jacobian(z, noise).numpy()
    expected = scipy.stats.norm.logpdf(noise).sum(axis=1) - np.linalg.slogdet(jacobians)[1]
    np.testing.assert_allclose(log_q, expected, atol=1e-3)
    assert np.abs(jacobians).max() > 0.01


def test_flows_reverse_the_order_of_the_components():
    """Both triangles of the Jacobian of two flows are full; that of one flow is triangular."""
    case = CASES[0]
    for num_flows, full in ((1, False), (2, True)):
        model = disturbed(Case("iaf_vae", {**case.args, "num_flows": num_flows}, case.output, 0))
        z, context = tf.ones((1, 3)), tf.ones((1, 5))
        with tf.GradientTape() as tape:
            tape.watch(z)
            moved = model.flow([z, context])["z"]
        jacobian = tape.batch_jacobian(moved, z)[0].numpy()
        assert (np.abs(jacobian[np.tril_indices(3)]) > 1e-6).all()
        assert (np.abs(jacobian[np.triu_indices(3, 1)]) > 1e-6).all() == full


def test_initial_flows_change_codes_little():
    model = CASES[0].build(flow_units=(64, 64), latent_dim=20)
    z = np.random.default_rng(0).normal(size=(50, 20)).astype("float32")
    moved = model.flow([z, np.zeros((50, 5), "float32")])["z"]
    assert np.corrcoef(np.ravel(z), np.ravel(moved))[0, 1] > 0.95


def test_flows_without_hidden_layers_would_see_no_image():
    with pytest.raises(ValueError, match="Expected flow_units of at least one layer, .* Received: none"):
        CASES[0].build(flow_units=())


def test_code_of_an_image_is_the_draw_without_noise():
    model, (images,) = disturbed(CASES[0]), CASES[0].data(4)
    posterior = model.posterior(model.encoded(model.to_network(images)))
    np.testing.assert_allclose(model.encode(images), posterior.draw(tf.zeros((4, 3)))[0], rtol=1e-5, atol=1e-6)


def test_terms_are_finite_where_gates_are_saturated():
    model, (images,) = CASES[0].build(), CASES[0].data(4)
    for value in (1e4, -1e4):
        for layer in model.flow.layers:
            if getattr(layer, "strict", False):
                layer.bias.assign(np.full(layer.bias.shape, value))
        assert np.isfinite(float(model.test_step((images,))["loss"]))
