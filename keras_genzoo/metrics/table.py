"""The table of metrics of `evaluate`: a new metric is a function and one row here."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from keras_genzoo.metrics import (
    class_conditional,
    clustering,
    disentanglement,
    frechet,
    kernel,
    likelihood,
    manifold,
    of_translations,
    parzen,
    reconstruction,
    signals,
    sliced_wasserstein,
)
from keras_genzoo.metrics._arrays import mean_over_images
from keras_genzoo.metrics.evaluation import takes_labels
from keras_genzoo.metrics.points import makes_points
from keras_genzoo.metrics.samplers import sampler_of
from keras_genzoo.recipes import load_recipe
from keras_genzoo.utils.pixels import as_unit
from keras_genzoo.utils.text import nearest, shown


@dataclass(frozen=True)
class Metric:
    """One row.

    Attributes:
        function: for kinds "features" and "images": `f(real, fake, seed)` with two `Reference`s; for the kind "model":
            `f(evaluation)`; for the kind "points" `None`, as all are computed at once. Returns a dict with "value" and,
            if they apply, "standard_error", other values, and "protocol" (settings of the metric).
        kind: "features" (compares two sets of features), "images" (two sets of images), "model" (calls a method of
            the model), or "points" (of models of points, which have no others: see `metrics.points`).
        method: the method that the model must have.
        better: "lower" or "higher".
        default: whether it is computed when no names are given and the model has the method.
        extractor: prefix of the feature extractor that the metric needs, "any", or `None`.
        labelled: whether the model must take labels.
        of_signals: whether it is a metric of models of signals, which have no others.
    """

    function: Callable[..., dict] | None
    kind: str
    method: str
    better: str
    default: bool = True
    extractor: str | None = None
    labelled: bool = False
    of_signals: bool = False

    @property
    def data(self):
        """What the models make that it measures: "images", "points" or "signals"."""
        return "points" if self.kind == "points" else "signals" if self.of_signals else "images"


def _frechet(real, fake, seed):
    count, width = min(len(real), len(fake)), len(real.moments.mean)
    note = f"upwards, {count} images for {width} features" if count <= width else None
    return {"value": frechet.frechet_distance(real.moments, fake.moments), "protocol": {"bias": note}}


def _precision(real, fake, seed):
    value = manifold.precision(real.features, fake.features, 3, radii=real.radii(3))
    return {"value": value, "protocol": {"k": 3}}


def _recall(real, fake, seed):
    value = manifold.recall(real.features, fake.features, 3, radii=fake.radii(3))
    return {"value": value, "protocol": {"k": 3}}


def _density(real, fake, seed):
    value = manifold.density(real.features, fake.features, 5, radii=real.radii(5))
    return {"value": value, "protocol": {"k": 5}}


def _coverage(real, fake, seed):
    value = manifold.coverage(real.features, fake.features, 5, radii=real.radii(5))
    return {"value": value, "protocol": {"k": 5}}


def _sliced_wasserstein(real, fake, seed):
    levels = sliced_wasserstein.image_sliced_wasserstein(real.images, fake.images, seed=seed)
    protocol = {"num_projections": 128, "patches_per_image": 16, "patch": "7x7"}
    return {"value": float(np.mean(list(levels.values()))), "levels": levels, "protocol": protocol}


def _parzen(real, fake, seed):
    rows = [as_unit(images).reshape(len(images), -1) for images in (real.images, fake.images)]
    return parzen.parzen_log_density(*rows, num_chosen=max(1, len(rows[0]) // 10), seed=seed)


def _likelihood(run, function, rows, **options):
    settings = {"binarization": run.binarization, "seed": run.seed, "progress": run.progress}
    return function(run.model, run.real.images[rows], **run.labels_of(rows), **settings, **options)


def _elbo(run):
    return _likelihood(run, likelihood.elbo, np.arange(len(run.real)))


def _log_likelihood(run):
    return _likelihood(run, likelihood.log_likelihood, run.likelihood_rows, num_samples=run.num_samples)


def _reconstruction_mse(run):
    values = reconstruction.mse(run.real.images, run.reconstructions, per_image=True)
    return mean_over_images(values, {"pixels": "0..1"})


def _ssim(run):
    values = reconstruction.ssim(run.real.images, run.reconstructions, per_image=True)
    side = len(reconstruction.ssim_window(run.real.images.shape[1:3]))
    return mean_over_images(values, {"window": f"Gaussian {side}x{side}, sigma 1.5"})


def _reconstruction_snr(run):
    values = signals.snr_of_heard(run.reconstructions, run.real.images, per_image=True)
    return mean_over_images(values, {"unit": "dB", "silent": signals.number_of_silent(run.real.images)})


def _spectrum_error(real, fake, seed):
    value = signals.spectrum_error(real.images, fake.images)
    return {"value": value, "protocol": {"unit": "dB", "segment": min(signals.SEGMENT, real.images.shape[1])}}


def _accuracy(run):
    labels = run.labels_for("the metric 'accuracy'")
    predicted = run.model.predict_labels(run.real.images)
    return mean_over_images((predicted == labels).astype("float64"), {})


def _unsupervised_error(run):
    labels = run.labels_for("the metric 'unsupervised_error'")
    result = clustering.unsupervised_error(run.model.predict_codes(run.real.images), labels)
    return result | {"assignment": {str(cluster): label for cluster, label in result["assignment"].items()}}


def _gan_test(run):
    result = class_conditional.gan_test(run.model, run.real.extractor, run.fake.images)
    made = {"n": None, "n_fake": len(run.fake), "sampler": run.fake.sampler}
    return result | {"protocol": made | run.real.extractor.protocol(run.real.images.shape[1:])}


def _gan_train(run):
    labels = run.labels_for("the metric 'gan_train'")
    recipe = load_recipe(f"classifier_{run.real.extractor.name}")
    options = dict(progress=run.progress, sampler=run.sampler)
    result = class_conditional.gan_train(run.model, recipe, run.real.images, labels, **options)
    compared = {"trained_on_real": run.real.extractor.protocol().get("classifier_accuracy")}
    return result | {"protocol": {"n": len(run.real)} | result["protocol"] | compared}


METRICS = {
    "frechet_distance": Metric(_frechet, "features", "generate", "lower"),
    "classifier_fid": Metric(_frechet, "features", "generate", "lower", default=False, extractor="classifier"),
    "inception_fid": Metric(_frechet, "features", "generate", "lower", default=False, extractor="inception"),
    "kernel_distance": Metric(kernel.compared, "features", "generate", "lower"),
    "precision": Metric(_precision, "features", "generate", "higher"),
    "recall": Metric(_recall, "features", "generate", "higher"),
    "density": Metric(_density, "features", "generate", "higher"),
    "coverage": Metric(_coverage, "features", "generate", "higher"),
    "sliced_wasserstein": Metric(_sliced_wasserstein, "images", "generate", "lower", default=False),
    "parzen_log_density": Metric(_parzen, "images", "generate", "higher", default=False),
    "elbo": Metric(_elbo, "model", "elbo", "higher"),
    "log_likelihood": Metric(_log_likelihood, "model", "log_likelihood", "higher"),
    "reconstruction_mse": Metric(_reconstruction_mse, "model", "reconstruct", "lower"),
    "ssim": Metric(_ssim, "model", "reconstruct", "higher"),
    "translation_l1": Metric(of_translations.translation_l1, "model", "translate", "lower"),
    "translation_ssim": Metric(of_translations.translation_ssim, "model", "translate", "higher"),
    "translation_psnr": Metric(of_translations.translation_psnr, "model", "translate", "higher", default=False),
    "translation_kernel_distance": Metric(
        of_translations.translation_kernel, "model", "translate", "lower", default=False, extractor="any"
    ),
    "cycle_l1": Metric(of_translations.cycle_l1, "model", "translate", "lower", default=False),
    "identity_l1": Metric(of_translations.identity_l1, "model", "translate", "lower", default=False),
    "gan_test": Metric(_gan_test, "model", "generate", "higher", default=False, extractor="classifier", labelled=True),
    "gan_train": Metric(
        _gan_train, "model", "generate", "higher", default=False, extractor="classifier", labelled=True
    ),
    "accuracy": Metric(_accuracy, "model", "predict_labels", "higher"),
    "unsupervised_error": Metric(_unsupervised_error, "model", "predict_codes", "lower", default=False),
    "mutual_information_gap": Metric(disentanglement.gap_of_model, "model", "encode", "higher", default=False),
    "factor_vae_score": Metric(disentanglement.score_of_model, "model", "encode", "higher", default=False),
    "snr": Metric(of_translations.snr, "model", "translate", "higher", of_signals=True),
    "reconstruction_snr": Metric(_reconstruction_snr, "model", "reconstruct", "higher", of_signals=True),
    "spectrum_error": Metric(_spectrum_error, "images", "generate", "lower", of_signals=True),
    "modes": Metric(None, "points", "generate", "higher"),
    "good_share": Metric(None, "points", "generate", "higher"),
    "reverse_kl": Metric(None, "points", "generate", "lower"),
}


def list_metrics():
    """Names of all metrics of `evaluate`.

    Returns:
        List of strings, in the order of the table. "frechet_distance" is computed on any features; its name in the
        results depends on them: "classifier_fid" on a bundled classifier, "inception_fid" on Keras' InceptionV3,
        "frechet_distance" on other models.

    Example:

    >>> from keras_genzoo.metrics import list_metrics
    >>> list_metrics()[:3]
    ['frechet_distance', 'classifier_fid', 'inception_fid']
    """
    return list(METRICS)


def unread_settings(names):
    """Those settings of `evaluate` that none of the metrics of these names reads, as a list."""
    rows = [METRICS[name] for name in names]
    read = {
        "features": any(row.kind == "features" or row.extractor for row in rows),
        "floor": any(row.kind != "model" for row in rows),
        "num_samples": "log_likelihood" in names,
        "sampler": any(row.method == "generate" for row in rows),
        "num_likelihood_images": "log_likelihood" in names,
        "binarization": bool({"elbo", "log_likelihood"} & set(names)),
    }
    return [name for name, is_read in read.items() if not is_read]


def check_metrics(names, model):
    """Returns the names of the metrics to compute, or raises a `ValueError` that names the nearest valid one."""
    if isinstance(model, str | os.PathLike):
        raise ValueError(
            f"Expected a model (keras_genzoo.from_preset loads one by its name). Received: {os.fspath(model)!r}"
        )
    kind = "points" if makes_points(model) else "signals" if signals.makes_signals(model) else "images"
    if names is None:
        rows = {name: row for name, row in METRICS.items() if row.default and row.data == kind}
        names = [name for name, row in rows.items() if hasattr(model, row.method)]
        if not names:
            raise ValueError(
                f"Expected a model that generates, reconstructs or classifies images. Received: {type(model).__name__}"
            )
        return names
    names = list(dict.fromkeys([names] if isinstance(names, str) else names))
    if not names:
        raise ValueError("Expected at least one metric, or None for the default ones. Received: an empty list")
    for name in names:
        if name not in METRICS:
            raise ValueError(f"Expected metrics of list_metrics(). Received: {name!r}; {nearest(name, METRICS)}")
        if not hasattr(model, METRICS[name].method):
            raise ValueError(
                f"Expected a model with a method {METRICS[name].method!r} for the metric {name!r}. "
                f"Received: {type(model).__name__}"
            )
        if METRICS[name].data != kind:
            taken = [other for other, row in METRICS.items() if row.data == kind]
            raise ValueError(
                f"Expected metrics of {kind}: {', '.join(taken)}. Received: {name!r}, for a model of {kind}"
            )
        if METRICS[name].labelled and not takes_labels(model):
            raise ValueError(
                f"Expected a model that takes labels for the metric {name!r}. Received: {type(model).__name__}"
            )
    return names


def checked_metrics(metrics, model, data, data_options, given):
    """The metrics to compute; raises `ValueError` for arguments that none of those that are asked for reads."""
    if data_options and not isinstance(data, str):
        raise ValueError(f"Expected no data_options for images that are given. Received: {shown(data_options)}")
    names = check_metrics(metrics, model)
    unread = {} if metrics is None else dict.fromkeys(unread_settings(names), ", ".join(names))
    if METRICS[names[0]].of_signals:
        unread |= dict.fromkeys(("features", "binarization"), "metrics of signals")
    for name, readers in unread.items():
        if given.get(name) is not None and given[name] is not False:
            raise ValueError(f"Expected no {name}: it changes nothing in {readers}. Received: {shown(given[name])}")
    sampler_of(model, given["sampler"])  # a wrong one is an error before anything is computed
    return names
