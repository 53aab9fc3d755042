"""Weight files: read completely or not at all, written without optimizer state, as small as a preset asks for."""

import io
import tempfile
import warnings
import zipfile
from pathlib import Path


def load_weights(model, path):
    """Loads a `.weights.h5` file completely or not at all.

    Raises:
        ValueError: If the file is damaged or belongs to another architecture; the model is unchanged then.
    """
    before = model.get_weights()
    try:
        with warnings.catch_warnings():  # about optimizers that are not in the file, and details of a failure
            warnings.simplefilter("ignore")
            model.load_weights(path)
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        model.set_weights(before)
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(
            f"Expected {Path(path).name} to be a whole weight file of this {model.model_name}. Received: {first_line}"
        ) from error


def write_weights(model, path, half_precision=False, averages_only=False):
    """Writes a `.weights.h5` file without optimizer state; returns a float32 copy of the model that has loaded it."""
    import h5py

    copy = model.float32_copy()
    if averages_only and getattr(copy, "average", None):
        copy.average.replace()
    with tempfile.TemporaryDirectory(dir=Path(path).parent) as scratch:
        # The file is made in memory and then written, so that a full disk is an OSError: HDF5 raises other errors when
        # it cannot write.
        whole = Path(scratch) / "whole.keras"
        copy.save(whole)
        with zipfile.ZipFile(whole) as archive:
            stored = io.BytesIO(archive.read("model.weights.h5"))
    buffer = io.BytesIO()
    with h5py.File(stored, "r") as source, h5py.File(buffer, "w") as target:
        _copy_h5(source, target, _rounding(model) if half_precision else None, {})
    Path(path).write_bytes(buffer.getvalue())
    load_weights(copy, path)
    return copy


def _rounding(model):
    """The dtype that the kernels of `model` are rounded to before they are stored as float16.

    A model of `mixed_bfloat16` was trained with products that see 8 significant bits of a kernel. float16 has 11; the
    other three only make the file larger, as they do not compress.
    """
    return "bfloat16" if model.dtype_policy.compute_dtype == "bfloat16" else "float16"


def _copy_h5(source, target, rounding, stored):
    """Copies groups and datasets, compressed, equal arrays once.

    Args:
        source: HDF5 group to read.
        target: HDF5 group to write.
        rounding: `None` copies the values. `"float16"` stores arrays as float16 if they are in its range, and
            `"bfloat16"` rounds those of two and more axes to bfloat16 before.
        stored: Dict of the arrays that are written already.
    """
    import h5py
    import numpy as np

    for key, value in source.attrs.items():
        target.attrs[key] = value
    for key, item in source.items():
        if isinstance(item, h5py.Group):
            _copy_h5(item, target.create_group(key), rounding, stored)
            continue
        data = item[()]
        # Scalars stay as they are: one may be a count of steps, and float16 has no 2049.
        if rounding and data.ndim and data.dtype == np.float32:
            with np.errstate(over="ignore"):
                half = data.astype(rounding if data.ndim > 1 else "float16").astype("float16")
            data = half if np.all(np.isfinite(half)) else data
        content = (data.dtype.str, data.shape, data.tobytes())
        if content in stored:
            target[key] = stored[content]  # a hard link, which Keras reads like any other array
            continue
        compressed = {"compression": "gzip", "compression_opts": 9, "shuffle": True, "chunks": data.shape}
        compressed = compressed if data.size > 1 else {}  # one chunk for all of it is smaller than many
        stored[content] = target.create_dataset(key, data=data, **compressed)
