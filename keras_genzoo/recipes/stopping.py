"""The `stopping` section of a recipe: a metric that is measured in the course of a training."""

import dataclasses
from dataclasses import dataclass

from keras_genzoo.recipes.fields import check_types
from keras_genzoo.utils.checks import check_at_least

AUTO = "auto"


@dataclass(frozen=True)
class StoppingConfig:
    """When a training stops early, and that it keeps its best weights.

    Args:
        metric: Name of a metric of `keras_genzoo.evaluate`, or `"auto"` for one that fits the model; `None` for a
            training that goes to its last epoch, and keeps the last weights.
        every: Epochs between two measurements, at least 1; the last epoch is always measured.
        patience: Measurements without a better value after which the training stops, at least 1.
        num_images: Maximum number of images that are measured, at least 2: always the same ones of the split of the
            `evaluation` section.

    Example:

    >>> StoppingConfig("kernel_distance", every=10).patience
    5
    """

    metric: str | None = None
    every: int = 1
    patience: int = 5
    num_images: int = 500

    def __post_init__(self):
        check_types(self, "stopping.")
        check_at_least(1, **{"stopping.every": self.every, "stopping.patience": self.patience})
        check_at_least(2, **{"stopping.num_images": self.num_images})
        for each in dataclasses.fields(self):
            if self.metric is None and getattr(self, each.name) != each.default:
                raise ValueError(
                    f"Expected stopping.metric next to stopping.{each.name}, or stopping: null for none. "
                    f"Received: stopping.{each.name}={getattr(self, each.name)!r} alone"
                )
