"""Models by name. A model's name is that of its file in `models/`; nothing is imported before a model is built."""

import ast
import difflib
import importlib
import inspect
import os
from dataclasses import dataclass, field
from pathlib import Path

_MODELS = Path(__file__).parent / "models"


def nearest(name, choices):
    """A hint for an error: the valid name nearest to a wrong one, or all of them.

    >>> nearest("dcgn", ["dcgan", "vae"])
    "did you mean 'dcgan'?"
    """
    choices = list(choices)
    matches = difflib.get_close_matches(str(name), choices, n=1, cutoff=0.5)
    if matches:
        return f"did you mean {matches[0]!r}?"
    return "valid are " + ", ".join(choices) if choices else "none is valid"


def list_models():
    """Names of all models that `build` takes, in alphabetical order.

    Example:

    >>> "dcgan" in list_models()
    True
    """
    return sorted(path.stem for path in _MODELS.glob("*.py") if not path.stem.startswith("_"))


def check_name(name):
    """Returns `name` if it is a model's, else raises `ValueError` with the nearest one."""
    if name not in list_models():
        raise ValueError(f"Expected the name of a model; {nearest(name, list_models())} Received: {name!r}")
    return name


def model_class(name):
    """The class of a model: the one in its module that is registered with Keras.

    Args:
        name: One of `list_models()`.

    Raises:
        ValueError: If there is no such model, or if Keras does not run on TensorFlow.
    """
    check_name(name)
    _check_backend()
    module = importlib.import_module(f"keras_genzoo.models.{name}")
    base = importlib.import_module("keras_genzoo.models._base").ZooModel
    members = [item for item in vars(module).values() if inspect.isclass(item) and issubclass(item, base)]
    (cls,) = [item for item in members if item.__module__ == module.__name__]
    return cls


def _check_backend():
    # Before Keras is imported, TensorFlow can still be made the backend; afterwards it is too late.
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "Expected Keras on TensorFlow: set the environment variable KERAS_BACKEND=tensorflow. "
            f"Received: {keras.backend.backend()}"
        )


def build(name, /, weights=None, optimizers=None, **args):
    """Builds a model by name: a compiled `keras.Model`, with the defaults of its paper.

    Args:
        name: One of `list_models()`.
        weights: Pretrained weights: a preset's name (`"mnist"` or `"dcgan_mnist"`), a preset folder, a `.weights.h5`
            file, or an `https://` or `hf://` address. `None` starts from random weights. The arguments saved with a
            preset are the defaults then.
        optimizers: Dict of Keras optimizers by `compile` argument, for example `{"d_optimizer": "sgd"}`; `None` for
            the paper's.
        **args: Arguments of the model, for example `image_shape=(64, 64, 3)`; `show MODEL` on the command line lists
            them.

    Returns:
        The compiled model.

    Raises:
        ValueError: If there is no such model, argument or preset, or a value is out of its range.

    Example:

    >>> model = build("dcgan", image_shape=(8, 8, 1), latent_dim=16, base_filters=8)
    >>> model.generate(2, seed=0).shape
    (2, 8, 8, 1)
    """
    cls = model_class(name)
    check_arguments(name, args)
    for key, optimizer in (optimizers or {}).items():
        if key not in cls.optimizer_names:
            hint = nearest(key, cls.optimizer_names)
            raise ValueError(f"Expected optimizers of {name}; {hint} Received: {key}={optimizer!r}")
    if weights is None:
        model = cls(**args)
    else:
        from keras_genzoo import presets

        model = presets.load_model(name, weights, args)
    model.compile(**(optimizers or {}))
    return model


def check_arguments(name, args):
    """Raises `ValueError` if a key of `args` is no constructor argument of the model, with the nearest one."""
    valid = [argument.name for argument in describe(name).arguments]
    for key in args:
        if key not in valid:
            raise ValueError(f"Expected arguments of {name}; {nearest(key, valid)} Received: {key}={args[key]!r}")


def load(path):
    """Loads a `.keras` file: the model, its weights and its optimizers, exactly as saved.

    Keras alone loads the classes that are registered; this imports the models of the zoo first.

    Args:
        path: File that `model.save` wrote.

    Raises:
        ValueError: If there is no such file or it is not a whole `.keras` file.
    """
    _check_backend()
    import keras

    _check_whole(path)
    importlib.import_module("keras_genzoo.models")
    return keras.saving.load_model(path)


def _check_whole(path):
    """Raises `ValueError` unless `path` is a `.keras` file of which every byte is as it was written."""
    import zipfile
    import zlib

    reason = "not one"
    try:
        with zipfile.ZipFile(path) as file:
            if os.fspath(path).endswith(".keras") and {"config.json", "model.weights.h5"} <= set(file.namelist()):
                reason = file.testzip()  # the first member whose checksum is wrong
    except FileNotFoundError:
        reason = "no such file"
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        reason = str(error)
    if reason:
        raise ValueError(
            f"Expected a whole .keras file, as model.save() writes it. Received: {os.fspath(path)!r} ({reason})"
        )


@dataclass(frozen=True)
class Argument:
    """A constructor argument: its name, its default as written, and its description."""

    name: str
    default: str
    description: str


@dataclass(frozen=True)
class Description:
    """What the source of a model says of it, read without importing it.

    Fields: `name`, `title` (first line of the module), `text` (the rest of it), `arguments` (list of `Argument`).
    """

    name: str
    title: str
    text: str
    arguments: list = field(default_factory=list)


def describe(name):
    """Reads the docstrings and arguments of a model from its source, without importing TensorFlow.

    Example:

    >>> describe("dcgan").arguments[0].name
    'image_shape'
    """
    check_name(name)
    tree = ast.parse((_MODELS / f"{name}.py").read_text(encoding="utf-8"))
    title, _, text = ast.get_docstring(tree).partition("\n")
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.decorator_list]
    return Description(name, title, text.strip(), _arguments(tree, classes[-1]))


def _arguments(tree, node):
    """Arguments of a class's constructor, followed by those of its bases where `**kwargs` passes them on."""
    (init,) = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"] or [None]
    found = []
    if init is not None:
        descriptions = _described_arguments(ast.get_docstring(node) or "")
        names = [arg.arg for arg in init.args.args[1:]]
        defaults = [ast.unparse(default) for default in init.args.defaults]
        defaults = ["(required)"] * (len(names) - len(defaults)) + defaults
        found = [Argument(n, d, descriptions.get(n, "")) for n, d in zip(names, defaults, strict=True)]
        if init.args.kwarg is None:
            return found
    for base in node.bases:
        known = {argument.name for argument in found}
        inherited = _arguments(*_base_class(tree, ast.unparse(base)))
        found += [argument for argument in inherited if argument.name not in known]
    return found


def _base_class(tree, dotted):
    """Syntax tree and class node of a base, found through the imports of the module that names it."""
    source, name = dotted.partition(".")[0], dotted.rpartition(".")[2]
    for item in tree.body:
        if isinstance(item, ast.ImportFrom) and any((alias.asname or alias.name) == source for alias in item.names):
            module = item.module if source == name else f"{item.module}.{source}"
            path = _MODELS / f"{module.rpartition('.')[2]}.py"
            tree = ast.parse(path.read_text(encoding="utf-8"))
            break
    (base,) = [item for item in tree.body if isinstance(item, ast.ClassDef) and item.name == name]
    return tree, base


def _described_arguments(docstring):
    """Dict of the descriptions in the `Args:` section of a docstring."""
    descriptions, name = {}, None
    lines = inspect.cleandoc(docstring).splitlines()
    start = lines.index("Args:") + 1 if "Args:" in lines else len(lines)
    for line in lines[start:]:
        if line and not line.startswith(" "):
            break
        if line.startswith("    ") and not line.startswith("     ") and ": " in line:
            name, _, rest = line.strip().partition(": ")
            descriptions[name] = rest
        elif name and line.strip():
            descriptions[name] += " " + line.strip()
    return descriptions
