"""The training step: which weights an update moves, and by how much."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, cases_with, for_cases, for_every_case, moved, moved_parts, snapshot, state, uses, values

from keras_genzoo.models._gan import GAN

GANS = cases_with(such_that=lambda case: issubclass(case.model_class, GAN))
WITH_AVERAGE = cases_with("update_ema", "generate")
PARTS = ("generator", "discriminator", "ema_generator")
# A discriminator whose layers learn something beside gradients: means and variances, or singular vectors.
WITH_STATISTICS = [
    case
    for case in GANS
    if case.model_class.discriminator_options.get("batch_norm", True)
    or "wrapper" in case.model_class.discriminator_options
]


def codes(model, num, seed):
    """What the generator takes for images 0 to num - 1 of the collection `seed`."""
    labels = np.arange(num, dtype="int32") % model.num_classes if model.takes_labels else None
    return model.with_labels(model.latent_sample(num, seed=seed), labels)


def moving_statistics(network):
    """What layers learn beside gradients: means and variances, singular vectors."""
    return [v for v in network.non_trainable_variables if "moving" in v.path or v.name == "u"]


@for_every_case
def test_a_step_moves_every_trained_weight(case):
    model = case.build()
    rng = np.random.default_rng(0)
    for variable in model.weights:  # away from the start, where a hinge loss is as if there were no bias
        if variable.trainable:
            variable.assign(variable + 0.5 * rng.standard_normal(variable.shape))
    before = {name: values(group) for name, group in model.optimized_variables().items()}
    logs = model.train_step(case.data(8))
    for name, group in model.optimized_variables().items():
        assert moved(before[name], values(group)) == list(before[name])
    assert all(np.isfinite(float(value)) for value in logs.values())


@for_every_case
def test_a_test_step_changes_no_weight(case):
    model = case.build()
    weights, optimizers = values(model.weights), [getattr(model, name).variables for name in model.optimizer_names]
    before = [values(group) for group in optimizers]
    logs = model.test_step(case.data(8))
    assert moved(weights, values(model.weights)) == []
    assert not any(moved(old, values(group)) for old, group in zip(before, optimizers, strict=True))
    assert all(np.isfinite(float(value)) for value in logs.values())


@for_every_case
def test_a_step_counts_once_for_each_optimizer(case):
    model = case.build(**({"d_steps": 1} if uses("d_steps")(case) else {}))
    model.train_step(case.data(4))
    assert [int(getattr(model, name).iterations) for name in model.optimizer_names] == [1] * len(model.optimizer_names)


@for_every_case
def test_same_seed_gives_the_same_losses_and_another_seed_others(case):
    runs = []
    for seed in (3, 3, 4):
        model = case.build()
        for number in model.random_states():  # the same first weights: only the noise of the steps differs
            number.assign([seed, 0])
        runs.append([{k: float(v) for k, v in model.train_step(case.data(6)).items()} for _ in range(2)])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@for_every_case
def test_fit_repeats_bit_for_bit(case):
    models = [case.build() for _ in range(2)]
    histories = [model.fit(*case.data(6), batch_size=3, shuffle=False, verbose=0).history for model in models]
    assert histories[0] == histories[1]
    assert moved(state(models[0]), state(models[1])) == []


class WithPenalty:
    """A GAN that logs a part of its loss, and trains a network of its own beside the generator."""

    loss_names = (*GAN.loss_names, "penalty")

    def build_generator(self):
        self.scale = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")])
        return super().build_generator()

    def optimized_variables(self):
        variables = super().optimized_variables()
        return {**variables, "g_optimizer": [*variables["g_optimizer"], *self.scale.trainable_variables]}

    def generator_loss(self, fake):
        penalty = keras.ops.mean(keras.ops.square(self.scale(keras.ops.mean(fake, axis=(1, 2)))))
        self.log({"penalty": penalty})
        return super().generator_loss(fake) + penalty


def test_variant_logs_a_part_of_its_loss_and_trains_a_network_of_its_own():
    (case,) = [case for case in CASES if case.name == "dcgan"]
    cls = type("Variant", (WithPenalty, case.model_class), {"__module__": __name__})
    model = cls(**{**case.args, "image_shape": (8, 8, 1)})
    model.compile()
    before = values(model.scale.weights)
    (images,) = case.data(8, image_shape=(8, 8, 1))
    history = model.fit(images, batch_size=4, validation_data=(images, None), verbose=0).history
    assert set(history) == {f"{prefix}{name}" for prefix in ("", "val_") for name in ("d_loss", "g_loss", "penalty")}
    assert history["penalty"][0] > 0.0 and moved(before, values(model.scale.weights)) == list(before)


def test_vae_adds_a_term_to_the_bound():
    (case,) = [case for case in CASES if str(case) == "vae-conv_bernoulli"]

    def loss_terms(self, images, labels=None, training=True):
        return {**case.model_class.loss_terms(self, images, labels, training), "third_loss": keras.ops.mean(images)}

    names = (*case.model_class.loss_names, "third_loss")
    cls = type("Variant", (case.model_class,), {"loss_terms": loss_terms, "loss_names": names, "__module__": __name__})
    model = cls(**case.args)
    model.compile()
    logs = {key: float(value) for key, value in model.train_step(case.data(6)).items()}
    total = case.args["alpha"] * logs["reconstruction_loss"] + logs["kl_loss"] + logs["third_loss"]
    assert logs["third_loss"] > 0.0 and logs["loss"] == pytest.approx(total, rel=1e-5)


# -- adversarial pairs -------------------------------------------------------------------------------------------------


@for_cases(GANS)
def test_making_fakes_leaves_both_networks_unchanged(case):
    model = case.build()
    before = snapshot(model, *PARTS)
    fake = model.sample_fake(model.real_sample(case.data(6)))
    assert model.without_labels(fake)[0].shape == (6, *case.output)
    assert moved_parts(before, snapshot(model, *PARTS)) == set()


@for_cases(GANS)
def test_discriminator_update_leaves_the_generator_unchanged(case):
    model = case.build()
    real = model.real_sample(case.data(6))
    fake = model.sample_fake(real)
    before = snapshot(model, *PARTS)
    model.update_discriminator(real, fake)
    assert moved_parts(before, snapshot(model, *PARTS)) == {"discriminator", "d_optimizer"}


@for_cases(GANS)
def test_generator_update_leaves_the_discriminator_unchanged(case, monkeypatch):
    model = case.build()
    real = model.real_sample(case.data(6))
    before, statistics = snapshot(model, *PARTS), values(moving_statistics(model.generator))
    monkeypatch.setattr(model, "update_discriminator", lambda real, fake: tf.constant(0.0))
    model.update_both(real)
    assert moved_parts(before, snapshot(model, *PARTS)) == {"generator", "g_optimizer"}
    assert moved(statistics, values(moving_statistics(model.generator))) == list(statistics)


@for_cases(WITH_STATISTICS)
def test_discriminator_update_moves_the_statistics_of_its_layers(case):
    model = case.build()
    real = model.real_sample(case.data(6))
    before = values(moving_statistics(model.discriminator))
    assert before, "the row is too small to have statistics that could move"
    model.update_discriminator(real, model.sample_fake(real))
    assert moved(before, values(moving_statistics(model.discriminator))) == list(before)


@for_cases(GANS)
def test_discriminator_after_a_step_does_not_depend_on_the_generators_update(case):
    still, moving = (case.build({"g_optimizer": keras.optimizers.SGD(rate)}) for rate in (0.0, 0.5))
    for model in (still, moving):
        before = values(model.generator.trainable_variables)
        model.train_step(case.data(6))
        assert bool(moved(before, values(model.generator.trainable_variables))) == (model is moving)
    assert moved(values(still.discriminator.weights), values(moving.discriminator.weights)) == []


@for_cases(GANS)
def test_generator_update_follows_the_gradient_through_the_updated_discriminator(case):
    model = case.build({"d_optimizer": keras.optimizers.SGD(0.5), "g_optimizer": keras.optimizers.SGD(0.25)}, d_steps=1)
    twin = case.build({"d_optimizer": keras.optimizers.SGD(0.5)}, d_steps=1)
    images = case.data(6)
    variables = [variable.value for variable in twin.generator.trainable_variables]
    real = twin.real_sample(images)
    with tf.GradientTape() as tape:
        fake = twin.make_fake(real)
        with tape.stop_recording():
            twin.update_discriminator(real, fake)
        loss = twin.generator_loss(fake)
    gradients = tape.gradient(loss, variables)
    expected = [variable - 0.25 * gradient for variable, gradient in zip(variables, gradients, strict=True)]
    model.train_step(images)
    for variable, value in zip(model.generator.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-4, atol=1e-7)


@for_cases(GANS)
def test_discriminator_update_follows_the_gradient_of_its_loss(case):
    model, twin = (case.build({"d_optimizer": keras.optimizers.SGD(0.25)}) for _ in range(2))
    real = model.real_sample(case.data(6))
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
@for_cases(GANS)
def test_each_discriminator_update_sees_other_images_with_their_own_labels(case, num, sizes):
    model = case.build(d_steps=5)
    images, *labels = case.data(num)
    parts = [model.without_labels(part) for part in model.divide(model.real_sample((images, *labels)))]
    assert [len(part) for part, _ in parts] == sizes
    order = np.concatenate([np.arange(num * k // 5, max(num * (k + 1) // 5, num * k // 5 + 1)) for k in range(5)])
    assert set(order) == set(range(num))
    np.testing.assert_array_equal(np.concatenate([part for part, _ in parts]), model.to_network(images[order]))
    for beside in labels:
        np.testing.assert_array_equal(np.concatenate([part for _, part in parts]), beside[order])


@pytest.mark.parametrize("d_steps", [1, 3])
@for_cases(GANS)
def test_a_step_makes_d_steps_updates_and_one_generator_pass_for_each(case, d_steps, monkeypatch):
    model = case.build(d_steps=d_steps)
    passes, functional = [], type(model.generator)
    call = functional.call

    def counting(self, *args, **kwargs):
        passes.append(self is model.generator)
        return call(self, *args, **kwargs)

    monkeypatch.setattr(functional, "call", counting)
    model.train_step(case.data(4))
    assert int(model.d_optimizer.iterations) == d_steps
    assert int(model.g_optimizer.iterations) == 1
    assert sum(passes) == d_steps  # the last discriminator update and the generator update share theirs


# -- the average of the generator's weights ----------------------------------------------------------------------------


@for_cases(WITH_AVERAGE)
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


@for_cases(WITH_AVERAGE)
def test_images_come_from_the_average(case):
    model = case.build()
    z = codes(model, 4, seed=1)
    model.ema_generator.set_weights([0.5 * weights for weights in model.ema_generator.get_weights()])
    average = model.from_network(model.ema_generator(z), "uint8")
    plain = model.from_network(model.generator(z), "uint8")
    np.testing.assert_array_equal(model.generate(4, seed=1), average)
    assert not np.array_equal(average, plain)


@for_cases(WITH_AVERAGE)
def test_no_decay_keeps_no_average(case, built):
    model = case.build(ema_decay=0)
    assert model.ema_generator is None
    assert model.generator_network is model.generator
    assert model.count_params() == case.params - built(case).ema_generator.count_params()
    model.train_step(case.data(2))


@for_cases(WITH_AVERAGE)
def test_optimizers_do_not_train_the_average(case, built):
    averages = {id(variable) for variable in built(case).ema_generator.weights}
    assert not any(id(v) in averages for group in built(case).optimized_variables().values() for v in group)


@for_every_case
def test_validation_does_not_change_training(case):
    trained = []
    for validation in (None, case.data(5, seed=2)):
        model = case.build()
        pair = None if validation is None else (*validation, None)[:2]
        model.fit(*case.data(8), batch_size=4, epochs=2, validation_data=pair, shuffle=False, verbose=0)
        trained.append(values(model.weights))
    assert moved(*trained) == []
