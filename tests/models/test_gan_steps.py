"""The step of GANs, once for each kind: which weights an update moves, by how much, and the average."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, cases_with, for_cases, for_kinds, moved, moved_parts, snapshot, step_kind, values

import keras_genzoo
from keras_genzoo.families import BaseGAN, two_player

GANS = cases_with(such_that=lambda case: issubclass(case.model_class, BaseGAN))
PARTS = ("generator", "discriminator", "ema_generator")
for_every_gan = for_kinds(step_kind, GANS)


def moving_statistics(network):
    """What layers learn beside gradients: means and variances, singular vectors."""
    return [v for v in network.non_trainable_variables if "moving" in v.path or v.name == "u"]


def update_both(model, real):
    return two_player.update_both(
        model,
        generate=lambda: model.make_fake(real),
        discriminator_loss=lambda fake: model.discriminator_loss(real, fake),
        generator_loss=lambda fake: model.generator_loss(real, fake),
    )


@for_every_gan
def test_making_fakes_leaves_both_networks_unchanged(case):
    model = case.build()
    before = snapshot(model, *PARTS)
    fake = model.sample_fake(model.unpack(case.data(6)))
    assert fake.images.shape == (6, *case.output) and fake.z.shape == (6, model.latent_dim)
    assert set(fake.fields()) >= {"images", "z", *(condition.name for condition in model.conditions)}
    assert moved_parts(before, snapshot(model, *PARTS)) == set()


@for_kinds(lambda case: case.model_class.make_fake, [case for case in GANS if case.has_labels])
def test_generated_images_are_of_the_classes_of_the_batch(case):
    model = case.build()
    real = model.unpack(case.data(6))
    np.testing.assert_array_equal(model.sample_fake(real).labels, real.labels)


@for_every_gan
def test_discriminator_update_leaves_the_generator_unchanged_and_moves_its_statistics(case):
    model = case.build()
    real = model.unpack(case.data(6))
    fake = model.sample_fake(real)
    before, statistics = snapshot(model, *PARTS), values(moving_statistics(model.discriminator))
    model.update_discriminator(real, fake)
    assert moved_parts(before, snapshot(model, *PARTS)) == {"discriminator", "d_optimizer"}
    assert moved(statistics, values(moving_statistics(model.discriminator))) == list(statistics)


@for_every_gan
def test_generator_update_leaves_the_discriminator_unchanged(case, monkeypatch):
    model = case.build()
    real = model.unpack(case.data(6))
    before, statistics = snapshot(model, *PARTS), values(moving_statistics(model.generator))
    update = model.update
    monkeypatch.setattr(
        model, "update", lambda name, loss: tf.constant(0.0) if name == "d_optimizer" else update(name, loss)
    )
    update_both(model, real)
    assert moved_parts(before, snapshot(model, *PARTS)) == {"generator", "g_optimizer"}
    assert moved(statistics, values(moving_statistics(model.generator))) == list(statistics)


@for_every_gan
def test_discriminator_after_a_step_does_not_depend_on_the_generators_update(case):
    still, moving = (case.build({"g_optimizer": keras.optimizers.SGD(rate)}) for rate in (0.0, 0.5))
    for model in (still, moving):
        before = values(model.generator.trainable_variables)
        model.train_step(case.data(6))
        assert bool(moved(before, values(model.generator.trainable_variables))) == (model is moving)
    assert moved(values(still.discriminator.weights), values(moving.discriminator.weights)) == []


@for_every_gan
def test_generator_follows_the_gradient_through_the_updated_discriminator(case):
    optimizers = {"d_optimizer": keras.optimizers.SGD(0.5), "g_optimizer": keras.optimizers.SGD(0.25)}
    model, twin = case.build(optimizers), case.build({"d_optimizer": keras.optimizers.SGD(0.5)})
    real = model.unpack(case.data(6))
    with tf.GradientTape() as tape:
        fake = twin.make_fake(real)
        with tape.stop_recording():
            twin.update_discriminator(real, fake)
        loss = twin.generator_loss(real, fake)
    variables = twin.generator.trainable_variables
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    expected = [variable - 0.25 * gradient for variable, gradient in zip(variables, gradients, strict=True)]
    _, g_loss = update_both(model, real)
    assert float(g_loss) == pytest.approx(float(loss), rel=1e-5)
    for variable, value in zip(model.generator.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-4, atol=1e-7)


@for_every_gan
def test_discriminator_update_follows_the_gradient_of_its_loss(case):
    model, twin = (case.build({"d_optimizer": keras.optimizers.SGD(0.25)}) for _ in range(2))
    real = model.unpack(case.data(6))
    fake, _ = (each.sample_fake(real) for each in (model, twin))  # both, so that both have drawn the same noise
    variables = [variable.value for variable in twin.discriminator.trainable_variables]
    with tf.GradientTape() as tape:
        loss = twin.discriminator_loss(real, fake)
    gradients = tape.gradient(loss, variables)
    expected = [variable - 0.25 * gradient for variable, gradient in zip(variables, gradients, strict=True)]
    assert float(model.update_discriminator(real, fake)) == pytest.approx(float(loss), rel=1e-5)
    for variable, value in zip(model.discriminator.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("num, sizes", [(15, [3] * 5), (13, [2, 3, 2, 3, 3]), (3, [1] * 5)])
@for_kinds(lambda case: type(case.model_class.data_kind), GANS)
def test_each_discriminator_update_sees_other_images_with_their_own_labels(case, num, sizes):
    model = case.build(d_steps=5)
    model.d_optimizer.iterations.assign(1)  # a first batch may have to be a large one
    images, *labels = case.data(num)
    parts = model.divide(model.unpack((images, *labels)))
    assert [len(part.images) for part in parts] == sizes
    order = np.concatenate([np.arange(num * k // 5, max(num * (k + 1) // 5, num * k // 5 + 1)) for k in range(5)])
    assert set(order) == set(range(num))
    np.testing.assert_array_equal(np.concatenate([part.images for part in parts]), model.to_network(images[order]))
    for beside in labels:
        np.testing.assert_array_equal(np.concatenate([part.labels for part in parts]), beside[order])


@pytest.mark.parametrize("d_steps", [1, 3])
@for_every_gan
def test_a_step_makes_d_steps_updates_and_one_generator_pass_for_each(case, d_steps, monkeypatch):
    model = case.build(d_steps=d_steps)
    passes, functional = [], type(model.generator)
    call = functional.call

    def counting(self, *args, **kwargs):
        passes.append(self is model.generator)
        return call(self, *args, **kwargs)

    monkeypatch.setattr(functional, "call", counting)
    model.train_step(case.data(6))
    assert int(model.d_optimizer.iterations) == d_steps
    assert int(model.g_optimizer.iterations) == 1
    assert sum(passes) == d_steps  # the last discriminator update and the generator update share theirs


@for_cases([case for case in CASES if str(case) == "dcgan"])
def test_losses_stay_finite_at_extreme_logits(case):
    model = case.build()
    real = model.unpack(case.data(4))
    for scale in (1e4, -1e4):
        bias = model.discriminator.trainable_variables[-1]
        bias.assign(bias * 0.0 + scale)
        fake = model.sample_fake(real)
        assert np.isfinite(float(model.discriminator_loss(real, fake)))
        assert np.isfinite(float(model.generator_loss(real, fake)))


# -- the average of the generator's weights ----------------------------------------------------------------------------

for_one_average = for_kinds(lambda case: case.model_class.train_step, GANS)


@for_one_average
def test_average_follows_its_recurrence(case):
    model = case.build({name: keras.optimizers.SGD(0.01) for name in case.model_class.optimizer_names}, ema_decay=0.2)
    expected = [variable.numpy().astype("float64") for variable in model.generator.weights]
    assert moved(values(model.generator.weights), values(model.ema_generator.weights)) == []
    for step in range(1, 6):
        model.train_step(case.data(6, seed=step))
        decay = min(0.2, step / (step + 10.0))
        expected = [
            decay * average + (1.0 - decay) * variable.numpy()
            for average, variable in zip(expected, model.generator.weights, strict=True)
        ]
    assert moved(values(model.generator.weights), values(model.ema_generator.weights)) != []
    for average, value in zip(model.ema_generator.weights, expected, strict=True):
        np.testing.assert_allclose(average.numpy(), value, rtol=1e-5, atol=1e-6)


@for_one_average
def test_images_come_from_the_average_which_optimizers_do_not_train(case):
    model = case.build()
    z = model.latent_sample(4, seed=1)
    given = [condition.default(1, 0, 4) for condition in model.conditions]
    model.ema_generator.set_weights([0.5 * weights for weights in model.ema_generator.get_weights()])
    average, plain = (
        model.from_network(network([z, *given] if given else z), "uint8")
        for network in (model.ema_generator, model.generator)
    )
    np.testing.assert_array_equal(model.generate(4, seed=1), average)
    assert not np.array_equal(average, plain)
    averages = {id(variable) for variable in model.ema_generator.weights}
    assert not any(id(v) in averages for group in model.optimized_variables().values() for v in group)


@for_one_average
def test_no_decay_keeps_no_average(case, built):
    model = case.build(ema_decay=0)
    assert model.ema_generator is None
    assert model.generator_network is model.generator
    averages = [average for average, _ in built(case).average.pairs]
    assert model.count_params() == case.params - sum(average.count_params() for average in averages)
    model.train_step(case.data(2))


@for_one_average
def test_pretrained_weights_count_as_90_steps_of_the_average(case, tmp_path):
    model = case.build()
    for _ in range(3):
        model.train_step(case.data(2))
    assert float(model.ema_steps) == 3.0
    model.save_to_preset(tmp_path / "preset")
    model.save_weights(tmp_path / "model.weights.h5")  # which holds the count, unlike a preset
    model.save(tmp_path / "model.keras")
    for weights in ("preset", "model.weights.h5"):
        loaded = case.build(weights=tmp_path / weights)
        assert float(loaded.ema_steps) == 90.0
        before = values(loaded.ema_generator.weights)
        assert moved(before, values(model.ema_generator.weights)) == []
        loaded.average.decay = 0.999
        loaded.train_step(case.data(2))
        for average, old, new in zip(
            loaded.ema_generator.weights, before.values(), loaded.generator.weights, strict=True
        ):
            np.testing.assert_allclose(average, old + (new - old) * 10.0 / 101.0, rtol=1e-5, atol=1e-7)
    assert float(keras_genzoo.load(tmp_path / "model.keras").ema_steps) == 3.0


@for_one_average
def test_pretrained_weights_without_an_average_start_it_at_the_generator(case, tmp_path):
    plain = case.build(ema_decay=0)
    plain.train_step(case.data(2))
    plain.save_to_preset(tmp_path / "preset")
    model = case.build(weights=tmp_path / "preset", ema_decay=0.5)
    for network in (model.generator, model.ema_generator):
        assert moved(values(plain.generator.weights), values(network.weights)) == []
    assert moved(values(plain.discriminator.weights), values(model.discriminator.weights)) == []
    np.testing.assert_array_equal(model.generate(2, seed=0), plain.generate(2, seed=0))


def test_a_single_image_is_not_normalized():
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1), dtype="uint8")
    args = dict(image_shape=(8, 8, 1), latent_dim=4, network="mlp", hidden_units=(8,), seed=0)
    for name, batch_size, sentence in (
        ("gan", 1, "Expected batches of at least 2 images, two, to normalize them. Received: fewer"),
        ("wgan", 5, "Expected batches of at least 10 images, two for each of 5 updates, to normalize them. Receiv"),
    ):
        model = keras_genzoo.build(name, **args)
        before = values(model.weights)
        with pytest.raises(ValueError, match=sentence):
            model.fit(images, batch_size=batch_size, verbose=0)
        assert moved(before, values(model.weights)) == []
    keras_genzoo.build("gan", **args).fit(images[:5], batch_size=2, verbose=0)  # the last batch may be a short one
