"""Exports of one model: quantization, bytes, latency, and how errors are measured."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from exports import Stub, half, shaken

import keras_genzoo
from keras_genzoo.export import ExportError, _timing, benchmark, latency, parity, runners
from keras_genzoo.families.exporting import BATCH_SIZE, scalar_examples, scalar_inputs


@pytest.fixture(scope="module")
def dcgan():
    args = dict(image_shape=(8, 8, 1), latent_dim=8, base_filters=16, dtype="mixed_bfloat16")
    return shaken(keras_genzoo.build("dcgan", **args), scale=0.01)


@pytest.fixture(scope="module")
def plain(dcgan, tmp_path_factory):
    """Report of the float32 LiteRT file."""
    return dcgan.export(tmp_path_factory.mktemp("plain") / "plain.tflite", format="litert", measure=False)


@pytest.mark.parametrize("quantization", ["float16", "dynamic", "int8"])
def test_quantized_file_is_smaller_and_close_to_keras(dcgan, plain, tmp_path, quantization):
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


@pytest.fixture(scope="module")
def served(dcgan, tmp_path_factory):
    """The folder of a model with two versions."""
    folder = tmp_path_factory.mktemp("served") / "model"
    reports = [dcgan.export(folder, warmup=False) for _ in range(2)]
    Path(reports[1].path, "saved_model.pb").unlink()  # the newest version that is whole is the first
    return folder


def test_latency_of_a_litert_file(dcgan, tmp_path):
    dcgan.export(tmp_path / "model.tflite", format="litert", batch_size=3, measure=False)
    lite = latency(tmp_path / "model.tflite", runs=3, warmup=1, threads=2)
    assert 0.0 < lite.low_ms <= lite.median_ms <= lite.high_ms
    assert (lite.runtime, lite.batch_size, lite.runs, lite.threads) == ("litert", 3, 3, 2)


def test_latency_of_a_saved_model_is_that_of_its_newest_version(served):
    time = latency(served, runs=3, warmup=1, batch_size=4, signature="generate")
    assert time.median_ms > 0.0 and (time.runtime, time.batch_size) == ("tensorflow", 4)


def test_latency_without_an_export_is_refused(served, tmp_path):
    for path in ("nothing.tflite", "nothing", "."):
        with pytest.raises(ValueError, match=r"Expected a \.tflite file or the folder of a SavedModel, or of a model"):
            latency(tmp_path / path)


def test_scalars_of_a_timed_call_come_from_the_manifest(served):
    version = served / "1"
    manifest = json.loads((version / "genzoo.json").read_text())
    numbers = {"seed": 0, "num": BATCH_SIZE, "start": 0}
    png = {"generate_png": numbers, "generate_png_bytes": numbers}
    assert manifest["scalar_examples"] == {"generate": numbers, **png, "interpolate": {"steps": 8}}
    task = {"signature": "generate", "batch_size": 5}
    assert [_timing.scalar_input(name, task, manifest) for name in numbers] == [0, 5, 0]
    assert _timing.scalar_input("steps", {**task, "signature": "interpolate"}, manifest) == 8
    with pytest.raises(SystemExit, match="Expected an example value of 'num' in genzoo.json"):
        _timing.scalar_input("num", task, {})


def test_scalar_without_an_example_is_timed_with_its_sample():
    inputs = {name: each._replace(example=None) for name, each in scalar_inputs("seed", "num", "start").items()}
    function = Stub(half).export_functions()["serving_default"]
    assert scalar_examples(function._replace(inputs={**function.inputs, **inputs})) == {"seed": 0, "num": 1, "start": 2}


@pytest.mark.parametrize(
    ("name", "args", "signatures"),
    [
        ("cgan", dict(latent_dim=4, base_filters=4, num_classes=2), ["serving_default", "generate", "interpolate"]),
        ("cyclegan", dict(base_filters=2, num_blocks=0), ["b_to_a_png"]),
        ("rbm", dict(hidden_units=3, generation_steps=2), ["serving_default", "gibbs"]),
    ],
)
def test_timed_call_has_a_value_for_every_kind_of_input(tmp_path, name, args, signatures):
    report = keras_genzoo.build(name, image_shape=(9, 8, 3), **args).export(tmp_path / "model", warmup=False)
    for signature in signatures:
        task = {"path": report.path, "signature": signature, "batch_size": 3, "threads": None}
        call, batch_size = _timing.saved_model_call(task, np.random.default_rng(0))
        call()
        assert batch_size == 3


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


FILES = dict(saved_model="model", litert="a.tflite", onnx="a.onnx", openvino="a.xml", web="page")


@pytest.mark.parametrize("format", FILES)
def test_export_builds_one_copy_of_the_model(tmp_path, monkeypatch, format):
    pytest.importorskip({"onnx": "tf2onnx", "openvino": "openvino"}.get(format, "tensorflow"))
    monkeypatch.setenv("CI", "true")  # OpenVINO's converter sends no usage statistics then
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, network="mlp", hidden_units=[3], seed=0)
    built, build = [], type(model).build_networks
    monkeypatch.setattr(type(model), "build_networks", lambda self: (built.append(self), build(self)))
    options = {"litert": dict(measure=False, signature="encode"), "saved_model": dict(warmup=False)}.get(format, {})
    model.export(tmp_path / FILES[format], format=format, num_samples=1, **options)
    assert len(built) == 1
