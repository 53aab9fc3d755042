"""What cannot be exported is refused in one clear sentence; it leaves nothing and ruins nothing."""

import errno
import resource
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from exports import Stub, content, half, wrong_in_a_graph

from keras_genzoo.export import ExportError, conversion, export_model


def target(folder, format):
    return folder / ("model.tflite" if format == "litert" else "model/1")


def test_op_that_needs_flex_is_refused_by_name_and_leaves_no_file(tmp_path):
    def inverse(z):
        return tf.reshape(tf.linalg.inv(tf.reshape(z, (-1, 2, 2))), (-1, 4))

    with pytest.raises(ExportError, match="MatrixInverse"):
        export_model(Stub(inverse), tmp_path / "new" / "model.tflite", format="litert")
    assert list(tmp_path.iterdir()) == []


class Inverse(keras.layers.Layer):
    def call(self, x):
        return tf.reshape(tf.linalg.inv(tf.reshape(x, (-1, 2, 2))), (-1, 4))


def test_refusal_names_the_layer_that_the_op_stands_in(tmp_path):
    z = keras.Input((4,))
    network = keras.Model(z, keras.layers.Dense(4)(Inverse(name="turned")(z)), name="generator")
    with pytest.raises(ExportError, match=r"MatrixInverse \(in layer generator/turned\)"):
        export_model(Stub(network), tmp_path / "model.tflite", format="litert")


@pytest.mark.parametrize(("name", "calls", "found"), [("turn_3", 1, "turn_3"), ("turned", 2, "turned")])
def test_refusal_keeps_the_numbers_in_names_of_layers(tmp_path, name, calls, found):
    x = z = keras.Input((4,))
    layer = Inverse(name=name)
    for _ in range(calls):
        x = layer(x)
    with pytest.raises(ExportError, match=rf"\(in layer net/{found}\)"):
        export_model(Stub(keras.Model(z, x, name="net")), tmp_path / "model.tflite", format="litert")


def test_flex_op_inside_a_finished_file_is_found():
    module = tf.Module()
    module.function = tf.function(lambda z: tf.reshape(tf.linalg.inv(tf.reshape(z, (-1, 2, 2))), (-1, 4)))
    concrete = module.function.get_concrete_function(tf.TensorSpec((1, 4), tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    flatbuffer = converter.convert()
    assert "FlexMatrixInverse" in conversion.operators(flatbuffer)
    with pytest.raises(ExportError, match="FlexMatrixInverse"):
        conversion.refuse_foreign_ops(flatbuffer)


@pytest.mark.parametrize("format", ["saved_model", "litert"])
def test_existing_export_stays_unless_overwrite_succeeds(tmp_path, format):
    path = target(tmp_path, format)
    export_model(Stub(half), path, format=format)
    before = content(tmp_path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        export_model(Stub(half), path, format=format)
    with pytest.raises(ExportError, match="agree with Keras within 0.001 .* maximal error of 0.01"):
        export_model(Stub(wrong_in_a_graph), path, format=format, overwrite=True)
    assert content(tmp_path) == before
    report = export_model(Stub(lambda z: 2.0 * half(z)), path, format=format, overwrite=True)
    after = content(tmp_path)
    assert after != before
    assert {Path(name).name for name in after} == {Path(name).name for name in report.files}


def test_folder_of_other_files_is_never_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    (tmp_path / "drafts" / "1").mkdir(parents=True)
    (tmp_path / "drafts" / "1" / "thesis.txt").write_text("years ago")
    for path in ("mine", "drafts", "drafts/1"):
        with pytest.raises(FileExistsError, match="holds other files"):
            export_model(Stub(half), tmp_path / path, overwrite=True)
    with pytest.raises(FileExistsError, match="is a folder"):
        (tmp_path / "model.tflite").mkdir()
        export_model(Stub(half), tmp_path / "model.tflite", format="litert", overwrite=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years"
    assert (tmp_path / "drafts" / "1" / "thesis.txt").read_text() == "years ago"


@pytest.mark.parametrize("format", ["saved_model", "litert"])
def test_full_disk_is_one_clear_error_and_leaves_the_old_export(tmp_path, format):
    path = target(tmp_path, format)
    export_model(Stub(half), path, format=format)
    before = content(tmp_path)
    weights = tf.Variable(np.ones((4, 20_000), "float32"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # a write beyond it fails as on a full disk
    try:
        with pytest.raises(OSError, match="^Could not write '.*': ") as caught:
            export_model(Stub(lambda z: z @ weights), path, format=format, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(caught.value) and "tmp/" not in str(caught.value).partition(": ")[2]
    assert content(tmp_path) == before


@pytest.mark.parametrize("format", ["saved_model", "litert"])
def test_parent_that_is_a_file_is_one_clear_error(tmp_path, format):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="^Could not write .*is not a folder") as caught:
        export_model(Stub(half), target(tmp_path / "file", format), format=format)
    assert caught.value.errno == errno.ENOTDIR


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "litrt"}, "did you mean 'litert'.* Received: format='litrt'"),
        ({"format": "litert", "quantisation": "int8"}, "did you mean 'quantization'.* Received: quantisation='int8'"),
        ({"format": "litert", "quantization": "int4"}, "one of None, 'float16', 'dynamic', 'int8', 'auto'"),
        ({"format": "litert", "signature": "encode"}, r"one of \('serving_default',\)"),
        ({"format": "litert", "batch_size": 0}, "integer of at least 1. Received: batch_size=0"),
        ({"format": "litert", "path": "model"}, r"ends in \.tflite"),
        ({"path": "model.tflite"}, r"path of a folder for a SavedModel \(a .tflite file needs format='litert'\)"),
        ({"image_dtype": "int8"}, r"one of \('float32', 'uint8'\)"),
        ({"tolerance": 0.0}, "Expected tolerance above 0"),
        ({"num_samples": 0}, "Expected num_samples to be an integer"),
        ({"model": "dcgan"}, "Expected a model of the zoo"),
    ],
)
def test_wrong_argument_names_what_is_expected(tmp_path, arguments, message):
    arguments = {"model": Stub(half), "format": "saved_model", **arguments}
    name = arguments.pop("path", target(tmp_path, arguments["format"]))
    with pytest.raises(ValueError, match=message):
        export_model(path=tmp_path / name, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_result_that_is_not_a_number_fails_the_export(tmp_path):
    def nan_in_a_graph(z):
        return half(z) + (np.nan if tf.inside_function() else 0.0)

    with pytest.raises(ExportError, match="maximal error of nan"):
        export_model(Stub(nan_in_a_graph), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []
