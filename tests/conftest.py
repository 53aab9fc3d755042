"""Set-up shared by all tests: Keras on TensorFlow, quiet, options of the command line, models that are built once."""

import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["COLUMNS"] = "200"  # of tables on the command line; a worker would inherit another width
# Kernels of oneDNN round differently when others run beside them: bit for bit takes one operation at a time.
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
if "PYTEST_XDIST_WORKER" in os.environ:  # a core for each worker
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for tests in the folders of the rooms

# Set before test modules are collected: they are parametrized by these.
import options

pytest.register_assert_rewrite("case", "cases", "learning")  # whose assertions then show their numbers


def pytest_addoption(parser):
    group = parser.getgroup("keras_genzoo")
    group.addoption("--every-row", action="store_true", help="run each check for every row, not once for each kind")
    group.addoption("--model", metavar="NAME", help="run what concerns one model, and the checks of completeness")


def pytest_configure(config):
    options.every_row = config.getoption("every_row")
    options.model = config.getoption("model")
    check_model(options.model)
    config.addinivalue_line("markers", "completeness: compares the rows with the models that there are")


def check_model(name):
    """Refuses a model that there is not, of which only the checks of completeness would run."""
    from keras_genzoo import registry
    from keras_genzoo.utils.text import nearest

    known = [*registry.bundled_models(), *(path.stem for path in (Path(__file__).parent / "own").glob("own_*.py"))]
    if name is not None and name not in known:
        raise pytest.UsageError(f"Expected --model as the name of a model; {nearest(name, known)} Received: {name!r}")


def pytest_collection_modifyitems(config, items):
    if options.model is None:
        return
    kept, others = [], []
    for item in items:
        (kept if concerns(item, options.model) else others).append(item)
    config.hook.pytest_deselected(items=others)
    items[:] = kept


def concerns(item, model):
    """Whether a test concerns a model: by its row, recipe or preset, its own file, or as a check of completeness."""
    if item.get_closest_marker("completeness") or item.path.stem == f"test_{model}":
        return True
    parameters = getattr(item, "callspec", None)
    values = parameters.params.values() if parameters else ()
    names = [value if isinstance(value, str) else getattr(value, "name", None) for value in values]
    return any(isinstance(name, str) and (name == model or name.startswith(f"{model}_")) for name in names)


@pytest.fixture(autouse=True)
def _only_registered_within_a_test():
    """Models that a test registers are gone after it: other tests count the models that there are."""
    from keras_genzoo import registry

    before = dict(registry._registered)
    yield
    if registry._registered != before:
        registry._registered.clear()
        registry._registered.update(before)
        registry.describe.cache_clear()


@pytest.fixture(scope="session")
def built():
    """Function from a row of the table to its model, built once: for tests that change nothing in it."""
    from cases import built_once

    return built_once()


@pytest.fixture(scope="session")
def digits():
    """The 1,797 real handwritten digits of scikit-learn, 8x8: (uint8 images, int32 labels)."""
    import numpy as np
    from sklearn.datasets import load_digits

    data = load_digits()
    images = np.rint(data.images[..., None] * (255.0 / 16.0)).astype("uint8")
    return images, data.target.astype("int32")


# -- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder, so that "nothing was written" can be seen."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def command(monkeypatch, capsys, here):
    """Function that runs the command line in this process: `(exit code, stdout, stderr)`."""

    from keras_genzoo import cli
    from keras_genzoo.cli import names

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["keras-genzoo", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(names.console, "width", 200)  # workers of xdist have COLUMNS=80 when it is made
        code = 0
        try:
            code = cli.main()
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code or 0, captured.out, captured.err

    return run


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """A tiny VAE as a preset folder, with a card."""
    import keras_genzoo
    from keras_genzoo import presets

    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[4], latent_dim=2, seed=0)
    card = {
        "name": "tiny",
        "description": "Tiny VAE.",
        "data": {"title": "Digits", "license": "CC BY 4.0"},
        "recipe": {"data": {"source": "digits"}},
        "epochs": 3,
        "seed": 7,
        "wall_time_seconds": 5,
        "hardware": "2 CPU cores",
        "metrics": {
            "ssim": {"value": 0.51234, "standard_error": 0.01, "protocol": {"n_real": 10}, "floor": {"value": 0.9}}
        },
    }
    return presets.save_preset(model, tmp_path_factory.mktemp("preset") / "tiny", card=card)
