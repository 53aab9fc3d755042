"""Files of ONNX and OpenVINO give in their own runtimes what the model gives, and are written whole or not at all."""

import ctypes
import gc
import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from exports import (
    Stub,
    builders,
    content,
    expected_outputs,
    for_exports,
    half,
    input_values,
    portable,
    shaken,
    wrong_in_a_graph,
)

import keras_genzoo
from keras_genzoo.export import ExportError, export_model, openvino

PACKAGES = {"onnx": ("onnx", "tf2onnx", "onnxruntime"), "openvino": ("openvino",)}
SUFFIX = {"onnx": ".onnx", "openvino": ".xml"}


def installed(format):
    return all(importlib.util.find_spec(package) is not None for package in PACKAGES[format])


def runtime(format):
    reason = f"{' or '.join(PACKAGES[format])} is not installed: pip install 'keras-genzoo[{format}]'"
    return pytest.param(format, marks=pytest.mark.skipif(not installed(format), reason=reason), id=format)


for_every_runtime = pytest.mark.parametrize("format", [runtime("onnx"), runtime("openvino")])


def runner_of(path):
    """Function from inputs by name to the outputs by name of a file, by the runtime's own interface."""
    if Path(path).suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(os.fspath(path), providers=["CPUExecutionProvider"])
        wanted = {value.name for value in session.get_inputs()}
        names = [value.name for value in session.get_outputs()]
        return lambda inputs: dict(zip(names, session.run(None, {name: inputs[name] for name in wanted}), strict=True))
    model = openvino.shared_core().read_model(os.fspath(path))
    assert all(len(value.get_names()) == 1 for value in (*model.inputs, *model.outputs))
    compiled = openvino.shared_core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(inputs):
        results = compiled({value.get_any_name(): inputs[value.get_any_name()] for value in model.inputs})
        return {value.get_any_name(): results[value.get_any_name()] for value in model.outputs}

    return run


def target(folder, format, name="model"):
    return folder / f"{name}{SUFFIX[format]}"


@pytest.fixture(scope="module")
def models():
    """Function from a row to its model, the values of its inputs and the expected outputs by signature, made once."""
    made = {}

    def get(case):
        if str(case) not in made:
            model = shaken(case.build())
            inputs = input_values(model)
            made[str(case)] = model, inputs, {n: expected_outputs(case, model, n, inputs) for n in portable(model)}
        return made[str(case)]

    return get


@for_every_runtime
@for_exports(features_of=builders)
def test_every_portable_signature_gives_what_the_model_gives(case, format, models, tmp_path):
    model, inputs, expected = models(case)
    if format in model.unsupported_formats:
        with pytest.raises(ExportError, match=f"Expected another format than '{format}'"):
            model.export(target(tmp_path, format, "decode"), format=format, signature="decode")
        assert not list(tmp_path.iterdir())
        return
    for name, function in portable(model).items():
        path = target(tmp_path, format, name)
        report = model.export(path, format=format, signature=name)
        assert report.format == format and report.max_error < 1e-3 and list(report.parity) == [name]
        outputs = {f"{key}_out" if key in function.inputs else key: value for key, value in expected[name].items()}
        run = runner_of(path)
        for num in (3, 1):  # the batch size is free
            received = run({key: value[:num] for key, value in inputs.items() if value.ndim})
            assert set(received) == set(outputs) == set(report.signatures[name]["outputs"])
            for key, value in outputs.items():
                assert received[key].dtype == value.dtype
                np.testing.assert_allclose(received[key], value[:num], rtol=1e-4, atol=1e-4)
        files = {file.name: file.stat().st_size for file in tmp_path.iterdir() if file.stem == name}
        assert report.sizes == files and set(report.files) == set(files)


@for_every_runtime
def test_bytes_in_and_out(format, tmp_path):
    model = shaken(keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=3, base_filters=4, seed=0))
    path = target(tmp_path, format)
    report = model.export(path, format=format, signature="reconstruct", image_dtype="uint8")
    assert report.signatures["reconstruct"]["inputs"]["image"] == ("uint8", (None, 8, 8, 1))
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), dtype=np.uint8)
    received = runner_of(path)({"image": images})["image_out"]
    assert received.dtype == np.uint8
    assert np.abs(received.astype("int32") - model.reconstruct(images)).max() <= 1


@for_every_runtime
def test_existing_files_stay_unless_overwrite_succeeds(format, tmp_path):
    path = target(tmp_path, format)
    export_model(Stub(half), path, format=format)
    before = content(tmp_path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        export_model(Stub(half), path, format=format)
    with pytest.raises(ExportError, match="agree with Keras within 0.001 .* maximal error of 0.01"):
        export_model(Stub(wrong_in_a_graph), path, format=format, overwrite=True)
    assert content(tmp_path) == before
    report = export_model(Stub(lambda z: 2.0 * half(z)), path, format=format, overwrite=True)
    assert content(tmp_path) != before and set(content(tmp_path)) == set(report.files)


@for_every_runtime
def test_crash_at_any_rename_leaves_what_was_there(format, tmp_path, monkeypatch):
    path = target(tmp_path, format)
    weights = tf.Variable(np.eye(4, dtype="float32"))
    export_model(Stub(lambda z: half(z @ weights)), path, format=format)
    before, renames = content(tmp_path), {name: getattr(os, name) for name in ("rename", "replace")}
    weights.assign(2.0 * weights)
    for crash_at in range(20):
        calls = []

        def rename(*args, original, calls=calls, crash_at=crash_at):
            calls.append(args)
            if len(calls) == crash_at + 1:
                raise KeyboardInterrupt
            return original(*args)

        with monkeypatch.context() as patch:
            for name, original in renames.items():
                patch.setattr(os, name, lambda *args, original=original: rename(*args, original=original))
            try:
                export_model(Stub(lambda z: half(z @ weights)), path, format=format, overwrite=True)
            except KeyboardInterrupt:
                assert content(tmp_path) == before
                continue
        break
    assert crash_at == {"onnx": 1, "openvino": 4}[format]  # each rename has crashed once
    assert content(tmp_path) != before


@pytest.mark.skipif(not installed("openvino"), reason="openvino is not installed: pip install 'keras-genzoo[openvino]'")
def test_weights_of_another_file_are_not_replaced(tmp_path):
    (tmp_path / "model.bin").write_text("years")
    with pytest.raises(FileExistsError, match=r"model\.bin', which exists"):
        export_model(Stub(half), tmp_path / "model.xml", format="openvino")
    assert content(tmp_path) == {"model.bin": b"years"}


@pytest.mark.skipif(not installed("openvino"), reason="openvino is not installed: pip install 'keras-genzoo[openvino]'")
def test_reader_never_finds_a_graph_with_other_weights(tmp_path, monkeypatch):
    path, weights = tmp_path / "model.xml", tf.Variable(np.eye(4, dtype="float32"))
    pairs = []

    def look():
        if path.exists():
            pairs.append((path.read_bytes(), path.with_suffix(".bin").read_bytes()))

    def rename(*args, original=os.rename):
        look()
        original(*args)
        look()

    export_model(Stub(lambda z: half(z @ weights)), path, format="openvino")
    weights.assign(2.0 * weights)
    look()
    monkeypatch.setattr(os, "rename", rename)
    export_model(Stub(lambda z: half(tf.nn.relu(z @ weights))), path, format="openvino", overwrite=True)
    monkeypatch.undo()
    look()
    assert len(set(pairs)) == 2


@for_every_runtime
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"signature": "generate"}, r"one of \('serving_default',\) in .* Received: signature='generate'"),
        ({"path": "model"}, r"Expected a path that ends in \.(onnx|xml)"),
        ({"image_dtype": "int8"}, r"one of \('float32', 'uint8'\)"),
        ({"quantization": "int8"}, "Expected options that format"),
    ],
)
def test_wrong_argument_names_what_is_expected(format, arguments, message, tmp_path):
    arguments = dict(arguments)
    path = tmp_path / arguments.pop("path", f"model{SUFFIX[format]}")
    with pytest.raises(ValueError, match=message):
        export_model(Stub(half), path, format=format, **arguments)
    assert list(tmp_path.iterdir()) == []


@for_every_runtime
def test_op_without_a_counterpart_is_refused_and_leaves_nothing(format, tmp_path):
    def foreign(z):
        return tf.cast(tf.strings.length(tf.strings.as_string(z)), tf.float32) * 0.1

    with pytest.raises(ExportError, match="Expected a (network|file) that .* Received.*Nothing was written"):
        export_model(Stub(foreign), target(tmp_path / "new", format), format=format)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", sorted(PACKAGES))
def test_missing_package_is_one_sentence_that_names_the_extra(format, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, PACKAGES[format][-1], None)
    for package in PACKAGES[format][:-1]:
        monkeypatch.setitem(sys.modules, package, sys)  # whatever stands there
    with pytest.raises(ImportError, match=rf"keras-genzoo\[{format}\].*Nothing was written"):
        export_model(Stub(half), target(tmp_path, format), format=format)
    assert list(tmp_path.iterdir()) == []


def test_exchange_puts_both_files_back_when_the_second_cannot_come(tmp_path):
    graph, weights, folder = tmp_path / "a.xml", tmp_path / "a.bin", tmp_path / "new"
    folder.mkdir()
    for file in (graph, weights, folder / "a.bin"):  # the new graph is missing
        file.write_text(str(file))
    with pytest.raises(FileNotFoundError):
        openvino.exchange(folder, graph, weights)
    assert graph.read_text() == str(graph) and weights.read_text() == str(weights)


@for_every_runtime
def test_values_that_are_not_allowed_give_no_image(format, tmp_path):
    args = dict(image_shape=(8, 8, 1), num_classes=3, latent_dim=4, base_filters=4)
    model = keras_genzoo.build("cvae", **args)
    z, image = np.zeros((2, 4), "float32"), np.full((2, 8, 8, 1), 0.5, "float32")
    label, spoiled = np.int32([0, 2]), z.copy()
    spoiled[1, 2] = np.nan
    cases = {
        "serving_default": [(z, label), (z, np.int32([0, -1])), (z, np.int32([3, 0])), (spoiled, label)],
        "encode": [(image, label), (image * 255, label), (image - 1, label), (image, np.int32([0, 3]))],
    }
    for name, (good, *wrong) in cases.items():
        path = target(tmp_path, format, name)
        report = model.export(path, format=format, signature=name)
        key = "z" if name == "serving_default" else "image"
        assert report.allowed[name]["label"] == "0..2" and "NaN" in report.outside
        run = runner_of(path)
        assert all(np.isfinite(value).all() for value in run({key: good[0], "label": good[1]}).values())
        for values, labels in wrong:
            assert all(np.isnan(value).all() for value in run({key: values, "label": labels}).values())


@pytest.mark.skipif(not installed("openvino"), reason="openvino is not installed: pip install 'keras-genzoo[openvino]'")
def test_openvino_sends_no_usage_statistics(tmp_path, monkeypatch):
    openvino.required_openvino()
    telemetry, utils = map(pytest.importorskip, ("openvino_telemetry", "openvino.tools.ovc.telemetry_utils"))
    for name in ("CI", "TF_BUILD", "JENKINS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    utils.init_ovc_telemetry("another program")
    assert telemetry.Telemetry().consent  # the default: statistics are sent
    Stub(half).export(tmp_path / "a.xml", format="openvino")
    assert not telemetry.Telemetry().consent and "CI" not in os.environ


class SignalStack(ctypes.Structure):
    """`stack_t` of sigaltstack(2)."""

    _fields_ = [("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


@pytest.mark.skipif(not installed("openvino"), reason="openvino is not installed: pip install 'keras-genzoo[openvino]'")
@pytest.mark.skipif(sys.platform != "linux", reason="OpenVINO has a stack for signal handlers on Linux alone")
def test_ctrl_c_has_its_stack_after_two_runs_of_openvino(tmp_path):
    first = Stub(half).export(tmp_path / "a.xml", format="openvino")
    runs = [openvino.openvino_runner(first.path) for _ in range(2)]
    while runs:
        runs.pop(0)  # the first one first
    gc.collect()
    stack = SignalStack()
    ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack))
    ranges = [line.split()[0].split("-") for line in Path("/proc/self/maps").read_text().splitlines()]
    assert any(int(start, 16) <= stack.start < int(end, 16) for start, end in ranges)
