"""What `fit`, `evaluate`, `predict` and the `..._on_batch` methods take: a container is understood or refused.

`ZooModel` uses these functions as methods. Keras takes a list of images for several inputs, and drops weights that a
step of its own does not read: both would train in silence on something else than what was meant.
"""

import inspect
from collections.abc import Iterator

import keras

from keras_genzoo.data.batch_forms import as_tuples, check_ends, is_array_like, stacked, with_nested_inputs
from keras_genzoo.data.variety import warn_of_no_variety
from keras_genzoo.families.class_weights import tensor_for_generation
from keras_genzoo.families.errors import sentences_of_the_graph
from keras_genzoo.families.given_conditions import conditions_of_images
from keras_genzoo.families.keras_callbacks import check_callbacks
from keras_genzoo.utils.arrays import as_array, check_dense
from keras_genzoo.utils.checks import check_fraction, check_none_or_at_least


def fit(self, x=None, y=None, *args, **kwargs):
    """Trains the model; see `keras.Model.fit`.

    Args:
        x: Images `(n, height, width, channels)`, uint8 in 0..255 or float in 0..1; a list of images of one size; for a
            model of points, `(n, coordinates)`, floats of at most 100 in size; or a container of batches:
            `tf.data.Dataset`, `keras.utils.PyDataset`, generator, PyTorch `DataLoader`. In a `Dataset`, labels that the
            model does not take may follow the images; they are ignored.
        y: Next to an array of images, and for models that take them alone: labels in `0..num_classes - 1` or names of
            classes, -1 for an image without one where the model takes that, or the images of the second domain.
        *args, **kwargs: As in `keras.Model.fit`, but for `sample_weight` and `class_weight`. `validation_data` is
            what `x` may be, or a pair `(x, y)`.

    Returns: The `History`.

    Raises:
        ValueError: On images or labels of a wrong rank, shape, type or range, or an argument that would have no
            effect. Arrays are checked before the first step; a batch of a container, before it is trained on.

    Warns:
        UserWarning: If all images of an array are equal or nearly black, or all of their labels are equal.
    """
    given = _arguments(self, "fit", x, y, *args, **kwargs)
    check_callbacks(self, given.get("callbacks"))
    _take(self, given)
    check_ends(x, steps_per_epoch=given.get("steps_per_epoch"))
    if given.get("validation_data") is not None:
        given["validation_data"] = _pair(self, given["validation_data"])
        check_ends(given["validation_data"], validation_steps=given.get("validation_steps"))
    if not is_array_like(given["x"]):
        if given.get("batch_size") is not None:
            raise ValueError(
                f"Expected no batch_size: a {type(x).__name__} brings batches of its own. "
                f"Received: batch_size={given['batch_size']}"
            )
        if not isinstance(x, keras.utils.PyDataset):  # in an order of its own; Keras would warn that it cannot shuffle
            given.setdefault("shuffle", False)
    else:
        warn_of_no_variety(given["x"], given["y"] if self.data_kind.has_labels else None)
        if self.data_kind.num_sets > 1:
            warn_of_no_variety(given["y"], name="domain b")
    with sentences_of_the_graph():
        history = keras.Model.fit(self, **given)
    if history.epoch and not history.history:  # Keras would only warn
        raise ValueError(f"Expected at least one batch to train on. Received: a {type(x).__name__} without any")
    return history


def evaluate(self, x=None, y=None, *args, **kwargs):
    """Losses of the model on other data; see `keras.Model.evaluate`. `x` and `y` are checked as in `fit`."""
    given = _arguments(self, "evaluate", x, y, *args, **kwargs)
    if not given.get("_use_cached_eval_dataset"):  # which is how `fit` calls it, with data that it has checked
        _take(self, given)
        check_ends(x, steps=given.get("steps"))
    with sentences_of_the_graph():
        values = keras.Model.evaluate(self, **given)
    if isinstance(values, (list, dict)) and not values:  # Keras would only warn
        raise ValueError("Expected at least one batch to evaluate. Received: data without any")
    return values


def predict(self, x, *args, **kwargs):
    """What `model(x)` gives for each batch, as NumPy arrays; see `keras.Model.predict`.

    Batches of a container are `(images, labels)` for a model that takes labels, as in `fit`.
    """
    given = _arguments(self, "predict", x, *args, **kwargs)
    _check_rows(x)
    check_ends(x, steps=given.get("steps"))
    rank, others = len(self.image_shape), conditions_of_images(self)
    if isinstance(x, list) and not others and all(len(getattr(each, "shape", ())) == rank for each in x):
        given["x"] = stacked(x)
    elif isinstance(x, list) and not others and all(isinstance(each, list) for each in x):
        given["x"] = as_array(x, "inputs")
    elif others and not is_array_like(x):
        given["x"] = with_nested_inputs(x, 1 + len(others), rank)
    elif isinstance(x, Iterator):
        given["x"] = as_tuples(x, rank)
    parts = given["x"] if others and isinstance(x, (list, tuple)) else [given["x"]]
    if len(parts) == 1 + len(others) and is_array_like(parts[0]) and hasattr(parts[0], "shape") and _takes_images(self):
        # Of shapes that differ from call to call, a graph does not know the rank. It knows the dtype, once Keras has
        # converted what may be of another library.
        self.values.check_spec(tuple(parts[0].shape), "float32")
    with sentences_of_the_graph():
        return keras.Model.predict(self, **given)


def predict_on_batch(self, x):
    """What `model(x)` gives for one batch, as NumPy arrays; see `keras.Model.predict_on_batch`."""
    _check_rows(x)
    with sentences_of_the_graph():
        return keras.Model.predict_on_batch(self, x)


def train_on_batch(self, x, y=None, *args, **kwargs):
    """One training step; see `keras.Model.train_on_batch`. `x` and `y` are checked as in `fit`."""
    given = _arguments(self, "train_on_batch", x, y, *args, **kwargs)
    _take(self, given)
    with sentences_of_the_graph():
        return keras.Model.train_on_batch(self, **given)


def test_on_batch(self, x, y=None, *args, **kwargs):
    """Losses of one batch; see `keras.Model.test_on_batch`. `x` and `y` are checked as in `fit`."""
    given = _arguments(self, "test_on_batch", x, y, *args, **kwargs)
    _take(self, given)
    with sentences_of_the_graph():
        return keras.Model.test_on_batch(self, **given)


def main_and_conditions(model, inputs, main_name, conditions=None):
    """What `model(inputs)` is called with: the tensor that networks start from, and the dict of checked conditions.

    Args:
        model: The model.
        inputs: A tensor (codes or images), or, for a model with conditions, a list `[tensor, *conditions]`.
        main_name: What the tensor is, for the error message: `"z"` or `"images"`.
        conditions: The conditions that follow it; those of the model where none are given.

    Raises:
        ValueError: If there are too many or too few, or a condition does not fit.
    """
    mixed = conditions is None  # codes, of which images are generated: classes may be mixed
    conditions = model.conditions if conditions is None else conditions
    wanted = ", ".join(each.name for each in conditions)
    listed = isinstance(inputs, (list, tuple))
    if isinstance(inputs, dict) or listed != bool(conditions) or (listed and len(inputs) != 1 + len(conditions)):
        listing = f"a list [{main_name}, {wanted}], or batches of such tuples: {model.model_name} takes {wanted}"
        expected = listing if wanted else f"{main_name} as one tensor"
        raise ValueError(f"Expected {expected}. Received: {_described(inputs)}")
    if not listed:
        return inputs, {}
    main, *values = inputs
    pairs = zip(conditions, values, strict=True)
    if mixed:
        return main, {each.name: tensor_for_generation(each, values) for each, values in pairs}
    return main, {each.name: each.checked_tensor(values) for each, values in pairs}


def _described(inputs):
    size = f" of {len(inputs)}" if isinstance(inputs, (list, tuple, dict)) else ""
    return f"a {type(inputs).__name__}{size}"


def _arguments(model, method, *args, **kwargs):
    """The arguments of a method of `keras.Model` by name, positional ones included."""
    given = inspect.signature(getattr(keras.Model, method)).bind(model, *args, **kwargs).arguments
    del given["self"]
    given.update(given.pop("kwargs", {}))
    for name in ("sample_weight", "class_weight"):
        if given.get(name) is not None:
            raise ValueError(f"Expected no {name}: losses of {model.model_name} do not weigh images. Received: {name}")
    for name in ("batch_size", "validation_batch_size", "steps_per_epoch", "validation_steps", "epochs"):
        check_none_or_at_least(1, **{name: given.get(name)})
    if given.get("validation_split") is not None:  # Keras would take a negative one
        check_fraction(validation_split=given["validation_split"])
    return given


def _check_rows(x):
    """Raises `ValueError` unless arrays that Keras would convert hold all their values, and at least one row."""
    for part in keras.tree.flatten(x) if isinstance(x, (list, tuple, dict)) else [x]:
        check_dense(part, "inputs")
        shape = getattr(part, "shape", None)
        if is_array_like(part) and shape is not None and len(shape) and shape[0] == 0:
            raise ValueError(f"Expected at least one row. Received: shape {tuple(shape)}")


def _takes_images(model):
    """Whether a model is called with images, and not with codes."""
    return hasattr(model, "encode") or not hasattr(model, "latent_sample")


def _take(model, given):
    given["x"], given["y"] = model.data_kind.prepare(model, given["x"], given.get("y"))


def _pair(model, data):
    """`validation_data`, checked: `x`, which may be a list of images, or a tuple or list `(x,)` or `(x, y)`."""
    rank = len(model.image_shape)
    is_images = isinstance(data, list) and all(len(getattr(each, "shape", ())) == rank for each in data)
    if is_images or not isinstance(data, (tuple, list)):
        data = (data,)
    if len(data) > 2:
        raise ValueError(
            "Expected validation_data to be x or (x, y). "
            f"Received: a {type(data).__name__} of {len(data)}; weights of images have no effect here"
        )
    x, y = model.data_kind.prepare(model, *data)
    return x if y is None else (x, y)
