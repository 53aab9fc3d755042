"""Settings of Keras for the whole process: models, presets and exports are the same under any of them."""

import keras
import numpy as np
import pytest
from cases import CASES, for_kinds, moved, run, step_kind, values

import keras_genzoo
from keras_genzoo.utils.keras_settings import POLICIES

CASE = next(case for case in CASES if case.name == "dcgan")


@pytest.fixture
def other_settings():
    """Function that changes all settings; they are as before after the test."""
    names = ("image_data_format", "floatx", "epsilon", "dtype_policy")
    before = {name: getattr(keras.config, name)() for name in names}

    def change(**settings):
        for name, value in settings.items():
            getattr(keras.config, f"set_{name}")(value)
        keras.config.disable_traceback_filtering()

    yield change
    change(**before)
    keras.config.enable_traceback_filtering()


OTHERS = dict(image_data_format="channels_first", floatx="float16", epsilon=0.1, dtype_policy="float64")


@for_kinds(step_kind)
def test_model_and_its_step_are_the_same_under_other_settings(case, other_settings):
    made = []
    for settings in ({}, OTHERS):
        other_settings(**settings)
        keras.utils.clear_session()
        model = case.build_small()
        logs = {name: float(value) for name, value in model.train_step(case.small_data(4)).items()}
        made.append((values(model.weights), logs, run(model, case.small_data(3))))
    (weights, logs, images), (its_weights, its_logs, its_images) = made
    assert moved(weights, its_weights) == []
    assert its_logs == logs
    np.testing.assert_array_equal(its_images, images)
    assert {name: getattr(keras.config, name)() for name in ("image_data_format", "floatx", "epsilon")} == {
        name: value for name, value in OTHERS.items() if name != "dtype_policy"
    }


@pytest.mark.parametrize("preset", ["dcgan_mnist", "cyclegan_emoji", "vae_mnist", "classifier_mnist"])
def test_preset_loads_under_other_settings(preset, other_settings):
    name = preset.split("_")[0]
    other_settings(**OTHERS)
    model = keras_genzoo.build(name, weights=preset)
    before = values(model.network_variables)
    other_settings(image_data_format="channels_last", floatx="float32", dtype_policy="float32")
    assert moved(values(keras_genzoo.build(name, weights=preset).network_variables), before) == []


def test_lite_rt_file_is_the_same_under_other_settings(other_settings, tmp_path):
    model = CASE.build_small()
    for name in ("before", "after"):
        model.export(tmp_path / f"{name}.tflite", format="litert", measure=False)
        other_settings(**OTHERS)
    sizes = {(tmp_path / f"{name}.tflite").stat().st_size for name in ("before", "after")}
    assert len(sizes) == 1


def test_policy_of_keras_holds_where_none_is_given(other_settings):
    for policy in (*POLICIES, "float64", "bfloat16"):
        other_settings(dtype_policy=policy)
        assert CASE.build_small().dtype_policy.name == (policy if policy in POLICIES else "float32")
        assert CASE.build_small(dtype="float32").dtype_policy.name == "float32"
    policy = keras.DTypePolicy("mixed_bfloat16")
    assert CASE.build_small(dtype=policy).dtype_policy.name == "mixed_bfloat16"


@pytest.mark.parametrize("dtype", ["float64", "float16", "int8", "half"])
def test_other_policies_are_refused(dtype):
    with pytest.raises(ValueError, match=f"Expected dtype to be one of float32, .*Received: dtype='{dtype}'"):
        CASE.build_small(dtype=dtype)
