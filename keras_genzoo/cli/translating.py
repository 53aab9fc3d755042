"""The command that translates images, folders of them, data sets, clips and wav files."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from keras_genzoo import presets
from keras_genzoo.cli.images import Input, Limit, Name, Split, load_model, through
from keras_genzoo.cli.names import Weights, errors, preset_of, say
from keras_genzoo.cli.pictures import (
    BEFORE_AFTER,
    MAX_PAIRS,
    check_apart,
    check_clip_targets,
    check_output,
    check_targets,
    is_png,
    save_before_after,
    save_image,
    suffix_of,
    thumbnail,
)
from keras_genzoo.cli.signals import is_signal_file, is_signal_source, is_wav_input, translate_signals
from keras_genzoo.cli.typed import check_effect, typed
from keras_genzoo.data.views import unviewed
from keras_genzoo.utils.text import counted

DOES = "translates images"


def translate(
    ctx: typer.Context,
    name: Name,
    source: Input,
    out: Annotated[
        Path, typer.Option(help="PNG file, or a folder for one PNG per image, named as the input; of a clip, a clip.")
    ],
    direction: Annotated[str | None, typer.Option(help="Such as a_to_b. Default: the first of the model.")] = None,
    keep_size: Annotated[
        bool,
        typer.Option("--keep-size/--model-size", help="Keep the size of each image, or scale and crop to the model's."),
    ] = True,
    split: Split = "train",
    limit: Limit = None,
    image_key: Annotated[str | None, typer.Option(help="Name of the images in an npz file or a data set.")] = None,
    weights: Weights = None,
):
    """Translates an image file, a folder, a data set, a clip or wav files from one domain to the other.

    Images keep their size: larger ones than the model's are translated in tiles, whose seams are blended. A folder
    keeps the names of the files, and gets a grid of before and after. A PNG file is the translated image, or, of
    several images, that grid. A clip is an animated GIF, or a video such as MP4, which needs imageio; with --out as a
    .gif or .mp4 file, all of its frames are translated, without sound, and else the first frame of a GIF. Of a model
    of signals, a wav file or a folder of such becomes one of the same names and sample rates, and an array a .npz file.
    """
    from keras_genzoo.data.clips import is_clip
    from keras_genzoo.data.named import is_image_file

    if is_signal_source(source) or is_signal_file(out):
        of_arrays = ("split", "limit") if is_wav_input(source) else ()
        check_effect(ctx, ("keep_size", "image_key", *of_arrays), "--input is of signals")
        model = load_model(name, weights, "translate", "translates signals", points=True)
        direction = model.checked_direction(direction)
        count = translate_signals(model, source, out, direction, split, limit)
        return say(f"{counted(count, 'signals')}, {direction}: {out}")
    if is_clip(source) and not (is_png(out) or (out.is_dir() or not out.suffix)):
        check_effect(ctx, ("split", "limit", "image_key"), "--input is a clip")
        return _translate_clip(name, weights, source, out, direction, keep_size)
    if is_clip(source) and suffix_of(Path(source)) != ".gif":
        raise ValueError(f"Expected --out as a .gif or .mp4 file for a video. Received: {str(out)!r}")
    if is_image_file(source):
        check_effect(ctx, ("split", "limit", "image_key"), "--input is one image")
    source = _as_in_training(source, name, weights, direction)
    split = split if typed(ctx, "split") else None  # all images of a folder, which need not be laid out as data
    if not keep_size:
        own = dict(direction=direction, image_key=image_key)
        return through(ctx, name, weights, source, out, split, limit, "translate", DOES, **own)
    return _translate_each(name, weights, source, out, direction, split=split, limit=limit, image_key=image_key)


def _as_in_training(source, name, weights, direction):
    """`source` as label maps, if the preset has learned from such: files of class numbers are dark grey pictures."""
    preset = preset_of(name, weights)
    data = {} if preset is None else presets.card(preset).get("recipe", {}).get("data", {})
    learned = data.get("source_b" if direction == "b_to_a" else "source") or ""
    of_maps = "label_maps" in (unviewed(learned)[0] or "") and unviewed(source)[0] is None
    return f"label_maps:{source}" if of_maps else source


def _translate_each(name, weights, source, out, direction, **read):
    """Images at their own sizes, one after another."""
    from keras_genzoo.data.named import named_images

    check_output(out)
    model = load_model(name, weights, "translate", DOES)
    check_apart(source, out)
    names, images = named_images(source, channels=model.image_shape[2], **read)
    check_targets(out, [*names, BEFORE_AFTER])
    direction = model.checked_direction(direction)
    shown, count, made = [], 0, None
    for each, image in _tracked(images, len(names)):
        made = model.translate_pixels(image[None], direction)[0]
        count += 1
        if not is_png(out):
            save_image(made, out / f"{each}.png")
        if len(shown) < MAX_PAIRS or is_png(out):
            shown.append((thumbnail(image), thumbnail(made)))
    if is_png(out) and count == 1:
        save_image(made, out)
    else:
        save_before_after(shown, out if is_png(out) else out / f"{BEFORE_AFTER}.png")
    say(f"{counted(count, 'images')}, {direction}: {out}")


def _translate_clip(name, weights, source, out, direction, keep_size):
    """The frames of a clip, one after another."""
    from keras_genzoo.data import clips
    from keras_genzoo.data.pixels import resize

    clips.check_clip_output(out)
    check_clip_targets(source, out)
    model = load_model(name, weights, "translate", DOES)
    direction = model.checked_direction(direction)
    frames = clips.read_frames(source, model.image_shape[2])
    size = None if keep_size else model.image_shape[:2]
    count = 0

    def translated():
        nonlocal count
        for frame, milliseconds in _tracked(frames):
            yield model.translate_pixels(resize(frame[None], size), direction)[0], milliseconds
            count += 1

    clips.write_frames(out, translated())
    say(f"{counted(count, 'frames')}, {direction}: {out}")


def _tracked(items, total=None):
    from rich.progress import track

    return track(items, "Translating", total=total, console=errors, disable=not sys.stderr.isatty())
