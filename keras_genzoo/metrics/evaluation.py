"""What the metrics of one evaluation share: the model, the real images, and images that are made once for all."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from keras_genzoo.metrics.reference import Reference, draw_rows
from keras_genzoo.metrics.samplers import sampler_of
from keras_genzoo.utils.progress import batches, track

_CHUNK = 256  # images between two steps of a progress bar


@dataclass
class Evaluation:
    """Inputs of the functions of the table: the model, the reference data and the settings of one `evaluate`."""

    model: Any
    real: Reference
    num_fake: int
    seed: int = 0
    num_samples: int = 100
    num_likelihood_images: int = 1000
    binarization: str | None = None
    progress: bool = True
    sampler: str | None = None

    @cached_property
    def fake(self):
        """`Reference` of the generated images 0 to num_fake - 1 of `seed`."""
        chosen = {"seed": self.seed, **({"sampler": self.sampler} if self.sampler else {})}
        images = []
        for part in track(batches(self.num_fake, _CHUNK), "generating", self.progress):
            images.append(self.model.generate(part.stop - part.start, start=part.start, **chosen))
        fake = self.real.like(np.concatenate(images), source="generated")
        fake.shows = getattr(self.model, "generated_pixels", None)
        fake.sampler = sampler_of(self.model, self.sampler)
        return fake

    @cached_property
    def reconstructions(self):
        """uint8 reconstructions of all reference images."""
        parts = track(batches(len(self.real), _CHUNK), "reconstructing", self.progress)
        return np.concatenate(
            [np.asarray(self.model.reconstruct(self.real.images[part], **self.labels_of(part))) for part in parts]
        )

    @cached_property
    def translations(self):
        """Dict by direction of pairs: uint8 translations of all reference images, and their targets."""
        from keras_genzoo.families.translator import as_direction  # which imports TensorFlow

        if self.real.target is None:
            raise ValueError(
                "Expected matched images of both domains: a pair (images, images), or a source with source_b or "
                "image_key_b in data_options. Received: images of one domain"
            )
        domains = {"a": self.real.images, "b": self.real.target}
        directions = map(as_direction, self.model.directions)
        return {each: (self.translated(domains[each.source], each), domains[each.target]) for each in directions}

    def translated(self, images, direction):
        """uint8 translations of images, chunk by chunk."""
        parts = track(batches(len(images), _CHUNK), f"translating ({direction})", self.progress)
        return np.concatenate([self.model.translate(images[part], direction) for part in parts])

    def labels_of(self, part):
        """Labels of a part of the reference images as keyword arguments, for a model that takes them with images."""
        from keras_genzoo.families.given_conditions import conditions_of_images

        if not any(condition.name == "labels" for condition in conditions_of_images(self.model)):
            return {}
        return {"labels": self.labels_for("a model that takes them")[part]}

    def labels_for(self, purpose):
        """Labels of the reference images; raises `ValueError` without labels."""
        if self.real.labels is None:
            raise ValueError(
                f"Expected images with labels for {purpose}: a source that has them, or a pair (images, labels). "
                "Received: images alone"
            )
        return self.real.labels

    @cached_property
    def likelihood_rows(self):
        """Indices of the images of the log-likelihood: all, or a draw by `seed` if there are too many."""
        return draw_rows(len(self.real), self.num_likelihood_images, self.seed)


def takes_labels(model):
    """Whether labels are a condition of a model; it may be any object with `generate`."""
    return any(condition.name == "labels" for condition in getattr(model, "conditions", ()))
