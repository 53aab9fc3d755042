"""Set-up shared by all tests: Keras on TensorFlow, quiet, and models that are built once."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")
# Kernels of oneDNN round differently when others run beside them: bit for bit takes one operation at a time.
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import pytest


@pytest.fixture(scope="session")
def built():
    """Function from a row of the table to its model, built once: for tests that change nothing in it."""
    models = {}

    def get(case):
        if str(case) not in models:
            models[str(case)] = case.build()
        return models[str(case)]

    return get


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

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["keras-genzoo", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
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
