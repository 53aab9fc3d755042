"""Codes that are asked for and read back: the information terms, who trains the recognition network, and its use."""

import numpy as np
import pytest
from cases import CASES, for_cases, moved, values
from numpy_losses import minimax, non_saturating
from scipy.special import log_softmax, softmax
from scipy.stats import norm

import keras_genzoo
from keras_genzoo.layers import frozen_statistics

ROWS = {case.variant: case for case in CASES if case.name == "infogan"}
for_row, for_both = for_cases([ROWS[""]]), for_cases(list(ROWS.values()))


def shaken(case, **changes):
    model = case.build(**changes)
    rng = np.random.default_rng(0)
    for variable in model.discriminator.trainable_variables:
        variable.assign(variable + rng.normal(scale=0.3, size=variable.shape))
    return model


def surprise(outputs, fake):
    """E -log Q of both categorical codes, and of the factors, by SciPy."""
    code = 0.0
    for name, wanted in (("code", fake.codes), ("code2", fake.code2s)):
        log_q = log_softmax(np.asarray(outputs[f"{name}_logits"], "float64"), axis=-1)
        code -= log_q[np.arange(len(log_q)), np.asarray(wanted)].mean()
    deviation = np.exp(0.5 * np.asarray(outputs["factor_log_var"], "float64"))
    log_q = norm.logpdf(np.asarray(fake.factors), np.asarray(outputs["factor_mean"], "float64"), deviation)
    return code, -log_q.sum(axis=-1).mean()


@for_row
def test_both_losses_have_the_information_of_generated_images_times_its_weights(case):
    model = shaken(case)
    real = model.unpack(case.data(8))
    with frozen_statistics():
        fake = model.sample_fake(real)
        outputs = [model.discriminator(batch.images, training=True) for batch in (real, fake)]
        d_loss, g_loss = float(model.discriminator_loss(real, fake)), float(model.generator_loss(real, fake))
    scores = [np.asarray(each["logits"], "float64") for each in outputs]
    code, factor = surprise(outputs[1], fake)
    assert d_loss == pytest.approx(minimax(*scores) + 0.5 * code + 0.25 * factor, rel=1e-4)
    assert g_loss == pytest.approx(non_saturating(*scores) + 0.5 * code + 0.25 * factor, rel=1e-4)
    logged = [float(model.trackers[name].result()) for name in ("code_loss", "factor_loss")]
    assert logged == pytest.approx([code, factor], rel=1e-4)


@for_row
def test_recognition_network_shares_all_layers_but_its_own_and_the_discriminators_optimizer_trains_it(case):
    model = case.build()
    of_q = {id(variable) for variable in model.recognizer.trainable_variables}
    of_d = {id(variable) for variable in model.optimized_variables()["d_optimizer"]}
    heads = [model.discriminator.get_layer(name) for name in ("logits", "factor_log_var")]
    assert of_d - of_q == {id(variable) for head in heads for variable in head.trainable_variables}
    assert of_q < of_d
    assert len(model.weights) == len({id(variable) for variable in model.weights})
    _ = model.recognizer  # is not counted as a network of its own
    assert model.count_params() == case.params


@for_row
def test_codes_of_a_batch_are_drawn_from_all_categories_and_the_whole_range(case):
    model = case.build()
    fake = model.sample_fake(model.unpack(case.data(200)))
    assert set(np.asarray(fake.codes)) == {0, 1, 2} and set(np.asarray(fake.code2s)) == {0, 1, 2, 3}
    factors = np.asarray(fake.factors)
    assert factors.shape == (200, 2) and -1 <= factors.min() < -0.9 and 0.9 < factors.max() <= 1


@for_both
def test_recognize_gives_probabilities_and_means_and_generate_takes_codes(case):
    model = shaken(case)
    images = case.data(5)[0]
    outputs = model.discriminator(model.to_network(images), training=False)
    read = model.recognize(images, batch_size=2)
    assert list(read) == [each.name for each in model.conditions]
    np.testing.assert_allclose(read["codes"], softmax(np.asarray(outputs["code_logits"]), axis=-1), rtol=1e-4)
    if model.num_factors:
        np.testing.assert_allclose(read["factors"], outputs["factor_mean"], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(model.predict_codes(images), read["codes"].argmax(axis=-1))
    assert {name: part.shape for name, part in model.recognize(images[:0]).items()} == {
        name: (0, *part.shape[1:]) for name, part in read.items()
    }
    np.testing.assert_array_equal(model.generate(4, seed=1), model.generate(4, seed=1, codes=[0, 1, 2, 0]))
    with pytest.raises(ValueError, match="Expected codes in 0..2. Received: 1 outside, such as 3"):
        model.generate(1, codes=3)
    with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
        model.recognize(images[:, 1:])


@for_row
def test_a_model_without_a_code_is_refused_and_one_with_factors_alone_trains(case):
    with pytest.raises(ValueError, match="Expected code_sizes or num_factors: a code to read. Received: neither"):
        keras_genzoo.build("infogan", code_sizes=(), num_factors=0)
    model = case.build(code_sizes=(), info_weight=1.0)
    assert float(model.train_step(case.data(4))["code_loss"]) == 0.0
    assert list(model.recognize(case.data(2)[0])) == ["factors"]
    with pytest.raises(ValueError, match=r"Expected a model with a categorical code. Received: code_sizes=\(\)"):
        model.predict_codes(case.data(2)[0])


@for_row
def test_recognition_leaves_statistics_alone(case):
    model = case.build()
    before = values(model.weights)
    model.recognize(case.data(4)[0])
    assert moved(before, values(model.weights)) == []


def test_codes_of_points_are_read_and_exported():
    model = keras_genzoo.build("infogan", image_shape=(2,), network="mlp", hidden_units=(8,), code_sizes=(3,), seed=0)
    points = np.random.default_rng(0).normal(0.0, 3.0, (4, 2)).astype("float32")
    assert model.recognize(points)["codes"].shape == (4, 3)
    signature = model.export_functions()["recognize"]
    assert list(signature.inputs) == ["point"]
    np.testing.assert_allclose(signature.function(point=points)["code"], model.recognize(points)["codes"], rtol=1e-5)
