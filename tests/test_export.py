"""Exported files run without this package and give what Keras gives."""

import ast
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from cases import CASES, for_every_case
from PIL import Image

import keras_genzoo
from keras_genzoo.export import ExportError, benchmark, latency, parity, runners
from keras_genzoo.models._png import decode_images

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
        outputs = {key: value.numpy() for key, value in outputs.items()}
        # Strings of fixed length lose zeros at their end, and a PNG file has none there.
        files = {key: value.astype(bytes) for key, value in outputs.items() if value.dtype == object}
        found.update({name + "/" + key: value for key, value in {**outputs, **files}.items()})
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
    z_end = rng.standard_normal(z.shape).astype("float32")
    numbers = {"seed": np.int64(7), "num": np.int32(5), "start": np.int64(11), "steps": np.int32(4)}
    files = np.array([picture(model.image_shape, scale) for scale in (1, 1, 3)])
    specs = {key: spec for each in model.export_functions().values() for key, spec in each.inputs.items()}
    noise = {
        key: rng.uniform(size=(3, *specs[key].shape[1:])).astype("float32") for key in specs if key.endswith("_noise")
    }
    return {"z": z, "z_end": z_end, "image": image, "png": files, **noise, **numbers, **label}


def picture(image_shape, scale):
    """Bytes of a PNG file with noise, its sides `scale` times as long as those of the model's images."""
    pixels = np.random.default_rng(scale).integers(0, 256, image_shape, dtype=np.uint8)
    pixels = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if image_shape[2] == 1 else pixels).save(file, "PNG")
    return file.getvalue()


def pixels_of(files, image_shape):
    """Images of PNG files, by Pillow."""
    return np.stack([np.asarray(Image.open(io.BytesIO(file))).reshape(image_shape) for file in files])


def on_great_circles(z, z_end, steps):
    """Codes `(n * steps, latent_dim)` by Shoemake's formula, in 64 bits."""
    z, z_end = z.astype("float64"), z_end.astype("float64")
    product = np.sum(z * z_end, axis=1) / np.linalg.norm(z, axis=1) / np.linalg.norm(z_end, axis=1)
    angle, t = np.arccos(product)[:, None, None], np.linspace(0, 1, steps)[None, :, None]
    codes = (np.sin((1 - t) * angle) * z[:, None] + np.sin(t * angle) * z_end[:, None]) / np.sin(angle)
    return codes.reshape(-1, z.shape[1]).astype("float32")


def keras_outputs(model, name, inputs):
    """What the public methods of the model give for a signature, not through its export functions."""
    for case in CASES:
        if case.name == model.model_name and name in case.signatures:
            return case.signatures[name](model, inputs)
    labels = inputs.get("label")
    if name.startswith("generate"):
        given = {} if labels is None else {"labels": np.resize(labels, 5)}
        return {(name[9:] or "image"): model.generate(5, seed=7, start=11, **given)}
    if hasattr(model, "outputs_of"):
        outputs = model.outputs_of(inputs["image"], 3)
        return {"features": outputs["features"], "probabilities": scipy.special.softmax(outputs["logits"], axis=-1)}
    if hasattr(model, "translate"):
        plain, _, files = name.partition("_png")
        direction = model.directions[0] if plain in ("serving_default", "translate") else plain
        if plain != name:
            pictures = decode_images(inputs["png"], model.image_shape).numpy()
            return {f"png{files}": model.translate(pictures, direction)}
        return {"image": (np.asarray(model.translator(direction)(2.0 * inputs["image"] - 1.0)) + 1.0) / 2.0}
    given = {} if labels is None else {"labels": labels}
    if name in ("serving_default", "decode"):
        return {"image": images_of(model, inputs["z"], labels)}
    if name == "interpolate":
        codes = on_great_circles(inputs["z"], inputs["z_end"], 4)
        images = images_of(model, codes, None if labels is None else np.repeat(labels, 4))
        return {"image": images.reshape(3, 4, *model.image_shape)}
    codes = model.encode(inputs["image"], **given)
    codes = codes if isinstance(codes, tuple) else (codes,)
    if name == "encode":
        return dict(zip(model.code_names, codes, strict=True))
    assert name == "reconstruct", f"say in the row of the model what {name} gives"
    return {"image": model.decode(codes[0], **given)}


def images_of(model, z, labels):
    low, high = model.network_range
    return (np.asarray(model.generator_network(model.with_labels(z, labels))) - low) / (high - low)


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
            if function.portable:
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
                if key.startswith("png"):
                    received = pixels_of(received, model.image_shape)
                assert received.dtype == value.dtype
                np.testing.assert_allclose(received, value, rtol=1e-4, atol=1 if value.dtype == np.uint8 else 1e-4)
                if name.startswith("generate"):  # at most a value in a thousand is on the other side of a rounding
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
        received = runners.litert_runner(path, "serving_default")({"z": z})["image"]
        expected = 255.0 * (np.asarray(dcgan.float32_copy().generator_network(z)) + 1.0) / 2.0
        assert received.dtype == np.uint8 and received.shape == (5, 8, 8, 1)
        assert np.abs(received - expected).max() <= 0.5 + 1e-3


def test_latency_is_measured_for_both_formats(dcgan, tmp_path):
    dcgan.export(tmp_path / "model.tflite", format="litert", batch_size=3, measure=False)
    first, second = (dcgan.export(tmp_path / "model") for _ in range(2))
    lite = latency(tmp_path / "model.tflite", runs=3, warmup=1, threads=2)
    assert 0.0 < lite.low_ms <= lite.median_ms <= lite.high_ms
    assert (lite.runtime, lite.batch_size, lite.runs, lite.threads) == ("litert", 3, 3, 2)
    served = latency(tmp_path / "model", runs=3, warmup=1, batch_size=4, signature="generate")
    assert served.median_ms > 0.0 and (served.runtime, served.batch_size) == ("tensorflow", 4)
    for signature in ("serving_default", "generate_png", "interpolate"):
        assert latency(first.path, runs=1, warmup=0, batch_size=2, signature=signature).runtime == "tensorflow"
    Path(second.path, "saved_model.pb").unlink()  # the newest version that is whole
    assert latency(tmp_path / "model", runs=1, warmup=0).median_ms > 0.0
    for path in ("nothing.tflite", "nothing", "."):
        with pytest.raises(ValueError, match=r"Expected a \.tflite file or the folder of a SavedModel, or of a model"):
            latency(tmp_path / path)


def test_latency_of_signatures_that_take_labels(tmp_path):
    args = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=4, num_classes=2)
    report = keras_genzoo.build("cgan", **args).export(tmp_path / "model", warmup=False)
    for signature in ("serving_default", "generate", "interpolate"):
        assert latency(report.path, runs=1, warmup=0, batch_size=3, signature=signature).median_ms > 0.0


def test_latency_of_signatures_that_take_files(tmp_path):
    args = dict(image_shape=(9, 8, 3), base_filters=2, num_blocks=0)
    report = keras_genzoo.build("cyclegan", **args).export(tmp_path / "model", warmup=False)
    time = latency(report.path, runs=1, warmup=0, batch_size=2, signature="b_to_a_png")
    assert time.batch_size == 2 and time.median_ms > 0.0


def test_timing_script_imports_only_numpy_and_the_runtimes():
    tree = ast.parse(benchmark._SCRIPT.read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} == {
        "json",
        "os",
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
