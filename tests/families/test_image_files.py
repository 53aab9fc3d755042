"""The two readers of image files, that of the data sources and that of exported graphs, against each other."""

import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genzoo.data.pixels import read_image
from keras_genzoo.families import image_files
from keras_genzoo.families.png import decode_images

SHAPE = (16, 14, 3)
DECODE = tf.function(lambda files: decode_images(files, SHAPE))
READ = {n: tf.function(lambda file, n=n: image_files.read_image(file, (16, 14, n))) for n in (1, 3)}  # not yet scaled


def levels(*shape, high=256, seed=0):
    return np.random.default_rng(seed).integers(0, high, shape)


def image(mode="RGB", width=SHAPE[1], height=SHAPE[0]):
    """An image of noise, all bits and all transparencies used."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    pixels = levels(height, width, channels).astype("uint8")
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels, mode)


def saved(picture, kind="PNG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def with_exif(orientation, order="<", kind="JPEG"):
    exif = Image.Exif()
    exif.endian = order
    exif[0x010F] = "maker"  # another tag before it
    exif[0x0112] = orientation
    return saved(image(), kind, exif=exif)


def with_chunk(kind, body):
    """A PNG file with a further chunk before its pixels."""
    file = saved(image())
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return file[:33] + chunk + file[33:]


def with_xmp(orientation, kind="JPEG"):
    text = f'<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'
    if kind == "JPEG":
        return saved(image(), kind, xmp=text.encode())
    return with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + text.encode())


def palette(kind="PNG", **options):
    picture = Image.fromarray(levels(16, 14, high=4).astype("uint8"), "P")
    picture.putpalette([10, 20, 30, 200, 100, 50, 255, 255, 0, 0, 0, 255])
    return saved(picture, kind, **options)


def deep():
    return Image.fromarray(levels(16, 14, high=65536).astype("uint16"))


def deep_colour(channels):
    """A PNG file with 16 bits per channel, which Pillow reads but does not write."""
    pixels = levels(16, 14, channels, high=65536).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", 14, 16, 16, {2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def interlaced():
    """An interlaced PNG file (Adam7), which Pillow reads but does not write."""
    pixels = levels(16, 14, 3).astype("uint8")
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = [pixels[y::dy, x::dx] for y, x, dy, dx in passes]
    content = b"".join(b"\0" + row.tobytes() for part in rows for row in part)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 14, 16, 8, 2, 0, 0, 1)),
        (b"IDAT", zlib.compress(content)),
        (b"IEND", b""),
    ]
    parts = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def animation():
    return saved(image().convert("P"), "GIF", save_all=True, append_images=[image().convert("P").rotate(180)])


EQUAL = {
    "RGB": saved(image()),
    "RGBA": saved(image("RGBA")),
    "LA": saved(image("LA")),
    "grey with a transparent level": saved(image("L"), transparency=77),
    "colour with a transparent one": saved(image(), transparency=tuple(levels(16, 14, 3)[3, 4].tolist())),
    "one bit": saved(image("L").convert("1")),
    "palette": palette(),
    "palette with tRNS": palette(transparency=b"\x00\x80\xff\x10"),
    "palette with one transparent colour": palette(transparency=2),
    "16-bit grey": saved(deep()),
    "16-bit grey with alpha": deep_colour(2),
    "16-bit colour": deep_colour(3),
    "16-bit colour with alpha": deep_colour(4),
    "interlaced": interlaced(),
    "grey JPEG": saved(image("L"), "JPEG"),
    "JPEG with reduced colour": saved(image(), "JPEG", subsampling=2),
    "progressive JPEG": saved(image(), "JPEG", progressive=True),
    "CMYK JPEG": saved(image("CMYK"), "JPEG"),
    "BMP": saved(image(), "BMP"),
    "GIF": saved(image().convert("P"), "GIF"),
    "interlaced GIF": saved(image().convert("P"), "GIF", interlace=True),
    "animated GIF": animation(),
    **{f"EXIF {number}": with_exif(number) for number in range(1, 9)},
    "EXIF of the other byte order": with_exif(6, ">"),
    "EXIF without a known orientation": with_exif(9),
    "EXIF in PNG": with_exif(8, kind="PNG"),
    "XMP in JPEG": with_xmp(6),
    "XMP in PNG": with_xmp(3, "PNG"),
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", EQUAL)
def test_files_are_read_as_by_the_data_sources(name, channels):
    file = EQUAL[name]
    expected = read_image(file, None, channels)
    received = READ[channels](tf.constant(file)).numpy()
    assert received.shape == expected.shape and received.dtype == np.uint8
    # Inks are multiplied, which the decoders round in different ways.
    assert np.abs(received.astype(int) - expected).max() <= (name == "CMYK JPEG")


REFUSED = {
    "palette BMP": (saved(image().convert("P"), "BMP"), "Expected BMP files of 24 bits"),
    "BMP of 32 bits": (saved(image("RGBA"), "BMP"), "Expected BMP files of 24 bits"),
    "transparent GIF": (palette("GIF", transparency=2), "Expected GIF files without transparency"),
    "compressed XMP": (
        with_chunk(b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(b"x")),
        "Expected PNG files with EXIF",
    ),
    "EXIF as text": (with_chunk(b"tEXt", b"Raw profile type exif\0\nexif\n"), "Expected PNG files with EXIF"),
    "16-bit grey with a transparent level": (saved(deep(), transparency=77), "Expected PNG files of 16 bits without"),
    "TIFF": (saved(image(), "TIFF"), "Expected PNG, JPEG, BMP or GIF files"),
    "nothing": (b"", "Expected PNG, JPEG, BMP or GIF files"),
    "cut PNG": (EQUAL["RGBA"][:200], "decode|PNG"),
    "cut JPEG": (EQUAL["EXIF 6"][:300], "decode|JPEG"),
    "cut GIF": (EQUAL["GIF"][:12], "GIF"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_would_be_read_otherwise_are_refused(name):
    file, message = REFUSED[name]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        DECODE(tf.constant([file]))


def test_large_photographs_are_scaled_alike():
    soft = Image.fromarray(levels(9, 7, 3).astype("uint8")).resize((350, 420), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = 6
    for options in ({}, {"exif": exif}):
        file = saved(soft, "JPEG", quality=95, **options)
        received = DECODE(tf.constant([file])).numpy()[0].astype(int)
        assert np.abs(received - read_image(file, (16, 14), 3)).max() <= 3


def test_every_transparency_is_rounded_as_in_pillow():
    colour, alpha = np.meshgrid(np.arange(256), np.arange(256))
    pixels = np.stack([colour, colour, colour, alpha], axis=-1).astype("uint8")
    assert (image_files.on_white(pixels).numpy() == read_image(saved(Image.fromarray(pixels)), None, 3)).all()
