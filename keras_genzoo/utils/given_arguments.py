"""Arguments as they are given: former names, unknown ones, checks of all, and their documentation."""

import inspect
import re
import textwrap

from keras_genzoo.utils.text import nearest, shown


def current_names(arguments, values):
    """`values` under the current names of the arguments.

    Args:
        arguments: Dict of `Argument` by name.
        values: Dict of values by current or former name.
    """
    renamed = {argument.formerly: name for name, argument in arguments.items() if argument.formerly}
    return {renamed.get(name, name): value for name, value in values.items()}


def known(owner, arguments, values):
    """`values` under today's names of the arguments.

    Args:
        owner: Name of the model, for messages.
        arguments: Dict of `Argument` by name.
        values: Dict by name, today's or a former one.

    Raises:
        ValueError: If a name is not an argument, with the nearest one.
    """
    values = current_names(arguments, values)
    for name, value in values.items():
        if name not in arguments:
            hint = nearest(name, arguments)
            raise ValueError(f"Expected arguments of {owner}; {hint} Received: {name}={shown(value)}")
    return values


def checked(owner, arguments, given):
    """All arguments with their values: those that are given, checked, and the defaults.

    Args:
        owner: Name of the model, for messages.
        arguments: Dict of `Argument` by name.
        given: Dict of values by name, today's or a former one.

    Raises:
        ValueError: If a name is not an argument, a value is out of its range, or there are not as many names of classes
            as classes, or a value has no effect beside others.
    """
    given = known(owner, arguments, given)
    values = {name: given.get(name, argument.default) for name, argument in arguments.items()}
    values = {name: arguments[name].check(value) for name, value in values.items()}
    check_effects(arguments, values)
    number, names = (values.get(key) for key in ("num_classes", "class_names"))
    if number is not None and names is not None and len(names) != number:
        raise ValueError(f"Expected a name for each of num_classes={number}. Received: class_names={names!r}")
    return values


def check_effects(arguments, values, names=None):
    """Raises `ValueError` if a value has no effect beside the others, and is not the default.

    Args:
        arguments: Dict of `Argument` by name.
        values: Dict of values by name; those that are missing have their defaults.
        names: Names of the values that are checked; `None` for all.
    """
    for name, other in _idle(arguments, values).items():
        if names is None or name in names:
            beside = f"{other}={_complete(arguments, values)[other]!r}"
            raise ValueError(f"Expected no {name} with {beside}. Received: {name}={values[name]!r}")


def with_effect(arguments, values, kept=()):
    """`values` without those that have no effect beside the others.

    Args:
        arguments: Dict of `Argument` by name.
        values: Dict of values by current name.
        kept: Names of values that stay.
    """
    idle = _idle(arguments, values)
    return {name: value for name, value in values.items() if name in kept or name not in idle}


def of_file(arguments, values):
    """The arguments in a file, which an earlier version may have written: current names, without idle values."""
    return with_effect(arguments, current_names(arguments, values))


def _idle(arguments, values):
    """Dict by the name of each value that has no effect: the name of the argument that makes it so."""
    others = _complete(arguments, values)
    found = {name: arguments[name].made_idle_by(value, others) for name, value in values.items() if name in arguments}
    return {name: other for name, other in found.items() if other is not None}


def _complete(arguments, values):
    return {name: values.get(name, argument.default) for name, argument in arguments.items()}


def documented(doc, declared):
    """A class's docstring with its `Args` section, made of the declared arguments, before the first other section."""
    doc = inspect.cleandoc(doc)
    doc = re.sub(r"Args:\n(?: +.*\n?)*\n?", "", doc)  # that of a class which this one extends without a docstring
    lines = [f"    {name}: {argument.help}" for name, argument in declared.items()]
    wrapped = [textwrap.fill(line, 116, subsequent_indent=8 * " ") for line in lines]
    section = "Args:\n" + "\n".join(wrapped) + "\n\n"
    first = re.search(r"^(Shapes|Class attributes|Raises|References|Example)", doc, flags=re.M)
    return f"{doc[: first.start()]}{section}{doc[first.start() :]}" if first else f"{doc}\n\n{section}".rstrip() + "\n"
