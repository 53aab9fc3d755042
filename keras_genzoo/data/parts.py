"""Parts, the images of a split of a source: an array in memory, or encoded images that are decoded when needed."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from keras_genzoo.data.checks import check_channels, check_labels
from keras_genzoo.data.classes import Classes
from keras_genzoo.data.files import thread_count
from keras_genzoo.data.label_maps import LabelMap, check_channels_of_maps, class_colours
from keras_genzoo.data.pixels import Half, inspect_image, read_image, resize, to_channels
from keras_genzoo.data.variety import warn_of_darkness
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.pixels import check_not_binary
from keras_genzoo.utils.progress import track

_CHUNK = 512  # files given to the threads at a time
_COUNTED = 10_000  # greatest number of classes that is looked through for classes without labels
_PROBED = 100  # images of which the range is looked at before they are streamed
_NAMED = 10  # unreadable files in one warning


class Part:
    """Images of a split of a source, with their labels.

    Args:
        count: Number of images.
        labels: Array of `count` labels, not yet checked, or None.
        name: Name of the source in error messages.
        classes: `Classes`, if the source declares them; otherwise they are counted from the labels.

    Attributes:
        rows: Numbers of the images among those that the part began with; unreadable ones are removed.
    """

    in_memory = False
    stored_shuffled = False  # whether the stored order is random
    names = None  # by which images of two domains are matched; None to match them by their order
    of_signals = False  # whether it has signals, of one side, and not images, of two
    of_points = False

    def __init__(self, count, labels, name, classes=None):
        self.name, self.rows = name, np.arange(count)
        self.labels = _rows(labels, count, name)
        self._declared, self._all_labels = classes, self.labels

    @property
    def classes(self):
        """`Classes` of the whole split, also where the part is a range of it; None without labels."""
        if self._declared is not None or self._all_labels is None:
            return self._declared
        labels = check_labels(self._all_labels, len(self._all_labels), self.name, partial=True)
        number = int(labels.max()) + 1
        if not number:  # no image has a label
            return None
        unseen = np.setdiff1d(np.arange(number), labels) if number <= _COUNTED else ()
        return Classes(number, declared=False, source=self.name, unseen=tuple(map(int, unseen)))

    def half(self, side):
        """The left or right half of each image, as a part."""
        raise ValueError(f"Expected images side by side for {side}:. Received: {self.name}, which has none")

    def coloured(self):
        """The images as label maps in colour, as a part."""
        raise ValueError(f"Expected images for label_maps:. Received: {self.name}, which has none")

    def _with_classes_of(self, whole):
        self._all_labels = whole._all_labels
        return self


class ArrayPart(Part):
    """Images in memory.

    Args:
        images: uint8 array `(n, height, width, channels)`.
        labels: Array of `n` labels, not yet checked, or None.
        name: Name of the source in error messages.
        size: Default `(height, width)`; None for the size of the array.
        resample: Filter of Pillow.
    """

    in_memory = True
    of_maps = False  # whether the colours are classes

    def __init__(self, images, labels, name, size=None, resample=Image.Resampling.LANCZOS):
        super().__init__(len(images), labels, name)
        self.images, self.size, self.resample = images, size, resample

    def __len__(self):
        return len(self.images)

    def take(self, rows):
        """The images of these numbers as a part."""
        labels = None if self.labels is None else self.labels[rows]
        part = ArrayPart(self.images[rows], labels, self.name, self.size, self.resample)
        part.of_maps = self.of_maps
        return part._with_classes_of(self)

    def half(self, side):
        """The left or right half of each image, as a part."""
        first, stop = Half(None, side).bounds(self.images.shape[2])
        part = ArrayPart(self.images[:, :, first:stop], self.labels, self.name, self.size, self.resample)
        return part._with_classes_of(self)

    def coloured(self):
        """The images as label maps in colour, as a part."""
        maps = self.images if self.images.shape[3] == 3 else class_colours(self.images[..., 0])
        part = ArrayPart(maps, self.labels, self.name, self.size, Image.Resampling.NEAREST)._with_classes_of(self)
        part.of_maps = True
        return part

    def shape(self, image_size, channels):
        """`(height, width, channels)` of the images for given `image_size` and `channels`, which may be None."""
        check_asked(self, image_size, channels)
        height, width = image_size or self.size or self.images.shape[1:3]
        return height, width, channels or self.images.shape[3]

    def arrays(self, shape):
        """uint8 images `(n, *shape)` and the labels, not yet checked, or None."""
        if self.of_maps:
            check_channels_of_maps(shape[2])
        images = to_channels(self.images, 1) if shape[2] == 1 else self.images
        return to_channels(resize(images, shape[:2], self.resample), shape[2]), self.labels


class EncodedPart(Part):
    """Encoded images: paths of image files, or the bytes of image files.

    Args:
        items: List of paths or of bytes.
        labels: Array of `n` labels, not yet checked, or None.
        name: Name of the source in error messages.
        classes: `Classes` of the labels, if the source declares them.
        names: List of names by which images of two domains are matched, or None to match them by their order.
    """

    def __init__(self, items, labels, name, classes=None, names=None):
        super().__init__(len(items), labels, name, classes)
        self.items, self.names = items, names

    def __len__(self):
        return len(self.items)

    def take(self, rows):
        """The images of these numbers as a part."""
        labels = None if self.labels is None else self.labels[rows]
        names = None if self.names is None else [self.names[row] for row in rows]
        part = EncodedPart([self.items[row] for row in rows], labels, self.name, self._declared, names)
        return part._with_classes_of(self)

    def half(self, side):
        """The left or right half of each image, as a part."""
        return self._of([Half(item, side) for item in self.items])

    def coloured(self):
        """The images as label maps in colour, as a part."""
        return self._of([LabelMap(item) for item in self.items])

    def _of(self, items):
        return EncodedPart(items, self.labels, self.name, self._declared, self.names)._with_classes_of(self)

    def shape(self, image_size, channels):
        """`(height, width, channels)` of the images; what is not given is read from the headers of the files.

        Files with an unreadable header are skipped with a warning. Without `channels`, one colour image makes all
        images colour images.
        """
        check_asked(self, image_size, channels)
        if image_size and channels:
            return *image_size, channels
        found = list(self.each(inspect_image, f"Looking through {self.name}"))
        shapes = [shape for _, shape, error in found if error is None]
        self._drop({position: error for position, _, error in found if error is not None})
        if not image_size:
            image_size = self._common_size([shape[:2] for shape in shapes])
        return *image_size, channels or max(shape[2] for shape in shapes)

    def arrays(self, shape, binary=False):
        """uint8 images `(n, *shape)` and the unchecked labels or None; unreadable files are skipped with a warning.

        Bytes of 0 and 1 alone are refused unless `binary` is true.
        """
        images = np.empty((len(self), *shape), np.uint8)
        failures = {}
        for position, pixels, error in self.each(
            lambda item: read_image(item, shape[:2], shape[2]), f"Reading {self.name}"
        ):
            if error is None:
                images[position - len(failures)] = pixels
            else:
                failures[position] = error
        self._drop(failures)
        images = images[: len(self)]
        if not binary:
            self._check_not_binary(images)
        return images, self.labels

    def check_first(self, shape):
        """Looks for bytes of 0 and 1 alone and for darkness, where not all images are kept in memory."""
        some = self.items[:: max(1, len(self.items) // _PROBED)][:_PROBED]
        found = (attempt(lambda item: read_image(item, shape[:2], shape[2]), item)[0] for item in some)
        if good := [pixels for pixels in found if pixels is not None]:
            self._check_not_binary(np.stack(good))
            warn_of_darkness(np.stack(good), f"{self.name} among {len(good)} that were looked at")

    def _check_not_binary(self, images):
        if images.max() == 1 and (images.min(axis=(1, 2, 3)) < images.max(axis=(1, 2, 3))).any():  # not only dark greys
            check_not_binary(images, self.name)

    def describe(self, position):
        """Name of the image at `position` in messages."""
        item = self.items[position]
        while isinstance(item, (Half, LabelMap)):
            item = item.item
        return f"image {position}" if isinstance(item, bytes) else os.fspath(item)

    def each(self, function, description):
        """Yields `(position, result, error)` in order, from several threads: Pillow releases the global lock."""
        with ThreadPoolExecutor(thread_count()) as pool:

            def chunks():
                for start in range(0, len(self), _CHUNK):
                    rows = self.items[start : start + _CHUNK]
                    yield list(enumerate(pool.map(lambda item: attempt(function, item), rows), start)), len(rows)

            for chunk in track(chunks(), description, total=len(self)):
                for position, (result, error) in chunk:
                    yield position, result, error

    def _drop(self, failures):
        """Removes the images at these positions and names them, with the reasons, in a warning."""
        if not failures:
            return
        named = "; ".join(f"{self.describe(position)} ({failures[position]})" for position in list(failures)[:_NAMED])
        if len(failures) > _NAMED:
            named += f"; and {len(failures) - _NAMED} more"
        if len(failures) == len(self):
            raise ValueError(f"Expected images that can be read in {self.name}. Received: none of {len(self)}: {named}")
        warnings.warn(f"Skipped {len(failures)} of {len(self)} images that cannot be read: {named}", stacklevel=4)
        kept = [position for position in range(len(self)) if position not in failures]
        self.items, self.rows = [self.items[position] for position in kept], self.rows[kept]
        self.names = None if self.names is None else [self.names[position] for position in kept]
        self.labels = None if self.labels is None else self.labels[kept]

    def _common_size(self, sizes):
        for position, size in enumerate(sizes):
            if size != sizes[0]:
                raise ValueError(
                    f"Expected images of one size in {self.name}, or image_size=(height, width), to which each is "
                    f"scaled and cropped. Received: {self.describe(0)} is {sizes[0][0]}x{sizes[0][1]} and "
                    f"{self.describe(position)} is {size[0]}x{size[1]} (height x width)"
                )
        return sizes[0]


def check_asked(part, image_size, channels):
    """Raises `ValueError` if a size or channels of signals are asked of images, or a size of images of signals."""
    if image_size is None or (len(image_size) == 1) == part.of_signals:
        check_channels(channels, part.of_signals)
        return
    wanted, has = ("images", "signals") if part.of_signals else ("signals", "images")
    raise ValueError(
        f"Expected {wanted} for image_size={image_size} (one side is that of signals, two those of images). "
        f"Received: {part.name}, which has {has}"
    )


def count_of(part, image_shape=None):
    """Number of images, or of windows of recordings, that a part gives a model of this `image_shape`."""
    if not part.of_signals:
        return len(part)
    size, channels = ((image_shape[0],), image_shape[1]) if image_shape else (None, None)
    return len(part.arrays(part.shape(size, channels))[0])


def attempt(function, item):
    """Returns `(function(item), None)`, or `(None, reason)` on any exception, as decoders raise many kinds of them."""
    try:
        return function(item), None
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else ""
        unknown = reason.startswith("cannot identify image file")
        return None, "no image" if unknown else f"{type(error).__name__}: {reason}"


def _rows(labels, count, name):
    if labels is None:
        return None
    labels = as_array(labels, f"the labels in {name}")
    if labels.ndim == 0 or len(labels) != count:
        raise ValueError(
            f"Expected one label per image in {name}. Received: {count} images, labels of shape {labels.shape}"
        )
    return labels
