"""The original GAN, and what any discriminator may be trained with: noise on targets and images, augmentations."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy_losses import minimax
from scipy.special import log_expit

import keras_genzoo
from keras_genzoo.utils.noise import noise_for_tests

SMALL = dict(image_shape=(8, 8, 1), latent_dim=3, seed=1, ema_decay=0.0)


def small_gan(**args):
    return keras_genzoo.build("gan", **{**SMALL, "hidden_units": [4], **args})


def images(num=8):
    return np.random.default_rng(0).integers(0, 256, (num, 8, 8, 1), dtype="uint8")


def logits_of(model, num=8):
    real = model.unpack(images(num))
    fake = model.sample_fake(real)
    return real, fake, *(np.asarray(model.judge(batch)) for batch in (real, fake))


@pytest.mark.parametrize(
    "objective, loss",
    [
        ("minimax", lambda real, fake: log_expit(-fake).mean()),
        ("non_saturating", lambda real, fake: -log_expit(fake).mean()),
        ("flipped", lambda real, fake: minimax(fake, real)),
    ],
)
def test_generator_loss_is_that_of_its_objective(objective, loss):
    model = small_gan(generator_objective=objective)
    real, fake, real_logits, fake_logits = logits_of(model)
    assert float(model.generator_loss(real, fake)) == pytest.approx(loss(real_logits, fake_logits), rel=1e-5)


def test_label_smoothing_lowers_the_target_of_real_images_alone():
    model = small_gan(label_smoothing=0.25)
    real, fake, real_logits, fake_logits = logits_of(model)
    expected = -(0.75 * log_expit(real_logits) + 0.25 * log_expit(-real_logits)).mean() - log_expit(-fake_logits).mean()
    assert float(model.discriminator_loss(real, fake)) == pytest.approx(expected, rel=1e-5)


def test_label_noise_exchanges_the_targets_of_a_share_of_all_images():
    model = small_gan(label_noise=0.25, label_smoothing=0.5)
    for target, other in ((0.5, 0.0), (0.0, 0.5)):
        drawn = np.asarray(model.noisy(target, (10_000, 1)))
        assert set(np.unique(drawn)) == {target, other}
        assert (drawn == other).mean() == pytest.approx(0.25, abs=0.02)


def test_instance_noise_fades_over_its_steps():
    model = small_gan(instance_noise=0.5, instance_noise_steps=4)
    batch = model.unpack(images())
    for step in range(6):
        seen = np.concatenate([model.seen(batch).images - batch.images for _ in range(20)])
        assert seen.std() == pytest.approx(0.5 * max(0.0, 1 - step / 4), rel=0.05)
        model.train_step(images())


def test_instance_noise_without_steps_stays():
    model = small_gan(instance_noise=0.5)
    batch = model.unpack(images())
    model.train_step(images())
    assert np.std(model.seen(batch).images - batch.images) == pytest.approx(0.5, rel=0.1)


def test_augmentation_becomes_likelier_where_the_discriminator_separates_and_rarer_where_it_does_not():
    model = small_gan(augmentations=["translation"], augmentation_target=0.5)
    for sure, expected in ((True, [1, 2]), (False, [1, 0])):
        still = keras.optimizers.SGD(0.0)
        model.compile(still, keras.optimizers.SGD(0.0))
        bias = model.generator.layers[-3].bias  # of the image: white where the discriminator is sure, black else
        for weight in model.discriminator.trainable_variables:
            weight.assign(np.zeros(weight.shape) if not sure else np.ones(weight.shape))
        bias.assign(np.full(bias.shape, -30.0))
        probabilities = []
        for _ in range(8):
            model.train_step(np.full((8, 8, 8, 1), 255, "uint8"))
            probabilities.append(float(model.seen.probability) / (8 * 4 / 100_000))
        np.testing.assert_allclose(probabilities[3::4], expected, atol=1e-3)  # once in four steps


def test_augmentation_adapts_in_no_step_of_an_epoch_above_all():
    """Epochs of four steps may end with a short batch, which says little."""
    seen = small_gan(augmentations=["translation"], augmentation_target=0.5).seen
    due = []
    for step in range(400):
        seen.steps.assign(step)
        due.append(bool(seen._is_due()))
    counts = np.reshape(due, (100, 4)).sum(0)
    assert counts.sum() == 100 and counts.min() >= 15


def test_both_updates_see_real_and_generated_images_alike(monkeypatch):
    model = small_gan(instance_noise=100.0)
    seen = {"d_loss": [], "g_loss": []}
    for name, loss in (("d_loss", "discriminator_loss"), ("g_loss", "generator_loss")):
        own = getattr(model, loss)

        def spied(real, fake, own=own, found=seen[name]):
            found.append([float(np.std(batch.images)) for batch in (real, fake)])
            return own(real, fake)

        monkeypatch.setattr(model, loss, spied)
    model.train_step(images())
    assert all(80 < deviation < 120 for updates in seen.values() for update in updates for deviation in update)
    assert [len(updates) for updates in seen.values()] == [1, 1]


def test_what_a_training_draws_belongs_to_no_network():
    tricks = dict(augmentations=["flip"], augmentation_target=0.5, instance_noise=0.1, instance_noise_steps=3)
    plain, model = small_gan(), small_gan(**tricks)
    assert len(plain.network_variables) == len(model.network_variables)
    assert len(model.weights) == len(plain.weights) + 3


def test_files_are_read_with_other_training_arguments(tmp_path):
    tricks = dict(
        augmentations=["flip"], augmentation_target=0.5, instance_noise=0.1, instance_noise_steps=9, dropout=0.3
    )
    plain, model = small_gan(ema_decay=0.9), small_gan(ema_decay=0.9, **tricks)
    model.train_step(images())
    for source, args in ((plain, tricks), (model, {}), (model, tricks)):
        source.save_to_preset(tmp_path / "preset", overwrite=True)
        source.save_weights(tmp_path / "gan.weights.h5")
        tuned = keras_genzoo.build("gan", weights=tmp_path / "preset", **args)
        np.testing.assert_array_equal(tuned.generate(2, seed=0), source.generate(2, seed=0))
        target = small_gan(ema_decay=0.9, **args)
        target.load_weights(tmp_path / "gan.weights.h5")
        done = [float(getattr(each, "instance_noise_steps_done", -1.0)) for each in (source, target)]
        assert done[1] == (max(done[0], 0.0) if args else -1.0)
        np.testing.assert_array_equal(target.generate(2, seed=0), source.generate(2, seed=0))


def test_label_noise_leaves_the_losses_of_test_steps():
    noisy, plain = small_gan(label_noise=0.4), small_gan()
    assert noisy.test_on_batch(images(), return_dict=True) == plain.test_on_batch(images(), return_dict=True)


@pytest.mark.parametrize(
    "args, sentence",
    [
        (dict(augmentation_target=0.6), "Expected augmentations next to augmentation_target"),
        (dict(instance_noise_steps=5), "Expected instance_noise next to instance_noise_steps"),
        (dict(augmentations=["rotate"]), "Expected augmentations as a list of some of 'color', .* Received: .*rotate"),
    ],
)
def test_tricks_without_effect_are_refused(args, sentence):
    with pytest.raises(ValueError, match=sentence):
        small_gan(**args)


def test_dropout_is_another_in_each_call_and_none_in_test_steps():
    model = small_gan(dropout=0.5)
    batch = model.unpack(images())
    first, second = (np.asarray(model.judge(batch)) for _ in range(2))
    assert (first != second).any()
    with noise_for_tests():
        calm = np.asarray(model.judge(batch))
    np.testing.assert_allclose(calm, model.discriminator(batch.images, training=False), rtol=1e-6)


def test_dropout_keeps_the_mean():
    layer = keras_genzoo.layers.Dropout(0.75)
    values = np.asarray(layer(np.ones((100, 100), "float32"), training=True))
    assert set(np.unique(values)) == {0.0, 4.0} and values.mean() == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("name", ["dcgan", "infogan"])
def test_logits_depend_on_the_deviation_of_the_batch_and_heads_do_not(name):
    """Batch normalization would take away what all images of a batch share."""
    model = keras_genzoo.build(name, **SMALL, base_filters=2, d_dense_units=6, minibatch_stddev=True)
    for layer in model.discriminator.layers:
        for weight in layer.trainable_weights if isinstance(layer, keras.layers.Conv2D) else ():
            weight.assign(10.0 * weight)  # far above what a square root of zero is kept from
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1), dtype="uint8")
    seen = []
    for spread in (1.0, 0.1):  # of images around grey; normalization of vectors would make both alike
        batch = tf.constant(spread * (images / 127.5 - 1.0), "float32")
        with tf.GradientTape() as tape:
            outputs = model.discriminator(batch, training=True)
            logits = outputs["logits"] if isinstance(outputs, dict) else outputs
            loss = tf.reduce_sum(logits)
        kernel = model.discriminator.get_layer("logits").kernel
        seen.append(tape.gradient(loss, kernel).numpy()[-1, 0])
    assert seen[0] == pytest.approx(10 * seen[1], rel=0.01) and seen[1] > 1e-3  # six times the deviation
    if name == "infogan":
        at_once, singly = (model.recognize(images, batch_size=size)["factors"] for size in (6, 1))
        np.testing.assert_allclose(at_once, singly, rtol=1e-5, atol=1e-6)


def test_minibatch_standard_deviation_is_that_of_numpy_and_not_of_both_kinds_of_images():
    x = np.random.default_rng(0).normal(size=(5, 3, 2, 4)).astype("float32")
    out = np.asarray(keras_genzoo.layers.MinibatchStdDev()(x))
    np.testing.assert_array_equal(out[..., :4], x)
    np.testing.assert_allclose(out[..., 4], np.full((5, 3, 2), x.std(axis=0).mean()), rtol=1e-5)
    model = keras_genzoo.build("sngan", **SMALL, base_filters=2, minibatch_stddev=True)
    batch = model.unpack(images())
    other = model.sample_fake(batch)
    with keras_genzoo.layers.frozen_statistics():
        real, fake = model.scores(batch, other)
        np.testing.assert_allclose(fake, model.judge(other), rtol=1e-5)
        np.testing.assert_allclose(real, model.judge(batch), rtol=1e-5)
