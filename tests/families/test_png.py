"""Pictures inside a graph are decoded, scaled and cut as the data sources do it."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genzoo.data.pixels import read_image
from keras_genzoo.families.png import decode_images, encode_png


def picture(mode, size, kind="PNG"):
    """Bytes of a picture with soft and hard edges."""
    rng = np.random.default_rng(size[0])
    height, width = size[1], size[0]
    wave = 127 + 120 * np.sin(np.arange(width) / 5)[None, :, None] * np.cos(np.arange(height) / 7)[:, None, None]
    pixels = np.clip(wave + rng.normal(0, 15, (height, width, 3)), 0, 255).astype("uint8")
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("size", [(16, 17), (33, 40), (64, 20), (9, 70), (8, 8)])
@pytest.mark.parametrize("channels", [1, 3])
def test_decoded_pictures_are_those_of_the_data_sources(size, channels):
    file = picture("RGB" if channels == 3 else "L", size)
    expected = read_image(file, (17, 16), channels).astype("int32")
    received = decode_images(tf.constant([file]), (17, 16, channels)).numpy()
    assert received.dtype == np.uint8 and received.shape == (1, 17, 16, channels)
    # Pillow has coefficients of limited precision and rounds between the two directions.
    assert np.abs(received[0] - expected).max() <= 3


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("mode", "kind"), [("RGB", "JPEG"), ("L", "JPEG"), ("L", "PNG"), ("RGB", "BMP"), ("P", "GIF")])
def test_other_formats_and_channels_are_taken(mode, kind, channels):
    file = picture(mode, (40, 40), kind)
    received = decode_images(tf.constant([file, file]), (8, 8, channels)).numpy().astype("int32")
    assert np.abs(received[0] - read_image(file, (8, 8), channels)).max() <= 4
    assert (received[0] == received[1]).all()


def test_colour_becomes_luminance():
    file = picture("RGB", (16, 16))
    received = decode_images(tf.constant([file]), (16, 16, 1)).numpy()[0].astype("int32")
    assert np.abs(received - read_image(file, (16, 16), 1)).max() <= 2


def test_png_keeps_every_pixel():
    images = np.random.default_rng(0).integers(0, 256, (3, 9, 8, 3), dtype=np.uint8)
    files = encode_png(images)
    assert files.dtype == tf.string and files.shape == (3,)
    assert (decode_images(files, (9, 8, 3)).numpy() == images).all()
    for file, image in zip(files.numpy(), images, strict=True):
        assert (np.asarray(Image.open(io.BytesIO(file))) == image).all()


def test_no_pictures_give_no_images():
    assert decode_images(tf.constant([], tf.string), (9, 8, 3)).shape == (0, 9, 8, 3)
    assert encode_png(np.zeros((0, 9, 8, 3), "uint8")).shape == (0,)


def test_bytes_that_are_no_picture_are_an_error():
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode_images(tf.constant([b"text"]), (9, 8, 3))
