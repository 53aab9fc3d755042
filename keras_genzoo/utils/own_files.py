"""PNG files that this package has written, which it may replace, and which are no data."""

SOFTWARE = "keras_genzoo"  # in these files, under the keyword `Software`
BEFORE_AFTER = "before_after"  # name of the grid of images beside what was made of them, in the folder of the latter


def is_own(path):
    """Whether a file is a PNG file that `keras_genzoo.plots.save_grid` has written."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.format == "PNG" and image.info.get("Software") == SOFTWARE
    except (OSError, ValueError, SyntaxError):  # of Pillow, for what it cannot read
        return False


def is_before_after(path):
    """Whether a file is a grid of before and after: a folder of translations may be the data of the next command."""
    return path.name == f"{BEFORE_AFTER}.png" and is_own(path)
