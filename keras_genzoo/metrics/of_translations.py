"""Metrics of a model that translates images, from one `Evaluation`: rows of the table."""

import functools

from keras_genzoo.metrics import kernel, reconstruction, signals, translation
from keras_genzoo.metrics._arrays import mean_over_images


def _measured(run, measure, protocol):
    """A metric of translations against their targets, in both directions, and of unchanged images."""
    first, *others = run.model.directions
    result = mean_over_images(measure(*run.translations[first], per_image=True), {"direction": str(first)} | protocol)
    more = {str(direction): measure(*run.translations[direction]) for direction in others}
    return result | more | {"copy": measure(run.real.images, run.real.target)}


def translation_l1(run):
    """Mean absolute differences of translations and targets."""
    return _measured(run, translation.translation_l1, {"pixels": "0..255"})


def translation_ssim(run):
    """Structural similarity of translations and targets."""
    side = len(reconstruction.ssim_window(run.real.images.shape[1:3]))
    return _measured(run, reconstruction.ssim, {"window": f"Gaussian {side}x{side}, sigma 1.5"})


def translation_psnr(run):
    """Peak signal-to-noise ratio of translations and targets."""
    return _measured(run, translation.psnr, {"pixels": "0..255"})


def translation_kernel(run):
    """Kernel distance between the features of all translations and those of all targets."""
    first, *others = run.model.directions
    made, target = map(functools.partial(run.real.like, source="translated"), run.translations[first])
    result = kernel.compared(target, made, run.seed)
    copy = kernel.compared(target, run.real, run.seed)["value"]
    more = {}
    for direction in others:  # back to the images themselves, whose features are known
        made = run.real.like(run.translations[direction][0], source="translated")
        more[str(direction)] = kernel.compared(run.real, made, run.seed)["value"]
    protocol = {"n": len(run.real), "direction": str(first)} | run.real.extractor.protocol(run.real.images.shape[1:])
    return result | more | {"copy": copy, "protocol": protocol | result["protocol"]}


def snr(run):
    """Signal-to-noise ratios of translated signals against clean ones, without those that are silent."""
    target = run.translations[run.model.directions[0]][1]
    return _measured(run, signals.snr_of_heard, {"unit": "dB", "silent": signals.number_of_silent(target)})


def cycle_l1(run):
    """Images against themselves after a translation and the translation back, first those of domain a."""
    if len(run.model.directions) < 2:
        raise ValueError(
            "Expected a model that translates in both directions for the metric 'cycle_l1'. "
            f"Received: {type(run.model).__name__}, which translates {run.model.directions[0]}"
        )
    values = {}
    for there, back in (run.model.directions, run.model.directions[::-1]):
        translated, originals = run.translations[there][0], run.translations[back][1]
        returned = run.translated(translated, back)
        values[f"{there}, {back}"] = translation.translation_l1(originals, returned, per_image=True)
    return _first_of(values)


def identity_l1(run):
    """Images of the domain that a direction leads to, which it should leave as they are."""
    values = {}
    for direction, (_, target) in run.translations.items():
        values[str(direction)] = translation.translation_l1(target, run.translated(target, direction), per_image=True)
    return _first_of(values)


def _first_of(values):
    """The mean over images of the first direction as the value, and of the others beside it."""
    first, *others = values
    more = {name: float(values[name].mean()) for name in others}
    return mean_over_images(values[first], {"direction": first, "pixels": "0..255"}) | more
