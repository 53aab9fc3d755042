"""What Ctrl-C and SIGTERM do to a command: one sentence, how to continue, and the exit code of the signal."""

import contextlib
import shlex
import signal
import threading


class Stopped(Exception):
    """A signal ended a command; typer would turn a `KeyboardInterrupt` into an exit code without a sentence."""

    def __init__(self, text, exit_code):
        super().__init__(text)
        self.exit_code = exit_code


class _Terminated(KeyboardInterrupt):
    """SIGTERM outside of the steps of a training, where there is nothing to save."""

    exit_code = 128 + signal.SIGTERM


def _terminate(number, frame):
    raise _Terminated("Terminated")


@contextlib.contextmanager
def resumable(name, out):
    """Context of a training: Ctrl-C and SIGTERM raise `Stopped` with the command that resumes the run.

    Process 1 of a container ignores SIGTERM unless there is a handler.

    Args:
        name: The recipe or model, as on the command line.
        out: The run folder.
    """
    main = threading.current_thread() is threading.main_thread()
    earlier = signal.signal(signal.SIGTERM, _terminate) if main else None
    try:
        yield
    except KeyboardInterrupt as stop:
        text = f"{str(stop) or 'Interrupted'}."
        if (out / "recipe.yaml").is_file():
            command = shlex.join(["keras-genzoo", "train", str(name), "--out", str(out), "--resume"])
            text = f"{text}\nContinue with: {command}"
        raise Stopped(text, getattr(stop, "exit_code", 128 + signal.SIGINT)) from None
    finally:
        if main:
            signal.signal(signal.SIGTERM, signal.SIG_DFL if earlier is None else earlier)
