"""What a training says before its first epoch."""


def summary(recipe, model, data, step=0):
    """One line: the data, number, size and channels of its images, batches, steps and dtype of a training.

    Args:
        recipe: `Recipe`.
        model: The model.
        data: The `tf.data.Dataset` of batches that the model is trained on.
        step: Number of steps that are done.
    """
    height, width, channels = model.image_shape
    source = " and ".join(filter(None, (recipe.data.source, recipe.data.source_b)))
    count = getattr(data, "num_images", None)  # unknown for a data kind of a user
    images = f"{count} images" if count else "images"
    steps = f"{len(data)} steps per epoch, {recipe.epochs} epochs"
    done = f", from step {step} of {recipe.epochs * len(data)}" if step else ""
    return (
        f"{recipe.model} on {source} ({recipe.data.split}): {images} of {height}x{width}, {channels} channel"
        f"{'s' if channels > 1 else ''}, batches of {recipe.data.batch_size}, {steps}{done}, "
        f"{model.dtype_policy.name}; time: after the first steps"
    )
