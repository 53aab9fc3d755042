"""Checks of arguments for the whole package; each error is one sentence: expected and received."""

import numbers  # NumPy scalars are instances of these classes, so NumPy is not imported


def check_at_least(low, **values):
    """Raises `ValueError` unless each named value is an integer of at least `low`.

    Example:

    >>> check_at_least(1, latent_dim=8, d_steps=1)
    """
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < low:
            raise ValueError(f"Expected {name} to be an integer of at least {low}. Received: {name}={value!r}")


def check_none_or_at_least(low, **values):
    """Raises `ValueError` unless each named value is `None` or an integer of at least `low`."""
    check_at_least(low, **{name: value for name, value in values.items() if value is not None})


def check_seed(seed):
    """Returns `seed` as an int; raises `ValueError` unless it is an integer of 64 bits."""
    return _check_integer(seed, -(2**63), 2**63, "an integer of 64 bits")


def check_training_seed(seed):
    """Returns `seed` as an int, or `None`; raises `ValueError` for other values and integers outside 32 bits."""
    return None if seed is None else _check_integer(seed, 0, 2**32, "None or an integer in 0..4294967295")


def _check_integer(seed, low, end, wanted):
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or not low <= seed < end:
        raise ValueError(f"Expected seed to be {wanted}. Received: seed={seed!r}")
    return int(seed)


def is_number(value):
    """Whether a value is a real number, and not a bool or a string."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def check_fraction(**values):
    """Raises `ValueError` unless each named value is a number in [0, 1)."""
    for name, value in values.items():
        if not is_number(value) or not 0.0 <= value < 1.0:
            raise ValueError(f"Expected {name} in [0, 1). Received: {name}={value!r}")


def check_weight(**values):
    """Raises `ValueError` unless each named value is a finite number of at least 0."""
    for name, value in values.items():
        if not is_number(value) or not 0.0 <= value < float("inf"):
            raise ValueError(f"Expected {name} as a number of at least 0. Received: {name}={value!r}")


def check_positive(**values):
    """Raises `ValueError` unless each named value is a finite number above 0."""
    for name, value in values.items():
        if not is_number(value) or not 0.0 < value < float("inf"):
            raise ValueError(f"Expected {name} above 0. Received: {name}={value!r}")


def check_flag(**values):
    """Raises `ValueError` unless each named value is `True` or `False`."""
    for name, value in values.items():
        if value not in (False, True) or is_number(value):
            raise ValueError(f"Expected {name} to be True or False. Received: {name}={value!r}")


def check_choice(choices, **values):
    """Raises `ValueError` unless each named value is one of `choices`."""
    for name, value in values.items():
        if value not in choices:
            expected = ", ".join(map(repr, choices))
            raise ValueError(f"Expected {name} to be one of {expected}. Received: {name}={value!r}")


def check_units(**values):
    """Raises `ValueError` unless each named value is a list or tuple of integers of at least 1."""
    for name, value in values.items():
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"Expected {name} as a list of integers. Received: {name}={value!r}")
        check_at_least(1, **{f"{name}[{i}]": units for i, units in enumerate(value)})
