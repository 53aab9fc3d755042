"""The cache of downloads: its folder, and one download at a time."""

import subprocess
import sys
import threading

from keras_genzoo.utils.cache import cache_folder, one_at_a_time


def test_cache_is_where_the_variable_says(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_GENZOO_CACHE", str(tmp_path / "mine"))
    assert cache_folder("presets") == tmp_path / "mine" / "presets"
    assert cache_folder("presets").is_dir()


def test_same_name_is_downloaded_by_one_thread_at_a_time_and_another_name_beside_it(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_GENZOO_CACHE", str(tmp_path))
    entered, order = threading.Event(), []

    def second():
        entered.set()
        with one_at_a_time("tfds:mnist/3.0"):
            order.append("second")

    thread = threading.Thread(target=second)
    with one_at_a_time("tfds:mnist/3.0"), one_at_a_time("other"):
        thread.start()
        assert entered.wait(10)
        thread.join(0.2)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_process_that_is_killed_leaves_the_download_to_others(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_GENZOO_CACHE", str(tmp_path))
    code = """
import os
from keras_genzoo.utils.cache import one_at_a_time
with one_at_a_time("mnist"):
    os._exit(7)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 7
    with one_at_a_time("mnist"):
        pass


def test_cache_that_cannot_be_written_stops_no_download(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_GENZOO_CACHE", str(tmp_path / "file"))
    with one_at_a_time("mnist"):
        pass
