"""Checks of exported files, once for each kind of exported graph: they run elsewhere and give what the model gives."""

import json
import os
from functools import cached_property
from pathlib import Path

import numpy as np
import options
import pytest
import tensorflow as tf
from cases import CASES
from exports import (
    RUN_LITERT,
    RUN_SAVED_MODELS,
    builders,
    expected_outputs,
    features,
    for_exports,
    input_values,
    pixels_of,
    portable,
    rows_of_exports,
    run_without,
    shaken,
)

import keras_genzoo
from keras_genzoo.export import warmup
from keras_genzoo.export.runners import litert_runner
from keras_genzoo.families import BaseGAN
from keras_genzoo.families.exporting import sample_inputs

BATCH = 2  # of the LiteRT files

predict_protos = pytest.mark.skipif(
    not warmup.wanted(None), reason="tensorflow-serving-api is not installed: pip install 'keras-genzoo[serving]'"
)


class Export:
    """A model and its exports: a SavedModel with all signatures, and a LiteRT file for each portable one."""

    def __init__(self, case, folder):
        self.case, self.folder = case, folder
        self.model = shaken(case.build())
        self.inputs = input_values(self.model)
        np.savez(folder / f"{case}.inputs.npz", **self.inputs)
        self.report = self.model.export(folder / str(case) / "1")
        self.lite = {name: self.litert(name) for name in portable(self.model)}

    def litert(self, name):
        path = self.folder / f"{self.case}--{name}.tflite"
        return self.model.export(path, format="litert", signature=name, batch_size=BATCH, measure=False)

    def task(self, path):
        return path, self.folder / f"{self.case}.inputs.npz", self.results(path)

    def results(self, path):
        return f"{path}.results.npz"

    def expected(self, name):
        return expected_outputs(self.case, self.model, name, self.inputs)

    @cached_property
    def loaded(self):
        return tf.saved_model.load(self.report.path)


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Function from a row to its `Export`, made once."""
    folder, made = tmp_path_factory.mktemp("exports"), {}

    def get(case):
        if str(case) not in made:
            made[str(case)] = Export(case, folder)
        return made[str(case)]

    return get


@pytest.fixture(scope="module")
def elsewhere(exports):
    """All exports, run in one process without Keras and in one without TensorFlow."""
    every = [exports(case) for case in rows_of_exports()]
    saved = [each.task(each.report.path) for each in every]
    lite = [each.task(report.path) for each in every for report in each.lite.values()]
    run_without(["keras", "tf_keras", "keras_genzoo"], RUN_SAVED_MODELS, saved)
    run_without(["tensorflow", "keras", "keras_genzoo"], RUN_LITERT, lite)
    return exports


def test_every_feature_of_exported_graphs_is_in_a_row_that_is_checked():
    rows = rows_of_exports()
    assert set().union(*map(features, rows)) == set().union(*map(features, CASES))
    assert len(rows) < len(CASES) or options.every_row or options.model


@for_exports()
def test_saved_model_without_keras_gives_what_the_model_gives(elsewhere, case):
    export = elsewhere(case)
    functions = export.model.export_functions()
    with np.load(export.results(export.report.path)) as found:
        assert {key.partition("/")[0] for key in found} == set(functions)
        for name, function in functions.items():
            expected = export.expected(name)
            assert set(expected) == set(function.outputs)
            for key, value in expected.items():
                received = found[f"{name}/{key}"]
                if key.startswith("png"):
                    received = pixels_of(received, export.model.image_shape)
                assert received.dtype == value.dtype
                np.testing.assert_allclose(received, value, rtol=1e-4, atol=1 if value.dtype == np.uint8 else 1e-4)
                if name.startswith("generate"):  # at most one value in a thousand is rounded the other way
                    assert np.mean(received != value) < 1e-3


@for_exports()
def test_litert_without_tensorflow_gives_what_the_model_gives(elsewhere, case):
    export = elsewhere(case)
    assert export.lite
    for name, report in export.lite.items():
        expected = export.expected(name)
        with np.load(export.results(report.path)) as found:
            assert set(found) == {f"{name}/{key}" for key in expected}
            for key, value in expected.items():
                np.testing.assert_allclose(found[f"{name}/{key}"], value[:BATCH], rtol=1e-4, atol=1e-4)


@for_exports()
def test_report_states_files_signatures_and_errors(exports, case):
    saved, lite = exports(case).report, exports(case).lite
    on_disk = [file for file in Path(saved.path).rglob("*") if file.is_file()]
    assert saved.size == sum(file.stat().st_size for file in on_disk) and len(saved.files) == len(on_disk)
    assert next(iter(saved.signatures)) == "serving_default"
    assert set(saved.parity) == set(saved.signatures) == set(exports(case).model.export_functions())
    for report in (saved, *lite.values()):
        assert report.max_error < 1e-3 + 1 / 255
        assert all(parity.num_samples == 16 for parity in report.parity.values())
        json.dumps(report.to_dict())
    for report in lite.values():
        (signature,) = report.signatures.values()
        shapes = [shape for side in signature.values() for _, shape in side.values()]
        assert all(shape[0] == BATCH for shape in shapes)
        assert report.sizes == {Path(report.path).name: Path(report.path).stat().st_size}


@for_exports(lambda case: issubclass(case.model_class, BaseGAN))
def test_saved_model_holds_only_the_weights_that_its_signatures_read(exports, case):
    model, loaded = exports(case).model, exports(case).loaded
    sizes = sorted(int(variable.shape.num_elements()) for variable in loaded.variables_read)
    networks = [average for average, _ in model.average.pairs]
    networks += [model.recognizer] if hasattr(model, "recognizer") else []
    assert sizes == sorted(int(np.prod(variable.shape)) for network in networks for variable in network.variables)


# -- manifest ---------------------------------------------------------------------------------------------------------


@for_exports()
def test_manifest_says_what_the_report_says(exports, case):
    model, report = exports(case).model, exports(case).report
    text = Path(report.path, "genzoo.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    assert manifest["model"] == case.name and manifest["versions"]["keras_genzoo"] == keras_genzoo.__version__
    assert manifest["versions"]["tensorflow"] == tf.__version__
    again = keras_genzoo.build(manifest["model"], **manifest["config"])
    assert {**again.get_config(), "name": 0, "seed": 0} == {**model.get_config(), "name": 0, "seed": 0}
    assert (manifest["precision"], manifest["image_dtype"], manifest["tolerance"]) == ("float32", "float32", 1e-3)
    assert manifest["signatures"] == json.loads(json.dumps(report.signatures))
    assert set(manifest["parity"]) == set(report.parity)
    for name, found in report.parity.items():
        assert manifest["parity"][name]["max_error"] == pytest.approx(found.max_error, rel=1e-2)
    for name, described in report.signatures.items():
        scalars = {key for key, (_, shape) in described["inputs"].items() if shape == ()}
        assert set(manifest["scalar_examples"].get(name, {})) == scalars
    assert str(exports(case).folder) not in text and os.path.expanduser("~") + os.sep not in text


# -- requests ---------------------------------------------------------------------------------------------------------


def requests_in(folder):
    """The requests of a warm-up file, parsed back."""
    from tensorflow_serving.apis import prediction_log_pb2

    records = list(tf.data.TFRecordDataset(str(Path(folder, warmup.WARMUP_FILE))))
    logs = [prediction_log_pb2.PredictionLog.FromString(record.numpy()) for record in records]
    assert all(log.WhichOneof("log_type") == "predict_log" for log in logs)
    return [log.predict_log.request for log in logs]


@predict_protos
@for_exports()
def test_every_signature_has_warmup_requests_that_run(exports, case):
    report, loaded = exports(case).report, exports(case).loaded
    requests = requests_in(report.path)
    assert report.warmup_requests == len(requests) == 2 * len(report.signatures) <= 1000
    assert "assets.extra/tf_serving_warmup_requests" in report.files
    sizes = {}
    for request in requests:
        assert request.model_spec.name == str(case)
        name = request.model_spec.signature_name
        specs = report.signatures[name]["inputs"]
        inputs = {key: tf.make_ndarray(proto) for key, proto in request.inputs.items()}
        assert set(inputs) == set(specs)
        tensors = {key: tf.constant(value, specs[key][0]) for key, value in inputs.items()}
        for key, (dtype, shape) in specs.items():
            assert request.inputs[key].dtype == tf.dtypes.as_dtype(dtype).as_datatype_enum
            assert len(inputs[key].shape) == len(shape)
            assert all(side in (None, found) for side, found in zip(shape, inputs[key].shape, strict=True))
        outputs = loaded.signatures[name](**tensors)
        batch = {value.shape[0] for value in outputs.values()}
        assert batch == ({int(inputs["num"])} if "num" in inputs else {len(next(x for x in inputs.values() if x.ndim))})
        sizes.setdefault(name, []).extend(batch)
    assert sizes == {name: [1, 4] for name in report.signatures}


@for_exports(lambda case: hasattr(case.model_class, "generate"))
def test_parts_of_a_collection_are_the_collection(exports, case):
    model, generate = exports(case).model, exports(case).loaded.signatures["generate"]
    given = {each.input: each.default(1, 0, 5) for each in model.conditions}

    def part(start, num):
        rows = {key: value[start : start + num] for key, value in given.items()}
        numbers = {"seed": tf.constant(3, tf.int64), "num": tf.constant(num), "start": tf.constant(start, tf.int64)}
        return generate(**numbers, **rows)["image"].numpy()

    whole = part(0, 5).astype("int32")
    assert np.abs(np.concatenate([part(0, 2), part(2, 3)]).astype("int32") - whole).max() <= 1
    if hasattr(model, "latent_dim"):  # chains of so few units all reach the same image
        assert np.abs(whole[0] - whole[1]).max() > 1


def wrong_inputs(function):
    """Inputs of three rows with a value that is not allowed in the last one, and the name of the input."""
    inputs = sample_inputs(function, 3)
    for name, each in function.inputs.items():
        if each.allowed is None:
            continue
        least, most = (-np.inf, np.inf) if name.startswith("z") else (each.allowed.low - 1, each.allowed.high + 1)
        for wrong in (least, most) if each.spec.dtype.is_integer else (least, most, np.nan):
            changed = inputs[name].copy()
            changed.reshape(-1)[-1] = wrong
            yield name, {**inputs, name: changed}


def test_every_input_but_files_bytes_and_scalars_has_allowed_values():
    for case in rows_of_exports():
        for function in case.build().export_functions().values():
            for name, each in function.inputs.items():
                free = each.spec.dtype == tf.string or each.spec.shape.rank == 0
                assert (each.allowed is None) == free, (str(case), name)


@for_exports()
def test_values_that_are_not_allowed_are_refused_by_every_signature(exports, case):
    export = exports(case)
    for name, function in export.model.export_functions().items():
        for key, inputs in wrong_inputs(function):
            tensors = {each: tf.constant(value) for each, value in inputs.items()}
            with pytest.raises(tf.errors.InvalidArgumentError, match=rf"Expected .*{key}.*Received: values outside"):
                export.loaded.signatures[name](**tensors)
        assert set(export.report.allowed[name]) == {key for key, _ in wrong_inputs(function)}


@for_exports()
def test_values_that_are_not_allowed_give_no_image_in_litert(exports, case):
    export = exports(case)
    for name, report in export.lite.items():
        runner = litert_runner(report.path, name)
        for _, inputs in wrong_inputs(export.model.export_functions()[name]):
            outputs = runner({key: value[1:] for key, value in inputs.items()})  # one call of both rows
            assert all(np.isnan(value).all() for value in outputs.values())


# -- precision --------------------------------------------------------------------------------------------------------


# The states of a machine with a free energy are drawn in float32, so that nothing in its graph is in bfloat16.
@for_exports(lambda case: not hasattr(case.model_class, "free_energy"), builders)
def test_bfloat16_graph_is_close_to_float32_and_keeps_its_types(exports, case, tmp_path):
    exact = exports(case).report
    report = shaken(case.build(), scale=0.02).export(tmp_path / "half", precision="bfloat16", warmup=False)
    assert report.precision == "bfloat16" and report.signatures == exact.signatures
    default = report.parity["serving_default"]
    assert 1e-5 < default.max_error < 0.2 and default.mean_error < 0.01
    assert exact.parity["serving_default"].max_error < 1e-5
    loaded = tf.saved_model.load(report.path)
    assert {variable.dtype for variable in loaded.variables_read} <= {tf.float32, tf.int64}
    assert json.loads(Path(report.path, "genzoo.json").read_text())["precision"] == "bfloat16"
