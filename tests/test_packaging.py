"""What is installed: packages, data files, names, and what an import costs."""

import configparser
import importlib
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import keras_genzoo
from keras_genzoo import cli, version

ROOT = Path(__file__).resolve().parents[1]
# folders of the repository that are packages inside keras_genzoo once installed
MAPPED = {"export": "keras_genzoo.export", "zoo_configs": "keras_genzoo.zoo_configs"}


@pytest.fixture(scope="module")
def setup():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def lines(value):
    return [line.strip() for line in value.strip().splitlines() if line.strip() and not line.strip().startswith("#")]


def fresh(code):
    """What a new Python prints as JSON."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def test_package_list_is_every_folder_with_code(setup):
    found = {MAPPED[folder] for folder in MAPPED if (ROOT / folder / "__init__.py").is_file()}
    for file in (ROOT / "keras_genzoo").rglob("__init__.py"):
        found.add(".".join(file.parent.relative_to(ROOT).parts))
    listed = lines(setup["options"]["packages"])
    assert sorted(listed) == sorted(found)
    assert len(set(listed)) == len(listed)


def test_every_module_lies_in_a_listed_package(setup):
    listed = set(lines(setup["options"]["packages"]))
    for file in (ROOT / "keras_genzoo").rglob("*.py"):
        assert ".".join(file.parent.relative_to(ROOT).parts) in listed, file


def test_mapped_folders_are_named(setup):
    mapping = dict(re.split(r"\s*=\s*", line) for line in lines(setup["options"]["package_dir"]))
    assert mapping == {package: folder for folder, package in MAPPED.items()}
    for folder in MAPPED:
        assert not (ROOT / "keras_genzoo" / folder).exists()


def test_mapped_packages_are_imported_once():
    for package in MAPPED.values():
        importlib.import_module(package)
    assert not set(MAPPED) & set(sys.modules)


def test_data_files_are_installed(setup):
    patterns = {package: lines(value) for package, value in setup["options.package_data"].items()}
    folders = {"keras_genzoo": ROOT / "keras_genzoo"} | {MAPPED[folder]: ROOT / folder for folder in MAPPED}
    folders["keras_genzoo.weights"] = ROOT / "keras_genzoo" / "weights"
    covered = {file for package, globs in patterns.items() for glob in globs for file in folders[package].glob(glob)}
    data = set((ROOT / "zoo_configs").glob("*.yaml")) | {ROOT / "keras_genzoo" / "py.typed"}
    data |= {file for file in (ROOT / "export" / "web_page").rglob("*") if file.is_file()}
    data |= {
        file for file in (ROOT / "keras_genzoo" / "weights").rglob("*") if file.is_file() and "__" not in str(file)
    }
    assert len(data) > 6
    assert data <= covered
    # nothing else but code lies in the package
    others = {file for file in (ROOT / "keras_genzoo").rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    assert {file for file in others - covered if file.suffix != ".py"} == set()


def test_installed_version_is_that_of_the_source():
    assert keras_genzoo.__version__ == version.__version__ == importlib.metadata.version("keras_genzoo")
    assert re.fullmatch(r"\d+\.\d+\.\d+", version.__version__)


def test_entry_point_is_the_command_line():
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="keras-genzoo")
    assert entry.load() is cli.main


def test_requirements_of_the_issue_are_declared(setup):
    names = {re.match(r"[\w-]+", line).group() for line in lines(setup["options"]["install_requires"])}
    assert names >= {"tensorflow", "keras", "tensorflow-datasets", "importlib_resources", "numpy", "scikit-learn"}
    assert names >= {"matplotlib", "pyyaml", "typer", "rich", "ai-edge-litert", "pillow", "scipy", "h5py"}
    extras = {name: set(lines(value)) for name, value in setup["options.extras_require"].items()}
    # What the tests would else skip is installed with them.
    optional = ("edges", "onnx", "openvino", "serving", "video")
    assert extras["test"] >= set().union(*(extras[name] for name in optional))
    assert extras["dev"] >= extras["test"]
    assert setup["options"]["python_requires"] == ">=3.11"


def test_every_public_name_resolves():
    for name in keras_genzoo.__all__:
        assert getattr(keras_genzoo, name) is not None, name
    assert len(set(keras_genzoo.__all__)) == len(keras_genzoo.__all__)
    assert dir(keras_genzoo) == sorted(keras_genzoo.__all__)


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'keras_genzoo' has no attribute 'biuld'"):
        _ = keras_genzoo.biuld


def test_import_leaves_tensorflow_and_keras_alone():
    code = """
import json, sys
import keras_genzoo
found = {"alone": [name for name in ("tensorflow", "keras", "numpy") if name in sys.modules]}
keras_genzoo.list_models(), keras_genzoo.list_presets(), keras_genzoo.list_recipes()
keras_genzoo.load_recipe("dcgan_mnist").override(["latent_dim=3"])
import keras_genzoo.cli, keras_genzoo.presets
found["lists"] = [name for name in ("tensorflow", "keras") if name in sys.modules]
print(json.dumps(found))
"""
    assert fresh(code) == {"alone": [], "lists": []}
