"""A headless browser and a server for the tests of the web page."""

import base64
import functools
import http.server
import importlib.util
import json
import os
import shutil
import threading
from pathlib import Path

import numpy as np
from litert_js import real_packages

READY = """
const done = arguments[arguments.length - 1];
const poll = async () => {
  while (!window.genzoo) await new Promise((resolve) => setTimeout(resolve, 10));
  return window.genzoo.ready;
};
poll().then(async (genzoo) => { %s }).then((value) => done({value}), (error) => done({error: String(error)}));
"""
PIXELS = """
const canvas = document.querySelector(`[data-role=${arguments[0]}]`);
const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
return [canvas.height, canvas.width, btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""))];
"""


def missing():
    """What the tests need and do not find, as a sentence; `None` where all is there."""
    if importlib.util.find_spec("selenium") is None:
        return "needs the package selenium"
    if browser_path() is None or shutil.which("chromedriver") is None:
        return "needs chromium and chromedriver"
    if real_packages() is None:
        return "needs the npm package @litertjs/core: set GENZOO_LITERT_JS to its node_modules"
    return None


def browser_path():
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next(filter(None, map(shutil.which, names)), None)


def start_browser(log):
    """A headless Chromium that reaches this machine and no other, and writes what it requests to the file `log`."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = browser_path()
    for argument in (
        "--headless=new",
        "--no-sandbox",  # containers run as root
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--use-fake-device-for-media-stream",  # a camera, which shows a moving pattern
        "--use-fake-ui-for-media-stream",  # and may be used without a question
        f"--log-net-log={log}",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_script_timeout(120)
    return driver


def requested(log):
    """Addresses that pages and their workers have requested, from the log of a browser that has quit.

    What the browser requests by itself, without a page that began it, is left out.
    """
    content = json.loads(Path(log).read_text(encoding="utf-8"))
    start = content["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    starts = [event["params"] for event in content["events"] if event["type"] == start and "params" in event]
    return {params["url"] for params in starts if params.get("initiator", "not an origin") != "not an origin"}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, to scripts of other hosts, too; answers 404 for what is in `broken`."""

    broken = frozenset()

    def do_GET(self):
        if self.path in type(self).broken:
            self.send_error(404)
            return
        super().do_GET()

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "no-store")  # tests change files
        super().end_headers()

    def log_message(self, *_):
        pass


class Site:
    """A folder on a server of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.handler = type("OwnHandler", (Handler,), {})
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(self.handler, directory=os.fspath(folder))
        )
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def address(self, name="", host="127.0.0.1"):
        return f"http://{host}:{self.server.server_port}/{name}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Page:
    """One page in the browser."""

    def __init__(self, driver, site):
        self.driver, self.site = driver, site

    def open(self, name):
        """Opens a page and waits until its first pictures are drawn."""
        self.driver.get(self.site.address(f"{name}/"))
        self.run("")
        return self

    def run(self, script):
        """What a script returns that may await and use `genzoo`, which has `manifest`, `runtime` and `view`."""
        answer = self.driver.execute_async_script(READY % script)
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def find(self, role):
        return self.driver.find_element("css selector", f"[data-role={role}]")

    def text(self, selector):
        return self.driver.find_element("css selector", selector).text

    def pixels(self, role):
        """What a canvas shows: uint8 `(height, width, 3)`."""
        height, width, data = self.driver.execute_script(PIXELS, role)
        image = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)
        assert (image[..., 3] == 255).all()
        return image[..., :3]

    def until(self, condition):
        """Waits until `condition()` is true."""
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.driver, 60, poll_frequency=0.05).until(lambda _: condition())

    def complaints(self):
        """Errors and warnings in the browser's console since the last call."""
        log = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        return [message for message in log if "willReadFrequently" not in message]  # reading is what `pixels` does
