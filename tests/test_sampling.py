"""Random numbers by (seed, index), and images that are made from them."""

import random

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from cases import cases_with, for_kinds

import keras_genzoo
from keras_genzoo import sampling
from keras_genzoo.families import priors
from keras_genzoo.utils.record import Record


def generation(case):
    """What tells models that generate apart: how they make a batch."""
    return case.model_class.generate_batch


for_generators = for_kinds(generation, cases_with("generate"))


@pytest.mark.parametrize("rows", [sampling.normal_rows, sampling.uniform_rows])
@pytest.mark.parametrize("dim", [1, 4, 7])
def test_rows_depend_on_their_index_alone(rows, dim):
    whole = rows(7, 0, 1000, dim).numpy()
    assert whole.shape == (1000, dim)
    assert whole.dtype == np.float32
    for start, num in ((0, 1), (1, 2), (500, 3), (999, 1), (17, 0)):
        np.testing.assert_array_equal(rows(7, start, num, dim).numpy(), whole[start : start + num])
    assert len(np.unique(whole, axis=0)) == 1000


@pytest.mark.parametrize("rows", [sampling.normal_rows, sampling.uniform_rows])
def test_seeds_of_any_sign_and_size_give_streams_of_their_own(rows):
    seeds = [0, 1, -1, 2**31 - 1, -(2**31), 2**32, 2**32 + 1, 2**62, 2**63 - 1, -(2**63)]
    streams = [rows(seed, 3, 50, 6).numpy() for seed in seeds]
    assert np.isfinite(streams).all()
    assert len({stream.tobytes() for stream in streams}) == len(seeds)
    correlations = np.corrcoef([stream.ravel() for stream in streams]) - np.eye(len(seeds))
    assert np.abs(correlations).max() < 0.25


@pytest.mark.parametrize("start", [0, 2**31, 2**40])
def test_rows_start_anywhere(start):
    whole = sampling.normal_rows(1, start, 8, 5).numpy()
    np.testing.assert_array_equal(sampling.normal_rows(1, start + 6, 2, 5).numpy(), whole[6:])


def test_normal_rows_are_standard_normal():
    rows = sampling.normal_rows(3, 0, 20000, 5).numpy().astype("float64")
    assert scipy.stats.kstest(rows.ravel(), "norm").pvalue > 0.001
    np.testing.assert_allclose(rows.mean(axis=0), 0.0, atol=0.03)
    np.testing.assert_allclose(np.cov(rows, rowvar=False), np.eye(5), atol=0.04)


def test_uniform_rows_are_uniform():
    rows = sampling.uniform_rows(3, 0, 20000, 5).numpy().astype("float64")
    assert rows.min() >= 0.0
    assert rows.max() < 1.0
    assert scipy.stats.kstest(rows.ravel(), "uniform").pvalue > 0.001
    np.testing.assert_allclose(np.cov(rows, rowvar=False), np.eye(5) / 12.0, atol=0.004)


@pytest.mark.parametrize("rows", [sampling.normal_rows, sampling.uniform_rows])
def test_rows_take_tensors_inside_a_graph(rows):
    graph = tf.function(lambda seed, start, num: rows(seed, start, num, 6))
    for seed, start, num in ((5, 0, 3), (-9, 2**40, 4), (2**62, 1, 0)):
        inside = graph(tf.constant(seed, tf.int64), tf.constant(start, tf.int64), tf.constant(num))
        np.testing.assert_array_equal(inside.numpy(), rows(seed, start, num, 6).numpy())
    assert graph.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("rows", [sampling.normal_rows, sampling.uniform_rows])
def test_streams_of_a_seed_are_independent_and_the_first_is_the_default(rows):
    streams = [rows(5, 3, 60, 6, stream=stream).numpy() for stream in (0, 1, 2, 1000, 2**40)]
    np.testing.assert_array_equal(rows(5, 3, 60, 6).numpy(), streams[0])
    correlations = np.corrcoef([stream.ravel() for stream in streams]) - np.eye(len(streams))
    assert np.abs(correlations).max() < 0.25
    np.testing.assert_array_equal(rows(5, 40, 2, 6, stream=2).numpy(), streams[2][37:39])
    graph = tf.function(lambda stream: rows(5, 3, 60, 6, stream))
    for stream, expected in ((tf.constant(1000), streams[3]), (tf.constant(2**40, tf.int64), streams[4])):
        np.testing.assert_array_equal(graph(stream).numpy(), expected)


def test_first_stream_gives_the_numbers_it_always_gave():
    normal, uniform = (rows(7, 5, 1, 3).numpy()[0] for rows in (sampling.normal_rows, sampling.uniform_rows))
    np.testing.assert_allclose(normal, [1.1645317, 0.79577988, 1.0294888], rtol=1e-6)
    np.testing.assert_array_equal(uniform, np.float32([0.36983442, 0.15459263, 0.56228673]))


def test_steps_draw_new_noise_that_the_generator_repeats():
    one, two = keras.random.SeedGenerator(5), keras.random.SeedGenerator(5)
    first = [sampling.step_normal((4, 3), one).numpy() for _ in range(3)]
    assert len({noise.tobytes() for noise in first}) == 3
    np.testing.assert_array_equal(first, [sampling.step_normal((4, 3), two).numpy() for _ in range(3)])
    uniform = sampling.step_uniform((5000,), one).numpy()
    assert uniform.min() >= 0.0
    assert uniform.max() < 1.0
    assert uniform.mean() == pytest.approx(0.5, abs=0.02)


def test_fresh_seeds_repeat_with_the_seed_of_keras():
    state = random.getstate(), np.random.get_state()
    seeds = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        seeds.append(sampling.fresh_seed())
    random.setstate(state[0])
    np.random.set_state(state[1])
    assert seeds[0] == seeds[1] != seeds[2]


def test_fresh_seeds_differ_and_fit_into_31_bits():
    seeds = [sampling.fresh_seed() for _ in range(20)]
    assert len(set(seeds)) == 20
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_seeded_initializers_repeat_and_put_the_state_of_random_back():
    def kernel(seed):
        with sampling.seeded_initializers(seed):
            layer = keras.layers.Dense(3)
            layer.build((None, 2))
        return layer.kernel.numpy()

    random.seed(1)
    expected = random.random()
    random.seed(1)
    np.testing.assert_array_equal(kernel(4), kernel(4))
    assert random.random() == expected
    assert not np.array_equal(kernel(4), kernel(5))
    assert not np.array_equal(kernel(None), kernel(None))


# -- images ------------------------------------------------------------------------------------------------------------


@for_generators
def test_image_depends_on_seed_and_index_alone(case, built):
    model = built(case)
    whole = model.generate(23, seed=5)
    assert len(np.unique(whole.reshape(23, -1), axis=0)) == 23
    for start, num, batch_size in ((0, 23, 7), (0, 5, 64), (4, 1, 64), (4, 9, 2), (22, 1, 1)):
        part = model.generate(num, seed=5, start=start, batch_size=batch_size)
        np.testing.assert_array_equal(part, whole[start : start + num])
    assert not np.array_equal(model.generate(23, seed=6), whole)


@for_generators
def test_no_seed_gives_new_images_each_time(case, built):
    assert not np.array_equal(built(case).generate(2), built(case).generate(2))


@for_generators
def test_no_images_are_an_empty_array(case, built):
    images = built(case).generate(0, seed=1)
    assert images.shape == (0, *case.output)
    assert images.dtype == np.uint8


@for_generators
def test_generate_takes_any_int64_seed(case, built):
    images = [built(case).generate(2, seed=seed) for seed in (0, -1, 2**40, np.int64(2**62), -(2**63))]
    assert len({image.tobytes() for image in images}) == 5


@for_generators
def test_generate_refuses_what_is_no_count_or_seed(case, built):
    for wrong in ({"num": -1}, {"num": 2.5}, {"num": 2, "start": -1}, {"num": 2, "batch_size": 0}):
        with pytest.raises(ValueError, match="Expected .* to be an integer of at least .* Received"):
            built(case).generate(**wrong)
    for seed in (2**63, 1.5, "seven"):
        with pytest.raises(ValueError, match="Expected seed .* Received: seed="):
            built(case).generate(2, seed=seed)


@for_generators
def test_generate_leaves_the_models_random_state_alone(case, built):
    model = built(case)
    before = model.seed_generator.state.numpy()
    model.generate(3)
    np.testing.assert_array_equal(model.seed_generator.state.numpy(), before)


@for_kinds(generation, cases_with("generate", "latent_sample"))
def test_codes_come_from_the_same_rows(case, built):
    model = built(case)
    expected = model.prior.from_normal(sampling.normal_rows(8, 2, 3, model.prior.noise_dim))
    np.testing.assert_array_equal(model.latent_sample(3, 8, 2), expected)
    given = {condition.name: condition.default(8, 2, 3) for condition in model.conditions}
    if not getattr(model, "decodes_means", True):
        return  # an image is a draw, with random numbers of its own
    expected = model.images_from_codes(model.latent_sample(3, 8, 2), "uint8", **given)
    assert np.abs(model.generate(3, seed=8, start=2).astype(int) - np.asarray(expected)).max() <= 1


def test_prior_of_a_model_reaches_its_samples_and_its_training(monkeypatch):
    class Constant(priors.NormalPrior):
        def from_normal(self, normal):
            return 0.0 * normal + 2.0

    model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    monkeypatch.setattr(type(model), "prior", Constant(4))
    assert np.all(np.asarray(model.latent_sample(3, 8, 2)) == 2.0)
    fake = model.make_fake(Record(images=np.zeros((3, 8, 8, 1), "float32")))
    np.testing.assert_array_equal(fake.z, np.full((3, 4), 2.0, "float32"))
    np.testing.assert_allclose(fake.images, model.generator(fake.z, training=True), atol=1e-6)


def test_several_models_in_one_program_are_no_retracing(caplog):
    for _ in range(7):
        keras_genzoo.build("gan", image_shape=(8, 8, 1), hidden_units=(4,)).generate(1)
    assert "retracing" not in caplog.text


@for_generators
def test_generate_is_traced_once_for_all_sizes(case):
    model = case.build()
    for num, start in ((3, 0), (5, 2), (1, 100)):
        model.generate(num, seed=num, start=start)
    (compiled,) = (function for key, function in model._functions.items() if key.startswith("generate"))
    assert compiled.experimental_get_tracing_count() == 1
