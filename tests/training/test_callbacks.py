"""Callbacks of `fit`, each on a tiny model."""

import functools
import math
import signal

import numpy as np
import pytest
from at_step import At
from cases import moved, state, values

import keras_genzoo
from keras_genzoo import callbacks
from keras_genzoo.callbacks.checkpoint import checkpoint_step, list_checkpoints
from keras_genzoo.callbacks.epoch_log import read_log


def vae():
    """The model that is quickest to trace."""
    return keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[4], latent_dim=2, seed=0)


@pytest.fixture
def model():
    return vae()


@pytest.fixture(scope="module")
def images(digits):
    return digits[0][:32]


def fit(model, images, *given, epochs=1, **kwargs):
    return model.fit(images, batch_size=8, epochs=epochs, shuffle=False, verbose=0, callbacks=[*given], **kwargs)


# -- EpochLog ---------------------------------------------------------------------------------------------------------


def test_log_has_one_row_an_epoch_with_the_means_of_the_history(model, images, tmp_path):
    log = callbacks.EpochLog(tmp_path / "log.csv")
    history = fit(model, images, log, epochs=3).history
    rows = read_log(log.path)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert all(row["seconds"] > 0 for row in rows)
    for name, series in history.items():
        np.testing.assert_allclose([row[name] for row in rows], series, rtol=1e-6)
    assert [file.name for file in tmp_path.iterdir()] == ["log.csv"]


def test_resumed_log_has_one_row_an_epoch(model, images, tmp_path):
    path = tmp_path / "log.csv"
    fit(model, images, callbacks.EpochLog(path), epochs=3)
    first = read_log(path)
    fit(model, images, callbacks.EpochLog(path), epochs=4, initial_epoch=2)  # the third epoch is trained again
    rows = read_log(path)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert rows[:2] == first[:2]
    assert rows[2] != first[2]


def test_log_takes_columns_that_come_later(model, images, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,seconds,old_loss\n1,2.5,7.0\n", encoding="utf-8")
    fit(model, images, callbacks.EpochLog(path), epochs=2, initial_epoch=1)
    first, second = read_log(path)
    assert first == {"epoch": 1, "seconds": 2.5, "old_loss": 7.0}
    assert "loss" in second and "old_loss" not in second


def test_missing_log_has_no_rows(tmp_path):
    assert read_log(tmp_path / "none.csv") == []


# -- SampleGrid -------------------------------------------------------------------------------------------------------


def test_grids_of_an_unchanged_model_are_the_same_bytes(model, images, tmp_path):
    model.compile("sgd")
    model.optimizer.learning_rate = 0.0
    fit(model, images, callbacks.SampleGrid(tmp_path, num=9), epochs=2)
    first, second = (tmp_path / f"epoch_000{epoch}.png" for epoch in (1, 2))
    assert first.read_bytes() == second.read_bytes()
    assert sorted(tmp_path.iterdir()) == [first, second]


def test_grids_follow_the_model_and_the_epochs_asked_for(model, images, tmp_path):
    fit(model, images, callbacks.SampleGrid(tmp_path, num=4, every=2), epochs=5)
    first, second = (tmp_path / f"epoch_000{epoch}.png" for epoch in (2, 4))
    assert sorted(tmp_path.iterdir()) == [first, second]
    assert first.read_bytes() != second.read_bytes()


# -- TimeLimit --------------------------------------------------------------------------------------------------------


def test_time_limit_ends_after_the_step_that_passes_it(model, images, monkeypatch):
    clock = iter(range(0, 1000, 10))  # every look at the clock is ten seconds later
    monkeypatch.setattr("keras_genzoo.callbacks.time_limit.time.perf_counter", lambda: next(clock))
    seen = []
    limit = callbacks.TimeLimit(25, seen.append)
    history = fit(model, images, limit, epochs=100)
    assert seen == [10, 20, 30]
    assert limit.steps == 3
    assert history.epoch == [0]


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
def test_time_limit_of_nothing_is_refused(seconds):
    with pytest.raises(ValueError, match=f"Expected seconds above 0. Received: seconds={seconds}"):
        callbacks.TimeLimit(seconds)


# -- StopOnDivergence -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "text"), [(math.nan, "nan"), (math.inf, "inf")])
def test_divergence_is_told_with_loss_and_step(value, text):
    guard = callbacks.StopOnDivergence(first_step=40)
    guard.on_train_batch_end(0, {"d_loss": 1.0, "g_loss": 2.0})
    with pytest.raises(
        callbacks.TrainingDiverged, match=f"Expected finite losses. Received: g_loss = {text} at step 42"
    ):
        guard.on_train_batch_end(1, {"d_loss": 1.0, "g_loss": value})


def test_divergence_stops_fit_at_once(model, images):
    spoil = At(2, lambda _: model.decoder.weights[0].assign(model.decoder.weights[0] * math.nan))
    with pytest.raises(callbacks.TrainingDiverged, match="loss = nan.* at step 3"):
        fit(model, images, callbacks.StopOnDivergence(), spoil, epochs=2)


# -- Checkpoint -------------------------------------------------------------------------------------------------------


def test_checkpoint_is_the_model_with_its_optimizer(model, images, tmp_path):
    fit(model, images, callbacks.Checkpoint(tmp_path), epochs=2)
    last = list_checkpoints(tmp_path)[-1]
    assert checkpoint_step(last) == 8
    assert moved(state(model), state(keras_genzoo.load(last))) == []


@pytest.mark.parametrize("damage", ["emptied", "cut", "overwritten", "no archive"])
def test_damaged_checkpoint_is_refused_in_one_sentence(damage, model, tmp_path):
    path = tmp_path / "a.keras"
    model.save(path)
    whole = path.read_bytes()
    middle = whole.index(b"model.weights.h5") + 2000  # inside the stored weights
    broken = {
        "emptied": b"",
        "cut": whole[:middle],
        "overwritten": whole[:middle] + bytes(200) + whole[middle + 200 :],
        "no archive": b"x" * len(whole),
    }
    path.write_bytes(broken[damage])
    with pytest.raises(
        ValueError, match="Expected a whole .keras file, as model.save.. writes it. Received: .*a.keras"
    ):
        keras_genzoo.load(path)


def test_newest_checkpoints_are_kept(model, images, tmp_path):
    fit(model, images, callbacks.Checkpoint(tmp_path, first_step=100, keep=2), epochs=4)
    assert [checkpoint_step(path) for path in list_checkpoints(tmp_path)] == [112, 116]
    assert len(list(tmp_path.iterdir())) == 2


def test_last_epoch_is_saved_whatever_the_interval(model, images, tmp_path):
    fit(model, images, callbacks.Checkpoint(tmp_path, keep=9, every=2), epochs=3)
    assert [checkpoint_step(path) for path in list_checkpoints(tmp_path)] == [8, 12]


def test_interrupt_saves_between_two_steps(model, images, tmp_path):
    checkpoint = callbacks.Checkpoint(tmp_path)
    press = At(6, lambda _: signal.raise_signal(signal.SIGINT))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(callbacks.TrainingInterrupted, match="Interrupted after step 6; checkpoint: .*step_00000006"):
        fit(model, images, press, checkpoint, epochs=3)
    assert signal.getsignal(signal.SIGINT) is before
    other = vae()
    fit(other, images)
    fit(other, images[:16])
    assert moved(values(other.weights), values(keras_genzoo.load(tmp_path / "step_00000006.keras").weights)) == []


def test_interrupt_in_the_last_step_of_an_epoch_lets_the_epoch_end(model, images, tmp_path):
    log = callbacks.EpochLog(tmp_path / "log.csv")
    press = At(4, lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(callbacks.TrainingInterrupted, match="Interrupted after step 4"):
        fit(model, images, press, log, callbacks.Checkpoint(tmp_path), epochs=3)
    assert [row["epoch"] for row in read_log(log.path)] == [1]
    assert [checkpoint_step(path) for path in list_checkpoints(tmp_path)] == [4]


def test_second_interrupt_stops_at_once_and_leaves_the_checkpoints(model, images, tmp_path, request):
    # A job in the background of a shell is started with the signal ignored.
    request.addfinalizer(functools.partial(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT)))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    checkpoint = callbacks.Checkpoint(tmp_path)
    fit(model, images, checkpoint)

    def press_twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        fit(model, images, At(1, lambda _: press_twice()), checkpoint)
    assert not isinstance(caught.value, callbacks.TrainingInterrupted)
    assert [path.name for path in tmp_path.iterdir()] == ["step_00000004.keras"]


def test_fit_that_ends_gives_the_signal_back(model, images, tmp_path):
    before = signal.getsignal(signal.SIGINT)
    fit(model, images, callbacks.Checkpoint(tmp_path))
    assert signal.getsignal(signal.SIGINT) is before


def test_diverged_model_is_not_saved(model, images, tmp_path):
    spoil = At(6, lambda _: model.decoder.weights[0].assign(model.decoder.weights[0] * math.inf))
    with pytest.raises(ArithmeticError, match="Expected finite weights. Received: .* with NaN or infinity"):
        fit(model, images, spoil, callbacks.Checkpoint(tmp_path), epochs=2)
    assert [path.name for path in tmp_path.iterdir()] == ["step_00000004.keras"]
