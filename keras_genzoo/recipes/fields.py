"""Types of the fields of a recipe, checked when it is read: a wrong one is an error before the first step."""

import dataclasses
import numbers
import os
import types
import typing

_NESTED = (list, tuple, dict, type(None))
_WORDS = {str: "text", bool: "true or false", int: "an integer", dict: "keys and values"}


def check_types(section, where=""):
    """Raises `ValueError` unless each field of a dataclass has a value of its annotated type.

    Args:
        section: Instance of a frozen dataclass. A list becomes the tuple of its field, a path its text, and `None` the
            default of a text that is empty by default: a key of YAML without a value.
        where: Prefix of the field in messages, such as `"data."`.
    """
    for field in dataclasses.fields(section):
        value = getattr(section, field.name)
        allowed = typing.get_args(field.type) if isinstance(field.type, types.UnionType) else (field.type,)
        value = _settled(value, allowed, field.default)
        object.__setattr__(section, field.name, value)
        if not any(_fits(value, kind) for kind in allowed):
            expected = " or ".join(_described(kind) for kind in allowed)
            hint = "; YAML takes it as text in quotes" if str in allowed and not isinstance(value, _NESTED) else ""
            raise ValueError(f"Expected {where}{field.name} as {expected}. Received: {_shown(value)}{hint}")


def check_plain(value, where):
    """Raises `ValueError` unless a value has only what YAML and JSON both write: text, numbers, lists, keys, null."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError(f"Expected keys of {where} as text. Received: {_shown(key)}")
            check_plain(item, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for item in value:
            check_plain(item, where)
    elif value is not None and not isinstance(value, (str, bool, numbers.Real)):
        raise ValueError(
            f"Expected {where} as text, a number, true or false, or a list or keys of these. Received: {_shown(value)}"
        )


def check_plain_name(name):
    """Raises `ValueError` unless a name can be that of one folder and of nothing else."""
    if name.strip() != name or name in (".", "..") or any(mark in name for mark in "/\\:") or not name.isprintable():
        raise ValueError(
            f"Expected name as a plain name, without folders: a run folder is named after it. Received: {name!r}"
        )


def _settled(value, allowed, default):
    if value is None and str in allowed and type(None) not in allowed and default == "":
        return ""
    if isinstance(value, os.PathLike) and str in allowed:
        return os.fspath(value)
    return tuple(value) if isinstance(value, list) else value


def _fits(value, kind):
    if typing.get_origin(kind) is tuple:
        items = typing.get_args(kind)
        if not isinstance(value, tuple) or (items[-1] is not Ellipsis and len(value) != len(items)):
            return False
        return all(_fits(item, items[0]) for item in value)
    if kind is int:
        return isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return isinstance(value, kind)


def _described(kind):
    if kind is type(None):
        return "null"
    if typing.get_origin(kind) is tuple:
        first, *others = typing.get_args(kind)
        what = {str: "text", int: "integers"}[first]
        return f"a list of {what}" if Ellipsis in others else f"a list of {len(others) + 1} {what}"
    return _WORDS.get(kind, kind.__name__)


def _shown(value):
    """A value in a message; that of a date is easier to read than its constructor."""
    plain_kind = isinstance(value, (str, numbers.Real, *_NESTED))
    return repr(value) if plain_kind else f"{value} ({type(value).__name__})"
