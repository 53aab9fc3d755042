"""Options of the commands that write a web page: the directions that get a slider."""

from pathlib import Path
from typing import Annotated

import typer

from keras_genzoo.cli.latent import read_classifier

Directions = Annotated[
    list[Path] | None,
    typer.Option(
        "--directions",
        metavar="FILE",
        help="Web: sliders along directions of `directions --vectors FILE.npz`; repeatable.",
    ),
]
EditClasses = Annotated[
    str | None,
    typer.Option("--edit-classes", metavar="CLASSIFIER", help="Web: sliders towards each class of a classifier."),
]
EditLogits = Annotated[
    bool, typer.Option("--logits/--probabilities", help="What the classifier of --edit-classes gives.")
]


def check_page_options(edit_classes, from_logits, files):
    """Raises an error on options that have no effect, and on files that are not there, before a model is loaded."""
    if not from_logits and edit_classes is None:
        raise ValueError("Expected --edit-classes with --probabilities. Received: --probabilities alone")
    for file in files or ():
        if not file.is_file():
            raise FileNotFoundError(f"Expected --directions as a file. Received: {str(file)!r}, which is not there")


def page_directions(model, files, edit_classes, from_logits):
    """Options `directions` and `edit_classes` of `keras_genzoo.export.web.write`, those that are asked for."""
    from keras_genzoo import latent

    found = {}
    for file in files or ():
        for name, vector in latent.load_directions(file, model).items():
            if name in found:
                raise ValueError(f"Expected each direction once. Received: {name!r} again in {str(file)!r}")
            found[name] = vector
    options = {"directions": found} if found else {}
    if edit_classes is not None:
        if model.data_kind.has_labels:
            raise ValueError(
                "Expected a model without labels with --edit-classes: they decide what the classifier shows, and the "
                f"page has a list of them. Received: a {model.model_name}"
            )
        classifier = read_classifier(edit_classes)
        options["edit_classes"] = latent.class_directions(model, classifier, from_logits=from_logits)
    return options
