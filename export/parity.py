"""Runs an exported file in its own runtime and compares it with Keras on the same inputs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from .report import ExportError, Parity
from .runners import Runner

GREY_LEVEL = 1 / 255


def sample_inputs(
    model: Any, specs: Mapping[str, Any], num: int, seed: int = 0, images: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Draws inputs of a signature: `z` from the model's prior, `image` from given images or what the model generates.

    Args:
        model: A model of the zoo.
        specs: Input name -> `tf.TensorSpec`, as in
            `model.export_functions()[name].inputs`. Known names: `z`, `z_end`, `image`, `png`, `label`, `seed`, `num`,
            `start`, `steps`, and what ends in `_noise`.
        num: Number of samples, at least 1.
        seed: Seed of the draw.
        images: uint8 images to draw `image` from, again from the start where there are too few; `None` for what the
            model generates, or for noise where it does not.

    Returns:
        Input name -> array of the dtype in `specs`: `z` and `z_end` (num, latent_dim), `image` (num, height, width,
        channels) in [0, 1] or 0..255, `png` (num,) files of such images in two sizes, `label` (num,) all classes in
        turn, noise uniform on [0, 1) of the shape in `specs`; `seed`, `num`, `start` and `steps` are scalars.

    Raises:
        ValueError: If a name has no rule.

    Example:

    >>> import keras_genzoo
    >>> from keras_genzoo.export.parity import sample_inputs
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> sample_inputs(model, model.export_functions()["serving_default"].inputs, num=3)["z"].shape
    (3, 4)
    """
    inputs = {}
    for name, spec in specs.items():
        dtype = np.dtype(spec.dtype.as_numpy_dtype)
        if name == "z":
            value = np.asarray(model.latent_sample(num, seed))
        elif name == "z_end":
            value = np.asarray(model.latent_sample(num, seed, start=num))
        elif name == "image":
            value = _images(model, num, seed) if images is None else _drawn(images, num, seed)
            value = value if dtype == np.uint8 else value / np.float32(255.0)
        elif name == "png":
            value = [_png(image, enlarge=1 + index % 2) for index, image in enumerate(_images(model, num, seed))]
        elif name == "label":
            value = np.arange(num) % model.num_classes
        elif name.endswith("_noise"):
            value = np.random.default_rng([seed, *name.encode()]).random((num, *spec.shape[1:]), dtype="float32")
        elif name in ("seed", "num", "start", "steps"):
            value = {"seed": seed, "num": num, "start": 2, "steps": 3}[name]
        else:
            raise ValueError(
                "Expected inputs named z, z_end, image, png, label, seed, num, start, steps or ..._noise."
                f" Received: {name!r}"
            )
        inputs[name] = np.asarray(value, dtype=dtype)
    return inputs


def _images(model: Any, num: int, seed: int) -> np.ndarray:
    if hasattr(model, "generate"):
        return model.generate(num, seed=seed)
    # A model that makes no images, such as a classifier, is asked about noise.
    return np.random.default_rng(seed).integers(0, 256, (num, *model.image_shape), dtype=np.uint8)


def _drawn(images: np.ndarray, num: int, seed: int) -> np.ndarray:
    order = np.random.default_rng(seed).permutation(len(images))
    return images[np.resize(order, num)]


def _png(image: np.ndarray, enlarge: int) -> bytes:
    """A PNG file of an image, its sides `enlarge` times as long: files need not be of the model's size."""
    pixels = image.repeat(enlarge, axis=0).repeat(enlarge, axis=1)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if image.shape[2] == 1 else pixels).save(file, "PNG")
    return file.getvalue()


def decoded(files: np.ndarray) -> np.ndarray:
    """Pixels of PNG files of one size: object array of bytes `(n,)` -> uint8 `(n, height, width[, channels])`."""
    return np.stack([np.asarray(Image.open(io.BytesIO(file))) for file in files])


def compare(expected: Mapping[str, Any], received: Mapping[str, Any], num_samples: int) -> Parity:
    """Compares two sets of named outputs.

    Args:
        expected: Output name -> array, computed by Keras.
        received: Output name -> array, computed by the exported file.
        num_samples: Number of inputs behind the arrays, for the record.

    Returns:
        A `Parity`.

    Raises:
        ExportError: If names, shapes or dtypes differ.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.export.parity import compare
    >>> compare({"image": np.zeros((1, 2))}, {"image": np.array([[0.0, 0.5]])}, num_samples=1).mean_error
    0.25
    """
    if set(expected) != set(received):
        raise ExportError(f"Expected outputs {sorted(expected)} from the exported file. Received: {sorted(received)}")
    errors = []
    for name, value in expected.items():
        value, other = np.asarray(value), np.asarray(received[name])
        if value.dtype.hasobject and other.dtype.hasobject:  # files, whose pixels count
            value, other = decoded(value), decoded(other)
        if (value.shape, value.dtype) != (other.shape, other.dtype):
            raise ExportError(
                f"Expected output {name!r} of shape {value.shape} and dtype {value.dtype} from the exported file."
                f" Received: {other.shape} and {other.dtype}"
            )
        error = np.abs(value.astype("float64") - other.astype("float64"))
        if value.dtype == np.uint8:
            error *= GREY_LEVEL
        elif name != "image":
            error /= max(1.0, float(np.abs(value).max()))
        errors.append(error.ravel())
    errors = np.concatenate(errors)
    rms = float(np.sqrt(np.mean(errors**2)))
    dtype = np.asarray(next(iter(expected.values()))).dtype
    dtype = "string" if dtype.hasobject else str(dtype)
    return Parity(float(errors.max()), float(errors.mean()), rms, int(num_samples), dtype)


def check(
    model: Any,
    name: str,
    function: Any,
    runner: Runner,
    num_samples: int,
    tolerance: float | None,
    mean_tolerance: float | None = None,
    images: np.ndarray | None = None,
) -> Parity:
    """Compares one signature of an exported file with Keras on inputs that the model draws itself.

    Args:
        model: The model that draws the inputs.
        name: The signature's name.
        function: The `ExportFunction` behind it, of the float32 copy that was exported.
        runner: Calls the file's signature: inputs by name -> outputs by name.
        num_samples: Number of inputs.
        tolerance: Largest error allowed, in [0, 1] pixels; `uint8` outputs and PNG files may differ by one grey level
            more, because rounding turns the smallest difference into a whole level. `None`: errors are only reported.
        mean_tolerance: Largest mean error allowed, if any.
        images: See `sample_inputs`.

    Returns:
        A `Parity`.

    Raises:
        ExportError: If an error is above its tolerance or not a number.
    """
    inputs = sample_inputs(model, function.inputs, num_samples, images=images)
    expected = {key: np.asarray(value) for key, value in function.function(**inputs).items()}
    parity = compare(expected, runner(inputs), num_samples)
    limit = np.inf if tolerance is None else tolerance + (GREY_LEVEL if parity.dtype in ("uint8", "string") else 0.0)
    if not (parity.max_error <= limit and np.isfinite(parity.max_error)):
        raise ExportError(
            f"Expected signature {name!r} of the exported file to agree with Keras within {limit:.2g} of the pixel"
            f" range. Received: a maximal error of {parity.max_error:.2g}. Nothing was written."
        )
    if mean_tolerance is not None and parity.mean_error > mean_tolerance:
        raise ExportError(
            f"Expected signature {name!r} of the exported file to agree with Keras within {mean_tolerance:.2g} of the"
            f" pixel range on average. Received: a mean error of {parity.mean_error:.2g}. Nothing was written."
        )
    return parity
