"""What the manifest of a web page says about codes: how they are drawn, the conditions, and along what they move."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from keras_genzoo.families.class_weights import weights_spec
from keras_genzoo.families.conditions import ClassCondition, RealCondition
from keras_genzoo.latent import leading_directions
from keras_genzoo.latent.codes import has_middle, place_of_mass, prior_scale
from keras_genzoo.latent.direction_files import named_directions

from .report import ExportError

_NUM_DIRECTIONS = 8
_SPAN = 5.0  # half the range of a slider, in standard deviations of the prior: there nearly all images show a class
_PRIORS = ("normal", "uniform", "one_hot", "sphere", "mixture")  # kinds of parts of codes that the page draws
_SAMPLERS = ("mixture", "aggregate")  # kinds of fitted samplers that it draws


def describe(model: Any, functions: dict[str, Any], class_names: list[str] | None) -> dict[str, Any]:
    """How codes are drawn and interpolated, the conditions, and the output of the encoder.

    Raises:
        ExportError: If the page cannot draw the codes or set a condition.
    """
    prior = model.prior.parts()
    kinds = [part["kind"] for part in prior if part["kind"] not in _PRIORS]
    if kinds:
        raise ExportError(f"Expected a prior with parts {', '.join(_PRIORS)} for a web page. Received: {kinds[0]}")
    # The first output of the encoder is the code of an image: `z_mean` for a distribution.
    code = {"code": functions["encode"].outputs[0]} if model.web_view == "encoder_decoder" else {}
    classes = next((each for each in model.conditions if isinstance(each, ClassCondition)), None)
    mixes = decoder_of(functions) == "mix"
    conditions = [_condition(each, class_names if each is classes else None, mixes) for each in model.conditions]
    for entry in conditions if code else []:
        entry["read"] = _read(model, functions["encode"], entry)
    drawn = {"source": _source(model) or prior, "truncation": has_middle(model), "mass": place_of_mass(model)}
    decoder = {"decoder": decoder_of(functions)}
    return {"latent_dim": model.latent_dim, "prior": prior, **drawn, "conditions": conditions, **decoder, **code}


def decoder_of(functions: dict[str, Any]) -> str:
    """The signature from codes to images: `mix`, where the model takes weights of classes."""
    return "mix" if "mix" in functions else "serving_default"


def _condition(condition: Any, names: list[str] | None, mixes: bool) -> dict[str, Any]:
    entry = {"name": condition.name, "input": condition.input, "stream": condition.stream}
    if isinstance(condition, ClassCondition):
        names = names or condition.class_names or [str(label) for label in range(condition.num_classes)]
        weights = {"weights": weights_spec(condition).name if mixes else None}
        return {**entry, "kind": "class", "names": list(names), "in_turn": condition.in_turn, **weights}
    if isinstance(condition, RealCondition):
        return {**entry, "kind": "real", "dim": condition.dim, "low": condition.low, "high": condition.high}
    raise ExportError(
        f"Expected conditions that are classes or real numbers, for a web page. Received: {condition.name}, a "
        f"{type(condition).__name__}"
    )


def _read(model: Any, encode: Any, entry: dict[str, Any]) -> str | None:
    """The output of the encoder with the probabilities of a class that is read from the image, not asked for."""
    if entry["kind"] != "class" or entry["input"] in encode.inputs:
        return None
    probabilities = (each for each in getattr(model, "decoder_conditions", ()) if each.input in encode.outputs)
    return next((each.input for each in probabilities if each.dim == len(entry["names"])), None)


def _source(model: Any) -> list[dict[str, Any]] | None:
    """The sampler that `generate` draws from as a part of codes, of the same fields as a prior; `None` for the prior.

    Raises:
        ExportError: If the page cannot draw from it.
    """
    source = model.code_source() if hasattr(model, "code_source") else model.prior
    if not hasattr(source, "is_fitted"):
        return None
    if source.kind not in _SAMPLERS:
        raise ExportError(
            f"Expected codes of the prior, or of a sampler of {', '.join(_SAMPLERS)}, for a web page. Received: a "
            f"fitted {source.kind}"
        )
    from scipy.stats import norm

    thresholds, means, factors = (
        ops.convert_to_numpy(each) for each in (source.thresholds, source.means, source.factors)
    )
    weights = np.diff(norm.cdf(thresholds.astype("float64")), prepend=0.0, append=1.0)
    values = {"weights": weights, "means": means, "factors": factors}
    return [{"kind": "mixture", "dim": source.dim, "noise_dim": source.noise_dim, **_lists(values)}]


def _lists(arrays: dict[str, Any]) -> dict[str, Any]:
    """Arrays as lists of numbers that float32 has, without digits beyond it."""
    return {name: _rounded(np.asarray(values, "float64").tolist()) for name, values in arrays.items()}


def _rounded(values: Any) -> Any:
    return [_rounded(each) for each in values] if isinstance(values, list) else float(f"{values:.8g}")


def sliders(model: Any, walks: list[dict[str, Any]]) -> dict[str, Any]:
    """The entries of sliders: walks along given directions, or else leading directions."""
    return {"walks": walks, "directions": {"vectors": [], "eigenvalues": []} if walks else _leading(model)}


def _leading(model: Any) -> dict[str, Any]:
    """Leading directions of the codes; none unless the prior is normal: other codes do not fill straight lines."""
    if [part["kind"] for part in model.prior.parts()] != ["normal"]:
        return {"vectors": [], "eigenvalues": []}
    vectors, eigenvalues = leading_directions(model, num=min(_NUM_DIRECTIONS, model.latent_dim))
    return {
        "vectors": [[round(float(number), 7) for number in row] for row in vectors],
        "eigenvalues": [float(f"{number:.6g}") for number in eigenvalues],
    }


def walks(model: Any, view: str, **groups: Any) -> list[dict[str, Any]]:
    """Groups of sliders with names, by the options `directions` and `edit_classes`, those that are not `None`.

    Raises:
        ValueError: If the model has no codes that move, or a direction does not fit it.
    """
    given = {option: each for option, each in groups.items() if each is not None}
    if given and view not in ("latent", "encoder_decoder"):
        raise ValueError(f"Expected no {next(iter(given))}: {model.model_name} has no codes. Received: some")
    found = {option: named_directions(model, each) for option, each in given.items()}
    span = _SPAN * prior_scale(model) if found else None
    return [
        {"option": option, "sliders": [_slider(name, vector, span) for name, vector in vectors.items()]}
        for option, vectors in found.items()
    ]


def _slider(name: str, vector: Any, span: float) -> dict[str, Any]:
    """A slider from -limit to limit, in steps of which `latent.walk` takes the same."""
    limit = float(f"{span / np.linalg.norm(vector.astype('float64')):.1g}")
    return {"name": name, "limit": limit, "vector": _rounded(vector.tolist())}
