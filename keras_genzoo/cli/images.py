"""The commands that make images: sample, reconstruct and interpolate; and what they share with translate."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from keras_genzoo.cli.between import interpolate_classes
from keras_genzoo.cli.conditions import check_used, columns_of, read_conditions, rows_of
from keras_genzoo.cli.names import SamplerName, Weights, errors, load_named, preset_of, sampler_options, say
from keras_genzoo.cli.pictures import (
    BEFORE_AFTER,
    check_apart,
    check_image_output,
    check_output,
    check_picture_or_clip,
    check_targets,
    save,
)
from keras_genzoo.cli.points import check_array_file, check_points_output, is_array_file, save_points
from keras_genzoo.cli.signals import check_new, check_signals_output, is_signal_file, save_signals
from keras_genzoo.cli.typed import check_effect
from keras_genzoo.utils.text import counted

Name = Annotated[str, typer.Argument(metavar="PRESET|MODEL", help="Preset, run folder, .keras file or model.")]
Seed = Annotated[int, typer.Option(help="Seed; image i depends only on the seed and i.", min=0)]
Labels = Annotated[
    str | None, typer.Option(help="Classes by number or name, dealt out in turn: cat or 3,1. Default: all classes.")
]
Conditions = Annotated[list[str] | None, typer.Option(help="name=value: any condition of the model.")]
Through = Annotated[
    str | None, typer.Option(help="Classes between which each image changes, in place of its code: 3,8 or NAME=3,8.")
]
Input = Annotated[str, typer.Option("--input", help="An image file, a folder, digits, tfds:NAME or npz:PATH.")]
Split = Annotated[str, typer.Option(help="Split of the input images.")]
Limit = Annotated[int | None, typer.Option(help="Maximum number of images.", min=1)]

SampleOut = Annotated[
    Path,
    typer.Option(
        help="PNG file of a grid, or a folder for one PNG per image; for points, also a .npy file; for signals, a "
        ".png, .npz or .wav file, or a folder of .wav files."
    ),
]
SampleNum = Annotated[int | None, typer.Option(help="Number of images. Default: 64, 2500 points or 16 signals.", min=1)]
SampleRate = Annotated[int | None, typer.Option(help="Wav files: samples per second.", min=1)]


def sample(
    ctx: typer.Context,
    name: Name,
    out: SampleOut = Path("samples.png"),
    num: SampleNum = None,
    start: Annotated[int, typer.Option(help="Index of the first image.", min=0)] = 0,
    seed: Seed = 0,
    labels: Labels = None,
    condition: Conditions = None,
    weights: Weights = None,
    sampler: SamplerName = None,
    sample_rate: SampleRate = None,
):
    """Generates images, a grid in one PNG file or a folder of files; points; or signals, as wav or NumPy files."""
    _check_sample_file(out)
    model = load_model(name, weights, "generate", "generates images", points=True)
    from keras_genzoo.families.generation import grid_columns

    kind, (size, _) = model.values.noun, model.values.shown or (64, None)
    num = num or size
    names = [f"{index:06d}" for index in range(start, start + num)]
    if kind != "signals":
        check_effect(ctx, ("sample_rate",), f"{name} makes {kind}")
    _check_samples(kind, out, num, sample_rate, names)
    asked = read_conditions(model, labels, condition)
    check_used(asked, start + num)
    samples = _generated(model, num, seed, start, size, sampler_options(model, sampler), asked)
    if kind == "images":
        save(samples, out, names, columns_of(asked) or (grid_columns(model) if model.conditions else None))
    elif kind == "signals":
        save_signals(samples, out, sample_rate, names)
    else:
        save_points(samples, out, _source_of(name, weights))
    say(f"{counted(num, kind)} of seed {seed}: {out}")


def _check_sample_file(out):
    """What can be said of a path before the model is loaded."""
    if is_signal_file(out):
        check_new([out])
    elif is_array_file(out):
        check_array_file(out)
    else:
        check_output(out)


def _check_samples(kind, out, num, sample_rate, names):
    """Raises an error unless samples of a kind may be written to a path."""
    if kind == "signals":
        check_signals_output(out, num, sample_rate, names)
    else:
        check_image_output(out, names) if kind == "images" else check_points_output(out)


def _generated(model, num, seed, start, size, drawn, asked):
    """Samples `start` to `start + num - 1` of a seed, made in parts of `size`."""
    import numpy as np
    from rich.progress import track

    chunks = [(first, min(size, start + num - first)) for first in range(start, start + num, size)]
    shown = track(chunks, "Generating", console=errors, disable=len(chunks) < 10 or not sys.stderr.isatty())
    return np.concatenate(
        [
            model.generate(num_of, seed=seed, start=first, batch_size=size, **drawn, **rows_of(asked, first, num_of))
            for first, num_of in shown
        ]
    )


def _source_of(name, weights):
    """The data that a preset or run was trained on; `None` where that is not known."""
    from keras_genzoo import training

    trained = preset_of(name, weights)
    return None if trained is None else training.data_of(trained)[0]


def interpolate(
    ctx: typer.Context,
    name: Name,
    out: Annotated[
        Path, typer.Option(help="PNG file of a grid, one row per pair; or a .gif or .mp4 file of a walk that repeats.")
    ] = Path("interpolation.png"),
    num: Annotated[int, typer.Option(help="Number of pairs, or of images that a walk goes through.", min=1)] = 8,
    steps: Annotated[
        int | None,
        typer.Option(
            help="Images of a pair, both ends included; a clip shows an end of two pairs once. Default: 8, or 24 in a "
            "clip.",
            min=2,
        ),
    ] = None,
    start: Annotated[int, typer.Option(help="Index of the first image; a pair is images i and i + 1.", min=0)] = 0,
    seed: Seed = 0,
    frame_ms: Annotated[int, typer.Option(help="Clips: milliseconds of a frame.", min=10)] = 50,
    scale: Annotated[int, typer.Option(help="Clips: side of the square that each pixel becomes.", min=1)] = 4,
    labels: Labels = None,
    condition: Conditions = None,
    through: Through = None,
    weights: Weights = None,
):
    """Draws the images between generated images: one row per pair, or a clip of a walk through all of them.

    With --through 3,8, each row has one code, and goes from class to class; a clip shows all rows beside each other.
    """
    clip = check_picture_or_clip(ctx, out)
    steps = steps or (24 if clip else 8)
    if through is not None:
        options = dict(num=num, steps=steps, start=start, seed=seed, frame_ms=frame_ms, scale=scale)
        return interpolate_classes(name, out, clip, through, labels, condition, weights, **options)
    if clip:
        return _walk(name, out, num, steps, start, seed, frame_ms, scale, labels, condition, weights)
    model = load_model(name, weights, "latent_sample", "has a latent code")
    from keras_genzoo import latent

    asked = read_conditions(model, labels, condition)
    check_used(asked, start + num)
    asked = rows_of(asked, start, num)
    images = latent.interpolate(model, num, steps, seed=seed, start=start, **asked)
    save(images.reshape(-1, *model.image_shape), out, (), columns=steps)
    say(f"{counted(num, 'interpolations')} of {steps} images: {out}")


def _walk(name, out, num, steps, start, seed, frame_ms, scale, labels, condition, weights):
    """A clip that goes through codes of the collection `seed` and back, with the conditions of the first image."""
    if num < 2:
        raise ValueError(f"Expected --num of at least 2 for a walk. Received: --num {num}")
    model = load_model(name, weights, "latent_sample", "has a latent code")
    import numpy as np

    from keras_genzoo import latent
    from keras_genzoo.data import clips
    from keras_genzoo.latent.codes import conditions_of

    asked = read_conditions(model, labels, condition)
    check_used(asked, start + 1)
    codes = latent.path(model, latent.sample(model, num, seed, start), steps - 1, closed=True)
    shared = conditions_of(model, 1, rows_of(asked, start, 1), seed, start)  # of all frames: those of the first image
    given = {key: np.repeat(values, len(codes), axis=0) for key, values in shared.items()}
    frames = latent.decode(model, codes, **given).repeat(scale, axis=1).repeat(scale, axis=2)
    clips.write_frames(out, ((frame, frame_ms) for frame in frames))
    say(f"{len(frames)} frames through {num} images: {out}")


def reconstruct(
    ctx: typer.Context,
    name: Name,
    source: Input,
    out: Annotated[Path, typer.Option(help="PNG file of originals beside reconstructions, or a folder.")],
    split: Split = "train",
    limit: Limit = None,
    labels: Labels = None,
    weights: Weights = None,
):
    """Encodes and decodes images, and writes them beside the originals."""
    through(ctx, name, weights, source, out, split, limit, "reconstruct", "reconstructs images", labels=labels)


def through(ctx, name, weights, source, out, split, limit, method, does, labels=None, direction=None, image_key=None):
    """Reads images, hands them to a method of the model, and writes what it gives."""
    check_output(out)
    from keras_genzoo.data.named import is_image_file, load_named_images
    from keras_genzoo.families.given_conditions import conditions_of_images

    if is_image_file(source):
        check_effect(ctx, ("split", "limit"), "--input is one image")
    model = load_model(name, weights, method, does)
    check_apart(source, out)
    given = {} if direction is None else {"direction": direction}
    height, width, channels = model.image_shape
    images, found, names = load_named_images(source, split, (height, width), channels, limit, image_key)
    check_targets(out, [*names, BEFORE_AFTER])
    if method == "reconstruct" and conditions_of_images(model):
        given = labels_of(model, labels, found, len(images), source, split)
    elif labels is not None:
        why = "reads them from the images" if model.conditions else "takes none"
        raise ValueError(f"Expected no --labels: {model.model_name} {why}. Received: {labels}")
    results = getattr(model, method)(images, **given)
    save(results, out, names, before=images)
    done = given.get("direction") or (model.directions[0] if method == "translate" else "reconstructed")
    size = f"scaled and cropped to {width}x{height}"
    say(f"{counted(len(images), 'images')}, {size}, {done}: {out}")


def labels_of(model, labels, found, num, source, split):
    """The labels of images to reconstruct: those that are asked for, or else those of the source."""
    if labels is not None:
        asked = read_conditions(model, labels)
        check_used(asked, num)
        return rows_of(asked, 0, num)
    if found is None:
        raise ValueError(
            f"Expected --labels, or images with labels: {model.model_name} takes them. Received: images alone"
        )
    from keras_genzoo.metrics.reference import check_classes

    check_classes(model, source, split)
    return {model.conditions[0].name: found}


def load_model(name, weights, method, does, points=False):
    """The model; with `points`, also one of points."""
    model = load_named(name, weights)
    if not hasattr(model, method):
        raise ValueError(f"Expected a model that {does}. Received: {name!r} ({type(model).__name__})")
    if not points:
        model.values.check_images("this command")
    return model
