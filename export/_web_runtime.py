"""LiteRT.js for the web page: from a public address, or copied into the page."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

VERSION = "2.5.3"
_CDN = "https://cdn.jsdelivr.net/npm"
_CORE, _UTILS = "@litertjs/core", "@litertjs/wasm-utils"
# Kind of WebAssembly -> stem of its two files, and size of the .wasm file, for the progress bar of the page. Newer
# browsers support relaxed SIMD; the files for threads and GPUs are not needed.
_WASM = {"relaxed": ("litert_wasm_internal", 9_367_934), "compat": ("litert_wasm_compat_internal", 9_334_181)}


def describe(folder: str | None) -> dict[str, Any]:
    """The entry of `model.json` for the runtime: its version and the addresses of its files.

    Args:
        folder: Folder of the copies, relative to the page; `None` for the public address.
    """

    def address(package: str, path: str) -> str:
        return f"{folder}/{package}/{path}" if folder else f"{_CDN}/{package}@{VERSION}/{path}"

    wasm = {
        kind: {
            "glue": address(_CORE, f"wasm/{stem}.js"),
            "wasm": address(_CORE, f"wasm/{stem}.wasm"),
            "bytes": size,
        }
        for kind, (stem, size) in _WASM.items()
    }
    return {
        "version": VERSION,
        "core": address(_CORE, "dist/index.js"),
        "utils": address(_UTILS, "dist/index.js"),
        "wasm": wasm,
    }


def find(runtime: str | os.PathLike) -> Path:
    """The folder with the npm packages: `runtime` itself, or `node_modules` in it.

    Raises:
        ValueError: If a package is missing or has another version.
    """
    command = f"npm install {_CORE}@{VERSION}"
    for folder in (Path(runtime), Path(runtime) / "node_modules"):
        if (folder / _CORE / "package.json").is_file() and (folder / _UTILS / "package.json").is_file():
            break
    else:
        raise ValueError(
            f"Expected runtime as a folder with the packages {_CORE} and {_UTILS} (`{command}`)."
            f" Received: runtime={os.fspath(runtime)!r}"
        )
    for package in (_CORE, _UTILS):
        found = json.loads((folder / package / "package.json").read_text(encoding="utf-8")).get("version")
        if found != VERSION:
            raise ValueError(
                f"Expected {package} {VERSION} in runtime: `{command}`."
                f" Received: version {found} in {os.fspath(runtime)!r}"
            )
    missing = [path for path in _paths() if not (folder / path).is_file()]
    if missing:
        raise ValueError(f"Expected {missing[0]} in runtime. Received: {os.fspath(runtime)!r}, which lacks it")
    return folder


def copy(source: Path, target: Path) -> None:
    """Copies the files that the page needs from the folder returned by `find`."""
    for path in _paths():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)


def _paths() -> list[str]:
    """The files that a page loads, and the `package.json` files with versions and licences."""
    paths = [f"{package}/{file}" for package in (_CORE, _UTILS) for file in ("package.json", "dist/index.js")]
    return paths + [f"{_CORE}/wasm/{stem}{suffix}" for stem, _ in _WASM.values() for suffix in (".js", ".wasm")]
