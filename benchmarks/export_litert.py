"""Latency of LiteRT files for one image, with and without rewriting and quantization, and of ONNX Runtime.

    python benchmarks/export_litert.py [--rounds 15] [--calls 20] [--threads 1 2] [--preset dcgan_mnist]

The network is the generator of a 28x28 DCGAN with latent_dim 128, base_filters 64 and 4x4 kernels (2.27 M parameters,
random weights), or of a preset. Batch size 1. Times are medians over rounds in which all files alternate; ratios are
medians of the ratios within a round, because the speed of a machine drifts. ONNX Runtime and ai-edge-quantizer are
measured if they are installed. Errors are against Keras, in [0, 1] pixels, over 64 codes.
"""

import argparse
import contextlib
import io
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

import keras_genzoo
from keras_genzoo import presets
from keras_genzoo.export import litert, parity, runners, signatures
from keras_genzoo.utils.quiet import quiet_stderr

LATENT_DIM, FILTERS, KERNEL = 128, 64, 4


def model_of(preset):
    """The model of a preset, or a DCGAN with random weights, varied as after training."""
    if preset is not None:
        return keras_genzoo.build(presets.card(preset)["model"], weights=preset)
    model = keras_genzoo.build(
        "dcgan", image_shape=(28, 28, 1), latent_dim=LATENT_DIM, base_filters=FILTERS, kernel_size=KERNEL, seed=0
    )
    rng = np.random.default_rng(0)
    for variable in model.generator_network.variables:
        variable.assign(variable * (1.0 + 0.3 * np.abs(rng.standard_normal(variable.shape))))
    return model


def by_quantizer(converter, kind):
    """The float32 file, quantized by ai-edge-quantizer to "dynamic" or "int8", as a `ConvertedFile`; or `None`."""
    try:
        from ai_edge_quantizer import qtyping, quantizer
    except ImportError:
        return None
    operations, granularity = qtyping.TFLOperationName, qtyping.QuantGranularity
    with tempfile.TemporaryDirectory() as folder, quiet_stderr(), contextlib.redirect_stdout(io.StringIO()):
        plain, small = Path(folder, "plain.tflite"), Path(folder, "small.tflite")
        plain.write_bytes(converter.convert(None).content)
        tool = quantizer.Quantizer(str(plain))
        # As in our files: one scale per channel of a convolution, and one per dense layer.
        for operation, scales in (
            (operations.ALL_SUPPORTED, granularity.CHANNELWISE),
            (operations.FULLY_CONNECTED, granularity.TENSORWISE),
        ):
            if kind == "dynamic":
                tool.add_dynamic_config(regex=".*", operation_name=operation, num_bits=8, granularity=scales)
            else:
                bits = dict(activation_num_bits=8, weight_num_bits=8)
                tool.add_static_config(regex=".*", operation_name=operation, weight_granularity=scales, **bits)
        ranges = None
        if kind == "int8":
            for operation in (operations.INPUT, operations.OUTPUT):
                tool.update_quantization_recipe(regex=".*", operation_name=operation, algorithm_key="no_quantize")
            ranges = tool.calibrate({converter.signature: converter.calibration_batches(None)})
        tool.quantize(ranges).export_model(str(small), overwrite=True)
        content = small.read_bytes()
    runner = runners.litert_runner(content, converter.signature)
    error = parity.check(converter.signature, converter.function, runner, 64, None)
    return litert.ConvertedFile(kind, content, error, {}, {})


def litert_call(content, z, threads):
    from ai_edge_litert.interpreter import Interpreter

    with quiet_stderr():
        interpreter = Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    (detail,) = interpreter.get_input_details()
    scale, zero_point = detail["quantization"]
    z = np.clip(np.round(z / scale) + zero_point, -128, 127) if scale else z
    interpreter.set_tensor(detail["index"], z.astype(detail["dtype"]))
    return interpreter.invoke


def onnx_call(model, z, threads, folder):
    """A call of ONNX Runtime with the same network; `None` if it is not installed."""
    try:
        import onnxruntime
        import tf2onnx  # noqa: F401
    except ImportError:
        return None
    path = Path(folder, "model.onnx")
    if not path.exists():
        network = model.float32_copy().generator_network
        signature = [keras.InputSpec(shape=(1, z.shape[1]), dtype="float32")]
        with quiet_stderr():
            network.export(str(path), format="onnx", verbose=False, input_signature=signature)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options)
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: z})


def timed(call, calls):
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return 1000.0 * (time.perf_counter() - start) / calls


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--preset", help="such as dcgan_mnist")
    options = parser.parse_args()

    model = model_of(options.preset)
    source = signatures.export_source(model)
    files = {"float32, plain": litert.LiteRTConverter(source, rewrite=False).convert(None, 64)}
    converter = litert.LiteRTConverter(source)
    files |= {quantization or "float32": converter.convert(quantization, 64) for quantization in litert.QUANTIZATIONS}
    quantized = {f"{kind}, ai-edge-quantizer": by_quantizer(converter, kind) for kind in ("dynamic", "int8")}
    files |= {name: file for name, file in quantized.items() if file is not None}
    files["int8 in and out"] = litert.LiteRTConverter(source, io_dtype="int8").convert("int8", 64)
    z = model.latent_sample(1, seed=0).numpy()
    for threads in options.threads:
        table = Table("file", "MB", "of float32", "ms", "to ONNX Runtime", "mean error", "maximal error")
        table.title = f"{threads} thread{'s' * (threads > 1)}, batch 1"
        with tempfile.TemporaryDirectory() as folder:
            calls = {name: litert_call(file.content, z, threads) for name, file in files.items()}
            calls["ONNX Runtime"] = onnx_call(model, z, threads, folder)
            calls = {name: call for name, call in calls.items() if call is not None}
            times = {name: [] for name in calls}
            for _ in range(options.rounds + 1):
                for name, call in calls.items():
                    times[name].append(timed(call, options.calls))
        whole = len(files["float32"].content)
        for name, each in times.items():
            each = each[1:]  # the first round fills caches
            row = [name, "", "", f"{statistics.median(each):.3f}", "", "", ""]
            if "ONNX Runtime" in times:
                ratios = [ours / theirs for ours, theirs in zip(each, times["ONNX Runtime"][1:], strict=True)]
                row[4] = f"{statistics.median(ratios):.2f}"
            if name in files:
                file = files[name]
                row[1:3] = f"{len(file.content) / 1e6:.3f}", f"{len(file.content) / whole:.3f}"
                row[5:] = f"{file.parity.mean_error:.1e}", f"{file.parity.max_error:.1e}"
            table.add_row(*row)
        Console(width=120).print(table)


if __name__ == "__main__":
    main()
