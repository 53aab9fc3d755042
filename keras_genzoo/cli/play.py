"""The command that shows a model on its web page, on this machine."""

import contextlib
import functools
import http.server
import os
import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from keras_genzoo.cli.names import Weights, console, load_named, preset_of, say
from keras_genzoo.cli.page_options import Directions, EditClasses, EditLogits, check_page_options, page_directions


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a line for each request."""

    def log_message(self, *_):
        pass


def play(
    name: Annotated[str, typer.Argument(metavar="PRESET|MODEL", help="Preset, run folder, .keras file or model.")],
    port: Annotated[int, typer.Option(help="Port on the loopback address; 0 for a free one.", min=0, max=65535)] = 0,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    quantization: Annotated[str | None, typer.Option(help="float16, dynamic or int8. Default: float32.")] = None,
    runtime: Annotated[str | None, typer.Option(help="Folder of npm packages with LiteRT.js to copy.")] = None,
    directions: Directions = None,
    edit_classes: EditClasses = None,
    from_logits: EditLogits = True,
    weights: Weights = None,
):
    """Shows a model on its web page: exports it to a temporary folder, serves it to this machine, opens the browser.

    The page loads LiteRT.js from a public address unless --runtime has it. Ctrl-C ends it and removes the folder.
    """
    check_page_options(edit_classes, from_logits, directions)
    with tempfile.TemporaryDirectory(prefix="keras_genzoo_") as folder:
        page = Path(folder) / "page"
        with server_of(page, port) as server:  # before the export: a port may be taken
            model, preset = load_named(name, weights), preset_of(name, weights)
            options = {"quantization": quantization, "runtime": runtime, "preset": preset}
            options |= page_directions(model, directions, edit_classes, from_logits)
            with console.status("Writing the page"):
                model.export(page, format="web", **{key: value for key, value in options.items() if value is not None})
            serve(server, open_page)


def server_of(folder, port=0):
    """A server of a folder on the loopback address; raises `ValueError` if the port is taken."""
    handler = functools.partial(Quiet, directory=os.fspath(folder))
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise ValueError(f"Expected a free --port, or 0. Received: --port {port} ({error.strerror})") from None


def serve(server, open_page=True):
    """Serves until Ctrl-C."""
    address = f"http://127.0.0.1:{server.server_port}/"
    say(f"{address}  (Ctrl-C ends it)")
    if open_page and not webbrowser.open(address):
        say("No browser was found: open the address in one.")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
