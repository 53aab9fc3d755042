"""Batches of images of two domains, paired or independent."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from keras_genzoo.data.checks import check_size
from keras_genzoo.data.epochs import Plan
from keras_genzoo.data.fingerprint import fingerprint
from keras_genzoo.data.matching import matched_arrays, matched_parts
from keras_genzoo.data.memory import check_cache, fits_in_memory
from keras_genzoo.data.pipeline import finished, from_files, from_memory
from keras_genzoo.data.sides import both_sides
from keras_genzoo.data.sources import open_part
from keras_genzoo.data.tfds import TfdsPart
from keras_genzoo.utils.checks import check_at_least, check_flag


def load_pairs(
    source,
    source_b=None,
    *,
    paired=False,
    split="train",
    split_b=None,
    batch_size=1,
    image_size=None,
    channels=None,
    shuffle=True,
    repeat=1,
    seed=0,
    first_epoch=0,
    drop_remainder=False,
    limit=None,
    data_dir=None,
    cache=True,
    image_key=None,
    image_key_b=None,
):
    """Loads the images of two sources as a `tf.data.Dataset` of pairs of uint8 batches.

    By default, the domains are unpaired: each is shuffled independently. An epoch has the length of the larger domain;
    the smaller one is repeated, each time in a new order. Repetition `r` of domain `s` (0 for a, 1 for b) in epoch `e`
    has the order `numpy.random.default_rng((seed, e, s, r)).permutation(n)`. With `paired=True`, image `i` of one
    domain stays with image `i` of the other, in the order of `keras_genzoo.data.load`. In both cases the order depends
    only on the seed and the epoch, and a run that stopped after `k` epochs resumes exactly with `first_epoch=k`. With
    `repeat=r`, an epoch is `r` of these.

    Images that stand side by side in one file are given as `"left:folder:PATH"` and `"right:folder:PATH"`, in the order
    of the domains, with `paired=True`.

    Files of two paired folders belong together if their paths in the folders are the same, suffixes aside (`1.jpg` and
    `1.png`). A file without a partner, and the partner of a file that cannot be read, is left out with a warning.
    Other paired images belong together by their order.

    Images are kept in memory. Only unpaired folders of more than 2 GB of decoded images are streamed; the next readable
    file then takes the place of an unreadable one.

    Args:
        source: Source of the images of domain a, as for `keras_genzoo.data.load`.
        source_b: Source of the images of domain b; None for the same source with another `image_key_b` or `split_b`, or
            a folder with the splits `trainA` and `trainB`, of which `split="train"` takes both.
        paired: Whether each image of domain a belongs to one image of domain b.
        split: `"NAME"` or `"NAME[a:b]"`, as for `keras_genzoo.data.load`.
        split_b: The same for domain b; None for that of domain a.
        batch_size: Number of images of each domain in a batch, at least 1.
        image_size: `(height, width)` of both domains: each image is scaled to cover this size and cropped at the
            centre. None keeps the size, which must be the same for all images.
        channels: 1 (luminance), 3 (grey is repeated), or None to keep the channels.
        shuffle: False keeps the stored order in each epoch.
        repeat: How often an epoch has all images, as for `keras_genzoo.data.load`.
        seed: Integer, at least 0.
        first_epoch: Number of the first epoch, at least 0.
        drop_remainder: Whether to drop a last batch that is not full.
        limit: Maximum number of images of each domain, drawn like a range of the split; None takes all.
        data_dir: Folder of prepared data sets, for TFDS; other sources ignore it.
        cache: False streams unpaired folders even if they fit into memory. Pairs are always in memory.
        image_key: Name of the images of domain a in an npz file or a data set of TFDS; None for a common name.
        image_key_b: The same for domain b; without `source_b`, None is `image_key`.

    Returns:
        `tf.data.Dataset` of `(images of a, images of b)`, uint8 `(batch, height, width, channels)` both. Its `len` is
        the number of batches; its attribute `paired` is as given, and a model that learns from pairs refuses `False`
        (of a data set that `map` or `take` has made of it, nothing is known).

    Raises:
        ValueError: If a source, a split, an argument or the images are invalid, both domains are the same images, or
            paired domains cannot be matched.
        FileNotFoundError: If a file or folder does not exist.
        ConnectionError: If a download fails.

    Example:

    >>> import keras_genzoo
    >>> dark, _ = keras_genzoo.data.load_arrays("digits", limit=100)
    >>> dataset = keras_genzoo.data.load_pairs(dark, 255 - dark[:60], batch_size=8)
    >>> a, b = next(iter(dataset))
    >>> len(dataset), a.shape, b.shape
    (13, TensorShape([8, 28, 28, 1]), TensorShape([8, 28, 28, 1]))
    """
    check_at_least(1, batch_size=batch_size, repeat=repeat)
    check_at_least(0, seed=seed, first_epoch=first_epoch)
    check_flag(paired=paired, shuffle=shuffle, drop_remainder=drop_remainder, cache=cache)
    if paired and not cache:
        raise ValueError("Expected cache=False for unpaired domains; pairs are always in memory. Received: paired=True")
    image_size, channels = check_size(image_size, channels)
    sides = both_sides(source, source_b, split, split_b, image_key, image_key_b)
    if paired:
        parts = matched_parts(*sides, limit, data_dir)
    else:
        parts = [open_part(limit=limit, data_dir=data_dir, **side) for side in sides]
    shape = _common_shape([part.shape(image_size, channels) for part in parts])
    plan = Plan(batch_size, shuffle, repeat, seed, first_epoch, drop_remainder)
    sides, total, mark = _paired(parts, shape, plan) if paired else _unpaired(parts, shape, plan, cache)
    dataset = finished(tf.data.Dataset.zip(sides), total, mark)
    dataset.paired = paired
    return dataset


def load_pair_arrays(
    source,
    source_b=None,
    *,
    split="train",
    image_size=None,
    channels=None,
    data_dir=None,
    image_key=None,
    image_key_b=None,
):
    """Loads matched images of two domains into memory, with the arguments of `load_pairs(paired=True)`.

    Returns:
        Tuple of two uint8 arrays `(n, height, width, channels)`; image i of one belongs to image i of the other.

    Raises:
        ValueError: As `load_pairs`.
    """
    image_size, channels = check_size(image_size, channels)
    sides = both_sides(source, source_b, split, None, image_key, image_key_b)
    parts = matched_parts(*sides, data_dir=data_dir)
    return tuple(matched_arrays(parts, _common_shape([part.shape(image_size, channels) for part in parts])))


@dataclasses.dataclass(frozen=True)
class _SidePlan(Plan):
    """How images of one of two unpaired domains become batches: `total` images per epoch."""

    total: int
    side: int
    full = True  # both domains of a batch have equally many images

    def steps(self, n):
        return super().steps(self.total)

    def order(self, number, n):
        rounds = range(math.ceil(self.total / n))
        draws = [np.random.default_rng((self.seed, number, self.side, each)).permutation(n) for each in rounds]
        return np.concatenate(draws)[: self.total] if self.shuffle else np.resize(np.arange(n), self.total)


def _unpaired(parts, shape, plan, cache):
    rates = {part.name: part.rate for part in parts if hasattr(part, "rate")}
    if len(set(rates.values())) > 1:
        raise ValueError(f"Expected wav files of one sample rate in both domains. Received: {rates}")
    # Only files can be read in any order without keeping all of them in memory.
    held = [isinstance(part, TfdsPart) or fits_in_memory(part, shape, cache) for part in parts]
    check_cache(cache, parts, held)
    images = [part.arrays(shape)[0] if hold else None for part, hold in zip(parts, held, strict=True)]
    total = max(len(part) if array is None else len(array) for part, array in zip(parts, images, strict=True))
    sides = []
    for side, (part, array) in enumerate(zip(parts, images, strict=True)):
        own = _SidePlan(**dataclasses.asdict(plan), total=total, side=side)
        memory = array is not None
        sides.append(from_memory(array, None, part.name, False, own) if memory else from_files(part, shape, False, own))
    return tuple(sides), total, [fingerprint(side) for side in images] if all(held) else None


def _paired(parts, shape, plan):
    images = matched_arrays(parts, shape)
    sides = [from_memory(array, None, part.name, False, plan) for part, array in zip(parts, images, strict=True)]
    return tuple(sides), len(images[0]), [fingerprint(side) for side in images]


def _common_shape(shapes):
    if shapes[0] != shapes[1]:
        raise ValueError(
            "Expected images of one shape in both domains, or image_size and channels to make them so. "
            f"Received: {shapes[0]} and {shapes[1]} (height, width, channels; of signals length, channels)"
        )
    return shapes[0]
