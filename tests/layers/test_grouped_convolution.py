"""Grouped convolution, compared with that of Keras."""

import keras
import numpy as np
import pytest

from keras_genzoo.layers import GroupedConv2D


@pytest.mark.parametrize("options", [dict(padding="same"), dict(strides=2, padding="valid"), dict(dilation_rate=2)])
def test_grouped_convolution_is_that_of_keras(options):
    images = keras.random.normal((2, 9, 8, 6), seed=0)
    ours, theirs = (kind(4, 3, groups=2, **options) for kind in (GroupedConv2D, keras.layers.Conv2D))
    ours(images), theirs(images)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(images), theirs(images), rtol=1e-4, atol=1e-5)
