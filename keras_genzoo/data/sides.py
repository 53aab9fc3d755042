"""The two domains of a pair of sources: where the images of each come from."""

import os

import numpy as np

from keras_genzoo.data.folder import folder_splits
from keras_genzoo.data.sources import parse_source
from keras_genzoo.data.split_names import is_plain, split_domain, split_kind
from keras_genzoo.data.splits import parse_split
from keras_genzoo.data.views import unviewed
from keras_genzoo.data.wav import wav_splits


def both_sides(source, source_b=None, split="train", split_b=None, image_key=None, image_key_b=None):
    """Source, split and image key of both domains; values that are not given for b are those of domain a.

    One folder with the splits `trainA` and `trainB` has both domains of the split `train`.

    Returns:
        List of two dicts of `source`, `split` and `image_key`, as `open_part` takes them.

    Raises:
        ValueError: If these are the same images.
    """
    same = source_b is None or _same_source(source, source_b)
    if same and split_b is None and image_key_b is None:
        split, split_b = domain_splits(source, split)
    if same and image_key_b in (None, image_key) and (split_b is None or _split_key(split_b) == _split_key(split)):
        named = source if isinstance(source, str) else type(source).__name__
        raise ValueError(
            "Expected a second domain: source_b, or of one source image_key_b or split_b. "
            f"Received: source={named!r} alone, split={split!r}"
        )
    a = {"source": source, "split": split, "image_key": image_key}
    b = {
        "source": source if same else source_b,
        "split": split if split_b is None else split_b,
        "image_key": image_key if image_key_b is None and same else image_key_b,
    }
    return [a, b]


def split_of_first_domain(config, split):
    """The split of domain a of a `data` section, `trainA` for `train`, where one folder has both domains."""
    if config.source_b and _same_source(config.source, config.source_b):
        return domain_splits(config.source, split)[0]
    return split


def _same_source(source, other):
    """Whether two sources are the same images, also where they are written in different ways."""
    if source is other:
        return True
    (side, source), (other_side, other) = unviewed(source), unviewed(other)
    if side != other_side:
        return False
    (kind, rest), (other_kind, other_rest) = parse_source(source), parse_source(other)
    if kind != other_kind:
        return False
    if kind == "array":
        first, second = (item[0] if isinstance(item, tuple) and item else item for item in (rest, other_rest))
        return all(isinstance(item, np.ndarray) for item in (first, second)) and _place(first) == _place(second)
    if kind in ("folder", "npz", "wav"):
        rest, other_rest = (os.path.realpath(os.path.expanduser(path)) for path in (rest, other_rest))
    return rest == other_rest


def _place(array):
    """Where an array is in memory: equal for two views of the same pixels."""
    return array.__array_interface__["data"][0], array.shape, array.strides


def _split_key(split):
    """What is equal for two ways to write one split: `train` and `Training[:]`."""
    name, start, stop = parse_split(split)
    named = split_kind(name) if is_plain(name) else name.casefold()
    return named, None if start in ("0", "0%") else start, None if stop == "100%" else stop


def domain_splits(source, split):
    """The splits of both domains in one folder, in the range of `split`; `(split, None)` if it has no such."""
    kind, rest = parse_source(source)
    name, _, _ = parse_split(split)
    if kind not in ("folder", "wav") or not is_plain(name):
        return split, None
    found = {"folder": folder_splits, "wav": wav_splits}[kind](rest)
    names = [other for other in found if split_kind(other) == split_kind(name)]
    sides = [[other for other in names if split_domain(other) == domain] for domain in ("a", "b")]
    if [len(side) for side in sides] != [1, 1] or len(names) > 2:
        return split, None
    bounds = split.strip().removeprefix(name)
    return tuple(side[0] + bounds for side in sides)
