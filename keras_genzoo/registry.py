"""Models by name, and what they are: nothing here imports Keras.

A bundled model's name is that of its file in `models/`. Others are registered by `register`, or by a package that names
them in its entry points of the group `keras_genzoo.models`.
"""

import ast
import functools
import importlib
import importlib.metadata
import inspect
import re
from dataclasses import dataclass, field
from pathlib import Path

from keras_genzoo.utils import arguments, given_arguments
from keras_genzoo.utils.backend import check_backend
from keras_genzoo.utils.text import nearest

_PACKAGE = Path(__file__).parent
ENTRY_POINTS = "keras_genzoo.models"

_registered = {}  # name -> class


def bundled_models():
    """Names of the models that are part of this package, in alphabetical order."""
    return sorted(path.stem for path in (_PACKAGE / "models").glob("*.py") if not path.stem.startswith("_"))


def list_models():
    """Names of all models that `build` takes, in alphabetical order: bundled ones, and those that were registered.

    Example:

    >>> "dcgan" in list_models()
    True
    """
    return sorted({*bundled_models(), *_registered, *_entry_points()})


def register(name, cls=None):
    """Registers your own class as a model, known to `build`, recipes, presets, exports and lists.

    Args:
        name: Name for `build`: lower-case letters, digits and underscores.
        cls: Subclass of `keras_genzoo.families.ZooModel`, such as `BaseGAN` or a model of the zoo. Without it, a
            decorator is returned.

    Returns:
        The class.

    Raises:
        ValueError: If the name is taken or not a plain name, or the class is not a model of the zoo.

    Example:

    >>> import keras_genzoo
    >>> from keras_genzoo.models.dcgan import DCGAN
    >>> @keras_genzoo.register("my_gan")
    ... class MyGAN(DCGAN):
    ...     '''A DCGAN of my own.'''
    >>> keras_genzoo.build("my_gan", image_shape=(8, 8, 1), base_filters=4).generate(2, seed=0).shape
    (2, 8, 8, 1)
    """
    if cls is None:
        return functools.partial(register, name)
    if not isinstance(name, str) or not name.isidentifier() or name != name.lower():
        raise ValueError(f"Expected a name of lower-case letters, digits and underscores. Received: {name!r}")
    if not (inspect.isclass(cls) and hasattr(cls, "arguments") and hasattr(cls, "build_networks")):
        raise ValueError(f"Expected a subclass of keras_genzoo.families.ZooModel. Received: {cls!r}")
    owner = _registered.get(name)
    if cls.__module__.startswith("keras_genzoo.models."):
        raise ValueError(f"Expected a class of your own, for example one that extends it. Received: {cls.__name__}")
    taken = name in bundled_models() or (owner is not None and _origin(owner) != _origin(cls))
    if taken:
        raise ValueError(f"Expected a name that no model has yet. Received: {name!r}")
    import keras

    keras.saving.register_keras_serializable(package=f"keras_genzoo.{name}")(cls)
    cls.registry_name = name
    _registered[name] = cls
    describe.cache_clear()  # a notebook cell that runs again may have changed the arguments
    return cls


def _origin(cls):
    """Where a class was written: a notebook cell that runs again makes the same class anew."""
    return cls.__module__, cls.__qualname__


@functools.cache
def _entry_points():
    """Entry points of other packages' models, by name."""
    return {point.name: point for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}


def registered_class(name):
    """The class of a model that is not bundled; `None` for a bundled one."""
    if name not in _registered and name in _entry_points():
        register(name, _entry_points()[name].load())
    return _registered.get(name)


def check_name(name):
    """Returns `name` if it is a model's, else raises `ValueError` with the nearest one."""
    if name not in list_models():
        raise ValueError(f"Expected the name of a model; {nearest(name, list_models())} Received: {name!r}")
    return name


def plain_name(name):
    """The name of the model that is spelt in another way, such as `"DCGAN"` or `"WGAN-GP"`; else `name` itself."""
    if not isinstance(name, str) or name in list_models():
        return name
    spelt = {_letters(each): each for each in list_models()}
    return spelt.get(_letters(name), name)


def _letters(name):
    return re.sub("[-_ ]", "", name).casefold()


def owner_of(name):
    """The model that a bundled recipe or preset `<model>_<dataset>` belongs to; `None` where there is none."""
    # A model's name may be the start of another's: the longest one that fits is meant.
    return max((model for model in bundled_models() if name.startswith(f"{model}_")), key=len, default=None)


# -- files ------------------------------------------------------------------------------------------------------------


class _StandIn:
    """What Keras finds in place of a class until a file needs the class: `load()` imports and returns it."""

    def __init__(self, load):
        self._load = load

    def from_config(self, config):
        check_backend()
        return self._load().from_config(config)


def register_stand_ins(keras):
    """Makes the classes of this package known to Keras, so that it loads their files, without importing them."""
    known = keras.saving.get_custom_objects()
    for path in sorted([*_PACKAGE.glob("models/*.py"), *_PACKAGE.glob("layers/*.py")]):
        module = f"{_PACKAGE.name}.{path.parent.name}.{path.stem}"
        for name in re.findall(rf'serializable\(package="{_PACKAGE.name}"\)\nclass (\w+)', path.read_text("utf-8")):
            known.setdefault(f"{_PACKAGE.name}>{name}", _StandIn(functools.partial(_class_of, module, name)))
    for name, point in _entry_points().items():
        known.setdefault(f"{_PACKAGE.name}.{name}>{point.attr}", _StandIn(functools.partial(registered_class, name)))


def _class_of(module, name):
    return getattr(importlib.import_module(module), name)


# -- descriptions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Description:
    """What the source of a model says of it, read without importing it.

    Fields: `name`, `title` (first line of the module, or of a registered class), `text` (the rest of it), `arguments`
    (dict of `keras_genzoo.utils.arguments.Argument` by name).
    """

    name: str
    title: str
    text: str
    arguments: dict = field(default_factory=dict)


@functools.cache
def describe(name):
    """Reads the docstring and the arguments of a model, of a bundled one without importing TensorFlow.

    Example:

    >>> list(describe("dcgan").arguments)[0]
    'image_shape'
    """
    check_name(name)
    cls = registered_class(name)
    if cls is not None:
        doc = re.sub(r"Args:\n(?: +.*\n?)*\n?", "", inspect.cleandoc(cls.__doc__ or cls.__name__))
        title, _, text = doc.partition("\n")
        return Description(name, title, text.strip(), cls.arguments())
    path = _PACKAGE / "models" / f"{name}.py"
    tree = _tree(path)
    title, _, text = ast.get_docstring(tree).partition("\n")
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.decorator_list]
    found = _arguments(path, classes[-1].name)
    seed = found.pop("seed")
    return Description(name, title, text.strip(), {**found, "seed": seed, **arguments.OF_KERAS})


def current_arguments(name, values):
    """`values` under today's names of a model's arguments.

    Raises:
        ValueError: If a key is not an argument of the model, with the nearest one.
    """
    return given_arguments.known(name, describe(name).arguments, values)


@functools.cache
def _tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def _arguments(path, class_name):
    """The arguments that a class declares, after those of its bases: dict of `Argument` by name."""
    tree = _tree(path)
    (node,) = [item for item in tree.body if isinstance(item, ast.ClassDef) and item.name == class_name]
    found = {}
    for base in reversed(node.bases):
        source = _source(tree, path, ast.unparse(base))
        found |= _arguments(*source) if source else {}
    for item in node.body:
        if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
            name, argument = item.targets[0].id, _declared(tree, path, item.value)
            if argument is not None:
                found[name] = argument.named(name)
            else:  # a plain value in place of an inherited argument fixes it
                found.pop(name, None)
        elif isinstance(item, ast.FunctionDef):  # a property in its place computes it
            found.pop(item.name, None)
    return found


def _declared(tree, path, value):
    """The `Argument` that an expression of a class body makes or names; `None` for any other expression."""
    if isinstance(value, ast.Call):
        kind = arguments.KINDS.get(ast.unparse(value.func).rpartition(".")[2])
        if kind is None:
            return None
        options = {keyword.arg: ast.literal_eval(keyword.value) for keyword in value.keywords}
        return kind(*map(ast.literal_eval, value.args), **options)
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
        source = _source(tree, path, value.value.id)
        return _arguments(*source).get(value.attr) if source else None
    return None


def _source(tree, path, name):
    """File and name of a class that a module of this package uses; `None` for one of other packages."""
    if any(isinstance(item, ast.ClassDef) and item.name == name for item in tree.body):
        return path, name
    for item in tree.body:
        if isinstance(item, ast.ImportFrom) and any((alias.asname or alias.name) == name for alias in item.names):
            package, *parts = item.module.split(".")
            if package != _PACKAGE.name:
                return None
            folder = _PACKAGE.joinpath(*parts)
            if folder.is_dir():  # a package hands on what its modules hold
                return _source(_tree(folder / "__init__.py"), folder / "__init__.py", name)
            return folder.with_suffix(".py"), name
    return None
