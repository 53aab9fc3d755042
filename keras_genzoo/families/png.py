"""Image files as string tensors inside the graph of an exported model, for web services that exchange files."""

import functools

import tensorflow as tf

from keras_genzoo.families.exporting import ExportFunction
from keras_genzoo.families.image_files import read_image


def png_functions(name, function, inputs):
    """The signatures of an exported model that return PNG files: dict of two `ExportFunction`.

    The REST interface of TensorFlow Serving encodes an output in base64 only if its name ends in `_bytes`; other bytes
    are written into the JSON as text and make it invalid. So `<name>_bytes` returns the same files as `png_bytes`.

    Args:
        name: Name of the first signature, whose output is `png`.
        function: Takes the inputs by name, returns uint8 images `(n, height, width, channels)`.
        inputs: Dict of `ExportInput` by name.
    """

    def named(output):
        def files(**tensors):
            return {output: encode_png(function(**tensors))}

        return ExportFunction(files, inputs, (output,), portable=False)

    return {name: named("png"), f"{name}_bytes": named("png_bytes")}


def encode_png(images):
    """PNG files of images: uint8 `(n, height, width, channels)` -> strings `(n,)`."""
    return tf.io.encode_png(images)


def decode_images(files, image_shape):
    """Decodes PNG, JPEG, BMP or GIF files of any size as `keras_genzoo.data` does; of an animation, the first frame.

    The orientation of a photograph is applied, transparent images get a white background, palettes, CMYK and 16-bit
    grey are converted. An image is scaled so that it just covers the model's size, then cropped at the centre. Pixels
    differ from those of the data sources by a few grey levels where an image is scaled, and are equal elsewhere.

    Args:
        files: String tensor `(n,)`.
        image_shape: `(height, width, channels)` of the result. With one channel, colour is converted to luminance; with
            three, grey is repeated.

    Returns:
        uint8 tensor `(n, height, width, channels)`. Its use fails with one sentence on files that cannot be read as the
        data sources read them: other formats, BMP files with a palette or compression, GIF files with transparency.
    """

    read = _reader(tuple(image_shape))
    return tf.map_fn(read, files, fn_output_signature=tf.TensorSpec(image_shape, tf.uint8))


@functools.cache
def _reader(image_shape):
    """A compiled function from one file to an image, which all signatures of an exported model share."""

    def read(file):
        return cover(read_image(file, image_shape), image_shape)

    return tf.function(read, input_signature=[tf.TensorSpec((), tf.string)], autograph=False)


def cover(image, image_shape):
    """Scales an image so that it just covers a size, with an antialiasing Lanczos filter, and crops it at the centre.

    Args:
        image: uint8 tensor `(h, w, channels)`; sides may be unknown before the graph runs.
        image_shape: `(height, width, channels)`.

    Returns:
        uint8 tensor of shape `image_shape`.
    """
    size = tf.constant(image_shape[:2], tf.int32)
    given = tf.cast(tf.shape(image)[:2], tf.float32)
    scale = tf.reduce_max(tf.cast(size, tf.float32) / given)
    shift = (tf.cast(size, tf.float32) - scale * given) / 2.0  # crops both sides equally
    pixels = tf.raw_ops.ScaleAndTranslate(
        images=tf.cast(image, tf.float32)[None],
        size=size,
        scale=tf.stack([scale, scale]),
        translation=shift,
        kernel_type="lanczos3",
        antialias=True,
    )
    pixels = tf.cast(tf.round(tf.clip_by_value(pixels[0], 0.0, 255.0)), tf.uint8)
    return tf.ensure_shape(pixels, image_shape)
