"""What can be told before a training starts, and without TensorFlow, whose import takes seconds."""

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
    if evaluate:
        check_evaluation(run.recipe)


def check_evaluation(recipe):
    """Raises `ValueError` for metrics or features that do not exist, or that do not fit each other."""
    from keras_genzoo.metrics.features import CLASSIFIERS
    from keras_genzoo.metrics.table import METRICS

    config = recipe.evaluation
    for name in config.metrics:
        if name not in METRICS:
            raise ValueError(f"Expected metrics of list_metrics(). Received: {name!r}; {nearest(name, METRICS)}")
    known = (*CLASSIFIERS, "inception")
    if config.features is not None and config.features not in known:
        names = f"{', '.join(known)}; {nearest(config.features, known)}"
        raise ValueError(f"Expected evaluation.features as one of {names} Received: {config.features!r}")
    needed = {name: METRICS[name].extractor for name in config.metrics if METRICS[name].extractor is not None}
    given = {"inception": "inception", None: None}.get(config.features, "classifier")
    for name, kind in needed.items():
        if given is not None and kind != given:
            raise ValueError(f"Expected {kind} features for the metric {name!r}. Received: {config.features!r}")
        if kind != next(iter(needed.values())):
            raise ValueError(
                "Expected metrics of one kind of features, of a classifier or of inception. "
                f"Received: {', '.join(needed)}"
            )
