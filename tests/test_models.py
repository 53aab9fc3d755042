"""What every model gives: outputs, sizes, configuration, precision."""

import json

import keras
import numpy as np
import pytest
from cases import CASES, cases_with, for_cases, for_every_case, moved, run, state, uses, values

import keras_genzoo

SIZES = [(8, 8, 1), (9, 13, 3), (28, 28, 1), (30, 50, 3)]


def test_every_model_has_a_row():
    assert sorted({case.name for case in CASES}) == keras_genzoo.list_models()
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("name", keras_genzoo.list_models())
def test_rows_of_a_model_cover_all_its_arguments(name):
    covered = {key for case in CASES if case.name == name for key in case.args}
    (cls,) = {case.model_class for case in CASES if case.name == name}
    assert covered | {"name", "dtype"} == set(cls.argument_names())


@for_every_case
def test_parameter_count_is_pinned(case, built):
    assert built(case).count_params() == case.params


@for_every_case
def test_output_has_shape_and_dtype_and_is_finite(case, built):
    outputs = run(built(case), case.data(5))
    assert outputs.shape == (5, *case.output)
    assert outputs.dtype == ("uint8" if hasattr(case.model_class, "generate") else "float32")
    assert np.isfinite(outputs).all()


@for_cases(cases_with("generator_network"))
def test_generator_network_stays_in_its_range(case, built):
    model = built(case)
    low, high = model.network_range
    labels = np.arange(20) % model.num_classes if model.takes_labels else None
    outputs = np.asarray(model.generator_network(model.with_labels(model.latent_sample(20, seed=1), labels)))
    assert outputs.shape == (20, *case.output)
    assert outputs.dtype == np.float32
    if getattr(model, "likelihood", None) != "gaussian":  # the means of Gaussians are bounded at the edge only
        assert low <= outputs.min() < outputs.max() <= high
    pixels = np.asarray(model.from_network(outputs))
    assert 0.0 <= pixels.min() < pixels.max() <= 1.0


@for_cases(cases_with("generator_network"))
def test_generator_network_names_its_inputs(case, built):
    network = built(case).generator_network
    assert [tensor.name for tensor in network.inputs] == (["z", "label"] if built(case).takes_labels else ["z"])
    assert network.inputs[0].shape == (None, built(case).latent_dim)


@pytest.mark.parametrize("image_shape", SIZES, ids=str)
@for_every_case
def test_any_image_size_trains_and_gives_output(case, image_shape):
    model = case.build(image_shape=image_shape)
    data = case.data(2, image_shape=image_shape)
    logs = model.train_step(data)
    assert all(np.isfinite(float(value)) for value in logs.values())
    outputs = run(model, data)
    assert outputs.shape == (2, *(image_shape if len(case.output) == 3 else case.output))
    assert np.isfinite(outputs).all()


@for_every_case
def test_the_largest_image_size_builds(case):
    shape = (256, 256, 3)
    tiny = {"base_filters": 1} if uses("base_filters")(case) else {}
    outputs = run(case.build(image_shape=shape, **tiny), case.data(1, image_shape=shape))
    assert outputs.shape == (1, *(shape if len(case.output) == 3 else case.output))


@for_every_case
def test_config_rebuilds_the_model(case):
    model = case.build(name="other", dtype="mixed_bfloat16")
    config = json.loads(json.dumps(model.get_config()))
    assert config["dtype"] == "mixed_bfloat16"
    assert config["name"] == "other"
    again = case.model_class.from_config(config)
    assert again.get_config() == model.get_config()
    assert type(again) is type(model)
    shapes = [(variable.name, tuple(variable.shape), variable.dtype) for variable in model.weights]
    assert [(variable.name, tuple(variable.shape), variable.dtype) for variable in again.weights] == shapes
    layers = [type(layer).__name__ for layer in model._flatten_layers()]
    assert [type(layer).__name__ for layer in again._flatten_layers()] == layers


@for_every_case
def test_config_holds_the_arguments_given(case, built):
    config = built(case).get_config()
    assert {key: config[key] for key in case.args} == case.args


@for_every_case
def test_seed_fixes_the_first_weights(case):
    first = values(case.build().weights)
    assert moved(first, values(case.build().weights)) == []
    assert moved(first, values(case.build(seed=4).weights)) != []


@for_every_case
def test_model_says_its_registry_name(case, built):
    assert built(case).model_name == case.name


@for_every_case
def test_float32_copy_equals_the_model(case):
    model = case.build(dtype="mixed_bfloat16")
    model.train_step(case.data(4))
    copy = model.float32_copy()
    assert copy.dtype_policy.name == "float32"
    assert all(layer.compute_dtype == "float32" for layer in copy._flatten_layers())
    assert moved(values(model.network_variables), values(copy.network_variables)) == []
    plain = case.build()
    for variable, value in zip(plain.weights, model.weights, strict=True):
        variable.assign(value)
    np.testing.assert_array_equal(run(copy, case.data(3)), run(plain, case.data(3)))


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
@for_every_case
def test_mixed_precision_trains(case, dtype):
    model = case.build(dtype=dtype)
    before = values(model.weights)
    history = model.fit(*case.data(4), batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert moved(before, values(model.weights)) != []
    assert all(np.isfinite(value).all() for value in values(model.weights).values())
    assert {variable.dtype for variable in model.weights} == {"float32"}
    for name in model.optimizer_names:
        scaled = isinstance(getattr(model, name), keras.optimizers.LossScaleOptimizer)
        assert scaled == (dtype == "mixed_float16")
    assert run(model, case.data(3)).shape == (3, *case.output)


@for_every_case
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
        assert full @ half > 0.99 * np.linalg.norm(full) * np.linalg.norm(half)


@for_every_case
def test_optimizers_are_built_by_compile(case):
    model = case.build()
    assert set(model.optimized_variables()) == set(model.optimizer_names)
    for name in model.optimizer_names:
        assert getattr(model, name).built
        assert int(getattr(model, name).iterations) == 0


@for_every_case
def test_an_optimizer_can_be_a_name_or_a_config(case):
    for chosen in ("sgd", keras.optimizers.serialize(keras.optimizers.SGD(0.5, momentum=0.9))):
        model = case.build(dict.fromkeys(case.model_class.optimizer_names, chosen))
        for name in model.optimizer_names:
            optimizer = getattr(model, name)
            assert isinstance(optimizer, keras.optimizers.SGD)
            assert float(optimizer.learning_rate) == pytest.approx(0.01 if chosen == "sgd" else 0.5)


@for_every_case
def test_what_compile_does_not_take_is_refused(case):
    model = case.build()
    first, *_ = names = case.model_class.optimizer_names
    for args, named in (((), {"loss": "mse"}), (("sgd",) * (len(names) + 1), {}), (("sgd",), {first: "adam"})):
        with pytest.raises(ValueError, match=f"Expected the optimizers {', '.join(names)}, .* Received: {len(args)} "):
            model.compile(*args, **named)


@for_every_case
def test_recompiling_starts_the_optimizers_anew_and_keeps_the_weights(case):
    model = case.build()
    model.train_step(case.data(2))
    before = values(model.weights)
    model.compile()
    assert moved(before, values(model.weights)) == []
    assert all(int(getattr(model, name).iterations) == 0 for name in model.optimizer_names)
    assert len(state(model)) == len(state(case.build()))
