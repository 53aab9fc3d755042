"""The signature of mixtures of classes: which models have it, what it gives and what it refuses."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import CASES
from keras import ops

import keras_genzoo
from keras_genzoo import latent
from keras_genzoo.export.runners import litert_runner
from keras_genzoo.models.cgan import CGAN

ARGS = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=4, num_classes=3, seed=0)


class NumberGAN(CGAN):
    """A model of a user, whose generator takes the number of a class and no weights."""

    def build_generator(self):
        z, label = keras.Input((self.latent_dim,), name="z"), keras.Input((), dtype="int32", name="label")
        number = ops.cast(ops.expand_dims(label, 1), "float32")
        x = keras.layers.Dense(64)(keras.layers.Concatenate()([z, number]))
        return keras.Model([z, label], keras.layers.Reshape((8, 8, 1))(x))


@pytest.fixture(scope="module")
def model():
    return keras_genzoo.build("cgan", **ARGS)


@pytest.fixture(scope="module")
def mix(model, tmp_path_factory):
    report = model.export(tmp_path_factory.mktemp("saved"), warmup=False)
    return tf.saved_model.load(report.path).signatures["mix"]


def weights_of(*rows):
    return np.asarray(rows, "float32")


def test_models_have_the_signature_that_mix_classes_and_no_others():
    for case in CASES:
        if case.name in ("cgan", "semi_supervised_aae", "infogan", "dcgan", "classifier"):
            assert ("mix" in case.build().export_functions()) == (case.name not in ("dcgan", "classifier")), case


def test_model_that_takes_numbers_of_classes_is_exported_without_it(tmp_path):
    model = NumberGAN(**ARGS)
    functions = model.export_functions()
    assert "mix" not in functions and "label" in functions["serving_default"].inputs
    report = model.export(tmp_path / "a.tflite", format="litert", measure=False)
    assert report.max_error < 1e-3


def test_signature_gives_what_generate_gives(model, mix):
    half = latent.class_weights(model, {0: 0.5, 2: 0.5}, num=3)
    made = mix(z=latent.sample(model, 3, seed=5), label_weights=half)["image"].numpy()
    assert np.abs(np.rint(255.0 * made) - model.generate(3, seed=5, labels=half)).max() <= 1


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (weights_of([0.5, 0.4, 0.0]), r"Received: values outside, such as a row with the sum\] \[0.9"),
        (weights_of([0.5, 0.0, 0.5], [0.0, 0.0, 0.0]), r"such as a row with the sum\] \[0\]"),
        (
            weights_of([1.5, -0.5, 0.0]),
            r"at least 0, and 1 together in each row. Received: values outside, such as\] \[1",
        ),
        (weights_of([np.nan, 0.0, 1.0]), r"such as\] \[nan"),
        (weights_of([0.5, 0.5]), r"Expected label_weights of shape \(n, 3\). Received: shape\] \[1 2\]"),
        (weights_of([0.5, 0.5, 0.0, 0.0]), r"Expected label_weights of shape \(n, 3\). Received: shape\] \[1 4\]"),
    ],
)
def test_weights_that_generate_refuses_are_refused(model, mix, weights, message):
    with pytest.raises(ValueError, match="Expected labels as classes, or as weights of shape"):
        model.generate(len(weights), seed=0, labels=weights)
    z = tf.constant(latent.sample(model, len(weights), seed=5))
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        mix(z=z, label_weights=tf.constant(weights))


def test_codes_of_another_length_are_refused_in_words(mix):
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"Expected z of shape \(n, 4\). Received: shape\] \[1 5\]"
    ):
        mix(z=tf.zeros((1, 5)), label_weights=tf.constant([[1.0, 0.0, 0.0]]))


@pytest.mark.parametrize("quantization", [None, "int8"])
def test_file_gives_no_image_of_weights_that_are_no_mixture(model, tmp_path, quantization):
    options = dict(signature="mix", quantization=quantization, measure=False, batch_size=2)
    run = litert_runner(model.export(tmp_path / "a.tflite", format="litert", **options).path, "mix")
    good = weights_of([0.0, 1.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.001, 0.5, 0.499])  # the last batch is padded
    image = run({"z": np.zeros((3, 4), "float32"), "label_weights": good})["image"]
    assert np.isfinite(image).all() and all(each.any() for each in image)
    for wrong in ([0.5, 0.4, 0.0], [0.0, 0.0, 0.0], [2.0, -1.0, 0.0], [np.nan, 0.0, 1.0], [0.6, 0.6, 0.0]):
        image = run({"z": np.zeros((1, 4), "float32"), "label_weights": weights_of(wrong)})["image"]
        assert np.isnan(image).all() if quantization is None else not image.any(), wrong


def test_file_of_mixtures_is_as_large_as_that_of_classes(model, tmp_path):
    sizes = [
        model.export(tmp_path / f"{name}.tflite", format="litert", signature=name, measure=False).size
        for name in ("serving_default", "mix")
    ]
    assert abs(sizes[1] - sizes[0]) < 2000


def test_export_of_one_class_mixes_those_that_are_left(tmp_path, model):
    assert "mix" not in model.export(tmp_path / "one", labels=1, warmup=False).signatures
    free = keras_genzoo.build("infogan", image_shape=(8, 8, 1), base_filters=4, code_sizes=[2, 3], num_factors=1)
    report = free.export(tmp_path / "two", codes=1, warmup=False)
    assert set(report.signatures["mix"]["inputs"]) == {"z", "code2_weights", "factor"}
    z, rest = latent.sample(free, 2, seed=0), dict(factor=np.zeros((2, 1), "float32"))
    weights = weights_of(*[[0.5, 0.5, 0.0]] * 2)
    made = tf.saved_model.load(report.path).signatures["mix"](z=z, code2_weights=weights, **rest)["image"]
    names = {each.input: each.name for each in free.conditions}
    given = {names["code"]: np.int32([1, 1]), names["code2"]: weights, names["factor"]: rest["factor"]}
    np.testing.assert_allclose(made, free.images_from_codes(z, **given), atol=1e-5)
