"""Latency of an exported generator: SavedModel in float32 and bfloat16, and OpenVINO, interleaved in one run.

    python benchmarks/export_serving.py [--rounds 15] [--calls 10] [--batch-size 64]

The generator has 28x28 images, latent_dim 128, base_filters 64 and kernels 4x4 (2.27 M parameters). Each file is
exported by `model.export` and called as in serving: SavedModels through a signature of `tf.saved_model.load`, whose
graph TensorFlow optimizes in the first call; OpenVINO compiled with the hint LATENCY, once with its default precision,
which is bfloat16 on processors with instructions for it, and once in float32. Times are medians over the rounds; ratios
are medians of the ratios within a round, because the speed of a machine drifts. Needs the extra `openvino`; ONNX
Runtime is measured if the extra `onnx` is installed.
"""

import argparse
import importlib.util
import json
import os
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

import keras_genzoo

LATENT_DIM = 128
BASE = "OpenVINO"


def build():
    """A DCGAN whose generator is `conv_generator((28, 28, 1), 128, 64, kernel_size=4)`."""
    return keras_genzoo.build(
        "dcgan", image_shape=(28, 28, 1), latent_dim=LATENT_DIM, base_filters=64, kernel_size=4, seed=0
    )


def saved_model_call(model, folder, z, precision):
    report = model.export(os.path.join(folder, precision), precision=precision, warmup=False)
    loaded = tf.saved_model.load(report.path)
    signature, tensor = loaded.signatures["serving_default"], tf.constant(z)

    def call():
        return signature(z=tensor)["image"].numpy()

    call.keep = loaded  # the signature does not keep the variables of the loaded model alive
    return call


def openvino_call(path, z, **properties):
    import openvino

    request = openvino.Core().compile_model(path, "CPU", {"PERFORMANCE_HINT": "LATENCY", **properties})
    request = request.create_infer_request()
    return lambda: request.infer({"z": z})["image"].copy()


def onnx_call(model, folder, z):
    import onnxruntime

    path = os.path.join(folder, "generator.onnx")
    model.export(path, format="onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda: session.run(["image"], {"z": z})[0]


def contestants(folder, z):
    """Functions by name that generate the images of `z`."""
    model = build()
    path = os.path.join(folder, "generator.xml")
    model.export(path, format="openvino")
    calls = {
        "SavedModel float32": saved_model_call(model, folder, z, "float32"),
        "SavedModel bfloat16": saved_model_call(model, folder, z, "bfloat16"),
        BASE: openvino_call(path, z),
        "OpenVINO float32": openvino_call(path, z, INFERENCE_PRECISION_HINT="f32"),
    }
    if all(importlib.util.find_spec(package) for package in ("onnx", "tf2onnx", "onnxruntime")):
        calls["ONNX Runtime"] = onnx_call(model, folder, z)
    return calls


def measure(calls, rounds, repeats):
    """Milliseconds per call of each of `calls` (dict by name); the calls alternate in every round."""
    times = {name: [] for name in calls}
    for call in calls.values():
        for _ in range(3):  # tracing, optimization of the graph, allocation
            call()
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            times[name].append((time.perf_counter() - start) * 1000.0 / repeats)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--json", help="file for the figures")
    arguments = parser.parse_args()
    z = np.random.default_rng(0).standard_normal((arguments.batch_size, LATENT_DIM)).astype("float32")
    with tempfile.TemporaryDirectory() as folder:
        calls = contestants(folder, z)
        exact = calls["SavedModel float32"]()
        errors = {name: float(np.abs(call() - exact).max()) for name, call in calls.items()}
        times = measure(calls, arguments.rounds, arguments.calls)
    figures = {}
    for name, values in times.items():
        ratio = statistics.median(value / base for value, base in zip(values, times[BASE], strict=True))
        figures[name] = {"ms": statistics.median(values), "ratio_to_openvino": ratio, "max_error": errors[name]}
        line = f"{statistics.median(values):7.1f} ms   {ratio:5.2f} of {BASE}"
        print(f"{name:20} {line}   maximal difference to float32: {errors[name]:.1e}", flush=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
