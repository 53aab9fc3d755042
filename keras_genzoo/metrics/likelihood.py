"""Evidence lower bound and importance-weighted log-likelihood of a data set under a model (1509.00519)."""

import numpy as np

from keras_genzoo.data.checks import check_labels
from keras_genzoo.metrics._arrays import check_some_images
from keras_genzoo.utils.checks import check_at_least
from keras_genzoo.utils.pixels import has_grey, to_unit
from keras_genzoo.utils.progress import batches, status, track


def binarize(images, seed=0):
    """Draws each pixel as black or white, with its grey level as the probability of white.

    Args:
        images: (n, height, width, channels), uint8 or float in [0, 1].
        seed: seed of the draw, an integer of at least 0.

    Returns:
        uint8 array of the same shape, values 0 and 255. Black-and-white images are unchanged.

    References:
        - Salakhutdinov and Murray 2008, On the Quantitative Analysis of Deep Belief Networks.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import binarize
    >>> binarize(np.full((1, 8, 8, 1), 255, "uint8")).min()
    np.uint8(255)
    """
    probabilities = to_unit(images)
    check_at_least(0, seed=seed)
    draws = np.random.default_rng(seed).random(probabilities.shape, dtype="float32")  # in [0, 1)
    return np.where(draws < probabilities, 255, 0).astype("uint8")


def elbo(model, images, binarization=None, batch_size=500, seed=0, progress=True, labels=None):
    """Computes the mean evidence lower bound of images, with one latent sample per image.

    Args:
        model: has `elbo(images, seed=..., start=...)`, in nats per image, like the VAEs of the zoo; the noise of image
            i depends only on `(seed, start + i)`.
        images: (n, height, width, channels), uint8 or float in [0, 1], n >= 1.
        binarization: "none"; or "dynamic": pixels are first drawn as black or white, by the model if it has
            `binarize=True`, else by `binarize`. `None` is "dynamic" for models with a Bernoulli decoder or
            `binarize=True`, unless the images are black and white. Values for MNIST can be compared only for the same
            binarization.
        batch_size: number of images given to the model at once; affects memory and the progress bar.
        seed: seed of the binarization and of the latent samples, an integer of at least 0.
        progress: whether to draw a progress bar on stderr if it is a terminal.
        labels: (n,) integers, for a model that takes labels; the likelihood is conditional on the labels then.

    Returns:
        dict: "value", the mean in nats per image (higher is better; the bound, not its negative);
        "standard_error" of the mean over images (not for one image); "bits_per_dimension", `-value / (ln 2 *
        pixels * channels)`, lower is better; "protocol". A density is per unit of the pixel scale of the model: on
        [-1, 1] add 7 bits to compare with models of 256 levels.

    Raises:
        ValueError: if the model does not have the method, there are no images, binarization is "none" but the model
            binarizes grey images, or the model does not return one finite number per image.

    References:
        - [Auto-Encoding Variational Bayes](https://arxiv.org/abs/1312.6114), eq. 2.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import elbo
    >>> class Coin:  # a model of independent pixels, black or white with equal probability
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

    `log 1/K sum_k p(x, z_k) / q(z_k | x)`: a lower bound that approaches `log p(x)` with K = `num_samples`. The model
    has the estimator and computes the samples in chunks that fit in memory.

    For a model with an unnormalized probability, `-F(x) - log Z`, the constant log Z is estimated once for all images,
    from K chains; its standard error is in the protocol. Such a value tends to be too high, because the estimate of log
    Z tends to be too low.

    Args:
        model: has `log_likelihood(images, num_samples=..., seed=..., start=...)`, in nats per image, like the VAEs of
            the zoo. If it also has `log_partition(num_chains, seed=...)`, like `rbm`, its value is passed as `log_z`,
            in place of `num_samples`.
        images: (n, height, width, channels), uint8 or float in [0, 1], n >= 1.
        num_samples: K, at least 1; 5,000 in published tables of VAEs, 100 chains in those of Boltzmann machines. Time
            grows with it.
        binarization: "none", "dynamic" or `None`, see `elbo`.
        batch_size: number of images given to the model at once; affects memory and the progress bar.
        seed: seed of the binarization and of the latent samples, an integer of at least 0.
        progress: whether to draw a progress bar on stderr if it is a terminal.
        labels: (n,) integers, for a model that takes labels; the likelihood is conditional on the labels then.

    Returns:
        dict: "value", the mean in nats per image, higher is better (published tables print its negative);
        "standard_error" of the mean over images (not for one image); "bits_per_dimension", `-value / (ln 2 *
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
    check_at_least(0, seed=seed)
    estimator = getattr(model, method, None)
    if estimator is None:
        raise ValueError(f"Expected a model with a method {method}(images), such as a VAE. Received: {_name(model)}")
    images = check_some_images(images)
    labels = None if labels is None else _check_labels(model, labels, len(images))
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
        options = {"log_z": partition.value}
        protocol |= {"estimator": partition.method, "log_partition": partition.value}
        if partition.standard_error is not None:
            protocol["log_partition_standard_error"] = partition.standard_error
    values = []
    for part in track(batches(len(images), batch_size), method, progress):
        given = {} if labels is None else {"labels": labels[part]}
        batch = estimator(images[part], seed=seed, start=part.start, **options, **given)
        values.append(_check_values(batch, part, method, model))
    values = np.concatenate(values)
    result = {"value": float(values.mean())}
    if len(values) > 1:
        result["standard_error"] = float(values.std(ddof=1) / np.sqrt(len(values)))
    result["bits_per_dimension"] = float(-values.mean() / (np.log(2.0) * images[0].size))
    return result | {"protocol": protocol | {"num_samples": num_samples, "seed": seed}}


def _check_labels(model, labels, num):
    """One label per image as integers, by the classes of a model that has them."""
    condition = getattr(model, "label_condition", None)
    return check_labels(labels, num, "the data") if condition is None else condition.check(labels, num)


def _check_binarization(binarization, model, images):
    """Returns "none" or "dynamic": the binarization of these images, by the model or by `binarize`."""
    if binarization not in (None, "none", "dynamic"):
        raise ValueError(f"Expected binarization as 'none', 'dynamic' or None. Received: {binarization!r}")
    grey = has_grey(images)
    by_model = getattr(model, "binarize", False) and grey
    if binarization == "none" and by_model:
        raise ValueError(
            f"Expected binarization='dynamic' or black and white images, as {_name(model)} has binarize=True and draws "
            f"grey pixels as black or white. Received: binarization='none' with grey images"
        )
    # The cross entropy of a grey pixel under a Bernoulli distribution is not a likelihood.
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
            f"Expected {method} of {_name(model)} to return {count} finite numbers, one per image. Received: shape "
            f"{values.shape} with {int((~np.isfinite(values)).sum())} NaN or infinite, in images {part.start} to "
            f"{part.stop - 1}"
        )
    return values


def _name(model):
    return getattr(model, "model_name", None) or type(model).__name__
