"""Beta-VAE: the objective by hand at each step of its schedules, which files and presets keep."""

import numpy as np
import pytest
from cases import CASES

import keras_genzoo

WARMUP, CAPACITY = (next(case for case in CASES if str(case) == f"beta_vae-{name}") for name in ("warmup", "capacity"))


def steps(model, case, num):
    """Losses of `num` training steps."""
    found = []
    for seed in range(num):
        for tracker in model.metrics:
            tracker.reset_state()
        found.append({key: float(value) for key, value in model.train_step(case.data(4, seed=seed)).items()})
    return found


def test_weight_of_the_divergence_grows_to_beta_and_stays():
    for number, logs in enumerate(steps(WARMUP.build(), WARMUP, 6)):
        weight = 3.0 * min(number / 4, 1.0)
        assert logs["loss"] == pytest.approx(logs["reconstruction_loss"] + weight * logs["kl_loss"], rel=1e-5)


def test_divergence_is_held_at_a_capacity_that_grows_and_stays():
    for number, logs in enumerate(steps(CAPACITY.build(), CAPACITY, 6)):
        distance = abs(logs["kl_loss"] - 5.0 * min(number / 4, 1.0))
        assert logs["loss"] == pytest.approx(logs["reconstruction_loss"] + 20.0 * distance, rel=1e-5)


def test_without_schedules_weight_and_capacity_hold_from_the_first_step():
    (first,) = steps(WARMUP.build(warmup_steps=0), WARMUP, 1)
    assert first["loss"] == pytest.approx(first["reconstruction_loss"] + 3.0 * first["kl_loss"], rel=1e-5)
    (first,) = steps(CAPACITY.build(capacity_steps=0), CAPACITY, 1)
    assert first["loss"] == pytest.approx(first["reconstruction_loss"] + 20.0 * abs(first["kl_loss"] - 5.0), rel=1e-5)


def test_validation_is_by_the_objective_at_the_end_of_the_schedule():
    for case, expected in ((WARMUP, lambda kl: 3.0 * kl), (CAPACITY, lambda kl: 20.0 * abs(kl - 5.0))):
        logs = {key: float(value) for key, value in case.build().test_step(case.data(4)).items()}
        assert logs["loss"] == pytest.approx(logs["reconstruction_loss"] + expected(logs["kl_loss"]), rel=1e-5)


@pytest.mark.parametrize("capacity", [4.0, 9.0])
def test_training_brings_the_divergence_to_the_capacity(capacity):
    args = dict(image_shape=(8, 8, 1), latent_dim=4, network="mlp", hidden_units=(32,), seed=1)
    model = keras_genzoo.build("beta_vae", beta=50.0, capacity=capacity, **args)
    digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8), limit=500)
    logs = model.fit(digits, batch_size=50, epochs=40, verbose=0).history
    assert logs["kl_loss"][-1] == pytest.approx(capacity, abs=0.5)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (dict(warmup_steps=5, capacity=2.0), "Expected a warm-up of the weight or a capacity, and not both"),
        (dict(capacity_steps=5), "Expected capacity above 0 with capacity_steps"),
        (dict(beta=0.0, warmup_steps=5), "Expected beta above 0 with a warm-up or a capacity"),
        (dict(beta=0.0, capacity=5.0), "Expected beta above 0 with a warm-up or a capacity"),
        (dict(warmup_steps=2**24 + 1), "Expected warmup_steps of at most 16777216 steps"),
        (dict(reconstruction_weight=2.0), "Expected arguments of beta_vae"),
    ],
)
def test_arguments_without_effect_and_that_exclude_each_other_are_refused(args, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        keras_genzoo.build("beta_vae", image_shape=(8, 8, 1), **args)


def test_schedule_goes_on_in_files_weights_files_and_presets(tmp_path):
    model = CAPACITY.build()
    steps(model, CAPACITY, 3)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    model.save_to_preset(tmp_path / "preset", half_precision=True)
    others = [keras_genzoo.load(tmp_path / "model.keras"), CAPACITY.build()]
    others[1].load_weights(tmp_path / "model.weights.h5")
    others.append(keras_genzoo.build("beta_vae", weights=tmp_path / "preset"))
    others.append(CAPACITY.build(weights=tmp_path / "model.weights.h5"))
    others[-1].compile()  # which begins with new optimizers, and the same schedule
    for other in others:
        assert float(other.current_capacity()) == pytest.approx(5.0 * 3 / 4)
        steps(other, CAPACITY, 1)
        assert float(other.current_capacity()) == 5.0


def test_count_of_steps_is_exact_in_a_preset_of_half_precision(tmp_path):
    model = WARMUP.build()
    model.schedule_steps.assign(2049.0)  # which float16 does not have
    model.save_to_preset(tmp_path / "preset", half_precision=True)
    assert float(keras_genzoo.build("beta_vae", weights=tmp_path / "preset").schedule_steps) == 2049.0


def test_refused_batches_and_tests_do_not_count():
    model = WARMUP.build()
    images = WARMUP.data(8)[0]
    model.evaluate(images, verbose=0)
    with pytest.raises(Exception, match="Expected"):
        model.train_on_batch(np.full(images.shape, 7.0, "float32"))
    assert float(model.schedule_steps) == 0.0
    model.fit(images, batch_size=4, epochs=2, verbose=0)
    assert float(model.schedule_steps) == 4.0
