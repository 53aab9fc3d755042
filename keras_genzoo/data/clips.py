"""Clips: animated images, read and written by Pillow, and videos, by imageio. Sound is left out."""

import math
from pathlib import Path

import numpy as np

ANIMATIONS = (".gif",)
VIDEOS = (".mp4", ".mov", ".webm", ".avi", ".mkv")
WRITTEN = (".gif", ".mp4")
DEFAULT_MS = 100  # of a frame of an animation that states no duration
GIF_UNIT, GIF_LEAST = 10, 20  # milliseconds: durations are multiples of the first, and browsers slow down shorter ones


def is_clip(path):
    """Whether a path is that of a clip, by its suffix.

    Example:

    >>> is_clip("a.MP4"), is_clip("a.png")
    (True, False)
    """
    return Path(path).suffix.lower() in (*ANIMATIONS, *VIDEOS)


def check_clip_output(path):
    """Raises `ValueError` unless a clip can be written to this path."""
    if Path(path).suffix.lower() not in WRITTEN:
        raise ValueError(f"Expected --out as a {' or '.join(WRITTEN)} file for a clip. Received: {str(path)!r}")


def read_frames(path, channels=3):
    """The frames of a clip, one after another.

    Args:
        path: File of an animated GIF, or of a video, which needs imageio with its plugin for FFmpeg.
        channels: 1 (luminance) or 3.

    Returns:
        Generator of pairs: a uint8 frame `(height, width, channels)`, and the milliseconds that it is shown.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read to its end.
        ImportError: For a video, if imageio is not installed.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"Expected the path of a clip. Received: {str(path)!r}, which does not exist")
    if path.suffix.lower() in ANIMATIONS:
        return _whole(path, lambda: _animation(path, channels))
    imageio = _imageio()
    return _whole(path, lambda: _video(imageio, path, channels))


def write_frames(path, frames):
    """Writes a clip; nothing is left of one that was not finished.

    Args:
        path: `.gif` or `.mp4` file to write. A GIF is kept in memory until it is whole, a byte a pixel.
        frames: Iterable of pairs: a uint8 frame `(height, width, 1 or 3)`, all of one size, and the milliseconds that
            it is shown. In a GIF, frames of less than 20 milliseconds are joined with the next ones; a video repeats
            frames that are shown longer, and, of odd sides, the last row or column, which its codec needs.

    Returns:
        Path of the file.

    Raises:
        ValueError: If there are no frames.
        ImportError: For a video, if imageio is not installed.
    """
    from keras_genzoo.utils.atomic import write_atomically

    if Path(path).suffix.lower() == ".gif":
        return write_atomically(path, lambda file: _write_animation(file, frames))
    imageio = _imageio()
    return write_atomically(path, lambda file: _write_video(imageio, file, frames), suffix=".mp4")


def _whole(path, begin):
    """The items of the generator that `begin` gives; what ends it early is a `ValueError` that names the file."""
    number = 0
    try:
        for item in begin():
            yield item
            number += 1
    except Exception as error:  # of decoders, of many kinds
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise ValueError(
            f"Expected a clip that can be read to its end. Received: {str(path)!r}, after {number} frames ({reason})"
        ) from error


def _animation(path, channels):
    from PIL import Image, ImageSequence

    from keras_genzoo.data.pixels import opaque

    with Image.open(path) as image:
        for frame in ImageSequence.Iterator(image):
            milliseconds = int(frame.info.get("duration") or DEFAULT_MS)
            pixels = np.asarray(opaque(frame).convert("L" if channels == 1 else "RGB"))
            yield pixels.reshape(*pixels.shape[:2], channels), milliseconds


def _write_animation(file, frames):
    from PIL import Image

    images, durations = [], []
    for frame, milliseconds in _in_units(frames):
        image = Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame)
        images.append(image if image.mode == "L" else image.quantize())
        durations.append(milliseconds)
    if not images:
        raise ValueError("Expected a clip of at least one frame. Received: none")
    first, *others = images
    first.save(file, format="GIF", save_all=True, append_images=others, duration=durations, loop=0)


def _in_units(frames):
    """Frames with durations that a GIF can have, which keep the time of the whole."""
    time = told = 0.0
    waiting = None
    for frame, milliseconds in frames:
        waiting = frame if waiting is None else waiting
        time += milliseconds
        shown = GIF_UNIT * round((time - told) / GIF_UNIT)
        if shown >= GIF_LEAST:
            yield waiting, shown
            told, waiting = told + shown, None
    if waiting is not None:
        yield waiting, GIF_LEAST


def _imageio():
    try:
        import imageio.v2 as imageio
        import imageio_ffmpeg  # noqa: F401 (the plugin that reads and writes videos)
    except ImportError:
        raise ImportError(
            "Expected imageio for videos. Received: none; pip install 'keras_genzoo[video]', or use a .gif file"
        ) from None
    return imageio


def _video(imageio, path, channels):
    from keras_genzoo.data.pixels import to_channels

    with imageio.get_reader(path, format="FFMPEG") as reader:
        milliseconds = 1000.0 / reader.get_meta_data()["fps"]
        for frame in reader:
            yield to_channels(np.asarray(frame)[None], channels)[0], milliseconds


def _write_video(imageio, file, frames):
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise ValueError("Expected a clip of at least one frame. Received: none")
    step, frames = _step(first, frames)
    options = dict(format="FFMPEG", mode="I", fps=1000.0 / step, macro_block_size=2)
    with imageio.get_writer(file, **options) as writer:
        for frame, milliseconds in frames:
            for _ in range(max(1, round(milliseconds / step))):
                writer.append_data(_even(frame))


def _step(first, frames):
    """Milliseconds of a frame of a video, and all frames: those of the first, or, of several lengths, their divisor."""
    _, milliseconds = first
    if not isinstance(milliseconds, int):  # of a video, whose frames are equally long
        return milliseconds, _chained(first, frames)
    pairs = [first, *frames]
    return math.gcd(*(round(each) for _, each in pairs)), pairs


def _chained(first, others):
    yield first
    yield from others


def _even(frame):
    """A colour frame of even sides."""
    frame = np.repeat(frame, 3, axis=-1) if frame.shape[-1] == 1 else frame
    return np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), mode="edge")
