"""Feature extractors: shapes, conversions, protocols, errors."""

import keras
import numpy as np
import pytest
from PIL import Image

from keras_genzoo.metrics import ClassifierFeatures, InceptionFeatures, ModelFeatures, extractor
from keras_genzoo.metrics.features import _convert


class FakeClassifier:
    """Stands for a bundled classifier: remembers what it was given, its features are the first pixels."""

    image_shape = (28, 28, 1)

    def __init__(self):
        self.received = []

    def features(self, images, batch_size):
        self.received.append(images)
        return images.reshape(len(images), -1)[:, :128].astype("float32")


@pytest.fixture
def classifier(monkeypatch):
    model = FakeClassifier()
    monkeypatch.setattr("keras_genzoo.metrics.features.build", lambda name, weights: model)
    cards = {"classifier_mnist": {"metrics": {"accuracy": {"value": 0.995}}}, "classifier_fashion_mnist": {}}
    monkeypatch.setattr("keras_genzoo.presets.card", lambda folder: cards[folder.name])
    return model


def pixels_model(side=8, channels=1):
    return keras.Sequential([keras.Input((side, side, channels)), keras.layers.Flatten()], name="pixels")


def test_model_output_is_flattened_and_batches_do_not_matter():
    images = np.random.default_rng(0).integers(0, 256, (7, 8, 8, 1), dtype="uint8")
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, keras.layers.Rescaling(1 / 255)(inputs), name="rescaled")
    features = extractor(model)(images, batch_size=3)
    assert features.dtype == np.float32 and features.shape == (7, 64)
    np.testing.assert_allclose(features, images.reshape(7, 64) / 255, atol=1e-6)


def test_float_images_become_the_bytes_that_a_model_expects():
    images = np.random.default_rng(1).integers(0, 256, (3, 8, 8, 1), dtype="uint8")
    extract = ModelFeatures(pixels_model(), name="mine")
    np.testing.assert_array_equal(extract(images), extract((images / 255).astype("float32")))
    assert extract.protocol((8, 8, 1)) == {"features": "mine"}


def test_half_precision_outputs_become_float32():
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(dtype="mixed_bfloat16")])
    assert extractor(model)(np.zeros((2, 8, 8, 1), "uint8")).dtype == np.float32


def test_model_with_several_outputs_is_refused():
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, {"a": keras.layers.Flatten()(inputs), "b": keras.layers.Flatten()(inputs)}, name="two")
    with pytest.raises(ValueError, match="one output.*'two'.*dict"):
        extractor(model)(np.zeros((2, 8, 8, 1), "uint8"))


def test_classifier_gets_its_own_size_untouched(classifier):
    images = np.random.default_rng(2).integers(0, 256, (5, 28, 28, 1), dtype="uint8")
    extract = extractor("mnist")
    assert extract(images, batch_size=2).shape == (5, 128)
    np.testing.assert_array_equal(np.concatenate(classifier.received), images)
    assert extract.protocol((28, 28, 1)) == {"features": "mnist", "classifier_accuracy": 0.995}


def test_colour_images_become_grey_and_are_resized_and_the_protocol_says_so(classifier):
    images = np.random.default_rng(3).integers(0, 256, (2, 64, 40, 3), dtype="uint8")
    extract = extractor("fashion_mnist")
    assert extract(images).shape == (2, 128)
    assert classifier.received[0].shape == (2, 28, 28, 1) and classifier.received[0].dtype == np.uint8
    said = extract.protocol((64, 40, 3))
    assert said["images"] == "resized from 64x40 to 28x28, bilinear, antialiased, colour to grey"
    assert "classifier_accuracy" not in said  # the card does not state it


@pytest.mark.parametrize("side", [8, 64])
def test_resizing_agrees_with_pillow(side):
    image = np.random.default_rng(4).integers(0, 256, (side, side), dtype="uint8")
    expected = np.asarray(Image.fromarray(image).resize((28, 28), Image.Resampling.BILINEAR)).astype("int32")
    received = _convert(image[None, :, :, None], (28, 28, 1))[0, :, :, 0]
    assert np.abs(expected - received).max() <= 1


def test_grey_conversion_agrees_with_pillow():
    image = np.random.default_rng(5).integers(0, 256, (28, 28, 3), dtype="uint8")
    expected = np.asarray(Image.fromarray(image).convert("L")).astype("int32")
    assert np.abs(expected - _convert(image[None], (28, 28, 1))[0, :, :, 0]).max() <= 1


def test_inception_gets_three_channels_of_299_pixels_in_its_own_range(monkeypatch):
    received = []

    class Network:
        def predict_on_batch(self, pixels):
            received.append(pixels)
            return pixels.mean(axis=(1, 2))

    monkeypatch.setattr(keras.applications, "InceptionV3", lambda **arguments: Network())
    images = np.zeros((40, 8, 8, 1), "uint8")
    images[0] = 255
    extract = extractor("inception")
    features = extract(images)
    assert [len(batch) for batch in received] == [32, 8]
    assert received[0].shape == (32, 299, 299, 3) and received[0].dtype == np.float32
    np.testing.assert_allclose(features[0], [1, 1, 1])
    np.testing.assert_allclose(features[1], [-1, -1, -1])
    said = extract.protocol((8, 8, 1))
    assert "not comparable with published FIDs" in said["note"]
    assert said["images"] == "resized from 8x8 to 299x299, bilinear, antialiased, grey to three equal channels"


def test_inception_with_other_weights_says_so(monkeypatch):
    monkeypatch.setattr(keras.applications, "InceptionV3", lambda **arguments: None)
    from_file, random = InceptionFeatures("folder/mine.h5"), InceptionFeatures(weights=None)
    assert (from_file.prefix, from_file.protocol()["weights"]) == ("inception", "mine.h5")
    assert (random.prefix, random.protocol()["weights"]) == (None, "random")
    assert "weights" not in InceptionFeatures().protocol()


def test_failed_download_of_inception_says_what_to_do(monkeypatch):
    def fail(**arguments):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "InceptionV3", fail)
    with pytest.raises(OSError, match="URL fetch failure.*weights=PATH"):
        InceptionFeatures()


def test_unknown_names_and_types_are_refused_with_the_nearest():
    with pytest.raises(ValueError, match="'mnits'; did you mean 'mnist'"):
        extractor("mnits")
    with pytest.raises(ValueError, match="Received: int"):
        extractor(3)
    with pytest.raises(ValueError, match="bundled classifier"):
        ClassifierFeatures("cifar10")
    extract = extractor(pixels_model())
    assert extractor(extract) is extract


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros((0, 8, 8, 1), "uint8"), "at least one image"),
        (np.zeros((8, 8, 1), "uint8"), "batch, height"),
        (np.full((1, 8, 8, 1), 3.0), "0..1"),
    ],
)
def test_bad_images_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        extractor(pixels_model())(images)
