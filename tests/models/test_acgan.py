"""The auxiliary classifier: its part of both losses, which images it sees, and what is logged."""

import numpy as np
import pytest
from cases import CASES, for_cases
from numpy_losses import minimax, non_saturating
from scipy.special import log_softmax

from keras_genzoo.layers import frozen_statistics

for_row = for_cases([case for case in CASES if case.name == "acgan"])


def shaken(case):
    model = case.build()
    rng = np.random.default_rng(0)
    for variable in model.discriminator.trainable_variables:
        variable.assign(variable + rng.normal(size=variable.shape))
    return model


def class_error(outputs, labels):
    log_p = log_softmax(np.asarray(outputs["class_logits"], "float64"), axis=-1)
    return -log_p[np.arange(len(labels)), labels].mean()


@for_row
def test_discriminator_learns_the_classes_of_both_kinds_of_images_and_the_generator_of_its_own(case):
    model = shaken(case)
    data = case.data(8)
    real = model.unpack(data)
    with frozen_statistics():
        fake = model.sample_fake(real)
        outputs = [model.discriminator(batch.images, training=True) for batch in (real, fake)]
        d_loss, g_loss = float(model.discriminator_loss(real, fake)), float(model.generator_loss(real, fake))
    scores = [np.asarray(each["logits"], "float64") for each in outputs]
    of_real, of_fake = (class_error(each, data[1]) for each in outputs)
    assert abs(of_real - of_fake) > 0.01
    assert d_loss == pytest.approx(minimax(*scores) + 0.5 * (of_real + of_fake), rel=1e-4)
    assert g_loss == pytest.approx(non_saturating(*scores) + 0.5 * of_fake, rel=1e-4)
    assert float(model.trackers["classifier_loss"].result()) == pytest.approx(of_real + of_fake, rel=1e-4)


@for_row
def test_discriminator_does_not_see_the_label(case):
    model = case.build()
    assert [each.name for each in model.discriminator.inputs] == ["image"]
    assert [each.name for each in model.generator.inputs] == ["z", "label"]


@for_row
def test_data_of_one_class_trains_and_labels_are_checked(case):
    model = case.build()
    images, labels = case.data(4)
    logs = model.train_step((images, np.zeros(4, "int32")))
    assert all(np.isfinite(float(value)) for value in logs.values())
    with pytest.raises(ValueError, match="Expected labels in 0..3. Received: 1 outside, such as 4"):
        model.fit(images, np.array([0, 1, 2, 4]), verbose=0)
    with pytest.raises(ValueError, match=r"Expected batches of \(images, labels\). Received: images alone"):
        model.fit(images, verbose=0)


@for_row
def test_classes_are_learned_from_features_that_tell_images_apart(case):
    model = case.build(image_shape=(8, 8, 1), d_steps=1)
    assert model.discriminator.get_layer("class_logits").input is model.discriminator.get_layer("logits").input
