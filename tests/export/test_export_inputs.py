"""Inputs that a signature does not allow: numbers of images, lengths, bytes instead of floats in 8-bit files."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import keras_genzoo
from keras_genzoo.export.runners import litert_runner
from keras_genzoo.families.allowed import Allowed


@pytest.fixture(scope="module")
def model():
    return keras_genzoo.build(
        "cvae", image_shape=(8, 8, 1), num_classes=7, latent_dim=4, network="mlp", hidden_units=(4,)
    )


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    """The report of a SavedModel, and its signatures."""
    report = model.export(tmp_path_factory.mktemp("saved"), warmup=False)
    return report, tf.saved_model.load(report.path).signatures


def numbers(num, start=0):
    return {"seed": tf.constant(0, tf.int64), "num": tf.constant(num), "start": tf.constant(start, tf.int64)}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({**numbers(-1), "label": tf.constant([1])}, "Expected num of at least 1"),
        ({**numbers(0), "label": tf.constant([1])}, "Expected num of at least 1"),
        ({**numbers(2, start=-5), "label": tf.constant([1])}, "Expected start of at least 0"),
        ({**numbers(2), "label": tf.constant([], tf.int32)}, "Expected 1 to num labels"),
        ({**numbers(2), "label": tf.constant([0, 1, 2])}, "Expected 1 to num labels"),
        ({**numbers(2), "label": tf.constant([0, 7])}, r"Expected labels in 0\.\.6"),
    ],
)
def test_numbers_that_generate_cannot_follow_are_refused(saved, inputs, message):
    for name in ("generate", "generate_png", "generate_png_bytes"):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            saved[1][name](**inputs)


def test_fewer_labels_than_images_are_repeated(model, saved):
    images = saved[1]["generate"](**numbers(3), label=tf.constant([2, 0]))["image"].numpy()
    assert np.abs(images.astype(int) - model.generate(3, seed=0, labels=[2, 0, 2])).max() <= 1


def test_inputs_with_other_numbers_of_rows_are_refused(saved):
    z, label = tf.zeros((3, 4)), tf.constant([1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected equally many rows in z, label. Received"):
        saved[1]["serving_default"](z=z, label=label)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected equally many rows in z, z_end, label"):
        saved[1]["interpolate"](z=z, z_end=z[:1], steps=tf.constant(2), label=tf.constant([1, 1, 1]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected at least one row in z, label. Received"):
        saved[1]["serving_default"](z=z[:0], label=label[:0])


def test_manifest_and_report_state_allowed_values(saved):
    report, _ = saved
    manifest = json.loads(Path(report.path, "genzoo.json").read_text())
    assert report.allowed["encode"] == {"image": "0..1", "label": "0..6"}
    assert report.allowed["serving_default"] == {"z": "finite numbers", "label": "0..6"}
    assert (manifest["allowed"], manifest["outside"]) == (report.allowed, report.outside)
    assert report.outside == "refused with an error"


def test_8_bit_file_gives_zeros_for_bytes_and_unknown_classes(model, tmp_path):
    path = tmp_path / "encode.tflite"
    report = model.export(path, format="litert", signature="encode", quantization="int8", measure=False)
    run = litert_runner(path, "encode")
    image, label = np.full((1, 8, 8, 1), 0.5, "float32"), np.int32([1])
    assert any(value.any() for value in run({"image": image, "label": label}).values())
    for wrong in ((image * 255, label), (image * np.nan, label), (image, label + 6), (image, label - 2)):
        assert not any(value.any() for value in run(dict(zip(("image", "label"), wrong, strict=True))).values())
    assert report.outside.startswith("zeros; floats are compared by their whole numbers")
    options = dict(format="litert", quantization="int8", io_dtype="int8", measure=False)
    report = model.export(tmp_path / "bytes.tflite", **options)
    assert report.outside.startswith("zeros for classes")
    assert not litert_runner(report.path, "serving_default")({"z": np.zeros((1, 4)), "label": label + 6})["image"].any()


def test_images_of_bytes_are_blank_where_a_class_is_unknown(model, tmp_path):
    report = model.export(tmp_path / "a.tflite", format="litert", image_dtype="uint8", measure=False)
    run = litert_runner(report.path, "serving_default")
    z = np.zeros((1, 4), "float32")
    assert run({"z": z, "label": np.int32([2])})["image"].any()
    assert not run({"z": z, "label": np.int32([7])})["image"].any()


def test_runner_refuses_inputs_that_it_would_pad(model, tmp_path):
    report = model.export(tmp_path / "a.tflite", format="litert", measure=False)
    run = litert_runner(report.path, "serving_default")
    with pytest.raises(ValueError, match="Expected inputs with equally many rows. Received: {'z': 3, 'label': 1}"):
        run({"z": np.zeros((3, 4), "float32"), "label": np.int32([1])})
    assert run({"z": np.zeros((0, 4), "float32"), "label": np.int32([])})["image"].shape == (0, 8, 8, 1)


def test_classes_beyond_the_range_of_their_type_are_compared_as_numbers():
    assert Allowed(0, 299, "", "").inside(tf.constant([255], tf.uint8)).numpy().all()


def test_report_is_short_where_it_is_shown_and_whole_where_it_is_printed(saved):
    report, signatures = saved
    assert repr(report).startswith("<ExportReport of ") and len(repr(report)) < 300
    text = str(report)
    assert all(name in text for name in signatures)
    stated = (
        "Allowed inputs: z, z_end, noise: finite numbers; label: 0..6; label_weights: at least 0, 1 together in each "
        "row; image, mask: 0..1. Others: refused with an error"
    )
    assert " ".join(text.split()).endswith(stated)
    assert max(map(len, text.splitlines())) <= 120
