"""`keras-genzoo play`: the page is served to this machine until Ctrl-C."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

import keras_genzoo
from keras_genzoo import presets


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=3, base_filters=4, seed=0)
    return presets.save_preset(model, tmp_path_factory.mktemp("play") / "preset")


def test_page_is_served_until_ctrl_c_and_its_folder_removed(preset, tmp_path):
    command = [sys.executable, "-m", "keras_genzoo", "play", str(preset), "--no-open"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as running:
        address = next(found for line in running.stdout if (found := re.search(r"http://127.0.0.1:\d+/", line)))[0]
        with urllib.request.urlopen(f"{address}model.json") as answer:
            assert b'"model": "dcgan"' in answer.read()
        assert any(tmp_path.iterdir())
        running.send_signal(signal.SIGINT)
        assert running.wait() == 0, running.stderr.read()
    assert not any(path.name.startswith("keras_genzoo_") for path in tmp_path.iterdir())


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
