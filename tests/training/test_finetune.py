"""Fine-tuning of a preset on other images: the recipe, a run with its card, and what is refused."""

import dataclasses
import hashlib
import importlib
import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

import keras_genzoo
from keras_genzoo import presets, training
from keras_genzoo.data.kinds import ImagePairs, Images
from keras_genzoo.recipes import DataConfig, Recipe, StoppingConfig, load_recipe
from keras_genzoo.training import finetune_recipe
from keras_genzoo.training.epoch_length import images_per_epoch

MODULE = importlib.import_module("keras_genzoo.training.finetune")  # the package has a function of this name
SMALL = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=4, seed=0)


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    return presets.save_preset(keras_genzoo.build("dcgan", **SMALL), tmp_path_factory.mktemp("parent") / "small")


@pytest.fixture
def folder(tmp_path):
    for number in range(6):
        pixels = np.random.default_rng(number).integers(0, 256, (20, 24, 3), dtype=np.uint8)
        (tmp_path / "pictures").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{number}.png")
    return tmp_path / "pictures"


def test_defaults_suit_few_images(folder):
    recipe = finetune_recipe("dcgan_mnist", str(folder), batch_size=3)
    assert recipe.epochs == 20 and recipe.data.repeat == 50 and recipe.args["ema_decay"] == 0.99  # 100 steps an epoch
    assert recipe.args["augmentations"] == ["translation", "cutout"] and recipe.args["augmentation_target"] == 0.6
    begun = load_recipe("dcgan_mnist").optimizers["g_optimizer"]["learning_rate"]["initial_learning_rate"]
    rate = recipe.optimizers["g_optimizer"]["learning_rate"]
    assert rate["initial_learning_rate"] == begun and rate["decay_steps"] == 2000
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert "augmentations" not in finetune_recipe("vae_mnist", str(folder)).args
    assert recipe.stopping == StoppingConfig("auto", every=1, patience=10)
    assert finetune_recipe("vae_mnist", str(folder), early_stop=False).stopping == StoppingConfig()


def test_samplers_have_no_more_components_than_few_images_allow(folder):
    number = len(list(folder.rglob("*.png")))
    assert 1 <= number < 100 and load_recipe("autoencoder_mnist").args["samplers"] == {"mixture": 100}
    assert finetune_recipe("autoencoder_mnist", str(folder)).args["samplers"] == {"mixture": max(1, number // 10)}
    given = finetune_recipe("autoencoder_mnist", str(folder), settings={"samplers": {"mixture": 2}})
    assert given.args["samplers"] == {"mixture": 2}
    assert finetune_recipe("autoencoder_mnist", "digits").args["samplers"] == {"mixture": 100}


def test_several_updates_in_a_step_have_batches_and_schedules_of_their_number(folder):
    recipe = finetune_recipe("wgan_gp_mnist", str(folder))
    steps = {key: recipe.optimizers[key]["learning_rate"]["decay_steps"] for key in ("d_optimizer", "g_optimizer")}
    assert recipe.args["d_steps"] == 3 and recipe.data.batch_size == 96
    assert steps["d_optimizer"] == 3 * steps["g_optimizer"] == pytest.approx(6000, rel=0.02)
    recipe = finetune_recipe("wgan_gp_mnist", str(folder), settings={"d_steps": 2})
    assert recipe.data.batch_size == 64
    assert recipe.optimizers["d_optimizer"]["learning_rate"]["decay_steps"] == pytest.approx(4000, rel=0.02)


def test_numbers_of_steps_shrink_with_the_training(folder):
    begun = load_recipe("vamp_vae_mnist")
    share = 2000 / begun.optimizers["optimizer"]["learning_rate"]["decay_steps"]
    steps = finetune_recipe("vamp_vae_mnist", str(folder)).args["warmup_steps"]
    assert steps == pytest.approx(share * begun.args["warmup_steps"], rel=0.02)
    assert finetune_recipe("vamp_vae_mnist", str(folder), settings={"warmup_steps": 7}).args["warmup_steps"] == 7


def test_numbers_of_steps_end_within_the_training_of_a_parent_of_unknown_length(folder, tmp_path):
    args = dict(image_shape=(8, 8, 1), network="mlp", hidden_units=(4,), latent_dim=2)
    keras_genzoo.build("beta_vae", **args, warmup_steps=20_000).save_to_preset(tmp_path / "parent")
    assert finetune_recipe(tmp_path / "parent", str(folder)).args["warmup_steps"] == pytest.approx(1000, rel=0.02)


@pytest.mark.parametrize(
    ("batch_size", "settings", "repeat", "full"),
    [
        (6, {}, 100, True),
        (7, {}, 117, True),
        (4, {"data.limit": 3}, 133, True),
        (None, {"data.batch_size": 8}, 133, True),
        (4, {"data.drop_remainder": False}, 67, False),
        (4, {"data.repeat": 1}, 1, True),
        (7, {"data.repeat": 1}, 1, False),
    ],
)
def test_epochs_are_long_and_of_full_batches_where_images_suffice(folder, batch_size, settings, repeat, full):
    recipe = finetune_recipe("dcgan_mnist", str(folder), batch_size=batch_size, settings=settings)
    assert (recipe.data.repeat, recipe.data.drop_remainder) == (repeat, full)
    assert recipe.epochs == (20 if repeat > 1 else 2000)
    number = recipe.data.limit or 6
    assert recipe.epochs * (number * repeat // recipe.data.batch_size or 1) == pytest.approx(2000, rel=0.02)


@pytest.mark.parametrize(
    ("parent", "settings", "augmentations"),
    [
        ("dcgan_mnist", {"image_shape": [32, 32, 3]}, ["color", "translation", "cutout"]),
        ("r3gan_emoji", {"args.image_shape": [32, 32, 1]}, ["translation", "cutout"]),
        ("dcgan_mnist", {"augmentations": [], "augmentation_target": 0.0}, []),
    ],
)
def test_augmentations_suit_the_channels_of_the_new_images(folder, parent, settings, augmentations):
    assert finetune_recipe(parent, str(folder), settings=settings).args["augmentations"] == augmentations


def test_images_are_counted_where_the_settings_say_that_they_are(tmp_path):
    np.savez(tmp_path / "named.npz", cats=np.arange(7 * 64).reshape(7, 8, 8).astype("uint8"), dogs=np.zeros(3))
    recipe = finetune_recipe("dcgan_mnist", str(tmp_path / "named.npz"), settings={"data.image_key": "cats"})
    assert recipe.data.image_key == "cats" and recipe.data.repeat == 457  # 100 steps of 32


def test_an_epoch_is_as_long_as_the_larger_domain_and_as_the_windows_of_signals(tmp_path):
    colour = np.arange(4 * 192).reshape(4, 8, 8, 3).astype("uint8")
    np.savez(tmp_path / "two.npz", a=colour[:3], b=np.concatenate([colour] * 10))
    config = DataConfig(str(tmp_path / "two.npz"), image_key="a", image_key_b="b")
    assert images_per_epoch(ImagePairs(), config, (8, 8, 3)) == 40
    assert images_per_epoch(ImagePairs(), dataclasses.replace(config, paired=True), (8, 8, 3)) == 3
    (tmp_path / "sounds").mkdir()
    for number in range(3):
        wavfile.write(tmp_path / "sounds" / f"{number}.wav", 8000, np.arange(640).astype("int16"))
    config = DataConfig(f"wav:{tmp_path / 'sounds'}", limit=2)  # files
    assert images_per_epoch(Images(), config, (64, 1)) == 2 * images_per_epoch(Images(), config, (128, 1)) == 20


def test_a_limit_makes_few_images_of_many(monkeypatch, folder):
    monkeypatch.setattr(MODULE, "FEW", 5)
    many = finetune_recipe("dcgan_mnist", str(folder))
    few = finetune_recipe("dcgan_mnist", str(folder), settings={"data": {"limit": 4}})
    assert not many.args["augmentation_target"] and few.args["augmentation_target"] == 0.6
    assert few.data.limit == 4 and few.data.repeat == 800 and few.epochs == 20


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (dict(settings={"epochs": 3}), "Expected epochs as an argument of its own, .* Received: epochs=3"),
        (dict(settings={"data": {"source": "shapes"}}), "Expected data as an argument .* Received: data.source="),
        (dict(batch_size=8, settings={"data.batch_size": 4}), "Expected batch_size as an argument"),
        (dict(settings={"d_steps": 0}), "Expected d_steps to be an integer of at least 1. Received: d_steps=0"),
        (dict(settings={"data.limit": 1}), "Expected at least two images to fine-tune on. Received: 1 in"),
        (dict(freeze="discriminator[:1]"), "Expected freeze as a list of parts, .* Received: 'discriminator"),
        (dict(early_stop="no"), "Expected early_stop to be True or False. Received: early_stop='no'"),
    ],
)
def test_arguments_that_contradict_each_other_or_say_nothing_are_refused(folder, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        finetune_recipe("dcgan_mnist", str(folder), **options)


def test_rates_of_a_model_and_of_a_preset_without_a_recipe_fall_as_well(parent, folder, monkeypatch):
    rate = finetune_recipe(parent, str(folder)).optimizers["d_optimizer"]["learning_rate"]
    assert rate["initial_learning_rate"] == 0.0002 and rate["decay_steps"] == 1980  # 20 epochs of 99 steps
    own = keras.optimizers.SGD(keras.optimizers.schedules.PiecewiseConstantDecay([5], [0.3, 0.1]), momentum=0.5)
    model = keras_genzoo.build("dcgan", **SMALL, optimizers={"g_optimizer": own})
    seen = []
    monkeypatch.setattr(MODULE, "train", lambda recipe, *_: seen.append(recipe))
    keras_genzoo.finetune(model, str(folder), folder.parent / "run")
    spec = seen[0].optimizers["g_optimizer"]
    assert spec["name"] == "sgd" and spec["momentum"] == 0.5 and spec["learning_rate"]["initial_learning_rate"] == 0.3


def test_a_model_leaves_no_parent_where_nothing_is_trained(folder, tmp_path):
    model = keras_genzoo.build("dcgan", **SMALL)
    before = sorted(tmp_path.rglob("*"))
    wrong = [dict(data="folder:none"), dict(settings={"latnt_dim": 3}), dict(freeze=["x"])]
    for options in ({"data": str(folder), **each} for each in wrong):
        with pytest.raises((ValueError, FileNotFoundError)):
            keras_genzoo.finetune(model, out=tmp_path / "run", verbose=0, **options)
        assert sorted(tmp_path.rglob("*")) == before


def test_conditions_of_the_parent_do_not_hold_for_other_classes(folder):
    assert not {"num_classes", "class_names"} & set(finetune_recipe("cgan_mnist", str(folder)).args)


def test_command_trains_on_a_folder_and_the_card_names_the_parent(command, parent, folder, here):
    arguments = ("--data", folder, "--epochs", 2, "--batch-size", 3, "--freeze", "discriminator[:1]", "--no-evaluate")
    code, out, err = command("finetune", parent, *arguments, "--out", "run")
    assert code == 0 and "Use it: keras_genzoo.build('dcgan'" in out, err
    card = json.loads((here / "run" / "preset" / "card.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256((parent / "model.weights.h5").read_bytes()).hexdigest()
    assert card["parent"] == {"name": "small", "sha256": digest}
    model, old = (keras_genzoo.build("dcgan", weights=path) for path in (here / "run" / "preset", parent))
    for name, kept in (("discriminator", True), ("generator", False)):
        after, before = (getattr(each, name).layers[1].get_weights()[0] for each in (model, old))
        assert np.allclose(after, before, rtol=4e-3, atol=1e-5) == kept  # a preset holds 8 significant bits
    code, _, err = command("finetune", parent, *arguments, "--out", "run")
    assert code == 2 and "or continue with --resume. Received: 'run', which is not empty" in err
    code, out, err = command("finetune", parent, *arguments, "--out", "run", "--resume")
    assert code == 0 and "Use it" in out, err
    code, out, err = command("train", "dcgan", "--out", "run", "--resume", "--epochs", 3, "--no-evaluate")
    assert code == 0, err
    longer = (*arguments[:3], 4, *arguments[4:])
    code, out, err = command("finetune", parent, *longer, "--out", "run", "--resume")
    assert code == 0 and presets.card(here / "run" / "preset")["epochs"] == 4, err
    code, _, err = command("finetune", parent, *longer, "--out", "run", "--resume", "--set", "ema_decay=0.9")
    assert code == 2 and "Expected args.ema_decay=0.99, as the run in 'run' began" in err
    for use in (presets.find, keras_genzoo.transfer, lambda run: keras_genzoo.build("dcgan", weights=run)):
        with pytest.raises(ValueError, match=r"did you mean 'run.preset', of this run\? Received: 'run'"):
            use("run")


def test_a_model_is_fine_tuned_as_a_preset_and_stays_as_it_is(folder, tmp_path):
    model = keras_genzoo.build("dcgan", **SMALL)
    before = model.generate(4, seed=0)
    options = dict(epochs=2, batch_size=6, settings={"ema_decay": 0.5}, verbose=0, evaluate=False)
    tuned, preset = keras_genzoo.finetune(model, str(folder), tmp_path / "run", **options)
    np.testing.assert_array_equal(model.generate(4, seed=0), before)
    assert tuned.ema_decay == 0.5 and (tuned.generate(4, seed=0) != before).any()
    assert presets.card(preset)["parent"]["name"] == "run_parent"
    assert (tmp_path / "run" / "best").is_dir()  # of the early stop
    for wrong, sentence in (
        (("dcgan_mnist", [1]), "Expected data as a source"),
        ((3, "digits"), "Expected a preset or a"),
    ):
        with pytest.raises(ValueError, match=sentence):
            keras_genzoo.finetune(*wrong, tmp_path / "other")


def test_texts_stay_with_a_second_domain():
    options = dict(title="Horses", settings={"data.source_b": "edges:digits"})
    recipe = finetune_recipe("cyclegan_emoji", "digits", epochs=1, batch_size=4, **options)
    assert recipe.data.title == "Horses" and recipe.description == "cyclegan, fine-tuned from cyclegan_emoji."


def test_the_card_names_the_weights_that_the_training_began_with(parent, folder, tmp_path):
    moving = shutil.copytree(parent, tmp_path / "moving")
    digest = hashlib.sha256((moving / "model.weights.h5").read_bytes()).hexdigest()
    options = dict(epochs=2, batch_size=6, early_stop=False)
    recipe = finetune_recipe(str(moving), str(folder), **options).override({"data.repeat": 1})
    for epochs in (1, 2):
        recipe = dataclasses.replace(recipe, epochs=epochs)
        resume = epochs == 2
        if resume:
            shutil.rmtree(moving)
        _, preset = training.train(recipe, tmp_path / "run", verbose=0, evaluate=False, resume=resume)
        assert presets.card(preset)["parent"] == {"name": "moving", "sha256": digest}


def test_another_size_keeps_the_layers_that_match(command, parent, folder, here):
    arguments = ("--data", folder, "--epochs", 1, "--batch-size", 3, "--set", "image_shape=[16,16,3]", "--no-evaluate")
    code, _, err = command("finetune", parent, *arguments, "--out", "run")
    assert code == 0, err
    assert keras_genzoo.build("dcgan", weights=here / "run" / "preset").image_shape == (16, 16, 3)


def test_classes_are_those_of_the_data(command, tmp_path, here):
    labelled = presets.save_preset(keras_genzoo.build("cgan", **SMALL, num_classes=3), tmp_path / "cgan")
    for name in ("cat", "dog"):
        for number in range(2):
            path = here / "pictures" / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 8), 40 * number + 9, np.uint8)).save(path)
    arguments = ("--data", here / "pictures", "--epochs", 1, "--batch-size", 4, "--no-evaluate", "--out", "run")
    code, _, err = command("finetune", labelled, *arguments)
    assert code == 0, err
    assert keras_genzoo.build("cgan", weights=here / "run" / "preset").class_names == ("cat", "dog")


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("none", "--data", "digits"), "Expected the name or folder of a preset"),
        (("dcgan_mnist", "--data", "one"), "Expected at least two images to fine-tune on. Received: 1 in"),
        (("dcgan_mnist", "--data", "digits", "--freeze", "critic[:1]"), "Expected a part as 'network[first:stop]'"),
        (("dcgan_mnist", "--data", "digits", "--set", "latnt_dim=3"), "did you mean 'latent_dim'"),
        (("dcgan_mnist", "--data", "digits", "--set", "image_shape=32"), "Received: image_shape=32"),
    ],
)
def test_wrong_fine_tunings_are_refused(command, here, arguments, sentence):
    (here / "one").mkdir()
    Image.new("L", (8, 8), 7).save(here / "one" / "1.png")
    code, _, err = command("finetune", *arguments, "--no-evaluate", "--out", "run")
    assert code == 2 and sentence in err and not (here / "run").exists()


def test_transfer_without_weights_is_refused():
    with pytest.raises(ValueError, match="Expected weights with transfer. Received: transfer=True without weights"):
        Recipe("dcgan", transfer=True)
