"""The backend of Keras, which must be TensorFlow."""

import os


def check_backend():
    """Raises `ValueError` if Keras does not run on TensorFlow; makes it the backend if Keras is not imported yet."""
    # Before Keras is imported, TensorFlow can still be made the backend; afterwards it is too late.
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "Expected Keras on TensorFlow: set the environment variable KERAS_BACKEND=tensorflow. "
            f"Received: {keras.backend.backend()}"
        )
