"""Vector quantization: nearest codes, moving averages, and dead codes that come back."""

import keras
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from keras_genzoo.layers import VectorQuantizer, frozen_statistics

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(40, 3)).astype("float32")
NOISE = RNG.random(4).astype("float32")


def layer_with(codebook, counts=None, **args):
    layer = VectorQuantizer(len(codebook), codebook.shape[1], **args)
    layer.codebook.assign(codebook)
    if counts is not None:
        layer.counts.assign(counts)
        layer.sums.assign(codebook * counts[:, None])
    return layer


def test_a_vector_becomes_the_nearest_code_vector():
    codebook = RNG.normal(size=(4, 3)).astype("float32")
    layer = layer_with(codebook)
    maps = VECTORS.reshape(2, 4, 5, 3)
    expected = cdist(VECTORS, codebook).argmin(axis=1)
    np.testing.assert_array_equal(layer.nearest(maps), expected.reshape(2, 4, 5))
    np.testing.assert_allclose(layer(maps), codebook[expected].reshape(maps.shape))


def test_codes_are_moving_averages_of_their_vectors():
    codebook, counts = VECTORS[:4] + 0.1, np.float32([5.0, 10.0, 2.0, 3.0])
    layer = layer_with(codebook, counts, decay=0.75, dead_below=0.0)
    sums = codebook * counts[:, None]
    for _ in range(2):
        nearest = cdist(VECTORS, codebook).argmin(axis=1)
        chosen = np.eye(4)[nearest]
        counts = 0.75 * counts + 0.25 * chosen.sum(axis=0)
        sums = 0.75 * sums + 0.25 * chosen.T @ VECTORS
        codebook = sums / counts[:, None]
        layer.update(VECTORS, NOISE)
        np.testing.assert_allclose(layer.codebook, codebook, rtol=1e-4)
    np.testing.assert_allclose(layer.counts, counts, rtol=1e-5)


def test_a_dead_code_becomes_a_vector_of_the_batch_and_counts_as_the_others():
    codebook = np.concatenate([VECTORS[:3], [[90.0, 90.0, 90.0]]]).astype("float32")
    counts = np.float32([1.0, 2.0, 3.0, 0.01])
    layer = layer_with(codebook, counts, dead_below=0.1)
    layer.update(VECTORS, np.float32([0.9, 0.9, 0.9, 0.26]))
    np.testing.assert_allclose(layer.codebook[3], VECTORS[10], rtol=1e-5)  # 0.26 * 40
    np.testing.assert_allclose(layer.counts[3], (np.float32(6.01) * 0.99 + 0.4) / 4.0, rtol=1e-4)
    np.testing.assert_allclose(layer.counts[:3], layer_counts(codebook, counts)[:3], rtol=1e-4)
    kept = layer_with(codebook, counts, dead_below=0.0)
    kept.update(VECTORS, NOISE)
    np.testing.assert_allclose(kept.codebook[3], codebook[3], rtol=1e-5)


def layer_counts(codebook, counts):
    nearest = cdist(VECTORS, codebook).argmin(axis=1)
    return 0.99 * counts + 0.01 * np.bincount(nearest, minlength=len(codebook))


def test_codes_of_a_new_layer_come_from_the_first_batch():
    layer = VectorQuantizer(4, 3)
    layer.update(100.0 + VECTORS, NOISE)
    assert np.abs(np.asarray(layer.codebook) - 100.0).max() < 4.0
    assert len(np.unique(np.asarray(layer.nearest(100.0 + VECTORS)))) > 2


def test_codes_rest_where_statistics_are_frozen_or_the_layer_is_not_trainable():
    layer = layer_with(VECTORS[:4] + 0.1)
    before = layer.codebook.numpy()
    with frozen_statistics():
        layer.update(VECTORS, NOISE)
    layer.trainable = False
    layer.update(VECTORS, NOISE)
    np.testing.assert_array_equal(layer.codebook, before)


def test_perplexity_counts_the_codes_that_are_used():
    layer = VectorQuantizer(8, 2)
    assert float(layer.perplexity(np.int32([[0, 1], [2, 3]]))) == pytest.approx(4.0, rel=1e-5)
    assert float(layer.perplexity(np.int32([7, 7]))) == pytest.approx(1.0, rel=1e-5)
    rates = np.array([0.75, 0.25])
    assert float(layer.perplexity(np.int32([1, 1, 1, 5]))) == pytest.approx(np.exp(-rates @ np.log(rates)), rel=1e-5)


def test_a_file_keeps_codes_and_averages(tmp_path):
    layer = VectorQuantizer(4, 3, decay=0.5, dead_below=0.2)
    network = keras.Model(*(lambda x: (x, layer(x)))(keras.Input((None, None, 3))))
    layer.update(VECTORS, NOISE)
    network.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").layers[-1]
    assert loaded.get_config() == layer.get_config()
    for mine, its in zip(layer.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize(
    "args", [dict(num_codes=1, dim=3), dict(num_codes=4, dim=0), dict(num_codes=4, dim=3, decay=1.0)], ids=str
)
def test_arguments_out_of_range_are_refused(args):
    with pytest.raises(ValueError, match="Expected .*Received"):
        VectorQuantizer(**args)
