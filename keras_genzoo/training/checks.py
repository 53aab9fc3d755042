"""What can be told before a training starts, and without TensorFlow, whose import takes seconds."""

from pathlib import Path

from keras_genzoo import presets
from keras_genzoo.data.views import unviewed
from keras_genzoo.utils.text import nearest


def check(run, resume=False, evaluate=True):
    """Raises `ValueError` if a training would fail by its folder, an argument out of its range, or its evaluation.

    Args:
        run: `Run`.
        resume: Whether the run is to be continued.
        evaluate: Whether the evaluation of the recipe will be computed.
    """
    run.check_folder(resume)
    run.recipe.check_ranges()
    if resume:
        run.check_unchanged(run.newest_note())
    elif run.recipe.weights is not None and "://" not in run.recipe.weights:
        presets.stored_arguments(run.recipe.model, run.recipe.weights)
    for source in (run.recipe.data.source, run.recipe.data.source_b):
        _check_path(source)
    if evaluate:
        check_names(run.recipe.evaluation.metrics, run.recipe.evaluation.features)
    if run.recipe.stopping.metric not in (None, "auto"):
        check_names((run.recipe.stopping.metric,), run.recipe.evaluation.features)


def _check_path(source):
    """Raises `FileNotFoundError` if a source is a path that does not exist; other sources are looked for later."""
    prefix, _, path = (unviewed(source)[1] or "").partition(":")
    if prefix in ("npz", "folder", "wav") and path and not Path(path).expanduser().exists():
        raise FileNotFoundError(f"Expected a file or folder that exists as data. Received: {source!r}")


def check_names(metrics, features):
    """Raises `ValueError` for metrics or features that do not exist, or that do not fit each other.

    Args:
        metrics: Names of metrics.
        features: Name of features, or `None`.
    """
    from keras_genzoo.metrics.features import CLASSIFIERS
    from keras_genzoo.metrics.table import METRICS

    for name in metrics:
        if name not in METRICS:
            raise ValueError(f"Expected the name of a metric; {nearest(name, METRICS)} Received: {name!r}")
    known = (*CLASSIFIERS, "inception")
    if features is not None and features not in known:
        names = f"{', '.join(known)}; {nearest(features, known)}"
        raise ValueError(f"Expected features as one of {names} Received: {features!r}")
    needed = {name: METRICS[name].extractor for name in metrics if METRICS[name].extractor not in (None, "any")}
    given = {"inception": "inception", None: None}.get(features, "classifier")
    for name, kind in needed.items():
        if given is not None and kind != given:
            raise ValueError(f"Expected {kind} features for the metric {name!r}. Received: {features!r}")
        if kind != next(iter(needed.values())):
            raise ValueError(
                "Expected metrics of one kind of features, of a classifier or of inception. "
                f"Received: {', '.join(needed)}"
            )
