"""The commands that steer generators: edit, directions, invert, and clips of interpolations."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from keras_genzoo.cli.conditions import check_used, read_conditions, rows_of
from keras_genzoo.cli.images import Conditions, Input, Labels, Limit, Name, Seed, Split, labels_of, load_model
from keras_genzoo.cli.names import Weights, console, load_named, say
from keras_genzoo.cli.pictures import check_apart, check_folder_of, check_png_output, suffix_of
from keras_genzoo.cli.typed import check_effect, typed
from keras_genzoo.utils.atomic import write_atomically
from keras_genzoo.utils.text import counted

Classifier = Annotated[
    str, typer.Option("--classifier", help="Preset of a classifier, or a .keras file of any Keras classifier.")
]
FromLogits = Annotated[
    bool, typer.Option("--logits/--probabilities", help="What the classifier gives. Presets give logits.")
]
Target = Annotated[int | None, typer.Option(help="Number of the class or output that is asked for.", min=0)]
CODES = "makes images from codes"


class Method(StrEnum):
    """How directions are found."""

    jacobian = "jacobian"
    sefa = "sefa"
    ganspace = "ganspace"
    classifier = "classifier"
    named = "named"


HowFound = Annotated[
    Method,
    typer.Option(
        help="Change of the images, weights or activations of the first layer, a classifier, or single components of "
        "the code and of conditions."
    ),
]


def edit(
    ctx: typer.Context,
    name: Name,
    target: Annotated[int, typer.Option(help="Number of the class or output that is asked for.", min=0)],
    classifier: Classifier,
    out: Annotated[Path, typer.Option(help="PNG file: images before and after.")] = Path("edited.png"),
    num: Annotated[int, typer.Option(help="Number of images.", min=1)] = 16,
    start: Annotated[int, typer.Option(help="Index of the first image.", min=0)] = 0,
    seed: Seed = 0,
    hold: Annotated[
        str, typer.Option(help="What is to stay: brightness, height, width, slant, outputs; '' for nothing.")
    ] = "slant,brightness",
    hold_weight: Annotated[float, typer.Option(help="Weight of what is to stay.", min=0.0)] = 1.0,
    steps: Annotated[int, typer.Option(help="Steps of the optimization.", min=1)] = 200,
    from_logits: FromLogits = True,
    independent: Annotated[
        bool, typer.Option("--independent", help="Outputs are features, each true or not, in place of classes.")
    ] = False,
    labels: Labels = None,
    condition: Conditions = None,
    weights: Weights = None,
):
    """Moves codes until a classifier sees what is asked for, while what is held stays; draws before and after."""
    check_png_output(out)
    names = [each.strip() for each in hold.split(",") if each.strip()]
    check_effect(ctx, () if names else ("hold_weight",), "--hold names nothing")
    model = load_model(name, weights, "latent_sample", CODES)
    from keras_genzoo import latent, plots
    from keras_genzoo.latent.codes import conditions_of

    asked = read_conditions(model, labels, condition)
    check_used(asked, start + num)
    given = conditions_of(model, num, rows_of(asked, start, num), seed, start)  # those of `sample`
    z = latent.sample(model, num, seed, start)
    seen = dict(from_logits=from_logits, exclusive=not independent)
    held = dict(hold=names, hold_weight=hold_weight if names else None)
    edited = latent.edit(model, read_classifier(classifier), z, target, steps=steps, **held, **seen, **given)
    plots.save_pairs(latent.decode(model, z, **given), edited.images, out)
    _tell_edit(edited, target, out)


def _tell_edit(edited, target, out):
    table = Table("feature", "before", "after", "mean change")
    for feature, before, after, change in edited.table():
        table.add_row(feature, *(f"{value:.4g}" for value in (before, after, change)))
    console.print(table)
    say(f"{int(edited.reached.sum())} of {counted(len(edited.z), 'images')} show {target}: {out}")


def directions(
    ctx: typer.Context,
    name: Name,
    out: Annotated[Path, typer.Option(help="PNG file: one row per direction.")] = Path("directions.png"),
    method: HowFound = Method.jacobian,
    num: Annotated[int, typer.Option(help="Number of directions.", min=1)] = 6,
    distance: Annotated[float, typer.Option(help="Length of the walk to each side, in deviations of the prior.")] = 3.0,
    steps: Annotated[int, typer.Option(help="Images in a row.", min=2)] = 9,
    seed: Seed = 0,
    classifier: Annotated[str | None, typer.Option(help="With --method classifier: see edit.")] = None,
    target: Target = None,
    from_logits: FromLogits = True,
    vectors: Annotated[
        Path | None, typer.Option(help="File for the directions: .npz for `play --directions`, or a .npy array.")
    ] = None,
    names: Annotated[
        str | None, typer.Option(help="With --vectors FILE.npz: names of the directions, separated by commas.")
    ] = None,
    weights: Weights = None,
):
    """Draws walks along directions in latent space, and tells how much of each measure of an image they move."""
    check_png_output(out)
    _check_method(ctx, method, classifier, target, vectors)
    if not distance:
        raise ValueError("Expected --distance other than 0: a row would be one image. Received: --distance 0")
    names = _check_names(names, method, num, vectors)
    model = load_model(name, weights, "latent_sample", CODES)
    if method is Method.named:
        return _draw_named(model, num, steps, seed, out)
    found = _found(model, method, num, seed, classifier, target, from_logits)
    if names is not None and len(names) != len(found):
        raise ValueError(f"Expected {len(found)} --names: codes have no more directions. Received: {len(names)}")
    _draw_walks(model, found, distance, steps, seed, out)
    if vectors is not None:
        _write_directions(vectors, model, found, names or _default_names(method, target, len(found)))
    _tell_directions(model, found, seed, out)


def _check_names(names, method, num, vectors):
    """The names given for directions as a list, or `None`; raises `ValueError` unless they fit."""
    if names is None:
        return None
    if vectors is None or suffix_of(vectors) != ".npz":
        raise ValueError(f"Expected --vectors FILE.npz with --names. Received: --names {names}")
    given, wanted = [name.strip() for name in names.split(",")], 1 if method is Method.classifier else num
    if len(given) != wanted or len(set(given)) != wanted or not all(given):
        raise ValueError(f"Expected --names as {counted(wanted, 'different names')}. Received: --names {names}")
    return given


def _default_names(method, target, num):
    """Names by method and number, which differ among the files of one model."""
    return [f"towards {target}"] if method is Method.classifier else [f"{method.value} {i + 1}" for i in range(num)]


def _write_directions(path, model, found, names):
    import numpy as np

    from keras_genzoo import latent

    if suffix_of(path) == ".npz":
        latent.save_directions(path, model, dict(zip(names, found, strict=True)))
    else:
        write_atomically(path, lambda file: np.save(file, found), suffix=".npy")


def _found(model, method, num, seed, classifier, target, from_logits):
    """Directions `(num, latent_dim)` by a method; a model of short codes has fewer."""
    from keras_genzoo import latent

    if method is Method.classifier:
        seen = dict(seed=seed, from_logits=from_logits)
        return latent.find_direction(model, read_classifier(classifier), target, **seen)[None]
    num = min(num, model.latent_dim)
    if method is Method.jacobian:
        return latent.leading_directions(model, num, seed=seed).vectors
    return latent.first_layer_directions(model, num, method.value, seed=seed).vectors


def _draw_named(model, num, steps, seed, out):
    """A table with a named row for each of the directions that change the images most."""
    import numpy as np

    from keras_genzoo import latent, plots

    changes = latent.named_directions(model, seed=seed)
    names = list(changes)[:num]
    rows = np.concatenate([latent.traverse(model, name, 1, steps, seed) for name in names])
    plots.save_table(rows, out, rows=names)
    table = Table("direction", "mean change of a pixel")
    for name in names:
        table.add_row(name, f"{changes[name]:.2f}")
    console.print(table)
    say(f"{len(names)} of {counted(len(changes), 'named directions')}, those of most change: {out}")


def _draw_walks(model, directions, distance, steps, seed, out):
    """A grid with a row for each direction, of one image of the collection `seed`."""
    import numpy as np

    from keras_genzoo import latent, plots
    from keras_genzoo.latent.codes import conditions_of, prior_scale

    z, distances = latent.sample(model, 1, seed), np.linspace(-distance, distance, steps) * prior_scale(model)
    codes = np.concatenate([latent.walk(model, z, each, distances)[0] for each in directions])
    shared = conditions_of(model, 1, {}, seed)
    given = {name: np.repeat(values, len(codes), axis=0) for name, values in shared.items()}
    plots.save_grid(latent.decode(model, codes, **given), out, columns=steps)


def _tell_directions(model, directions, seed, out):
    from keras_genzoo import latent

    changes, mixed = latent.entanglement(model, directions, seed=seed)
    table = Table("direction", *latent.MEASURES, "entanglement")
    for number, row in enumerate(changes):
        table.add_row(str(number), *(f"{value:.2f}" for value in row), f"{mixed[number]:.2f}")
    console.print(table)
    told = counted(len(directions), "directions")
    say(f"{told}; changes for a step of 1, in standard deviations of each measure: {out}")


def invert(
    ctx: typer.Context,
    name: Name,
    source: Input,
    out: Annotated[Path, typer.Option(help="PNG file: images beside those of their codes.")] = Path("inverted.png"),
    codes: Annotated[Path | None, typer.Option(help="NumPy file for the codes, (images, latent_dim).")] = None,
    steps: Annotated[int, typer.Option(help="Steps of the optimization.", min=1)] = 300,
    starts: Annotated[int, typer.Option(help="Codes that each image starts from.", min=1)] = 4,
    seed: Seed = 0,
    split: Split = "train",
    limit: Limit = 64,
    labels: Labels = None,
    condition: Conditions = None,
    weights: Weights = None,
):
    """Finds the codes of images, and draws the images beside those of their codes.

    A model that takes labels is told those of the images, or --labels.
    """
    from keras_genzoo.data.named import is_image_file, load_named_images

    check_png_output(out)
    _check_array(codes)
    if is_image_file(source):
        check_effect(ctx, ("split", "limit"), "--input is one image")
    model = load_model(name, weights, "latent_sample", CODES)
    check_apart(source, out)
    import numpy as np

    from keras_genzoo import latent, plots

    images, known, _ = load_named_images(source, split, model.image_shape[:2], model.image_shape[2], limit)
    asked = read_conditions(model, labels, condition)
    check_used(asked, len(images))
    given = rows_of(asked, 0, len(images))
    if model.data_kind.has_labels and "labels" not in given:
        given |= labels_of(model, None, known, len(images), source, split)
    found = latent.invert(model, images, steps=steps, starts=starts, seed=seed, **given)
    plots.save_pairs(images, found.images, out)
    if codes is not None:
        write_atomically(codes, lambda file: np.save(file, found.z), suffix=".npy")
    say(f"{counted(len(images), 'images')}, mean squared error {found.error.mean():.4f}: {out}")


def read_classifier(name):
    """A classifier by the name of a preset, or from a `.keras` file of any Keras model."""
    if not name.endswith(".keras"):
        return load_named(name)
    import keras

    if not Path(name).is_file():
        raise FileNotFoundError(f"Expected a .keras file of a classifier. Received: {name!r}, which does not exist")
    try:
        return keras.saving.load_model(name, compile=False)
    except Exception as error:  # of Keras, of many kinds
        reason = (str(error).splitlines() or [""])[0]
        raise ValueError(f"Expected a .keras file that Keras loads. Received: {name!r} ({reason})") from error


def _check_method(ctx, method, classifier, target, vectors):
    _check_array(vectors, (".npz", ".npy"))
    if method is Method.named:
        check_effect(ctx, ("distance", "vectors"), "--method named goes over the range of each component")
    if method is not Method.classifier:
        check_effect(ctx, ("classifier", "target", "from_logits"), "only --method classifier has one")
    elif classifier is None or target is None:
        one = "--target" if classifier is None else "--classifier"
        received = "neither" if classifier is target is None else one
        raise ValueError(f"Expected --classifier and --target with --method classifier. Received: {received}")
    elif typed(ctx, "num"):
        raise ValueError("Expected no --num: a classifier gives one direction. Received: --num")


def _check_array(path, kinds=(".npy",)):
    """Raises an error unless a NumPy file may be written, or none is asked for."""
    if path is None:
        return
    kind = suffix_of(path) if suffix_of(path) in kinds else " or ".join(kinds)
    if kind not in kinds:
        raise ValueError(f"Expected a {kind} file. Received: {str(path)!r}")
    if path.exists():
        raise FileExistsError(f"Expected a {kind} file that is not there yet. Received: {str(path)!r}, which exists")
    check_folder_of(path)
