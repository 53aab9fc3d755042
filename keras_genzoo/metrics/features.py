"""Feature extractors: from uint8 images to the features that distribution metrics compare."""

import os
from pathlib import Path

import numpy as np

from keras_genzoo import presets
from keras_genzoo.building import build
from keras_genzoo.metrics._arrays import check_some_images
from keras_genzoo.utils.cache import one_at_a_time
from keras_genzoo.utils.checks import check_at_least
from keras_genzoo.utils.pixels import to_uint8
from keras_genzoo.utils.progress import batches, track
from keras_genzoo.utils.text import nearest

CLASSIFIERS = ("mnist", "fashion_mnist", "emoji")


class FeatureExtractor:
    """Computes features of images; subclasses define `name`, `_batch` and, if needed, `protocol`.

    Attributes:
        name: name in the protocol of metrics on these features.
        prefix: prefix of "_fid" in the name of a Frechet distance on these features, or `None` if it is not called FID.
        image_shape: (height, width, channels) that needs no conversion, or `None` for any.
        largest_batch: number of images in one pass that takes about 1 GB; larger batches are divided.
    """

    name = "features"
    prefix = None
    image_shape = None
    largest_batch = 1024

    def __call__(self, images, batch_size=256, progress=True):
        """Computes the features of images, batch by batch.

        Args:
            images: (n, height, width, channels), uint8 or float in [0, 1], n >= 1.
            batch_size: number of images in one pass through the network.
            progress: whether to draw a progress bar on stderr if it is a terminal.

        Returns:
            float32 NumPy array (n, d).

        Raises:
            ValueError: if the array is empty or does not contain images.
        """
        images = check_some_images(images)
        check_at_least(1, batch_size=batch_size)
        parts = batches(len(images), min(batch_size, self.largest_batch))
        rows = []
        for part in track(parts, f"features ({self.name})", progress):
            batch = images[part] if images.dtype == np.uint8 else to_uint8(images[part])
            rows.append(np.asarray(self._batch(batch), dtype="float32").reshape(len(batch), -1))
        return np.concatenate(rows)

    def protocol(self, image_shape=None):
        """The part of a protocol that describes these features.

        Args:
            image_shape: (height, width, channels) of the images, from which conversions follow.

        Returns:
            dict with "features" and, where they apply, "classifier_accuracy" and "images" (the conversion).
        """
        conversion = self._conversion(image_shape)
        return {"features": self.name} | ({"images": conversion} if conversion else {})

    def _conversion(self, image_shape):
        if image_shape is None or self.image_shape is None or tuple(image_shape) == self.image_shape:
            return None
        steps = []
        if tuple(image_shape[:2]) != self.image_shape[:2]:
            sizes = [f"{height}x{width}" for height, width in (image_shape[:2], self.image_shape[:2])]
            steps.append(f"resized from {sizes[0]} to {sizes[1]}, bilinear, antialiased")
        if image_shape[2] != self.image_shape[2]:
            steps.append("colour to grey" if self.image_shape[2] == 1 else "grey to three equal channels")
        return ", ".join(steps)

    def _batch(self, images):
        raise NotImplementedError


class ClassifierFeatures(FeatureExtractor):
    """The 128 activations before the last layer of a bundled classifier.

    Images of another size are resized to that of the classifier, 28x28 (of emoji, 64x64 in colour), and colour images
    are converted to grey for the others (0.299 R + 0.587 G + 0.114 B); the protocol states this.

    Args:
        name: "mnist", "fashion_mnist" or "emoji".

    Raises:
        ValueError: for another name.

    Example:

    >>> import keras_genzoo
    >>> from keras_genzoo.metrics import extractor
    >>> images, _ = keras_genzoo.data.load_arrays("digits", limit=4)
    >>> extractor("mnist")(images).shape
    (4, 128)
    """

    prefix = "classifier"

    def __init__(self, name):
        if name not in CLASSIFIERS:
            raise ValueError(f"Expected the name of a bundled classifier, one of {CLASSIFIERS}. Received: {name!r}")
        self.name = name
        self.model = build("classifier", weights=presets.bundled_folder(f"classifier_{name}"))
        self.image_shape = tuple(self.model.image_shape)

    def protocol(self, image_shape=None):
        """As for every extractor, with the test accuracy of the classifier in "classifier_accuracy"."""
        accuracy = _card_accuracy(self.name)
        return super().protocol(image_shape) | ({} if accuracy is None else {"classifier_accuracy": accuracy})

    def predict_labels(self, images):
        """Predicted classes of images: uint8 (n, height, width, channels) -> int64 (n,)."""
        return self.model.predict_labels(_convert(images, self.image_shape))

    def _batch(self, images):
        return self.model.features(_convert(images, self.image_shape), batch_size=len(images))


class InceptionFeatures(FeatureExtractor):
    """The 2,048 pooled activations of `keras.applications.InceptionV3`, for natural images.

    This is not the network of published FIDs, which use other weights (of the 2015 graph, with different pooling) and
    another resizing. A distance on these features can rank models, but its value cannot be compared with published
    FIDs. Images are resized to 299x299 (bilinear, antialiased); grey images get three equal channels.

    Args:
        weights: "imagenet", downloaded once by Keras (about 90 MB), a path to a weights file without the top
            layer, or `None` for random weights.

    Raises:
        OSError: if the weights cannot be downloaded or read.

    References:
        - [Rethinking the Inception Architecture](https://arxiv.org/abs/1512.00567).
    """

    name = "inception"
    prefix = "inception"
    image_shape = (299, 299, 3)
    largest_batch = 32

    def __init__(self, weights="imagenet"):
        import keras

        self._weights = weights
        if weights is None:
            self.prefix = None  # a distance on random features is not an FID
        try:
            with one_at_a_time("keras_inception"):  # Keras downloads to a file that has the final name
                self.model = keras.applications.InceptionV3(
                    include_top=False, weights=weights, input_shape=self.image_shape, pooling="avg"
                )
        except Exception as error:  # Keras raises a bare Exception when a download fails
            raise OSError(
                f"Expected the ImageNet weights of InceptionV3, which Keras downloads on first use. Received: {error}. "
                f"Connect to the network, give InceptionFeatures(weights=PATH), or choose other features"
            ) from error

    def protocol(self, image_shape=None):
        """As for every extractor, with a note on comparisons."""
        note = "keras.applications.InceptionV3: not comparable with published FIDs"
        weights = {} if self._weights == "imagenet" else {"weights": Path(self._weights or "random").name}
        return super().protocol(image_shape) | weights | {"note": note}

    def _batch(self, images):
        pixels = _convert(images, self.image_shape, as_uint8=False)
        return self.model.predict_on_batch(pixels / 127.5 - 1.0)  # the range that the weights were trained on


def inception_is_cached():
    """Whether the weights of InceptionV3 are where Keras looks before it downloads them."""
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
    return (folder / "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5").is_file()


class ModelFeatures(FeatureExtractor):
    """The flattened output of a Keras model that takes images without conversion.

    Args:
        model: `keras.Model` with one output. It receives pixels in 0..255: add a `keras.layers.Rescaling` layer if it
            needs another range. For a classifier of the zoo, the features are used, not the logits.
        name: name in the protocol. Default: the name of the model.

    Example:

    >>> import keras, numpy as np
    >>> from keras_genzoo.metrics import extractor
    >>> pixels = extractor(keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()], name="pixels"))
    >>> pixels(np.zeros((3, 8, 8, 1), "uint8")).shape
    (3, 64)
    """

    def __init__(self, model, name=None):
        self.model = model
        self.name = name or model.name

    def _batch(self, images):
        if hasattr(self.model, "predict_labels"):
            return self.model.features(images, batch_size=len(images))
        output = self.model.predict_on_batch(images)
        if not hasattr(output, "shape"):
            raise ValueError(
                f"Expected a model with one output as feature extractor. Received: {self.name!r}, "
                f"whose output is a {type(output).__name__}; wrap the output to use in a keras.Model"
            )
        return output


def extractor(spec):
    """Returns a feature extractor by name, or for a model.

    Args:
        spec: "mnist", "fashion_mnist" or "emoji" (bundled classifiers), "inception" (natural images; downloaded),
            a `keras.Model`, or a `FeatureExtractor`, which is returned unchanged.

    Returns:
        `FeatureExtractor`: call it with images, ask it for `name` and `protocol()`.

    Raises:
        ValueError: if the name is not known; it names the nearest.
        OSError: if the weights of "inception" cannot be downloaded.

    Example:

    >>> from keras_genzoo.metrics import extractor
    >>> extractor("mnist").name
    'mnist'
    """
    if isinstance(spec, FeatureExtractor):
        return spec
    if isinstance(spec, str):
        if spec == "inception":
            return InceptionFeatures()
        if spec in CLASSIFIERS:
            return ClassifierFeatures(spec)
        hint = nearest(spec, [*CLASSIFIERS, "inception"])
        raise ValueError(f"Expected features as a known name or a keras.Model. Received: {spec!r}; {hint}")
    import keras

    if isinstance(spec, keras.Model):
        return ModelFeatures(spec)
    raise ValueError(
        f"Expected features as a name, a keras.Model or a FeatureExtractor. Received: {type(spec).__name__}"
    )


def _convert(images, image_shape, as_uint8=True):
    """Resizes uint8 images (bilinear, antialiased) and matches channels to `image_shape`: uint8, or float 0..255."""
    pixels = images
    if pixels.shape[3] > image_shape[2]:
        pixels = pixels @ np.array([[0.299], [0.587], [0.114]], dtype="float32")  # ITU-R BT.601
    if pixels.shape[1:3] != image_shape[:2]:
        import keras

        resized = keras.ops.image.resize(
            pixels.astype("float32"), image_shape[:2], "bilinear", antialias=True, data_format="channels_last"
        )
        pixels = keras.ops.convert_to_numpy(resized)
    if pixels.shape[3] < image_shape[2]:
        pixels = np.repeat(pixels, image_shape[2], axis=3)
    if as_uint8:
        return pixels if pixels.dtype == np.uint8 else np.rint(np.clip(pixels, 0, 255)).astype("uint8")
    return pixels.astype("float32")


def _card_accuracy(name):
    """Test accuracy (0..1) of a bundled classifier from its card, or None if the card does not state it."""
    accuracy = (presets.card(presets.bundled_folder(f"classifier_{name}")) or {}).get("metrics", {}).get("accuracy")
    return accuracy.get("value") if isinstance(accuracy, dict) else accuracy
