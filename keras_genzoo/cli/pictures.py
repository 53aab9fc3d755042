"""The files that commands write images to: what may be replaced, and how images are laid out in them."""

from collections import Counter
from pathlib import Path

from keras_genzoo.cli.typed import check_effect
from keras_genzoo.utils.own_files import BEFORE_AFTER

MAX_PAIRS = 32  # images in a grid of before and after
MAX_SHOWN = 256  # pixels of the longer side of an image in such a grid, where images differ in size


def check_output(out):
    """Raises `ValueError` unless a path is that of a PNG file or of a folder, new or not."""
    if out.suffix and not is_png(out) and not out.is_dir():
        raise ValueError(f"Expected --out as a .png file or a folder. Received: {str(out)!r}")
    folder = out.parent if is_png(out) else out
    used = next(path for path in (folder, *folder.parents) if path.exists())
    if not used.is_dir():
        raise ValueError(f"Expected --out as a .png file or a folder. Received: {str(out)!r}, and {used} is a file")


def check_png_output(out):
    """Raises `ValueError` unless a path is that of a PNG file that may be written: see `check_targets`."""
    if not is_png(out):
        raise ValueError(f"Expected --out as a .png file. Received: {str(out)!r}")
    check_output(out)
    check_targets(out)


def check_picture_or_clip(ctx, out):
    """Whether `--out` is a clip, and not a PNG file; raises an error unless such a file may be written.

    Args:
        ctx: Context of a command with options `--frame-ms` and `--scale`, which only clips have.
        out: The value of `--out`.
    """
    from keras_genzoo.data.clips import WRITTEN

    if suffix_of(out) in WRITTEN:
        check_clip_targets(None, out)
        return True
    if not is_png(out):
        raise ValueError(f"Expected --out as a .png, {' or '.join(WRITTEN)} file. Received: {str(out)!r}")
    check_png_output(out)
    check_effect(ctx, ("frame_ms", "scale"), "--out is a PNG file")
    return False


def check_image_output(out, names):
    """Raises an error unless images of these names may be written to a path."""
    check_output(out)
    check_targets(out, names)


def check_apart(source, out):
    """Raises `ValueError` if results would replace the images that they are made of, or get among them.

    Args:
        source: The value of `--input`.
        out: The value of `--out`.
    """
    from keras_genzoo.data.named import is_image_file
    from keras_genzoo.data.sources import parse_source
    from keras_genzoo.data.views import unviewed

    if is_image_file(source):
        file = Path(unviewed(source)[1]).expanduser()
        target = out if is_png(out) else out / f"{file.stem}.png"
        if target.exists() and target.samefile(file):
            raise ValueError(f"Expected --out apart from --input, which it would replace. Received: {str(target)!r}")
        return
    kind, folder = parse_source(unviewed(source)[1])
    if kind == "folder" and Path(folder).expanduser().resolve() in (out.resolve(), *out.resolve().parents):
        raise ValueError(
            "Expected --out outside of the folder of --input, whose images it would replace or join. "
            f"Received: --input {source} --out {out}"
        )


def check_targets(out, names=()):
    """Raises `ValueError` if a file would be written twice, and `FileExistsError` if one exists that is not of ours.

    Args:
        out: PNG file or folder.
        names: Names of the files in a folder, without suffix.
    """
    counts = Counter(name.casefold() for name in names)  # some systems of files do not tell cases apart
    twice = next((name for name, count in counts.items() if count > 1), None)
    if twice is not None and not is_png(out):
        raise ValueError(
            f"Expected images of names other than {BEFORE_AFTER}, or --out as a .png file: the grid of before and "
            f"after has this name. Received: an image called {twice}"
        )
    from keras_genzoo import plots

    for path in [out] if is_png(out) else [out / f"{name}.png" for name in names]:
        if path.exists() and not plots.is_own(path):
            raise FileExistsError(
                "Expected --out to replace only images that keras-genzoo has made. "
                f"Received: {str(path)!r}, which exists and is another file"
            )


def save(images, out, names, columns=None, before=None):
    """Writes images.

    Args:
        images: uint8 `(n, height, width, channels)`.
        out: PNG file: the image itself if there is one that was made of another, or else a grid. A folder: one file per
            image, and `before_after.png` if there are images before.
        names: Names of the files in a folder, without suffix.
        columns: Images in a row of a grid; `None` chooses.
        before: The images that these were made of, or `None`.
    """
    from keras_genzoo import plots

    if is_png(out):
        if before is not None and len(images) == 1:
            plots.save_grid(images, out, scale=1, gap=0)
        elif before is not None:
            plots.save_pairs(before, images, out)
        else:
            plots.save_grid(images, out, columns)
        return
    for name, image in zip(names, images, strict=True):
        plots.save_grid(image[None], out / f"{name}.png", scale=1, gap=0)
    if before is not None:
        plots.save_pairs(before[:MAX_PAIRS], images[:MAX_PAIRS], out / f"{BEFORE_AFTER}.png")


def save_image(image, path):
    """Writes one image, uint8 `(height, width, channels)`, as it is."""
    from keras_genzoo import plots

    plots.save_grid(image[None], path, scale=1, gap=0)


def thumbnail(image):
    """An image, uint8 `(height, width, channels)`, whose longer side has at most `MAX_SHOWN` pixels."""
    import numpy as np
    from PIL import Image

    if max(image.shape[:2]) <= MAX_SHOWN:
        return image
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    picture.thumbnail((MAX_SHOWN, MAX_SHOWN), Image.Resampling.LANCZOS)
    return np.asarray(picture).reshape(picture.height, picture.width, image.shape[-1])


def save_before_after(pairs, path):
    """Writes a grid of pairs of images, each pair of one size, all set on white.

    Args:
        pairs: List of pairs of uint8 images `(height, width, channels)`.
        path: PNG file to write.
    """
    import numpy as np

    from keras_genzoo import plots

    height, width = (max(first.shape[axis] for first, _ in pairs) for axis in (0, 1))

    def shown(image):
        white = np.full((height, width, image.shape[-1]), 255, np.uint8)
        top, left = (height - image.shape[0]) // 2, (width - image.shape[1]) // 2
        white[top : top + image.shape[0], left : left + image.shape[1]] = image
        return white

    before, after = (np.stack([shown(image) for image in images]) for images in zip(*pairs, strict=True))
    plots.save_pairs(before, after, path)


def check_clip_targets(source, out):
    """Raises an error if a clip would replace another file, or `source`, the clip that it is made of."""
    if out.exists():
        same = source is not None and out.samefile(Path(source).expanduser())
        raise FileExistsError(
            f"Expected --out as a clip that is not there yet. Received: {str(out)!r}, which "
            f"{'is --input' if same else 'exists'}"
        )
    check_folder_of(out)


def check_folder_of(path):
    """Raises `ValueError` unless the folder of a file exists or can be made."""
    used = next(each for each in path.absolute().parents if each.exists())
    if not used.is_dir():
        raise ValueError(f"Expected a file in a folder. Received: {str(path)!r}, and {used} is a file")


def is_png(out):
    """Whether a path is that of a PNG file and not of a folder."""
    return suffix_of(out) == ".png"


def suffix_of(path):
    """The suffix of a path in lower case; `""` of a folder that exists, whatever its name."""
    return "" if path.is_dir() else path.suffix.lower()
