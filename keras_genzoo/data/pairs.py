"""Batches of two domains: matched pairs of images, or two independent draws."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from keras_genzoo.checks import check_at_least, check_flag
from keras_genzoo.data.checks import check_channels, check_image_size
from keras_genzoo.data.pipeline import Plan, finished, fits_in_memory, from_files, from_memory
from keras_genzoo.data.sources import open_part
from keras_genzoo.data.tfds import TfdsPart


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

    Unpaired (the default), each side is shuffled by itself, so which images meet in a batch says nothing. An epoch is
    as long as the larger side; the smaller one is gone through again, in a new order each time, until it is filled.
    Round `r` of side `s` (0 for a, 1 for b) in epoch `e` has the order `numpy.random.default_rng((seed, e, s, r))
    .permutation(n)`. Paired, image `i` of one side stays beside image `i` of the other, in the order of
    `keras_genzoo.data.load`. Either way the order depends on the seed and the epoch alone, and a run that stopped after
    `k` epochs goes on exactly with `first_epoch=k`.

    Images are held in memory. Only unpaired folders that take more than 2 GB once decoded are streamed, and a file that
    turns out to be unreadable then makes its side of the batch one image shorter.

    Args:
        source: Where the images of domain a are: as for `keras_genzoo.data.load`.
        source_b: Where those of domain b are; None for the same source, from which `image_key_b` or `split_b` takes
            other images.
        paired: Whether image i of one side belongs to image i of the other.
        split: `"NAME"` or `"NAME[a:b]"`, as for `keras_genzoo.data.load`.
        split_b: The same for domain b; None for that of domain a.
        batch_size: Images of each side in a batch, at least 1.
        image_size: `(height, width)` of both sides: each image is scaled until it just covers this, and cut at the
            centre. None keeps the size, which must be one for all.
        channels: 1 (luminance), 3 (grey is repeated) or None, which keeps.
        shuffle: False gives the stored order in each epoch.
        seed: Whole number from 0 up.
        first_epoch: Number of the first pass, from 0 up.
        drop_remainder: True leaves out a last batch that is not full.
        limit: At most so many images of each side, the first ones of the split; None takes all.
        data_dir: Folder of prepared data sets, for TFDS; other sources leave it alone.
        cache: False streams unpaired folders even if they fit into memory.
        image_key: Name of the images of domain a in an npz file or a data set of TFDS; None finds it.
        image_key_b: The same for domain b; None finds it, or is `image_key` where there is no `source_b`.

    Returns:
        `tf.data.Dataset` of `(images of a, images of b)`, uint8 `(batch, height, width, channels)` both. Its `len` is
        the number of batches.

    Raises:
        ValueError: If a source, a split, an argument or the images are not as described, if both sides are the same
            images, or if paired sides differ in their number.
        FileNotFoundError: If there is no such file or folder.
        ConnectionError: If a download fails.

    Example:

    >>> import keras_genzoo
    >>> dark, _ = keras_genzoo.data.load_arrays("digits", limit=100)
    >>> dataset = keras_genzoo.data.load_pairs(dark, 255 - dark[:60], batch_size=8)
    >>> a, b = next(iter(dataset))
    >>> len(dataset), a.shape, b.shape
    (13, TensorShape([8, 28, 28, 1]), TensorShape([8, 28, 28, 1]))
    """
    check_at_least(1, batch_size=batch_size)
    check_at_least(0, seed=seed, first_epoch=first_epoch)
    check_flag(paired=paired)
    image_size, channels = check_image_size(image_size), check_channels(channels)
    b = side_b(source, source_b, split, split_b, image_key, image_key_b)
    parts = [open_part(source, split, limit, data_dir, image_key), open_part(limit=limit, data_dir=data_dir, **b)]
    if paired:
        _check_equal_numbers([len(part) for part in parts])
    shape = _common_shape([part.shape(image_size, channels) for part in parts])
    plan = Plan(batch_size, shuffle, seed, first_epoch, drop_remainder)
    sides = _paired(parts, shape, plan) if paired else _unpaired(parts, shape, plan, cache)
    return finished(tf.data.Dataset.zip(sides))


def side_b(source, source_b=None, split="train", split_b=None, image_key=None, image_key_b=None):
    """Where the images of domain b are, once what is left out has been filled in from domain a.

    Returns:
        Dict of `source`, `split` and `image_key`, as `load_arrays` takes them.

    Raises:
        ValueError: If these are the images of domain a.
    """
    same = source_b is None or source_b is source or (isinstance(source_b, str) and source_b == source)
    if same and image_key_b in (None, image_key) and split_b in (None, split):
        raise ValueError(
            "Expected a second domain: source_b, or of one source image_key_b or split_b. "
            f"Received: source={source if isinstance(source, str) else type(source).__name__!r} alone"
        )
    return {
        "source": source if same else source_b,
        "split": split if split_b is None else split_b,
        "image_key": image_key if image_key_b is None and same else image_key_b,
    }


@dataclasses.dataclass(frozen=True)
class _SidePlan(Plan):
    """How one of two unpaired sides becomes batches: `total` images an epoch, however many it has."""

    total: int
    side: int

    def steps(self, n):
        return super().steps(self.total)

    def order(self, epoch, n):
        rounds = range(math.ceil(self.total / n))
        draws = [np.random.default_rng((self.seed, epoch, self.side, number)).permutation(n) for number in rounds]
        return np.concatenate(draws)[: self.total] if self.shuffle else np.resize(np.arange(n), self.total)


def _unpaired(parts, shape, plan, cache):
    # Only in files can single rows be read in any order without holding them all.
    held = [isinstance(part, TfdsPart) or fits_in_memory(part, shape, cache) for part in parts]
    images = [part.arrays(shape)[0] if hold else None for part, hold in zip(parts, held, strict=True)]
    total = max(len(part) if array is None else len(array) for part, array in zip(parts, images, strict=True))
    sides = []
    for side, (part, array) in enumerate(zip(parts, images, strict=True)):
        own = _SidePlan(**dataclasses.asdict(plan), total=total, side=side)
        memory = array is not None
        sides.append(from_memory(array, None, part.name, False, own) if memory else from_files(part, shape, False, own))
    return tuple(sides)


def _paired(parts, shape, plan):
    images = [part.arrays(shape)[0] for part in parts]
    _check_equal_numbers([len(array) for array in images])
    return tuple(from_memory(array, None, part.name, False, plan) for part, array in zip(parts, images, strict=True))


def _check_equal_numbers(numbers):
    if numbers[0] != numbers[1]:
        raise ValueError(
            f"Expected as many images of domain b as of domain a, one for each, with paired=True. "
            f"Received: {numbers[0]} and {numbers[1]} that can be read"
        )


def _common_shape(shapes):
    if shapes[0] != shapes[1]:
        raise ValueError(
            "Expected images of one shape in both domains, or image_size and channels to make them so. "
            f"Received: {shapes[0]} and {shapes[1]} (height, width, channels)"
        )
    return shapes[0]
