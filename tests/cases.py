"""The table of models: the rows of `tests/rows`, and ways to run a check over all of them or over one of each kind."""

import importlib
import sys
from pathlib import Path

import numpy as np
import options
import pytest

from keras_genzoo.families import ZooModel

_ROWS = sorted(path.stem for path in (Path(__file__).parent / "rows").glob("*.py"))
_ALL = [case for name in _ROWS for case in importlib.import_module(f"rows.{name}").CASES]
CASES = [case for case in _ALL if not case.of_floats]
POINTS = [case for case in _ALL if case.of_points]  # models of points, which keep the same contract
SIGNALS = [case for case in _ALL if case.of_signals]  # and models of signals


def cases_with(*members, such_that=lambda case: True):
    """The rows whose model class has all these members, and for which `such_that(case)` holds."""
    return [case for case in CASES if all(hasattr(case.model_class, name) for name in members) and such_that(case)]


def for_cases(cases):
    """Parametrizes a test over rows, as its argument `case`."""
    assert cases, "no row of the table has what this check needs"
    return pytest.mark.parametrize("case", cases, ids=str)


for_every_case = for_cases(CASES)


def for_kinds(key, cases=None):
    """Parametrizes a test over one row of each kind, as its argument `case`.

    A kind that no row has had yet is covered by the row that brings it. `pytest --every-row` takes all rows, `pytest
    --model NAME` those of one model, one of each kind.

    Args:
        key: Function of a case that gives its kind, hashable.
        cases: The rows; all where none are given.
    """
    return for_cases(one_of_each(key, cases))


def one_of_each(key, cases=None):
    """The rows that `for_kinds` takes."""
    cases = CASES if cases is None else cases
    cases = [case for case in cases if options.model in (None, case.name)] or cases
    first = {}
    for case in cases:
        first.setdefault(str(case) if options.every_row else key(case), case)
    return [*first.values()]


def built_once(**changes):
    """Function from a row to its model, with some arguments changed, which is built at the first call."""
    models = {}

    def get(case):
        if str(case) not in models:
            models[str(case)] = case.build(**changes)
        return models[str(case)]

    return get


def rows_of_steps():
    """One row for each owner of a step, and for each set of layers with a state."""
    return one_of_each(lambda case: (*owners(case), layers_named(case.model_class)))


def step_kind(case):
    """What tells training steps apart: who owns them, optimizers, data, layers and penalties that the model names."""
    cls = case.model_class
    return owners(case), cls.test_step.__qualname__, cls.optimizer_names, type(cls.data_kind), layers_named(cls)


def owners(case):
    """Who owns the training step of a model, and the update that it makes of one network."""
    return tuple(getattr(case.model_class, name).__qualname__ for name in ("train_step", "apply_gradients"))


def layers_named(cls):
    """Layers of this package, and gradient penalties, that the modules of a model and its bases import."""
    modules = [sys.modules[parent.__module__] for parent in cls.__mro__ if issubclass(parent, ZooModel)]
    named = {name for module in modules for name, item in vars(module).items() if is_layer(item)}
    return frozenset(named)


def is_layer(item):
    return getattr(item, "__module__", "").startswith(("keras_genzoo.layers.", "keras_genzoo.families.gradients"))


def uses(*arguments):
    """Condition for `cases_with`: the model has all these constructor arguments."""
    return lambda case: set(arguments) <= set(case.model_class.arguments())


def run(model, data):
    """What a user gets from a model: uint8 images, points or signals where it generates, else its output for `data`."""
    if hasattr(model, "generate"):
        return model.generate(len(data[0]), seed=7)
    return np.asarray(model(data[0], training=False))


def values(variables):
    """Copies of variables as NumPy arrays, by path."""
    return {f"{index} {variable.path}": variable.numpy().copy() for index, variable in enumerate(variables)}


def snapshot(model, *parts):
    """Values of some parts of a model, by attribute, and of all its optimizers."""
    return {part: values(getattr(model, part).variables) for part in (*parts, *model.optimizer_names)}


def moved_parts(before, after):
    """The parts of two snapshots that differ."""
    return {part for part in before if moved(before[part], after[part])}


def state(model):
    """Everything that training changes and a file must keep: weights, random states, optimizers."""
    found = values(model.weights)
    seeds = [variable for variable in model.variables if variable.name == "seed_generator_state"]
    found |= {f"seed {key}": value for key, value in values(seeds).items()}
    for name in model.optimizer_names:
        found |= {f"{name} {key}": value for key, value in values(getattr(model, name).variables).items()}
    return found


def moved(before, after):
    """Names of the arrays that differ, bit for bit, between two of `values` or `state`."""
    assert len(before) == len(after)
    pairs = zip(before.items(), after.values(), strict=True)
    return [key for (key, old), new in pairs if old.tobytes() != new.tobytes()]
