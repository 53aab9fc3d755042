"""Settings of Keras that a user may change for the whole process, and what models of the zoo make of them."""

import contextlib

import keras

# Averages of weights, and statistics, need float32: in half precision, small changes of a large number are lost.
POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")


def policy_name(dtype):
    """The name of the dtype policy of a model.

    Args:
        dtype: As given to the model: a name or a `keras.DTypePolicy`. `None` follows `keras.config.set_dtype_policy`
            where that is one of `POLICIES`, and is float32 otherwise.

    Raises:
        ValueError: If it is another policy.
    """
    if dtype is None:
        name = keras.config.dtype_policy().name
        return name if name in POLICIES else "float32"
    name = getattr(dtype, "name", dtype)
    if name not in POLICIES:
        raise ValueError(f"Expected dtype to be one of {', '.join(POLICIES)}. Received: dtype={name!r}")
    return name


@contextlib.contextmanager
def standard_settings(**more):
    """Context in which layers, weights, metrics and optimizers are made as with the settings of a new Keras.

    A model is then the same with `channels_first` images or another `floatx` in `keras.json`.

    Args:
        **more: Further settings, for example `dtype_policy`.
    """
    settings = {"image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7, **more}
    before = {name: getattr(keras.config, name)() for name in settings}
    _set(settings)
    try:
        yield
    finally:
        _set(before)


def _set(settings):
    for name, value in settings.items():
        if getattr(keras.config, name)() != value:
            getattr(keras.config, f"set_{name}")(value)
