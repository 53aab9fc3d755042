"""Set-up shared by all tests: Keras on TensorFlow, quiet, and models that are built once."""

import os

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
