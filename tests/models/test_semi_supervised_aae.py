"""The semi-supervised adversarial autoencoder: what each update moves, and what labels and their absence do."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, built_once, for_cases, moved, moved_parts, snapshot, state, values
from scipy.special import log_softmax

from keras_genzoo.families.conditions import ClassCondition
from keras_genzoo.families.priors import NormalPrior
from keras_genzoo.utils.record import Record

SHAPE = (16, 16, 1)  # large enough for batch normalization in the encoder
NETWORKS = ("encoder", "decoder", "discriminator", "class_discriminator")
ROWS = {case.variant: case for case in CASES if case.name == "semi_supervised_aae"}
for_conv, for_mlp = for_cases([ROWS["conv"]]), for_cases([ROWS["mlp"]])
LABELS = np.array([2, -1, 0, -1, -1, 1], "int32")


@pytest.fixture(scope="module")
def trained():
    """Function from a row to a model, built once, that the tests of this file train a little further."""
    return built_once(image_shape=SHAPE)


def batch(model, labels=LABELS, seed=0):
    images = np.random.default_rng(seed).integers(2, 256, (len(labels), *model.image_shape), dtype=np.uint8)
    return images, np.asarray(labels, "int32")


@for_conv
def test_update_by_labels_leaves_style_decoder_discriminators_and_statistics_unchanged(case, trained):
    model = trained(case)
    before, statistics = snapshot(model, *NETWORKS), values(model.encoder.non_trainable_variables)
    style = values(model.encoder.get_layer("z").variables)
    model.update("c_optimizer", lambda: model.class_loss(model.unpack(batch(model))))
    assert moved_parts(before, snapshot(model, *NETWORKS)) == {"encoder", "c_optimizer"}
    assert statistics and moved(statistics, values(model.encoder.non_trainable_variables)) == []
    assert moved(style, values(model.encoder.get_layer("z").variables)) == []


@for_conv
def test_adversarial_updates_leave_the_decoder_unchanged(case, trained):
    model = trained(case)
    before = snapshot(model, *NETWORKS)
    model.update_adversaries(model.unpack(batch(model)).images)
    expected = {"encoder", "discriminator", "class_discriminator", "d_optimizer", "g_optimizer"}
    assert moved_parts(before, snapshot(model, *NETWORKS)) == expected


@for_conv
def test_cross_entropy_is_that_of_labelled_images_alone(case, trained):
    model = trained(case)
    data = batch(model)
    logits = np.asarray(model.encoder(model.to_network(data[0]))["y_logits"], "float64")
    expected = -log_softmax(logits, axis=-1)[[0, 2, 5], [2, 0, 1]].mean()
    assert float(model.class_loss(model.unpack(data), training=False)) == pytest.approx(expected, rel=1e-5)


@for_mlp
def test_update_by_labels_is_as_if_images_without_one_were_not_there(case):
    models = [case.build({"c_optimizer": keras.optimizers.SGD(0.5)}) for _ in range(2)]
    images, labels = batch(models[0])
    known = labels >= 0
    for model, rows in zip(models, (slice(None), known), strict=True):
        record = model.unpack((images[rows], labels[rows]))
        model.update("c_optimizer", lambda model=model, record=record: model.class_loss(record))
    for one, two in zip(*(model.encoder.trainable_variables for model in models), strict=True):
        np.testing.assert_allclose(one.numpy(), two.numpy(), rtol=1e-5, atol=1e-7)


@for_mlp
def test_batch_without_a_label_has_no_loss_of_classes_and_trains_the_rest(case):
    model = case.build()
    images, labels = batch(model, [-1] * 6)
    before = snapshot(model, *NETWORKS)
    with tf.GradientTape() as tape:
        loss = model.class_loss(model.unpack((images, labels)))
    gradients = tape.gradient(loss, [each.value for each in model.optimized_variables()["c_optimizer"]])
    assert float(loss) == 0.0 and not any(np.any(gradient) for gradient in gradients)
    logs = model.fit(images, labels, verbose=0).history
    assert logs["class_loss"] == [0.0]
    assert set(NETWORKS) <= moved_parts(before, snapshot(model, *NETWORKS))


@for_mlp
def test_logged_cross_entropy_is_a_mean_over_the_labelled_images_of_the_epoch(case):
    model = case.build()
    images, labels = batch(model, [0, 1, 2, -1, 4, -1])
    logs = model.evaluate(images, labels, batch_size=2, verbose=0, return_dict=True)
    logits = np.asarray(model.encoder(model.to_network(images))["y_logits"], "float64")
    expected = -log_softmax(logits, axis=-1)[[0, 1, 2, 4], [0, 1, 2, 4]].mean()
    assert logs["class_loss"] == pytest.approx(expected, rel=1e-5)


@for_conv
def test_adversarial_losses_are_sums_over_styles_and_classes(case, trained, monkeypatch):
    model = trained(case)
    codes = model.encoder(model.to_network(batch(model)[0]))
    z, drawn = np.asarray(codes["z"])[::-1] + 1.0, np.array([0, 1, 2, 2, 1, 0])
    monkeypatch.setattr(NormalPrior, "from_normal", lambda prior, normal: tf.convert_to_tensor(z))
    monkeypatch.setattr(ClassCondition, "draw", lambda condition, num, seed: tf.constant(drawn))
    of_z = [np.asarray(model.discriminator(each), "float64") for each in (z, codes["z"])]
    of_y = [np.asarray(model.class_discriminator(each), "float64") for each in (np.eye(3)[drawn], codes["y"])]
    d_loss = sum(np.log1p(np.exp(-real)).mean() + np.log1p(np.exp(fake)).mean() for real, fake in (of_z, of_y))
    g_loss = sum(np.log1p(np.exp(-fake)).mean() for _, fake in (of_z, of_y))
    assert float(model.discriminator_loss(Record(**codes))) == pytest.approx(d_loss, rel=1e-5)
    assert float(model.encoder_loss(Record(**codes))) == pytest.approx(g_loss, rel=1e-5)


@for_conv
def test_squared_error_is_that_of_the_decoded_style_and_class_probabilities(case, trained):
    model = trained(case)
    images = model.to_network(batch(model)[0])
    codes = model.encoder(images)
    np.testing.assert_allclose(np.sum(codes["y"], axis=1), 1.0, rtol=1e-5)
    decoded = np.asarray(model.decoder([codes["z"], codes["y"]]), "float64")
    error = ((np.asarray(images, "float64") - decoded) ** 2).reshape(6, -1).sum(axis=1).mean()
    assert float(model.reconstruction_loss(images, training=False)) == pytest.approx(error, rel=1e-5)


@for_conv
def test_images_are_encoded_and_reconstructed_without_labels_and_decoded_with_them(case, trained):
    model, (images, _) = trained(case), batch(trained(case))
    z, y = model.encode(images, batch_size=4)
    np.testing.assert_array_equal(model.predict_labels(images), np.argmax(y, axis=1))
    expected = (np.asarray(model.decoder([z, y]), "float64") + 1.0) / 2.0
    assert np.abs(model.reconstruct(images) - expected * 255.0).max() <= 1.0
    labels = [0, 1, 2, 0, 1, 2]
    expected = (np.asarray(model.decoder([z, np.eye(3)[labels]]), "float64") + 1.0) / 2.0
    np.testing.assert_allclose(model.decode(z, labels=labels), expected, atol=1e-5)
    with pytest.raises(ValueError, match="Expected labels, one per image.* Received: labels=None"):
        model.decode(z)
    for use in (model.encode, model.reconstruct):
        with pytest.raises(ValueError, match="Expected no labels beside images: semi_supervised_aae reads them"):
            use(images, labels=labels)


@for_conv
def test_missing_pixels_are_filled_in_by_the_class_that_is_read(case, trained):
    model, (images, _) = trained(case), batch(trained(case))
    nothing = np.zeros(SHAPE[:2], bool)
    np.testing.assert_array_equal(model.impute(images, nothing, steps=1), images)
    top = np.arange(16)[:, None] < np.full((1, 16), 8)
    filled = model.impute(images, top, steps=80)
    np.testing.assert_allclose(filled[:, :8], model.reconstruct(filled)[:, :8], atol=2)
    read = model.conditions_given(model.to_network(images), {})
    np.testing.assert_allclose(read["y"], model.encode(images)[1], atol=1e-5)


@for_mlp
def test_labels_are_names_or_numbers_beside_the_one_for_none(case):
    names = ["a", "b", "c", "d", "e"]
    models = [case.build(class_names=names) for _ in range(2)]
    images, labels = batch(models[0], [0, -1, 4, -1])
    models[0].train_on_batch(images, ["a", -1, "e", -1])
    models[1].train_on_batch(images, labels)
    assert moved(state(models[0]), state(models[1])) == []
    for wrong in ([0, -2, 1, 1], [0, 5, 1, 1], ["a", None, "b", "b"], ["a", "f", "b", "b"]):
        with pytest.raises(ValueError, match=r"^Expected .*labels in 0\.\.4 or -1 \(no label\).* Received: "):
            models[0].fit(images, wrong, verbose=0)
    with pytest.raises(ValueError, match="the label -1 for an image without one. Received: images alone"):
        models[0].fit(images, verbose=0)
