"""`evaluate`: metrics of a generative model, each with its protocol."""

import re
import warnings

import numpy as np

from keras_genzoo.data.split_names import split_kind
from keras_genzoo.metrics.evaluation import Evaluation
from keras_genzoo.metrics.features import CLASSIFIERS, inception_is_cached
from keras_genzoo.metrics.points import evaluate_points
from keras_genzoo.metrics.reference import Reference, check_classes, existing_split_of, load_existing_images
from keras_genzoo.metrics.table import METRICS, checked_metrics
from keras_genzoo.utils.checks import check_at_least
from keras_genzoo.utils.progress import status


def evaluate(
    model,
    data,
    metrics=None,
    num_images=10000,
    features=None,
    seed=0,
    batch_size=256,
    progress=True,
    *,
    split="test",
    data_options=None,
    floor=False,
    floor_data=None,
    floor_split="train",
    num_samples=100,
    num_likelihood_images=1000,
    binarization=None,
    sampler=None,
):
    """Compares a model with real images; each metric is returned with its protocol.

    Args:
        model: a model of the zoo, or any object with `generate(n, seed=, start=)` (and, for the metrics that need
            them, `reconstruct`, `elbo`, `log_likelihood`, `predict_labels`, `predict_codes`) and perhaps `image_shape`.
        data: the real images: a source string for `keras_genzoo.data.load_arrays` ("digits", "tfds:mnist",
            "npz:PATH", "folder:PATH"), an array, uint8 or float in [0, 1], a pair `(images, labels)`, `(images,
            Factors)` or, of matched images of two domains, `(images, images)`, a `tf.data.Dataset` of batches of images
            or of pairs, or a `Reference`, whose features are then not computed again.
        metrics: a name or a list of names from `list_metrics()`. Default: all that fit the model: for a generator the
            Frechet and kernel distance, precision, recall, density and coverage; for a VAE also ELBO, log-likelihood,
            reconstruction MSE and SSIM; for a translator L1 and SSIM; for a classifier the accuracy; for a model of
            points, whose `data` is a source `points:NAME`, "modes", "good_share" and "reverse_kl" (`mode_coverage`);
            for one of signals "snr", "reconstruction_snr" and "spectrum_error".
        num_images: maximum number of real images, drawn by `seed` (of a dataset the first ones); as many images are
            generated as there are real ones. With a `Reference`, all its images are used, and at most `num_images` are
            generated. The cards of the zoo use 10,000; distances for different numbers cannot be compared.
        features: "mnist", "fashion_mnist" or "emoji" (bundled classifiers), "inception" (downloads weights), a
            `keras.Model` or a `FeatureExtractor`. Default: the classifier of a data set of TFDS or `keras.datasets` of
            that name; "inception" for other colour images, and "mnist", with a warning, for other grey images than the
            digits.
        seed: integer of at least 0; the generated images are images 0, 1, ... of this seed; it also determines subsets
            and projections.
        batch_size: number of images in one pass through the feature extractor.
        progress: whether to draw progress bars on stderr if it is a terminal.
        split: split of a source string. If the source has no split for testing (validation, training), another one is
            used, with a warning.
        data_options: dict of further arguments of `load_arrays` for source strings, such as `data_dir` or `image_key`,
            and of `load_pairs`, `source_b` and `image_key_b`, for matched images of a second domain; size and channels
            are those of the model.
        floor: whether to add "floor" to each metric that compares two sets: the same metric between `data` and other
            real images. These are `floor_data` if given; else the split `floor_split` of a source string; else, or if
            that is the split of `data`, two random halves of `data` are compared (half as many images each, which
            makes a Frechet distance higher than with the whole sets).
        floor_data: second set of real images, as `data`; implies `floor=True`. At most as many images as in the first
            set are used, or all of a `Reference`.
        floor_split: split of the second set if it comes from a source string; `None` for two halves.
        num_samples: importance samples per image for the log-likelihood; 5,000 in published tables. Time grows with it.
        num_likelihood_images: maximum number of images for the log-likelihood.
        binarization: for the likelihoods: "none", "dynamic", or `None`, which depends on the model; see `metrics.elbo`.
        sampler: where an autoencoder takes the codes of generated images from, as in its `generate`.

    Returns:
        dict by name of the metric of dicts: "value" (float), "protocol" (dict: n_real, n_fake, data, split, seed,
        features, classifier_accuracy and settings, as far as they apply), and for some metrics "standard_error",
        "bits_per_dimension", "levels", "floor". "frechet_distance" is returned as "classifier_fid" or "inception_fid"
        if it was computed on these features.

    Raises:
        ValueError: if a metric is unknown, or does not fit the model, its images or the features, or these are NaN; if
            an argument changes nothing in the metrics that are asked for.
        OSError: if weights of "inception" cannot be downloaded.

    Warns:
        UserWarning: if another split is used, a Frechet distance has at most as many images as features, or images are
            compared in features that were learned from other images: colour images in those of a classifier of grey
            ones, or images of an unknown kind in those of digits.

    Example:

    >>> import keras, keras_genzoo
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=8)
    >>> pixels = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()], name="pixels")
    >>> results = keras_genzoo.evaluate(model, "digits", ["frechet_distance", "recall"], num_images=64, features=pixels)
    >>> results["frechet_distance"]["value"] > 0, results["recall"]["protocol"]["features"]
    (True, 'pixels')
    """
    given = dict(features=features, floor=floor or floor_data, sampler=sampler, binarization=binarization)
    names = checked_metrics(metrics, model, data, data_options, given)
    check_at_least(1, num_images=num_images, batch_size=batch_size)
    if METRICS[names[0]].kind == "points":
        unread = dict(features=features, floor_data=floor_data, binarization=binarization)
        return evaluate_points(model, data, names, num_images, seed, progress, split, floor, sampler, unread)
    image_shape = getattr(model, "image_shape", None)
    real = _reference(data, image_shape, num_images, split, seed, data_options, batch_size, progress)
    _check_classes(model, data, real, names)
    names, real = _with_default_features(names, real, features, chosen=metrics is not None)
    settings = (seed, num_samples, num_likelihood_images, binarization, progress, sampler)
    run = Evaluation(model, real, min(num_images, len(real)), *settings)
    pair, compared = None, [name for name in names if METRICS[name].kind != "model"]
    if (floor or floor_data is not None) and compared:
        other = _has_other_split(data, real.split, floor_split, data_options) and floor_data is None
        pair = _floor_pair(real, data if other else floor_data, image_shape, floor_split, seed, data_options)
    results = _computed(names, run)
    for name in compared if pair is not None else ():  # names of one metric may be in it twice
        results[_public_name(name, real)]["floor"] = _compare(name, *pair, seed, progress, "n_second")
    return results


def _computed(names, run):
    """Results by public name, in the order of `names`."""
    # Those of the model first: what they miss, such as labels, is told before images are generated.
    found = {name: _compute(name, run) for name in sorted(names, key=lambda name: METRICS[name].kind != "model")}
    return {_public_name(name, run.real): found[name] for name in names}


def _compute(name, run):
    if METRICS[name].kind != "model":
        return _compare(name, run.real, run.fake, run.seed, run.progress, "n_fake")
    result = METRICS[name].function(run)
    own = result.pop("protocol")
    protocol = {"n_real": own.pop("n"), "data": run.real.source, "split": run.real.split, "seed": run.seed} | own
    return result | {"protocol": _without_none(protocol)}


def _compare(name, real, other, seed, progress, other_count):
    """Runs a metric of two sets; `other_count` is the key of the second set's size: it holds fakes, or real images."""
    row = METRICS[name]
    protocol = {"n_real": len(real), other_count: len(other), "data": real.source, "split": real.split, "seed": seed}
    if other_count == "n_second":
        protocol |= {"second_data": other.source, "second_split": other.split}
    if row.kind == "features":
        _ = real.features, other.features  # they draw progress bars of their own, so before the spinner
        protocol |= real.extractor.protocol(real.images.shape[1:])
    with status(name, progress):
        result = row.function(real, other, seed)
    if other_count == "n_fake":
        protocol |= {"generated": other.shows, "sampler": other.sampler}
    return result | {"protocol": _without_none(protocol | result.get("protocol", {}))}


def _without_none(protocol):
    return {key: value for key, value in protocol.items() if value is not None}


def _reference(data, image_shape, num_images, split, seed, options, batch_size, progress):
    if isinstance(data, Reference):
        if image_shape is not None and data.images.shape[1:] != tuple(image_shape):
            raise ValueError(
                f"Expected reference images of the model's shape {tuple(image_shape)}. "
                f"Received: {data.images.shape[1:]}"
            )
        return data
    loaded = load_existing_images(data, image_shape, num_images, split, seed, options)
    return Reference(**loaded, batch_size=batch_size, progress=progress)


def _check_classes(model, data, real, names):
    """Raises `ValueError` if a metric may take labels, and the model has other classes than the images of a folder."""
    if real.labels is not None and any(METRICS[name].kind == "model" for name in names):
        check_classes(model, data, real.split)


def _with_default_features(names, real, features, chosen):
    """The metrics, all but those that would download weights where nothing was `chosen`, and the data for them."""
    names = names if chosen or features is not None else _without_downloads(names, real)
    wants = [name for name in names if METRICS[name].kind == "features" or METRICS[name].extractor]
    return names, _with_features(real, features, wants) if wants else real


def _with_features(real, features, names):
    """Returns the reference with a feature extractor that all these metrics' names allow."""
    demands = sorted({METRICS[name].extractor for name in names} - {None, "any"})
    if real.extractor is None:
        spec = _default_features(real, demands) if features is None else features
        rest = (real.source, real.split, real.labels, real.batch_size, real.progress, real.target, real.factors)
        real = Reference(real.images, spec, *rest)
        sees_colour = (real.extractor.image_shape or (1,))[-1] == 3
        if real.extractor.prefix == "classifier" and real.images.shape[3] == 3 and not sees_colour:
            warnings.warn(
                f"Converted colour images to grey for the features {real.extractor.name!r} of a classifier of grey "
                "images: the metrics ignore colour; features='inception' or a keras.Model see it",
                stacklevel=4,
            )
    elif features is not None and features is not real.extractor and features != real.extractor.name:
        raise ValueError(
            f"Expected features=None with a Reference that has features {real.extractor.name!r}. Received: {features!r}"
        )
    for demand in demands:
        if demand != real.extractor.prefix:
            raise ValueError(
                f"Expected {demand} features for the metric {demand + '_fid'!r}. Received: features "
                f"{real.extractor.name!r}; ask for 'frechet_distance', or choose other features"
            )
    return real


def _would_download(real):
    """Whether default features are those of Inception, whose weights are not on this machine."""
    return real.extractor is None and real.images.shape[3] == 3 and not inception_is_cached()


def _without_downloads(names, real):
    """The default metrics; a metric of pixels in place of those that would download weights, with a warning."""
    left_out = [name for name in names if METRICS[name].kind == "features"]
    if not left_out or not _would_download(real):
        return names
    warnings.warn(
        f"Left out {', '.join(left_out)}: for colour images, ask for them by features='inception', which downloads "
        "weights of 88 MB, or give a keras.Model as features",
        stacklevel=4,
    )
    return ["sliced_wasserstein", *(name for name in names if name not in left_out)]


def _default_features(real, demands):
    if demands == ["inception"]:
        return "inception"
    if not demands and _would_download(real):
        raise ValueError(
            "Expected features for metrics of colour images: 'inception', which downloads weights of 88 MB, or a "
            "keras.Model. Received: features=None"
        )
    declared = _declared_name(real.source)
    grey = real.images.shape[3] == 1
    name = declared if declared in CLASSIFIERS else "mnist" if grey else "inception"
    if grey and declared not in (*CLASSIFIERS, "digits"):
        warnings.warn(
            f"Used features='mnist', of a classifier of digits, for images of {real.source!r}, which does not say what "
            "they show: give features for images of something else",
            stacklevel=5,
        )
    if demands == ["classifier"] and name not in CLASSIFIERS:
        raise ValueError(
            f"Expected features as one of {CLASSIFIERS} for the classifier_fid of colour images. "
            f"Received: features=None"
        )
    return name


def _declared_name(source):
    """Name of the data set that a source declares: `tfds:mnist:3.0.1` -> `mnist`; `None` for paths, which do not."""
    prefix, _, rest = source.partition(":")
    if prefix in ("tfds", "keras"):
        return re.split("[/:]", rest)[0]
    return None if "/" in source else prefix


def _public_name(name, real):
    if METRICS[name].function is METRICS["frechet_distance"].function and real.extractor.prefix is not None:
        return f"{real.extractor.prefix}_fid"
    return name


def _split_name(split):
    return split.partition("[")[0]


def _has_other_split(data, split, floor_split, options):
    """Whether the floor can come from another split of the same source."""
    if not isinstance(data, str) or not floor_split:
        return False
    names = [_split_name(name) for name in (split, existing_split_of(data, floor_split, options))]
    first, second = (split_kind(name) or name for name in names)
    return first != second


def _floor_pair(real, data, image_shape, split, seed, options):
    """Two sets of real images: the reference and another one, or two halves of the reference."""
    if data is not None:
        if isinstance(data, Reference):
            same = data.extractor is real.extractor
            return real, data if same else real.like(data.images, data.source, data.split)
        loaded = load_existing_images(data, image_shape, len(real), split, seed, options)
        return real, real.like(loaded["images"], loaded["source"], loaded["split"])
    if len(real) < 2:
        raise ValueError("Expected at least 2 real images for a floor between two halves. Received: 1")
    order = np.random.default_rng(seed).permutation(len(real))
    half = len(real) // 2
    return real.subset(order[:half], "first half"), real.subset(order[half : 2 * half], "second half")
