"""Reference images for `evaluate`, whose features are computed once."""

import warnings
from functools import cached_property

import numpy as np

from keras_genzoo.data.checks import check_labels
from keras_genzoo.data.factors import has_factors, load_factors
from keras_genzoo.data.shapes import Factors
from keras_genzoo.data.sources import classes_of, existing_split, parse_source
from keras_genzoo.data.split_names import split_kind
from keras_genzoo.data.splits import parse_split
from keras_genzoo.data.views import unviewed
from keras_genzoo.metrics._arrays import check_some_images
from keras_genzoo.metrics.features import extractor
from keras_genzoo.metrics.frechet import feature_moments
from keras_genzoo.metrics.manifold import neighbour_distances
from keras_genzoo.utils.arrays import as_array, check_dense
from keras_genzoo.utils.checks import check_at_least
from keras_genzoo.utils.pixels import check_images, to_uint8
from keras_genzoo.utils.signals import check_signals, is_signal_shape


class Reference:
    """A set of images with its features, their moments and neighbour distances, each computed once, on first use.

    `evaluate` makes a reference from its data. Pass a reference as data to evaluate a model many times, for example
    once per epoch, and compute the features of the real images only once.

    Args:
        images: (n, height, width, channels), uint8 or float in [0, 1], n >= 1; or signals (n, length, channels).
        features: "mnist", "fashion_mnist", "emoji", "inception", a `keras.Model` or a `FeatureExtractor`; `None` if
            only metrics without features are computed.
        source: source of the images, for the protocol.
        split: split of the source, for the protocol.
        labels: (n,) integers; `None` if no metric needs them.
        batch_size: number of images in one pass through the extractor.
        progress: whether to draw progress bars on stderr if it is a terminal.
        target: matched images of a second domain, as `images`; `None` if no metric needs them.
        factors: `keras_genzoo.data.Factors` of the images; `None` if no metric needs them.

    Raises:
        ValueError: if the array is empty or does not contain images, or the name of the extractor is unknown.

    Example:

    >>> import keras, numpy as np
    >>> from keras_genzoo.metrics import Reference
    >>> pixels = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    >>> reference = Reference(np.zeros((5, 8, 8, 1), "uint8"), pixels)
    >>> reference.features.shape, reference.moments.count
    ((5, 64), 5)
    """

    def __init__(
        self,
        images,
        features=None,
        source="array",
        split=None,
        labels=None,
        batch_size=256,
        progress=True,
        target=None,
        factors=None,
    ):
        images = check_some_images(images)
        check_at_least(1, batch_size=batch_size)
        self.images = _stored(images)
        self.target = None if target is None else _as_target(target, images.shape)
        if factors is not None and len(factors) != len(images):
            raise ValueError(f"Expected the factors of {len(images)} images. Received: those of {len(factors)}")
        self.labels = None if labels is None else check_labels(labels, len(images), "the data")
        self.factors = factors
        self.extractor = None if features is None else extractor(features)
        self.source = source
        self.split = split
        self.batch_size = batch_size
        self.progress = progress
        self.shows = None  # what pixels are where they are not the images of a model, for the protocol
        self._radii = {}
        self._whole = None  # (Reference, rows) that this is a part of

    def __len__(self):
        return len(self.images)

    @cached_property
    def features(self):
        """float32 (n, d)."""
        if self._whole is not None:
            whole, rows = self._whole
            return whole.features[rows]
        if self.extractor is None:
            raise ValueError("Expected a feature extractor, Reference(images, features=...). Received: features=None")
        return self.extractor(self.images, batch_size=self.batch_size, progress=self.progress)

    @cached_property
    def moments(self):
        """`Moments` of the features, for `frechet_distance`."""
        return feature_moments(self.features)

    def radii(self, k):
        """float64 (n,) distances to the k-th nearest other image, for the metrics of `manifold`."""
        if k not in self._radii:
            self._radii[k] = neighbour_distances(self.features, k)[:, -1]
        return self._radii[k]

    def like(self, images, source, split=None):
        """Returns a `Reference` of other images with the same extractor."""
        return Reference(images, self.extractor, source, split, None, self.batch_size, self.progress)

    def subset(self, rows, label):
        """Returns a `Reference` of some of the images, which takes its features from this one."""
        split = f"{self.split}, {label}" if self.split else label
        part = self.like(self.images[rows], self.source, split)
        part._whole = self, rows
        return part


def _as_target(target, shape):
    """Images of a second domain as uint8, one for each of the first domain's."""
    target = as_array(target, "images of the second domain")
    (check_signals if len(shape) == 3 else check_images)(target)
    if target.shape != tuple(shape):
        raise ValueError(
            f"Expected one image of the second domain for each of the first, shape {tuple(shape)}. "
            f"Received: {target.shape}"
        )
    return _stored(target)


def _stored(images):
    """Images as uint8, signals as they are."""
    return images if images.dtype == np.uint8 or images.ndim == 3 else to_uint8(images)


def draw_rows(total, count, seed):
    """Numbers of at most `count` of `total` images, drawn without replacement by `seed`, in rising order."""
    if total <= count:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, count, replace=False))


def load_images(data, image_shape=None, limit=None, split="test", seed=0, options=None):
    """Loads uint8 images from the data that `evaluate` takes.

    Args:
        data: a source string for `keras_genzoo.data.load_arrays`; an array, uint8 or float in [0, 1]; a pair
            `(images, labels)`, `(images, images of a second domain)` or `(images, Factors)`; or a `tf.data.Dataset` of
            batches of images, or of pairs of the first two kinds.
        image_shape: (height, width, channels) of the result; images of a source are resized, others must have this
            shape.
        limit: maximum number of images, at least 1: drawn without replacement by `seed` from sources and arrays, the
            first ones of a dataset.
        split: split of a source string.
        seed: seed of the draw.
        options: dict of further arguments of `load_arrays`, such as `data_dir`; with `source_b` or `image_key_b` (see
            `keras_genzoo.data.load_pairs`) the images of a second domain are loaded, too.

    Returns:
        dict, arguments of `Reference`: "images" uint8 (n, height, width, channels), "labels" (n,) or `None`, "target"
        as "images" or `None`, "factors" or `None`, "source", "split" or `None`.

    Raises:
        ValueError: if there are no images, or they do not have the expected shape.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics.reference import load_images
    >>> loaded = load_images(np.zeros((9, 8, 8, 1), "uint8"), limit=4)
    >>> loaded["images"].shape, loaded["source"], loaded["split"]
    ((4, 8, 8, 1), 'array', None)
    """
    factors = None
    if isinstance(data, str):
        size = {} if image_shape is None else {"image_size": tuple(image_shape[:-1]), "channels": image_shape[-1]}
        images, extra = _load_source(data, split, {**(options or {}), **size})
        source, factors = data, load_factors(data, split=split) if has_factors(data) else None
    elif hasattr(data, "element_spec"):  # a tf.data.Dataset, detected without importing TensorFlow
        images, extra = _collect(data, limit, len(image_shape or "hwc"))
        source, split = "dataset", None
    else:
        images, extra = data if isinstance(data, tuple) and len(data) == 2 else (data, None)
        images, source, split = as_array(images, "images"), "array", None
        extra, factors = (None, extra) if isinstance(extra, Factors) else (extra, None)
    (check_signals if is_signal_shape(image_shape) else check_images)(images, image_shape)
    check_dense(extra, "labels or images of a second domain")
    labels, target = (None, _as_target(extra, images.shape)) if np.ndim(extra) == images.ndim else (extra, None)
    labels = None if labels is None else check_labels(labels, len(images), "the data")  # before some are drawn
    if limit is not None and len(images) > limit:
        rows = draw_rows(len(images), limit, seed)
        images, labels = images[rows], None if labels is None else labels[rows]
        target = None if target is None else target[rows]
        factors = None if factors is None else factors.take(rows)
    images = _stored(images)
    return {"images": images, "labels": labels, "target": target, "factors": factors, "source": source, "split": split}


def load_existing_images(data, image_shape, limit, split, seed, options):
    """As `load_images`; if a source does not have the split, from one that it has, with a warning."""
    try:
        return load_images(data, image_shape, limit, split, seed, options)
    except ValueError:
        other = existing_split_of(data, split, options) if isinstance(data, str) else split
        if other == split:
            raise
    trained = ", on which the model may have been trained" if split_kind(parse_split(other)[0]) == "train" else ""
    warnings.warn(f"Used the split {other!r} of {data}{trained}: it has no split {split!r}", stacklevel=4)
    return load_images(data, image_shape, limit, other, seed, options)


def check_classes(model, data, split):
    """Raises `ValueError` if a model with classes has others than a folder, whose labels would mean other things."""
    known = getattr(model, "num_classes", None)
    if known is not None and isinstance(data, str) and parse_source(unviewed(data)[1])[0] == "folder":
        classes_of(data, split).check(known, getattr(model, "class_names", None))


def class_names_of(data, split, options):
    """The names of the classes of a source by label; `None` if they have none."""
    located = {key: value for key, value in options.items() if key in ("data_dir", "image_key", "label_key")}
    classes = classes_of(data, split, **located)
    return None if classes is None else classes.names


def existing_split_of(data, split, options):
    """The split, or the one that a source has in its place: see `existing_split`."""
    located = {key: value for key, value in (options or {}).items() if key in ("data_dir", "image_key")}
    return existing_split(data, split, **located)


def _load_source(source, split, options):
    """The images of a source, and their labels or, if the options name a second domain, its images."""
    from keras_genzoo.data import load_arrays
    from keras_genzoo.data.pairs import load_pair_arrays

    second = {key: options.pop(key, None) for key in ("source_b", "image_key_b")}
    if any(second.values()):
        options.pop("label_key", None)
        return load_pair_arrays(source, split=split, **second, **options)
    return load_arrays(source, split=split, **options)


def _collect(dataset, limit, rank=3):
    """The first images of a dataset, of this rank each, and their labels or targets if its elements are pairs."""
    images, labels, count = [], [], 0
    for element in dataset.as_numpy_iterator():
        batch, *rest = element if isinstance(element, tuple) else (element,)
        single = np.ndim(batch) == rank
        images.append(batch[None] if single else batch)
        labels += [np.asarray(rest[0])[None] if single else rest[0]] if rest else []
        count += len(images[-1])
        if limit is not None and count >= limit:
            break
    if not images:
        raise ValueError("Expected a dataset with at least one batch of images. Received: an empty dataset")
    return np.concatenate(images)[:limit], np.concatenate(labels)[:limit] if labels else None
