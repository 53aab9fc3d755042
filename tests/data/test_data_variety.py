"""Training data without variety is told by a warning, wherever it comes in, and trains without NaN."""

import warnings

import numpy as np
import pytest
from PIL import Image

import keras_genzoo
from keras_genzoo.callbacks import GANHealth

CONSTANT = np.full((6, 8, 8, 1), 128, "uint8")
VARIED = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1), dtype="uint8")
EQUAL_IMAGES = "All 6 images of .* are equal: a model can only learn to repeat this one"
EQUAL_LABELS = "All 6 labels of .* are 1: a model learns no other class"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("vae", {}),
        ("dcgan", {"minibatch_stddev": True}),  # whose gradient is that of a square root
        ("wgan_gp", {}),
        ("dragan", {}),  # noise of the standard deviation of the images
        ("r3gan", {"network": "conv"}),
        ("began", {}),  # a ratio of errors
    ],
)
def test_equal_images_train_with_a_warning_and_finite_losses(name, args):
    model = keras_genzoo.build(name, image_shape=(8, 8, 1), base_filters=8, seed=0, **args)
    health = [] if name == "vae" else [GANHealth(CONSTANT)]
    with pytest.warns(UserWarning, match=EQUAL_IMAGES):
        history = model.fit(CONSTANT, batch_size=3, epochs=2, verbose=0, callbacks=health).history
    assert not np.isnan(list(history.values())).any()
    assert np.isfinite([value for key, value in history.items() if key != "health_diversity"]).all()
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_labels_of_one_class_train_with_a_warning():
    model = keras_genzoo.build("cgan", image_shape=(8, 8, 1), num_classes=3, base_filters=8)
    with pytest.warns(UserWarning, match=EQUAL_LABELS):
        model.fit(VARIED, np.ones(6, "int32"), verbose=0)


def test_the_second_domain_is_looked_at_too():
    model = keras_genzoo.build("pix2pix", image_shape=(8, 8, 1), base_filters=4)
    with pytest.warns(UserWarning, match="All 6 images of domain b are equal"):
        model.fit(VARIED, CONSTANT, verbose=0)


def test_loaded_data_are_looked_at_too(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=CONSTANT, y_train=np.ones(6, "int32"))
    with pytest.warns(UserWarning, match=EQUAL_IMAGES), pytest.warns(UserWarning, match=EQUAL_LABELS):
        keras_genzoo.data.load(tmp_path / "a.npz", labels=True)


def test_images_that_are_nearly_black_are_told(tmp_path):
    for number, image in enumerate(VARIED[..., 0].astype("uint16") * 16):  # 12 of 16 bits
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    for cache in (True, False):
        with pytest.warns(UserWarning, match="nearly black: no value is above 1[56] of 255"):
            keras_genzoo.data.load(tmp_path, cache=cache)
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=(4,))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(VARIED // 15, verbose=0)  # up to 17
    with pytest.warns(UserWarning, match="nearly black: no value is above 16 of 255"):
        model.fit(VARIED // 15 - (VARIED // 15 == 17), verbose=0)
    with pytest.warns(UserWarning, match="nearly black"):
        model.fit(VARIED / np.float32(255 * 255), verbose=0)  # divided by 255 twice


@pytest.mark.parametrize(
    "images, labels",
    [(VARIED, [0, 0, 0, 1, 1, 1]), (CONSTANT[:1], [1]), (VARIED, [-1] * 6), (np.eye(2, dtype="float32"), None)],
)
def test_other_data_are_taken_in_silence(images, labels):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keras_genzoo.data.load((images, labels), labels=False if labels is None else "partial")
