"""The restricted Boltzmann machine, compared with exact sums over all states of a few hidden units."""

import inspect
import itertools

import keras
import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from cases import moved, values

import keras_genzoo
from keras_genzoo import presets
from keras_genzoo.families import energy
from keras_genzoo.likelihood import ais
from keras_genzoo.metrics import log_likelihood as mean_log_likelihood
from keras_genzoo.utils.noise import noise_for_tests

PIXELS = 64


def build(hidden_units=6, scale=None, seed=0, optimizers=None, **args):
    """A small model; with `scale`, its weights are normal with this standard deviation."""
    args = {"image_shape": (8, 8, 1), "generation_steps": 20, "seed": seed, **args}
    model = keras_genzoo.build("rbm", hidden_units=hidden_units, optimizers=optimizers, **args)
    if scale is not None:
        set_weights(model, scale, seed)
    return model


def set_weights(model, scale, seed):
    rng = np.random.default_rng(seed)
    for variable, part in zip(model.network_variables, (1.0, 0.5, 1.0), strict=True):
        variable.assign(part * scale * rng.standard_normal(variable.shape))


def with_two_modes(hidden_units=10):
    """A model with two equal modes, an image and its negative, and hardly any probability between them."""
    model = build(hidden_units)
    pattern = np.sign(np.random.default_rng(5).standard_normal(PIXELS))
    signs = np.where(np.arange(hidden_units) % 2, 1.0, -1.0)
    kernel = 0.6 * np.outer(pattern, signs)
    model.kernel.assign(kernel)
    model.visible_bias.assign(-kernel.sum(axis=1) / 2)  # half of the hidden units favour each mode
    model.hidden_bias.assign(-kernel.sum(axis=0) / 2)
    return model


class Exact:
    """Exact probabilities of a model, in float64, from the sum over all states of its hidden units."""

    def __init__(self, model):
        self.kernel, self.visible_bias, self.hidden_bias = (
            variable.numpy().astype("float64") for variable in model.network_variables
        )
        self.hidden = np.array(list(itertools.product([0.0, 1.0], repeat=model.hidden_units)))
        logits = self.visible_bias + self.hidden @ self.kernel.T
        weights = self.hidden @ self.hidden_bias + np.logaddexp(0.0, logits).sum(axis=1)
        self.log_z = scipy.special.logsumexp(weights)
        self.given_hidden = scipy.special.expit(logits)
        self.probabilities = np.exp(weights - self.log_z)

    def log_likelihood(self, visible):
        joint = (self.hidden_bias + visible @ self.kernel) @ self.hidden.T
        return visible @ self.visible_bias + scipy.special.logsumexp(joint, axis=1) - self.log_z

    def expectations(self):
        """Means of `v h^T`, `v` and `h`."""
        products = (self.probabilities[:, None] * self.given_hidden).T @ self.hidden
        return [products, self.probabilities @ self.given_hidden, self.probabilities @ self.hidden]

    def given_visible(self, visible):
        """The same given the pixels, averaged over images."""
        hidden = scipy.special.expit(self.hidden_bias + visible @ self.kernel)
        return [visible.T @ hidden / len(visible), visible.mean(axis=0), hidden.mean(axis=0)]

    def sample(self, num, seed):
        rng = np.random.default_rng(seed)
        chosen = self.given_hidden[rng.choice(len(self.hidden), num, p=self.probabilities)]
        return (rng.random(chosen.shape) < chosen).astype("float32")


def black_and_white(num, seed=0):
    return np.where(np.random.default_rng(seed).random((num, 8, 8, 1)) < 0.4, 255, 0).astype("uint8")


def flat(images):
    return images.reshape(len(images), -1) / 255.0


# -- energies and likelihoods ------------------------------------------------------------------------------------------


def test_free_energy_is_the_sum_over_the_hidden_states():
    model = build(scale=1.0)
    images, exact = black_and_white(30), Exact(model)
    expected = -exact.log_likelihood(flat(images)) - exact.log_z
    energies = model.free_energy(images, batch_size=7)
    assert energies.dtype == np.float64
    np.testing.assert_allclose(energies, expected, rtol=1e-5)
    assert model.free_energy(images[:0]).shape == (0,)
    with pytest.raises(ValueError, match="Expected images of shape"):
        model.free_energy(images[:, 1:])


def test_softplus_of_the_energy_neither_overflows_nor_vanishes():
    model = build(2)
    model.hidden_bias.assign([1e4, -1e4])
    assert model.free_energy(black_and_white(1) * 0)[0] == pytest.approx(-1e4)


@pytest.mark.parametrize("kind", ["normal", "two modes"])
def test_annealed_log_z_agrees_with_the_exact_one(kind):
    model = with_two_modes()
    for seed in range(3):
        if kind == "normal":
            set_weights(model, 1.0, seed)
        estimate = model.log_partition(num_chains=100, num_temperatures=1000, seed=seed)
        assert estimate.value == pytest.approx(Exact(model).log_z, abs=min(0.2, 4.0 * estimate.standard_error))
        assert estimate.method == "AIS, 100 chains, 1,000 temperatures"


def test_annealing_is_unbiased_even_with_few_temperatures():
    model = build(5, scale=0.7)
    estimate = model.log_partition(2000, 20)
    assert estimate.value == pytest.approx(Exact(model).log_z, abs=0.1)
    assert estimate.standard_error > 0.01 / np.sqrt(20)


def test_standard_error_falls_with_more_temperatures_and_predicts_the_spread():
    model = build(10, scale=1.0)
    coarse = [model.log_partition(50, 100, seed=seed) for seed in range(30)]
    fine = model.log_partition(50, 2000)
    stated = np.mean([estimate.standard_error for estimate in coarse])
    assert fine.standard_error < 0.6 * stated
    assert np.std([estimate.value for estimate in coarse]) == pytest.approx(stated, rel=0.5)


def test_log_z_depends_on_its_seed_and_not_on_the_size_of_a_pass(monkeypatch):
    model = build(scale=0.5)
    first = model.log_partition(20, 50, seed=3)
    assert model.log_partition(20, 50, seed=3) == first
    assert model.log_partition(20, 50, seed=4) != first
    monkeypatch.setattr(ais, "UNITS_PER_PASS", 7 * (PIXELS + 6))
    assert model.log_partition(20, 50, seed=3).value == pytest.approx(first.value, abs=1e-4)
    assert model.log_partition(1, 1).standard_error is None


def test_log_z_follows_the_weights():
    model = build(scale=0.5)
    for scale in (0.2, 0.8):
        model.kernel.assign(scale * np.random.default_rng(1).standard_normal(model.kernel.shape))
        assert model.log_partition(100, 500).value == pytest.approx(Exact(model).log_z, abs=0.1)


def test_temperatures_rise_from_0_to_1_and_lie_denser_towards_1():
    betas = ais.temperatures(10000)
    assert betas.shape == (10001,)
    np.testing.assert_allclose(betas[[0, 2500, 5000, 10000]], [0.0, 0.5, 0.8, 1.0], rtol=1e-6)
    assert (np.diff(betas) > 0).all()
    np.testing.assert_array_equal(ais.temperatures(1), [0.0, 1.0])


def with_fewer_temperatures(model, monkeypatch):
    """Has the model's estimates of log Z pass 500 temperatures, and returns the list of their arguments."""
    original, calls = model.log_partition, []

    def log_partition(*args, **kwargs):
        calls.append((args, kwargs))
        return original(*args, num_temperatures=500, **kwargs)

    monkeypatch.setattr(model, "log_partition", log_partition)
    return calls


def test_log_likelihood_is_exact_where_log_z_is_known(monkeypatch):
    model = build(scale=1.0)
    calls = with_fewer_temperatures(model, monkeypatch)
    images, exact = black_and_white(10), Exact(model)
    expected = exact.log_likelihood(flat(images))
    np.testing.assert_allclose(model.log_likelihood(images, log_z=exact.log_z), expected, rtol=1e-5)
    assert calls == []
    np.testing.assert_allclose(model.log_likelihood(images, num_samples=20, seed=4), expected, atol=0.2)
    assert calls == [((20,), {"seed": 4})]


def test_grey_images_are_binarized_by_seed_and_index_for_their_likelihood():
    model = build(scale=1.0)
    grey = np.full((6, 8, 8, 1), 100, "uint8")
    whole = model.log_likelihood(grey, seed=2, log_z=0.0)
    assert len(set(whole)) == 6
    np.testing.assert_array_equal(model.log_likelihood(grey[:2], seed=2, start=4, log_z=0.0), whole[4:])
    assert not np.array_equal(model.log_likelihood(grey, seed=3, log_z=0.0), whole)


def test_metric_estimates_log_z_once_and_says_so(monkeypatch):
    model, images = build(scale=1.0), black_and_white(10)
    assert inspect.signature(model.log_partition).parameters["num_temperatures"].default == 10000
    calls = with_fewer_temperatures(model, monkeypatch)
    result = mean_log_likelihood(model, images, num_samples=30, batch_size=3, seed=5)
    assert calls == [((30,), {"seed": 5})]
    estimate = model.log_partition(30, seed=5)
    assert result["value"] == pytest.approx(model.log_likelihood(images, log_z=estimate.value).mean())
    assert result["protocol"] == {
        "n": 10,
        "binarization": "none",
        "estimator": "AIS, 30 chains, 500 temperatures",
        "log_partition": estimate.value,
        "log_partition_standard_error": estimate.standard_error,
        "num_samples": 30,
        "seed": 5,
    }


@pytest.mark.parametrize("binarize", [True, False])
def test_metric_gives_grey_images_a_likelihood_of_black_and_white_ones(binarize, monkeypatch):
    model = build(scale=1.0, binarize=binarize)
    monkeypatch.setattr(type(model), "log_partition", lambda *_, **__: ais.LogPartition(0.0, None, "none"))
    grey = np.full((400, 8, 8, 1), 100, "uint8")
    result = mean_log_likelihood(model, grey, num_samples=1)
    assert result["protocol"]["binarization"] == "dynamic"
    drawn = (np.random.default_rng(0).random((4000, PIXELS)) < 100 / 255).astype("float64")
    exact = Exact(model)
    expected = exact.log_likelihood(drawn) + exact.log_z
    assert result["value"] == pytest.approx(expected.mean(), abs=5 * expected.std() / 20)


@pytest.mark.parametrize(
    "wrong", [{"num_chains": 0}, {"num_temperatures": 0}, {"num_temperatures": 2.5}, {"seed": "one"}]
)
def test_wrong_arguments_of_the_estimate_are_refused(wrong):
    with pytest.raises(ValueError, match="Expected .* Received"):
        build().log_partition(**wrong)


# -- the gradient ------------------------------------------------------------------------------------------------------


def test_gradient_equals_the_gradient_of_the_difference_of_mean_free_energies():
    model = build(scale=0.5)
    positive, negative = (tf.constant(flat(black_and_white(num, num)), tf.float32) for num in (9, 5))
    kernel = model.kernel.value
    with tf.GradientTape() as tape:
        means = [tf.reduce_mean(model.energy_of(x, model.hidden_logits(x, kernel))) for x in (positive, negative)]
        difference = means[0] - means[1]
    expected = tape.gradient(difference, [variable.value for variable in model.network_variables])
    gap, gradients, _ = model.contrast(positive, negative)
    assert float(gap) == pytest.approx(float(difference), rel=1e-5)
    for gradient, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, other, rtol=1e-4, atol=1e-6)


def test_estimate_with_exact_samples_of_the_model_is_the_gradient_of_the_likelihood():
    model = build(scale=0.7)
    exact = Exact(model)
    data = flat(black_and_white(40)).astype("float32")
    states = tf.constant(exact.hidden, tf.float32)
    with tf.GradientTape() as tape:  # the exact likelihood, differentiated
        log_z = tf.reduce_logsumexp(
            tf.linalg.matvec(states, model.hidden_bias.value)
            + tf.reduce_sum(tf.math.softplus(model.visible_logits(states, model.kernel.value)), axis=1)
        )
        energies = model.energy_of(tf.constant(data), model.hidden_logits(tf.constant(data), model.kernel.value))
        loss = tf.reduce_mean(energies) + log_z
    expected = tape.gradient(loss, [variable.value for variable in model.network_variables])
    assert float(log_z) == pytest.approx(exact.log_z, rel=1e-5)
    _, gradients, _ = model.contrast(tf.constant(data), tf.constant(exact.sample(40000, seed=1)))
    for gradient, value in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, value, atol=5 * 0.5 / np.sqrt(40000))


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_many_gibbs_steps_make_the_estimate_exact(algorithm):
    chains = {"num_chains": 20000} if algorithm == "pcd" else {}
    model = build(scale=0.4, algorithm=algorithm, gibbs_steps=20, binarize=False, **chains)
    data = np.repeat(black_and_white(20), 1000, axis=0)
    positive = model.visible_batch((data,))
    _, gradients, _ = model.contrast(positive, model.negative_batch(positive))
    exact = Exact(model)
    given = exact.given_visible(flat(data))
    for gradient, ours, theirs in zip(gradients, given, exact.expectations(), strict=True):
        np.testing.assert_allclose(gradient, theirs - ours, atol=5 * 0.5 / np.sqrt(20000))


def test_one_step_of_cd_is_short_of_the_exact_gradient():
    model = build(scale=0.4, algorithm="cd", binarize=False)
    data = np.repeat(black_and_white(20), 1000, axis=0)
    positive = model.visible_batch((data,))
    _, gradients, _ = model.contrast(positive, model.negative_batch(positive))
    exact = Exact(model).expectations()[0] - Exact(model).given_visible(flat(data))[0]
    assert np.abs(np.asarray(gradients[0]) - exact).max() > 20 * 0.5 / np.sqrt(20000)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_step_goes_down_the_estimate(dtype):
    optimizer = keras.optimizers.SGD(0.25)
    if dtype == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1024.0)
    model, twin = build(scale=0.3, optimizers={"optimizer": optimizer}, dtype=dtype), build(scale=0.3, dtype=dtype)
    data = (black_and_white(10),)
    before = [variable.numpy() for variable in model.network_variables]
    positive = twin.visible_batch(data)
    _, gradients, _ = twin.contrast(positive, twin.negative_batch(positive))
    model.train_step(data)
    for variable, old, gradient in zip(model.network_variables, before, gradients, strict=True):
        np.testing.assert_allclose(variable.numpy(), old - 0.25 * np.asarray(gradient), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_keeps_small_differences_of_the_phases(dtype):
    positive = flat(np.repeat(black_and_white(20), 100, axis=0)).astype("float32")
    negative = positive.copy()
    negative[::50, ::3] = 1.0 - negative[::50, ::3]
    full, half = (
        np.asarray(build(scale=0.5, dtype=kind).contrast(tf.constant(positive), tf.constant(negative))[1][0])
        for kind in ("float32", dtype)
    )
    assert 0.0 < np.abs(full).max() < 0.02
    assert np.linalg.norm(half - full) < 0.03 * np.linalg.norm(full)


# -- training ----------------------------------------------------------------------------------------------------------


def test_chains_begin_at_the_first_batch_and_move_in_training_alone():
    model = build(scale=0.3, num_chains=7)
    images = black_and_white(3)
    assert (model.chains.numpy() < 0.0).all()  # not a state of a unit: the chains have not started
    model.test_step((images,))
    assert (model.chains.numpy() < 0.0).all()
    states = []
    for _ in range(2):
        model.train_step((images,))
        states.append(model.chains.numpy())
        model.test_step((images,))
        np.testing.assert_array_equal(model.chains.numpy(), states[-1])
    assert set(np.unique(states)) == {0.0, 1.0}
    assert (states[0] != states[1]).any(axis=1).all()
    assert not [variable for variable in model.optimizer.variables if variable.shape == model.chains.shape]


def with_memory(**args):
    """A model with learning rate 0 whose chains keep six pixels forever: a hidden unit copies each of them."""
    model = build(optimizers={"optimizer": keras.optimizers.SGD(0.0)}, **args)
    model.kernel.assign(np.eye(PIXELS, 6) * 80.0)
    model.hidden_bias.assign(np.full(6, -40.0))
    model.visible_bias.assign(np.where(np.arange(PIXELS) < 6, -40.0, 0.0))
    return model


@pytest.mark.parametrize("black", [False, True])
def test_chains_go_on_from_step_to_step(black):
    model = with_memory(num_chains=5)
    first, then = black_and_white(3), black_and_white(5)[3:]
    first[:, 0, :6] = 0 if black else np.eye(3, 6)[..., None] * 255
    then[:, 0, :6] = 255
    for images in (first, then, then):
        model.train_step((images,))
        np.testing.assert_array_equal(model.chains.numpy()[:, :6], flat(first)[[0, 1, 2, 0, 1], :6])


def test_contrastive_divergence_keeps_no_chains_and_starts_at_the_data():
    model = with_memory(algorithm="cd")
    assert model.chains is None
    assert len(model.weights) == 3
    for num in (50, 20):
        visible = flat(black_and_white(num))
        drawn = np.asarray(model.negative_batch(tf.constant(visible, tf.float32)))
        np.testing.assert_array_equal(drawn[:, :6], visible[:, :6])
        assert drawn.shape == visible.shape


def test_visible_biases_begin_at_the_log_odds_of_the_first_batch():
    model, other = (build(scale=scale, optimizers={"optimizer": keras.optimizers.SGD(0.0)}) for scale in (None, 0.3))
    before = values(other.network_variables)
    images = black_and_white(10)
    for each in (model, other):
        each.train_step((images,))
    rates = (flat(images).sum(axis=0) + 0.5) / 11.0
    np.testing.assert_allclose(model.visible_bias, np.log(rates / (1.0 - rates)), rtol=1e-4, atol=1e-6)
    first = model.visible_bias.numpy()
    model.train_step((black_and_white(10, seed=9),))
    np.testing.assert_array_equal(model.visible_bias, first)
    assert moved(before, values(other.network_variables)) == []


def test_grey_pixels_are_binarized_again_in_each_step_or_used_as_they_are():
    grey = np.full((500, 8, 8, 1), 51, "uint8")
    model = build()
    first, second = (np.asarray(model.visible_batch((grey,))) for _ in range(2))
    assert set(np.unique(first)) == {0.0, 1.0}
    assert first.mean() == pytest.approx(0.2, abs=0.01)
    assert (first != second).any()
    np.testing.assert_allclose(build(binarize=False).visible_batch((grey,)), 0.2, rtol=1e-6)
    images = black_and_white(20)
    np.testing.assert_array_equal(model.visible_batch((images,)), flat(images))


def test_logs_are_the_cross_entropy_of_a_pass_and_the_gap_of_free_energies():
    model, twin = build(scale=0.3), build(scale=0.3)
    images = black_and_white(10)
    logs = {key: float(value) for key, value in model.test_step((images,)).items()}
    assert set(logs) == {"reconstruction_loss", "free_energy_gap"}
    kernel, visible_bias, hidden_bias = (variable.numpy().astype("float64") for variable in twin.network_variables)
    data = flat(images)
    hidden = scipy.special.expit(hidden_bias + data @ kernel)
    logits = visible_bias + hidden @ kernel.T
    entropy = -(data * scipy.special.log_expit(logits) + (1 - data) * scipy.special.log_expit(-logits))
    assert logs["reconstruction_loss"] == pytest.approx(entropy.sum(axis=1).mean(), rel=1e-5)
    with noise_for_tests():
        negative = np.asarray(twin.negative_batch(twin.visible_batch((images,))))
    energies = [-Exact(twin).log_likelihood(group).mean() for group in (data, negative)]
    assert logs["free_energy_gap"] == pytest.approx(energies[0] - energies[1], abs=1e-4)


# -- chains and images -------------------------------------------------------------------------------------------------


def test_gibbs_chain_settles_at_the_exact_distribution():
    model = build(scale=0.6)
    exact = Exact(model)
    images = model.gibbs(black_and_white(4000), steps=50, seed=1, samples=True, batch_size=4000)
    assert set(np.unique(images)) == {0, 255}
    drawn = flat(images)
    error = 5 * 0.5 / np.sqrt(4000)
    np.testing.assert_allclose(drawn.mean(axis=0), exact.expectations()[1], atol=error)
    pairs = (exact.given_hidden * exact.probabilities[:, None]).T @ exact.given_hidden
    np.fill_diagonal(pairs, exact.expectations()[1])
    np.testing.assert_allclose(drawn.T @ drawn / 4000, pairs, atol=error)
    # The mean log-likelihood is minus the entropy, which modes with wrong probabilities would change.
    assert exact.log_likelihood(drawn).mean() == pytest.approx(
        exact.log_likelihood(exact.sample(40000, 2)).mean(), abs=0.5
    )


def test_generated_images_have_the_exact_mean():
    model = build(scale=0.6, generation_steps=50)
    images = model.generate(4000, seed=3, batch_size=2000)
    np.testing.assert_allclose(flat(images).mean(axis=0), Exact(model).expectations()[1], atol=5 * 0.5 / np.sqrt(4000))
    assert len(np.unique(images)) > 50  # probabilities as grey values


def test_gibbs_gives_probabilities_or_the_pixels_drawn_from_them():
    model = build(scale=0.6)
    images = black_and_white(300)
    grey, drawn = (model.gibbs(images, 3, seed=1, samples=samples) for samples in (False, True))
    assert len(np.unique(grey)) > 50
    assert flat(drawn)[flat(grey) == 0].sum() == 0
    assert (flat(drawn) - flat(grey)).mean() == pytest.approx(0.0, abs=0.02)
    assert np.corrcoef(flat(drawn).ravel(), flat(grey).ravel())[0, 1] > 0.4


def test_gibbs_depends_on_seed_and_index_alone():
    model = build(scale=0.6)
    grey = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 1), dtype="uint8")
    whole = model.gibbs(grey, 5, seed=1)
    np.testing.assert_array_equal(model.gibbs(grey, 5, seed=1, batch_size=2), whole)
    np.testing.assert_array_equal(model.gibbs(grey[4:], 5, seed=1, start=4), whole[4:])
    assert not np.array_equal(model.gibbs(grey, 5, seed=2), whole)
    assert not np.array_equal(model.gibbs(grey, 5), model.gibbs(grey, 5))
    assert model.gibbs(grey[:0], 5).shape == (0, 8, 8, 1)
    for wrong in ({"steps": 0}, {"steps": 2, "start": -1}, {"steps": 2, "samples": "yes"}, {"steps": 2, "seed": 0.5}):
        with pytest.raises(ValueError, match="Expected .* Received"):
            model.gibbs(grey, **wrong)


def test_long_chains_of_a_large_machine_do_not_depend_on_the_batch():
    model = build(100, image_shape=(28, 28, 1), scale=0.5, generation_steps=150)
    whole = model.generate(40, seed=5, batch_size=40)
    np.testing.assert_array_equal(model.generate(40, seed=5, batch_size=17), whole)
    np.testing.assert_array_equal(model.generate(4, seed=5, batch_size=1), whole[:4])


def test_sums_in_chains_are_exact_whatever_the_batch():
    model = build(100, image_shape=(28, 28, 1), scale=0.5)
    kernel = model.grid_kernel()
    rounded = np.asarray(kernel, "float64")
    assert np.abs(rounded - model.kernel.numpy()).max() <= energy.GRID / 2
    visible = np.random.default_rng(0).integers(0, 2, (50, 784)).astype("float32")
    expected = model.hidden_bias.numpy() + (visible @ rounded).astype("float32")  # summed in float64
    for num in (1, 2, 7, 50):
        np.testing.assert_array_equal(model.hidden_logits(tf.constant(visible[:num]), kernel), expected[:num])


def test_reconstruction_is_one_pass_of_probabilities():
    model = build(scale=0.5)
    grey = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), dtype="uint8")
    kernel, visible_bias, hidden_bias = (variable.numpy() for variable in model.network_variables)
    hidden = scipy.special.expit(hidden_bias + flat(grey) @ kernel)
    expected = 255.0 * scipy.special.expit(visible_bias + hidden @ kernel.T)
    received = model.reconstruct(grey, batch_size=2)
    assert received.dtype == np.uint8
    assert np.abs(received.reshape(5, -1) - expected).max() <= 0.5 + 1e-3
    np.testing.assert_allclose(flat(np.asarray(model(grey / np.float32(255))) * 255), expected / 255, atol=1e-5)
    assert model.reconstruct(grey[:0]).shape == (0, 8, 8, 1)


# -- files -------------------------------------------------------------------------------------------------------------


def test_preset_holds_the_weights_and_no_chains(tmp_path):
    model = build(scale=0.3, num_chains=4)
    model.train_step((black_and_white(10),))
    assert model.chains.numpy().any() and (model.chains.numpy() >= 0.0).all()
    path = presets.save_preset(model, tmp_path / "preset", half_precision=True)
    again = keras_genzoo.build("rbm", weights=path)
    assert (again.chains.numpy() < 0.0).all()
    for variable, old in zip(again.network_variables, model.network_variables, strict=True):
        np.testing.assert_allclose(variable.numpy(), old.numpy(), rtol=1e-3, atol=1e-6)
    before = values(again.network_variables)
    again.compile(keras.optimizers.SGD(0.0))
    again.train_step((black_and_white(10),))  # the visible biases are set already, the chains start
    assert moved(before, values(again.network_variables)) == []
    assert (again.chains.numpy() >= 0.0).all()


@pytest.mark.parametrize("changes", [{"num_chains": 9}, {"algorithm": "cd"}])
def test_weights_serve_a_model_with_other_chains(changes, tmp_path):
    model = build(scale=0.3, num_chains=4)
    model.train_step((black_and_white(10),))
    path = presets.save_preset(model, tmp_path / "preset")
    model.save_weights(tmp_path / "model.weights.h5")
    for weights in (path, tmp_path / "model.weights.h5"):
        args = {} if weights is path else dict(image_shape=(8, 8, 1), hidden_units=6)
        other = keras_genzoo.build("rbm", weights=weights, **args, **changes)
        for variable, old in zip(other.network_variables, model.network_variables, strict=True):
            np.testing.assert_array_equal(variable.numpy(), old.numpy())
        assert other.chains is None or (other.chains.numpy() < 0.0).all()
        other.train_step((black_and_white(10),))


def test_weights_of_another_size_are_refused(tmp_path):
    build(6).save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(ValueError, match="Expected model.weights.h5 to be a whole weight file"):
        keras_genzoo.build("rbm", weights=tmp_path / "model.weights.h5", image_shape=(8, 8, 1), hidden_units=7)


def test_frozen_machine_stays_as_it_is():
    model, images = build(), black_and_white(8)
    model.fit(images, batch_size=4, verbose=0)
    before = values(model.weights[:4])
    model.trainable = False
    model.compile()
    model.fit(images, batch_size=4, verbose=0)
    assert moved(values(model.weights[:4]), before) == []
    model.trainable = True
    model.compile()
    model.fit(images, batch_size=4, verbose=0)
    assert len(moved(values(model.weights[:4]), before)) == 4
