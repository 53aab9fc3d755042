"""What the command `sample` writes of a model of points: a picture, or the points themselves."""

from keras_genzoo.cli.pictures import check_png_output, is_png, suffix_of

SUFFIX = ".npy"  # of a file of points


def is_array_file(out):
    """Whether a path is that of a NumPy file."""
    return suffix_of(out) == SUFFIX


def check_array_file(out):
    """Raises `FileExistsError` if a NumPy file would replace another file, which nobody can tell from our own."""
    if is_array_file(out) and out.exists():
        raise FileExistsError(f"Expected --out as a new .npy file. Received: {str(out)!r}, which exists")


def check_points_output(out):
    """Raises `ValueError` unless points may be written to a path."""
    if not (is_array_file(out) or is_png(out)):
        raise ValueError(f"Expected --out as a .png or .npy file for points. Received: {str(out)!r}")
    if not is_array_file(out):
        check_png_output(out)


def save_points(points, out, source):
    """Writes points as a NumPy file, float32 `(n, coordinates)`, or draws them over the modes of their source.

    Args:
        points: Float array `(n, coordinates)`.
        out: `.npy` or `.png` file.
        source: The data that the model was trained on, or `None`.
    """
    import numpy as np

    from keras_genzoo import plots
    from keras_genzoo.data.points import known_modes
    from keras_genzoo.utils.atomic import write_atomically

    if not is_array_file(out):
        plots.save_points(points, out, known_modes(source))
        return

    def write(path):
        with path.open("wb") as file:
            np.save(file, points)

    write_atomically(out, write)
