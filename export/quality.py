"""Loss of image quality in an exported file, measured in the features of a classifier."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genzoo.families.exporting import sample_inputs
from keras_genzoo.metrics import Reference, extractor, frechet_distance
from keras_genzoo.utils import pixels
from keras_genzoo.utils.checks import check_at_least

from . import runners
from .report import Quality


def export_quality(
    model: Any,
    path: str | os.PathLike,
    *,
    features: Any,
    reference: Any = None,
    signature: str = "serving_default",
    num_images: int = 10000,
    seed: int = 0,
    threads: int = 2,
) -> Quality:
    """Compares the images of a LiteRT file with those of the exported model.

    Both generate images from the same codes. The Frechet distance between the two sets measures how much the file
    differs from the model; with real images, the classifier FIDs of both show the loss of quality.

    Args:
        model: The exported model, which generates images from codes `z`.
        path: The `.tflite` file.
        features: Feature extractor: see `keras_genzoo.metrics.extractor`, for example `"mnist"`.
        reference: Real images, `(n, height, width, channels)`, uint8 0..255 or float 0..1, or a
            `keras_genzoo.metrics.Reference`; `None`: no classifier FID.
        signature: Name of the signature in the file, from `z` to `image`.
        num_images: Number of generated images, at least 2. Distances between few images are biased upwards; compare
            only results with equal `num_images`.
        seed: Seed of the codes.
        threads: Threads of the runtime.

    Returns:
        A `Quality`.

    Raises:
        ValueError: If the signature does not generate images from codes, or an argument is not valid.

    Example:

    >>> import os, tempfile
    >>> import keras_genzoo
    >>> from keras_genzoo.export import export_quality
    >>> model = keras_genzoo.build("dcgan", image_shape=(28, 28, 1), latent_dim=4, base_filters=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "dcgan.tflite")
    ...     report = model.export(path, format="litert", measure=False)
    ...     export_quality(model, path, features="mnist", num_images=8).distance < 1e-3
    True

    References:
        Heusel et al., 2017, https://arxiv.org/abs/1706.08500, with another feature extractor.
    """
    check_at_least(2, num_images=num_images)
    model.values.check_images("the quality of its images")
    functions = model.float32_copy().export_functions()
    names = tuple(name for name, function in functions.items() if function.portable and "z" in function.inputs)
    if signature not in names:
        raise ValueError(f"Expected a signature from codes to images, one of {names}. Received: {signature!r}")
    extract = extractor(features)
    inputs = sample_inputs(functions[signature], num_images, seed)
    run = tf.function(functions[signature].function, reduce_retracing=True)
    parts = [{name: value[i : i + 256] for name, value in inputs.items()} for i in range(0, num_images, 256)]
    before = np.concatenate([pixels.to_uint8(np.asarray(run(**part)["image"])) for part in parts])
    after = runners.litert_runner(path, signature, threads)(inputs)["image"]
    after = after if after.dtype == np.uint8 else pixels.to_uint8(after)
    before, after = extract(before), extract(after)
    distance = frechet_distance(before, after)
    if reference is None:
        return Quality(extract.name, num_images, distance)
    if not isinstance(reference, Reference):
        reference = Reference(reference, extract)
    fids = [frechet_distance(reference.moments, each) for each in (before, after)]
    return Quality(extract.name, num_images, distance, *fids, num_real=len(reference))
