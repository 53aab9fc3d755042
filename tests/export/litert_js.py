"""Stand-in for the npm packages of LiteRT.js, and where the real ones are."""

import json
import os
from pathlib import Path

from keras_genzoo.export import _web_runtime

ROOT = Path(__file__).resolve().parents[2]


def fake_packages(folder, version=_web_runtime.VERSION):
    """Writes packages of the right names and files that hold nothing of use, and some that a page does not need."""
    for path in _web_runtime._paths():
        file = Path(folder) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        content = json.dumps({"version": version, "license": "Apache-2.0"}) if file.suffix == ".json" else path
        file.write_text(content, encoding="utf-8")
    (Path(folder) / "@litertjs/core/wasm/litert_wasm_threaded_internal.wasm").write_text("threads")
    (Path(folder) / "@litertjs/core/dist/index.js.map").write_text("map")
    return Path(folder)


def real_packages():
    """The folder of npm packages that the environment names, or that stands in the project; `None` without one."""
    folder = Path(os.environ.get("GENZOO_LITERT_JS") or ROOT / "node_modules")
    return folder if (folder / "@litertjs/core/package.json").is_file() else None
