"""What a training says before its first epoch."""

import math

from keras_genzoo.utils.text import counted

ENOUGH_STEPS = 1000  # of a training from random weights for a first result; the shortest recipe has a few times as many


def summary(recipe, model, data, step=0, validation=None):
    """One line: the data, number, size and channels of its images, batches, steps and dtype of a training.

    A second line follows if the training has too few steps to show anything.

    Args:
        recipe: `Recipe`.
        model: The model.
        data: The `tf.data.Dataset` of batches that the model is trained on.
        step: Number of steps that are done.
        validation: The validation data, or `None`.
    """
    source = " and ".join(filter(None, (recipe.data.source, recipe.data.source_b)))
    images = f"{_images(data, model)} of {model.values}"
    if validation is not None:
        images += f", validated on {_images(validation, model)} ({recipe.data.validation_split})"
    steps = f"{counted(len(data), 'steps')} per epoch, {counted(recipe.epochs, 'epochs')}"
    done = f", from step {step} of {recipe.epochs * len(data)}" if step else ""
    begun = (
        f"{recipe.model} on {source} ({recipe.data.split}): {images}, batches of {recipe.data.batch_size}, "
        f"{steps}{done}, {model.dtype_policy.name}; time: after the first steps"
    )
    return begun + _warning(recipe, recipe.epochs * len(data))


def _warning(recipe, steps):
    if recipe.weights is not None or steps >= ENOUGH_STEPS:
        return ""
    times = math.ceil(ENOUGH_STEPS / steps)
    return (
        f"\n{counted(steps, 'steps')} are few for training from random weights, which takes most models a thousand and "
        f"more. epochs={times * recipe.epochs}, or data.repeat={times * recipe.data.repeat} for longer epochs, make it "
        "as many. Fine-tuning a preset takes fewer."
    )


def _images(data, model):
    count = getattr(data, "num_images", None)  # unknown for a data kind of a user
    return counted(count, f"{model.values.name}s") if count else model.values.noun
