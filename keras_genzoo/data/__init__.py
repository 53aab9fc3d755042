"""Image sources: digits, generated shapes, TensorFlow Datasets, NumPy files, folders and arrays, as uint8 batches.

`load` returns a `tf.data.Dataset` for training, `load_pairs` one of two domains, `load_arrays` NumPy arrays,
`class_names` the names of the classes, `hide_labels` labels for some of the images, and `load_factors` what is known
of each image of `"shapes"`. Images are `uint8`, 0..255, `(batch, height, width, channels)`. `draw_points` and
`modes_of` are of the sources `points:NAME`, `draw_signals` is of `signals:NAME`. A source is one of

| source | images |
| --- | --- |
| `"digits"` | the 1,797 handwritten digits of scikit-learn, always available |
| `"shapes"` | 4,608 generated images, 32x32, of all combinations of five known factors |
| `"points:grid25"`, `"points:ring8"` | points of the plane from a mixture of Gaussians, float32 `(batch, 2)` |
| `"signals:clean"`, `"signals:noisy"`, `"signals:hum"` | signals made by code, float32 `(batch, 512, 1)` in [-1, 1] |
| `"wav:PATH"` | wav files in a folder, cut into windows, float32 `(batch, length, channels)` |
| `"tfds:NAME"`, `"NAME"` | a data set of TensorFlow Datasets: `"mnist"`, `"tfds:cifar10:3.0.2"` |
| `"keras:NAME"` | a data set of `keras.datasets`: `"keras:mnist"` (downloads) |
| `"npz:PATH"`, `"PATH.npz"` | arrays in a NumPy file |
| `"folder:PATH"`, an existing folder | files that Pillow reads, flat or in one subfolder per class, in splits or not |
| `"left:SOURCE"`, `"right:SOURCE"` | halves of images that stand side by side in one file |
| `"edges:SOURCE"` | drawings of the edges in images |
| `"label_maps:SOURCE"` | images of class numbers, in colours |
| `"labelled:SOURCE"` | the images that have a label |
| a NumPy array, or a pair `(images, labels)` | images, points `(n, coordinates)` or signals `(n, length, channels)` |
"""

import importlib

# Loaded on first use: only data sets for training need TensorFlow, whose import takes seconds.
_EXPORTS = {
    "Factors": "shapes",
    "class_names": "sources",
    "draw_points": "points",
    "draw_signals": "made_signals",
    "hide_labels": "labelling",
    "load": "pipeline",
    "load_arrays": "sources",
    "load_factors": "factors",
    "load_pairs": "pairs",
    "modes_of": "points",
}

__all__ = [*_EXPORTS]


def __getattr__(name):
    if name in _EXPORTS:
        return getattr(importlib.import_module(f"keras_genzoo.data.{_EXPORTS[name]}"), name)
    raise AttributeError(f"module 'keras_genzoo.data' has no attribute {name!r}")
