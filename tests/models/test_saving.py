"""Files: `.keras` files of a bare Keras, damaged files, and files of earlier versions."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from cases import CASES, run

import keras_genzoo
from keras_genzoo.layers import BatchNormalization, InstanceNormalization, SpectralNormalization

ONE_OF_EACH = [case for index, case in enumerate(CASES) if case.name not in [each.name for each in CASES[:index]]]
(CASE,) = [case for case in CASES if str(case) == "dcgan"]


def test_models_that_are_not_compiled_are_saved_and_arguments_of_earlier_names_load(tmp_path):
    cls = keras_genzoo.building.model_class("vae")
    model = cls(image_shape=(8, 8, 1), network="mlp", hidden_units=(4,), latent_dim=2, reconstruction_weight=3.0)
    model.save(tmp_path / "model.keras")
    loaded = keras_genzoo.load(tmp_path / "model.keras")
    assert not loaded.compiled
    for mine, its in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), its.numpy())
    config = model.get_config()
    old = {**{key: value for key, value in config.items() if key != "reconstruction_weight"}, "alpha": 3.0}
    assert cls.from_config(old).get_config() == config
    assert keras_genzoo.Recipe("vae", args={"alpha": 3.0}).args == {"reconstruction_weight": 3.0}


def test_keras_loads_every_model_once_the_package_is_imported(tmp_path):
    jobs = []
    for case in ONE_OF_EACH:
        model, path = case.build(), tmp_path / f"{case}.keras"
        model.save(path)
        weights = {f"weight_{i}": weight.numpy() for i, weight in enumerate(model.weights)}
        np.savez(tmp_path / f"{case}.npz", data=case.data(2)[0], output=run(model, case.data(2)), **weights)
        jobs.append(str(tmp_path / str(case)))
    script = """
import json, sys
import keras_genzoo
import keras, numpy as np
assert not [name for name in sys.modules if name.startswith("keras_genzoo.models")]
for stem in json.loads(sys.argv[1]):
    model, saved = keras.saving.load_model(stem + ".keras"), np.load(stem + ".npz")
    made = model.generate(2, seed=7) if hasattr(model, "generate") else np.asarray(model(saved["data"]))
    for index, weight in enumerate(model.weights):
        np.testing.assert_array_equal(weight.numpy(), saved[f"weight_{index}"])
    # Kernels of oneDNN round differently in another process: by the last bit, which may be a grey level.
    np.testing.assert_allclose(made.astype("float64"), saved["output"], atol=1.0 if made.dtype == "uint8" else 1e-6)
    assert type(model).__module__.startswith("keras_genzoo.models.")
"""
    done = subprocess.run([sys.executable, "-c", script, json.dumps(jobs)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_keras_loads_layers_and_models_of_a_package_that_is_imported_after_it(tmp_path):
    inputs = keras.Input((8, 8, 2))
    x = SpectralNormalization(keras.layers.Conv2D(3, 3))(inputs)
    keras.Model(inputs, InstanceNormalization()(BatchNormalization()(x))).save(tmp_path / "layers.keras")
    CASE.build().save(tmp_path / "model.keras")
    script = """
import sys, keras
import keras_genzoo
layers, model = (keras.saving.load_model(f"{sys.argv[1]}/{name}.keras") for name in ("layers", "model"))
assert type(layers.layers[2]) is keras_genzoo.layers.BatchNormalization
assert type(model).__name__ == "DCGAN" and model.compiled
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    CASE.build().save(path)
    return path


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.99])
def test_truncated_file_is_refused(saved, tmp_path, keep):
    content = saved.read_bytes()
    (tmp_path / "cut.keras").write_bytes(content[: int(keep * len(content))])
    with pytest.raises(ValueError, match=r"(?s)Expected a whole .keras file.*Received: .*cut.keras"):
        keras_genzoo.load(tmp_path / "cut.keras")


@pytest.mark.parametrize("position", [0.2, 0.5, 0.8])
def test_damaged_file_is_refused(saved, tmp_path, position):
    content = bytearray(saved.read_bytes())
    first = int(position * len(content))
    for index in range(first, first + 64):
        content[index] ^= 0xFF
    (tmp_path / "damaged.keras").write_bytes(content)
    with pytest.raises(ValueError, match=r"(?s)Expected a whole .keras file.*Received: .*damaged.keras"):
        keras_genzoo.load(tmp_path / "damaged.keras")


def test_files_of_other_kinds_are_refused(tmp_path):
    (tmp_path / "text.keras").write_text("no model")
    np.savez(tmp_path / "arrays.npz", a=np.zeros(3))
    (tmp_path / "folder.keras").mkdir()
    for name in ("text.keras", "arrays.npz", "folder.keras", "missing.keras"):
        with pytest.raises(ValueError, match=rf"(?s)Expected a whole .keras file.*Received: .*{name}"):
            keras_genzoo.load(tmp_path / name)


def test_path_may_be_a_string(saved):
    assert keras_genzoo.load(str(saved)).model_name == CASE.name


# -- layers that a user changes in place -------------------------------------------------------------------------------


def test_generated_images_follow_a_layer_with_lora_and_its_file_loads(tmp_path):
    model = CASE.build()
    before, z = model.generate(3, seed=0), model.latent_sample(3, seed=0)
    (dense,) = [layer for layer in model.ema_generator.layers if isinstance(layer, keras.layers.Dense)]
    dense.enable_lora(2)
    dense.lora_kernel_b.assign(dense.lora_kernel_b + 9.0)
    after = model.generate(3, seed=0)
    assert not np.array_equal(after, before)
    np.testing.assert_array_equal(after, model.from_network(model.ema_generator(z), "uint8"))
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras_genzoo.load(tmp_path / "model.keras").generate(3, seed=0), after)


def test_layers_with_lora_train_without_an_average():
    for decay in (0.9, 0.0):
        model = CASE.build_small(ema_decay=decay)
        dense = next(layer for layer in model.generator.layers if isinstance(layer, keras.layers.Dense))
        dense.enable_lora(2)
        kernel, other = dense._kernel.numpy(), dense.lora_kernel_b.numpy()
        model.compile()
        if decay:
            with pytest.raises(ValueError, match="Expected as many weights of generator as of its average: give"):
                model.train_step(CASE.small_data(2))
            continue
        model.train_step(CASE.small_data(2))
        np.testing.assert_array_equal(dense._kernel.numpy(), kernel)
        assert not np.array_equal(dense.lora_kernel_b.numpy(), other)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a .quantize. method")
def test_quantized_layers_are_refused_and_nothing_is_written(tmp_path):
    model = CASE.build()
    with pytest.raises(ValueError, match=r"Expected model.export\(.*int8.*Received: quantize\('int8'\)"):
        model.quantize("int8")
    model.generator.quantize("int8")
    for save, name in ((model.save, "model.keras"), (model.save_weights, "model.weights.h5")):
        with pytest.raises(ValueError, match="Expected layers that are not quantized.*Received: .*quantized"):
            save(tmp_path / name)
    assert [*tmp_path.iterdir()] == []


def test_a_file_that_could_not_be_loaded_is_not_written(tmp_path):
    for name in ("model.h5", "model"):
        with pytest.raises(ValueError, match=r"Expected a path that ends in .keras .*Received: '.*model(.h5)?'"):
            CASE.build().save(tmp_path / name)
    assert [*tmp_path.iterdir()] == []


def test_one_object_is_no_optimizer_for_two_networks():
    adam = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="a new optimizer for each of .* Received: the same object twice"):
        CASE.build().compile(adam, adam)
    CASE.build().compile("adam", "adam")


def test_optimizer_of_another_model_is_refused():
    model, others = CASE.build(), (keras.optimizers.Adam(), keras.optimizers.SGD())
    model.compile(*others)
    model.compile(*others)  # the same weights
    frozen, whole = model.optimized_variables(), CASE.build()
    with pytest.raises(ValueError, match="Expected a new optimizer as .*_optimizer.* Received: one of other weights"):
        whole.compile(*others)
    assert set(whole.optimizer_names) == set(frozen) and None not in [getattr(whole, name) for name in frozen]
    (model.layers[0].layers or model.layers)[-1].trainable = False
    model.compile(*others)  # some of their weights


def test_summary_tells_the_average_from_the_generator_and_counts_all_weights():
    model, lines = CASE.build(), []
    model.summary(print_fn=lines.append, line_length=150)
    text = "\n".join(map(str, lines))
    assert text.count(" generator (Functional)") == text.count(" ema_generator (Functional)") == 1
    optimizers = sum(variable.value.shape.num_elements() for variable in model.optimizer.variables)
    trained = model.generator.count_params() + model.discriminator.count_params()
    assert f"Total params: {CASE.params + optimizers:,} " in text
    assert f"Optimizer params: {optimizers:,} " in text
    assert model.ema_generator.count_params() + trained + 1 == CASE.params  # one for the count of steps
