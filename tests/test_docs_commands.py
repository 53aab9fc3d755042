"""Every command in the documents is one that the command line takes, and every export there has options that exist."""

import ast
import inspect
import re
import shlex
import textwrap
from pathlib import Path

import pytest
import typer

from keras_genzoo import cli
from keras_genzoo.export import FORMATS, litert, onnx, openvino, saved_model, web

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
WRITERS = dict(saved_model=saved_model, litert=litert, web=web, onnx=onnx, openvino=openvino)


def blocks(path, language):
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def commands():
    """Pairs of a page's name and a command in it, from the first word behind `keras-genzoo` on."""
    found = []
    for page in PAGES:
        lines = "\n".join(blocks(page, "bash")).replace("\\\n", " ").splitlines()
        lines += re.findall(r"`(keras-genzoo [^`]*)`", page.read_text(encoding="utf-8"))
        for line in (line for line in lines if "keras-genzoo" in line):
            words = shlex.split(line, comments=True)
            starts = [index for index, word in enumerate(words) if Path(word).name == "keras-genzoo"]
            found += [(page.name, tuple(words[index + 1 :])) for index in starts]
    return sorted(set(found))


def exports():
    """Pairs of a page's name and a call of `.export(...)` in it."""
    trees = [(page.name, ast.parse(textwrap.dedent(code))) for page in PAGES for code in blocks(page, "python")]
    return [
        pytest.param(name, node, id=f"{name}-{ast.unparse(node)}")
        for name, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "export"
    ]


def shown(value):
    return value if isinstance(value, str) else " ".join(value)


@pytest.mark.parametrize(("page", "words"), commands(), ids=shown)
def test_command_is_taken(page, words):
    """The words are parsed, and nothing is run."""
    group = typer.main.get_command(cli.app)
    with typer.Context(group) as context:
        name, command, rest = group.resolve_command(context, list(words))
        if rest:  # text that speaks of a command names it alone
            command.make_context(name, rest, parent=context)


def test_every_guide_has_commands_and_exports():
    guides = {"README.md", "browser.md", "edge.md", "serving.md"}
    assert guides <= {page for page, _ in commands()} and guides <= {each.values[0] for each in exports()}


def test_wrong_commands_would_be_found():
    for words, message in (
        (["exprt", "vae"], "No such command"),
        (["export", "vae", "--quantisation", "int8"], "No such option"),
        (["sample", "vae", "--num", "many"], "valid integer"),
    ):
        with pytest.raises(Exception, match=message):
            test_command_is_taken("", words)


@pytest.mark.parametrize(("page", "call"), exports())
def test_options_of_an_export_exist(page, call):
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    format = ast.literal_eval(options.pop("format")) if "format" in options else "saved_model"
    assert set(WRITERS) == set(FORMATS)
    assert set(options) <= set(inspect.signature(WRITERS[format].write).parameters)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page):
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    for link in links:
        assert (page.parent / link).exists(), link
    for path in re.findall(r"(?:^|`)python ((?:benchmarks|examples)/\S+\.py)", text, flags=re.MULTILINE):
        assert (ROOT / path).is_file(), path
