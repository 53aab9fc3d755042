"""Presets: stored, checked, fetched, refused; and the ones that come with the package."""

import email.message
import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.error
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import moved, values

import keras_genzoo
from keras_genzoo import plots, presets, recipes, registry
from keras_genzoo.families.generation import grid_columns
from keras_genzoo.presets import bundled, fetching, saving, weight_files
from keras_genzoo.presets import files as preset_files

SIZE = 6 * 10**6  # bytes, at most, of a bundled preset
ALL_SIZES = 80 * 10**6
# of the issue: two models on two data sets, and the classifiers that measure them
NAMES = [f"{model}_{data}" for model in ("classifier", "dcgan", "vae") for data in ("fashion_mnist", "mnist")]

every_preset = pytest.mark.parametrize("name", sorted({*NAMES, *presets.list_presets()}))


def tiny(**args):
    return keras_genzoo.build("dcgan", **{"image_shape": (8, 8, 1), "latent_dim": 3, "base_filters": 4, **args})


@pytest.fixture(scope="module")
def model(digits):
    """A GAN after two steps, so that generator, average and discriminator all differ from their start."""
    model = tiny(seed=1)
    model.fit(digits[0][:32], batch_size=16, verbose=0)
    return model


@pytest.fixture(scope="module")
def stored(model, tmp_path_factory):
    return presets.save_preset(model, tmp_path_factory.mktemp("stored") / "tiny", card={"description": "Tiny."})


@pytest.fixture
def folder(stored, tmp_path):
    """A copy of the preset, to spoil."""
    return Path(shutil.copytree(stored, tmp_path / "tiny"))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of fetched presets, empty."""
    monkeypatch.setenv("KERAS_GENZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "presets"


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def edit(path, **changes):
    """Changes a JSON file of a preset, and its checksum."""
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")
    preset_files.write_metadata(path.parent)


# -- there and back ---------------------------------------------------------------------------------------------------


def test_preset_has_its_five_files(stored, model):
    assert sorted(content(stored)) == ["card.json", "config.json", "metadata.json", "model.weights.h5", "samples.png"]
    assert [path.name for path in stored.parent.iterdir()] == ["tiny"]
    config = presets.read_config(stored)
    assert (config["format_version"], config["model"], config["args"]["latent_dim"]) == (1, "dcgan", 3)
    assert not {"seed", "dtype", "name"} & set(config["args"])
    assert presets.card(stored) == {"description": "Tiny."}


def test_metadata_has_versions_parameters_and_checksums(stored, model):
    metadata = preset_files.read_metadata(stored)
    assert metadata["versions"]["keras"] == keras.__version__
    assert metadata["versions"]["keras_genzoo"] == keras_genzoo.__version__
    assert metadata["parameters"]["generator"] == model.generator.count_params()
    assert metadata["parameters"]["discriminator"] == model.discriminator.count_params()
    assert metadata["parameters"]["total"] == model.count_params()
    assert metadata["parameters"]["inference"] == model.ema_generator.count_params()
    for name, bytes_ in content(stored).items():
        if name != "metadata.json":
            assert metadata["sha256"][name] == hashlib.sha256(bytes_).hexdigest()
    assert set(metadata["sha256"]) == set(content(stored)) - {"metadata.json"}


def test_samples_of_a_preset_are_its_models(stored, tmp_path):
    images = keras_genzoo.build("dcgan", weights=stored).generate(64, seed=0)
    assert (stored / "samples.png").read_bytes() == plots.save_grid(images, tmp_path / "a.png").read_bytes()


def test_generator_average_and_discriminator_are_all_stored(stored, model):
    again = tiny(weights=stored)
    for part in ("generator", "ema_generator", "discriminator"):
        before, after = (values(getattr(item, part).weights) for item in (model, again))
        assert moved(before, after) == [], part
    assert moved(values(model.generator.weights), values(model.ema_generator.weights)) != []
    assert float(again.ema_steps) == 90.0  # so that the average follows a fine-tuning, and is not replaced by it


def datasets(group):
    """`(path, dataset)` of each dataset; unlike `visititems`, also of one that is a link to another."""
    found = []
    for item in group.values():
        found += [(item.name, item)] if isinstance(item, h5py.Dataset) else datasets(item)
    return found


@pytest.mark.parametrize("half_precision", [False, True])
def test_weights_file_holds_no_optimizer_and_no_metric(half_precision, model, tmp_path):
    presets.save_preset(model, tmp_path / "preset", half_precision=half_precision)
    with h5py.File(tmp_path / "preset" / "model.weights.h5") as file:
        found = datasets(file)
        stored = sum(item.size for _, item in found)
        kinds = {str(item.dtype) for _, item in found if item.ndim}
    assert not [name for name, _ in found if "optimizer" in name or "metric" in name or "loss" in name]
    assert stored == sum(int(np.prod(variable.shape)) for variable in model.weights)
    assert kinds == ({"float16"} if half_precision else {"float32"})


def test_half_precision_rounds_once_and_halves_the_file(model, tmp_path):
    big = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=32, seed=0)
    sizes = []
    for half in (False, True):
        presets.save_preset(big, tmp_path / str(half), half_precision=half)
        sizes.append((tmp_path / str(half) / "model.weights.h5").stat().st_size)
    assert sizes[1] < 0.6 * sizes[0]
    again = keras_genzoo.build("dcgan", weights=tmp_path / "True")
    for new, old in zip(again.network_variables, big.network_variables, strict=True):
        assert new.dtype == "float32"
        np.testing.assert_array_equal(new.numpy(), old.numpy().astype("float16").astype("float32"))


def test_half_precision_of_a_bfloat16_model_keeps_what_its_products_see(tmp_path):
    sizes = {}
    for dtype in ("float32", "mixed_bfloat16"):
        model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=32, dtype=dtype, seed=0)
        gamma = next(weight for weight in model.generator.weights if len(weight.shape) == 1)
        gamma.assign(keras.random.normal(gamma.shape, seed=0))
        presets.save_preset(model, tmp_path / dtype, half_precision=True)
        sizes[dtype] = (tmp_path / dtype / "model.weights.h5").stat().st_size
    assert sizes["mixed_bfloat16"] < 0.9 * sizes["float32"]
    again = keras_genzoo.build("dcgan", weights=tmp_path / "mixed_bfloat16")
    rounded = 0
    for new, old in zip(again._flatten_layers(), model._flatten_layers(), strict=True):
        if old.compute_dtype == "bfloat16" and hasattr(old, "kernel"):
            seen = tf.cast(tf.cast(old.kernel, "bfloat16"), "float32")  # by a product
            np.testing.assert_allclose(new.kernel, seen, rtol=0, atol=2.0**-25)  # float16 has no smaller steps
            large = np.abs(seen) > 2.0**-14
            np.testing.assert_array_equal(new.kernel.numpy()[large], seen.numpy()[large])
            rounded += 1
        else:
            for weight, own in zip(new._trainable_variables, old._trainable_variables, strict=True):
                np.testing.assert_array_equal(weight.numpy(), own.numpy().astype("float16").astype("float32"))
    assert rounded > 6


def test_half_precision_takes_layers_that_compute_their_kernel(tmp_path):
    small = dict(image_shape=(16, 16, 1), network="conv", base_filters=4, latent_dim=3, upsampling="nearest")
    model = keras_genzoo.build("r3gan", **small, dtype="mixed_bfloat16", seed=0)
    computed = [layer for layer in model.generator._flatten_layers() if hasattr(layer, "small_kernel")]
    assert computed  # their kernel is no weight
    again = keras_genzoo.build("r3gan", weights=model.save_to_preset(tmp_path / "r3gan", half_precision=True))
    stored = [layer for layer in again.generator._flatten_layers() if hasattr(layer, "small_kernel")]
    for old, new in zip(computed, stored, strict=True):
        np.testing.assert_allclose(new.small_kernel, old.small_kernel, rtol=2.0**-11, atol=1e-7)


def test_half_precision_keeps_codes_apart_that_bfloat16_would_not(tmp_path):
    small = dict(image_shape=(8, 8, 1), base_filters=4, num_codes=16, code_dim=2, prior_filters=4)
    model = keras_genzoo.build("vq_vae", **small, dtype="mixed_bfloat16", seed=0)
    codes = 3.0 + 0.01 * np.random.default_rng(0).normal(size=(16, 2)).astype("float32")
    model.quantizer.codebook.assign(codes)
    presets.save_preset(model, tmp_path / "preset", half_precision=True)
    again = keras_genzoo.build("vq_vae", weights=tmp_path / "preset")
    np.testing.assert_array_equal(again.quantizer.codebook.numpy(), codes.astype("float16").astype("float32"))


def test_averages_only_store_the_averages_once_for_both(model, tmp_path):
    big = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=32, seed=0)
    for weight in big.generator.weights:
        weight.assign(1.37 * weight + 0.01)
    raw, sizes = values(big.generator.weights), []
    for only in (False, True):
        presets.save_preset(big, tmp_path / str(only), averages_only=only)
        sizes.append((tmp_path / str(only) / "model.weights.h5").stat().st_size)
    again = keras_genzoo.build("dcgan", weights=tmp_path / "True")
    assert moved(values(big.generator.weights), raw) == []  # the model itself is as it was
    assert moved(values(again.generator.weights), values(big.ema_generator.weights)) == []
    assert moved(values(again.ema_generator.weights), values(big.ema_generator.weights)) == []
    assert moved(values(again.discriminator.weights), values(big.discriminator.weights)) == []
    generator = sum(weight.numpy().nbytes for weight in big.generator.weights)
    assert sizes[0] - sizes[1] > 0.8 * generator  # compressed by a little


def test_model_without_averages_takes_those_of_its_preset_as_its_networks(model, tmp_path):
    presets.save_preset(model, tmp_path / "preset")
    expected = model.generate(5, seed=0)
    raw = tiny(ema_decay=0.0)
    raw.generator.set_weights(model.generator.get_weights())
    assert (raw.generate(5, seed=0) != expected).any()
    again = tiny(weights=tmp_path / "preset", ema_decay=0.0)
    np.testing.assert_array_equal(again.generate(5, seed=0), expected)
    assert moved(values(again.discriminator.weights), values(model.discriminator.weights)) == []
    done = keras_genzoo.transfer(tmp_path / "preset", ema_decay=0.0)
    np.testing.assert_array_equal(done.model.generate(5, seed=0), expected)


def test_averages_only_of_a_model_without_averages_changes_nothing(tmp_path):
    model = tiny(ema_decay=0.0)
    presets.save_preset(model, tmp_path / "preset", averages_only=True)
    again = tiny(weights=tmp_path / "preset", ema_decay=0.0)
    assert moved(values(again.network_variables), values(model.network_variables)) == []


# 65500 is in the range of float16, and would be 65536 in bfloat16, which is not.
@pytest.mark.parametrize("dtype, shift, error", [("float32", 1e5, 0.0), ("mixed_bfloat16", 65500.0, 2.0**-11)])
def test_weight_too_large_for_half_precision_stays_whole(dtype, shift, error, tmp_path):
    model = tiny(dtype=dtype)
    model.generator.weights[0].assign(model.generator.weights[0] + shift)
    presets.save_preset(model, tmp_path / "preset", half_precision=True)
    again = keras_genzoo.build("dcgan", weights=tmp_path / "preset")
    np.testing.assert_allclose(again.generator.weights[0], model.generator.weights[0], rtol=error)


def test_mixed_precision_model_is_stored_in_full(digits, tmp_path):
    model = tiny(dtype="mixed_bfloat16", seed=2)
    model.fit(digits[0][:16], batch_size=16, verbose=0)
    model.save_to_preset(tmp_path / "preset")
    again = keras_genzoo.build("dcgan", weights=tmp_path / "preset")
    assert again.dtype_policy.name == "float32"
    assert moved(values(model.network_variables), values(again.network_variables)) == []


def test_loaded_preset_can_be_trained_on(stored, digits):
    model = keras_genzoo.build("dcgan", weights=stored, d_steps=2, seed=7, ema_decay=0.5, dtype="mixed_bfloat16")
    assert (model.d_steps, model.seed, model.ema_decay, model.dtype_policy.name) == (2, 7, 0.5, "mixed_bfloat16")
    before = values(model.weights)
    model.fit(digits[0][:16], batch_size=16, verbose=0)
    assert moved(before, values(model.weights)) != []


def test_weights_file_alone_loads_into_a_model_of_the_same_arguments(stored, model):
    again = tiny(weights=str(stored / "model.weights.h5"))
    assert moved(values(model.network_variables), values(again.network_variables)) == []


def test_seed_of_a_loaded_model_is_the_one_asked_for(stored):
    models = [keras_genzoo.build("dcgan", weights=stored, seed=seed) for seed in (3, 3, 4)]
    states = [model.seed_generator.state.numpy().tolist() for model in models]
    assert states[0] == states[1] != states[2]


def test_update_of_a_card_renews_its_checksum(folder):
    presets.update_card(folder, {"metrics": {"ssim": {"value": np.float32(0.5)}}})
    preset_files.verify(folder)
    assert presets.card(folder) == {"description": "Tiny.", "metrics": {"ssim": {"value": 0.5}}}


# -- damage and contradiction -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model.weights.h5", "card.json", "config.json", "samples.png"])
def test_changed_file_is_refused_by_its_checksum(name, folder):
    data = bytearray((folder / name).read_bytes())
    position = len(data) // 2 if name != "config.json" else data.index(b"3")
    data[position] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ValueError, match=f"Expected {name} of the preset tiny with sha256 .*Received: sha256"):
        keras_genzoo.build("dcgan", weights=folder)


@pytest.mark.parametrize("name", ["model.weights.h5", "card.json", "samples.png", "metadata.json", "config.json"])
def test_missing_file_is_named(name, folder):
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"Expected the file {name} in the preset.*Received: no such file"):
        keras_genzoo.build("dcgan", weights=folder)


def test_checksum_of_the_weights_is_required(folder):
    metadata = preset_files.read_metadata(folder)
    del metadata["sha256"]["model.weights.h5"]
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    with pytest.raises(ValueError, match="Expected the sha256 of model.weights.h5"):
        keras_genzoo.build("dcgan", weights=folder)


@pytest.mark.parametrize("fraction", [0.0, 0.05, 0.3, 0.6, 0.95])
def test_truncated_weights_with_a_right_checksum_are_refused(fraction, folder):
    weights = folder / "model.weights.h5"
    data = weights.read_bytes()
    weights.write_bytes(data[: int(fraction * len(data))])
    preset_files.write_metadata(folder)
    with pytest.raises(ValueError, match="Expected model.weights.h5 to be a whole weight file of this dcgan"):
        keras_genzoo.build("dcgan", weights=folder)


@pytest.mark.parametrize("position", [0.02, 0.2, 0.5, 0.8])
def test_overwritten_weights_with_a_right_checksum_change_nothing_or_are_refused(position, folder):
    weights = folder / "model.weights.h5"
    data = weights.read_bytes()
    start = int(position * len(data))
    weights.write_bytes(data[:start] + b"\xff" * 400 + data[start + 400 :])
    model = tiny()
    before = values(model.weights)
    try:
        weight_files.load_weights(model, weights)
    except ValueError as error:
        assert "Expected model.weights.h5 to be a whole weight file" in str(error)
        assert moved(before, values(model.weights)) == []


def test_weights_of_another_architecture_are_refused_and_leave_the_model_as_it_was(stored):
    other = tiny(base_filters=8)
    before = values(other.weights)
    with pytest.raises(ValueError, match="Expected model.weights.h5 to be a whole weight file of this dcgan") as caught:
        weight_files.load_weights(other, stored / "model.weights.h5")
    assert moved(before, values(other.weights)) == []
    assert "\n" not in str(caught.value)


def test_failure_halfway_leaves_the_model_as_it_was(folder):
    with h5py.File(folder / "model.weights.h5", "a") as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        del file[names[-1]]
    model = tiny()
    before = values(model.weights)
    with pytest.raises(ValueError, match="whole weight file"):
        weight_files.load_weights(model, folder / "model.weights.h5")
    assert moved(before, values(model.weights)) == []


def test_newer_format_is_refused_with_advice(folder):
    edit(folder / "config.json", format_version=preset_files.FORMAT_VERSION + 1, keras_genzoo="9.0.0")
    with pytest.raises(ValueError, match="update keras_genzoo.* Received: format 2, written by keras_genzoo 9.0.0"):
        keras_genzoo.build("dcgan", weights=folder)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '"dcgan"', "\udcff"])
def test_broken_config_is_refused(text, folder):
    (folder / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match="Expected (JSON|keys and values) in config.json. Received"):
        keras_genzoo.build("dcgan", weights=folder)


def test_config_without_a_model_is_refused(folder):
    (folder / "config.json").write_text('{"format_version": 1}', encoding="utf-8")
    with pytest.raises(ValueError, match="Expected config.json with 'model' and 'args'. Received: format_version"):
        keras_genzoo.build("dcgan", weights=folder)


def test_config_with_an_argument_that_no_one_takes_is_refused(folder):
    edit(folder / "config.json", args={**presets.read_config(folder)["args"], "latnt_dim": 3})
    with pytest.raises(ValueError, match="did you mean 'latent_dim'"):
        keras_genzoo.build("dcgan", weights=folder)


def test_preset_of_another_model_is_refused(folder):
    with pytest.raises(ValueError, match="Expected a preset of vae. Received: .*a preset of dcgan"):
        keras_genzoo.build("vae", weights=folder)


@pytest.mark.parametrize("args", [{"latent_dim": 4}, {"image_shape": (16, 16, 1)}, {"base_filters": 8}])
def test_argument_that_contradicts_the_preset_is_refused(args, stored):
    ((key, value),) = args.items()
    with pytest.raises(ValueError, match=rf"Expected {key}=.*, as in the preset .*Received: {key}="):
        keras_genzoo.build("dcgan", weights=stored, **args)


def test_argument_newer_than_the_preset_is_refused_by_name(folder):
    args = presets.read_config(folder)["args"]
    edit(folder / "config.json", args={key: value for key, value in args.items() if key != "minibatch_stddev"})
    assert keras_genzoo.build("dcgan", weights=folder, minibatch_stddev=False).minibatch_stddev is False
    sentence = "Expected minibatch_stddev=False, as in the preset .*Received: minibatch_stddev=True"
    with pytest.raises(ValueError, match=sentence):
        keras_genzoo.build("dcgan", weights=folder, minibatch_stddev=True)


def test_argument_that_equals_the_presets_is_taken(stored):
    assert keras_genzoo.build("dcgan", weights=stored, latent_dim=3, image_shape=(8, 8, 1)).latent_dim == 3


def test_misspelled_preset_is_refused_with_the_nearest(monkeypatch, stored, tmp_path):
    shutil.copytree(stored, tmp_path / "dcgan_tiny")
    monkeypatch.setattr(bundled, "_BUNDLED", tmp_path)
    with pytest.raises(
        ValueError, match="presets of dcgan: dcgan_tiny; did you mean 'dcgan_tiny'.* Received: 'dcgn_tiny'"
    ):
        keras_genzoo.build("dcgan", weights="dcgn_tiny")
    with pytest.raises(ValueError, match="did you mean 'dcgan_tiny'"):
        presets.card("dcgan_tinny")
    with pytest.raises(ValueError, match="did you mean 'dcgan'"):
        presets.list_presets("dcgn")


def test_folder_that_is_no_preset_is_told_from_a_missing_one(tmp_path, monkeypatch):
    (tmp_path / "Mine").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("Mine", str(tmp_path / "Mine")):
        with pytest.raises(ValueError, match=f"this folder has no config.json. Received: '{name}'"):
            keras_genzoo.from_preset(name)
    with pytest.raises(ValueError, match="there is no such file or folder. Received: 'Mine/Other'"):
        keras_genzoo.from_preset("Mine/Other")


@pytest.mark.parametrize("weights", ["", "none.weights.h5", "no/such/folder", "ftp://example.org/a"])
def test_weights_that_are_nowhere_are_refused(weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=f"Expected weights as a preset's name.* Received: '{weights}'"):
        keras_genzoo.build("dcgan", weights=weights)


def test_preset_is_found_with_and_without_its_models_name(monkeypatch, stored, tmp_path):
    shutil.copytree(stored, tmp_path / "dcgan_tiny")
    monkeypatch.setattr(bundled, "_BUNDLED", tmp_path)
    assert presets.list_presets() == presets.list_presets("dcgan") == ["dcgan_tiny"]
    assert presets.list_presets("vae") == []
    for name in ("tiny", "dcgan_tiny"):
        assert bundled.locate("dcgan", name) == tmp_path / "dcgan_tiny"
    with pytest.raises(ValueError, match="presets of vae: none"):
        bundled.locate("vae", "tiny")


def test_presets_are_listed_and_found_by_name_without_reading_them(monkeypatch):
    def read(path):
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr(bundled, "read_json", read)
    monkeypatch.setattr(preset_files, "read_json", read)
    assert presets.list_presets("vae") == ["vae_fashion_mnist", "vae_mnist"]
    assert bundled.locate("vae", "mnist") == bundled.locate("vae", "vae_mnist") == presets.bundled_folder("vae_mnist")


def test_bundled_presets_stay_with_their_models_whatever_is_registered(monkeypatch, stored, tmp_path):
    cls = type("Other", (type(tiny()),), {"__module__": "other"})
    monkeypatch.setattr(registry, "_registered", {})
    registry.register("dcgan_fashion", cls)
    assert presets.list_presets("dcgan_fashion") == []
    assert presets.list_presets("dcgan") == ["dcgan_fashion_mnist", "dcgan_mnist"]


# -- saving -----------------------------------------------------------------------------------------------------------


def test_existing_preset_is_replaced_only_when_asked(folder, model):
    before = content(folder)
    with pytest.raises(ValueError, match="Expected a new or empty folder, or overwrite=True"):
        presets.save_preset(model, folder)
    assert content(folder) == before
    presets.save_preset(model, folder, card={"new": 1}, overwrite=True)
    assert presets.card(folder) == {"new": 1}
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_empty_folder_is_taken(model, tmp_path):
    (tmp_path / "new").mkdir()
    preset_files.verify(presets.save_preset(model, tmp_path / "new"))


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_nothing_but_a_preset_is_overwritten(kind, model, tmp_path):
    target = tmp_path / "mine"
    if kind == "folder":
        target.mkdir()
        (target / "thesis.txt").write_text("years of work", encoding="utf-8")
    else:
        target.write_text("years of work", encoding="utf-8")
    before = content(tmp_path)
    with pytest.raises(ValueError, match="Expected a preset to overwrite: nothing else is deleted"):
        presets.save_preset(model, target, overwrite=True)
    assert content(tmp_path) == before


@pytest.mark.parametrize("step", ["write_weights", "write_json", "write_metadata"])
@pytest.mark.parametrize("exists", [True, False])
def test_full_disk_leaves_the_old_preset_whole(step, exists, model, folder, monkeypatch):
    before = content(folder)

    def fail(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(saving, step, fail)
    with pytest.raises(OSError, match="No space left"):
        presets.save_preset(model, folder if exists else folder.parent / "new", overwrite=exists)
    assert content(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_disk_that_is_really_full_is_an_os_error_and_leaves_the_old_preset(folder):
    """The limit of the size of a file acts like a full disk, in the code that writes, however deep it lies."""
    import resource

    model = tiny(base_filters=32)
    before = content(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
        with pytest.raises(OSError, match="tiny could not be written .*; what was there is unchanged"):
            presets.save_preset(model, folder, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert content(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


# -- addresses --------------------------------------------------------------------------------------------------------


class Server:
    """Answers for `urlopen`: a dict of bytes by address; counts what is asked."""

    def __init__(self, files, cut=None):
        self.files, self.cut, self.asked = files, cut, []

    def __call__(self, request, timeout):
        self.asked.append(request.full_url)
        if request.full_url not in self.files:
            raise urllib.error.HTTPError(request.full_url, 404, "Not Found", email.message.Message(), None)
        data = self.files[request.full_url]
        response = io.BytesIO(data[: len(data) // 2] if request.full_url == self.cut else data)
        response.headers = email.message.Message()
        response.headers["Content-Length"] = str(len(data))
        return response


@pytest.fixture
def serve(monkeypatch, cache):
    def start(files, cut=None):
        server = Server(files, cut)
        monkeypatch.setattr("urllib.request.urlopen", server)
        return server

    return start


URL = "https://example.org/zoo/tiny"


def folder_files(stored):
    return {f"{URL}/{name}": data for name, data in content(stored).items()}


def zip_files(stored, drop=()):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, data in content(stored).items():
            if name not in drop:
                file.writestr(f"tiny/{name}", data)
        file.writestr("../escaped.txt", "out")
        file.writestr("tiny/other.py", "more")
    return {f"{URL}.zip": archive.getvalue()}


def weights_files(stored):
    return {f"{URL}.weights.h5": (stored / "model.weights.h5").read_bytes()}


KINDS = {
    "folder": (URL, folder_files),
    "zip": (f"{URL}.zip", zip_files),
    "weights": (f"{URL}.weights.h5", weights_files),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_preset_is_fetched_once_and_then_read_from_the_cache(kind, serve, stored, model, cache):
    url, files = KINDS[kind]
    server = serve(files(stored))
    for _ in range(2):
        again = tiny(weights=url)
        assert moved(values(model.network_variables), values(again.network_variables)) == []
    assert len(server.asked) == len(set(server.asked)) == (5 if kind == "folder" else 1)
    assert len(list(cache.iterdir())) == 1
    assert not list(cache.parent.rglob("escaped.txt")) + list(cache.parent.rglob("other.py"))


@every_kind
def test_download_that_breaks_off_leaves_nothing_in_the_cache(kind, serve, stored, cache):
    url, files = KINDS[kind]
    cut = url if kind != "folder" else f"{url}/model.weights.h5"
    serve(files(stored), cut=cut)
    with pytest.raises(ValueError, match=rf"Expected to fetch all \d+ bytes of {cut}. Received: \d+ bytes"):
        tiny(weights=url)
    assert list(cache.iterdir()) == []


@every_kind
def test_missing_address_leaves_nothing_in_the_cache(kind, serve, cache):
    serve({})
    with pytest.raises(ValueError, match=f"Expected to fetch {URL}.*Received: HTTP Error 404"):
        tiny(weights=KINDS[kind][0])
    assert list(cache.iterdir()) == []


@every_kind
@pytest.mark.parametrize("before", ["nothing", "damaged"])
def test_two_downloads_at_once_leave_one_whole_preset(kind, before, serve, stored, cache, monkeypatch):
    """Both have downloaded all files before either moves them into the cache."""
    url, files = KINDS[kind]
    serve(files(stored))
    if before == "damaged":
        path = fetching.fetch(url)
        damaged = path / "model.weights.h5" if path.is_dir() else path
        damaged.unlink()
    both = threading.Barrier(2, timeout=20)
    move, replace = fetching._move, os.replace
    monkeypatch.setattr(fetching, "_move", lambda *paths: both.wait() >= 0 and move(*paths))
    if kind == "weights":
        monkeypatch.setattr(fetching.os, "replace", lambda *paths: both.wait() >= 0 and replace(*paths))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(fetching.fetch, [url, url])
    assert first == second
    assert [path for path in cache.iterdir() if not path.name.startswith(".")] == [first]
    weights = first / "model.weights.h5" if first.is_dir() else first
    assert weights.read_bytes() == (stored / "model.weights.h5").read_bytes()


def test_fetched_preset_with_a_wrong_checksum_leaves_nothing_in_the_cache(serve, stored, cache):
    files = folder_files(stored)
    files[f"{URL}/model.weights.h5"] = files[f"{URL}/model.weights.h5"][:-1] + b"x"
    serve(files)
    with pytest.raises(ValueError, match="with sha256"):
        tiny(weights=URL)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("drop", ["metadata.json", "model.weights.h5", "config.json"])
def test_fetched_zip_without_a_file_leaves_nothing_in_the_cache(drop, serve, stored, cache):
    serve(zip_files(stored, {drop}))
    with pytest.raises(ValueError, match=f"Expected the file {drop} in the preset"):
        tiny(weights=f"{URL}.zip")
    assert list(cache.iterdir()) == []


def test_fetched_zip_that_is_none_leaves_nothing_in_the_cache(serve, cache):
    serve({f"{URL}.zip": b"<html>not found</html>"})
    with pytest.raises(ValueError, match="Expected a whole zip of a preset"):
        tiny(weights=f"{URL}.zip")
    assert list(cache.iterdir()) == []


def test_fetched_folder_may_lack_samples(serve, folder, model):
    (folder / "samples.png").unlink()  # as a classifier's
    preset_files.write_metadata(folder)
    serve(folder_files(folder))
    assert moved(values(model.network_variables), values(tiny(weights=URL).network_variables)) == []


def test_unsecured_address_is_refused(serve):
    server = serve({})
    with pytest.raises(ValueError, match="https://"):
        tiny(weights="http://example.org/tiny.zip")
    assert server.asked == []


def test_hub_without_its_package_is_a_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ValueError, match=r"Expected huggingface_hub .*pip install 'keras-genzoo\[hub\]'"):
        keras_genzoo.build("dcgan", weights="hf://owner/tiny")


def test_preset_comes_from_the_hub(monkeypatch, stored, model):
    class Hub:
        @staticmethod
        def snapshot_download(repository):
            if repository != "owner/tiny":
                raise RuntimeError("Repository Not Found\nmore")
            return str(stored)

    monkeypatch.setitem(sys.modules, "huggingface_hub", Hub)
    again = keras_genzoo.build("dcgan", weights="hf://owner/tiny")
    assert moved(values(model.network_variables), values(again.network_variables)) == []
    with pytest.raises(ValueError, match="Expected to fetch hf://owner/none. Received: Repository Not Found$"):
        keras_genzoo.build("dcgan", weights="hf://owner/none")


# -- the bundled ones -------------------------------------------------------------------------------------------------


@every_preset
def test_bundled_preset_is_there_whole_and_small(name):
    assert name in presets.list_presets()
    folder = presets.bundled_folder(name)
    preset_files.verify(folder)
    assert sum(len(data) for data in content(folder).values()) <= SIZE


@every_preset
def test_bundled_card_states_data_licence_seed_and_time(name):
    card = presets.card(name)
    recipe = keras_genzoo.load_recipe(name)
    assert card["name"] == name and card["model"] == recipe.model
    assert card["data"] == {"title": recipe.data.title, "license": recipe.data.license}
    assert all(card["data"].values()) and card["hardware"]
    assert (card["seed"], card["epochs"]) == (recipe.seed, recipe.epochs)
    assert card["wall_time_seconds"] > 0


@every_preset
def test_bundled_card_is_that_of_the_recipe(name):
    """All that decides a training is as in the bundled recipe; where the images were read from may differ."""
    # A preset that is older than some key of a recipe, or some argument, means its default.
    stored = recipes.Recipe.from_dict(presets.card(name)["recipe"]).to_dict()
    recipe = keras_genzoo.load_recipe(name).to_dict()
    for values_ in (stored, recipe):
        where = ("source", "source_b", "data_dir")
        values_["data"] = {key: value for key, value in values_["data"].items() if key not in where}
    if recipe["dtype"] == "auto":  # the card holds what it stood for on the machine
        assert stored["dtype"] in recipes.DTYPES and stored["dtype"] != "auto"
        recipe["dtype"] = stored["dtype"]
    declared = registry.describe(recipe["model"]).arguments
    later = {key: declared[key].default for key in recipe["args"]}
    stored["args"] = {**later, **stored["args"]}
    if "dataset_size" not in recipe["args"]:  # that of the data
        stored["args"].pop("dataset_size", None)
    assert stored == recipe
    args = {**later, **presets.stored_arguments(recipe["model"], name)}
    assert {key: args[key] for key in recipe["args"]} == recipe["args"]


@every_preset
def test_bundled_card_has_every_metric_of_its_recipe_with_its_protocol(name):
    metrics, evaluation = presets.card(name)["metrics"], keras_genzoo.load_recipe(name).evaluation
    assert set(metrics) >= set(evaluation.metrics) and metrics
    for key, result in metrics.items():
        assert np.isfinite(result["value"]), key
        protocol = result["protocol"]
        assert {"data", "split", "seed"} <= set(protocol)
        assert ("n_fake" if key.startswith("gan_test") else "n_real") in protocol
        if key in ("classifier_fid", "kernel_distance", "precision", "recall", "density", "coverage"):
            assert (protocol["n_real"], protocol["n_fake"]) == (evaluation.num_images, evaluation.num_images)
            assert protocol["features"] == evaluation.features
            classifier = presets.card(f"classifier_{evaluation.features}")
            assert protocol["classifier_accuracy"] == pytest.approx(classifier["metrics"]["accuracy"]["value"])
            assert np.isfinite(result["floor"]["value"])


@every_preset
def test_bundled_files_name_no_folder_of_the_machine_that_made_them(name):
    for file, data in content(presets.bundled_folder(name)).items():
        if file.endswith(".json"):
            assert not [
                word for word in ("/home/", "/root/", "/work/", "/tmp/", "\\\\") if word in data.decode("utf-8")
            ]


@every_preset
def test_bundled_preset_builds_and_draws_its_samples(name, tmp_path):
    model = keras_genzoo.build(presets.read_config(presets.bundled_folder(name))["model"], weights=name)
    assert model.compiled
    if hasattr(model, "generate"):
        from PIL import Image

        columns = grid_columns(model)
        drawn = plots.save_grid(model.generate(8 * columns, seed=0), tmp_path / "a.png", columns)
        with Image.open(drawn) as new, Image.open(presets.bundled_folder(name) / "samples.png") as old:
            assert new.size == old.size and new.mode == old.mode
            difference = np.abs(np.asarray(new, int) - np.asarray(old, int))
        assert difference.mean() < 0.5  # of 255: other processors round otherwise


@pytest.mark.parametrize(
    ("name", "accuracy", "num"),
    [("classifier_mnist", 0.994, 10_000), ("classifier_fashion_mnist", 0.93, 10_000), ("classifier_emoji", 0.85, 1342)],
)
def test_bundled_classifier_is_as_accurate_as_promised(name, accuracy, num):
    result = presets.card(name)["metrics"]["accuracy"]
    assert result["value"] >= accuracy
    assert (result["protocol"]["n_real"], result["protocol"]["split"]) == (num, "test")


def test_all_bundled_weights_together_are_small():
    total = sum(len(data) for data in content(presets.bundled_folder("")).values())
    assert total < ALL_SIZES


def test_names_and_cards_are_read_without_tensorflow(stored):
    code = f"""
import sys
from keras_genzoo import presets
from keras_genzoo.presets import files as preset_files
presets.list_presets()
presets.card({str(stored)!r}), preset_files.verify({str(stored)!r}), preset_files.read_metadata({str(stored)!r})
print([name for name in ("tensorflow", "keras") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
