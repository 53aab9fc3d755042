"""When the measures of `GANHealth` are a sign of trouble, and what usually helps: all limits and words."""

import dataclasses
from collections.abc import Callable

from keras_genzoo.utils.signals import is_signal_shape

PREFIX = "health_"  # of the columns in logs

# Measures in the order of the columns: what the axis of a plot says.
MEASURES = {
    "accuracy": "accuracy of the dis-\ncriminator (AUC)",
    "gradient": "norm of the gradient\nat generated images",
    "diversity": "distance between images\n(1: as real ones)",
    "neighbours": "real images resembled\n(1: as by real ones)",
    "shift": "shift since the\nlast epoch (0 to 1)",
    "copies": "share of copies of\ntraining images",
}


@dataclasses.dataclass(frozen=True)
class Sign:
    """A measure beyond a limit.

    Args:
        kind: Name of the trouble.
        measure: Name of the measure.
        limit: The limit: docs/gan_health.md says how it was found.
        below: Whether the trouble is below the limit, else above.
        fact: What is seen, a format string of the measures and counts of an epoch.
        of_learning: Whether it is no trouble while the generated images approach the real ones.
        unless: Another trouble, which explains this one.
    """

    kind: str
    measure: str
    limit: float
    below: bool
    fact: str
    of_learning: bool = True
    unless: str | None = None

    def beyond(self, value):
        """Whether a value is beyond the limit; NaN is not."""
        return value < self.limit if self.below else value > self.limit

    def seen(self, found):
        """Whether the measures of some epochs show the trouble: beyond the limit on average, and not on the way back.

        They are on the way back if the later half is better by a quarter than the earlier half.
        """
        mean, earlier, later = means([each[self.measure] for each in found])
        better = later > 1.25 * earlier if self.below else later < 0.75 * earlier
        return self.beyond(mean) and not better and not (self.of_learning and approaching(found))


def means(values):
    """The mean of values, and those of their earlier and their later half."""
    half = len(values) // 2
    return [sum(part) / len(part) for part in (values, values[:half], values[-half:])]


def approaching(found):
    """Whether the generated images of some epochs come nearer to the real ones, by a tenth of their distance."""
    _, earlier, later = means([each["distance"] for each in found])
    return later < 0.9 * earlier


SIGNS = (
    Sign(
        "vanished gradient",
        "relative_gradient",
        0.01,
        True,
        "a gradient of norm {gradient:.1e} reaches the generator, too flat to lead from one image to another one",
    ),
    Sign(
        "mode collapse",
        "neighbours",
        0.05,
        True,
        "{num} generated images resemble {resembled:.0f} of {num_real} real ones; real images resemble {usual:.0f}",
        unless="vanished gradient",  # of a generator that has hardly begun
    ),
    Sign(
        "mode collapse",
        "diversity",
        0.25,
        True,
        "the mean distance between generated images is {diversity:.2g} of that between real ones",
        unless="vanished gradient",
    ),
    Sign(
        "oscillation",
        "shift",
        0.3,
        False,
        "the generated images as a whole keep changing (shift {shift:.2f}) and come no nearer to real ones",
    ),
    Sign(
        "memorizing",
        "new_copies",
        0.2,
        False,
        "{copies:.0%} of {num} generated images are nearly copies of one of {num_known} training images",
        of_learning=False,
    ),
)


@dataclasses.dataclass(frozen=True)
class Help:
    """What usually helps against a trouble: words, and the argument or model that they name, if they name one."""

    words: str
    argument: str | None = None
    model: str | None = None
    takes: Callable = lambda model: True

    def fits(self, model, known_models):
        """Whether a model has the argument and takes it, and the other model exists and is another one."""
        if not self.takes(model) or (self.argument is not None and self.argument not in model.arguments()):
            return False
        return self.model is None or (self.model in known_models and self.model != model.model_name)


def _is_plain(model):
    return getattr(model, "network", None) != "residual"  # blocks without dropout and without minibatch statistics


LOWER_RATES = Help("lower learning rates (optimizers.g_optimizer.learning_rate and that of d_optimizer)")
HELPS = {
    "mode collapse": (
        LOWER_RATES,
        Help("minibatch_stddev", argument="minibatch_stddev", takes=_is_plain),
        Help("a larger gp_weight", argument="gp_weight"),
        Help("a larger repelling_weight", argument="repelling_weight"),
        Help("the model pacgan", model="pacgan", takes=lambda model: not is_signal_shape(model.image_shape)),
    ),
    "vanished gradient": (
        Help("a lower learning rate of the discriminator (optimizers.d_optimizer.learning_rate)"),
        Help("instance_noise", argument="instance_noise"),
        Help("label_smoothing", argument="label_smoothing"),
        Help("the model wgan_gp", model="wgan_gp"),
    ),
    "oscillation": (
        LOWER_RATES,
        Help("beta_1 of at most 0.5 for Adam"),
        Help("a larger gp_weight", argument="gp_weight"),
    ),
    "memorizing": (
        Help("more training images"),
        Help("augmentations", argument="augmentations", takes=lambda model: model.values.are_images),
        Help("dropout", argument="dropout", takes=_is_plain),
        Help("fewer epochs"),
    ),
}


def advice(kind, model):
    """What usually helps against a trouble, of what this model has: one sentence."""
    from keras_genzoo.registry import list_models

    *first, last = [each.words for each in HELPS[kind] if each.fits(model, list_models())]
    return f"What usually helps: {', '.join(first)} or {last}." if first else f"What usually helps: {last}."
