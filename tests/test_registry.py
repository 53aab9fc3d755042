"""Models by name."""

import inspect
import subprocess
import sys

import keras
import pytest
from cases import for_every_case

import keras_genzoo
from keras_genzoo import registry
from keras_genzoo.models._base import ZooModel

for_every_name = pytest.mark.parametrize("name", keras_genzoo.list_models())


@pytest.mark.parametrize(
    "wrong, hint",
    [
        ("dcgn", "did you mean 'dcgan'"),
        ("VAE2", "valid are"),
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


def test_description_takes_the_last_class_and_all_of_its_bases(tmp_path, monkeypatch):
    (tmp_path / "_base.py").write_text(
        "class Mixin:\n    pass\n\n\nclass Base:\n    def __init__(self, image_shape, seed=None):\n        pass\n"
    )
    (tmp_path / "flow.py").write_text(
        '"""Flow: a model."""\nfrom keras_genzoo.models._base import Base, Mixin\n\n\n'
        "@register\nclass Layer:\n    def __init__(self, units):\n        pass\n\n\n"
        "@register\nclass Flow(Mixin, Base):\n    def __init__(self, num_steps=4, **kwargs):\n        pass\n"
    )
    monkeypatch.setattr(registry, "_MODELS", tmp_path)
    arguments = {argument.name: argument.default for argument in registry.describe("flow").arguments}
    assert arguments == {"num_steps": "4", "image_shape": "(required)", "seed": "None"}


@for_every_name
def test_description_agrees_with_the_class(name):
    cls = registry.model_class(name)
    described = registry.describe(name)
    assert described.name == name
    assert described.title
    assert [argument.name for argument in described.arguments] == cls.argument_names()
    defaults = {}
    for parent in cls.__mro__:
        if issubclass(parent, ZooModel) and "__init__" in vars(parent):
            for parameter in inspect.signature(parent.__init__).parameters.values():
                if parameter.default is not parameter.empty:
                    defaults.setdefault(parameter.name, parameter.default)
    for argument in described.arguments:
        assert eval(argument.default) == defaults[argument.name]
        assert len(argument.description) > 10, f"{argument.name} is not described"


@for_every_name
def test_every_argument_has_a_default(name):
    assert keras_genzoo.build(name).built


@for_every_name
def test_class_has_an_example_and_its_references(name):
    docstring = inspect.getdoc(registry.model_class(name))
    for section in ("Args:", "Raises:", "Example:"):
        assert section in docstring
    assert "https://" in docstring + inspect.getdoc(sys.modules[f"keras_genzoo.models.{name}"])


@for_every_case
def test_class_is_registered_with_keras(case):
    cls = case.model_class
    assert keras.saving.get_registered_name(cls) == f"keras_genzoo>{cls.__name__}"
    assert keras.saving.get_registered_object(f"keras_genzoo>{cls.__name__}") is cls


@for_every_case
def test_model_is_built_and_compiled(case, built):
    assert built(case).built
    assert built(case).compiled


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


def test_public_names_exist():
    for name in keras_genzoo.__all__:
        assert getattr(keras_genzoo, name) is not None
    assert dir(keras_genzoo) == sorted(keras_genzoo.__all__)
    with pytest.raises(AttributeError, match="module 'keras_genzoo' has no attribute 'dcgan'"):
        keras_genzoo.dcgan  # noqa: B018


@pytest.mark.parametrize(
    "name, choices, hint",
    [
        ("dcgn", ["dcgan", "vae"], "did you mean 'dcgan'?"),
        ("x", ["dcgan", "vae"], "valid are dcgan, vae"),
        ("x", [], "none is valid"),
        (7, iter(["dcgan"]), "valid are dcgan"),
    ],
)
def test_nearest_names_one_or_all(name, choices, hint):
    assert registry.nearest(name, choices) == hint
