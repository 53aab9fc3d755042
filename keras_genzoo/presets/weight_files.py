"""Weight files: read completely or not at all, written without optimizer state, as small as a preset asks for."""

import io
import tempfile
import warnings
import zipfile
from pathlib import Path


def load_weights(model, path):
    """Loads a `.weights.h5` file completely or not at all.

    Raises:
        ValueError: If the file is damaged or has layers or shapes of another architecture; the model is unchanged then.
            Which model it is of, the file does not say: a preset folder does.
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
    if half_precision:
        _round_kernels(copy, model)
    with tempfile.TemporaryDirectory(dir=Path(path).parent) as scratch:
        # The file is made in memory and then written, so that a full disk is an OSError: HDF5 raises other errors when
        # it cannot write.
        whole = Path(scratch) / "whole.keras"
        copy.save(whole)
        with zipfile.ZipFile(whole) as archive:
            stored = io.BytesIO(archive.read("model.weights.h5"))
    buffer = io.BytesIO()
    with h5py.File(stored, "r") as source, h5py.File(buffer, "w") as target:
        _copy_h5(source, target, half_precision, {})
    Path(path).write_bytes(buffer.getvalue())
    load_weights(copy, path)
    return copy


def _round_kernels(copy, model):
    """Rounds the kernels of a float32 copy whose layers compute in bfloat16 in the model.

    Their products see 8 significant bits. float16 has 11, and the other three only make a file larger, as they do not
    compress. Other arrays, such as the codes of a quantizer, may lie close together and far from zero: they keep
    theirs, and so do weights of which a layer computes its kernel.
    """
    import keras
    import numpy as np
    from keras import ops

    for rounded, layer in zip(copy._flatten_layers(), model._flatten_layers(), strict=True):
        kernel = None if isinstance(layer, keras.Model) else getattr(rounded, "kernel", None)
        is_weight = any(kernel is weight for weight in rounded.weights)
        if is_weight and layer.compute_dtype == "bfloat16":
            seen = ops.cast(ops.cast(kernel, "bfloat16"), "float32")
            if ops.max(ops.abs(seen)) < np.finfo(np.float16).max:  # or it is stored as it is
                kernel.assign(seen)


def _copy_h5(source, target, half_precision, stored):
    """Copies groups and datasets, compressed, equal arrays once; with `half_precision`, as float16 if in its range."""
    import h5py
    import numpy as np

    for key, value in source.attrs.items():
        target.attrs[key] = value
    for key, item in source.items():
        if isinstance(item, h5py.Group):
            _copy_h5(item, target.create_group(key), half_precision, stored)
            continue
        data = item[()]
        # Scalars stay as they are: one may be a count of steps, and float16 has no 2049.
        half = half_precision and data.ndim and data.dtype == np.float32
        if half and np.all(np.abs(data) < np.finfo(np.float16).max):
            data = data.astype("float16")
        content = (data.dtype.str, data.shape, data.tobytes())
        if content in stored:
            target[key] = stored[content]  # a hard link, which Keras reads like any other array
            continue
        # In one chunk, an array compresses better than in many; scalars and empty arrays have none.
        options = {"compression": "gzip", "compression_opts": 9, "shuffle": True, "chunks": data.shape}
        stored[content] = target.create_dataset(key, data=data, **(options if data.size > 1 else {}))
