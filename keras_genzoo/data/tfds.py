"""Data sets of TensorFlow Datasets (TFDS), prepared or downloaded."""

import difflib
import functools
import re
import warnings
from pathlib import Path

import numpy as np

from keras_genzoo.data.classes import Classes
from keras_genzoo.data.parts import EncodedPart, check_asked
from keras_genzoo.data.pixels import inspect_image, read_image
from keras_genzoo.utils.cache import one_at_a_time
from keras_genzoo.utils.progress import track

_PROBED = 100  # number of images from which binarized data are detected


class TfdsPart:
    """Images of one split of a data set of TFDS, which are read encoded and decoded like files.

    Args:
        builder: Builder of a prepared data set.
        split: Name of the split.
        keys: Names of the image feature and of the label feature (None without labels).
        chosen: Numbers of the images in rising order; None for the whole split.
    """

    in_memory = False
    of_signals = False
    names = None  # images of two domains are matched by their order

    def __init__(self, builder, split, keys, chosen=None):
        self.builder, self.split, self.keys = builder, split, keys
        self.chosen = np.arange(builder.info.splits[split].num_examples) if chosen is None else chosen
        self.rows = np.arange(len(self.chosen))
        self.name = f"tfds:{builder.name}"
        self.labels = keys[1]  # None without labels, as in the other parts; labels are read together with the images
        self.stored_shuffled = not builder.info.disable_shuffling  # TFDS shuffles a data set when it prepares it

    @property
    def classes(self):
        """`Classes` of the label feature, with names unless they are only numbers; None where it declares none."""
        feature = self.builder.info.features[self.labels] if self.labels else None
        if getattr(feature, "num_classes", None) is None:
            return None
        numbers = all(name.isdecimal() for name in feature.names)
        return Classes(feature.num_classes, None if numbers else tuple(feature.names), source=self.name)

    def __len__(self):
        return len(self.chosen)

    def take(self, rows):
        """The images of these numbers, in rising order, as a part."""
        return TfdsPart(self.builder, self.split, self.keys, self.chosen[rows])

    def shape(self, image_size, channels):
        """`(height, width, channels)` of the images; what is not given is that of the data set."""
        check_asked(self, image_size, channels)
        declared = self.builder.info.features[self.keys[0]].shape
        height, width, _ = inspect_image(self._first(1)[0])
        if image_size is None and None in declared[:2]:
            raise ValueError(
                f"Expected image_size=(height, width) for {self.name}, whose images differ in size. "
                f"Received: image_size=None, and a first image of {height}x{width}"
            )
        return *(image_size or (height, width)), channels or (1 if declared[-1] == 1 else 3)

    def arrays(self, shape):
        """uint8 images `(n, *shape)` and the unchecked labels or None; unreadable images are skipped with a warning."""
        pairs = ((pair, 1) for pair in self.encoded().as_numpy_iterator())
        items, labels = zip(*track(pairs, f"Reading {self.name}", total=len(self)), strict=True)
        part = EncodedPart(list(items), labels if self.labels else None, self.name)
        images, labels = part.arrays(shape, binary=True)  # scaled below
        self.rows = part.rows
        return images * self.scale if self.scale > 1 else images, labels

    @functools.cached_property
    def scale(self):
        """255 if the maximum of the first hundred images of the split is 1 (binarized images), else 1."""
        greatest = max(int(read_image(item, None, 3).max()) for item in self._first(_PROBED))
        return np.uint8(255 if greatest == 1 else 1)

    def encoded(self):
        """`tf.data.Dataset` of pairs (bytes of an image file, int64 label or -1), in stored order."""
        import tensorflow as tf

        first, stop = int(self.chosen[0]), int(self.chosen[-1]) + 1
        rows = self._range(first, stop)
        if len(self) == stop - first:
            return rows
        wanted = np.zeros(stop - first, bool)
        wanted[self.chosen - first] = True
        return rows.enumerate().filter(lambda number, _: tf.gather(wanted, number)).map(lambda _, pair: pair)

    def _first(self, count):
        stop = min(count, self.builder.info.splits[self.split].num_examples)
        return [item for item, _ in self._range(0, stop).as_numpy_iterator()]

    def _range(self, start, stop):
        import tensorflow as tf

        tfds = _import()
        image, label = self.keys
        rows = self.builder.as_dataset(
            split=f"{self.split}[{start}:{stop}]",
            shuffle_files=False,
            decoders=tfds.decode.PartialDecoding(
                {key: True for key in self.keys if key}, decoders={image: tfds.decode.SkipDecoding()}
            ),
            # one file after the other: the order of interleaved reading would depend on the range
            read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False, skip_prefetch=True),
        )
        return rows.map(lambda row: (row[image], tf.cast(row[label] if label else -1, tf.int64)))


def tfds_splits(name, data_dir=None, image_key=None, label_key=None):
    """Finds the splits of a data set of TFDS, which is downloaded and prepared if necessary.

    Args:
        name: `NAME`, `NAME/config`, `NAME:version` or `NAME/config:version`.
        data_dir: Folder that contains `NAME/version/`; None for the default folder of TFDS.
        image_key: Name of the image feature; None for the only one, or `image` if there are several.
        label_key: Name of the label feature; None for that of the supervised pair of the data set, or `label`.

    Returns:
        Dict by the name of a split of functions that return its part.

    Raises:
        ValueError: If the data set or the feature does not exist.
        ConnectionError: If the data set cannot be downloaded.
    """
    builder = _builder(name, data_dir)
    if not builder.is_prepared():
        with one_at_a_time(f"tfds_{name}"):
            builder = _builder(name, data_dir)  # which another process may have prepared in between
            if not builder.is_prepared():
                _prepare(builder, name)
    keys = _keys(builder, image_key, label_key)
    return {split: functools.partial(TfdsPart, builder, split, keys) for split in builder.info.splits}


def _builder(name, data_dir):
    tfds = _import()
    try:
        return tfds.builder(name, data_dir=data_dir and Path(data_dir).expanduser())
    except tfds.core.registered.DatasetNotFoundError:
        raise ValueError(_unknown(name, data_dir)) from None
    except Exception as error:  # a wrong version or configuration: TFDS raises AssertionError, ValueError and others
        raise ValueError(f"Expected a version and configuration that {name!r} has. Received: {error}") from error


def _import():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from packages that TFDS imports
        import tensorflow_datasets
    return tensorflow_datasets


def _unknown(name, data_dir):
    """The error message for a name that TFDS does not have."""
    base = re.split("[/:]", name)[0]
    stored = [child.name for child in Path(data_dir).iterdir() if child.is_dir()] if _is_dir(data_dir) else []
    if base in stored:
        return f"Expected a version and configuration that is prepared in {data_dir}/{base}. Received: {name!r}"
    names = ["digits", "shapes", *stored, *_import().list_builders(with_community_datasets=False)]
    near = difflib.get_close_matches(base, names, n=1)
    if Path(name).is_dir():
        near = [f"folder:{name}"]
    hint = f"did you mean {near[0]!r}?" if near else "tensorflow_datasets.list_builders() gives all names"
    return (
        f"Expected a data set of TensorFlow Datasets{f' or of {data_dir}' if data_dir else ''}, or another source "
        f"(npz:PATH, folder:PATH, keras:NAME, digits). Received: {name!r}; {hint}"
    )


def _is_dir(path):
    return path is not None and Path(path).is_dir()


def _prepare(builder, name):
    try:
        builder.download_and_prepare()
    except Exception as error:  # network, server, checksum, disk
        reason = (str(error).splitlines() or [""])[0]
        raise ConnectionError(
            f"Expected {name!r} prepared in {builder.data_dir}, or a network to download it. Received: "
            f"{type(error).__name__}: {reason[:200]}. Prepare it where there is a network "
            f"(tfds build {name.partition(':')[0]}) and pass the folder as data_dir, or use npz:PATH, folder:PATH or "
            "digits, which need no network"
        ) from error


def _keys(builder, image_key, label_key):
    features = builder.info.features
    tfds = _import()
    images = sorted(key for key, feature in features.items() if type(feature) is tfds.features.Image)
    labels = sorted(key for key, feature in features.items() if feature.shape == () and feature.np_dtype in _INTEGERS)
    if image_key is None:
        image_key = "image" if "image" in images else images[0] if len(images) == 1 else None
    if image_key not in images:
        raise ValueError(
            f"Expected image_key to name an image feature of tfds:{builder.name}, which has "
            f"{', '.join(map(repr, images)) or 'none'}. Received: image_key={image_key!r}"
        )
    if np.dtype(features[image_key].np_dtype) not in (np.uint8, np.uint16):
        raise ValueError(f"Expected images of 8 or 16 bits. Received: {image_key!r} of {features[image_key].np_dtype}")
    if label_key is None:
        pair = builder.info.supervised_keys or (None, None)
        label_key = next((key for key in (pair[1], "label") if key in labels), None)
    elif label_key not in labels:
        raise ValueError(
            f"Expected label_key to name an integer feature of tfds:{builder.name}, which has "
            f"{', '.join(map(repr, labels)) or 'none'}. Received: label_key={label_key!r}"
        )
    return image_key, label_key


_INTEGERS = tuple(np.dtype(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64))
