"""Files: a `.keras` file holds all that training needs, and a run that was stopped goes on as if it never had been."""

import json
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from cases import CASES, cases_with, for_cases, for_every_case, run, state, values

import keras_genzoo


def arrays(found):
    """The values of `state` in order: names differ between copies of a model in one process."""
    return [array.tobytes() for array in found.values()]


def fit(model, case, *steps):
    """Trains on one batch a step: the numbers of the steps are the seeds of their data."""
    for step in steps:
        model.fit(*case.data(4, seed=step), batch_size=4, shuffle=False, verbose=0)


@for_every_case
def test_file_round_trip_keeps_everything_and_training_goes_on_exactly(case, tmp_path):
    path = tmp_path / "model.keras"
    model = case.build()
    fit(model, case, 0, 1)
    model.save(path)
    loaded = keras_genzoo.load(path)
    assert type(loaded) is type(model)
    assert loaded.get_config() == model.get_config()
    assert arrays(state(loaded)) == arrays(state(model))
    for name in model.optimizer_names:
        mine, other = getattr(model, name), getattr(loaded, name)
        assert type(other) is type(mine)
        assert other.get_config() == mine.get_config()
        assert int(other.iterations) == int(mine.iterations) > 0
    np.testing.assert_array_equal(run(loaded, case.data(3)), run(model, case.data(3)))
    for each in (model, loaded):  # the one that never stopped, and the one that did
        fit(each, case, 2, 3)
    assert arrays(state(loaded)) == arrays(state(model))


@for_every_case
def test_optimizers_other_than_the_defaults_come_back(case, tmp_path):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)
    names = case.model_class.optimizer_names
    model = case.build({name: keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True) for name in names})
    model.train_step(case.data(2))
    model.save(tmp_path / "model.keras")
    loaded = keras_genzoo.load(tmp_path / "model.keras")
    assert arrays(state(loaded)) == arrays(state(model))
    for each in (model, loaded):
        each.train_step(case.data(2, seed=1))
    assert arrays(state(loaded)) == arrays(state(model))


@for_every_case
def test_float16_round_trip_keeps_one_loss_scale_each(case, tmp_path):
    model = case.build(dtype="mixed_float16")
    model.train_step(case.data(2))
    model.save(tmp_path / "model.keras")
    loaded = keras_genzoo.load(tmp_path / "model.keras")
    for name in model.optimizer_names:
        optimizer = getattr(loaded, name)
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert not isinstance(optimizer.inner_optimizer, keras.optimizers.LossScaleOptimizer)
    assert loaded.dtype_policy.name == "mixed_float16"
    assert arrays(state(loaded)) == arrays(state(model))


@for_every_case
def test_weights_file_restores_outputs_and_optimizers(case, tmp_path):
    model, other = case.build(), case.build(seed=9)
    model.train_step(case.data(2))
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    assert arrays(values(other.weights)) == arrays(values(model.weights))
    np.testing.assert_array_equal(run(other, case.data(3)), run(model, case.data(3)))


@for_every_case
def test_model_that_is_not_compiled_can_be_saved(case, tmp_path):
    model = case.model_class(**case.args)
    model.save(tmp_path / "model.keras")
    assert arrays(values(keras_genzoo.load(tmp_path / "model.keras").weights)) == arrays(values(model.weights))


@for_cases(cases_with("generator_network"))
def test_using_a_model_adds_nothing_to_its_file(case, tmp_path):
    model = case.build()
    model.save(tmp_path / "before.keras")
    model.generate(2, seed=0)
    model.generator_network  # noqa: B018  (built when it is first asked for)
    model.save(tmp_path / "after.keras")
    sizes = []
    for name in ("before", "after"):
        with zipfile.ZipFile(tmp_path / f"{name}.keras") as file:
            sizes.append(file.getinfo("model.weights.h5").file_size)
    assert sizes[0] == sizes[1]


def test_keras_loads_every_model_once_the_models_are_imported(tmp_path):
    jobs = []
    for case in CASES:
        model, path = case.build(), tmp_path / f"{case}.keras"
        model.save(path)
        np.savez(tmp_path / f"{case}.npz", data=case.data(2)[0], output=run(model, case.data(2)))
        jobs.append(str(tmp_path / str(case)))
    script = """
import json, sys
import keras, numpy as np
import keras_genzoo.models
for stem in json.loads(sys.argv[1]):
    model, saved = keras.saving.load_model(stem + ".keras"), np.load(stem + ".npz")
    made = model.generate(2, seed=7) if hasattr(model, "generate") else np.asarray(model(saved["data"]))
    np.testing.assert_array_equal(made, saved["output"])
    assert type(model).__module__.startswith("keras_genzoo.models.")
"""
    done = subprocess.run([sys.executable, "-c", script, json.dumps(jobs)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    CASES[0].build().save(path)
    return path


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.99])
def test_truncated_file_is_refused(saved, tmp_path, keep):
    content = saved.read_bytes()
    (tmp_path / "cut.keras").write_bytes(content[: int(keep * len(content))])
    with pytest.raises(ValueError, match=r"(?s)Expected a whole .keras file.*Received: .*cut.keras"):
        keras_genzoo.load(tmp_path / "cut.keras")


@pytest.mark.parametrize("position", [0.2, 0.5, 0.8])
def test_damaged_file_is_refused(saved, tmp_path, position):
    content = bytearray(saved.read_bytes())
    first = int(position * len(content))
    for index in range(first, first + 64):
        content[index] ^= 0xFF
    (tmp_path / "damaged.keras").write_bytes(content)
    with pytest.raises(ValueError, match=r"(?s)Expected a whole .keras file.*Received: .*damaged.keras"):
        keras_genzoo.load(tmp_path / "damaged.keras")


def test_files_of_other_kinds_are_refused(tmp_path):
    (tmp_path / "text.keras").write_text("no model")
    np.savez(tmp_path / "arrays.npz", a=np.zeros(3))
    (tmp_path / "folder.keras").mkdir()
    for name in ("text.keras", "arrays.npz", "folder.keras", "missing.keras"):
        with pytest.raises(ValueError, match=rf"(?s)Expected a whole .keras file.*Received: .*{name}"):
            keras_genzoo.load(tmp_path / name)


def test_path_may_be_a_string(saved):
    assert keras_genzoo.load(str(saved)).model_name == CASES[0].name
