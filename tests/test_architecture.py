"""The rules of the source tree, read from the syntax trees: who imports whom, sizes, and what is never used."""

import ast
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "keras_genzoo"
MAX_LINES = 300
MAX_FUNCTION_LINES = 40

# Lower layers know nothing of higher ones; within a layer, modules may import each other.
LAYERS = [
    {"version", "utils", "weights", "registry"},
    {"losses", "layers", "networks", "sampling", "interpolation", "augmentations"},
    {"data"},
    {"likelihood"},
    {"families"},
    {"models"},
    {"plots", "presets", "building", "finetuning", "latent", "recipes", "metrics", "callbacks"},
    {"training"},
    {"cli", "export", "zoo_configs", "__init__", "__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

# Imports inside of a function that go up: what a user reaches from a lower object, and nothing else.
DEFERRED_UPWARDS = {
    ("families.saving", "presets"),  # model.save_to_preset()
    ("families.saving", "export"),  # model.export()
}

# TensorFlow is named here and nowhere else, so that another backend of Keras can be added in few places.
TENSORFLOW_FILES = {
    "data.batch_forms",
    "sampling",
    "utils.graph_checks",
    "utils.kernels",  # of which it asks whether they are on
    "utils.replicas",
    "layers.batch_normalization",
    "layers.grouped_convolution",
    "layers.instance_normalization",
    "layers.reflection_padding",
    "layers.spectral_normalization",
    "layers.vector_quantizer",
    "likelihood.ais",
    "likelihood.importance",
    "families.second_stage",
    "families.allowed",
    "families.checks",
    "families.class_weights",
    "families.batches",
    "families.compiling",
    "families.conditions",
    "families.discriminator_inputs",
    "families.energy",
    "families.errors",
    "families.exporting",
    "families.generation",
    "families.gradients",
    "families.image_files",
    "families.optimizing",
    "families.png",
    "families.priors",
    "families.step_count",
    "families.two_player",
    "latent.classifier_checks",
    "latent.editing",
    "latent.finding",
    "latent.inversion",
    "callbacks.board",  # event files of TensorBoard
    "data.epochs",
    "data.kinds",
    "data.pairs",
    "data.pipeline",
    "data.tfds",
    "presets.files",  # its version, for the metadata
    "presets.cards",  # names of GPUs
    "recipes.precision",  # measures operations
    "cli.names",  # starts it quietly, before anything else does
}


def module_name(path):
    """`models._base` for keras_genzoo/models/_base.py, `export.litert` for export/litert.py."""
    relative = path.relative_to(ROOT).with_suffix("")
    parts = relative.parts[1:] if relative.parts[0] == PACKAGE else relative.parts
    return ".".join(part for part in parts if part != "__init__") or "__init__"


def source_files():
    folders = [ROOT / PACKAGE, ROOT / "export", ROOT / "zoo_configs"]
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


FILES = {module_name(path): path for path in source_files()}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


def imports(name):
    """Dotted names that a file imports, each with whether that is done inside of a function."""
    tree = TREES[name]
    inside = {id(node) for function in functions(tree) for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source = [node.module] if node.module else []
            if node.level:  # relative, which only folders of a single level use
                assert node.level == 1
                source = [PACKAGE, name.split(".")[0], *source]
            names = [".".join([*source, alias.name]) for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("importlib.import_module", "import_module"):
            names = ["".join(part.value if isinstance(part, ast.Constant) else "*" for part in parts_of(node.args[0]))]
        else:
            continue
        for name in names:
            yield name, id(node) in inside


def parts_of(node):
    return node.values if isinstance(node, ast.JoinedStr) else [node]


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))]


def part(dotted):
    """The part of the package that a dotted name is in, or None for other packages."""
    top, _, rest = dotted.partition(".")
    return (rest.split(".")[0] or "__init__") if top == PACKAGE else None


def test_imports_go_down():
    for name in sorted(FILES):
        own = name.split(".")[0]
        assert own in LEVEL, f"say in which layer {own} is"
        for dotted, deferred in imports(name):
            other = part(dotted)
            if other is None or other == own or own == "__init__":
                continue
            if LEVEL.get(other, 0) > LEVEL[own]:
                assert deferred and (name, other) in DEFERRED_UPWARDS, f"{name} imports {dotted}"


def test_only_the_model_base_imports_export():
    for name in sorted(FILES):
        found = [deferred for dotted, deferred in imports(name) if part(dotted) == "export"]
        if name.split(".")[0] not in ("export", "cli", "__init__"):
            assert found == ([True] if name == "families.saving" else []), name


def test_tensorflow_is_imported_in_stated_files_only():
    for name in sorted(FILES):
        names = {dotted.split(".")[0] for dotted, _ in imports(name)}
        # The exporter writes files for the runtimes of TensorFlow; a model may need an operation of its own.
        if name.split(".")[0] not in ("export", "models"):
            assert ("tensorflow" in names) == (name in TENSORFLOW_FILES), name


def test_nothing_private_of_keras_is_imported():
    for name in sorted(FILES):
        assert not [dotted for dotted, _ in imports(name) if dotted.startswith("keras.src")], name


def test_no_lambda_layers_no_pickle_no_eval():
    for name in sorted(FILES):
        assert not {dotted.split(".")[0] for dotted, _ in imports(name)} & {"pickle", "dill", "marshal", "shelve"}, name
        for node in ast.walk(TREES[name]):
            if isinstance(node, ast.Attribute):
                assert node.attr != "Lambda", name
            if isinstance(node, ast.Name):
                assert node.id not in ("eval", "exec"), name
            if isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant):
                assert (node.arg, node.value.value) not in {("allow_pickle", True), ("safe_mode", False)}, name


def test_module_has_a_docstring():
    for name in sorted(FILES):
        assert ast.get_docstring(TREES[name]), name


def test_public_functions_and_classes_have_docstrings():
    for name in sorted(FILES):
        if any(part.startswith("_") and part != "__init__" for part in name.split(".")):
            continue
        for node in TREES[name].body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{name}.{node.name}"


def test_file_is_short():
    for name in sorted(FILES):
        lines = len(FILES[name].read_text(encoding="utf-8").splitlines())
        assert lines <= MAX_LINES, f"{name}: {lines}"


def test_functions_are_short():
    for name in sorted(FILES):
        for node in functions(TREES[name]):
            if isinstance(node, ast.Lambda):
                continue
            assert code_lines(node) <= MAX_FUNCTION_LINES, f"{name}.{node.name}: {code_lines(node)} lines"


def code_lines(node):
    """Lines of a function from its name to its end, its docstring not counted."""
    lines = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        lines -= node.body[0].end_lineno - node.body[0].lineno + 1
    return lines


def test_at_most_three_own_classes_stand_above_a_model():
    from keras_genzoo import list_models
    from keras_genzoo.building import model_class

    for name in list_models():
        own = [cls for cls in model_class(name).__mro__[1:] if cls.__module__.split(".")[0] == PACKAGE]
        assert len(own) <= 3, f"{name}: {own}"


def test_package_imports_no_bare_export_and_no_tensorflow():
    script = """
import sys
import keras_genzoo
assert not {"tensorflow", "keras", "numpy"} & set(sys.modules)
import keras_genzoo.models, keras_genzoo.export, keras_genzoo.zoo_configs
assert not {"export", "zoo_configs"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_onednn_kernels_are_on_unless_a_user_turns_them_off():
    script = "import os, keras_genzoo; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    for given, wanted in (({}, "1"), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, "0")):
        environment = {key: value for key, value in os.environ.items() if key != "TF_ENABLE_ONEDNN_OPTS"} | given
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == wanted


def test_kernels_that_are_off_because_tensorflow_was_imported_first_are_told_once():
    script = """
import os
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import tensorflow
del os.environ["TF_ENABLE_ONEDNN_OPTS"]
import keras_genzoo, keras_genzoo.models
"""
    command = [sys.executable, "-W", "always::UserWarning:__main__", "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = done.stderr.count("TensorFlow was imported before keras_genzoo, with its oneDNN kernels off")
    assert told == (platform.machine().lower() in ("x86_64", "amd64")), done.stderr
