"""Callbacks and optimizer options of Keras: each has its effect, or is refused by name."""

import contextlib

import keras
import numpy as np
import pytest
from at_step import At
from cases import CASES, for_cases, moved, state, values

ONE_OF_EACH = {case.name: case for case in reversed(CASES)}
DCGAN, RBM, VAE, AAE = (ONE_OF_EACH[name] for name in ("dcgan", "rbm", "vae", "aae"))
for_two_kinds = for_cases([DCGAN, RBM])


def fit(model, case, *callbacks, epochs=1, num=4):
    options = dict(batch_size=2, shuffle=False, verbose=0, callbacks=[*callbacks])
    return model.fit(*case.small_data(num), epochs=epochs, **options)


def rates(model):
    return [float(getattr(model, name).learning_rate) for name in model.optimizer_names]


@for_cases([DCGAN, RBM, AAE])
def test_learning_rates_of_all_optimizers_are_scheduled_and_reduced(case):
    model = case.build_small()
    before = rates(model)
    fit(model, case, keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 * rate), epochs=2)
    assert rates(model) == pytest.approx([0.25 * rate for rate in before])
    loss = next(iter(model.trackers))
    plateau = keras.callbacks.ReduceLROnPlateau(loss, factor=0.5, patience=1, mode="min", min_delta=1e6)
    fit(model, case, plateau, epochs=2)
    assert rates(model) == pytest.approx([0.125 * rate for rate in before])


def test_callback_that_watches_no_loss_of_the_model_is_refused():
    model = DCGAN.build_small()
    with pytest.raises(ValueError, match="Expected keras_genzoo.callbacks.StopOnDivergence.*d_loss, g_loss.*Received"):
        fit(model, DCGAN, keras.callbacks.TerminateOnNaN())
    model = VAE.build_small()
    model.optimizer.learning_rate = np.nan
    assert len(fit(model, VAE, keras.callbacks.TerminateOnNaN(), epochs=3).epoch) == 1


def test_best_weights_are_restored_averages_included():
    model, kept = DCGAN.build_small(), []
    early = keras.callbacks.EarlyStopping("g_loss", mode="min", min_delta=1e6, patience=1, restore_best_weights=True)
    fit(model, DCGAN, At(2, lambda model: kept.append(values(model.weights))), early, epochs=5)
    assert moved(kept[0], values(model.weights)) == []


def test_checkpoint_of_keras_is_the_model(tmp_path):
    model = DCGAN.build_small()
    fit(model, DCGAN, keras.callbacks.ModelCheckpoint(tmp_path / "model.keras"))
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [value.tobytes() for value in state(loaded).values()] == [v.tobytes() for v in state(model).values()]


@for_two_kinds
def test_a_backup_resumes_exactly(case, tmp_path):
    whole, stopped, resumed = (case.build_small(seed=2) for _ in range(3))
    fit(whole, case, epochs=2)

    def stop(model):
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        fit(stopped, case, keras.callbacks.BackupAndRestore(tmp_path / "backup"), At(3, stop), epochs=2)
    for variable in resumed.variables:  # another process begins with other random numbers
        if variable.name == "seed_generator_state":
            variable.assign([5, 5])
    fit(resumed, case, keras.callbacks.BackupAndRestore(tmp_path / "backup"), epochs=2)
    assert [value.tobytes() for value in state(resumed).values()] == [v.tobytes() for v in state(whole).values()]


def test_averages_of_optimizers_are_put_into_the_weights_or_refused():
    adam = keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5)
    for case, name in ((DCGAN, "g_optimizer"), (RBM, "optimizer"), (AAE, "d_optimizer")):
        with pytest.raises(ValueError, match=f"Expected {name} without use_ema: .*Received: {name}=Adam.use_ema=True"):
            case.build_small({name: keras.optimizers.Adam.from_config(adam.get_config())})
    model = VAE.build_small({"optimizer": adam})
    fit(model, VAE, keras.callbacks.SwapEMAWeights())
    averages = adam._model_variables_moving_average
    for weight, average in zip(model.trainable_variables, averages, strict=True):
        np.testing.assert_array_equal(weight.numpy(), average.numpy())
    with pytest.raises(ValueError, match="use_ema=True"):
        DCGAN.build_small().fit(
            *DCGAN.small_data(2), validation_data=DCGAN.small_data(2), callbacks=[keras.callbacks.SwapEMAWeights()]
        )


def steps(case, optimizer, num=1):
    """How far updates of the first optimizer move its weights: one vector for each of `num` equal batches."""
    first, *others = case.model_class.optimizer_names
    model = case.build_small({first: optimizer, **{name: keras.optimizers.SGD(0.0) for name in others}}, seed=1)
    variables, found = model.optimized_variables()[first], []
    for _ in range(num):
        before = np.concatenate([variable.numpy().ravel() for variable in variables])
        model.train_step(case.small_data(4))
        found.append(np.concatenate([variable.numpy().ravel() for variable in variables]) - before)
    return found


@for_cases([VAE, DCGAN])
def test_options_of_optimizers_have_their_effects(case):
    def sgd(rate=0.125, **options):
        return keras.optimizers.SGD(rate, **options)

    (plain,) = steps(case, sgd())
    np.testing.assert_allclose(steps(case, sgd(loss_scale_factor=64.0))[0], plain, rtol=1e-3, atol=1e-5)
    largest = np.abs(plain).max()
    (clipped,) = steps(case, sgd(global_clipnorm=float(np.linalg.norm(plain) / 0.25)))  # half of the gradient
    np.testing.assert_allclose(clipped, 0.5 * plain, rtol=1e-2, atol=1e-5)
    (clipped,) = steps(case, sgd(clipvalue=float(largest / 0.25)))
    assert np.abs(clipped).max() == pytest.approx(0.5 * largest, rel=1e-2)
    (decayed,) = steps(case, sgd(weight_decay=0.25))
    assert np.linalg.norm(decayed - plain) > 1e-3
    waiting, *_, moved_then = steps(case, sgd(gradient_accumulation_steps=2), num=2)
    assert not waiting.any() and moved_then.any()


@for_cases([VAE, DCGAN, AAE])
def test_optimizers_are_where_keras_looks_for_them(case, built):
    found = getattr(built(case).optimizer, "optimizers", [built(case).optimizer])
    assert [*found] == [getattr(built(case), name) for name in case.model_class.optimizer_names]
