"""Lines and great circles between codes, against the formulas in NumPy with 64 bits."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genzoo.families.exporting import even_fractions
from keras_genzoo.latent import lerp, slerp

FRACTIONS = np.array([0.0, 0.1, 0.25, 0.5, 0.9, 1.0], "float32")


def codes(num=7, dim=12, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((num, dim)).astype("float32") for _ in range(2))


def slerp_of_the_papers(z, z_end, t):
    """Shoemake's formula, with the angle from the arc cosine, for one pair and one fraction."""
    z, z_end = z.astype("float64"), z_end.astype("float64")
    angle = np.arccos(z @ z_end / np.linalg.norm(z) / np.linalg.norm(z_end))
    return (np.sin((1 - t) * angle) * z + np.sin(t * angle) * z_end) / np.sin(angle)


def test_lerp_is_the_weighted_mean():
    z, z_end = codes()
    expected = np.stack([(1 - t) * z + t * z_end for t in FRACTIONS.astype("float64")], axis=1)
    received = lerp(z, z_end, FRACTIONS)
    assert received.dtype == "float32" and received.shape == (7, 6, 12)
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)


def test_slerp_is_the_formula_of_the_papers():
    z, z_end = codes()
    expected = [[slerp_of_the_papers(a, b, float(t)) for t in FRACTIONS] for a, b in zip(z, z_end, strict=True)]
    np.testing.assert_allclose(slerp(z, z_end, FRACTIONS), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("function", [lerp, slerp])
def test_ends_are_exact(function):
    z, z_end = codes(num=200, dim=100)
    z_end[::3] = z[::3] * 1.0001  # nearly parallel
    ways = np.asarray(function(z, z_end, np.asarray(even_fractions(tf.constant(7)))))
    assert ways[:, 0].tobytes() == z.tobytes() and ways[:, -1].tobytes() == z_end.tobytes()


def test_slerp_keeps_the_length_that_lerp_loses():
    z, z_end = (8.0 * x / np.linalg.norm(x, axis=1, keepdims=True) for x in codes(num=50, dim=64))
    np.testing.assert_allclose(np.linalg.norm(slerp(z, z_end, FRACTIONS), axis=-1), 8.0, rtol=1e-5)
    middle = np.linalg.norm(np.asarray(lerp(z, z_end, FRACTIONS))[:, 3], axis=-1)
    assert middle.max() < 7.0


@pytest.mark.parametrize("factor", [1.0, 2.5, -1.0, 0.0])
def test_parallel_opposite_and_zero_codes_are_joined_by_the_line(factor):
    (z, _), t = codes(), FRACTIONS[None, :, None]
    expected = (1 - t) * z[:, None] + t * factor * z[:, None]
    np.testing.assert_allclose(slerp(z, factor * z, FRACTIONS), expected, rtol=1e-4, atol=1e-5)
    assert np.isfinite(np.asarray(slerp(factor * z, z, FRACTIONS))).all()


@pytest.mark.parametrize("angle", [1e-4, 9e-4, 1.1e-3, 1e-2, 3.0])
def test_small_and_large_angles_are_as_exact_as_float32(angle):
    z, z_end = np.array([[3.0, 0.0]]), 3.0 * np.array([[np.cos(angle), np.sin(angle)]])
    t = FRACTIONS.astype("float64")
    expected = 3.0 * np.stack([np.cos(t * angle), np.sin(t * angle)], axis=-1)[None]
    received = slerp(z.astype("float32"), z_end.astype("float32"), FRACTIONS)
    np.testing.assert_allclose(received, expected, rtol=0, atol=1e-5 if angle == 3.0 else 3e-6)


def test_it_works_in_a_graph_with_free_lengths():
    z, z_end = codes()
    spec = tf.TensorSpec((None, 12), tf.float32)
    function = tf.function(slerp, input_signature=[spec, spec, tf.TensorSpec((None,), tf.float32)])
    np.testing.assert_allclose(function(z, z_end, FRACTIONS), slerp(z, z_end, FRACTIONS), rtol=1e-6, atol=1e-6)
    assert function(z[:0], z_end[:0], FRACTIONS).shape == (0, 6, 12)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3), (2, 4), (5,)), r"one shape \(n, latent_dim\). Received: \(2, 3\) and \(2, 4\)"),
        (((2, 3), (1, 3), (5,)), r"Received: \(2, 3\) and \(1, 3\)"),
        (((3,), (3,), (5,)), r"Received: \(3,\) and \(3,\)"),
        (((2, 3), (2, 3), ()), r"Expected fractions of shape \(steps,\). Received: \(\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(shapes, message):
    with pytest.raises(ValueError, match=message):
        slerp(*(np.zeros(shape, "float32") for shape in shapes))


def test_fractions_are_even_and_end_at_one():
    np.testing.assert_allclose(even_fractions(tf.constant(4)), [0, 1 / 3, 2 / 3, 1], rtol=1e-6)
    for steps in range(2, 200):
        assert float(even_fractions(tf.constant(steps))[-1]) == 1.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected steps of at least 2"):
        even_fractions(tf.constant(1))


def test_gradients_are_finite_where_codes_are_equal():
    z = tf.Variable(next(codes()))
    with tf.GradientTape() as tape:
        loss = keras.ops.sum(slerp(z, tf.stop_gradient(z), FRACTIONS) ** 2)
    assert np.isfinite(tape.gradient(loss, z)).all()


@pytest.mark.parametrize("function", [lerp, slerp])
def test_codes_that_are_no_floats_of_one_type_are_refused(function):
    z, z_end = codes()
    for first, last in ((z.astype(int), z_end.astype(int)), (z, z_end.astype("float64"))):
        with pytest.raises(ValueError, match="Expected z and z_end as floats of one type. Received: "):
            function(first, last, FRACTIONS)
