"""Script behind `keras_genzoo.export.latency`: times an exported file and prints one line of JSON.

Runs in a separate process. It must not import keras_genzoo, so that only the exported file is measured.
"""

import json
import os
import sys
import time

import numpy as np

BATCH_SIZE = "batch_size"  # in the manifest: a scalar that counts the images of a call


def random_input(dtype, shape, rng, bounds=(0.0, 1.0)):
    """An array of a dtype; the time of a call does not depend on the values."""
    if np.issubdtype(dtype, np.floating):  # by default in 0..1: pixels and noise, and codes may be there, too
        return rng.uniform(*bounds, shape).astype(dtype)
    if np.dtype(dtype).itemsize > 1:  # labels: every model has class 0
        return np.zeros(shape, dtype)
    return rng.integers(0, 100, shape).astype(dtype)  # pixels, or codes of 8 bits


def read_manifest(path):
    """Content of the manifest beside the SavedModel; empty if there is none."""
    try:
        with open(os.path.join(path, "genzoo.json"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def scalar_input(name, task, manifest):
    """Value of a scalar input, from the manifest."""
    examples = manifest.get("scalar_examples", {}).get(task["signature"], {})
    if name not in examples:
        raise SystemExit(
            f"Expected an example value of {name!r} in genzoo.json. Received: none; export the model again"
        )
    return task["batch_size"] if examples[name] == BATCH_SIZE else examples[name]


def bounds_of(name, task, manifest):
    """Least and greatest value of a condition of real numbers, which the manifest writes as `[-1, 1]`."""
    allowed = manifest.get("allowed", {}).get(task["signature"], {}).get(name, "")
    return json.loads(allowed) if allowed.startswith("[") else (0.0, 1.0)


def litert_call(task, rng):
    """A function that calls a LiteRT file once, and the file's batch size."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=task["path"], num_threads=task["threads"])
    names = list(interpreter.get_signature_list())
    runner = interpreter.get_signature_runner(names[0] if len(names) == 1 else task["signature"])
    details = runner.get_input_details()
    inputs = {name: random_input(detail["dtype"], detail["shape"], rng) for name, detail in details.items()}
    return lambda: runner(**inputs), int(next(iter(details.values()))["shape"][0])


def arena_bytes(path):
    """Bytes of the memory shared by the intermediate tensors of a LiteRT file, with the built-in kernels."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    with open(path, "rb") as file:
        model = schema.Model.GetRootAs(file.read(), 0)
    interpreter = Interpreter(
        model_path=path, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    interpreter.allocate_tensors()
    graph, spans = model.Subgraphs(0), []
    for detail in interpreter.get_tensor_details():
        index = detail["index"]
        # Weights lie in the file. Intermediate tensors have no data there, or numbers after those of the file.
        if index < graph.TensorsLength() and model.Buffers(graph.Tensors(index).Buffer()).DataLength():
            continue
        try:
            view = interpreter.tensor(index)()
        except ValueError:  # optimized away, without memory
            continue
        if not isinstance(view, np.ndarray):  # a scalar is returned as a copy
            continue
        spans.append((view.ctypes.data, view.ctypes.data + view.nbytes))
    covered, reached = 0, 0
    for first, last in sorted(spans):
        covered += max(0, last - max(first, reached))
        reached = max(reached, last)
    return covered


def saved_model_call(task, rng):
    """A function that calls a SavedModel once, and the batch size of the call."""
    import tensorflow as tf

    if task["threads"] is not None:
        tf.config.threading.set_intra_op_parallelism_threads(task["threads"])
        tf.config.threading.set_inter_op_parallelism_threads(task["threads"])
    loaded, manifest = tf.saved_model.load(task["path"]), read_manifest(task["path"])
    signature, inputs = loaded.signatures[task["signature"]], {}
    for name, spec in signature.structured_input_signature[1].items():
        if spec.shape.rank == 0:  # the work may depend on the value: number of images, number of steps
            inputs[name] = tf.constant(scalar_input(name, task, manifest), spec.dtype)
            continue
        shape = [task["batch_size"] if side is None else side for side in spec.shape]
        if spec.dtype == tf.string:  # image files
            pixels = random_input(np.uint8, [*shape, *manifest["config"]["image_shape"]], rng)
            inputs[name] = tf.io.encode_png(pixels)
            continue
        inputs[name] = tf.constant(random_input(spec.dtype.as_numpy_dtype, shape, rng, bounds_of(name, task, manifest)))

    def call():
        for value in signature(**inputs).values():
            value.numpy()  # waits for the result

    call.keep = loaded  # the signature does not keep the variables of the loaded model alive
    return call, task["batch_size"]


def main():
    task = json.loads(sys.argv[1])
    litert = task["path"].endswith(".tflite")
    call, batch_size = (litert_call if litert else saved_model_call)(task, np.random.default_rng(0))
    for _ in range(task["warmup"]):
        call()
    times = []
    for _ in range(task["runs"]):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000.0)
    low, median, high = np.percentile(times, [10, 50, 90])
    result = {"median_ms": median, "low_ms": low, "high_ms": high, "runs": task["runs"], "batch_size": batch_size}
    arena = arena_bytes(task["path"]) if litert else None
    print(json.dumps({**result, "runtime": "litert" if litert else "tensorflow", "arena": arena}))


if __name__ == "__main__":
    main()
