"""Callbacks of `fit`, each on a tiny model."""

import functools
import itertools
import math
import signal
import threading

import numpy as np
import pytest
import tensorflow as tf
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


# -- several steps in one execution -----------------------------------------------------------------------------------


@pytest.fixture
def three_at_once(model):
    """The model; an epoch of 4 steps takes two calls of Keras, of three steps and of one."""
    model.compile(steps_per_execution=3)
    return model


def test_several_steps_of_one_execution_are_all_counted(three_at_once, images, tmp_path):
    limit = callbacks.TimeLimit(1000)
    fit(three_at_once, images, limit, callbacks.Checkpoint(tmp_path, first_step=100, keep=9), epochs=2)
    assert [checkpoint_step(path) for path in list_checkpoints(tmp_path)] == [104, 108]
    assert limit.steps == int(three_at_once.optimizer.iterations) == 8


def test_steps_beyond_those_of_an_epoch_are_counted_where_the_data_goes_on(three_at_once, images, tmp_path):
    """With steps_per_epoch=4, Keras runs two calls of three steps, and the next epoch goes on behind them."""
    data = tf.data.Dataset.from_tensor_slices(images).batch(8).repeat()
    checkpoint = callbacks.Checkpoint(tmp_path, keep=9)
    three_at_once.fit(data, steps_per_epoch=4, epochs=2, verbose=0, callbacks=[checkpoint])
    assert [checkpoint_step(path) for path in list_checkpoints(tmp_path)] == [6, 12]
    assert int(three_at_once.optimizer.iterations) == 12


def test_steps_of_an_epoch_that_is_shorter_than_one_execution_are_all_counted(model, images, tmp_path):
    model.compile(steps_per_execution=4)
    data = tf.data.Dataset.from_tensor_slices(images).batch(8).repeat()
    model.fit(data, steps_per_epoch=2, epochs=2, verbose=0, callbacks=[callbacks.Checkpoint(tmp_path, keep=9)])
    assert [checkpoint_step(path) for path in list_checkpoints(tmp_path)] == [4, 8]
    assert int(model.optimizer.iterations) == 8


def test_signal_among_several_steps_saves_after_all_of_them(three_at_once, images, tmp_path):
    press = At(3, lambda _: signal.raise_signal(signal.SIGTERM))  # the first call of the second epoch
    with pytest.raises(callbacks.TrainingTerminated, match="after step 7; checkpoint: .*step_00000007"):
        fit(three_at_once, images, press, callbacks.Checkpoint(tmp_path), epochs=3)
    assert int(keras_genzoo.load(tmp_path / "step_00000007.keras").optimizer.iterations) == 7


def test_divergence_among_several_steps_is_told_with_all_of_them(three_at_once, images):
    spoil = At(2, lambda _: three_at_once.decoder.weights[0].assign(three_at_once.decoder.weights[0] * math.nan))
    with pytest.raises(callbacks.TrainingDiverged, match="loss = nan.* in steps 5 to 7$"):
        fit(three_at_once, images, callbacks.StopOnDivergence(), spoil, epochs=2)


def test_several_steps_of_data_of_unknown_length_are_refused(three_at_once, images, tmp_path):
    data = tf.data.Dataset.from_tensor_slices(images).batch(8).filter(lambda _: True)
    with pytest.raises(ValueError, match="Expected data of a known number of batches, or steps_per_execution=1"):
        three_at_once.fit(data, verbose=0, callbacks=[callbacks.Checkpoint(tmp_path / "new")])
    assert not (tmp_path / "new").exists()


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


def test_seconds_before_an_interruption_are_in_the_row_of_the_epoch(model, images, tmp_path, monkeypatch):
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("keras_genzoo.callbacks.epoch_log.time.perf_counter", lambda: next(clock))
    log = callbacks.EpochLog(tmp_path / "log.csv", seconds=70.0)
    fit(model, images, log, epochs=3, initial_epoch=1)
    assert [row["seconds"] for row in read_log(log.path)] == [80.0, 10.0]
    assert log.elapsed() == 0.0


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


@pytest.mark.parametrize("wrong", [{"every": 0}, {"num": 0}])
def test_grid_of_nothing_is_refused(wrong, tmp_path):
    (key,) = wrong
    with pytest.raises(ValueError, match=f"Expected {key} to be an integer of at least 1"):
        callbacks.SampleGrid(tmp_path, **wrong)


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


@pytest.mark.parametrize("seconds", [0, -1, math.nan, "60"])
def test_time_limit_of_nothing_is_refused(seconds):
    with pytest.raises(ValueError, match=f"Expected seconds above 0. Received: seconds={seconds!r}"):
        callbacks.TimeLimit(seconds)


# -- ProgressLines ----------------------------------------------------------------------------------------------------


@pytest.fixture
def seconds_per_step(monkeypatch):
    """Function that sets how far the clock of `ProgressLines` goes on at each look."""

    def set_clock(seconds):
        clock = itertools.count(0, seconds)
        monkeypatch.setattr("keras_genzoo.callbacks.progress_lines.time.perf_counter", lambda: next(clock))

    return set_clock


def test_progress_is_an_estimate_and_then_a_line_per_minute(model, images, seconds_per_step, capsys):
    seconds_per_step(25)
    history = fit(model, images, callbacks.ProgressLines(steps=100, first_step=80), epochs=2)
    first, *others = capsys.readouterr().out.splitlines()
    assert first == "About 8 min for the 18 steps left, at 2.5e+04 ms per step."
    # An epoch is over when the sixth step has been seen: three looks, or 75 seconds, after the line before.
    assert [line.partition(":")[0] for line in others] == ["Step 85 of 100", "Step 88 of 100"]
    assert others[1].endswith(f"loss {history.history['loss'][-1]:.4g}; about 5 min left.") or "kl_loss" in others[1]


def test_short_training_has_its_estimate_after_the_first_epoch(model, images, seconds_per_step, capsys):
    seconds_per_step(0.1)
    fit(model, images, callbacks.ProgressLines(steps=12), epochs=3)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("About 1 s for the 8 steps left, at ")


def test_progress_next_to_a_bar_is_the_estimate_alone(model, images, seconds_per_step, capsys):
    seconds_per_step(100)
    fit(model, images, callbacks.ProgressLines(steps=12, bar=True), epochs=3)
    assert capsys.readouterr().out == "\nAbout 17 min for the 10 steps left, at 1e+05 ms per step.\n"


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


def test_checkpoints_are_in_the_order_of_their_steps(tmp_path):
    for name in ("step_100000000", "step_99999999", "step_00000004", "step_last", ".step_00000005.keras.part"):
        (tmp_path / f"{name}.keras").touch()
    assert [checkpoint_step(path) for path in list_checkpoints(tmp_path)] == [4, 99999999, 100000000]


def test_epoch_that_the_time_limit_ends_is_saved(model, images, tmp_path):
    fit(model, images, callbacks.TimeLimit(1e-6), callbacks.Checkpoint(tmp_path, every=5), epochs=9)
    assert [checkpoint_step(path) for path in list_checkpoints(tmp_path)] == [1]


@pytest.mark.parametrize("wrong", [{"keep": 0}, {"every": 0}, {"first_step": -1}])
def test_checkpoint_of_nothing_is_refused(wrong, tmp_path):
    (key,) = wrong
    with pytest.raises(ValueError, match=f"Expected {key} to be an integer of at least"):
        callbacks.Checkpoint(tmp_path, **wrong)


def test_last_epoch_is_saved_whatever_the_interval(model, images, tmp_path):
    fit(model, images, callbacks.Checkpoint(tmp_path, keep=9, every=2), epochs=3)
    assert [checkpoint_step(path) for path in list_checkpoints(tmp_path)] == [8, 12]


@pytest.mark.parametrize(
    ("number", "error", "word", "code"),
    [
        (signal.SIGINT, callbacks.TrainingInterrupted, "Interrupted", 130),
        (signal.SIGTERM, callbacks.TrainingTerminated, "Terminated", 143),
    ],
)
def test_signal_saves_between_two_steps(number, error, word, code, model, images, tmp_path):
    checkpoint = callbacks.Checkpoint(tmp_path)
    press = At(6, lambda _: signal.raise_signal(number))
    before = handlers()
    with pytest.raises(error, match=f"{word} after step 6; checkpoint: .*step_00000006") as caught:
        fit(model, images, press, checkpoint, epochs=3)
    assert type(caught.value) is error and caught.value.exit_code == code
    assert handlers() == before
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


def handlers():
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


def test_fit_that_ends_gives_the_signals_back(model, images, tmp_path):
    before = handlers()
    fit(model, images, callbacks.Checkpoint(tmp_path))
    assert handlers() == before


def test_signal_after_an_exception_in_fit_acts_as_before(model, images, tmp_path, monkeypatch):
    """Keras calls no callback after an exception, so our handlers are still installed."""
    heard = []
    earlier = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        checkpoint = callbacks.Checkpoint(tmp_path)
        with pytest.raises(ZeroDivisionError):
            fit(model, images, checkpoint, At(2, lambda _: 1 / 0))
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert heard == [signal.SIGTERM, signal.SIGTERM]
    finally:
        checkpoint.restore_signals()
        signal.signal(signal.SIGTERM, earlier)


def test_fit_in_another_thread_leaves_the_signals_alone(model, images, tmp_path):
    before, seen = handlers(), []
    arguments = (model, images, At(2, lambda _: seen.append(handlers())), callbacks.Checkpoint(tmp_path))
    thread = threading.Thread(target=fit, args=arguments)
    thread.start()
    thread.join()
    assert seen == [before]
    assert [checkpoint_step(path) for path in list_checkpoints(tmp_path)] == [4]


def test_diverged_model_is_not_saved(model, images, tmp_path):
    spoil = At(6, lambda _: model.decoder.weights[0].assign(model.decoder.weights[0] * math.inf))
    with pytest.raises(ArithmeticError, match="Expected finite weights. Received: .* with NaN or infinity"):
        fit(model, images, spoil, callbacks.Checkpoint(tmp_path), epochs=2)
    assert [path.name for path in tmp_path.iterdir()] == ["step_00000004.keras"]
