"""What shows that something is happening: a spinner that turns while libraries are kept silent."""

import os
import re
import select
import subprocess
import sys
import time

import pytest

from keras_genzoo.utils.progress import status

# The status stays open until the input ends.
SCRIPT = """
import os, sys
from keras_genzoo.utils.progress import status
from keras_genzoo.utils.quiet import quiet_stderr

with status("Converting"), quiet_stderr():
    os.write(2, b"a library's complaint")
    sys.stdin.read()
"""


def test_spinner_turns_while_libraries_are_kept_silent():
    terminal, stderr = os.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stderr=stderr, env=environment) as run:
        os.close(stderr)
        drawn = b""
        deadline = time.monotonic() + 60.0
        while len(set(re.findall("[\u2800-\u28ff]", drawn.decode("utf-8", "ignore")))) < 3:
            if run.poll() is not None or time.monotonic() > deadline:
                run.kill()
                pytest.fail(f"the spinner does not turn; drawn: {drawn}")
            if select.select([terminal], [], [], 0.1)[0]:
                drawn += os.read(terminal, 4096)
        run.stdin.close()
    os.close(terminal)
    assert run.returncode == 0 and b"Converting" in drawn and b"complaint" not in drawn


def test_status_is_silent_without_a_terminal(capfd):
    with status("Converting"):
        pass
    assert capfd.readouterr().err == ""
