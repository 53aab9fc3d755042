"""What a training says before its first epoch."""


def summary(recipe, model, data, step=0, validation=None):
    """One line: the data, number, size and channels of its images, batches, steps and dtype of a training.

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
    steps = f"{_counted(len(data), 'step')} per epoch, {_counted(recipe.epochs, 'epoch')}"
    done = f", from step {step} of {recipe.epochs * len(data)}" if step else ""
    return (
        f"{recipe.model} on {source} ({recipe.data.split}): {images}, batches of {recipe.data.batch_size}, "
        f"{steps}{done}, {model.dtype_policy.name}; time: after the first steps"
    )


def _images(data, model):
    count = getattr(data, "num_images", None)  # unknown for a data kind of a user
    return _counted(count, model.values.name) if count else model.values.noun


def _counted(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
