"""The contract that every model keeps: one test for each row, with subtests on objects that are built once.

What depends on the kind of a step, of data or of an exported graph and not on the single model is tested once for each
kind, in the files beside this one and in tests/export.
"""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from cases import CASES, POINTS, SIGNALS, for_cases, moved, run, state, values

import keras_genzoo
from keras_genzoo import registry
from keras_genzoo.data.kinds import ImagePairs
from keras_genzoo.families import ZooModel
from keras_genzoo.layers import frozen_statistics
from keras_genzoo.utils import arguments


@pytest.mark.completeness
def test_every_model_has_a_row():
    rows, models = {case.name for case in CASES}, set(registry.bundled_models())
    assert not models - rows, f"models without a row, tests/rows/<model>.py: {sorted(models - rows)}"
    assert not rows - models, f"rows without a model: {sorted(rows - models)}"
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.completeness
@pytest.mark.parametrize("name", registry.bundled_models())
def test_rows_of_a_model_say_all_that_the_tests_need(name):
    rows = [case for case in CASES if case.name == name]
    assert rows, f"no row: tests/rows/{name}.py"
    assert any(case.learns for case in rows), "a row says by `learns` how the model is seen to learn"
    assert set(rows[0].optimizers) == set(rows[0].model_class.optimizer_names)
    if hasattr(rows[0].model_class, "judge"):
        losses = [case.losses for case in rows if case.losses]
        assert losses, "a row says by `losses` what the losses of a GAN are"
        own = Path(__file__).with_name(f"test_{name}.py")
        assert not losses[0][2] or own.is_file(), f"what `losses` switches off, {losses[0][2]}, has tests in {own.name}"


@pytest.mark.completeness
def test_each_argument_is_in_a_row_of_a_model_that_has_it():
    # An argument that several models have is declared once: by a family, or by the first of these models.
    covered = {id(declared(case.model_class)[key]) for case in CASES for key in case.args}
    names = {"name", "dtype", "samplers"}  # samplers belong to the family, and a row of the VAE has them
    for case in CASES:
        missing = [key for key, each in declared(case.model_class).items() if id(each) not in covered]
        assert set(missing) <= names, f"{case}: {missing}"


def declared(cls):
    """The declaration of each argument, by name."""
    found = {}
    for parent in reversed(cls.__mro__):
        found |= {name: each for name, each in vars(parent).items() if isinstance(each, arguments.Argument)}
    return {name: found.get(name, argument) for name, argument in cls.arguments().items()}


@for_cases([*CASES, *POINTS, *SIGNALS])
def test_contract(case, subtests, tmp_path):
    model = case.build()
    for check in (
        the_arguments_are_those_of_the_row,
        wrong_arguments_are_refused,
        the_paper_gives_the_defaults,
        outputs_have_their_shape_and_range,
        the_config_rebuilds_the_model,
        wrong_images_are_refused,
        losses_are_those_of_the_paper,
        a_test_step_changes_nothing,
        a_step_moves_what_its_optimizers_train,
        seeds_fix_weights_noise_and_images,
    ):
        with subtests.test(check.__name__):
            check(case, model)
    for check in (a_file_holds_all_that_training_needs, a_preset_holds_the_pixels, a_litert_file_agrees):
        with subtests.test(check.__name__):
            check(case, model, tmp_path)


# -- arguments --------------------------------------------------------------------------------------------------------


def the_arguments_are_those_of_the_row(case, model):
    assert model.model_name == case.name
    assert {key: model.get_config()[key] for key in case.args} == case.args
    assert model.count_params() == case.params
    assert len([cls for cls in type(model).__mro__[1:] if cls.__module__.startswith("keras_genzoo")]) <= 3
    described = registry.describe(case.name).arguments
    assert list(described) == list(type(model).arguments())
    for name, argument in type(model).arguments().items():
        assert repr(described[name]) == repr(argument) and described[name].allowed == argument.allowed
        assert f"\n    {name}: " in type(model).__doc__


def wrong_arguments_are_refused(case, model):
    for name, argument in type(model).arguments().items():
        wrong = (*argument.wrong, *case.wrong.get(name, ()))
        assert wrong or name in ("name", "dtype"), f"{name} has no wrong values"
        for value in wrong:
            with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
                type(model)(**{**case.args, name: value})
    with pytest.raises(ValueError, match=rf"Expected arguments of {case.name}; .* Received: colour=1"):
        type(model)(**case.args, colour=1)


def the_paper_gives_the_defaults(case, model):
    declared = type(model).arguments()
    assert {name: declared[name].default for name in case.defaults} == case.defaults
    for name, paper in case.optimizers.items():
        optimizer = getattr(model, name)
        assert optimizer.built and int(optimizer.iterations) == 0
        assert type(optimizer) is getattr(keras.optimizers, type(paper).__name__)
        numbers = {key: float(getattr(optimizer, key)) for key in paper._fields}
        assert numbers == pytest.approx(paper._asdict())


def the_config_rebuilds_the_model(case, model):
    config = json.loads(json.dumps(model.get_config()))
    again = type(model).from_config(config)
    assert again.get_config() == model.get_config()
    assert type(again) is type(model)
    shapes = [[(v.name, tuple(v.shape), v.dtype) for v in each.weights] for each in (model, again)]
    assert shapes[0] == shapes[1]


# -- outputs ----------------------------------------------------------------------------------------------------------


def outputs_have_their_shape_and_range(case, model):
    outputs = run(model, case.data(5))
    assert outputs.shape == (5, *case.output)
    assert outputs.dtype == ("uint8" if hasattr(model, "generate") and not case.of_floats else "float32")
    assert np.isfinite(outputs).all()
    if not hasattr(model, "images_from_codes"):
        return
    network, (low, high) = model.generator_network, model.network_range
    assert [tensor.name for tensor in network.inputs] == ["z", *(condition.input for condition in model.conditions)]
    assert network.inputs[0].shape == (None, model.latent_dim)
    z = model.latent_sample(20, seed=1)
    given = [condition.default(1, 0, 20) for condition in model.conditions]
    outputs = np.asarray(network([z, *given] if given else z))
    assert outputs.shape == (20, *case.output) and outputs.dtype == np.float32
    if case.of_floats:  # the same outside of the network, signals at most 1 in size
        limit = 1.0 if case.of_signals else np.inf
        np.testing.assert_array_equal(model.images_from_codes(z), outputs.clip(-limit, limit))
        return
    if getattr(model, "likelihood", None) != "gaussian":  # the means of Gaussians are bounded at the edge only
        assert low <= outputs.min() < outputs.max() <= high
    pixels = np.asarray(model.from_network(outputs))
    assert 0.0 <= pixels.min() < pixels.max() <= 1.0


def wrong_images_are_refused(case, model):
    images, *beside = case.data(4)
    same = images if case.of_floats else np.resize(np.arange(256, dtype="uint8"), (4, *model.image_shape))
    np.testing.assert_array_equal(model.from_network(model.to_network(same), "uint8"), same)
    other = images * 1000.0 if case.of_floats else images.astype("float32")
    for wrong in (images[0], images[:, 1:], other, images.astype("int32")):
        with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
            model.check_data((wrong, *beside))
    if type(model).call is not ZooModel.call and not hasattr(model, "latent_sample"):
        with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
            model(images[:, :7, :7])


# -- training ---------------------------------------------------------------------------------------------------------


def losses_are_those_of_the_paper(case, model):
    if case.losses is None:
        return
    d_loss, g_loss, args = case.losses
    model = case.build(**args) if args else model
    real = model.unpack(case.data(8))
    before = values(model.discriminator.trainable_variables)
    rng = np.random.default_rng(0)
    for variable in model.discriminator.trainable_variables:  # scores on both sides of a hinge
        variable.assign(variable + rng.normal(size=variable.shape))
    with frozen_statistics():
        fake = model.sample_fake(real)
        scores = [np.asarray(model.judge(batch), "float64") for batch in (real, fake)]
        assert np.ptp(scores) > 0.05
        assert float(model.discriminator_loss(real, fake)) == pytest.approx(d_loss(*scores), rel=1e-4)
        assert float(model.generator_loss(real, fake)) == pytest.approx(g_loss(*scores), rel=1e-4)
    for variable, value in zip(model.discriminator.trainable_variables, before.values(), strict=True):
        variable.assign(value)


def a_test_step_changes_nothing(case, model):
    before = state(model)
    logs = model.test_step(case.data(6))
    assert all(np.isfinite(float(value)) for value in logs.values())
    changed = moved(before, state(model))
    own = [key for key in before if "seed" in key]
    # Only the generator of noise for test steps may go on.
    assert set(changed) <= set(own) and len(changed) <= 1


def a_step_moves_what_its_optimizers_train(case, model):
    """Each application of an optimizer changes its own variables, all of them, and no other one."""
    rng = np.random.default_rng(0)
    for variable in model.weights:  # away from the start, where a hinge loss is as if there were no bias
        if variable.trainable:
            variable.assign(variable + 0.5 * rng.standard_normal(variable.shape))
    groups = {name: {id(v): v.path for v in group} for name, group in model.optimized_variables().items()}
    assert set(groups) == set(model.optimizer_names)
    found = {name: [] for name in groups}
    originals = {name: getattr(model, name).apply for name in groups}

    def recording(name):
        def apply(gradients, variables=None, **kwargs):
            before = {id(v): v.numpy().copy() for v in model.weights}
            result = originals[name](gradients, variables, **kwargs)
            after = {id(v): v.numpy() for v in model.weights}
            found[name].append({key for key in before if before[key].tobytes() != after[key].tobytes()})
            return result

        return apply

    for name in groups:
        object.__setattr__(getattr(model, name), "apply", recording(name))
    before = {v.path: v.numpy().copy() for v in model.weights if v.trainable}
    logs = model.train_step(case.data(8))
    for name in groups:
        object.__delattr__(getattr(model, name), "apply")
    assert all(np.isfinite(float(value)) for value in logs.values())
    for name, applications in found.items():
        assert applications, f"{name} was not applied"
        for changed in applications:
            assert changed == set(groups[name]), f"{name}: {changed ^ set(groups[name])}"
    still = {v.path for v in model.weights if v.trainable and v.numpy().tobytes() == before[v.path].tobytes()}
    assert not still, f"trainable weights that no optimizer trains: {still}"


def seeds_fix_weights_noise_and_images(case, model):
    twins = [case.build() for _ in range(2)]
    assert moved(values(twins[0].weights), values(twins[1].weights)) == []
    assert moved(values(twins[0].weights), values(case.build(seed=4).weights)) != []
    data = case.data(6)
    losses = [{key: float(value) for key, value in twin.train_step(data).items()} for twin in twins]
    assert losses[0] == losses[1]
    assert moved(state(twins[0]), state(twins[1])) == []
    if hasattr(model, "generate"):
        whole = model.generate(6, seed=5)
        np.testing.assert_array_equal(model.generate(3, seed=5, start=2), whole[2:5])
        differences = np.abs(model.generate(6, seed=5, batch_size=4).astype("float64") - whole)
        assert differences.max() <= (1e-5 if case.of_floats else 1)
        assert not np.array_equal(model.generate(6, seed=6), whole)


# -- files ------------------------------------------------------------------------------------------------------------


def a_file_holds_all_that_training_needs(case, model, folder):
    path = folder / "model.keras"
    model.save(path)
    loaded = keras_genzoo.load(path)
    assert type(loaded) is type(model)
    assert loaded.get_config() == model.get_config()
    assert [x.tobytes() for x in state(loaded).values()] == [x.tobytes() for x in state(model).values()]
    np.testing.assert_array_equal(run(loaded, case.data(3)), run(model, case.data(3)))
    for each in (model, loaded):  # the one that never stopped, and the one that did
        each.train_step(case.data(4, seed=2))
    assert [x.tobytes() for x in state(loaded).values()] == [x.tobytes() for x in state(model).values()]
    assert all(int(getattr(loaded, name).iterations) > 0 for name in model.optimizer_names)


def a_preset_holds_the_pixels(case, model, folder):
    model.save_to_preset(folder / "preset")
    again = keras_genzoo.build(case.name, weights=folder / "preset", seed=3)
    np.testing.assert_array_equal(run(again, case.data(3)), run(model, case.data(3)))
    config = json.loads((folder / "preset" / "config.json").read_text())
    assert config["model"] == case.name
    assert set(config["args"]) == set(type(model).arguments()) - {"seed", "dtype", "name"}


def a_litert_file_agrees(case, model, folder):
    report = model.export(folder / "model.tflite", format="litert", measure=False)
    assert report.max_error < 1e-3
    if isinstance(type(model).data_kind, ImagePairs):
        assert set(model.directions) <= set(model.export_functions())
