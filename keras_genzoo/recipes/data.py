"""The `data` section of a recipe: source, batches, and the title and licence for the card."""

import dataclasses
from dataclasses import dataclass

from keras_genzoo.data.splits import parse_split
from keras_genzoo.recipes.fields import check_types
from keras_genzoo.utils.checks import check_at_least, check_choice, check_none_or_at_least

_NO_OPTIONS = ("source", "title", "license")  # fields that are no options of a loader
_SECOND = ("source_b", "split_b", "image_key_b", "paired", "validation_split_b")  # fields of the second domain
_PARTIAL = ("num_labelled", "repeat_labelled")  # fields of a model that takes labels for some images
_VALIDATION = ("validation_split", "validation_split_b")


@dataclass(frozen=True)
class DataConfig:
    """Arguments of `keras_genzoo.data.load`, or of `load_pairs` for a model of two domains, with title and licence.

    `validation_split` is a split of the same source, of which a training computes the losses after each epoch; none of
    its images may be among the training images, and they keep their labels. `validation_split_b` is that of the second
    domain, `None` for the same. A model that learns from matched pairs alone pairs images whatever `paired` says.

    Example:

    >>> DataConfig("npz:emoji.npz", image_key="noto", image_key_b="twemoji").has_second_domain
    True
    """

    source: str = "digits"
    source_b: str | None = None
    split: str = "train"
    split_b: str | None = None
    validation_split: str | None = None
    validation_split_b: str | None = None
    batch_size: int = 128
    image_size: tuple[int, int] | None = None
    channels: int | None = None
    limit: int | None = None
    num_labelled: int | None = None
    repeat_labelled: int = 1
    repeat: int = 1
    drop_remainder: bool = False
    data_dir: str | None = None
    cache: bool = True
    image_key: str | None = None
    image_key_b: str | None = None
    label_key: str | None = None
    paired: bool = False
    title: str = ""
    license: str = ""

    def __post_init__(self):
        check_at_least(1, batch_size=self.batch_size, repeat=self.repeat, repeat_labelled=self.repeat_labelled)
        check_none_or_at_least(1, limit=self.limit)
        check_none_or_at_least(0, num_labelled=self.num_labelled)
        check_types(self, "data.")
        check_choice((None, 1, 3), channels=self.channels)
        for side in self.image_size or ():
            check_at_least(1, image_size=side)
        self._check_splits()

    def _check_splits(self):
        for key in ("split", "split_b", *_VALIDATION):
            if getattr(self, key) is not None:
                parse_split(getattr(self, key), f"data.{key}")
        if self.validation_split is None and self.validation_split_b is not None:
            raise ValueError(
                "Expected data.validation_split with data.validation_split_b. "
                f"Received: data.validation_split_b={self.validation_split_b!r} alone"
            )
        if self.validation_split is not None and self.split_b is not None and self.validation_split_b is None:
            raise ValueError(
                "Expected data.validation_split_b, as the domains have splits of their own. "
                f"Received: data.split_b={self.split_b!r} and data.validation_split={self.validation_split!r} alone"
            )

    def load_options(self):
        """Arguments of `data.load` except `source`."""
        return self._without(*_NO_OPTIONS, *_SECOND, *_VALIDATION)

    def pair_options(self):
        """Arguments of `data.load_pairs` except `source`."""
        return self._without(*_NO_OPTIONS, *_VALIDATION, "label_key", *_PARTIAL)

    def array_options(self):
        """Arguments of `data.load_arrays` that locate the images in `source`."""
        options = {key: getattr(self, key) for key in ("data_dir", "image_key", "label_key")}
        return {key: value for key, value in options.items() if value is not None}

    def matched_options(self):
        """The same for `evaluate`, which also takes the location of the second domain."""
        second = {key: getattr(self, key) for key in ("source_b", "image_key_b")}
        return {**self.array_options(), **{key: value for key, value in second.items() if value is not None}}

    def for_validation(self):
        """The section that loads the validation images: the other split, with its last batch; `None` without one."""
        if self.validation_split is None:
            return None
        splits = {"split": self.validation_split, "split_b": self.validation_split_b}
        other = dict.fromkeys((*_VALIDATION, "num_labelled"))
        return dataclasses.replace(self, **splits, **other, repeat=1, repeat_labelled=1, drop_remainder=False)

    @property
    def has_second_domain(self):
        """Whether the section names a second domain."""
        return bool(self.second_domain)

    @property
    def second_domain(self):
        """The fields of the second domain that the section gives, as a dict."""
        return {key: getattr(self, key) for key in _SECOND if getattr(self, key)}

    def _without(self, *keys):
        return {key: value for key, value in dataclasses.asdict(self).items() if key not in keys}
