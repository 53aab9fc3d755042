"""Training, once for each kind of step: who owns it, optimizers, data, layers. See `cases.step_kind`."""

import keras
import numpy as np
import pytest
from cases import CASES, cases_with, for_cases, for_kinds, moved, run, state, step_kind, uses, values

import keras_genzoo
from keras_genzoo.families import ZooModel

for_every_step = for_kinds(step_kind)
OPTIONS = dict(batch_size=4, shuffle=False, verbose=0)
SIZES = [(9, 13, 3), (30, 50, 1)]


def family(case):
    """The class of a model right above `ZooModel`, and the kind of its networks."""
    cls = case.model_class
    return cls.__mro__[cls.__mro__.index(ZooModel) - 1], case.args.get("network")


def arrays(found):
    """The values of `state` in order: names differ between copies of a model in one process."""
    return [array.tobytes() for array in found.values()]


@for_every_step
def test_compiled_fit_repeats_with_validation_and_after_loading_bit_for_bit(case, tmp_path):
    alone, validated = case.build_small(), case.build_small()
    histories = [alone.fit(*case.small_data(5, seed=step), **OPTIONS).history for step in (0, 1)]
    pair = (*case.small_data(5, seed=2), None)[:2]  # a short last batch, there and in training
    for step, history in enumerate(histories):
        logs = validated.fit(*case.small_data(5, seed=step), validation_data=pair, **OPTIONS).history
        assert {name: logs[name] for name in history} == history
        assert set(logs) == {f"{prefix}{name}" for prefix in ("", "val_") for name in alone.trackers}
        assert np.isfinite(list(logs.values())).all()
    assert moved(values(alone.weights), values(validated.weights)) == []
    alone.save(tmp_path / "model.keras")
    loaded = keras_genzoo.load(tmp_path / "model.keras")
    for each in (alone, loaded):  # the one that never stopped, and the one that did
        each.fit(*case.small_data(5, seed=3), **OPTIONS)
    assert arrays(state(loaded)) == arrays(state(alone))
    assert {int(getattr(alone, name).iterations) for name in alone.optimizer_names} == {6}


def test_losses_are_means_over_images_where_the_last_batch_is_short(digits):
    model = keras_genzoo.build("autoencoder", image_shape=(8, 8, 1), base_filters=4, seed=0)
    images = digits[0][:33]
    whole, first, last = (
        model.evaluate(each, batch_size=32, verbose=0, return_dict=True)["loss"]
        for each in (images, images[:32], images[32:])
    )
    assert first != pytest.approx(last, rel=0.01)
    assert whole == pytest.approx((32 * first + last) / 33, rel=1e-5)


@for_every_step
def test_noise_of_a_step_depends_on_the_random_states_alone(case):
    runs = []
    for seed in (3, 4):
        model = case.build_small()
        for variable in model.variables:  # the same initial weights: only the noise of the steps differs
            if variable.name == "seed_generator_state":
                variable.assign([seed, 0])
        runs.append({key: float(value) for key, value in model.train_step(case.small_data(6)).items()})
    states = [variable.numpy().tolist() for variable in model.variables if variable.name == "seed_generator_state"]
    draws_noise = any(state != [seed, 0] for state in states)
    assert (runs[0] != runs[1]) == draws_noise


@pytest.mark.parametrize("image_shape", SIZES, ids=str)
@for_every_step
def test_any_image_size_trains_and_gives_output(case, image_shape):
    model = case.build(image_shape=image_shape)
    data = case.data(4, image_shape=image_shape)
    logs = model.train_step(data)
    assert all(np.isfinite(float(value)) for value in logs.values())
    outputs = run(model, data)
    assert outputs.shape == (4, *(image_shape if len(case.output) == 3 else case.output))
    assert np.isfinite(outputs).all()


@for_kinds(family)
def test_the_largest_image_size_builds(case):
    shape = (256, 256, 3)
    tiny = case.with_effect({"base_filters": 1}) if uses("base_filters")(case) else {}
    tiny = {key: value for key, value in tiny.items() if key == "base_filters"}
    outputs = run(case.build(image_shape=shape, **tiny), case.data(1, image_shape=shape))
    assert outputs.shape == (1, *(shape if len(case.output) == 3 else case.output))


# -- precision --------------------------------------------------------------------------------------------------------


@for_every_step
def test_half_precision_trains_and_its_file_loads(case, tmp_path):
    model = case.build_small(dtype="mixed_float16")
    before = values(model.weights)
    logs = model.fit(*case.small_data(4), batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(list(logs.values())).all()
    assert moved(before, values(model.weights)) != []
    assert all(np.isfinite(value).all() for value in values(model.weights).values())
    assert {variable.dtype for variable in model.weights} == {"float32"}
    model.save(tmp_path / "model.keras")
    loaded = keras_genzoo.load(tmp_path / "model.keras")
    for name in model.optimizer_names:
        for optimizer in (getattr(model, name), getattr(loaded, name)):
            assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
            assert not isinstance(optimizer.inner_optimizer, keras.optimizers.LossScaleOptimizer)
    assert loaded.dtype_policy.name == "mixed_float16"
    assert arrays(state(loaded)) == arrays(state(model))
    assert np.isfinite(run(model, case.small_data(3))).all()


@for_every_step
def test_float32_copy_equals_the_model(case):
    model = case.build(dtype="mixed_bfloat16")
    logs = model.train_step(case.data(4))
    assert np.isfinite([float(value) for value in logs.values()]).all()
    assert {variable.dtype for variable in model.weights} == {"float32"}
    optimizers = [getattr(model, name) for name in model.optimizer_names]
    assert not any(isinstance(optimizer, keras.optimizers.LossScaleOptimizer) for optimizer in optimizers)
    copy = model.float32_copy()
    assert copy.dtype_policy.name == "float32"
    assert all(layer.compute_dtype == "float32" for layer in copy._flatten_layers())
    assert moved(values(model.network_variables), values(copy.network_variables)) == []
    plain = case.build()
    for variable, value in zip(plain.weights, model.weights, strict=True):
        variable.assign(value)
    np.testing.assert_array_equal(run(copy, case.data(3)), run(plain, case.data(3)))


@for_every_step
def test_float16_gradients_are_unscaled(case):
    changes = {key: value for key, value in {"dropout": 0.0, "d_steps": 1}.items() if uses(key)(case)}
    steps = {}
    for dtype in ("float32", "mixed_float16"):
        optimizers = {name: keras.optimizers.SGD(0.1) for name in case.model_class.optimizer_names}
        if dtype == "mixed_float16":  # a scale at which a sum over pixels does not overflow, so that no step is skipped
            optimizers = {key: keras.optimizers.LossScaleOptimizer(value, 64.0) for key, value in optimizers.items()}
        model = case.build(optimizers, dtype=dtype, **changes)
        before = {name: values(group) for name, group in model.optimized_variables().items()}
        model.train_step(case.data(16))
        after = {name: values(group) for name, group in model.optimized_variables().items()}
        steps[dtype] = {
            name: np.concatenate([(after[name][key] - before[name][key]).ravel() for key in before[name]])
            for name in before
        }
    for name, full in steps["float32"].items():
        half = steps["mixed_float16"][name]
        assert np.linalg.norm(full) > 0
        assert np.linalg.norm(half) == pytest.approx(np.linalg.norm(full), rel=0.03)
        # A wrong scale shows in the norm; directions differ by what float16 rounds.
        assert full @ half > 0.97 * np.linalg.norm(full) * np.linalg.norm(half)


# -- optimizers -------------------------------------------------------------------------------------------------------


@for_every_step
def test_optimizers_are_names_configs_or_objects_and_come_back_from_a_file(case, tmp_path):
    names = case.model_class.optimizer_names
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)
    for chosen in ("sgd", keras.optimizers.serialize(keras.optimizers.SGD(0.5, momentum=0.9))):
        model = case.build_small(optimizers=dict.fromkeys(names, chosen))
        for name in names:
            assert isinstance(getattr(model, name), keras.optimizers.SGD)
            assert float(getattr(model, name).learning_rate) == pytest.approx(0.01 if chosen == "sgd" else 0.5)
    model.compile(**{name: keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True) for name in names})
    model.train_step(case.small_data(2))
    model.save(tmp_path / "model.keras")
    loaded = keras_genzoo.load(tmp_path / "model.keras")
    for each in (model, loaded):
        each.train_step(case.small_data(2, seed=1))
    assert arrays(state(loaded)) == arrays(state(model))
    assert all(getattr(loaded, name).get_config() == getattr(model, name).get_config() for name in names)
    before = values(model.weights)
    model.compile()  # starts the optimizers anew and keeps the weights
    assert moved(before, values(model.weights)) == []
    assert all(int(getattr(model, name).iterations) == 0 for name in names)


@for_every_step
def test_what_compile_does_not_take_is_refused(case, built):
    model = built(case)
    first, *_ = names = case.model_class.optimizer_names
    for args, named in (((), {"loss": "mse"}), (("sgd",) * (len(names) + 1), {}), (("sgd",), {first: "adam"})):
        with pytest.raises(ValueError, match=f"Expected the optimizers {', '.join(names)}, .* Received: {len(args)} "):
            model.compile(*args, **named)


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before compile", "after compile"])
def test_frozen_layers_rest_and_are_frozen_in_a_file(when, tmp_path):
    (case,) = [case for case in CASES if str(case) == "dcgan"]
    model = case.build_small()
    frozen = [model.discriminator, *model.generator.layers[:3]]
    for layer in frozen:
        layer.trainable = False
    if when == "before compile":
        model.compile()
    before = [values(layer.weights) for layer in frozen]
    weights = values(model.generator.weights)
    model.fit(*case.small_data(4), **OPTIONS)
    assert [moved(old, values(layer.weights)) for old, layer in zip(before, frozen, strict=True)] == [[]] * len(frozen)
    assert moved(weights, values(model.generator.weights)) != []
    model.save(tmp_path / "model.keras")
    loaded = keras_genzoo.load(tmp_path / "model.keras")
    assert not loaded.discriminator.trainable
    assert [layer.trainable for layer in loaded.generator.layers] == [
        layer.trainable for layer in model.generator.layers
    ]
    for each in (model, loaded):
        each.fit(*case.small_data(4, seed=1), **OPTIONS)
    assert arrays(state(loaded)) == arrays(state(model))


@for_every_step
def test_a_weights_file_restores_outputs_and_optimizers(case, tmp_path):
    model, other = case.build(), case.build(seed=9)
    model.train_step(case.data(4))
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    assert arrays(values(other.weights)) == arrays(values(model.weights))
    np.testing.assert_array_equal(run(other, case.data(3)), run(model, case.data(3)))
    for name in model.optimizer_names:
        mine, its = (values(getattr(each, name).variables) for each in (model, other))
        assert arrays(mine) == arrays(its)


@for_cases(cases_with("generator_network", such_that=lambda case: case.variant in ("", "conv_bernoulli", "conv")))
def test_using_a_model_adds_nothing_to_its_file(case, tmp_path):
    model = case.build()
    sizes = []
    for name in ("before", "after"):
        model.save_weights(tmp_path / f"{name}.weights.h5")
        sizes.append((tmp_path / f"{name}.weights.h5").stat().st_size)
        model.generate(2, seed=0)
        model.generator_network  # noqa: B018  (built when it is first asked for)
    assert sizes[0] == sizes[1]
