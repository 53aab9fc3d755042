"""`keras-genzoo play`: the page is served to this machine until Ctrl-C."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import keras
import pytest

import keras_genzoo
from keras_genzoo import latent, presets


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=3, base_filters=4, seed=0)
    return presets.save_preset(model, tmp_path_factory.mktemp("play") / "preset")


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """A file of a Keras classifier of how light the left and the right half are, by probabilities."""
    inputs = keras.Input((8, 8, 1))
    halves = keras.layers.AveragePooling2D((8, 4))(inputs)
    outputs = keras.layers.Softmax()(keras.layers.Flatten()(halves))
    path = tmp_path_factory.mktemp("classifier") / "halves.keras"
    keras.Model(inputs, outputs).save(path)
    return path


def test_page_is_served_until_ctrl_c_and_its_folder_removed(preset, classifier, tmp_path):
    found = tmp_path / "found.npz"
    latent.save_directions(found, keras_genzoo.build("dcgan", weights=preset), {"width": [1, 0, 0]})
    command = [sys.executable, "-m", "keras_genzoo", "play", str(preset), "--no-open", "--directions", str(found)]
    command += ["--edit-classes", str(classifier), "--probabilities"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as running:
        address = next(found for line in running.stdout if (found := re.search(r"http://127.0.0.1:\d+/", line)))[0]
        with urllib.request.urlopen(f"{address}model.json") as answer:
            manifest = json.loads(answer.read())
        names = [[each["name"] for each in group["sliders"]] for group in manifest["walks"]]
        assert manifest["model"] == "dcgan" and names == [["width"], ["0", "1"]]
        assert any(tmp_path.iterdir())
        running.send_signal(signal.SIGINT)
        assert running.wait() == 0, running.stderr.read()
    assert not any(path.name.startswith("keras_genzoo_") for path in tmp_path.iterdir())


def test_directions_that_do_not_fit_are_refused_before_a_page_is_written(command, preset, here):
    other = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=3, base_filters=4, seed=1)
    latent.save_directions("other.npz", other, {"width": [1, 0, 0]})
    latent.save_directions("own.npz", keras_genzoo.build("dcgan", weights=preset), {"width": [1, 0, 0]})
    before = sorted(here.iterdir())
    for options, sentence in {
        ("--directions", "other.npz"): "Received: those of another model, dcgan with other weights, in 'other.npz'",
        (
            "--directions",
            "own.npz",
            "--directions",
            "./own.npz",
        ): "Expected each direction once. Received: 'width' again",
        ("--directions", "none.npz"): "Expected --directions as a file. Received: 'none.npz', which is not there",
        ("--probabilities",): "Expected --edit-classes with --probabilities",
    }.items():
        code, _, err = command("export", preset, "--format", "web", "--out", "page", *options)
        assert code == 2 and sentence in err and sorted(here.iterdir()) == before
    code, _, err = command("play", preset, "--no-open", "--directions", "other.npz")
    assert code == 2 and "those of another model" in err
    code, _, err = command("export", preset, "--out", "a.tflite", "--directions", "own.npz")
    assert code == 2 and "Expected --directions with the format web. Received: --format litert" in err
    options = ("--format", "web", "--out", "page", "--edit-classes", "classifier_mnist")
    code, _, err = command("export", "cgan_mnist", *options)
    assert code == 2 and "Expected a model without labels with --edit-classes" in err and not (here / "page").exists()


def test_a_port_that_is_taken_is_refused(command, preset, here):
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = command("play", preset, "--no-open", "--port", port)
    assert code == 2 and f"Expected a free --port, or 0. Received: --port {port}" in err


def test_a_model_without_a_page_is_refused(command, here):
    code, _, err = command("play", "vq_vae", "--no-open")
    assert code == 2 and re.search("Error: Expected .*page", err)
