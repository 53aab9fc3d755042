"""BEGAN: the error of the reconstruction, the balance of the two errors, and where its state belongs."""

import keras
import numpy as np
import pytest
from cases import CASES

import keras_genzoo
from keras_genzoo.models.began import likeness
from keras_genzoo.utils.record import Record

CASE, MLP = (case for case in CASES if case.name == "began")


def still(**args):
    """A model whose networks rest."""
    return CASE.build({name: keras.optimizers.SGD(0.0) for name in ("d_optimizer", "g_optimizer")}, **args)


def errors(model, *batches):
    """Mean absolute error of the reconstructions of the images of each record."""
    return [np.abs(batch.images - np.asarray(model.discriminator(batch.images))).mean() for batch in batches]


@pytest.mark.parametrize("case", [CASE, MLP], ids=str)
def test_score_is_minus_the_mean_error_of_each_image_and_generated_ones_are_judged_alike(case):
    model = case.build()
    real = model.unpack(case.data(5))
    fake = model.sample_fake(real)
    expected = [
        -np.abs(batch.images - np.asarray(model.discriminator(batch.images))).reshape(5, -1).mean(axis=1)[:, None]
        for batch in (real, fake)
    ]
    np.testing.assert_allclose(model.judge(real), expected[0], rtol=1e-5)
    for scores, wanted in zip(model.scores(real, fake), expected, strict=True):
        np.testing.assert_allclose(scores, wanted, rtol=1e-4)


def test_weight_of_generated_images_follows_the_balance_within_0_and_1():
    model = still(gamma=0.75, balance_rate=0.25)
    real = model.unpack(CASE.data(6))
    fake = model.sample_fake(real)
    real_error, fake_error = errors(model, real, fake)
    assert 0.75 * real_error != pytest.approx(fake_error, rel=0.1)
    for start in (0.5, 0.9, 1.0, 0.0):
        model.fake_weight.assign(start)
        loss = float(model.update_discriminator(real, fake))
        assert loss == pytest.approx(real_error - start * fake_error, rel=1e-4)
        expected = np.clip(start + 0.25 * (0.75 * real_error - fake_error), 0.0, 1.0)
        assert float(model.fake_weight) == pytest.approx(expected, rel=1e-4)
    ends = []
    for gamma in (0.0, 0.999):
        model.gamma, model.balance_rate = gamma, 1000.0
        model.update_discriminator(real, real.replace(images=0.9 * real.images))
        ends.append(float(model.fake_weight))
    assert ends == [0.0, 1.0]


def test_convergence_is_the_error_of_real_images_plus_the_distance_from_the_balance():
    model = still(d_steps=1)
    real = model.unpack(CASE.data(6))
    logs = model.train_step(CASE.data(6))
    twin = still(d_steps=1)
    real_error, fake_error = errors(twin, real, twin.make_fake(real))
    expected = real_error + abs(0.3 * real_error - fake_error)
    assert float(logs["convergence"]) == pytest.approx(expected, rel=1e-4)
    assert float(logs["fake_weight"]) == pytest.approx(float(model.fake_weight))
    assert float(logs["g_loss"]) == pytest.approx(fake_error, rel=1e-4)


def test_weight_of_generated_images_rests_in_test_steps_and_belongs_to_no_network(tmp_path):
    model = CASE.build()
    model.fake_weight.assign(0.5)
    model.test_step(CASE.data(6))
    assert float(model.fake_weight) == 0.5
    assert not any(each is model.fake_weight for each in model.network_variables)
    assert any(each is model.fake_weight for each in model.weights)
    model.save(tmp_path / "model.keras")
    model.save_to_preset(tmp_path / "preset")
    assert float(keras_genzoo.load(tmp_path / "model.keras").fake_weight) == 0.5
    assert float(keras_genzoo.build("began", weights=tmp_path / "preset").fake_weight) == 0.0


@pytest.mark.parametrize(
    "name, value", [("dropout", 0.5), ("minibatch_stddev", True), ("instance_noise", 0.1), ("augmentation_target", 0.6)]
)
def test_arguments_of_discriminators_that_are_no_autoencoders_are_refused(name, value):
    with pytest.raises(ValueError, match=f"Expected arguments of began; .* Received: {name}="):
        CASE.build(**{name: value})


def test_reconstructions_have_no_bound():
    # Of dark images, a tanh stays at -1 for good, where its gradient is 0.
    model = CASE.build()
    decoder = model.discriminator.get_layer("decoder")
    decoder.weights[-1].assign(np.full(decoder.weights[-1].shape, -5.0))
    images = model.unpack(CASE.data(5)).images
    error, expected = -np.mean(model.judge(Record(images=images))), np.mean(np.abs(images + 5.0))
    assert error == pytest.approx(float(expected), rel=0.2)


def test_changed_colors_beyond_the_range_of_pixels_are_reconstructed():
    model = CASE.build(augmentations=["flip", "color"])
    assert np.isfinite(model.train_step(CASE.data(6))["d_loss"])


def test_points_beyond_one_are_reconstructed():
    model = keras_genzoo.build("began", image_shape=(2,), network="mlp", hidden_units=(16,), code_dim=4, seed=0)
    points = np.random.default_rng(0).normal(0.0, 30.0, (100, 2)).astype("float32")
    assert np.abs(model.discriminator(points)).max() > 1.0


def test_generator_keeps_the_codes_of_a_batch_apart_where_it_is_asked_to():
    # 1609.03126, equation 4, written as its double sum
    model = still(repelling_weight=2.0)
    real = model.unpack(CASE.data(6))
    fake = model.sample_fake(real)
    codes = np.asarray(model.encoder(fake.images))
    lengths = np.linalg.norm(codes, axis=1)
    cosines = [codes[i] @ codes[j] / (lengths[i] * lengths[j]) for i in range(6) for j in range(6) if i != j]
    expected = errors(model, fake)[0] + 2.0 * np.mean(np.square(cosines))
    assert float(model.generator_loss(real, fake)) == pytest.approx(expected, rel=1e-4)


def test_likeness_of_codes_is_1_of_equal_ones_and_0_of_one_alone():
    codes = np.array([[1.0, 2.0], [2.0, 4.0], [-3.0, -6.0]], "float32")
    assert float(likeness(codes)) == pytest.approx(1.0)
    assert float(likeness(codes[:1])) == 0.0
    assert float(likeness(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], "float32"))) == 0.0
