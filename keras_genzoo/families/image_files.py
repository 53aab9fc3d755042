"""Image files read inside a graph, with the pixels that `keras_genzoo.data.pixels.read_image` gives.

A web service should see the pixels that a model was trained on. By themselves, the decoders of TensorFlow drop
transparency, ignore the orientation of photographs, and read a palette as grey levels. Files that cannot be read alike
are refused with one sentence.
"""

import tensorflow as tf

from keras_genzoo.data.pixels import LUMINANCE
from keras_genzoo.utils.graph_checks import refusal

_JPEG_SCALES = (8, 4, 2, 1)  # of which the decoder skips detail
_EXIF_ORIENTATION = 0x0112
_XMP_ORIENTATION = r"(?s)\C*?tiff:Orientation(?:=\"|>)([0-9])\C*"  # as Pillow searches it; \C is any byte


def read_image(file, image_shape):
    """Decodes one image file: PNG, JPEG, BMP or GIF.

    Args:
        file: String scalar tensor.
        image_shape: `(height, width, channels)` to which the image will be scaled. A much larger JPEG file is decoded
            at a half, a quarter or an eighth of its size.

    Returns:
        uint8 tensor `(h, w, channels)`: upright, on a white background, luminance for one channel.
    """
    start = tf.strings.substr(file, 0, 4)
    found = [start == b"\x89PNG", tf.strings.substr(file, 0, 3) == b"\xff\xd8\xff"]
    found += [tf.strings.substr(file, 0, 2) == b"BM", start == b"GIF8"]
    with refusal(tf.reduce_any(found), "Expected PNG, JPEG, BMP or GIF files. Received: other bytes"):
        kind = tf.argmax(found, output_type=tf.int32)
    readers = (_read_png, lambda file, data: _read_jpeg(file, data, image_shape), _read_bmp, _read_gif)
    data = tf.io.decode_raw(file, tf.uint8)
    image = tf.switch_case(kind, [lambda reader=reader: reader(file, data) for reader in readers])
    image = tf.ensure_shape(image, (None, None, 3))
    return luminance(image) if image_shape[2] == 1 else image


def luminance(image):
    """Colour to luminance (ITU-R 601), rounded as in Pillow: uint8 `(h, w, 3)` -> `(h, w, 1)`."""
    weighted = tf.reduce_sum(tf.cast(image, tf.int32) * tf.constant(LUMINANCE), axis=-1, keepdims=True)
    return tf.cast((weighted + 0x8000) // 0x10000, tf.uint8)


def on_white(image):
    """An image with transparency on a white background, rounded as in Pillow: uint8 `(h, w, 4)` -> `(h, w, 3)`."""
    colour, alpha = tf.cast(image[..., :3], tf.int32), tf.cast(image[..., 3:], tf.int32)
    mixed = 128 * (colour * alpha + 255 * (255 - alpha)) + 128 * 128
    return tf.cast((mixed // 256 + mixed) // 256 // 128, tf.uint8)


def upright(image, orientation):
    """Applies an EXIF orientation, 2..8; other numbers leave the image as it is."""

    def changed(numbers, change, image):
        return tf.cond(tf.reduce_any(orientation == tf.constant(numbers)), lambda: change(image), lambda: image)

    image = changed([5, 6, 7, 8], lambda x: tf.transpose(x, (1, 0, 2)), image)
    image = changed([3, 4, 7, 8], lambda x: tf.reverse(x, [0]), image)
    return changed([2, 3, 6, 7], lambda x: tf.reverse(x, [1]), image)


# -- formats ----------------------------------------------------------------------------------------------------------


def _read_png(file, data):
    depth, colour = _number(data, 24, 1), _number(data, 25, 1)
    exif, xmp, packed, transparent = _png_chunks(file, data)
    grey, deep = colour == 0, depth == 16
    orientation = _orientation(file, data, exif, xmp)
    with (
        refusal(~packed, "Expected PNG files with EXIF data in a chunk eXIf, and XMP data not compressed. Received: "),
        refusal(~(deep & transparent), "Expected PNG files of 16 bits without a transparent colour. Received: one"),
    ):
        image = tf.cond(
            grey & deep,
            lambda: (tf.cast(tf.io.decode_png(file, 3, tf.uint16), tf.int32) + 128) // 257,
            lambda: tf.cond(
                transparent | (colour >= 4),
                lambda: tf.cast(on_white(tf.io.decode_png(file, 4)), tf.int32),
                lambda: tf.cast(tf.io.decode_png(file, 3), tf.int32),
            ),
        )
    return upright(tf.cast(image, tf.uint8), orientation)


def _read_jpeg(file, data, image_shape):
    size = tf.image.extract_jpeg_shape(file)[:2]
    scale = tf.reduce_min(size) // (2 * max(image_shape[:2]))  # as read_image asks the decoder of Pillow
    image = tf.switch_case(
        tf.argmax(scale >= tf.constant([*_JPEG_SCALES[:-1], -1]), output_type=tf.int32),
        [
            # Pillow has the accurate transform, too.
            lambda ratio=ratio: tf.io.decode_jpeg(file, 3, ratio=ratio, dct_method="INTEGER_ACCURATE")
            for ratio in _JPEG_SCALES
        ],
    )
    return upright(image, _orientation(file, data, *_jpeg_segments(file, data)))


def _read_bmp(file, data):
    header, bits, compression = _number(data, 14, 4, "little"), _number(data, 28, 2, "little"), _number(data, 30, 4)
    message = "Expected BMP files of 24 bits per pixel without compression (or PNG files). Received: bits ="
    with refusal((header >= 40) & (bits == 24) & (compression == 0), message, bits):
        return tf.io.decode_bmp(file, 3)


def _read_gif(file, data):
    message = "Expected GIF files without transparency whose first frame fills the image (or PNG files). Received: "
    with refusal(_is_plain_gif(data), message + "another one"):
        return tf.io.decode_gif(file)[0]


# -- headers ----------------------------------------------------------------------------------------------------------


def _number(data, start, length, order="big"):
    """The integer in `length` bytes of `data`, below zero above 2**31; bytes behind the end repeat the last one."""
    places = range(length - 1, -1, -1) if order == "big" else range(length)
    found = tf.gather(data, tf.clip_by_value(start + tf.range(length), 0, tf.size(data) - 1))
    return tf.reduce_sum(tf.cast(found, tf.int32) * tf.constant([256**place for place in places]))


def _is_text(file, start, text):
    return tf.strings.substr(file, tf.minimum(start, tf.strings.length(file)), len(text)) == text


def _png_chunks(file, data):
    """Places of the EXIF data (0: none) and of the chunk with XMP data, and whether either is compressed; whether a
    colour is transparent."""
    end = tf.size(data)

    def step(position, exif, xmp, packed, transparent):
        length, body = tf.maximum(_number(data, position, 4), 0), position + 8
        kind = tf.strings.substr(file, tf.minimum(position + 4, end), 4)
        is_text = tf.reduce_any(kind == tf.constant([b"tEXt", b"iTXt", b"zTXt"]))
        is_xmp = is_text & _is_text(file, body, b"XML:com.adobe.xmp\0")
        is_packed = (kind == b"zTXt") | ((kind == b"iTXt") & (_number(data, body + 18, 1) != 0))
        raw = is_text & (_is_text(file, body, b"Raw profile type exif\0") | _is_text(file, body, b"exif\0"))
        return (
            tf.where(length < end - body, body + length + 4, end),
            tf.where(kind == b"eXIf", body, exif),
            tf.where(is_xmp, tf.stack([body, length]), xmp),
            packed | raw | (is_xmp & is_packed),
            transparent | (kind == b"tRNS"),
        )

    state = (tf.constant(8), tf.constant(0), tf.constant([0, 0]), tf.constant(False), tf.constant(False))
    return tf.while_loop(lambda position, *_: position < end, step, state)[1:]


def _jpeg_segments(file, data):
    """Places of the EXIF data (0: none) and of the segment with XMP data."""
    end = tf.size(data)

    def step(position, exif, xmp):
        marker, length = _number(data, position + 1, 1), _number(data, position + 2, 2)
        is_marker = (_number(data, position, 1) == 0xFF) & (marker != 0xFF) & (marker != 0)
        body, is_app1 = position + 4, is_marker & (marker == 0xE1)
        is_exif = is_app1 & _is_text(file, body, b"Exif\0\0") & (exif == 0)
        is_xmp = is_app1 & _is_text(file, body, b"http://ns.adobe.com/xap/1.0/\0")
        last = is_marker & ((marker == 0xDA) | (marker == 0xD9))  # of the headers: pixels follow
        following = tf.where(is_marker, position + 2 + tf.maximum(length, 2), position + 1)
        return (
            tf.where(last, end, following),
            tf.where(is_exif, body + 6, exif),
            tf.where(is_xmp, tf.stack([body, length - 2]), xmp),
        )

    state = (tf.constant(2), tf.constant(0), tf.constant([0, 0]))
    return tf.while_loop(lambda position, *_: position < end - 4, step, state)[1:]


def _orientation(file, data, exif, xmp):
    """The orientation in EXIF data, else in XMP data, else 0; `exif` and `xmp` are their places in the file."""
    found = tf.cond(exif > 0, lambda: _exif_orientation(file, data, exif), lambda: tf.constant(0))
    return tf.cond((found == 0) & (xmp[1] > 0), lambda: _xmp_orientation(file, xmp), lambda: found)


def _exif_orientation(file, data, start):
    little = _is_text(file, start, b"II")

    def number(place, length):
        return tf.where(little, _number(data, place, length, "little"), _number(data, place, length))

    entries = start + number(start + 4, 4) + 2

    def step(index, found):
        place = entries + 12 * index  # tag, type, count, value
        kind = number(place + 2, 2)
        value = tf.where(kind == 4, number(place + 8, 4), number(place + 8, 2))
        known = (number(place, 2) == _EXIF_ORIENTATION) & ((kind == 3) | (kind == 4))
        return index + 1, tf.where(known, value, found)

    inside = tf.minimum(number(entries - 2, 2), (tf.size(data) - entries) // 12)
    return tf.while_loop(lambda index, _: index < inside, step, (tf.constant(0), tf.constant(0)))[1]


def _xmp_orientation(file, place):
    text = tf.strings.substr(file, place[0], place[1])
    digit = tf.strings.regex_replace(text, _XMP_ORIENTATION, r"\1")
    return tf.strings.to_number(tf.where(tf.strings.length(digit) == 1, digit, "0"), tf.int32)


def _is_plain_gif(data):
    """Whether the first frame of a GIF file is opaque and has the size of the image."""
    end, flags = tf.size(data), _number(data, 10, 1)
    colours = tf.where(flags >= 128, 3 * tf.bitwise.left_shift(2, tf.bitwise.bitwise_and(flags, 7)), 0)

    def is_block(position):
        return (position < end) & (_number(data, position, 1) == 0x21)

    def step(position, transparent):
        is_control = _number(data, position + 1, 1) == 0xF9
        clear = is_control & (tf.bitwise.bitwise_and(_number(data, position + 3, 1), 1) == 1)
        part = tf.while_loop(  # a block ends with a part of length 0
            lambda place: (place < end) & (_number(data, place, 1) > 0),
            lambda place: (place + 1 + _number(data, place, 1),),
            (position + 2,),
        )[0]
        return part + 1, tf.where(is_control, clear, transparent)

    position, transparent = tf.while_loop(
        lambda position, _: is_block(position), step, (13 + colours, tf.constant(False))
    )
    frame = [_number(data, position + 1 + 2 * side, 2, "little") for side in range(4)]
    wanted = [0, 0, _number(data, 6, 2, "little"), _number(data, 8, 2, "little")]
    return ~transparent & tf.reduce_all(tf.stack(frame) == tf.stack(wanted))
