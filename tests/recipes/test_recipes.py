"""Recipes: what is in them, what is refused, and that each builds what it says."""

import dataclasses
import datetime
import inspect

import keras
import numpy as np
import pytest
import yaml

import keras_genzoo
from keras_genzoo import building, data, presets, registry
from keras_genzoo.data.views import unviewed
from keras_genzoo.metrics.evaluate import evaluate
from keras_genzoo.recipes import (
    DTYPES,
    DataConfig,
    EvaluationConfig,
    Recipe,
    build_model,
    list_recipes,
    load_recipe,
    with_own_optimizers,
)
from keras_genzoo.recipes.optimizers import first_rate, make_optimizer, spec_of
from keras_genzoo.training.finetune import finetune_recipe

TRAINING_IMAGES = {
    "digits": 1500,
    "npz:binarized_mnist.npz": 50000,
    "npz:emoji.npz": 2891,
    "points:grid25": 100000,
    "shapes": 4608,
    "signals:clean": 8000,
    "signals:noisy": 8000,
    "folder:ffhq64": 70000,
    "folder:ffhq256": 70000,
    "keras:cifar10": 50000,
    "tfds:fashion_mnist": 60000,
    "tfds:mnist": 60000,
}
every_recipe = pytest.mark.parametrize("name", list_recipes())

TINY = {"model": "vae", "args": {"image_shape": [8, 8, 1], "network": "mlp", "hidden_units": [4], "latent_dim": 2}}


def tiny(**changes):
    return Recipe.from_dict({**TINY, **changes})


def rate_after(optimizer, step):
    """Learning rate of an optimizer with a schedule, after so many steps."""
    optimizer.iterations.assign(step)
    return float(optimizer.learning_rate)


# -- the bundled ones -------------------------------------------------------------------------------------------------


def test_the_recipes_of_the_zoo_are_there():
    sets = ("mnist", "fashion_mnist")
    assert set(list_recipes()) >= {f"{model}_{name}" for model in ("classifier", "dcgan", "vae") for name in sets}


@every_recipe
def test_bundled_recipe_survives_a_round_trip_through_yaml(name, tmp_path):
    recipe = load_recipe(name)
    (tmp_path / "copy.yaml").write_text(recipe.to_yaml(), encoding="utf-8")
    again = load_recipe(tmp_path / "copy.yaml")
    assert again == recipe
    assert again.to_dict() == recipe.to_dict()
    assert again.name == name


@every_recipe
def test_bundled_recipe_is_named_after_model_and_data_set(name):
    recipe = load_recipe(name)
    view, source = unviewed(recipe.data.source)
    kind, _, dataset = source.removesuffix(".npz").rpartition(":")
    dataset = kind if kind == "signals" else dataset  # the same signals, clean or with noise
    assert name == "_".join([recipe.model, *([view] if view == "edges" else []), dataset])
    assert recipe.data.title and recipe.data.license and recipe.description.endswith(".")


@every_recipe
def test_bundled_recipe_has_arguments_of_its_model_and_all_its_optimizers(name):
    recipe = load_recipe(name)
    described = set(registry.describe(recipe.model).arguments) - {"seed", "dtype", "name"}
    assert set(recipe.args) <= described
    assert set(recipe.optimizers) == set(building.model_class(recipe.model).optimizer_names)


@every_recipe
def test_bundled_recipe_builds_its_model_and_optimizers(name):
    recipe = load_recipe(name)
    model = build_model(recipe)
    config = model.get_config()
    as_plain = {key: list(value) if isinstance(value, tuple) else value for key, value in config.items()}
    assert {key: as_plain[key] for key in recipe.args} == recipe.args
    assert config["seed"] == recipe.seed
    assert config["dtype"] == recipe.dtype or (recipe.dtype == "auto" and config["dtype"] in DTYPES[:-1])
    for key, spec in recipe.optimizers.items():
        optimizer = getattr(model, key)
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        assert type(optimizer).__name__.lower() == spec["name"].replace("_", "")


@every_recipe
def test_schedule_of_a_bundled_recipe_lasts_to_its_last_step_and_ends_low(name):
    recipe = load_recipe(name)
    source = unviewed(recipe.data.source)[1]
    if source not in TRAINING_IMAGES:
        pytest.skip(f"how many training images {source} has is not known")
    arrays = 1 if recipe.data.image_key is None else len(recipe.data.image_key.split(","))
    steps = recipe.epochs * -(-arrays * TRAINING_IMAGES[source] // recipe.data.batch_size)
    for key, spec in recipe.optimizers.items():
        if not isinstance(spec["learning_rate"], dict):
            continue  # a constant rate has no end
        schedule = make_optimizer(spec)._learning_rate
        updates = steps * (recipe.d_steps if key == "d_optimizer" else 1)
        rates = [float(schedule(int(step))) for step in np.linspace(0, updates - 1, 40)]
        assert np.isfinite(rates).all()
        assert min(rates) >= 0.0
        assert rates[-1] < 0.26 * max(rates)  # a quarter in the recipes of R3GAN's paper
        assert rates[20] > 1.5 * rates[-1]  # it falls to the end, and not within a part of the training


@pytest.mark.completeness
@pytest.mark.parametrize("name", registry.bundled_models())
def test_a_recipe_of_each_model_says_all_that_it_takes(name):
    recipes = [load_recipe(each) for each in list_recipes(name)]
    assert recipes, f"no recipe: zoo_configs/{name}_<dataset>.yaml"
    for recipe in recipes:
        declared = registry.describe(name).arguments
        # Arguments of the network that the recipe does not take, and what is off by default.
        optional = {key for key, each in declared.items() if not each.default or "network" in each.only}
        missing = set(declared) - {"dtype", "name", "seed"} - optional - set(recipe.args)
        assert not missing, f"{recipe.name} leaves out {sorted(missing)}"


def test_every_model_has_a_recipe():
    assert [name for name in keras_genzoo.list_models() if not list_recipes(name)] == []


def test_list_recipes_selects_by_model():
    assert list_recipes("dcgan") == [name for name in list_recipes() if name.startswith("dcgan_")]
    assert sorted(name for model in keras_genzoo.list_models() for name in list_recipes(model)) == list_recipes()
    with pytest.raises(ValueError, match="did you mean 'dcgan'"):
        list_recipes("dcgn")


def test_list_recipes_gives_a_recipe_to_the_longest_model_name(monkeypatch):
    models = [*registry.bundled_models(), "dcgan_fashion"]
    monkeypatch.setattr(registry, "bundled_models", lambda: models)
    assert list_recipes("dcgan") == ["dcgan_mnist"]
    assert list_recipes("dcgan_fashion") == ["dcgan_fashion_mnist"]


# -- fields -----------------------------------------------------------------------------------------------------------


def test_data_section_is_arguments_of_data_load():
    own = {"source", "title", "license"}
    own |= {"validation_split", "validation_split_b"}
    second = {"source_b", "split_b", "image_key_b", "paired"}
    options = set(DataConfig().load_options())
    fields = {field.name for field in dataclasses.fields(DataConfig)}
    parameters = inspect.signature(data.load).parameters
    assert options == fields - own - second
    assert options <= set(parameters)
    # what a training decides by itself: labels by the model, seed and first_epoch by the run
    assert set(parameters) - options == {"source", "labels", "shuffle", "seed", "first_epoch"}
    pairs, parameters = set(DataConfig().pair_options()), inspect.signature(data.load_pairs).parameters
    assert pairs == (options | second) - {"label_key", "num_labelled", "repeat_labelled"}
    assert set(parameters) - pairs == {"source", "shuffle", "seed", "first_epoch"}


def test_evaluation_section_is_arguments_of_evaluate_with_the_same_defaults():
    parameters = inspect.signature(evaluate).parameters
    for field in dataclasses.fields(EvaluationConfig):
        if field.name not in ("metrics", "samplers"):
            assert field.default == parameters[field.name].default, field.name
    # A recipe may name several samplers, of which `evaluate` takes one.
    assert {field.name for field in dataclasses.fields(EvaluationConfig)} - {"samplers"} <= set(parameters)


def test_one_metric_may_stand_without_a_list():
    assert tiny(evaluation={"metrics": "ssim"}).evaluation.metrics == ("ssim",)
    assert tiny(evaluation={"metrics": ["ssim", "elbo"]}).evaluation.metrics == ("ssim", "elbo")


def test_empty_sections_mean_the_defaults():
    recipe = Recipe.from_dict({"model": "dcgan", "args": None, "optimizers": None, "data": None, "evaluation": None})
    assert recipe == Recipe("dcgan")


@pytest.mark.parametrize(
    ("text", "value"),
    [("2e-4", 2e-4), ("1E3", 1000.0), ("-3e-2", -0.03), ("2.5e-4", 2.5e-4), (".5", 0.5), ("1.", 1.0), ("0.25", 0.25)],
)
def test_number_with_exponent_is_a_float(text, value, tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(f"model: vae\nargs: {{reconstruction_weight: {text}}}\n", encoding="utf-8")
    assert load_recipe(path).args["reconstruction_weight"] == value
    assert isinstance(load_recipe(path).args["reconstruction_weight"], float)
    assert tiny().override([f"reconstruction_weight={text}"]).args["reconstruction_weight"] == value


def test_former_name_of_an_argument_is_still_read():
    assert tiny(args={"alpha": 2.0}).args == {"reconstruction_weight": 2.0}
    assert tiny().override(["args.alpha=2.0"]).args["reconstruction_weight"] == 2.0


def test_words_versions_and_whole_numbers_are_no_floats(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text("model: vae\ndata: {title: 1e-4-like, source: 'mnist:3.0.1'}\nseed: 7\n", encoding="utf-8")
    recipe = load_recipe(path)
    assert recipe.data.title == "1e-4-like"
    assert recipe.data.source == "mnist:3.0.1"
    assert recipe.seed == 7 and isinstance(recipe.seed, int)


def test_small_numbers_survive_a_round_trip_through_yaml(tmp_path):
    recipe = tiny(optimizers={"optimizer": {"name": "adam", "learning_rate": 1e-5, "epsilon": 1e-7}})
    (tmp_path / "tiny.yaml").write_text(recipe.to_yaml(), encoding="utf-8")
    assert load_recipe(tmp_path / "tiny.yaml").optimizers == recipe.optimizers


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "nearest"),
    [
        ({"model": "dcgn"}, "dcgan"),
        ({"model": "dcgan", "epoch": 3}, "epochs"),
        ({"model": "dcgan", "data": {"bach_size": 3}}, "batch_size"),
        ({"model": "dcgan", "evaluation": {"metrcs": []}}, "metrics"),
        ({"model": "dcgan", "args": {"latentdim": 3}}, "latent_dim"),
    ],
)
def test_misspelled_key_is_refused_with_the_nearest(values, nearest):
    with pytest.raises(ValueError, match=f"did you mean '{nearest}'"):
        Recipe.from_dict(values)


@pytest.mark.parametrize(
    ("optimizers", "nearest"),
    [
        ({"d_optimiser": "adam"}, "d_optimizer"),
        ({"optimizer": "adam"}, "d_optimizer|g_optimizer"),
        ({"d_optimizer": "adm"}, "adam"),
        ({"d_optimizer": {"name": "rms_propp"}}, "rms_?prop"),
        ({"d_optimizer": {"name": "adam", "beta1": 0.5}}, "beta_1"),
        ({"g_optimizer": {"name": "sgd", "momentun": 0.5}}, "momentum"),
        ({"g_optimizer": {"name": "adam", "learning_rate": {"schedule": "cosin_decay"}}}, "cosine_decay"),
        ({"g_optimizer": {"name": "adam", "learning_rate": {"schedul": "cosine_decay"}}}, "valid are .*cosine_decay"),
        (
            {"g_optimizer": {"name": "adam", "learning_rate": {"schedule": "cosine_decay", "decay_step": 3}}},
            "decay_steps",
        ),
    ],
)
def test_misspelled_optimizer_is_refused_with_the_nearest(optimizers, nearest):
    recipe = Recipe("dcgan", args={"image_shape": [8, 8, 1], "base_filters": 4}, optimizers=optimizers)
    with pytest.raises(ValueError, match=rf"did you mean '({nearest})'|{nearest}"):
        build_model(recipe)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs to be an integer of at least 1"),
        ({"epochs": "three"}, "epochs to be an integer of at least 1"),
        ({"epochs": True}, "epochs to be an integer"),
        ({"seed": -1}, "seed to be an integer of at least 0"),
        ({"seed": 2**32}, "seed to be None or an integer in 0..4294967295"),
        ({"dtype": "float64"}, "dtype to be one of float32, mixed_bfloat16, mixed_float16, auto"),
        ({"args": {"seed": 3}}, "seed beside args"),
        ({"args": {"dtype": "float32"}}, "dtype beside args"),
        ({"args": [1]}, "args as keys and values"),
        ({"args": "latent_dim"}, "args as keys and values"),
        ({"optimizers": 5}, "optimizers as keys and values"),
        ({"data": 5}, "section 'data' of a recipe as keys and values"),
        ({"evaluation": ["ssim"]}, "section 'evaluation' of a recipe as keys and values"),
    ],
)
def test_wrong_value_is_refused_with_what_was_expected(changes, message):
    with pytest.raises(ValueError, match=f"Expected .*{message}.*Received"):
        tiny(**changes)


TODAY = datetime.date(2026, 1, 31)  # what YAML makes of a date without quotes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"description": TODAY},
            r"description as text. Received: 2026-01-31 \(date\); YAML takes it as text in q",
        ),
        ({"description": ["a", "b"]}, r"description as text. Received: \('a', 'b'\)$"),
        ({"name": TODAY}, "name as text"),
        ({"weights": 3}, "weights as text or null. Received: 3; YAML takes it as text in quotes"),
        ({"model": 3}, "model as the name of a model"),
        ({"args": {"latent_dim": TODAY}}, r"args.latent_dim as text, a number.* Received: 2026-01-31 \(date\)"),
        ({"args": {"latent_dim": "many"}}, "latent_dim to be an integer"),
        ({"args": {"image_shape": [28, 28]}}, r"image_shape=\(height, width, channels\)"),
        ({"args": {3: 4}}, "keys of args as text. Received: 3"),
        ({"optimizers": {"optimizer": {"name": "adam", "beta_1": TODAY}}}, "optimizers.optimizer.beta_1 as text, a"),
        ({"optimizers": {"optimizer": 5}}, "an optimizer as its name"),
        ({"data": {"source": 5}}, "data.source as text. Received: 5"),
        ({"data": {"title": True}}, "data.title as text. Received: True; YAML takes"),
        ({"data": {"license": TODAY}}, "data.license as text"),
        ({"data": {"split": None}}, "data.split as text. Received: None$"),
        ({"data": {"batch_size": "many"}}, "batch_size to be an integer of at least 1"),
        ({"data": {"limit": 0}}, "limit to be an integer of at least 1"),
        ({"data": {"channels": 2}}, "channels to be one of None, 1, 3"),
        ({"data": {"image_size": 28}}, "data.image_size as a list of 2 integers or null. Received: 28"),
        ({"data": {"image_size": [28, 28, 1]}}, "data.image_size as a list of 2 integers"),
        ({"data": {"image_size": [28, 0]}}, "image_size to be an integer of at least 1"),
        ({"data": {"drop_remainder": "no"}}, "data.drop_remainder as true or false"),
        ({"data": {"cache": 1}}, "data.cache as true or false. Received: 1"),
        ({"evaluation": {"num_images": "all"}}, "evaluation.num_images as an integer"),
        ({"evaluation": {"num_samples": 0}}, "evaluation.num_samples to be an integer of at least 1"),
        ({"evaluation": {"seed": -1}}, "evaluation.seed to be an integer of at least 0"),
        ({"evaluation": {"metrics": ["ssim", 3]}}, "evaluation.metrics as a list of text"),
        ({"evaluation": {"metrics": {"ssim": 3}}}, "evaluation.metrics as a list of text"),
        ({"evaluation": {"features": 5}}, "evaluation.features as text or null"),
        ({"evaluation": {"floor": "yes"}}, "evaluation.floor as true or false"),
        ({"evaluation": 0}, "the section 'evaluation' of a recipe as keys and values"),
    ],
    ids=str,
)
def test_field_of_a_wrong_type_is_refused_when_it_is_read(changes, message):
    with pytest.raises(ValueError, match=f"Expected {message}"):
        tiny(**changes)


@pytest.mark.parametrize(
    "section", [Recipe("vae"), DataConfig(), EvaluationConfig()], ids=lambda each: type(each).__name__
)
def test_every_field_of_every_section_has_a_type(section):
    for field in dataclasses.fields(section):
        with pytest.raises(ValueError, match="Expected .*Received"):
            dataclasses.replace(section, **{field.name: object()})


@pytest.mark.parametrize("name", ["../../x", "a/b", "a\\b", "..", ".", " a", "a\nb", "C:x"])
def test_name_that_chooses_a_folder_is_refused(name):
    with pytest.raises(ValueError, match="Expected name as a plain name, without folders"):
        tiny(name=name)


def test_plain_names_empty_texts_and_paths_are_taken(tmp_path):
    assert tiny(name="my first-run v1.2 \u00e9").name == "my first-run v1.2 \u00e9"
    assert tiny(description=None, data={"title": None}) == tiny()
    assert Recipe("vae", weights=tmp_path).weights == str(tmp_path)
    assert DataConfig(image_size=[8, 9]).image_size == (8, 9)


def test_numbers_of_numpy_are_written_as_numbers():
    recipe = Recipe("vae", args={"latent_dim": np.int64(3)}, epochs=np.int32(2))
    assert yaml.safe_load(recipe.to_yaml())["args"] == {"latent_dim": 3}


def test_range_of_an_argument_is_told_without_the_model():
    recipe = tiny(args={"latent_dim": 0})
    with pytest.raises(ValueError, match="Expected latent_dim to be an integer of at least 1"):
        recipe.check_ranges()


def optimizers_of_all_kinds():
    schedules = keras.optimizers.schedules
    warm = schedules.CosineDecay(0.0, 100, warmup_target=0.2, warmup_steps=3)
    return [
        (keras.optimizers.Adam(2e-4, beta_1=0.5), 2e-4),
        (keras.optimizers.RMSprop(warm), 0.2),
        (keras.optimizers.SGD(schedules.PiecewiseConstantDecay([1, 2], [0.3, 0.2, 0.1]), momentum=0.9), 0.3),
        (keras.optimizers.AdamW(schedules.ExponentialDecay(0.1, 2, 0.5), clipnorm=1.0), 0.1),
    ]


def test_optimizer_that_scales_losses_is_that_inside_and_one_of_a_user_is_refused():
    inner = keras.optimizers.SGD(0.5)
    assert spec_of(keras.optimizers.LossScaleOptimizer(inner)) == spec_of(inner)
    own = type("Own", (keras.optimizers.SGD,), {})
    with pytest.raises(ValueError, match="Expected an optimizer of Keras. Received: an Own"):
        spec_of(own(0.1))


@pytest.mark.parametrize("optimizer, rate", optimizers_of_all_kinds())
def test_optimizer_becomes_a_dict_that_makes_an_equal_one(optimizer, rate):
    spec = spec_of(optimizer)
    assert first_rate(spec) == rate
    one, other = ({**each.get_config(), "name": ""} for each in (optimizer, make_optimizer(spec)))
    assert one == other


def test_optimizer_without_a_name_is_that_of_the_model_with_other_arguments(tmp_path):
    recipe = Recipe("dcgan", args={"image_shape": [8, 8, 1], "base_filters": 4})
    changed = recipe.override(["optimizers.g_optimizer.learning_rate=0.5"])
    own, model = build_model(recipe), build_model(changed)
    assert spec_of(model.g_optimizer) == spec_of(own.g_optimizer) | {"learning_rate": 0.5}
    assert spec_of(model.d_optimizer) == spec_of(own.d_optimizer)
    with pytest.raises(ValueError, match="did you mean 'g_optimizer'.* Received: 'g_optimzer'"):
        build_model(recipe.override(["optimizers.g_optimzer.learning_rate=0.5"]))
    preset = presets.save_preset(model, tmp_path / "preset", card={"recipe": changed.to_dict()})
    tuned = finetune_recipe(preset, "digits", epochs=1).optimizers
    rates = {key: spec["learning_rate"]["initial_learning_rate"] for key, spec in tuned.items()}
    assert rates == {"g_optimizer": 0.5, "d_optimizer": spec_of(own.d_optimizer)["learning_rate"]}
    assert with_own_optimizers(changed).optimizers["g_optimizer"] == spec_of(model.g_optimizer)


@pytest.mark.parametrize("spec", [5, None, ["adam"], {"learning_rate": 0.1}, {"name": 5}])
def test_optimizer_without_a_name_is_refused(spec):
    with pytest.raises(ValueError, match="Expected .*name.* Received"):
        make_optimizer(spec)


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "adam", "learning_rate": "fast"},
        {"name": "adam", "learning_rate": -0.1},
        {"name": "adam", "learning_rate": float("inf")},
        {
            "name": "sgd",
            "learning_rate": {"schedule": "piecewise_constant_decay", "boundaries": [9], "values": [-1, 1]},
        },
        {"name": "adam", "learning_rate": {"schedule": "cosine_decay", "initial_learning_rate": 0.1}},
        {"name": "sgd", "momentum": "much"},
        {"name": "sgd", "nesterov": "no"},
        {"name": "adam", "beta_1": "0.5"},
        {"name": "adam", "clipnorm": "1"},
        {"name": "adam", "learning_rate": {"schedule": "cosine_decay", "initial_learning_rate": 1, "decay_steps": "9"}},
    ],
)
def test_optimizer_with_a_wrong_or_missing_value_is_refused(spec):
    with pytest.raises(ValueError, match="Expected .* Received"):
        make_optimizer(spec)


def test_a_whole_number_is_a_learning_rate():
    assert float(make_optimizer({"name": "sgd", "learning_rate": 1}).learning_rate) == 1.0


def test_recipe_without_a_model_is_refused():
    with pytest.raises(ValueError, match="Expected a recipe with the key 'model'. Received: 'epochs'"):
        Recipe.from_dict({"epochs": 3})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: [dcgan\nepochs: 3\n", "Expected YAML in the recipe"),
        ("model: dcgan\n\tepochs: 3\n", "Expected YAML in the recipe"),
        ("", "Expected a recipe as keys and values. Received: NoneType"),
        ("- dcgan\n- 3\n", "Expected a recipe as keys and values. Received: list"),
        ("dcgan\n", "Expected a recipe as keys and values. Received: str"),
        ("!!python/object/apply:os.system ['true']\n", "Expected YAML in the recipe"),
        ("model: dcgan\nepoch: 3\n", "did you mean 'epochs'"),
        ("model: dcgan\nepochs: 3\nepochs: 5\n", "the key 'epochs' twice, in line 3"),
        ("model: dcgan\ndata: {limit: 3, limit: 5}\n", "the key 'limit' twice"),
    ],
)
def test_file_that_is_no_recipe_is_named_in_one_sentence(text, message, tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        load_recipe(path)
    assert "broken.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_recipe_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(ValueError, match="Expected UTF-8 text in the recipe .*broken.yaml"):
        load_recipe(path)


def test_missing_recipe_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'dcgan_mnist'"):
        load_recipe("dcgan_mnst")
    with pytest.raises(ValueError, match="Expected a recipe's name or a .yaml file"):
        load_recipe(tmp_path / "none.yaml")


def test_recipe_is_named_after_its_file_unless_it_has_a_name(tmp_path):
    (tmp_path / "mine.yml").write_text("model: vae\n", encoding="utf-8")
    assert load_recipe(tmp_path / "mine.yml").name == "mine"
    (tmp_path / "mine.yml").write_text("model: vae\nname: other\n", encoding="utf-8")
    assert load_recipe(tmp_path / "mine.yml").name == "other"


# -- overriding -------------------------------------------------------------------------------------------------------


def test_override_takes_sections_recipe_keys_and_model_arguments():
    recipe = load_recipe("dcgan_mnist")
    settings = ["epochs=3", "data.batch_size=16", "latent_dim=5", "args.base_filters=4", "image_shape=[8, 8, 1]"]
    changed = recipe.override([*settings, "optimizers.g_optimizer.learning_rate=2e-4", "evaluation.features=null"])
    assert changed.epochs == 3
    assert changed.data == dataclasses.replace(recipe.data, batch_size=16)
    assert changed.args == {**recipe.args, "latent_dim": 5, "base_filters": 4, "image_shape": [8, 8, 1]}
    assert changed.optimizers["g_optimizer"] == {"name": "adam", "beta_1": 0.5, "learning_rate": 2e-4}
    assert changed.optimizers["d_optimizer"] == recipe.optimizers["d_optimizer"]
    assert changed.evaluation.features is None
    assert recipe == load_recipe("dcgan_mnist")  # the recipe itself is unchanged


def test_override_takes_a_dict_as_it_is():
    assert tiny().override({"latent_dim": 3, "data.source": "npz:a=b.npz"}).data.source == "npz:a=b.npz"
    assert tiny().override(["data.source=npz:a=b.npz"]).data.source == "npz:a=b.npz"


def test_quotes_keep_what_would_be_a_comment():
    assert tiny().override(["data.title='Cats #1'"]).data.title == "Cats #1"
    assert tiny().override(["data.source=folder:a#b"]).data.source == "folder:a#b"


def test_texts_about_the_data_do_not_stay_with_other_data():
    recipe = load_recipe("dcgan_mnist")
    texts = lambda changed: (changed.data.title, changed.data.license, changed.description)  # noqa: E731
    assert texts(recipe.override({"data.source": "folder:cats"})) == ("", "", "")
    given = {"data.source": "folder:cats", "data.title": "Cats", "description": "Cats."}
    assert texts(recipe.override(given)) == ("Cats", "", "Cats.")
    for same in ("npz:/data/mnist.npz", "mnist.npz", "tfds:mnist:3.0.1", "mnist:3.0.1", "keras:mnist"):
        assert texts(recipe.override({"data.source": same})) == texts(recipe)
    for other in ("keras:fashion_mnist", "tfds:mnist_corrupted/zigzag"):
        assert texts(recipe.override({"data.source": other})) == ("", "", "")
    assert recipe.override({"data": {"source": "folder:cats", "title": "Cats"}}).description == ""
    assert texts(load_recipe("wgan_gp_grid25").override({"data.source": "points:ring8"})) == ("", "", "")


def test_override_of_nothing_is_the_same_recipe():
    assert tiny().override([]) == tiny()
    assert tiny().override({}) == tiny()


def test_override_opens_a_section_that_was_empty():
    recipe = tiny().override(["optimizers.optimizer.name=sgd", "optimizers.optimizer.momentum=0.5"])
    assert make_optimizer(recipe.optimizers["optimizer"]).momentum == 0.5


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("epoch=3", "did you mean 'epochs'"),
        ("latentdim=3", "did you mean 'latent_dim'"),
        ("data.bach_size=3", "did you mean 'batch_size'"),
        ("dta.batch_size=3", "did you mean 'data'"),
        ("epochs", "Expected a setting as key=value. Received: 'epochs'"),
        ("=3", "Expected a setting as key=value"),
        ("epochs.more=3", "Expected a section before the last dot"),
        ("epochs=[3", "Expected YAML in the setting 'epochs'"),
        ("epochs=0", "epochs to be an integer of at least 1"),
        ("data=5", "section 'data' of a recipe as keys and values"),
        ("data.source=folder:/photos #2", "Expected quotes around a value with ' #', where a comment of YAML begins"),
        ("latent_dim=3 # short", "Received: 'latent_dim=3 # short'"),
    ],
)
def test_wrong_override_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        tiny().override([setting])


# -- optimizers -------------------------------------------------------------------------------------------------------


def with_schedule(epochs=30, **rate):
    return tiny(optimizers={"optimizer": {"name": "adam", "learning_rate": rate}}, epochs=epochs)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"schedule": "cosine_decay", "decay_steps": 90}, {"decay_steps": 30}),
        ({"schedule": "cosine_decay", "decay_steps": 9e1, "warmup_steps": 12}, {"decay_steps": 30, "warmup_steps": 4}),
        ({"schedule": "cosine_decay", "decay_steps": 90, "warmup_steps": 0}, {"decay_steps": 30, "warmup_steps": 0}),
        ({"schedule": "cosine_decay", "decay_steps": 90, "warmup_steps": 1}, {"decay_steps": 30, "warmup_steps": 1}),
        ({"schedule": "cosine_decay_restarts", "first_decay_steps": 60, "t_mul": 0.5}, {"first_decay_steps": 20}),
        ({"schedule": "exponential_decay", "decay_steps": 31, "decay_rate": 0.5}, {"decay_steps": 10}),
        ({"schedule": "piecewise_constant_decay", "boundaries": [30, 45]}, {"boundaries": [10, 15]}),
    ],
    ids=lambda value: value.get("schedule", ""),
)
def test_every_step_count_of_a_schedule_stretches_with_the_epochs(given, wanted):
    recipe = with_schedule(initial_learning_rate=0.1, **given)
    shorter = recipe.with_epochs(10)
    assert shorter.epochs == 10
    assert shorter.optimizers["optimizer"]["learning_rate"] == {"initial_learning_rate": 0.1, **given, **wanted}
    assert recipe.with_epochs(30) == recipe == with_schedule(initial_learning_rate=0.1, **given)


def test_schedule_of_a_discriminator_stretches_with_its_updates_unless_it_is_given():
    recipe = load_recipe("dcgan_mnist")
    given = {"optimizers.d_optimizer.learning_rate.decay_steps": 7, "d_steps": 2}
    for settings, ratio in (({"d_steps": 2}, 2), (given, 7 / 15008), ({"d_steps": 1}, 1)):
        rates = {key: spec["learning_rate"] for key, spec in recipe.override(settings).optimizers.items()}
        assert rates["d_optimizer"]["decay_steps"] == 15008 * ratio
        assert rates["g_optimizer"]["decay_steps"] == 15008


def test_arguments_that_count_steps_stretch_with_the_epochs_unless_they_are_given():
    args = {"capacity": 5.0, "capacity_steps": 300, "beta": 30.0, "warmup_steps": 0, "base_filters": 16}
    recipe = Recipe("beta_vae", args=args, epochs=30)
    assert recipe.with_epochs(10).args == {**args, "capacity_steps": 100}
    assert recipe.with_epochs(45).args == {**args, "capacity_steps": 450}
    for given in ("capacity_steps", "args.capacity_steps", "args"):
        assert recipe.with_epochs(10, given=[given]).args == args


def test_optimizer_without_a_schedule_has_nothing_to_stretch():
    for spec in ("adam", {"name": "adam", "learning_rate": 0.1}):
        assert tiny(optimizers={"optimizer": spec}).with_epochs(3).optimizers == {"optimizer": spec}


def test_no_schedule_of_keras_has_a_step_count_of_another_name():
    known = {"decay_steps", "first_decay_steps", "warmup_steps", "boundaries"}
    for name, cls in vars(keras.optimizers.schedules).items():
        if inspect.isclass(cls):
            counts = {key for key in inspect.signature(cls.__init__).parameters if "step" in key or "bound" in key}
            assert counts <= known, name


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (
            {"boundaries": [10, 11]},
            r"optimizer.learning_rate.boundaries that stay .* \[10, 11\], which would be \[1, 1\]",
        ),
        ({"decay_steps": "90"}, "optimizer.learning_rate.decay_steps as a number of steps. Received: '90'"),
    ],
    ids=str,
)
def test_schedule_that_cannot_be_stretched_is_named(rate, message):
    with pytest.raises(ValueError, match=f"Expected optimizers.{message}"):
        with_schedule(schedule="any", **rate).with_epochs(3)


def test_sgd_takes_momentum():
    optimizer = make_optimizer({"name": "sgd", "learning_rate": 0.01, "momentum": 0.9, "nesterov": True})
    assert isinstance(optimizer, keras.optimizers.SGD)
    assert (optimizer.momentum, optimizer.nesterov, float(optimizer.learning_rate)) == (
        0.9,
        True,
        pytest.approx(0.01),
    )


@pytest.mark.parametrize("name", ["rmsprop", "RMSprop", "rms_prop"])
def test_optimizer_is_found_however_it_is_written(name):
    optimizer = make_optimizer({"name": name, "rho": 0.8, "learning_rate": 5e-5})
    assert isinstance(optimizer, keras.optimizers.RMSprop)
    assert optimizer.rho == 0.8


def test_optimizer_may_be_a_name_alone():
    assert isinstance(make_optimizer("adam_w"), keras.optimizers.AdamW)


def test_every_keras_optimizer_can_be_named():
    for name in ("adam", "adam_w", "adamax", "adagrad", "adadelta", "nadam", "ftrl", "lion", "adafactor", "lamb"):
        assert isinstance(make_optimizer(name), keras.optimizers.Optimizer)


@pytest.mark.parametrize(
    ("rate", "values"),
    [
        (  # (1 + cos(pi t / 100)) / 2 between 0.2 and 0.02
            {"schedule": "cosine_decay", "initial_learning_rate": 0.2, "decay_steps": 100, "alpha": 0.1},
            {0: 0.2, 50: 0.11, 100: 0.02, 200: 0.02},
        ),
        (  # a straight line from 0.1 to 0.01
            {
                "schedule": "polynomial_decay",
                "initial_learning_rate": 0.1,
                "decay_steps": 90,
                "end_learning_rate": 0.01,
            },
            {0: 0.1, 30: 0.07, 90: 0.01, 100: 0.01},
        ),
        (
            {"schedule": "piecewise_constant_decay", "boundaries": [10, 20], "values": [0.3, 0.2, 0.1]},
            {0: 0.3, 10: 0.3, 11: 0.2, 21: 0.1},
        ),
        (  # halved every 10 steps
            {"schedule": "ExponentialDecay", "initial_learning_rate": 0.4, "decay_steps": 10, "decay_rate": 0.5},
            {0: 0.4, 10: 0.2, 20: 0.1},
        ),
    ],
    ids=lambda value: value.get("schedule", "") if isinstance(value, dict) else "",
)
def test_adam_follows_a_schedule(rate, values):
    optimizer = make_optimizer({"name": "adam", "beta_1": 0.5, "learning_rate": rate})
    assert isinstance(optimizer, keras.optimizers.Adam)
    for step, value in values.items():
        assert rate_after(optimizer, step) == pytest.approx(value, rel=1e-5)


def test_each_network_has_an_optimizer_of_its_own():
    text = """
        model: dcgan
        args: {image_shape: [8, 8, 1], base_filters: 4, latent_dim: 3}
        optimizers:
          d_optimizer: {name: sgd, learning_rate: 1e-2, momentum: 0.9}
          g_optimizer:
            name: adam
            learning_rate: {schedule: piecewise_constant_decay, boundaries: [5], values: [1e-3, 1e-4]}
    """
    recipe = Recipe.from_dict(yaml.safe_load(text.replace("1e-", "1.0e-")))
    model = build_model(recipe)
    assert isinstance(model.d_optimizer, keras.optimizers.SGD)
    assert isinstance(model.g_optimizer, keras.optimizers.Adam)
    assert float(model.d_optimizer.learning_rate) == pytest.approx(1e-2)
    assert rate_after(model.g_optimizer, 5) == pytest.approx(1e-3)
    assert rate_after(model.g_optimizer, 6) == pytest.approx(1e-4)


def test_network_without_an_optimizer_in_the_recipe_has_the_papers():
    recipe = Recipe(
        "dcgan", args={"image_shape": [8, 8, 1], "base_filters": 4}, optimizers={"g_optimizer": {"name": "sgd"}}
    )
    model = build_model(recipe)
    assert isinstance(model.g_optimizer, keras.optimizers.SGD)
    assert isinstance(model.d_optimizer, keras.optimizers.Adam)
    assert model.d_optimizer.beta_1 == 0.5


def test_anchors_are_written_out_in_a_run_recipe(tmp_path):
    path = tmp_path / "shared.yaml"
    sections = (
        "model: dcgan",
        "data: {source: digits}",
        "optimizers: {d_optimizer: &adam {name: adam}, g_optimizer: *adam}",
    )
    path.write_text("\n".join(sections), encoding="utf-8")
    text = load_recipe(path).to_yaml()
    assert "&" not in text and "*" not in text and text.count("name: adam") == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["data.batch_size=4", "data={source: digits}"], "Received: data and data.batch_size"),
        (["data={source: digits}", "data.batch_size=4"], "Received: data and data.batch_size"),
        (["latent_dim=3", "args={latent_dim: 2}"], "Received: args and args.latent_dim"),
        (["args.latent_dim=3", "latent_dim=2"], "Received: latent_dim twice"),
    ],
    ids=str,
)
def test_settings_that_would_replace_each_other_are_refused(settings, message):
    with pytest.raises(ValueError, match=f"Expected each setting once.* {message}$"):
        Recipe("vae").override(settings)


def test_split_of_evaluation_has_the_form_of_a_split():
    with pytest.raises(ValueError, match=r"Received: evaluation.split='test\[5'"):
        Recipe("vae").override(["evaluation.split='test[5'"])


def test_unknown_optimizer_setting_names_its_section():
    with pytest.raises(ValueError, match="did you mean 'optimizers.d_optimizer'"):
        Recipe("dcgan").override(["d_optimizer=adam"])
