"""Batches of the images of a source with `tf.data`, in an order that depends only on the seed and the epoch."""

import itertools

import numpy as np
import tensorflow as tf

from keras_genzoo.data.checks import check_size
from keras_genzoo.data.epochs import Plan
from keras_genzoo.data.fingerprint import fingerprint
from keras_genzoo.data.labelling import Labelling
from keras_genzoo.data.memory import check_cache, fits_in_memory
from keras_genzoo.data.sources import open_part
from keras_genzoo.data.stream import BatchDecoder
from keras_genzoo.data.tfds import TfdsPart
from keras_genzoo.data.variety import warn_of_no_variety
from keras_genzoo.utils.checks import check_at_least, check_flag

SHUFFLE_BYTES = 256 * 10**6  # of encoded images in the shuffle buffer of a streamed data set of TFDS


def load(
    source,
    *,
    split="train",
    batch_size=128,
    image_size=None,
    channels=None,
    labels=False,
    num_labelled=None,
    repeat_labelled=1,
    shuffle=True,
    repeat=1,
    seed=0,
    first_epoch=0,
    drop_remainder=False,
    limit=None,
    data_dir=None,
    cache=True,
    image_key=None,
    label_key=None,
):
    """Loads the images of a source as a `tf.data.Dataset` of uint8 batches.

    Each pass over the dataset (each iterator that is read, even in part) is one epoch. Epoch `e` has the order
    `numpy.random.default_rng((seed, e)).permutation(n)`, which depends only on the seed and the epoch; with `repeat=r`,
    it has those of `r * e` to `r * e + r - 1`, one after the other. A run that stopped after `k` epochs therefore
    resumes exactly with `first_epoch=k` and the same `repeat`.

    Images that fit into 2 GB when decoded are kept in memory. A larger folder or data set of TFDS is streamed: several
    threads read and decode each batch when needed. A streamed folder has the same order as one in memory. A streamed
    data set of TFDS is read sequentially through a shuffle buffer of 256 MB of encoded images, seeded by
    `(seed, e)`: the order is repeatable, but random only within the buffer.

    An unreadable file is named in a warning and skipped. During streaming, its batch is one image shorter; with
    `drop_remainder=True`, or if the batch would be empty, the next readable file takes its place (in a data set of
    TFDS, another image of the batch). Under `tf.distribute`, each batch is divided among the replicas, so `batch_size`
    is the global batch size; workers receive whole batches (`AutoShardPolicy.DATA`).

    Args:
        source: Source of the images.
            `"digits"`: the 1,797 handwritten digits of scikit-learn, 8x8, white on black, scaled to 28x28; the first
            1,500 are `train`, the last 297 `test`.
            `"shapes"`: 4,608 generated images, 32x32, white on black, of known factors: see `load_factors`.
            `"points:grid25"`, `"points:ring8"`: 100,000 points of a mixture of 25 or 8 Gaussians, see `modes_of`.
            `"signals:clean"`, `"signals:noisy"`, `"signals:hum"`: made signals of 512 samples: see `draw_signals`.
            `"tfds:NAME"` or `"NAME"`, also `NAME/config:version`: of TensorFlow Datasets. `"keras:NAME"`: mnist,
            fashion_mnist, cifar10 or cifar100 of `keras.datasets`. Both are downloaded, if need be.
            `"npz:PATH"` or a path that ends in `.npz`: arrays of uint8, of bools or of floats in [0, 1]. `x_train`,
            `y_train`, `x_test`, `y_test` and other common names are found without `image_key` and `label_key`.
            `"folder:PATH"` or a path of a folder: image files that Pillow reads (of several frames the first one), flat
            or in one subfolder per class, optionally in subfolders `train` and `test` in any common spelling.
            `"wav:PATH"`: wav files in a folder at any depth, cut into windows, float32 `(batch, length, channels)`.
            `"left:SOURCE"`, `"right:SOURCE"`: halves of the images of a folder or npz file, two side by side in each;
            `"edges:SOURCE"`: drawings of the edges in images, dark lines on white, by scikit-image;
            `"label_maps:SOURCE"`: class numbers, grey levels or indices of a palette, in the colours of PASCAL VOC;
            `"labelled:SOURCE"`: the images with a label, without those that have -1.
            An array, or a pair `(images, labels)`: as in an npz file. Floats `(n, coordinates)` are points; floats
            in [-1, 1] or int16 `(n, length, channels)`, or `(n, length)` from 17 samples on, are signals.
        split: `"NAME"` or `"NAME[a:b]"`, with integers or percentages: `"train"`, `"train[:90%]"`,
            `"test[1000:2000]"`. A range is taken from one fixed order, `numpy.random.default_rng(2718).permutation(n)`
            for any `seed`, so that parts are disjoint and each has images of all classes; within the part, the stored
            order is kept. What TFDS has shuffled is divided in its stored order. Sources without splits have `"train"`.
        batch_size: Number of images in a batch, at least 1.
        image_size: `(height, width)`: each image is scaled to cover this size and cropped at the centre. None keeps the
            size. `(length,)` for signals: of windows of wav files, 1024 by default; arrays must have it.
        channels: 1 (luminance; the mean of signals), 3 (grey is repeated), or None to keep the channels; one colour
            image in a folder makes all images colour images. One channel of signals is repeated for any number.
        labels: Whether to return pairs of images and labels. The subfolders of a folder are numbered in natural order,
            2 before 10. The dataset has attributes `class_names` and `classes` (`number` and `names` of the classes).
            `"partial"` takes -1, too, for an image without a label.
        num_labelled: With labels: how many images keep theirs; others have -1: see `hide_labels`. None keeps all.
        repeat_labelled: How often an epoch has each image with a label.
        shuffle: False keeps the stored order in each epoch.
        repeat: How often an epoch has all images, at least 1; each time in another order, that of an epoch of its own.
            With few images, an epoch takes longer to begin than to compute.
        seed: Integer, at least 0.
        first_epoch: Number of the first epoch, at least 0.
        drop_remainder: Whether to drop a last batch that is not full.
        limit: Maximum number of images, drawn like a range of the split; None takes all.
        data_dir: Folder of prepared data sets, for TFDS; other sources ignore it.
        cache: False streams a folder or a data set of TFDS even if it fits into memory; other sources, and edges, are
            always in memory.
        image_key: Name of the images in an npz file (or several: `"noto, twemoji"`) or in TFDS; None for a common name.
        label_key: Name of the labels there; None for a common name.

    Returns:
        `tf.data.Dataset` of uint8 images `(batch, height, width, channels)`, or of pairs with int32 labels `(batch,)`;
        its `len` is the number of batches.

    Raises:
        ValueError: If the source, the split, an argument, the images or the labels are invalid.
        FileNotFoundError: If the file or folder does not exist.
        ConnectionError: If a download fails.

    Example:

    >>> import keras_genzoo
    >>> dataset = keras_genzoo.data.load("digits", batch_size=128, labels=True)
    >>> images, labels = next(iter(dataset))
    >>> len(dataset), images.shape, labels.shape
    (12, TensorShape([128, 28, 28, 1]), TensorShape([128]))
    """
    check_at_least(1, batch_size=batch_size, repeat=repeat)
    check_at_least(0, seed=seed, first_epoch=first_epoch)
    check_flag(shuffle=shuffle, drop_remainder=drop_remainder, cache=cache)
    labels = Labelling(labels, num_labelled, repeat_labelled)
    part = open_part(source, split, limit, data_dir, image_key, label_key)
    classes = _classes(part, labels) if labels else None
    shape = part.shape(*check_size(image_size, channels))
    plan = Plan(batch_size, shuffle, repeat, seed, first_epoch, drop_remainder)
    held = fits_in_memory(part, shape, cache)
    check_cache(cache, [part], [held])
    dataset = _from_part(part, shape, labels, plan, held)
    dataset.classes = classes
    dataset.class_names = classes and classes.names  # as Keras names it
    return dataset


def _from_part(part, shape, labels, plan, held):
    """The dataset of a part, whose images are `held` in memory or read when they are needed."""
    if held:
        images, targets = part.arrays(shape)
        mark = fingerprint(images, targets if labels else None)
        return finished(from_memory(images, targets, part.name, labels, plan), len(images), mark)
    make = _from_tfds if isinstance(part, TfdsPart) else from_files
    return finished(make(part, shape, labels, plan), len(part))


def _classes(part, labels):
    """`Classes` of a part; raises `ValueError` without labels or with a single class."""
    if part.labels is None and labels.num_labelled != 0:
        raise ValueError(
            f"Expected labels in {part.name}: a folder has them as one subfolder per class, an npz file or a data set "
            "of TFDS by label_key, arrays as a pair (images, labels). Received: labels=True for images without labels"
        )
    if part.labels is not None and not isinstance(part, TfdsPart):
        labels.checked(part.labels, len(part), part.name)
    classes = part.classes
    if classes is not None and classes.declared and classes.number == 1:
        one = f", {classes.names[0]!r}" if classes.names else ""
        raise ValueError(f"Expected at least two classes in {part.name} with labels=True. Received: one{one}")
    return classes


def finished(dataset, num_images, mark=None):
    """A dataset of batches with prefetching, divided by batches under `tf.distribute`.

    It knows its `num_images` and, of images that are held in memory, the `fingerprint` of their arrays.
    """
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = dataset.prefetch(tf.data.AUTOTUNE).with_options(options)
    dataset.num_images = num_images
    dataset.fingerprint = mark
    return dataset


def from_memory(images, targets, name, labels, plan):
    """A dataset of batches of arrays, with their labels if the `Labelling` asks for them, by a `Plan`."""
    columns = [images, labels.applied(targets, len(images), name)] if labels else [images]
    warn_of_no_variety(*columns, name=name)
    numbers = labels.repeated(columns[1]) if labels else np.arange(len(images))
    with tf.device("CPU:0"):  # tensors captured by the graph, not constants, of which the graph would keep a copy
        columns, numbers = [tf.constant(column) for column in columns], tf.constant(numbers)

    def batch(rows):
        parts = tuple(tf.gather(column, tf.gather(numbers, rows)) for column in columns)
        return parts if labels else parts[0]

    dataset = plan.rows(len(numbers)).map(batch)
    return dataset.apply(tf.data.experimental.assert_cardinality(plan.steps(len(numbers))))


def from_files(part, shape, labels, plan):
    """A dataset of batches of image files, read when needed, with labels if a `Labelling` asks for them."""
    targets = labels.applied(part.labels, len(part), part.name) if labels else np.zeros(len(part), np.int32)
    numbers = labels.repeated(targets) if labels else np.arange(len(part))
    part.check_first(shape)
    decode = BatchDecoder(shape, part.name, labels, plan.full)

    def entry(row):
        return part.items[row], targets[row], part.describe(row)

    def batch(rows):
        following = ((rows[-1] + offset) % len(numbers) for offset in range(1, len(numbers)))
        return decode([entry(numbers[row]) for row in rows], (entry(numbers[row]) for row in following))

    return _decoded(plan.rows(len(numbers)), batch, len(numbers), shape, labels, plan)


def _from_tfds(part, shape, labels, plan):
    if labels and labels.repeat_labelled > 1:
        raise ValueError(
            f"Expected repeat_labelled=1 for {part.name}, which is streamed: see cache. "
            f"Received: repeat_labelled={labels.repeat_labelled}"
        )
    decode = BatchDecoder(shape, part.name, labels, plan.drop_remainder, part.scale)
    encoded = _with_hidden(part.encoded(), part, labels)
    each = max(1, part.builder.info.splits[part.split].num_bytes // part.builder.info.splits[part.split].num_examples)
    buffer = max(1, min(len(part), SHUFFLE_BYTES // each))

    def seeds(epoch):
        return np.ravel([np.random.default_rng((plan.seed, each)).integers(1, 2**62, 2) for each in plan.parts(epoch)])

    def shuffled(pair):
        # Dataset.shuffle combines a seed for all passes with the global seed; the op takes one for each pass.
        variant = tf.raw_ops.ShuffleDataset(
            input_dataset=tf.data.experimental.to_variant(encoded),
            buffer_size=buffer,
            seed=pair[0],
            seed2=pair[1],
            output_types=[tf.string, tf.int64],
            output_shapes=[[], []],
            reshuffle_each_iteration=False,
        )
        return tf.data.experimental.from_variant(variant, encoded.element_spec)

    def batch(items, targets):
        entries = [(item, target, f"an image with label {target}") for item, target in zip(items, targets, strict=True)]
        return decode(entries, itertools.chain.from_iterable(itertools.repeat(entries, 2)))

    pairs = plan.passes(seeds).flat_map(lambda each: tf.data.Dataset.from_tensor_slices(tf.reshape(each, (-1, 2))))
    rows = pairs.flat_map(shuffled) if plan.shuffle else encoded.repeat(plan.repeat)
    rows = rows.batch(plan.batch_size, drop_remainder=plan.drop_remainder)
    return _decoded(rows, batch, len(part), shape, labels, plan)


def _with_hidden(encoded, part, labels):
    """Pairs of a data set of TFDS of whose labels some are hidden; it is read through once to know the classes."""
    if not labels or labels.num_labelled is None:
        return encoded
    known = [label for _, label in encoded.as_numpy_iterator()] if part.labels else None
    hidden = tf.constant(labels.applied(known, len(part), part.name), tf.int64)
    return encoded.enumerate().map(lambda number, pair: (pair[0], tf.gather(hidden, number)))


def _decoded(rows, batch, n, shape, labels, plan):
    """Maps each element of `rows` to images, and labels if `labels` is true, by the NumPy function `batch`."""

    def decode(*element):
        images, targets = tf.numpy_function(batch, element, (tf.uint8, tf.int32))
        images, targets = tf.ensure_shape(images, (None, *shape)), tf.ensure_shape(targets, (None,))
        return (images, targets) if labels else images

    return rows.map(decode).apply(tf.data.experimental.assert_cardinality(plan.steps(n)))
