"""Metrics of class-conditional generators: GAN-test and GAN-train (1807.09499)."""

import numpy as np

from keras_genzoo.metrics._arrays import check_some_images
from keras_genzoo.metrics.samplers import sampler_of
from keras_genzoo.utils.checks import check_at_least
from keras_genzoo.utils.progress import batches, track

NUM_TRAIN = 60000  # generated images that a classifier is trained on, as many as MNIST has
_CHUNK = 256
_TRAIN_SEED = 1  # not the collection of seed 0, which other metrics use


def gan_test(model, classifier, images):
    """Accuracy on generated images of a classifier that was trained on real images.

    It is low if images do not show the requested class; it does not measure diversity.

    Args:
        model: A model of the zoo that takes labels.
        classifier: Has `predict_labels(images)`; trained on real images of the same classes.
        images: uint8 (n, height, width, channels): images 0 to n - 1 of a collection of the model, image i of class
            `i % num_classes`.

    Returns:
        dict: "value", the fraction of images classified as the requested class, 0..1; "classes", the same for each
        class.

    Raises:
        ValueError: If the classifier has another number of classes than the model.

    References:
        - Shmelkov et al. 2018, [How good is my GAN?](https://arxiv.org/abs/1807.09499), section 3.

    Example:

    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from keras_genzoo.metrics import gan_test
    >>> always_zero = SimpleNamespace(predict_labels=lambda images: np.zeros(len(images), int))
    >>> gan_test(SimpleNamespace(num_classes=2), always_zero, np.zeros((4, 8, 8, 1), "uint8"))["value"]
    0.5
    """
    _check_takes_labels(model)
    known = getattr(getattr(classifier, "model", None), "num_classes", model.num_classes)
    if known != model.num_classes:
        raise ValueError(
            f"Expected a classifier of the {model.num_classes} classes of the model. Received: one of {known} classes"
        )
    images = check_some_images(images)
    wanted = np.arange(len(images)) % model.num_classes
    predicted = np.asarray(classifier.predict_labels(images))
    if predicted.shape != wanted.shape:
        raise ValueError(f"Expected one class per image, shape {wanted.shape}. Received: shape {predicted.shape}")
    right = predicted == wanted
    classes = [float(right[wanted == label].mean()) for label in range(min(model.num_classes, len(images)))]
    return {"value": float(right.mean()), "classes": classes}


def gan_train(model, recipe, images, labels, num_train=NUM_TRAIN, seed=_TRAIN_SEED, progress=True, sampler=None):
    """Accuracy on real images of a classifier that was trained on generated images.

    It is high if the generated images are as good and as diverse as real ones; compare it with the accuracy of the same
    classifier trained on real images.

    Args:
        model: A model of the zoo that takes labels.
        recipe: `Recipe` of a classifier for images of the model's shape: network, optimizer, epochs, batch size.
        images: Real test images, uint8 (n, height, width, channels).
        labels: Their labels (n,).
        num_train: Number of generated images to train on, image i of class `i % num_classes`.
        seed: Seed of the generated images.
        progress: Whether to draw progress bars on stderr if it is a terminal.
        sampler: Where an autoencoder takes the codes of generated images from, as in its `generate`.

    Returns:
        dict: "value", the accuracy on the real images, 0..1; "protocol".

    Raises:
        ValueError: If the classifier has another `image_shape` or `num_classes` than the model.

    References:
        - Shmelkov et al. 2018, [How good is my GAN?](https://arxiv.org/abs/1807.09499), section 3.
    """
    from keras_genzoo import data
    from keras_genzoo.recipes import build_model

    _check_takes_labels(model)
    check_at_least(1, num_train=num_train)
    classifier = build_model(recipe)
    for key in ("image_shape", "num_classes"):
        mine, its = getattr(model, key), getattr(classifier, key)
        if mine != its:
            raise ValueError(f"Expected a model with {key}={its}, as in the recipe {recipe.name!r}. Received: {mine}")
    images = check_some_images(images)
    labels = classifier.label_condition.check(labels, len(images))
    parts = track(batches(num_train, _CHUNK), "generating", progress)
    chosen = {"seed": seed, **({"sampler": sampler} if sampler else {})}
    made = [model.generate(part.stop - part.start, start=part.start, **chosen) for part in parts]
    pair = np.concatenate(made), np.arange(num_train, dtype="int32") % model.num_classes
    dataset = data.load(pair, labels=True, batch_size=recipe.data.batch_size, seed=recipe.seed)
    epochs = track(range(recipe.epochs), "training a classifier", progress)
    for _ in epochs:
        classifier.fit(dataset, epochs=1, verbose=0)
    value = classifier.accuracy(images, labels)
    made = {"n_train": num_train, "train_seed": seed}
    chosen = sampler_of(model, sampler)
    protocol = {**made, **({"sampler": chosen} if chosen else {}), "recipe": recipe.name, "epochs": recipe.epochs}
    if recipe.dtype == "auto":  # which depends on the machine
        protocol["dtype"] = classifier.dtype_policy.name
    return {"value": value, "protocol": protocol}


def _check_takes_labels(model):
    if getattr(model, "num_classes", None) is None:
        name = getattr(model, "model_name", type(model).__name__)
        raise ValueError(f"Expected a model that takes labels, with num_classes. Received: {name}")
