"""Image sources: scikit-learn's digits, TensorFlow Datasets, NumPy files, folders and arrays, as uint8 batches.

`load` returns a `tf.data.Dataset` for training, `load_pairs` one of two domains, `load_arrays` NumPy arrays, and
`class_names` the names of the classes. Images are `uint8`, 0..255, `(batch, height, width, channels)`. A source is one
of

| source | images |
| --- | --- |
| `"digits"` | the 1,797 handwritten digits of scikit-learn, always available |
| `"tfds:NAME"`, `"NAME"` | a data set of TensorFlow Datasets: `"mnist"`, `"tfds:cifar10:3.0.2"` |
| `"keras:NAME"` | a data set of `keras.datasets`: `"keras:mnist"` (downloads) |
| `"npz:PATH"`, `"PATH.npz"` | arrays in a NumPy file |
| `"folder:PATH"`, an existing folder | files that Pillow reads, flat or in one subfolder per class, in splits or not |
| a NumPy array, or a pair `(images, labels)` | the images in it |
"""

from keras_genzoo.data.pairs import load_pairs
from keras_genzoo.data.pipeline import load
from keras_genzoo.data.sources import class_names, load_arrays

__all__ = ["class_names", "load", "load_arrays", "load_pairs"]
