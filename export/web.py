"""Web page: a folder that any static server hosts, in which the model runs in the visitor's browser."""

from __future__ import annotations

import html
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_genzoo import registry, sampling
from keras_genzoo.checks import check_choice
from keras_genzoo.latent import leading_directions
from keras_genzoo.version import __version__

from . import _web_runtime, litert
from ._files import clear_os_errors, file_sizes, replacing
from .card import preset_facts
from .report import ExportError, ExportReport
from .signatures import check_options, export_source

MANIFEST = "model.json"
FORMAT = "keras_genzoo web page"
FORMAT_VERSION = 1
_PAGE = Path(__file__).with_name("web_page")
_RUNTIME = "runtime"  # folder of a local LiteRT.js
_NUM_DIRECTIONS = 8
# What the page says of itself, by family.
_LEADS = {
    "latent": "It makes pictures here, in your browser.",
    "encoder_decoder": "It makes pictures here, in your browser, and finds the codes of yours.",
    "translator": "It translates your pictures here, in your browser.",
    "chain": "It makes pictures here, in your browser, step by step.",
    "classifier": "It tells your pictures apart here, in your browser.",
}


def write(
    model: Any,
    path: str | os.PathLike,
    *,
    overwrite: bool = False,
    quantization: str | None = None,
    images: Any = None,
    runtime: str | os.PathLike | None = None,
    preset: str | os.PathLike | None = None,
    title: str | None = None,
    class_names: Sequence[str] | None = None,
    tolerance: float = 1e-3,
    num_samples: int = 16,
) -> ExportReport:
    """Writes a page that runs a model in the visitor's browser, with LiteRT.js on the CPU.

    The folder has one LiteRT file for each signature that the page calls, each compared with Keras; `index.html` with
    its scripts and style; and `model.json`, which says what the model is. Nothing has to be built or installed: a
    static server is enough. What the page offers depends on the model: samples, sliders along
    `keras_genzoo.latent.leading_directions` and interpolation for codes, pictures of the visitor's for encoders,
    translators and classifiers, a Markov chain for Boltzmann machines.

    Args:
        model: A model of the zoo.
        path: The folder.
        overwrite: Whether the page of an earlier export at `path` is replaced. A folder with other files in it is never
            replaced.
        quantization: As in `keras_genzoo.export.litert.write`, for all files; not `"auto"`, because latency there says
            little of that in a browser.
        images: As there: what to calibrate `"int8"` on, for signatures that take images; or a dict of such arrays by
            signature, for the two domains of a translator.
        runtime: `None`: the page loads LiteRT.js from a public address (jsDelivr), in a fixed version. A folder of npm
            packages, such as `npm install @litertjs/core` makes: what is needed is copied into the page, which then
            loads nothing from elsewhere.
        preset: Name or folder of the preset that the model was built from; its card gives the page its title and the
            line about data and licence.
        title: Heading of the page. Default: the name of the preset, else of the model.
        class_names: Models with classes: their names, in the order of the labels. Default: the numbers.
        tolerance: Largest error of float32 files against Keras, in [0, 1] pixels, above 0.
        num_samples: Number of inputs that are compared, at least 1.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError: If an option's value is not valid.
        ExportError: If the page has no view for the model, its codes are not standard normal, an op has no place in
            LiteRT, or results differ from Keras by more than `tolerance`.
        FileExistsError: If something stands at `path` that may not be replaced.
        OSError: If `path` cannot be written.

    Example:

    >>> import os, tempfile
    >>> import keras_genzoo
    >>> from keras_genzoo.export import web
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = web.write(model, os.path.join(folder, "page"), title="Tiny")
    >>> sorted(name for name in report.files if name.endswith(".tflite")), sorted(report.signatures)
    (['encode.tflite', 'serving_default.tflite'], ['encode', 'serving_default'])
    """
    check_options(image_dtype="float32", tolerance=tolerance, num_samples=num_samples)
    if Path(path).suffix in (".tflite", ".html", ".keras", ".h5"):
        raise ValueError(f"Expected the path of a folder for a web page. Received: path={os.fspath(path)!r}")
    functions = export_source(model).export_functions()
    manifest = _describe(model, functions, preset_facts(model, preset), title, class_names)
    manifest["quantization"] = quantization
    packages = None if runtime is None else _web_runtime.find(runtime)
    check_choice(litert.QUANTIZATIONS, quantization=quantization)
    options = dict(quantization=quantization, tolerance=tolerance, num_samples=num_samples, measure=False)
    with replacing(path, overwrite, "folder", _other_than_page) as temporary, clear_os_errors(path):
        _copy_page(temporary, manifest, packages)
        reports = {
            name: litert.write(model, temporary / f"{name}.tflite", signature=name, images=given, **options)
            for name, given in _images_by_signature(functions, images).items()
        }
        manifest["functions"] = {name: _function(report) for name, report in reports.items()}
        manifest["runtime"] = _web_runtime.describe(_RUNTIME if packages else None)
        manifest.update(_codes(model, functions))
        sizes = _write_manifest(temporary, manifest)
    return _report(path, quantization, sizes, reports)


def family_of(functions: dict[str, Any]) -> str:
    """Which view of the page shows a model, told from its signatures.

    Args:
        functions: What `model.export_functions()` gives.

    Returns:
        `"latent"`, `"encoder_decoder"`, `"translator"`, `"chain"` or `"classifier"`.

    Raises:
        ExportError: If no view fits.
    """
    served = functions["serving_default"]
    inputs, outputs = set(served.inputs), set(served.outputs)
    if inputs - {"label"} == {"z"} and "image" in outputs:
        return "encoder_decoder" if "encode" in functions else "latent"
    if inputs == {"image", "hidden_noise", "visible_noise"} and {"image", "probability"} <= outputs:
        return "chain"
    if inputs == {"image"} and "probabilities" in outputs:
        return "classifier"
    if inputs == {"image"} and outputs == {"image"}:
        return "translator"
    raise ExportError(
        "Expected a model from codes or images to images, or from images to classes, for a web page."
        f" Received: inputs {sorted(inputs)} and outputs {sorted(outputs)}"
    )


def signatures_of(functions: dict[str, Any]) -> list[str]:
    """Names of the signatures that the page calls; of a translator, one for each direction."""
    family = family_of(functions)
    if family == "translator":
        # `serving_default` and `translate` are other names of the first direction.
        named = [name for name, function in functions.items() if function.portable and "_to_" in name]
        return named or ["serving_default"]
    return ["serving_default", "encode"] if family == "encoder_decoder" else ["serving_default"]


def _describe(
    model: Any, functions: dict[str, Any], origin: dict[str, Any], title: str | None, class_names: Sequence[str] | None
) -> dict[str, Any]:
    """The part of the manifest that says what the model is; the files are not needed for it."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "keras_genzoo": __version__,
        "title": str(title or origin.get("name") or model.model_name),
        "model": model.model_name,
        "family": family_of(functions),
        "image_shape": list(model.image_shape),
        "class_names": _class_names(model, class_names),
        "data": origin.get("data"),
    }


def _images_by_signature(functions: dict[str, Any], images: Any) -> dict[str, Any]:
    """What each signature that the page calls is calibrated on: `None` for those that take no images."""
    names = signatures_of(functions)
    if images is not None and not any("image" in functions[name].inputs for name in names):
        raise ValueError(f"Expected no images: none of {names} takes any. Received: images")
    given = images if isinstance(images, dict) else dict.fromkeys(names, images)
    return {name: given.get(name) if "image" in functions[name].inputs else None for name in names}


def _class_names(model: Any, names: Sequence[str] | None) -> list[str] | None:
    if not model.takes_labels:
        if names is not None:
            raise ValueError(f"Expected no class_names: {model.model_name} has no classes. Received: {names!r}")
        return None
    if names is None:
        return [str(label) for label in range(model.num_classes)]
    if isinstance(names, str) or len(names) != model.num_classes or not all(isinstance(name, str) for name in names):
        raise ValueError(f"Expected class_names as {model.num_classes} texts. Received: class_names={names!r}")
    return list(names)


def _codes(model: Any, functions: dict[str, Any]) -> dict[str, Any]:
    """What the manifest says of a model with codes: their length, their leading directions, the encoder's output."""
    family = family_of(functions)
    if family not in ("latent", "encoder_decoder"):
        return {}
    # The page draws its own codes: from this prior, or they would not be the model's.
    if not np.array_equal(model.latent_sample(2, 0), sampling.normal_rows(0, 0, 2, model.latent_dim)):
        raise ExportError(f"Expected codes from a standard normal prior for a web page. Received: {model.model_name}")
    vectors, eigenvalues = leading_directions(model, num=min(_NUM_DIRECTIONS, model.latent_dim))
    directions = {
        "vectors": [[round(float(number), 7) for number in row] for row in vectors],
        "eigenvalues": [float(f"{number:.6g}") for number in eigenvalues],
    }
    # The encoder's first output stands for the image: `z_mean` where it gives a distribution.
    code = {"code": functions["encode"].outputs[0]} if family == "encoder_decoder" else {}
    return {"latent_dim": model.latent_dim, "directions": directions, **code}


def _function(report: ExportReport) -> dict[str, Any]:
    (file,) = report.files
    (signature,) = report.signatures.values()
    sides = {
        side: {name: {"dtype": dtype, "shape": list(shape)} for name, (dtype, shape) in signature[side].items()}
        for side in ("inputs", "outputs")
    }
    return {"file": file, "bytes": report.sizes[file], **sides}


def _copy_page(folder: Path, manifest: dict[str, Any], packages: Path | None) -> None:
    """Copies what is the same for all models, and puts into it what bookmarks and previews show."""
    shutil.copytree(_PAGE, folder)
    lead = f"{registry.describe(manifest['model']).title} {_LEADS[manifest['family']]}"
    text = (folder / "index.html").read_text(encoding="utf-8")
    for mark, value in (("{{title}}", manifest["title"]), ("{{description}}", lead)):
        text = text.replace(mark, html.escape(value))
    (folder / "index.html").write_text(text, encoding="utf-8")
    if packages:
        _web_runtime.copy(packages, folder / _RUNTIME)


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> dict[str, int]:
    """Writes `model.json` with the names of all files of the page; returns their sizes."""
    content = {**manifest, "files": sorted([*file_sizes(folder), MANIFEST])}
    (folder / MANIFEST).write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")
    return file_sizes(folder)


def _report(
    path: str | os.PathLike, quantization: str | None, sizes: dict[str, int], reports: dict[str, ExportReport]
) -> ExportReport:
    """One report of the reports of all LiteRT files."""
    signatures = {name: report.signatures[name] for name, report in reports.items()}
    parity = {name: report.parity[name] for name, report in reports.items()}
    return ExportReport(os.fspath(path), "web", quantization, tuple(sizes), sizes, signatures, parity)


def _other_than_page(folder: Path) -> tuple[str, str] | None:
    """What was expected and what is there, where a folder is not the page of an earlier export and nothing else."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = set(manifest["files"]) if manifest["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        known = None
    if known is None:
        return "a web page of keras_genzoo", "other files"
    found = (file.relative_to(folder).as_posix() for file in sorted(folder.rglob("*")) if not file.is_dir())
    foreign = next((name for name in found if name not in known), None)
    return ("a web page of keras_genzoo and nothing else", repr(foreign)) if foreign else None
