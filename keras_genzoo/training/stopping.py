"""Early stopping of a run: which metric is measured, on which images, and what happens at the end."""

import warnings

from keras_genzoo.recipes.stopping import AUTO
from keras_genzoo.training.real_images import with_existing_split


def stopper_of(model, run, epoch):
    """The callback that stops a run early; `None` if its recipe has no `stopping`, or no metric fits the model.

    Args:
        model: The model.
        run: `Run`; its log has the values of the epochs before.
        epoch: Number of epochs that are done.
    """
    from keras_genzoo.callbacks import StopOnMetric
    from keras_genzoo.callbacks.stop_on_metric import PREFIX
    from keras_genzoo.metrics.table import METRICS, check_metrics

    config = run.recipe.stopping
    name = default_metric(model, run.recipe.evaluation.features) if config.metric == AUTO else config.metric
    if name is None:
        if config.metric == AUTO:
            warnings.warn(
                "Nothing is measured in this training, which keeps its last weights: no metric fits "
                f"{model.model_name} without matched images",
                stacklevel=3,
            )
        return None
    check_metrics(name, model)
    rows = [row for row in run.log_rows() if row["epoch"] <= epoch and PREFIX + name in row]
    return StopOnMetric(
        measure_of(model, run.recipe, name),
        run.best,
        name,
        METRICS[name].better,
        config.every,
        config.patience,
        run.recipe.epochs,
        [(row["epoch"], row[PREFIX + name]) for row in rows],
    )


def default_metric(model, features=None):
    """Name of the metric of `stopping.metric: auto`: cheap, and defined for few images; `None` if none fits.

    Args:
        model: The model.
        features: Name of the features of the `evaluation` section, or `None`.
    """
    from keras_genzoo.families import BaseAutoencoder
    from keras_genzoo.metrics.points import makes_points
    from keras_genzoo.metrics.signals import makes_signals

    if makes_signals(model) and getattr(model.data_kind, "paired", False):
        return "snr"
    if makes_signals(model):
        return {"reconstruct": "reconstruction_snr", "generate": "spectrum_error"}.get(_first_method(model))
    if getattr(model.data_kind, "paired", False):
        return "translation_l1"
    if makes_points(model):
        return "reverse_kl" if hasattr(model, "generate") else None
    if hasattr(model, "predict_labels") and not hasattr(model, "generate"):
        return "accuracy"
    if isinstance(model, BaseAutoencoder):
        return "elbo" if hasattr(model, "elbo") else "reconstruction_mse"
    if hasattr(model, "generate"):
        # Features of grey images are at hand; those of colour images would be downloaded.
        return "kernel_distance" if features or model.image_shape[2] == 1 else "sliced_wasserstein"
    return None


def _first_method(model):
    return next((name for name in ("reconstruct", "generate") if hasattr(model, name)), None)


def measure_of(model, recipe, name):
    """A function of the model that gives the metric on a fixed sample of the evaluation split."""
    from keras_genzoo.metrics import Reference, evaluate
    from keras_genzoo.metrics.points import makes_points
    from keras_genzoo.metrics.reference import load_images
    from keras_genzoo.metrics.table import unread_settings

    recipe = with_existing_split(recipe)
    config, num = recipe.evaluation, recipe.stopping.num_images
    options = recipe.data.matched_options()
    data, split = recipe.data.source, dict(split=config.split, data_options=options)
    if not makes_points(model):
        data = Reference(
            **load_images(data, model.image_shape, num, config.split, config.seed, options), progress=False
        )
        num, split = len(data), {}
    settings = dict(num_images=num, num_likelihood_images=num, num_samples=config.num_samples, seed=config.seed)
    settings["features"] = None if "features" in unread_settings([name]) else config.features

    def measure(model):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about few images, and features of other ones: the values are compared
            found = evaluate(model, data, [name], progress=False, **settings, **split)
        (result,) = found.values()
        return result["value"]

    measure.sample = f"{num} {model.values.noun} of the split {config.split!r}"
    return measure


def keep_best(model, stopper, verbose=0):
    """Gives the model its best weights at the end of a training, and says so."""
    if stopper is None:
        return
    told = stopper.restore(model)
    if verbose:
        print(f"{told} Measured on {stopper.measure.sample}.", flush=True)
