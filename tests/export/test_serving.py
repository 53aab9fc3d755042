"""What a server finds: version folders that appear whole, warm-up requests, a manifest, and graphs in bfloat16."""

import builtins
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from exports import Stub, half, shaken

import keras_genzoo
from keras_genzoo.export import ExportError, parity, versions, warmup
from keras_genzoo.families.exporting import ExportFunction

predict_protos = pytest.mark.skipif(
    not warmup.wanted(None), reason="tensorflow-serving-api is not installed: pip install 'keras-genzoo[serving]'"
)


@pytest.fixture(scope="module")
def dcgan():
    return shaken(keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4, seed=0), scale=0.01)


@pytest.fixture
def stub():
    """A model whose export is fast."""
    return Stub(half)


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def in_version(report, file):
    return Path(report.path, file)


# -- versions ---------------------------------------------------------------------------------------------------------


def test_folder_of_a_model_gets_the_next_free_version(stub, tmp_path):
    folder = tmp_path / "serving" / "dcgan"
    reports = [stub.export(folder, warmup=False) for _ in range(2)]
    assert [report.version for report in reports] == [1, 2] and names(folder) == ["1", "2"]
    assert reports[1].path == str(folder / "2")
    stub.export(folder / "9", warmup=False)
    (folder / "notes.txt").write_text("beside versions, other files are left alone")
    assert stub.export(folder, warmup=False).version == 10  # a number, not a text: 10 is above 9
    assert versions.newest(folder) == folder / "10" == versions.newest(folder / "10")


def test_overwrite_in_the_folder_of_a_model_renews_its_newest_version(stub, tmp_path):
    for _ in range(2):
        stub.export(tmp_path / "dcgan", warmup=False)
    first = tmp_path / "dcgan" / "1" / "saved_model.pb"
    before = first.stat().st_mtime_ns
    report = stub.export(tmp_path / "dcgan", overwrite=True, image_dtype="uint8", warmup=False)
    assert report.version == 2 and names(tmp_path / "dcgan") == ["1", "2"]
    assert json.loads(in_version(report, "genzoo.json").read_text())["image_dtype"] == "uint8"
    assert first.stat().st_mtime_ns == before
    assert stub.export(tmp_path / "new", overwrite=True, warmup=False).version == 1


def test_path_of_a_version_is_that_version(stub, tmp_path, monkeypatch):
    assert stub.export(tmp_path / "dcgan" / "7", warmup=False).version == 7
    with pytest.raises(FileExistsError, match="overwrite=True"):
        stub.export(tmp_path / "dcgan" / "7", warmup=False)
    monkeypatch.chdir(tmp_path / "dcgan")
    report = stub.export("8", warmup=False)
    assert (report.path, report.version) == ("8", 8)
    assert stub.export(".", warmup=False).path == "9" and names(".") == ["7", "8", "9"]


@pytest.mark.parametrize("name", ["1a", "v1", "-1", "1.0", "²", "٣"])
def test_only_whole_numbers_are_versions(name, tmp_path):
    (tmp_path / name).mkdir()
    assert versions.versions(tmp_path) == {} and versions.version_of(tmp_path / name) is None


def test_folder_that_is_a_saved_model_or_a_file_takes_no_versions(stub, tmp_path):
    report = stub.export(tmp_path / "1", warmup=False)
    shutil.copytree(report.path, tmp_path / "flat")
    with pytest.raises(FileExistsError, match="Expected the folder of a model.*which holds a SavedModel itself"):
        stub.export(tmp_path / "flat", overwrite=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError, match="which is a file"):
        stub.export(tmp_path / "file")
    assert not [path for path in names(tmp_path) if path.startswith(".")]


def test_server_that_polls_never_sees_half_a_version(stub, tmp_path, monkeypatch):
    """At every file that is opened and every step of the export, each version in the folder is whole."""
    folder = tmp_path / "dcgan"
    complete = stub.export(folder, warmup=False).files
    seen = []

    def poll():
        for number, path in versions.versions(folder).items():
            files = {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()}
            assert files == set(complete), number
        seen.append(tuple(versions.versions(folder)))

    def polled(function):
        def call(*args, **kwargs):
            poll()
            try:
                return function(*args, **kwargs)
            finally:
                poll()

        return call

    for module, name in ((builtins, "open"), (os, "rename"), (tf.saved_model, "save"), (tf.saved_model, "load")):
        monkeypatch.setattr(module, name, polled(getattr(module, name)))
    stub.export(folder, warmup=False)
    stub.export(folder, overwrite=True, warmup=False)
    monkeypatch.undo()
    assert (1,) in seen and (1, 2) in seen and names(folder) == ["1", "2"]


@pytest.mark.parametrize("stage", ["save", "load", "manifest", "rename"])
def test_crash_half_way_leaves_the_versions_as_they_were(stub, tmp_path, monkeypatch, stage):
    folder = tmp_path / "dcgan"
    stub.export(folder, warmup=False)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def crash(*args, **kwargs):
        raise KeyboardInterrupt

    targets = {
        "save": (tf.saved_model, "save"),
        "load": (tf.saved_model, "load"),
        "manifest": (json, "dumps"),
        "rename": (os, "rename"),
    }
    for overwrite in (False, True):
        with monkeypatch.context() as patch:
            patch.setattr(*targets[stage], crash)
            with pytest.raises(KeyboardInterrupt):
                stub.export(folder, overwrite=overwrite, warmup=False)
            with pytest.raises(KeyboardInterrupt):
                stub.export(tmp_path / "new" / "model", warmup=False)
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
        assert names(tmp_path) == ["dcgan"] and names(folder) == ["1"]


def test_version_of_another_export_that_came_first_is_not_replaced(stub, tmp_path, monkeypatch):
    folder, save = tmp_path / "dcgan", tf.saved_model.save

    def slow(*args, **kwargs):
        save(*args, **kwargs)
        (folder / "1").mkdir()
        (folder / "1" / "saved_model.pb").write_text("theirs")

    monkeypatch.setattr(tf.saved_model, "save", slow)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        stub.export(folder, warmup=False)
    assert names(folder) == ["1"] and (folder / "1" / "saved_model.pb").read_text() == "theirs"


def test_leftovers_of_a_killed_export_do_no_harm(stub, tmp_path):
    (tmp_path / "dcgan" / ".1.0a1b2c3d.tmp").mkdir(parents=True)
    assert stub.export(tmp_path / "dcgan", warmup=False).version == 1


# -- warm-up ----------------------------------------------------------------------------------------------------------


@predict_protos
def test_warmup_requests_repeat_and_can_be_left_out(dcgan, tmp_path):
    reports = [dcgan.export(tmp_path / "a" / name, warmup=value) for name, value in (("1", None), ("2", True))]
    files = [in_version(report, warmup.WARMUP_FILE).read_bytes() for report in reports]
    assert files[0] == files[1] and reports[0].warmup_requests == 10
    without = dcgan.export(tmp_path / "a", warmup=False)
    assert without.warmup_requests == 0 and not in_version(without, "assets.extra").exists()


def test_warmup_without_the_package_is_asked_for_in_vain(dcgan, tmp_path, monkeypatch):
    monkeypatch.setattr(warmup.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"keras-genzoo\[serving\]"):
        dcgan.export(tmp_path / "dcgan", warmup=True)
    assert names(tmp_path) == []
    assert dcgan.export(tmp_path / "dcgan").warmup_requests == 0
    with pytest.raises(ValueError, match="Expected warmup to be True, False or None. Received: warmup=1"):
        dcgan.export(tmp_path / "dcgan", warmup=1)


# -- signatures -------------------------------------------------------------------------------------------------------


def test_inputs_that_a_signature_cannot_serve_are_named(tmp_path):
    model = keras_genzoo.build("cgan", image_shape=(8, 8, 1), num_classes=3, latent_dim=4, base_filters=4)
    loaded = tf.saved_model.load(model.export(tmp_path / "cgan", warmup=False).path)
    numbers = {"seed": tf.constant(0, tf.int64), "num": tf.constant(2), "start": tf.constant(0, tf.int64)}
    for name in ("generate", "generate_png"):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Expected labels in 0\.\.2"):
            loaded.signatures[name](**numbers, label=tf.constant([3]))
    codes = {"z": tf.zeros((1, 4)), "z_end": tf.ones((1, 4))}
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Expected labels in 0\.\.2"):
        loaded.signatures["interpolate"](**codes, steps=tf.constant(2), label=tf.constant([-1]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected steps of at least 2"):
        loaded.signatures["interpolate"](**codes, steps=tf.constant(1), label=tf.constant([1]))


def test_a_chain_without_steps_is_refused(tmp_path):
    model = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=4, generation_steps=2)
    loaded = tf.saved_model.load(model.export(tmp_path / "rbm", warmup=False).path)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected steps of at least 1"):
        loaded.signatures["gibbs"](image=tf.zeros((1, 8, 8, 1)), seed=tf.constant(0, tf.int64), steps=tf.constant(0))


def test_functions_with_scalars_files_or_random_numbers_are_not_portable():
    portable = {}
    for name, args in (("dcgan", {}), ("rbm", {"hidden_units": 3}), ("cyclegan", {"num_blocks": 0})):
        functions = keras_genzoo.build(name, image_shape=(8, 8, 1), **args).export_functions()
        portable[name] = {key for key, function in functions.items() if function.portable}
    assert portable == {
        "dcgan": {"serving_default"},
        "rbm": {"serving_default", "free_energy", "reconstruct", "impute"},
        "cyclegan": {"serving_default", "translate", "a_to_b", "b_to_a"},
    }
    assert ExportFunction(len, {}, ()).portable


# -- manifest ---------------------------------------------------------------------------------------------------------


def test_preset_of_another_model_is_refused(dcgan, tmp_path):
    with pytest.raises(ValueError, match="Expected a preset of dcgan. Received: preset='cgan_mnist'"):
        dcgan.export(tmp_path / "dcgan", preset="cgan_mnist")
    with pytest.raises(ValueError, match="Expected preset as the name or folder of a preset. Received: preset=3"):
        dcgan.export(tmp_path / "dcgan", preset=3)
    assert names(tmp_path) == []


def test_manifest_repeats_byte_for_byte(dcgan, tmp_path):
    reports = [dcgan.export(tmp_path / name, warmup=False) for name in ("a", "a", "b")]
    assert len({in_version(report, "genzoo.json").read_bytes() for report in reports}) == 1


# -- precision --------------------------------------------------------------------------------------------------------


def test_bfloat16_is_refused_where_nothing_would_change(tmp_path):
    model = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=3, generation_steps=2)
    with pytest.raises(ExportError, match="Expected precision='float32': nothing in rbm is computed in bfloat16"):
        model.export(tmp_path / "rbm", precision="bfloat16")
    with pytest.raises(ValueError, match="Expected precision to be one of 'float32', 'bfloat16'. Received: .*'int8'"):
        model.export(tmp_path / "rbm", precision="int8")
    assert names(tmp_path) == []


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_copy_has_the_weights_under_the_other_policy(dcgan, dtype):
    copy = dcgan.copy_as(dtype)
    assert copy is not dcgan and copy.dtype_policy.name == dtype and not copy.compiled
    for new, old in zip(copy.network_variables, dcgan.network_variables, strict=True):
        assert new.dtype == "float32" and new.numpy().tobytes() == old.numpy().tobytes()
    outputs = [np.asarray(model.generator_network(np.ones((1, 4), "float32"))) for model in (dcgan, copy)]
    assert (np.abs(outputs[0] - outputs[1]).max() == 0.0) == (dtype == "float32")


def test_bfloat16_export_is_held_to_its_tolerance(dcgan, tmp_path):
    with pytest.raises(ExportError, match="agree with Keras within 1e-05 .* maximal error"):
        dcgan.export(tmp_path / "dcgan", precision="bfloat16", tolerance=1e-5)
    assert names(tmp_path) == []


def test_mean_error_has_a_tolerance_of_its_own(dcgan):
    function = dcgan.export_functions()["serving_default"]

    def grey(inputs):
        return {"image": np.asarray(function.function(**inputs)["image"]) + np.float32(0.02)}

    assert parity.check("serving_default", function, grey, 4, 0.1).mean_error == pytest.approx(0.02, rel=1e-3)
    with pytest.raises(ExportError, match="within 0.01 .* on average. Received: a mean error of 0.02"):
        parity.check("serving_default", function, grey, 4, 0.1, mean_tolerance=0.01)


def test_model_that_trains_in_bfloat16_leaves_in_float32(tmp_path):
    model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=4, dtype="mixed_bfloat16")
    report = model.export(tmp_path / "dcgan", warmup=False)
    assert report.precision == "float32" and report.parity["serving_default"].max_error < 1e-5
