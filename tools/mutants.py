"""Applies small wrong changes to a copy of the project, one at a time, and says which of them the tests catch.

    python tools/mutants.py                                 # all of tools/mutations.yaml, half an hour on two cores
    python tools/mutants.py --only "average is not saved"
    python tools/mutants.py --full --jobs 2                 # the whole suite for those that their own tests miss

Each change names the tests that should catch it. These are run without a change first, and must pass. The exit code is
1 if a change was missed. Bit-exact tests may differ from machine to machine: `--jobs 1` is the safe number.
"""

import argparse
import importlib.util
import os
import queue
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("mutations.yaml")
WEIGHTS = "keras_genzoo/weights/"  # linked, not copied
INSIDE = ("export", "zoo_configs")  # top-level folders that install inside the package
LIMIT = 1800  # seconds; a change may make a loop endless
NOTHING_RUN = (3, 4, 5)  # exit codes of pytest: internal error, wrong arguments, no test selected


@dataclass(frozen=True)
class Mutation:
    """A small wrong change.

    Fields: `name` states the fault; in `file`, the text `old`, which occurs once, becomes `new`; `tests` are the
    arguments of pytest that should catch it, paths below `tests/` first.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str

    def applied(self, text):
        """`text` of the file with the change.

        Raises:
            ValueError: If the old text does not occur exactly once.
        """
        if text.count(self.old) != 1:
            raise ValueError(f"Expected {self.old!r} once in {self.file}. Received: {text.count(self.old)} times")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Outcome:
    """What a run of tests gave: `passed`, `failed` (the first test that failed), and `seconds` of wall time."""

    passed: bool
    failed: str
    seconds: float


def read_mutations(names=()):
    """The list of changes, or those of it that are named.

    Raises:
        ValueError: If there is no change of a name.
    """
    mutations = [Mutation(**each) for each in yaml.safe_load(LIST.read_text(encoding="utf-8"))]
    unknown = set(names) - {each.name for each in mutations}
    if unknown:
        raise ValueError(f"Expected names of {LIST.name}. Received: {', '.join(sorted(unknown))}")
    return [each for each in mutations if not names or each.name in names]


def paths_of(tests):
    """Two lists of arguments of pytest: paths, from below `tests/` made those from the root, and options."""
    words = shlex.split(tests)
    options = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    return [f"tests/{word}" for word in words[:options]], words[options:]


def copy_project(folder):
    """Copies what git tracks or would track, and arranges it so that it can be imported from there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in sorted(set(os.fsdecode(listed.stdout).split("\0")) - {""}):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            if name.startswith(WEIGHTS) and not name.endswith(".py"):
                target.symlink_to(source)
            else:
                shutil.copy2(source, target)
    for name in INSIDE:
        (folder / "keras_genzoo" / name).symlink_to(folder / name, target_is_directory=True)


def environment(folder):
    """Environment variables with which Python imports the copy instead of the installed package."""
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    # A file that is changed and changed back within a second would look unchanged to compiled files.
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}


def check_import(folder):
    """Raises `RuntimeError` unless the package and the folders inside it are imported from the copy."""
    code = "import importlib.util, sys; print(*(importlib.util.find_spec(name).origin for name in sys.argv[1:]))"
    names = ["keras_genzoo", *(f"keras_genzoo.{name}" for name in INSIDE)]
    command = [sys.executable, "-c", code, *names]
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=True)
    if not all(Path(path).is_relative_to(folder) for path in done.stdout.split()):
        raise RuntimeError(f"Expected imports from {folder}. Received: {done.stdout.strip()}")


def run_tests(folder, tests):
    """Runs the tests `tests` of a copy, all of them where it is empty, up to the first failure.

    Returns:
        An `Outcome`; tests that take too long, or crash, have failed.

    Raises:
        RuntimeError: If pytest ran no test.
    """
    paths, options = paths_of(tests)
    workers = ["-n", "0"] if importlib.util.find_spec("xdist") else []
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *workers, *paths, *options]
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        return Outcome(False, f"more than {LIMIT} s", time.perf_counter() - start)
    if done.returncode in NOTHING_RUN:
        raise RuntimeError(f"Expected tests to run by {shlex.join(command)}. Received: {done.stdout}{done.stderr}")
    found = re.search(r"^(?:FAILED|ERROR|SUBFAIL\w*)\b.*?(tests/\S+)", done.stdout, flags=re.M)
    failed = found.group(1) if found else f"exit code {done.returncode}"
    return Outcome(done.returncode == 0, "" if done.returncode == 0 else failed, time.perf_counter() - start)


def run_mutated(folder, mutation, tests):
    """Runs tests of a copy with a change, and undoes it."""
    path = folder / mutation.file
    original = path.read_text(encoding="utf-8")
    path.write_text(mutation.applied(original), encoding="utf-8")
    try:
        return run_tests(folder, tests)
    finally:
        path.write_text(original, encoding="utf-8")


def outcome_of(folder, mutation, full):
    """The outcome of a change's own tests, or with `full`, where they miss it, of the whole suite."""
    outcome = run_mutated(folder, mutation, mutation.tests)
    return run_mutated(folder, mutation, "") if full and outcome.passed else outcome


def in_copies(copies, function, items):
    """Iterator over `function(copy, item)` for each item, each copy used by one call at a time."""
    free = queue.SimpleQueue()
    for copy in copies:
        free.put(copy)

    def call(item):
        copy = free.get()
        try:
            return function(copy, item)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        yield from pool.map(call, items)


def check_selections(copies, mutations, full):
    """Runs each selection of tests without a change; ends the program if one fails."""
    selections = list(dict.fromkeys([each.tests for each in mutations] + [""] * full))
    failing = 0
    for tests, outcome in zip(selections, in_copies(copies, run_tests, selections), strict=True):
        failing += not outcome.passed
        state = "passes" if outcome.passed else f"FAILS: {outcome.failed}"
        print(f"{state}  {tests or 'all tests'}  ({outcome.seconds:.0f} s)", flush=True)
    if failing:
        sys.exit(f"Expected tests that pass without a change. Received: {failing} selections that fail")


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Says which small wrong changes the tests catch.")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="Names of changes.")
    parser.add_argument("--full", action="store_true", help="Run the whole suite for changes that their tests miss.")
    parser.add_argument("--jobs", type=int, default=1, help="Changes that are tried at the same time.")
    options = parser.parse_args(arguments)
    mutations = read_mutations(options.only)
    missed = []
    with tempfile.TemporaryDirectory(prefix="mutants.") as scratch:
        copies = [Path(scratch).resolve() / str(number) for number in range(max(1, options.jobs))]
        for copy in copies:
            copy_project(copy)
            check_import(copy)
        check_selections(copies, mutations, options.full)
        outcomes = in_copies(copies, lambda copy, each: outcome_of(copy, each, options.full), mutations)
        for mutation, outcome in zip(mutations, outcomes, strict=True):
            missed += [mutation.name] if outcome.passed else []
            state = "MISSED" if outcome.passed else "caught"
            print(f"{state}  {mutation.name}  ({outcome.seconds:.0f} s)  {outcome.failed}", flush=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{len(mutations)} changes: {len(mutations) - len(missed)} caught, {len(missed)} missed", end="")
    print(f", in {used.ru_utime + used.ru_stime:,.0f} core-seconds")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
