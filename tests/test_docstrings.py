"""The examples in the docstrings run and give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import keras_genzoo


def module_names():
    """Names of all modules of the package, the mapped `export` included."""
    names = [item.name for item in pkgutil.walk_packages(keras_genzoo.__path__, "keras_genzoo.")]
    export = importlib.import_module("keras_genzoo.export")
    names += [export.__name__, *(item.name for item in pkgutil.walk_packages(export.__path__, "keras_genzoo.export."))]
    return sorted({name for name in names if not name.rpartition(".")[2].startswith("_timing")})


@pytest.mark.parametrize("name", module_names())
def test_examples_run(name):
    module = importlib.import_module(name)
    results = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert results.failed == 0


def test_examples_are_found():
    finder = doctest.DocTestFinder()
    modules = [importlib.import_module(name) for name in module_names()]
    examples = sum(len(test.examples) for module in modules for test in finder.find(module, module.__name__))
    assert examples > 100
