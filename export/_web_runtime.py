"""Where a page finds LiteRT.js: at a public address, or in copies beside the page."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

VERSION = "2.5.3"
_CDN = "https://cdn.jsdelivr.net/npm"
_CORE, _UTILS = "@litertjs/core", "@litertjs/wasm-utils"
# Kind of WebAssembly -> stem of its two files, and bytes of the .wasm one, of which the page shows how many have come.
# Newer browsers have relaxed SIMD; the files for threads and for GPUs are not needed on the CPU.
_WASM = {"relaxed": ("litert_wasm_internal", 9_367_934), "compat": ("litert_wasm_compat_internal", 9_334_181)}


def describe(folder: str | None) -> dict[str, Any]:
    """What `model.json` says of the runtime: its version and the addresses of its files.

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
    """The folder that holds the npm packages: `runtime` itself, or `node_modules` in it.

    Raises:
        ValueError: If they are not there, or of another version.
    """
    command = f"npm install {_CORE}@{VERSION}"
    for folder in (Path(runtime), Path(runtime) / "node_modules"):
        if (folder / _CORE / "package.json").is_file() and (folder / _UTILS / "package.json").is_file():
            break
    else:
        raise ValueError(
            f"Expected runtime as a folder with the packages {_CORE} and {_UTILS}, such as `{command}` makes."
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
    """Copies what the page needs from the folder that `find` gave, each file as it is."""
    for path in _paths():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)


def _paths() -> list[str]:
    """The files that a page loads, and those that state version and licence of the packages."""
    paths = [f"{package}/{file}" for package in (_CORE, _UTILS) for file in ("package.json", "dist/index.js")]
    return paths + [f"{_CORE}/wasm/{stem}{suffix}" for stem, _ in _WASM.values() for suffix in (".js", ".wasm")]
