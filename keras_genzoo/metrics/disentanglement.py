"""Disentanglement of codes: mutual information gap (1802.04942) and FactorVAE score (1802.05983)."""

import numpy as np

from keras_genzoo.metrics._arrays import check_features
from keras_genzoo.utils.checks import check_at_least, check_weight
from keras_genzoo.utils.progress import batches, track

_CHUNK = 256  # images between two steps of a progress bar, and codes in one pass of the densities
_DENSITIES = 2**23  # in memory at once
_LEAST = 10  # images of each value of a factor
_MOST_LOG_VAR = 80  # of which precisions and densities stay in the range of float64
MAX_CODES = 5000  # whose densities are averaged


def mutual_information_gap(z_mean, factors, z_log_var=None, num_bins=None, seed=0):
    """How much more one component of the code says of a factor than every other component does.

    For each factor v, the difference between the greatest and the second greatest mutual information with a component
    of the code, divided by the entropy of the factor; the value is the mean over the factors. 1 if each factor is in
    one component, and wholly; 0 if each is in two components equally, or in none.

    With `z_log_var`, the information is that of the distribution of the code, q(z_j) and q(z_j|v) as mixtures of the
    posteriors of all images and of those with the value v, averaged over one draw per image (of at most 5,000 images).
    Without, components are divided into bins of equal width, and the information is that of the counts; values of the
    two estimates cannot be compared.

    Args:
        z_mean: (n, d) means of Gaussian posteriors with independent components, or codes; d >= 2.
        factors: `keras_genzoo.data.Factors` of the n images; each has at least two values, each of at least 10 images.
        z_log_var: (n, d) logarithms of the variances of the posteriors, from -80 to 80; `None` for bins.
        num_bins: number of bins, at least 2, `None` for 20; without `z_log_var` only.
        seed: seed of the draws of codes, an integer of at least 0.

    Returns:
        dict: "value", higher is better; "gaps", dict by name of the factor; "protocol".

    Raises:
        ValueError: if shapes do not fit each other, there are too few components, values or images, or a number is not
            finite.

    References:
        - [Isolating sources of disentanglement](https://arxiv.org/abs/1802.04942), equation 6, appendix B; with bins:
          https://arxiv.org/abs/1811.12359, appendix.

    Example:

    >>> from keras_genzoo.data import load_factors
    >>> factors = load_factors("shapes")
    >>> round(mutual_information_gap(factors.values, factors)["value"], 6)  # each factor is a component of the code
    1.0
    """
    codes, factors = _checked(z_mean, factors)
    if codes.shape[1] < 2:
        raise ValueError("Expected codes of at least 2 components, for a gap between two. Received: 1")
    check_at_least(0, seed=seed)
    if z_log_var is None:
        num_bins = 20 if num_bins is None else num_bins
        check_at_least(2, num_bins=num_bins)
        information = _information_of_bins(codes, factors, num_bins)
        protocol = {"estimator": "histogram of codes", "num_bins": num_bins}
    else:
        log_var = check_features(z_log_var, "z_log_var")
        if num_bins is not None:
            raise ValueError(f"Expected no num_bins: z_log_var is given. Received: num_bins={num_bins!r}")
        if np.abs(log_var).max() > _MOST_LOG_VAR:
            raise ValueError(
                f"Expected z_log_var from -{_MOST_LOG_VAR} to {_MOST_LOG_VAR}. "
                f"Received: {log_var.min():g} to {log_var.max():g}"
            )
        if log_var.shape != codes.shape:
            raise ValueError(f"Expected z_log_var of the shape of z_mean, {codes.shape}. Received: {log_var.shape}")
        information = _information_of_posteriors(codes, log_var, factors, seed)
        protocol = {"estimator": "posteriors", "num_codes": min(len(codes), MAX_CODES)}
    second, first = np.sort(information, axis=0)[-2:]
    gaps = (first - second) / np.array([_entropy(column) for column in factors.values.T])
    named = {name: float(gap) for name, gap in zip(factors.names, gaps, strict=True)}
    return {"value": float(gaps.mean()), "gaps": named, "protocol": {"n": len(codes), **protocol}}


def factor_vae_score(codes, factors, num_votes=800, batch_size=100, threshold=0.05, seed=0):
    """Accuracy with which the component that varies least tells which factor is fixed.

    A vote draws a factor, one of its values, and images with that value; each component of their codes is divided by
    its standard deviation over all images, and the one of the least variance votes for the factor. A majority vote over
    `num_votes` votes gives each component its factor; the score is its accuracy on as many other votes.

    Args:
        codes: (n, d) codes, or means of posteriors.
        factors: `keras_genzoo.data.Factors` of the n images; each has at least two values, each of at least 10 images.
        num_votes: number of votes that decide, and of those that are counted.
        batch_size: number of images in a vote, drawn with replacement, at least 2.
        threshold: components whose standard deviation is below this are left out: those of a VAE that have collapsed to
            the prior, N(0, 1), have means that hardly vary. 0 leaves out constant ones only.
        seed: seed of the votes, an integer of at least 0.

    Returns:
        dict: "value", higher is better, 1 at most; about 1 / (number of factors) for codes that say nothing; 0 if all
        components are left out. "active", the number of components that are not; "protocol".

    Raises:
        ValueError: if shapes do not fit each other, there are too few values or images, or a code is not finite.

    References:
        - [Disentangling by factorising](https://arxiv.org/abs/1802.05983), section 4; the threshold and votes of their
          own for the accuracy: https://arxiv.org/abs/1811.12359.

    Example:

    >>> from keras_genzoo.data import load_factors
    >>> factors = load_factors("shapes")
    >>> factor_vae_score(factors.values, factors)["value"]
    1.0
    """
    codes, factors = _checked(codes, factors)
    check_at_least(1, num_votes=num_votes)
    check_at_least(2, batch_size=batch_size)
    check_at_least(0, seed=seed)
    check_weight(threshold=threshold)
    deviations = codes.std(axis=0)
    active = (deviations >= threshold) & (deviations > 0.0)
    protocol = {"num_votes": num_votes, "batch_size": batch_size, "threshold": threshold, "votes": "held out"}
    result = {"value": 0.0, "active": int(active.sum()), "protocol": {"n": len(codes), **protocol}}
    if not active.any():
        return result
    scaled, rng = codes[:, active] / deviations[active], np.random.default_rng(seed)
    deciding, counted = (_votes(scaled, factors.values, num_votes, batch_size, rng) for _ in range(2))
    counts = np.zeros((scaled.shape[1], len(factors.names)), int)
    np.add.at(counts, tuple(deciding), 1)
    component, factor = counted
    return result | {"value": float(np.mean(counts.argmax(axis=1)[component] == factor))}


def _votes(codes, values, num, batch_size, rng):
    """Pairs of the component of the least variance and the factor that is fixed: integers `(2, num)`."""
    found = np.empty((2, num), int)
    groups = [[np.flatnonzero(column == value) for value in np.unique(column)] for column in values.T]
    for vote in range(num):
        factor = rng.integers(len(groups))
        rows = rng.choice(groups[factor][rng.integers(len(groups[factor]))], batch_size)
        found[:, vote] = np.argmin(codes[rows].var(axis=0)), factor
    return found


def _information_of_bins(codes, factors, num_bins):
    """Mutual information of each component, in bins, and each factor: nats `(d, number of factors)`."""
    from sklearn.metrics import mutual_info_score

    def bins(column):
        return np.digitize(column, np.linspace(column.min(), column.max(), num_bins + 1)[1:-1])

    columns = [bins(column) for column in codes.T]
    return np.array([[mutual_info_score(values, column) for values in factors.values.T] for column in columns])


def _information_of_posteriors(mean, log_var, factors, seed):
    """Mutual information of a draw of each component and each factor: nats `(d, number of factors)`."""
    rng = np.random.default_rng(seed)
    z = mean + np.exp(0.5 * log_var) * rng.standard_normal(mean.shape)
    rows = rng.permutation(len(mean))[:MAX_CODES]
    groups = [np.unique(column, return_inverse=True)[1] for column in factors.values.T]
    ends = np.cumsum([0, *(group.max() + 1 for group in groups)])
    # A column for each value of each factor: the densities of the images with that value are averaged.
    members = np.concatenate([np.eye(group.max() + 1)[group] for group in groups], axis=1)
    members = members / members.sum(axis=0)
    information = np.zeros((mean.shape[1], len(groups)))
    for component in range(mean.shape[1]):
        center, precision = mean[:, component], np.exp(-log_var[:, component])
        for part in batches(len(rows), max(1, min(_CHUNK, _DENSITIES // len(mean)))):
            chosen = rows[part]
            squared = (z[chosen, component, None] - center) ** 2 * precision
            densities = np.exp(-0.5 * squared) * np.sqrt(precision)  # up to a constant; of its own posterior, above 0
            of_values, of_all = densities @ members, densities.mean(axis=1)
            for factor, group in enumerate(groups):
                own = of_values[np.arange(len(chosen)), ends[factor] + group[chosen]]
                information[component, factor] += np.log(own / of_all).sum()
    return information / len(rows)


def _entropy(column):
    """Entropy of the values of a factor in nats."""
    shares = np.unique(column, return_counts=True)[1] / len(column)
    return -(shares * np.log(shares)).sum()


def _checked(codes, factors):
    """Codes as float64, and factors of as many images, which have enough of each value."""
    codes = check_features(codes, "codes")
    if not hasattr(factors, "names") or not hasattr(factors, "values"):
        raise ValueError(f"Expected factors as keras_genzoo.data.Factors. Received: {type(factors).__name__}")
    if len(factors.values) != len(codes):
        raise ValueError(f"Expected the factors of {len(codes)} codes. Received: those of {len(factors.values)}")
    for name, column in zip(factors.names, factors.values.T, strict=True):
        values, counts = np.unique(column, return_counts=True)
        if len(values) < 2 or counts.min() < _LEAST:
            raise ValueError(
                f"Expected at least 2 values of the factor {name!r}, and {_LEAST} images of each. "
                f"Received: {len(values)} value(s), and {counts.min()} image(s) of {values[counts.argmin()]}"
            )
    return codes, factors


def gap_of_model(run):
    """The mutual information gap of the codes of reference images: a function of the table of metrics."""
    codes, log_var = _codes(run)
    return mutual_information_gap(codes, _factors(run), log_var, seed=run.seed)


def score_of_model(run):
    """The FactorVAE score of the codes of reference images: a function of the table of metrics."""
    return factor_vae_score(_codes(run)[0], _factors(run), seed=run.seed)


def _factors(run):
    if run.real.factors is None:
        raise ValueError(
            "Expected images whose factors are known, for metrics of disentanglement: the source 'shapes', or a pair "
            "(images, keras_genzoo.data.Factors). Received: images without factors"
        )
    return run.real.factors


def _codes(run):
    """Codes of all reference images, and the log-variances of their posteriors or `None`."""
    _factors(run)
    found = []
    for part in track(batches(len(run.real), _CHUNK), "encoding", run.progress):
        codes = run.model.encode(run.real.images[part], **run.labels_of(part))
        found.append(codes if isinstance(codes, tuple) else (codes,))
    columns = [np.concatenate(parts) for parts in zip(*found, strict=True)]
    return columns[0], columns[1] if _has_independent_components(run.model) else None


def _has_independent_components(model):
    """Whether codes are means and log-variances of Gaussians, and not of such that depend on each other."""
    from keras_genzoo.families.posteriors import GaussianPosterior

    if getattr(model, "code_names", None) != ("z_mean", "z_log_var"):
        return False
    return not hasattr(model, "encoder_posterior") or type(model.encoder_posterior()) is GaussianPosterior
