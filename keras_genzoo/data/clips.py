"""Clips: animated images, read and written by Pillow, and videos, by imageio."""

from pathlib import Path

import numpy as np

ANIMATIONS = (".gif",)
VIDEOS = (".mp4", ".mov", ".webm", ".avi", ".mkv")
WRITTEN = (".gif", ".mp4")
DEFAULT_MS = 100  # of a frame of an animation that states no duration


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
        Tuple of a generator of uint8 frames `(height, width, channels)` and the milliseconds that each is shown.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read.
        ImportError: For a video, if imageio is not installed.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"Expected the path of a clip. Received: {str(path)!r}, which does not exist")
    return (_animation if path.suffix.lower() in ANIMATIONS else _video)(path, channels)


def write_frames(path, frames, milliseconds):
    """Writes a clip; nothing is left of one that was not finished.

    Args:
        path: `.gif` or `.mp4` file to write.
        frames: Iterable of uint8 frames `(height, width, 1 or 3)` of one size. A video of odd sides repeats its last
            row or column, which its codec needs.
        milliseconds: How long each frame is shown.

    Returns:
        Path of the file.

    Raises:
        ImportError: For a video, if imageio is not installed.
    """
    from keras_genzoo.utils.atomic import write_atomically

    if Path(path).suffix.lower() == ".gif":
        return write_atomically(path, lambda file: _write_animation(file, frames, milliseconds))
    imageio = _imageio()
    return write_atomically(path, lambda file: _write_video(imageio, file, frames, milliseconds), suffix=".mp4")


def _animation(path, channels):
    from PIL import Image, ImageSequence, UnidentifiedImageError

    from keras_genzoo.data.pixels import opaque

    try:
        image = Image.open(path)
    except UnidentifiedImageError:
        raise ValueError(f"Expected an animated image. Received: {str(path)!r}, which is no image") from None

    def frames():
        with image:
            for frame in ImageSequence.Iterator(image):
                pixels = np.asarray(opaque(frame).convert("L" if channels == 1 else "RGB"))
                yield pixels.reshape(*pixels.shape[:2], channels)

    return frames(), image.info.get("duration") or DEFAULT_MS


def _write_animation(file, frames, milliseconds):
    from PIL import Image

    first, *others = [Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame) for frame in frames]
    options = dict(format="GIF", save_all=True, append_images=others, duration=milliseconds, loop=0)
    first.save(file, **options)


def _imageio():
    try:
        import imageio.v2 as imageio
        import imageio_ffmpeg  # noqa: F401 (the plugin that reads and writes videos)
    except ImportError:
        raise ImportError(
            "Expected imageio for videos. Received: none; pip install 'keras_genzoo[video]', or use a .gif file"
        ) from None
    return imageio


def _video(path, channels):
    from keras_genzoo.data.pixels import to_channels

    try:
        reader = _imageio().get_reader(path, format="FFMPEG")
    except (OSError, RuntimeError, ValueError, IndexError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise ValueError(f"Expected a video that FFmpeg reads. Received: {str(path)!r} ({reason})") from error

    def frames():
        with reader:
            for frame in reader:
                yield to_channels(np.asarray(frame)[None], channels)[0]

    return frames(), 1000.0 / reader.get_meta_data()["fps"]


def _write_video(imageio, file, frames, milliseconds):
    with imageio.get_writer(file, format="FFMPEG", mode="I", fps=1000.0 / milliseconds, macro_block_size=2) as writer:
        for frame in frames:
            writer.append_data(_even(frame))


def _even(frame):
    """A colour frame of even sides."""
    frame = np.repeat(frame, 3, axis=-1) if frame.shape[-1] == 1 else frame
    return np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), mode="edge")
