"""Exported files run without this package and give what Keras gives."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from cases import CASES, for_every_case

import keras_genzoo
from keras_genzoo.export import ExportError, benchmark, latency, parity

BATCH = 2  # of the LiteRT files
BLOCKER = """
import importlib.abc, importlib.machinery, json, sys

class Blocker(importlib.abc.Loader):  # TensorFlow asks where Keras is, and may be told, as long as it does not load it
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            return importlib.machinery.ModuleSpec(name, self)

    def create_module(self, spec):
        raise ImportError(spec.name + " is blocked")

    def exec_module(self, module):
        pass

BLOCKED, BATCH, tasks = json.loads(sys.argv[1])
sys.meta_path.insert(0, Blocker())
import numpy as np
"""
RUN_SAVED_MODELS = """
import tensorflow as tf
for path, results in tasks:
    loaded = tf.saved_model.load(path)
    found = {}
    for name, signature in loaded.signatures.items():
        specs = signature.structured_input_signature[1]
        with np.load(results + ".inputs.npz") as inputs:
            outputs = signature(**{key: tf.constant(inputs[key], spec.dtype) for key, spec in specs.items()})
        found.update({name + "/" + key: value.numpy() for key, value in outputs.items()})
    np.savez(results + ".saved_model.npz", **found)
"""
RUN_LITERT = """
from ai_edge_litert.interpreter import Interpreter
for path, results in tasks:
    interpreter = Interpreter(model_path=path)
    (name,) = interpreter.get_signature_list()
    runner = interpreter.get_signature_runner(name)
    with np.load(results + ".inputs.npz") as inputs:
        outputs = runner(**{key: inputs[key][:BATCH] for key in runner.get_input_details()})
    np.savez(path + ".npz", **{name + "/" + key: value for key, value in outputs.items()})
"""


def run_without(blocked, script, tasks):
    """Runs a script in a process that cannot import the packages in `blocked`."""
    command = [sys.executable, "-P", "-c", BLOCKER + script, json.dumps([blocked, BATCH, tasks])]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def shaken(model, scale=0.1):
    """The model with weights as a training leaves them: averages differ from the network, statistics from 0 and 1."""
    rng = np.random.default_rng(0)
    for variable in model.network_variables:
        if variable.shape and "float" in variable.dtype:
            variable.assign(variable + scale * np.abs(rng.standard_normal(variable.shape)))
    return model


def sample_inputs(model):
    rng = np.random.default_rng(1)
    z = rng.standard_normal((3, getattr(model, "latent_dim", 1))).astype("float32")
    image = rng.uniform(size=(3, *model.image_shape)).astype("float32")
    label = {"label": np.arange(3, dtype="int32") % model.num_classes} if model.takes_labels else {}
    numbers = {"seed": np.int64(7), "num": np.int32(5), "steps": np.int32(4)}
    hidden_units = model.hidden_units if hasattr(model, "free_energy") else 1  # elsewhere a list of layers
    hidden_noise = rng.uniform(size=(3, hidden_units)).astype("float32")
    visible_noise = rng.uniform(size=image.shape).astype("float32")
    return {"z": z, "image": image, "hidden_noise": hidden_noise, "visible_noise": visible_noise, **numbers, **label}


def machine_outputs(model, name, inputs):
    """The same for a Boltzmann machine, whose half-steps are short enough for NumPy."""
    if name == "generate":
        return {"image": model.generate(5, seed=7)}
    if name == "gibbs":
        return {"image": model.gibbs(inputs["image"], 4, seed=7)}
    if name == "free_energy":
        return {"free_energy": model.free_energy(inputs["image"]).astype("float32")}
    kernel, visible_bias, hidden_bias = (variable.numpy() for variable in model.network_variables[:3])
    hidden = scipy.special.expit(hidden_bias + inputs["image"].reshape(3, -1) @ kernel)
    if name == "serving_default":
        hidden = (inputs["hidden_noise"] < hidden).astype("float32")
    probability = scipy.special.expit(visible_bias + hidden @ kernel.T).reshape(inputs["image"].shape)
    if name == "reconstruct":
        return {"image": probability}
    return {"image": (inputs["visible_noise"] < probability).astype("float32"), "probability": probability}


def keras_outputs(model, name, inputs):
    """What the public methods of the model give for a signature; not through its export functions where it can."""
    if hasattr(model, "free_energy"):
        return machine_outputs(model, name, inputs)
    if "features" in dir(model):
        outputs = model.outputs_of(inputs["image"], 3)
        return {"features": outputs["features"], "probabilities": scipy.special.softmax(outputs["logits"], axis=-1)}
    if hasattr(model, "translate"):
        network = model.translator(model.directions[0] if name == "serving_default" else name)
        return {"image": (np.asarray(network(2.0 * inputs["image"] - 1.0)) + 1.0) / 2.0}
    labels = inputs.get("label")
    given = {} if labels is None else {"labels": labels}
    if name in ("serving_default", "decode"):
        low, high = model.network_range
        return {
            "image": (np.asarray(model.generator_network(model.with_labels(inputs["z"], labels))) - low) / (high - low)
        }
    if name == "generate":
        return {"image": model.generate(5, seed=7, labels=None if labels is None else np.resize(labels, 5))}
    if name in ("encode", "reconstruct"):
        codes = model.encode(inputs["image"], **given)
        codes = codes if isinstance(codes, tuple) else (codes,)
        if name == "encode":
            return dict(zip(model.code_names, codes, strict=True))
        return {"image": model.decode(codes[0], **given)}
    function = model.export_functions()[name]
    return {
        key: np.asarray(value) for key, value in function.function(**{k: inputs[k] for k in function.inputs}).items()
    }


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Every case's model, its SavedModel and its LiteRT files, and the results of both in processes of their own."""
    folder = tmp_path_factory.mktemp("exports")
    models, lite = {}, []
    for case in CASES:
        models[str(case)] = model = shaken(case.build())
        np.savez(folder / f"{case}.inputs.npz", **sample_inputs(model))
        reports = [model.export(folder / str(case) / "1")]
        for name, function in model.export_functions().items():
            if all(spec.shape.rank for spec in function.inputs.values()):
                path = folder / f"{case}--{name}.tflite"
                options = dict(signature=name, batch_size=BATCH, measure=False)
                reports.append(model.export(path, format="litert", **options))
                lite.append([str(path), str(folder / str(case))])
        model.reports = reports
    saved = [[str(folder / name / "1"), str(folder / name)] for name in models]
    run_without(["keras", "tf_keras", "keras_genzoo"], RUN_SAVED_MODELS, saved)
    run_without(["tensorflow", "keras", "keras_genzoo"], RUN_LITERT, lite)
    return folder, models


@for_every_case
def test_saved_model_without_keras_gives_what_the_model_gives(exported, case):
    folder, models = exported
    model = models[str(case)]
    inputs = sample_inputs(model)
    with np.load(folder / f"{case}.saved_model.npz") as found:
        assert {key.partition("/")[0] for key in found} == set(model.export_functions())
        for name, function in model.export_functions().items():
            expected = keras_outputs(model, name, inputs)
            assert set(expected) == set(function.outputs)
            for key, value in expected.items():
                received = found[f"{name}/{key}"]
                assert received.dtype == value.dtype
                np.testing.assert_allclose(received, value, rtol=1e-4, atol=1 if value.dtype == np.uint8 else 1e-4)
                if name == "generate":  # at most a value in a thousand falls on the other side of a rounding
                    assert np.mean(received != value) < 1e-3


@for_every_case
def test_litert_without_tensorflow_gives_what_the_model_gives(exported, case):
    folder, models = exported
    model = models[str(case)]
    inputs = sample_inputs(model)
    files = sorted(folder.glob(f"{case}--*.tflite"))
    assert files
    for path in files:
        name = path.stem.rpartition("--")[2]
        expected = keras_outputs(model, name, inputs)
        with np.load(f"{path}.npz") as found:
            assert set(found) == {f"{name}/{key}" for key in expected}
            for key, value in expected.items():
                np.testing.assert_allclose(found[f"{name}/{key}"], value[:BATCH], rtol=1e-4, atol=1e-4)


@for_every_case
def test_report_states_files_signatures_and_errors(exported, case):
    folder, models = exported
    saved, *lite = models[str(case)].reports
    on_disk = [file for file in (folder / str(case) / "1").rglob("*") if file.is_file()]
    assert saved.size == sum(file.stat().st_size for file in on_disk) and len(saved.files) == len(on_disk)
    assert next(iter(saved.signatures)) == "serving_default"
    assert set(saved.parity) == set(saved.signatures) == set(models[str(case)].export_functions())
    for report in (saved, *lite):
        assert report.max_error < 1e-3 + 1 / 255
        assert all(parity.num_samples == 16 for parity in report.parity.values())
        json.dumps(report.to_dict())
    for report in lite:
        (signature,) = report.signatures.values()
        shapes = [shape for side in signature.values() for _, shape in side.values()]
        assert all(shape[0] == BATCH for shape in shapes)
        assert report.sizes == {Path(report.path).name: Path(report.path).stat().st_size}


def test_saved_model_holds_only_the_weights_that_its_signatures_read(exported):
    folder, models = exported
    model = models["dcgan"]
    loaded = tf.saved_model.load(str(folder / "dcgan" / "1"))
    sizes = sorted(int(variable.shape.num_elements()) for variable in loaded.variables_read)
    assert sizes == sorted(int(np.prod(variable.shape)) for variable in model.generator_network.variables)


@pytest.fixture(scope="module")
def dcgan():
    args = dict(image_shape=(8, 8, 1), latent_dim=8, base_filters=16, dtype="mixed_bfloat16")
    return shaken(keras_genzoo.build("dcgan", **args), scale=0.01)


@pytest.mark.parametrize("quantization", ["float16", "dynamic", "int8"])
def test_quantized_file_is_smaller_and_close_to_keras(dcgan, tmp_path, quantization):
    plain = dcgan.export(tmp_path / "plain.tflite", format="litert", measure=False)
    report = dcgan.export(tmp_path / "small.tflite", format="litert", quantization=quantization, measure=False)
    assert report.size < 0.75 * plain.size
    assert plain.max_error < 1e-6 < report.max_error < 0.05
    assert report.signatures["serving_default"]["inputs"]["z"] == ("float32", (1, 8))


@pytest.mark.parametrize("format", ["saved_model", "litert"])
def test_uint8_images_are_the_rounded_float_ones(dcgan, tmp_path, format):
    path = tmp_path / "bytes.tflite"
    options = {"measure": False} if format == "litert" else {}
    path = path if format == "litert" else tmp_path / "bytes"
    report = dcgan.export(path, format=format, image_dtype="uint8", **options)
    assert report.signatures["serving_default"]["outputs"]["image"][0] == "uint8"
    assert report.parity["serving_default"].dtype == "uint8"
    if format == "litert":
        z = np.random.default_rng(0).standard_normal((5, 8)).astype("float32")
        received = parity.litert_runner(path, "serving_default")({"z": z})["image"]
        expected = 255.0 * (np.asarray(dcgan.float32_copy().generator_network(z)) + 1.0) / 2.0
        assert received.dtype == np.uint8 and received.shape == (5, 8, 8, 1)
        assert np.abs(received - expected).max() <= 0.5 + 1e-3


def test_latency_is_measured_for_both_formats(dcgan, tmp_path):
    dcgan.export(tmp_path / "model.tflite", format="litert", batch_size=3, measure=False)
    dcgan.export(tmp_path / "model")
    lite = latency(tmp_path / "model.tflite", runs=3, warmup=1, threads=2)
    assert 0.0 < lite.low_ms <= lite.median_ms <= lite.high_ms
    assert (lite.runtime, lite.batch_size, lite.runs, lite.threads) == ("litert", 3, 3, 2)
    served = latency(tmp_path / "model", runs=3, warmup=1, batch_size=4, signature="generate")
    assert served.median_ms > 0.0 and (served.runtime, served.batch_size) == ("tensorflow", 4)
    with pytest.raises(ValueError, match=r"Expected a \.tflite file or a SavedModel folder"):
        latency(tmp_path / "nothing.tflite")


def test_timing_script_imports_only_numpy_and_the_runtimes():
    tree = ast.parse(benchmark._SCRIPT.read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} == {
        "json",
        "sys",
        "time",
        "numpy",
        "ai_edge_litert",
        "tensorflow",
    }


def test_error_of_bytes_is_in_units_of_the_pixel_range_and_of_codes_relative():
    grey = parity.compare({"image": np.uint8([[0, 10]])}, {"image": np.uint8([[0, 15]])}, 1)
    assert grey.max_error == pytest.approx(5 / 255) and grey.mean_error == pytest.approx(2.5 / 255)
    codes = parity.compare({"z_mean": np.float32([[0.0, -8.0]])}, {"z_mean": np.float32([[0.0, -6.0]])}, 1)
    assert codes.max_error == pytest.approx(2 / 8) and codes.dtype == "float32"
    with pytest.raises(ExportError, match=r"Expected output 'image' of shape \(1, 2\)"):
        parity.compare({"image": np.zeros((1, 2))}, {"image": np.zeros((2, 1))}, 1)
