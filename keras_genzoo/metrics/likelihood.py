"""Evidence lower bound and importance-weighted log-likelihood of a data set under a model (1509.00519)."""

import numpy as np

from keras_genzoo.checks import check_at_least
from keras_genzoo.images import check_images, to_unit
from keras_genzoo.progress import batches, status, track


def binarize(images, seed=0):
    """Draws black or white for each pixel, white with its grey level as the probability.

    Args:
        images: (n, height, width, channels), uint8 or float in [0, 1].
        seed: seed of the draw, 0 or more.

    Returns:
        uint8 array of the same shape, values 0 and 255. Images that are black and white already come back unchanged.

    References:
        - Salakhutdinov and Murray 2008, On the Quantitative Analysis of Deep Belief Networks.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import binarize
    >>> binarize(np.full((1, 8, 8, 1), 255, "uint8")).min()
    np.uint8(255)
    """
    probabilities = to_unit(images)
    draws = np.random.default_rng(seed).random(probabilities.shape, dtype="float32")  # in [0, 1)
    return np.where(draws < probabilities, 255, 0).astype("uint8")


def elbo(model, images, binarization=None, batch_size=500, seed=0, progress=True, labels=None):
    """Computes the mean evidence lower bound of images, one latent sample an image.

    Args:
        model: has `elbo(images, seed=..., start=...)`, nats an image, like the VAEs of the zoo; noise of image i
            depends on `(seed, start + i)` alone.
        images: (n, height, width, channels), uint8 or float in [0, 1], n >= 1.
        binarization: "none"; or "dynamic": pixels are drawn as black or white first, by the model if it has
            `binarize=True`, else by `binarize`. `None` is "dynamic" for models with a Bernoulli decoder or
            `binarize=True`, unless the images are black and white already. Numbers for MNIST are comparable only under
            one binarization.
        batch_size: images given to the model at once: memory and the steps of the progress bar.
        seed: seed of the binarization and of the latent samples, 0 or more.
        progress: draw a progress bar on stderr where it is a terminal.
        labels: (n,) integers, for a model that takes labels; the likelihood is one given the label then.

    Returns:
        dict: "value", the mean in nats an image (higher is better; the bound on the likelihood, not its negative);
        "standard_error" of the mean over images (left out for one image); "bits_per_dimension", `-value / (ln 2 *
        pixels * channels)`, lower is better; "protocol". A density is one on the model's own pixel
        scale: on [-1, 1] add 7 bits to compare with models of 256 levels.

    Raises:
        ValueError: if the model has no such method, there are no images, binarization is "none" but the model binarizes
            grey images, or what the model returns is not one finite number an image.

    References:
        - [Auto-Encoding Variational Bayes](https://arxiv.org/abs/1312.6114), eq. 2.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import elbo
    >>> class Coin:  # a model that calls every image equally likely, pixel by pixel
    ...     def elbo(self, images, seed=0, start=0):
    ...         return np.full(len(images), -64 * np.log(2))
    >>> elbo(Coin(), np.zeros((3, 8, 8, 1), "uint8"))["bits_per_dimension"]
    1.0
    """
    return _mean(model, "elbo", images, 1, binarization, batch_size, seed, progress, labels)


def log_likelihood(
    model, images, num_samples=5000, binarization=None, batch_size=100, seed=0, progress=True, labels=None
):
    """Computes the mean importance-weighted estimate of the log-likelihood of images.

    `log 1/K sum_k p(x, z_k) / q(z_k | x)`: a lower bound that rises towards `log p(x)` with K = `num_samples`. The
    model owns the estimator and cuts the samples into chunks that fit in memory.

    Of a model that knows probabilities up to a constant, `-F(x) - log Z`, the constant is estimated once for all
    images, from K chains; its standard error, which all images share, is in the protocol. Such a value is rather too
    high, because the estimate of log Z is rather too low.

    Args:
        model: has `log_likelihood(images, num_samples=..., seed=..., start=...)`, nats an image, like the VAEs of the
            zoo. If it has `log_partition(num_chains, seed=...)`, too, like `rbm`, its value is handed on as `log_z`.
        images: (n, height, width, channels), uint8 or float in [0, 1], n >= 1.
        num_samples: K, 1 or more; 5,000 in published tables of VAEs, 100 chains in those of Boltzmann machines. Time
            grows with it.
        binarization: "none", "dynamic" or `None`, see `elbo`.
        batch_size: images given to the model at once: memory and the steps of the progress bar.
        seed: seed of the binarization and of the latent samples, 0 or more.
        progress: draw a progress bar on stderr where it is a terminal.
        labels: (n,) integers, for a model that takes labels; the likelihood is one given the label then.

    Returns:
        dict: "value", the mean in nats an image, higher is better (published tables print its negative);
        "standard_error" of the mean over images (left out for one image); "bits_per_dimension", `-value / (ln 2 *
        pixels * channels)`, lower is better, see `elbo`; "protocol".

    Raises:
        ValueError: as `elbo`.

    References:
        - [Importance Weighted Autoencoders](https://arxiv.org/abs/1509.00519), eq. 8.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import log_likelihood
    >>> class Coin:
    ...     def log_likelihood(self, images, num_samples, seed=0, start=0):
    ...         return np.full(len(images), -64 * np.log(2))
    >>> log_likelihood(Coin(), np.zeros((3, 8, 8, 1), "uint8"), num_samples=10)["standard_error"]
    0.0
    """
    check_at_least(1, num_samples=num_samples)
    return _mean(model, "log_likelihood", images, num_samples, binarization, batch_size, seed, progress, labels)


def _mean(model, method, images, num_samples, binarization, batch_size, seed, progress, labels):
    check_at_least(1, batch_size=batch_size)
    estimator = getattr(model, method, None)
    if estimator is None:
        raise ValueError(f"Expected a model with a method {method}(images), such as a VAE. Received: {_name(model)}")
    images = np.asarray(images)
    check_images(images)
    if not len(images):
        raise ValueError(f"Expected at least one image. Received: {images.shape}")
    protocol = {"n": len(images), "binarization": _check_binarization(binarization, model, images)}
    if labels is not None:
        protocol["given"] = "the label"
    if getattr(model, "likelihood", None) == "gaussian":
        protocol["likelihood"] = "density, pixels in [-1, 1]"
    if protocol["binarization"] == "dynamic" and not getattr(model, "binarize", False):
        images = binarize(images, seed)
    options = {"num_samples": num_samples} if method == "log_likelihood" else {}
    if options and hasattr(model, "log_partition"):
        with status("log_partition", progress):
            partition = model.log_partition(num_samples, seed=seed)
        options["log_z"] = partition.value
        protocol |= {"estimator": partition.method, "log_partition": partition.value}
        if partition.standard_error is not None:
            protocol["log_partition_standard_error"] = partition.standard_error
    values = []
    for part in track(batches(len(images), batch_size), method, progress):
        given = {} if labels is None else {"labels": np.asarray(labels)[part]}
        batch = estimator(images[part], seed=seed, start=part.start, **options, **given)
        values.append(_check_values(batch, part, method, model))
    values = np.concatenate(values)
    result = {"value": float(values.mean())}
    if len(values) > 1:
        result["standard_error"] = float(values.std(ddof=1) / np.sqrt(len(values)))
    result["bits_per_dimension"] = float(-values.mean() / (np.log(2.0) * images[0].size))
    return result | {"protocol": protocol | {"num_samples": num_samples, "seed": seed}}


def _check_binarization(binarization, model, images):
    """Returns "none" or "dynamic": what happens to these images, whoever does it."""
    if binarization not in (None, "none", "dynamic"):
        raise ValueError(f"Expected binarization as 'none', 'dynamic' or None. Received: {binarization!r}")
    white = 255 if images.dtype == np.uint8 else 1.0
    grey = not ((images == 0) | (images == white)).all()
    by_model = getattr(model, "binarize", False) and grey
    if binarization == "none" and by_model:
        raise ValueError(
            f"Expected binarization='dynamic' or black and white images, as {_name(model)} has binarize=True and draws "
            f"grey pixels as black or white. Received: binarization='none' with grey images"
        )
    # The cross entropy of a grey pixel under a Bernoulli distribution is no likelihood of anything.
    bernoulli = getattr(model, "likelihood", None) == "bernoulli" and grey
    if binarization == "none" and bernoulli:
        raise ValueError(
            "Expected binarization='dynamic' or black and white images for a Bernoulli decoder. "
            "Received: binarization='none' with grey images"
        )
    return binarization or ("dynamic" if bernoulli or by_model else "none")


def _check_values(values, part, method, model):
    values = np.asarray(values, dtype="float64")
    count = part.stop - part.start
    if values.shape != (count,) or not np.isfinite(values).all():
        raise ValueError(
            f"Expected {method} of {_name(model)} to return {count} finite numbers, one an image. Received: shape "
            f"{values.shape} with {int((~np.isfinite(values)).sum())} NaN or infinite, in images {part.start} to "
            f"{part.stop - 1}"
        )
    return values


def _name(model):
    return getattr(model, "model_name", None) or type(model).__name__
