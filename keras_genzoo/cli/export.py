"""The command `export`: its options, and the printed report."""

import dataclasses
import shlex
from pathlib import Path
from typing import Annotated

import typer

from keras_genzoo import presets
from keras_genzoo.cli.conditions import check_used, read_conditions
from keras_genzoo.cli.names import console, load_named, preset_of, say, start_tensorflow
from keras_genzoo.cli.page_options import Directions, EditClasses, EditLogits, check_page_options, page_directions

FORMATS = {".tflite": "litert", ".onnx": "onnx", ".xml": "openvino"}  # by suffix; without one: SavedModel
FID_IMAGES = 2000
Format = Annotated[
    str | None, typer.Option(help="saved_model, litert, onnx, openvino or web. Default: from the suffix of --out.")
]
Quantization = Annotated[
    str | None, typer.Option(help="LiteRT, web: float16, dynamic, int8 or auto (the fastest). Default: float32.")
]


def export(
    name: Annotated[str, typer.Argument(metavar="PRESET|RUN|FILE|MODEL", help="Preset, run, .keras file or model.")],
    out: Annotated[Path, typer.Option(help="Folder (saved_model, web), or .tflite, .onnx or .xml file.")],
    format: Format = None,
    quantization: Quantization = None,
    max_loss: Annotated[float | None, typer.Option(help="LiteRT: mean error that auto accepts. Default: 0.01.")] = None,
    signature: Annotated[str | None, typer.Option(help="LiteRT, ONNX, OpenVINO: signature, such as encode.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="LiteRT: batch size, fixed in the file.")] = None,
    image_dtype: Annotated[str | None, typer.Option(help="dtype of images: float32 (0..1) or uint8 (0..255).")] = None,
    io_dtype: Annotated[str | None, typer.Option(help="LiteRT with int8: int8 for integer inputs and outputs.")] = None,
    precision: Annotated[str | None, typer.Option(help="SavedModel: float32 or bfloat16.")] = None,
    warmup: Annotated[bool | None, typer.Option(help="SavedModel: write warm-up requests for a server.")] = None,
    runtime: Annotated[str | None, typer.Option(help="Web: folder of npm packages with LiteRT.js to copy.")] = None,
    measure: Annotated[bool | None, typer.Option(help="LiteRT: measure latency, memory and loss of quality.")] = None,
    data: Annotated[str | None, typer.Option(help="LiteRT, web: data source for calibration and FID.")] = None,
    features: Annotated[str | None, typer.Option(help="LiteRT: features of the FID. Default: from the card.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report to this .json file.")] = None,
    weights: Annotated[str | None, typer.Option(help="Preset name, folder, .weights.h5, https:// or hf://.")] = None,
    labels: Annotated[str | None, typer.Option(help="The class that the files generate, by number or name.")] = None,
    directions: Directions = None,
    edit_classes: EditClasses = None,
    from_logits: EditLogits = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
):
    """Exports to SavedModel, LiteRT, ONNX, OpenVINO or a web page; compares it with Keras and measures it."""
    format = format or _format_of(out)
    _check(format, report, features, data, overwrite)  # before anything is written
    _check_page(format, directions, edit_classes, from_logits)
    model, preset = load_named(name, weights), preset_of(name, weights)
    images = _images(preset, data, model) if data is not None else None
    fixed = read_conditions(model, labels)
    check_used(fixed, 1)
    options = dict(quantization=quantization, max_loss=max_loss, signature=signature, batch_size=batch_size)
    options |= dict(image_dtype=image_dtype, io_dtype=io_dtype, precision=precision, warmup=warmup, runtime=runtime)
    options |= dict(images=_inputs(model, signature, format, images), measure=measure, preset=_origin(format, preset))
    options = {key: value for key, value in options.items() if value is not None} | fixed
    options |= page_directions(model, directions, edit_classes, from_logits)
    done = model.export(out, format=format, overwrite=overwrite, **options)
    if format == "litert" and measure is not False:
        done = _with_quality(model, done, features or _features(preset), images and images["a"])
    _tell(done, report, format, out)


def _tell(done, report, format, out):
    show_report(done)
    if report is not None:
        done.save(report)
    if format == "web":
        say(f"Open it: python -m http.server --directory {shlex.quote(str(out))}")


def _format_of(out):
    """The format for the suffix of a path."""
    if out.suffix and out.suffix not in FORMATS:
        raise ValueError(
            f"Expected --out as a folder or as a path that ends in {', '.join(FORMATS)}, or a --format."
            f" Received: --out {str(out)!r}"
        )
    return FORMATS.get(out.suffix, "saved_model")


def _check(format, report, features, data, overwrite):
    """Raises `ValueError` on options that the export would check only after writing files."""
    if report is not None and report.suffix != ".json":
        raise ValueError(f"Expected the path of a report to end in .json. Received: {str(report)!r}")
    if report is not None and report.exists() and not overwrite:
        raise FileExistsError(f"Expected a new path for the report, or --overwrite. Received: {str(report)!r}")
    if features is not None and format != "litert":
        raise ValueError(f"Expected --features with the format litert. Received: --format {format}")
    if data is not None and format not in ("litert", "web"):
        raise ValueError(f"Expected --data with the format litert or web. Received: --format {format}")
    if features is not None:
        start_tensorflow()
        from keras_genzoo.metrics import extractor

        extractor(features)


def _check_page(format, directions, edit_classes, from_logits):
    """Raises an error on options of a page without one, or that do not fit."""
    for option, value in (("--directions", directions), ("--edit-classes", edit_classes)):
        if value and format != "web":
            raise ValueError(f"Expected {option} with the format web. Received: --format {format}")
    check_page_options(edit_classes, from_logits, directions)


def _images(preset, data, model):
    """Images of a data source, from its test split if it has one, else from its training split.

    Returns:
        Dict by domain, `"a"` and `"b"`; without a second domain, both are equal.
    """
    from keras_genzoo import training
    from keras_genzoo.metrics.reference import load_images

    if model.values.noun != "signals":
        model.values.check_images("images of a data set")
    source, options = training.data_of(preset, data) if preset is not None else (data, {})
    try:
        loaded = load_images(source, model.image_shape, limit=10000, options=options)
    except ValueError as error:
        if not str(error).startswith("Expected a split of"):
            raise
        loaded = load_images(source, model.image_shape, limit=10000, split="train", options=options)
    return {"a": loaded["images"], "b": loaded["images"] if loaded["target"] is None else loaded["target"]}


def _origin(format, preset):
    """The preset, for formats that state the data of the weights; else `None`."""
    return preset if format in ("saved_model", "web") else None


def _inputs(model, signature, format, images):
    """The images for the option `images` of the export: for a page, by signature; `None` without image inputs."""
    if images is None:
        return None
    functions = model.export_functions()
    taken = {name: images[_domain(model, name)] for name in functions if "image" in functions[name].inputs}
    return taken if format == "web" else taken.get(signature or "serving_default")


def _domain(model, signature):
    """The domain of the images that a signature takes; only the directions of a translator may take those of b."""
    directions = getattr(model, "directions", ())
    own = [direction for direction in directions if direction == signature] or directions[:1]
    return own[0].source if own else "a"


def _features(preset):
    """Name of the features in which a preset's card states its FID, or `None`."""
    return presets.card(preset).get("recipe", {}).get("evaluation", {}).get("features") if preset else None


def _with_quality(model, report, features, images):
    """The report with the loss of quality, if there are features and the file generates images from codes."""
    ((signature, described),) = report.signatures.items()
    if features is None or "z" not in described["inputs"] or "image" not in described["outputs"]:
        return report
    from keras_genzoo.export import export_quality
    from keras_genzoo.utils.progress import status

    options = dict(features=features, reference=images, num_images=FID_IMAGES, signature=signature)
    with status("Comparing the images of the file with those of the model"):
        return dataclasses.replace(report, quality=export_quality(model, report.path, **options))


def show_report(report):
    """Prints the report of an export as tables."""
    from keras_genzoo.export.tables import report_tables

    for part in report_tables(report):
        console.print(part, highlight=False)
