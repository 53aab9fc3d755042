"""Warm-up requests: a server runs them before it serves a version, so that the first request is not slow.

TensorFlow compiles and allocates in the first call of a signature. TensorFlow Serving replays the requests in
`assets.extra/tf_serving_warmup_requests`, a TFRecord file of at most 1000 `PredictionLog` protos, while it loads a
version. The protos come with the package `tensorflow-serving-api`: the extra `serving`.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_genzoo.families.exporting import sample_inputs

WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"
BATCH_SIZES = (1, 4)
MAX_REQUESTS = 1000  # a server refuses to load a version with more


def wanted(warmup: bool | None) -> bool:
    """Whether warm-up requests are written.

    Args:
        warmup: `True`, `False`, or `None` for "if `tensorflow-serving-api` is installed".

    Raises:
        ValueError: If `warmup` has another value.
        ImportError: If `warmup` is `True` and the package is not installed; the message names the extra.
    """
    if warmup not in (None, True, False) or (warmup is not None and not isinstance(warmup, bool)):
        raise ValueError(f"Expected warmup to be True, False or None. Received: warmup={warmup!r}")
    if warmup is False:
        return False
    there = importlib.util.find_spec("tensorflow_serving") is not None
    if warmup and not there:
        raise ImportError(
            "Expected tensorflow-serving-api, which warm-up requests need: pip install 'keras-genzoo[serving]'."
            " Received: warmup=True without it. Nothing was written."
        )
    return there


def write_requests(
    folder: str | os.PathLike, functions: Mapping[str, Any], name: str, batch_sizes: tuple = BATCH_SIZES
) -> int:
    """Writes requests for every signature into the folder of a SavedModel.

    Args:
        folder: The folder of the SavedModel.
        functions: `ExportFunction` by signature name.
        name: Name under which the model is served.
        batch_sizes: Batch sizes of the requests for each signature. Most of the work is done for other sizes as well.

    Returns:
        Number of requests.
    """
    import tensorflow as tf

    logs = [
        request(name, signature, function.inputs, sample_inputs(function, size))
        for signature, function in functions.items()
        for size in batch_sizes
    ]
    path = Path(folder, WARMUP_FILE)
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as file:
        for log in logs[:MAX_REQUESTS]:
            file.write(log.SerializeToString(deterministic=True))
    return len(logs[:MAX_REQUESTS])


def request(name: str, signature: str, specs: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    """A `PredictionLog` with a request to a signature of a served model.

    Args:
        name: Name under which the model is served.
        signature: Name of the signature.
        specs: Input name -> `ExportInput`.
        inputs: Input name -> array.
    """
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    predict = predict_pb2.PredictRequest()
    predict.model_spec.name = name
    predict.model_spec.signature_name = signature
    for key, value in inputs.items():
        predict.inputs[key].CopyFrom(tf.make_tensor_proto(value, dtype=specs[key].spec.dtype))
    return prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=predict))
