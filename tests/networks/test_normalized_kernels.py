"""Kernels in front of a batch normalization: which they are, and that their size changes no output."""

import keras
import numpy as np
import pytest

import keras_genzoo
from keras_genzoo.layers import BatchNormalization, UpsamplingConv2D
from keras_genzoo.networks import normalized_kernels

SMALL = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=4, seed=0)
LAYERS = keras.layers


def names(*layers, skip=False):
    """Names of the layers found in a chain; with `skip`, the first one's output is added at the end."""
    image = keras.Input((4, 4, 2))
    first = x = layers[0](image)
    for layer in layers[1:]:
        x = layer(x)
    model = keras.Model(image, LAYERS.Add()([first, x]) if skip else x)
    return [layer.name for layer, _ in normalized_kernels.normalized_kernels(model)]


@pytest.mark.parametrize("normalization", [BatchNormalization, LAYERS.BatchNormalization])
@pytest.mark.parametrize(
    "layer", [LAYERS.Dense, lambda n, **kw: LAYERS.Conv2D(n, 3, **kw), lambda n, **kw: UpsamplingConv2D(n, **kw)]
)
def test_kernels_are_found_through_layers_that_are_linear(layer, normalization):
    assert names(layer(2, name="here"), LAYERS.Reshape((-1, 2)), normalization()) == ["here"]


@pytest.mark.parametrize(
    ("layers", "skip"),
    [
        ([LAYERS.Dense(2, activation="relu"), LAYERS.BatchNormalization()], False),
        ([LAYERS.Dense(2), LAYERS.ReLU(), LAYERS.BatchNormalization()], False),
        ([LAYERS.Dense(2), LAYERS.LayerNormalization()], False),
        ([LAYERS.SeparableConv2D(2, 3), LAYERS.BatchNormalization()], False),
        ([LAYERS.SpectralNormalization(LAYERS.Dense(2)), LAYERS.BatchNormalization()], False),
        ([LAYERS.Dense(2), LAYERS.BatchNormalization()], True),
    ],
)
def test_kernels_are_left_where_their_size_matters(layers, skip):
    assert names(*layers, skip=skip) == []


def grown():
    """A DCGAN whose kernels have grown to five times their size, with the moving statistics of their outputs."""
    parent = keras_genzoo.build("dcgan", **SMALL)
    images = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 1), dtype="uint8")
    parent.fit(images, batch_size=4, epochs=10, verbose=0)
    for network in (parent.generator, parent.ema_generator):
        last = [layer for layer in network.layers if layer.weights][-1]
        last.kernel.assign(last.kernel * 20.0)  # images of high contrast
    before = parent.generate(8, seed=0)
    for network in (parent.generator, parent.ema_generator):
        normalized_kernels.scale(network, [5.0] * len(normalized_kernels.normalized_kernels(network)))
    return parent, before


def test_pretrained_kernels_return_to_the_size_that_they_began_with_and_images_stay():
    parent, before = grown()
    model = keras_genzoo.transfer(parent).model
    for name in ("generator", "ema_generator"):
        old, new = (normalized_kernels.sizes(getattr(each, name)) for each in (parent, model))
        assert len(old) > 1 and np.divide(new, old) == pytest.approx(0.25)  # a power of two, which rounds nothing
    for images in (parent.generate(8, seed=0), model.generate(8, seed=0)):
        assert np.abs(images.astype(int) - before).max() <= 2  # of 255: epsilon beside a small variance
    assert np.ptp(before.astype(int), axis=0).max() > 20


def test_kernels_are_left_where_epsilon_counts():
    parent, _ = grown()
    for network in (parent.generator, parent.ema_generator):
        for _, normalization in normalized_kernels.normalized_kernels(network):
            normalization.moving_variance.assign(normalization.moving_variance * 0 + 1e-4)
    model = keras_genzoo.transfer(parent).model
    assert normalized_kernels.sizes(model.generator) == normalized_kernels.sizes(parent.generator)
