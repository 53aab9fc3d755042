"""Decodes images during training, one batch at a time, in several threads."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from keras_genzoo.data.files import thread_count
from keras_genzoo.data.parts import attempt
from keras_genzoo.data.pixels import read_image


class BatchDecoder:
    """Decodes batches of encoded images and skips unreadable ones.

    Args:
        shape: `(height, width, channels)` of the decoded images.
        name: Name of the source in error messages.
        labelled: `Labelling`, by which labels are checked; `False` without labels.
        full: Whether each batch must keep its number of images.
        scale: Factor for all pixels.
    """

    def __init__(self, shape, name, labelled, full, scale=1):
        self.shape, self.name, self.labelled, self.full, self.scale = shape, name, labelled, full, scale
        self._pool = ThreadPoolExecutor(thread_count())
        self._failed = set()

    def __call__(self, entries, spare):
        """Decodes one batch.

        Args:
            entries: List of `(item, label, name)`: a path or bytes, its label, and its name in messages.
            spare: Iterable of further entries, which replace unreadable ones in a batch that must be full or would be
                empty.

        Returns:
            Tuple of uint8 images `(k, height, width, channels)` and int32 labels `(k,)`, with `k` of at least 1.
        """
        results = list(self._pool.map(self._read, entries))
        good = [found for entry, result in zip(entries, results, strict=True) if (found := self._keep(entry, result))]
        wanted = len(entries) if self.full else 1
        more = iter(spare)
        while len(good) < wanted and (entry := next(more, None)) is not None:
            if found := self._keep(entry, self._read(entry)):
                good.append(found)
        if len(good) < wanted:
            raise ValueError(f"Expected images that can be read in {self.name}. Received: too few to fill a batch")
        pixels, labels = zip(*good, strict=True)
        labels = self.labelled.checked(labels, len(good), self.name) if self.labelled else np.zeros(len(good), np.int32)
        return np.stack(pixels) * np.uint8(self.scale), labels

    def _read(self, entry):
        return attempt(lambda item: read_image(item, self.shape[:2], self.shape[2]), entry[0])

    def _keep(self, entry, result):
        """`(pixels, label)`, or None for an unreadable image, with one warning per image."""
        _, label, name = entry
        pixels, error = result
        if error is None:
            return pixels, label
        if name not in self._failed:
            self._failed.add(name)
            skipped = f"Skipped {name} of {self.name}, which cannot be read ({error})"
            warnings.warn(f"{skipped}: {len(self._failed)} so far", stacklevel=2)
        return None
