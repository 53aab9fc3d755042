"""Conditions as users give them, checked: those of generation, and those that stand beside images."""

from keras_genzoo.families.class_weights import checked_for_generation
from keras_genzoo.utils.text import shown


def conditions_of_images(model):
    """The conditions that methods take beside images: all, unless the model names others in `image_conditions`."""
    own = getattr(model, "image_conditions", None)
    return getattr(model, "conditions", ()) if own is None else own


def given_with_images(model, given, num):
    """`given_conditions` of a method that takes images, with each condition that is needed beside them."""
    taken = conditions_of_images(model)
    read = {each.name for each in model.conditions} - {each.name for each in taken}
    for name in read:
        if given.get(name) is not None:
            raise ValueError(
                f"Expected no {name} beside images: {model.model_name} reads them from the images. Received: {name}"
            )
    return given_conditions(model, given, num, required=True, conditions=taken)


def given_conditions(model, given, num, required=False, conditions=None, weights=False):
    """Conditions as a user gives them, checked.

    Args:
        model: The model, whose `conditions` say what may be asked.
        given: Dict of values by name; `None` stands for the default.
        num: Number of images.
        required: Whether each condition must be given.
        conditions: The conditions that may be asked; those of the model where none are given.
        weights: Whether classes may be mixed: see `keras_genzoo.families.class_weights`.

    Returns:
        Dict of arrays by name, of those that are given.

    Raises:
        ValueError: If the model has no such condition, one that is required is missing, or a value does not fit.
    """
    known = {each.name: each for each in (model.conditions if conditions is None else conditions)}
    given = {name: values for name, values in given.items() if values is not None}
    for name, values in given.items():
        if name not in known:
            takes = f"takes {', '.join(known)}" if known else f"does not take {name}"
            raise ValueError(f"Expected no {name}: {model.model_name} {takes}. Received: {name}={shown(values)}")
    for name in known:
        if required and name not in given:
            raise ValueError(f"Expected {name}, one per image: {model.model_name} takes them. Received: {name}=None")
    if weights:
        return {name: checked_for_generation(known[name], values, num) for name, values in given.items()}
    return {name: known[name].check(values, num) for name, values in given.items()}
