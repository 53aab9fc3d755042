"""Exports of one class: files without the input of a condition, which give what the model gives for its value."""

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from typer.testing import CliRunner

import keras_genzoo
from keras_genzoo.cli.app import app

ARGS = dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=4, num_classes=3, class_names=("a", "b", "c"), seed=0)


@pytest.fixture(scope="module", params=["cgan", "cvae"])
def model(request):
    return keras_genzoo.build(request.param, **ARGS)


def test_saved_model_of_one_class_gives_what_the_model_gives_for_it(model, tmp_path):
    report = model.export(tmp_path / "one", labels="c", warmup=False)
    assert not any("label" in signature["inputs"] for signature in report.signatures.values())
    loaded = tf.saved_model.load(report.path).signatures
    made = loaded["generate"](seed=tf.constant(7, tf.int64), num=tf.constant(5), start=tf.constant(2, tf.int64))[
        "image"
    ]
    np.testing.assert_allclose(made, model.generate(5, seed=7, start=2, labels=2), atol=1)
    z = np.random.default_rng(0).standard_normal((4, 3)).astype("float32")
    images = model.images_from_codes(z, labels=np.full(4, 2, "int32"))
    np.testing.assert_allclose(loaded["serving_default"](z=z)["image"], images, atol=1e-5)
    assert not any(
        "label" in s["inputs"] for s in model.export(tmp_path / "again", labels=2, warmup=False).signatures.values()
    )
    assert "label" in model.export(tmp_path / "all", warmup=False).signatures["generate"]["inputs"]


def test_litert_file_of_one_class_is_made_on_the_command_line(tmp_path):
    path = tmp_path / "model.keras"
    model = keras_genzoo.build("cgan", **ARGS)
    model.save(path)
    done = CliRunner().invoke(
        app, ["export", str(path), "--out", str(tmp_path / "b.tflite"), "--labels", "b", "--no-measure"]
    )
    assert done.exit_code == 0, done.output
    z = np.random.default_rng(0).standard_normal((1, 3)).astype("float32")
    run = Interpreter(str(tmp_path / "b.tflite")).get_signature_runner()
    (image,) = run(z=z).values()
    np.testing.assert_allclose(image, model.images_from_codes(z, labels=np.int32([1])), atol=1e-4)


def test_wrong_classes_are_refused_before_anything_is_written(model, tmp_path):
    for wrong, message in (
        (dict(labels=3), "labels"),
        (dict(labels="d"), "did you mean|valid are"),
        (dict(labels=[0, 1]), "Expected"),
        (dict(labels=1, format="web"), "Expected no labels: visitors of a page choose"),
    ):
        with pytest.raises(ValueError, match=message):
            model.export(tmp_path / "out", **wrong)
    plain = keras_genzoo.build("vae", image_shape=(8, 8, 1), base_filters=4)
    with pytest.raises(ValueError, match="Received: labels=3"):
        plain.export(tmp_path / "out", labels=3)
    reader = keras_genzoo.build("infogan", image_shape=(8, 8, 1), base_filters=4)
    with pytest.raises(ValueError, match="Expected no conditions: the signature 'recognize' takes none"):
        reader.export(tmp_path / "out.tflite", format="litert", signature="recognize", codes=2)
    assert not list(tmp_path.iterdir())
