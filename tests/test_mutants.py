"""The list of small wrong changes: each of them can still be made, and names tests that exist."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def mutants():
    spec = importlib.util.spec_from_file_location("mutants", ROOT / "tools" / "mutants.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_change_can_be_made_in_its_file(mutants):
    wrong = []
    for each in mutants.read_mutations():
        text = (ROOT / each.file).read_text(encoding="utf-8")
        if text.count(each.old) != 1 or each.applied(text) == text:
            wrong.append(f"{each.name}: {each.old!r} occurs {text.count(each.old)} times in {each.file}")
        elif each.file.endswith(".py"):
            compile(each.applied(text), each.file, "exec")
    assert not wrong, "\n".join(wrong)


def test_changes_have_names_of_their_own_and_tests_that_exist(mutants):
    changes = mutants.read_mutations()
    assert len({each.name for each in changes}) == len(changes) >= 60
    paths = {path.partition("::")[0] for each in changes for path in mutants.paths_of(each.tests)[0]}
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
    assert all(mutants.paths_of(each.tests)[0] for each in changes)


def test_unknown_name_and_text_that_is_gone_are_refused(mutants):
    with pytest.raises(ValueError, match="Expected names of mutations.yaml. Received: no such change"):
        mutants.read_mutations(["no such change"])
    change = mutants.Mutation("none", "file.py", "a", "b", "test_mutants.py")
    assert change.applied("a c") == "b c"
    for text in ("c", "a a"):
        with pytest.raises(ValueError, match="Expected 'a' once in file.py. Received: [02] times"):
            change.applied(text)
