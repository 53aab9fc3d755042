"""Web page: a folder for any static server; the model runs in the browser of the visitor."""

from __future__ import annotations

import html
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_genzoo import registry
from keras_genzoo.families.conditions import ClassCondition
from keras_genzoo.utils.checks import check_choice
from keras_genzoo.version import __version__

from . import _web_codes, _web_runtime, litert
from ._files import clear_os_errors, file_sizes, replacing, write_bytes
from .manifest import preset_facts
from .report import ExportError, ExportReport
from .signatures import check_options, export_source

MANIFEST = "model.json"
FORMAT = "keras_genzoo web page"
FORMAT_VERSION = 4
_PAGE = Path(__file__).with_name("web_page")
_RUNTIME = "runtime"  # folder of a local LiteRT.js
# Description of the page, by view.
_LEADS = {
    "latent": "It generates images in your browser.",
    "encoder_decoder": "It generates images in your browser, and encodes yours.",
    "translator": "It translates your images in your browser.",
    "chain": "It generates images in your browser, step by step.",
    "classifier": "It classifies your images in your browser.",
}
# Inputs of the first signature, by view; models with codes may have conditions besides.
_INPUTS = {
    "latent": {"z"},
    "encoder_decoder": {"z"},
    "translator": {"image"},
    "chain": {"image", "hidden_noise", "visible_noise"},
    "classifier": {"image"},
}
# Outputs that the view needs.
_OUTPUTS = {
    "latent": {"image"},
    "encoder_decoder": {"image"},
    "translator": {"image"},
    "chain": {"image", "probability"},
    "classifier": {"probabilities"},
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
    directions: Any = None,
    edit_classes: Any = None,
    tolerance: float = 1e-3,
    num_samples: int = 16,
) -> ExportReport:
    """Writes a page that runs a model in the browser of the visitor, with LiteRT.js on the CPU.

    The folder has a LiteRT file for each signature that the page calls, each compared with Keras; `index.html` with
    scripts and styles; and the manifest `model.json`. It needs no build step and no server software beyond a static
    file server. The page depends on the model: samples, conditions, sliders along directions and interpolation for
    models with codes; images of the visitor for encoders, translators and classifiers; a Markov chain
    for Boltzmann machines.

    Args:
        model: A model of the zoo.
        path: The folder.
        overwrite: Whether the page of an earlier export at `path` is replaced. A folder with other files is never
            replaced.
        quantization: Quantization of all files: see `keras_genzoo.export.litert.write`. Not `"auto"`, because latency
            in Python differs from latency in a browser.
        images: Images for the calibration of `"int8"`, for signatures with image inputs; or a dict of them by
            signature, for the two domains of a translator. See `keras_genzoo.export.litert.write`.
        runtime: `None`: the page loads a fixed version of LiteRT.js from a public address (jsDelivr). A folder of npm
            packages, created by `npm install @litertjs/core`: the files of the runtime are copied into the page, which
            then loads nothing from other hosts.
        preset: Name or folder of the preset from which the model was built. Its card provides the title of the page,
            and the data and licence in the footer.
        title: Heading of the page. Default: name of the preset, else of the model.
        class_names: Names of the classes in the order of the labels, for models with classes. Default: the
            `class_names` of the model, else the labels.
        directions: Directions with a slider each, in place of `keras_genzoo.latent.leading_directions`: a dict of
            vectors by name, a file of `keras_genzoo.latent.save_directions`, or what a function of
            `keras_genzoo.latent` returns. Several add up, as `keras_genzoo.latent.walk` along their sum.
        edit_classes: Likewise, directions to classes that a classifier sees:
            `keras_genzoo.latent.class_directions(model, classifier)`.
        tolerance: Largest allowed error of float32 files against Keras, in [0, 1] pixels, above 0.
        num_samples: Number of inputs in the comparison with Keras, at least 1.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError: If an option's value is not valid.
        ExportError: If the page has no view for the model or one of its conditions, cannot draw codes from its prior,
            LiteRT lacks an op of the model, or results differ from Keras by more than `tolerance`.
        FileExistsError: If `path` exists and may not be replaced.
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
    source = export_source(model)
    source.values.check_images("a web page")
    functions = source.export_functions()
    manifest = _describe(model, functions, preset_facts(model, preset), title, class_names, quantization)
    walks = _web_codes.walks(model, manifest["view"], directions=directions, edit_classes=edit_classes)
    packages = None if runtime is None else _web_runtime.find(runtime)
    check_choice(litert.QUANTIZATIONS, quantization=quantization)
    with replacing(path, overwrite, "folder", _page_mismatch) as temporary, clear_os_errors(path):
        _copy_page(temporary, manifest, packages)
        reports = {}
        for name, given in _images_by_signature(source, functions, images).items():
            converter, file = litert.LiteRTConverter(source, name, images=given), temporary / f"{name}.tflite"
            converted = converter.convert(quantization, num_samples, tolerance)
            write_bytes(path, file, converted.content)
            reports[name] = converted.report(file, name, ())
        manifest["functions"] = {name: _function(report) for name, report in reports.items()}
        if "prior" in manifest:
            manifest |= _web_codes.sliders(source, walks)
        manifest["runtime"] = _web_runtime.describe(_RUNTIME if packages else None)
        sizes = _write_manifest(temporary, manifest)
    return _report(path, quantization, sizes, reports)


def view_of(model: Any, functions: dict[str, Any]) -> str:
    """The view of the page for a model: its `web_view`.

    Raises:
        ExportError: If the model has no view, or other signatures than the view needs.
    """
    served = functions["serving_default"]
    view = getattr(model, "web_view", None)
    inputs = set(served.inputs) - {condition.input for condition in getattr(model, "conditions", ())}
    if view in _LEADS and _INPUTS[view] == inputs and _OUTPUTS[view] <= set(served.outputs):
        return view
    if view is None:
        raise ExportError(
            f"Expected a model that has a web page. Received: {getattr(model, 'model_name', type(model).__name__)}, "
            "which has none (web_view=None)"
        )
    raise ExportError(
        f"Expected a model whose web_view is one of {', '.join(_LEADS)}, with the signatures of that view, for a web"
        f" page. Received: {view!r}, inputs {sorted(served.inputs)} and outputs {sorted(served.outputs)}"
    )


def signatures_of(view: str, functions: dict[str, Any], directions: Sequence[str] = ()) -> list[str]:
    """Names of the signatures that the page calls; one per direction for a translator."""
    if view == "translator":
        # `serving_default` and `translate` are aliases of the first direction.
        return [str(name) for name in directions if name in functions] or ["serving_default"]
    decoder = _web_codes.decoder_of(functions)
    return [decoder, "encode"] if view == "encoder_decoder" else [decoder]


def _describe(
    model: Any,
    functions: dict[str, Any],
    origin: dict[str, Any],
    title: str | None,
    class_names: Sequence[str] | None,
    quantization: str | None,
) -> dict[str, Any]:
    """The entries of the manifest that do not depend on the files."""
    view, names = view_of(model, functions), _class_names(model, class_names)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "keras_genzoo": __version__,
        "title": str(title or origin.get("name") or model.model_name),
        "model": model.model_name,
        "view": view,
        "image_shape": list(model.image_shape),
        "class_names": names,
        "data": origin.get("data"),
        "quantization": quantization,
        **(_web_codes.describe(model, functions, names) if view in ("latent", "encoder_decoder") else {}),
    }


def _images_by_signature(model: Any, functions: dict[str, Any], images: Any) -> dict[str, Any]:
    """Calibration images of each signature that the page calls; `None` for signatures without image inputs."""
    names = signatures_of(model.web_view, functions, getattr(model, "directions", ()))
    if images is not None and not any("image" in functions[name].inputs for name in names):
        raise ValueError(f"Expected no images: none of {names} has an image input. Received: images")
    given = images if isinstance(images, dict) else dict.fromkeys(names, images)
    known = [name for name, function in functions.items() if "image" in function.inputs]
    for name in images if isinstance(images, dict) else ():
        if name not in known:
            raise ValueError(f"Expected images by signature, of {', '.join(known)}. Received: images of {name!r}")
    return {name: given.get(name) if "image" in functions[name].inputs else None for name in names}


def _class_names(model: Any, names: Sequence[str] | None) -> list[str] | None:
    classes = [each for each in model.conditions if isinstance(each, ClassCondition)]
    if not classes and hasattr(model, "num_classes"):  # a classifier
        classes = [model.label_condition]
    if not classes:
        if names is not None:
            raise ValueError(f"Expected no class_names: {model.model_name} has no classes. Received: {names!r}")
        return None
    num = classes[0].num_classes
    if names is None:
        names = classes[0].class_names or [str(label) for label in range(num)]
    if isinstance(names, str) or len(names) != num or not all(isinstance(name, str) for name in names):
        raise ValueError(f"Expected class_names as {num} strings. Received: class_names={names!r}")
    return list(names)


def _function(report: ExportReport) -> dict[str, Any]:
    (file,) = report.files
    (signature,) = report.signatures.values()
    sides = {
        side: {name: {"dtype": dtype, "shape": list(shape)} for name, (dtype, shape) in signature[side].items()}
        for side in ("inputs", "outputs")
    }
    return {"file": file, "bytes": report.sizes[file], **sides}


def _copy_page(folder: Path, manifest: dict[str, Any], packages: Path | None) -> None:
    """Copies the files shared by all models, and fills in title and description."""
    shutil.copytree(_PAGE, folder)
    lead = f"{registry.describe(manifest['model']).title} {_LEADS[manifest['view']]}"
    text = (folder / "index.html").read_text(encoding="utf-8")
    for mark, value in (("{{title}}", manifest["title"]), ("{{description}}", lead)):
        text = text.replace(mark, html.escape(value))
    (folder / "index.html").write_text(text, encoding="utf-8")
    if packages:
        _web_runtime.copy(packages, folder / _RUNTIME)


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> dict[str, int]:
    """Writes `model.json`, with the names of all files of the page; returns their sizes."""
    content = {**manifest, "files": sorted([*file_sizes(folder), MANIFEST])}
    (folder / MANIFEST).write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")
    return file_sizes(folder)


def _report(
    path: str | os.PathLike, quantization: str | None, sizes: dict[str, int], reports: dict[str, ExportReport]
) -> ExportReport:
    """The report of the page, from the reports of its LiteRT files."""
    signatures = {name: report.signatures[name] for name, report in reports.items()}
    parity = {name: report.parity[name] for name, report in reports.items()}
    further = dict(allowed={name: report.allowed[name] for name, report in reports.items()})
    further |= dict(outside=next(iter(reports.values())).outside)
    return ExportReport(os.fspath(path), "web", quantization, tuple(sizes), sizes, signatures, parity, **further)


def _page_mismatch(folder: Path) -> tuple[str, str] | None:
    """What was expected in a folder and what was found, if it is not the page of an earlier export; else `None`."""
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
