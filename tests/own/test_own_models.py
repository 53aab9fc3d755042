"""Models of somebody else: registered by name, they do all that the bundled ones do, without a change elsewhere."""

import functools
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from own_rows import CASES, registered

import keras_genzoo
from keras_genzoo import recipes, registry
from keras_genzoo.models.dcgan import DCGAN
from keras_genzoo.training import last_checkpoint

HERE = Path(__file__).parent
NUM = 6  # images to train on, in batches of 4
SHOWN = 3

for_every_own_model = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture(scope="module", autouse=True)
def _registered():
    with registered():
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Function from a row to its model, trained for an epoch by a recipe, with its data and its run folder."""

    @functools.cache
    def get(case):
        folder = tmp_path_factory.mktemp(case.name)
        data = case.data(NUM)
        np.savez(folder / "data.npz", **dict(zip(("a", "b"), data, strict=False)))
        recipe = recipe_of(case, folder / "data.npz")
        model, preset = train(recipe, folder / "run")
        return SimpleNamespace(case=case, folder=folder, data=data, recipe=recipe, model=model, preset=preset)

    return get


def row(name):
    """The row of a model of this folder."""
    return next(case for case in CASES if case.name == name)


train = functools.partial(keras_genzoo.train, verbose=0, evaluate=False)


def recipe_of(case, path, epochs=1):
    args = {name: value for name, value in case.args.items() if name != "seed"}
    keys = {"image_key": "a", **({"image_key_b": "b"} if case.has_pairs else {})}
    data = {"source": f"npz:{path}", "batch_size": 4, **keys}
    return recipes.Recipe.from_dict(
        {"model": case.name, "args": args, "data": data, "epochs": epochs, "seed": case.args["seed"]}
    )


def images_of(model, data):
    """uint8 images that a model makes: of its own codes, or translations."""
    if hasattr(model, "translate"):
        return model.translate(data[0][:SHOWN])
    return model.generate(SHOWN, seed=7)


def state(model):
    """All that training changes, as bytes: weights, the random state of training steps, slots of optimizers."""
    variables = [*model.weights, model.seed_generator.state]
    variables += [variable for name in model.optimizer_names for variable in getattr(model, name).variables]
    return [np.asarray(variable).tobytes() for variable in variables]


@for_every_own_model
def test_own_model_does_what_the_bundled_ones_do(case, trained, subtests, tmp_path):
    run = trained(case)
    for check in (
        is_listed,
        left_a_run_folder,
        goes_on_from_its_checkpoint,
        is_evaluated,
        makes_images,
        is_kept_in_a_preset,
        exports_every_signature,
        exports_to_litert,
    ):
        with subtests.test(check.__name__):
            check(run, tmp_path)


def is_listed(run, folder):
    case, cls = run.case, run.case.model_class
    assert case.name in keras_genzoo.list_models()
    described = registry.describe(case.name)
    assert described.title and list(described.arguments) == list(cls.arguments())
    assert set(case.args) < set(described.arguments)
    assert all(f"    {name}: " in cls.__doc__ for name in described.arguments)
    assert run.model.model_name == case.name and type(run.model) is cls
    assert run.model.count_params() == case.params
    assert run.model.image_shape == case.output == images_of(run.model, run.data).shape[1:]


def left_a_run_folder(run, folder):
    rows = (run.folder / "run" / "log.csv").read_text().splitlines()
    assert len(rows) == 2 and all(name in rows[0].split(",") for name in run.model.loss_names)
    config = json.loads((run.preset / "config.json").read_text())
    assert config["model"] == run.case.name
    assert (run.folder / "run" / "samples" / "epoch_0001.png").is_file()


def goes_on_from_its_checkpoint(run, folder):
    loaded = keras_genzoo.load(last_checkpoint(run.folder / "run"))
    assert type(loaded) is type(run.model) and loaded.get_config() == run.model.get_config()
    assert state(loaded) == state(run.model)
    for model in (run.model, loaded):
        model.train_step(run.data)
    assert state(loaded) == state(run.model)


def is_evaluated(run, folder):
    before = state(run.model)
    losses = run.model.evaluate(*run.data, batch_size=NUM, verbose=0, return_dict=True)
    assert set(losses) == set(run.model.loss_names)
    assert np.isfinite(list(losses.values())).all()
    assert state(run.model) == before


def makes_images(run, folder):
    model, images = run.model, images_of(run.model, run.data)
    assert images.dtype == np.uint8 and images.shape == (SHOWN, *run.case.output)
    if hasattr(model, "generate"):
        np.testing.assert_allclose(images[1:].astype(int), model.generate(SHOWN - 1, seed=7, start=1), atol=1)
        assert (images != model.generate(SHOWN, seed=8)).any()
    for condition in model.conditions:
        given = {condition.name: condition.default(7, 0, SHOWN).numpy()}
        np.testing.assert_array_equal(images, model.generate(SHOWN, seed=7, **given))
        assert (model.generate(SHOWN, seed=7, **{condition.name: 1}) != images).any()
        with pytest.raises(ValueError, match=f"Expected {condition.name} .*Received"):
            model.generate(SHOWN, seed=7, **{condition.name: -2})
    if hasattr(model, "encode"):
        codes = model.encode(run.data[0])
        z = codes[0] if isinstance(codes, tuple) else codes
        assert z.shape == (NUM, model.latent_dim)
        np.testing.assert_allclose(model.decode(z) * 255.0, model.reconstruct(run.data[0]), atol=0.6)


def is_kept_in_a_preset(run, folder):
    folder = run.model.save_to_preset(folder / "preset")
    again = keras_genzoo.build(run.case.name, weights=str(folder))
    np.testing.assert_array_equal(images_of(again, run.data), images_of(run.model, run.data))


def exports_every_signature(run, folder):
    report = run.model.export(folder / "saved" / "1", warmup=False, num_samples=SHOWN)
    assert set(report.signatures) == set(report.parity) == set(run.model.export_functions())
    inputs = set(report.signatures["serving_default"]["inputs"])
    assert {condition.input for condition in run.model.conditions} < inputs | {"z"}


def exports_to_litert(run, folder):
    report = run.model.export(folder / "own.tflite", format="litert", measure=False, num_samples=SHOWN)
    assert report.max_error < 1e-3


LOADER = """
import importlib, sys
import numpy as np, keras_genzoo
for name in sys.argv[2:]:
    assert name not in keras_genzoo.list_models()
    importlib.import_module(name)
    model = keras_genzoo.load(f"{sys.argv[1]}/{name}.keras")
    given = np.load(f"{sys.argv[1]}/{name}.npz")
    made = model.translate(given["images"]) if hasattr(model, "translate") else model.generate(3, seed=7)
    assert (made == given["made"]).all(), name
    print(name)
"""


def test_files_load_once_the_module_of_the_model_is_imported(trained, tmp_path):
    for run in map(trained, CASES):
        run.model.save(tmp_path / f"{run.case.name}.keras")
        made = images_of(run.model, run.data)
        np.savez(tmp_path / f"{run.case.name}.npz", images=run.data[0][:SHOWN], made=made)
    names = [case.name for case in CASES]
    command = [sys.executable, "-c", LOADER, str(tmp_path), *names]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == names


def test_run_of_an_own_model_is_resumed_exactly(trained, tmp_path):
    """A run that goes on from its checkpoint ends as one that never stopped."""
    run = trained(row("own_infogan_conditions"))
    recipe = recipe_of(run.case, run.folder / "data.npz", epochs=2)
    whole, _ = train(recipe, tmp_path / "whole")
    resumed, _ = train(recipe, run.folder / "run", resume=True)
    assert state(resumed) == state(whole)


# -- what is particular to a model ------------------------------------------------------------------------------------


def test_a_deterministic_model_draws_no_noise_in_training(trained):
    drawn = {case.name: int(trained(case).model.seed_generator.state[1]) for case in CASES}
    assert drawn.pop("own_pix2pix") == 0
    assert all(drawn.values())


def test_conditions_of_one_model_are_drawn_independently(trained):
    run = trained(row("own_infogan_conditions"))
    styles, factors = (condition.default(7, 0, 2000).numpy() for condition in run.model.conditions)
    assert set(styles) == {0, 1, 2} and -1.0 <= factors.min() < -0.99 < 0.99 < factors.max() <= 1.0
    assert abs(np.corrcoef(np.column_stack([styles, factors]).T) - np.eye(3)).max() < 0.1


def test_saved_model_refuses_conditions_outside(trained, tmp_path):
    run = trained(row("own_infogan_conditions"))
    run.model.export(tmp_path / "1", warmup=False, num_samples=SHOWN)
    served = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    given = {"z": tf.zeros((1, 4)), "style": tf.constant([2]), "factor": tf.zeros((1, 2))}
    assert served(**given)["image"].shape == (1, 8, 8, 1)
    for wrong in ({"style": tf.constant([3])}, {"factor": tf.constant([[0.0, 1.5]])}):
        with pytest.raises(tf.errors.InvalidArgumentError, match="Expected (styles in 0..2|factors in .-1, 1.)"):
            served(**{**given, **wrong})


def test_bound_of_the_iwae_is_the_log_mean_of_its_weights(trained):
    """With one image and many draws, the training loss is near to the importance-weighted log-likelihood."""
    model = row("own_iwae").build(train_samples=4000, binarize=False)
    images = np.where(row("own_iwae").data(1)[0] > 127, 255, 0).astype("uint8")
    loss, terms = model.negative_bound(model.unpack((images,)), training=False)
    assert terms == {}
    assert float(loss) == pytest.approx(-model.log_likelihood(images, num_samples=4000)[0], abs=0.1)


def test_an_argument_that_is_fixed_is_none_of_the_constructor():
    cls = registry.registered_class("own_iwae")
    assert "reconstruction_weight" not in cls.arguments() and "train_samples" in cls.arguments()
    with pytest.raises(ValueError, match="Expected arguments of own_iwae; .* Received: reconstruction_weight=2.0"):
        cls(image_shape=(8, 8, 1), reconstruction_weight=2.0)


def test_an_argument_may_be_taken_under_another_name():
    class Taker(DCGAN):
        """A model that takes an argument of another model."""

        trunk_filters = DCGAN.base_filters

    assert DCGAN.arguments()["base_filters"].name == "base_filters"
    assert Taker.arguments()["trunk_filters"].name == "trunk_filters"
    with pytest.raises(ValueError, match="Expected trunk_filters .* Received: trunk_filters=0"):
        Taker(image_shape=(8, 8, 1), trunk_filters=0)
