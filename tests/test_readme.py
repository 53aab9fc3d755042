"""The README says what is true: its table is that of the cards, and its code runs."""

import re
from pathlib import Path

import pytest

from keras_genzoo import presets, zoo_table

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


def test_tables_are_those_that_cards_and_models_give():
    assert zoo_table.insert_tables(TEXT) == TEXT, "run: python -m keras_genzoo.zoo_table README.md"


def test_zoo_table_has_a_row_for_each_bundled_preset():
    rows = re.findall(r"^\| `(\w+)` \|", zoo_table.make_table(), flags=re.MULTILINE)
    assert rows == presets.list_presets()


def test_text_without_marks_is_refused():
    with pytest.raises(ValueError, match="Expected the marks"):
        zoo_table.insert_tables("# A page")


def test_first_python_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks("python")[0], "README.md", "exec"), {})
    assert "classifier_fid" in capsys.readouterr().out
    assert (tmp_path / "dcgan.tflite").is_file()
    assert (tmp_path / "serving/dcgan/1/saved_model.pb").is_file()
