"""The README: its tables are up to date, and its Python code runs."""

import functools
import importlib.util
import re
from pathlib import Path

import pytest

import keras_genzoo
from keras_genzoo import data, presets, registry
from keras_genzoo.metrics import evaluate

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def load_tool(name):
    """A module of the folder `tools`, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


zoo_table = load_tool("zoo_table")


def blocks(language, section=""):
    """The code blocks of a language, in the section of this title or in the whole text."""
    text = TEXT.split(f"\n## {section}\n")[1].split("\n## ")[0] if section else TEXT
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def run(code, names=None):
    names = {"__name__": __name__} if names is None else names
    exec(compile(code, "README.md", "exec"), names)
    return names


@pytest.mark.completeness
def test_tables_are_those_that_cards_and_models_give():
    assert zoo_table.insert_tables(TEXT) == TEXT, "run: python tools/zoo_table.py README.md"


@pytest.mark.completeness
def test_zoo_table_has_a_row_for_each_bundled_preset():
    rows = re.findall(r"^\| `(\w+)` \|", zoo_table.make_table(), flags=re.MULTILINE)
    assert rows == presets.list_presets()


def test_text_without_marks_is_refused():
    with pytest.raises(ValueError, match="Expected the marks"):
        zoo_table.insert_tables("# A page")


def test_first_python_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # The code is run as it stands, on fewer images.
    monkeypatch.setattr(data, "load", functools.partial(data.load, limit=128))
    few = lambda *args, **kwargs: evaluate(*args, **{**kwargs, "num_images": 100})  # noqa: E731
    monkeypatch.setattr(keras_genzoo, "evaluate", few, raising=False)
    run(blocks("python")[0])
    assert "classifier_fid" in capsys.readouterr().out
    assert (tmp_path / "dcgan.tflite").is_file()
    assert (tmp_path / "serving/dcgan/1/saved_model.pb").is_file()


def test_own_model_of_at_most_20_lines_trains_saves_a_preset_and_exports(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(data, "load", functools.partial(data.load, limit=256))
    model_code, use_code = blocks("python", "Your own model")
    code = [line for line in model_code.splitlines() if line and not line.startswith(("import", "from"))]
    assert len(code) <= 20
    names = run(use_code, run(model_code))
    model = names["model"]
    assert type(model) is names["MyGAN"] and (model.model_name, model.units) == ("my_gan", 64)
    assert model.generate(2, seed=0).shape == (2, 8, 8, 1)
    assert "my_gan" in keras_genzoo.list_models()
    assert presets.read_config("my_preset")["model"] == "my_gan"
    assert (tmp_path / "my_gan.tflite").is_file()
    registry.describe.cache_clear()
