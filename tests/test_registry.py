"""Models by name: bundled ones, and those of users and other packages."""

import importlib.metadata
import inspect
import subprocess
import sys

import keras
import pytest

import keras_genzoo
from keras_genzoo import building, registry
from keras_genzoo.models.dcgan import DCGAN
from keras_genzoo.utils import given_arguments
from keras_genzoo.utils.arguments import Integer
from keras_genzoo.utils.text import nearest

for_every_name = pytest.mark.parametrize("name", registry.bundled_models())
TINY = {"image_shape": (8, 8, 1), "latent_dim": 3, "base_filters": 4}


@pytest.fixture
def fresh(monkeypatch):
    """A registry without models of users; what a test registers is forgotten afterwards."""
    monkeypatch.setattr(registry, "_registered", {})
    registry.describe.cache_clear()
    yield
    registry.describe.cache_clear()


def own_class(default=7, module=__name__, name="Own"):
    """A class of a user: a DCGAN with one more argument."""
    extra = Integer(default, "One more argument.")
    return type(name, (DCGAN,), {"__doc__": "Own: a model.\n\nMore of it.", "__module__": module, "extra": extra})


@pytest.mark.parametrize(
    "wrong, hint",
    [
        ("dcgn", "did you mean 'dcgan'"),
        ("VAE2", "did you mean 'vae'"),
        ("wrong-name-entirely", "valid are .*dcgan.*vae"),
        ("", "valid are"),
    ],
)
def test_wrong_name_is_answered_with_the_nearest(wrong, hint):
    with pytest.raises(ValueError, match=f"Expected the name of a model; {hint}.* Received: '{wrong}'"):
        keras_genzoo.build(wrong)


def test_a_name_never_reaches_outside_of_the_models():
    for wrong in ("_base", "../registry", "os", None, 3):
        with pytest.raises(ValueError, match="Expected the name of a model.*Received"):
            keras_genzoo.build(wrong)


@for_every_name
def test_wrong_argument_is_answered_with_the_nearest(name):
    with pytest.raises(
        ValueError, match=rf"Expected arguments of {name}; did you mean 'image_shape'\? Received: image_shap="
    ):
        keras_genzoo.build(name, image_shap=(8, 8, 1))
    with pytest.raises(ValueError, match=rf"Expected arguments of {name}; valid are .*image_shape.*Received: zzz=1"):
        keras_genzoo.build(name, zzz=1)


@for_every_name
def test_wrong_optimizer_is_answered_with_the_valid_ones(name):
    with pytest.raises(ValueError, match=f"Expected optimizers of {name}; valid are .*optimizer.* Received: qqq='sgd'"):
        keras_genzoo.build(name, image_shape=(8, 8, 1), optimizers={"qqq": "sgd"})


# -- descriptions -----------------------------------------------------------------------------------------------------


@for_every_name
def test_description_agrees_with_the_class(name):
    cls = building.model_class(name)
    described = registry.describe(name)
    assert described.name == name
    assert described.title
    assert given_arguments.checked(name, cls.arguments(), {})  # every argument has a default, which is in its range
    assert list(described.arguments) == list(cls.arguments()) == list(inspect.signature(cls).parameters)
    for key, argument in described.arguments.items():
        own = cls.arguments()[key]
        assert (type(argument), argument.name, argument.help) == (type(own), key, own.help)
        assert (argument.default, argument.training, argument.formerly) == (own.default, own.training, own.formerly)
        assert inspect.signature(cls).parameters[key].default == own.default
        assert len(argument.description) > 10, f"{key} is not described"


@for_every_name
def test_class_has_an_example_and_its_references(name):
    docstring = inspect.getdoc(building.model_class(name))
    for section in ("Args:", "Raises:", "Example:"):
        assert section in docstring
    assert "https://" in docstring + inspect.getdoc(sys.modules[f"keras_genzoo.models.{name}"])


@for_every_name
def test_class_is_registered_with_keras(name):
    cls = building.model_class(name)
    assert keras.saving.get_registered_name(cls) == f"keras_genzoo>{cls.__name__}"
    assert keras.saving.get_registered_object(f"keras_genzoo>{cls.__name__}") is cls


# -- models of users --------------------------------------------------------------------------------------------------


def test_registered_model_is_listed_described_and_built(fresh):
    cls = registry.register("own", own_class())
    assert "own" in keras_genzoo.list_models() and "own" not in registry.bundled_models()
    described = registry.describe("own")
    assert (described.title, described.arguments["extra"].default) == ("Own: a model.", 7)
    assert "More of it." in described.text
    model = keras_genzoo.build("own", extra=8, **TINY)
    assert type(model) is cls and (model.extra, model.model_name) == (8, "own")
    assert keras_genzoo.list_presets("own") == keras_genzoo.list_recipes("own") == []


def test_decorator_registers_and_returns_the_class(fresh):
    cls = own_class()
    assert keras_genzoo.register("own")(cls) is cls
    assert building.model_class("own") is cls


def test_registered_model_comes_back_from_its_file_and_its_preset(fresh, tmp_path):
    registry.register("own", own_class())
    model = keras_genzoo.build("own", extra=8, seed=1, **TINY)
    images = model.generate(3, seed=0)
    model.save(tmp_path / "own.keras")
    model.save_to_preset(tmp_path / "own")
    for again in (keras_genzoo.load(tmp_path / "own.keras"), keras_genzoo.build("own", weights=tmp_path / "own")):
        assert again.extra == 8
        assert (again.generate(3, seed=0) == images).all()
    with pytest.raises(ValueError, match="Expected a preset of dcgan. Received: .*, a preset of own"):
        keras_genzoo.build("dcgan", weights=tmp_path / "own")


def test_class_that_is_written_again_takes_the_place_of_the_first(fresh):
    registry.register("own", own_class(default=7))
    assert registry.describe("own").arguments["extra"].default == 7
    cls = registry.register("own", own_class(default=9))
    assert registry.describe("own").arguments["extra"].default == 9
    assert building.model_class("own") is cls


@pytest.mark.parametrize("name", ["dcgan", "own"])
def test_taken_name_is_refused(name, fresh):
    registry.register("own", own_class())
    with pytest.raises(ValueError, match=f"Expected a name that no model has yet. Received: '{name}'"):
        registry.register(name, own_class(module="elsewhere"))


@pytest.mark.parametrize("name", ["My_gan", "my-gan", "", "../own", None, 3])
def test_name_that_is_no_word_is_refused(name, fresh):
    with pytest.raises(ValueError, match="Expected a name of lower-case letters, digits and underscores. Received"):
        registry.register(name, own_class())


@pytest.mark.parametrize("cls", [object, keras.Model, "DCGAN", lambda: None])
def test_class_that_is_no_model_is_refused(cls, fresh):
    with pytest.raises(ValueError, match="Expected a subclass of keras_genzoo.families.ZooModel. Received"):
        registry.register("own", cls)
    assert "own" not in keras_genzoo.list_models()


def test_model_of_another_package_is_found_by_its_entry_point(fresh, monkeypatch):
    module = type(sys)("another_package")
    module.Own = own_class(module="another_package")
    monkeypatch.setitem(sys.modules, "another_package", module)
    point = importlib.metadata.EntryPoint("own", "another_package:Own", registry.ENTRY_POINTS)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point] if group == point.group else [])
    registry._entry_points.cache_clear()
    try:
        assert "own" in keras_genzoo.list_models()
        assert registry.describe("own").title == "Own: a model."
        assert type(keras_genzoo.build("own", **TINY)) is module.Own
        assert keras_genzoo.list_presets("own") == keras_genzoo.list_recipes("own") == []
    finally:
        registry._entry_points.cache_clear()


# -- what an import costs ---------------------------------------------------------------------------------------------


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    for use in (lambda: keras_genzoo.build("dcgan"), lambda: keras_genzoo.load("model.keras")):
        with pytest.raises(
            ValueError, match="Expected Keras on TensorFlow: set .* KERAS_BACKEND=tensorflow. Received: jax"
        ):
            use()


def test_listing_and_describing_import_no_tensorflow():
    script = """
import sys
import keras_genzoo
from keras_genzoo import registry
names = keras_genzoo.list_models()
assert "dcgan" in names and all(registry.describe(name).arguments for name in names)
keras_genzoo.list_presets(), keras_genzoo.list_recipes()
loaded = {"tensorflow", "keras", "export", "zoo_configs", "matplotlib", "sklearn"} & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name, choices, hint",
    [
        ("dcgn", ["dcgan", "vae"], "did you mean 'dcgan'?"),
        ("x", ["dcgan", "vae"], "valid are dcgan, vae."),
        ("x", [], "none is valid."),
        (7, iter(["dcgan"]), "valid are dcgan."),
    ],
)
def test_nearest_names_one_or_all(name, choices, hint):
    assert nearest(name, choices) == hint


def test_nearest_says_that_a_path_does_not_exist_only_where_it_does_not(tmp_path):
    folder = tmp_path / "Upper"
    assert nearest(folder, ["vae"]) == "there is no such file or folder."
    folder.mkdir()
    assert nearest(folder, ["vae"]) == "this folder exists, but is not one."
    (folder / "file").touch()
    assert nearest(str(folder / "file"), ["vae"]) == "this file exists, but is not one."
