"""Pictures of codes: where images lie, and what each component changes."""

import numpy as np

from keras_genzoo.data.checks import check_labels
from keras_genzoo.plots.figures import check_methods, new_figure, save_figure, save_table
from keras_genzoo.plots.grids import image_grid
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_at_least

_MAX_LEGEND = 20  # classes with a colour of their own
_INNER = (1.0, 99.0)  # percentiles of codes between which pictures show them


def save_latent_map(model, images, path, labels=None, class_names=None, num=20):
    """Draws a code of two components as a map: decoded images on a grid, beside the codes of images.

    Both panels have the same axes, which reach over the inner 98 % of the codes of the images.

    Args:
        model: Model with `encode` and `decode`, `latent_dim=2` and no conditions, whose codes are any real numbers.
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`, at least 2: whose codes are shown.
        path: PNG file to write.
        labels: Integers `(n,)` by which the codes are coloured; `None` for one colour. More than 20 classes have a
            scale of colours in place of a legend.
        class_names: Names of the classes for the legend, by label; `None` for their numbers.
        num: Decoded images in a row and in a column, at least 2.

    Returns:
        Path of the file.

    Raises:
        ValueError: If the model has other codes or conditions, or an argument does not fit.

    References:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114, figure 4.

    Example:

    >>> import tempfile, keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=8)
    >>> digits, labels = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> save_latent_map(model, digits[:99], f"{tempfile.mkdtemp()}/map.png", labels[:99], num=4).name
    'map.png'
    """
    check_at_least(2, num=num)
    codes = _codes(model, images, {})
    if codes.shape[1] != 2 or model.conditions:
        given = f" and {model.conditions[0].name}" if model.conditions else ""
        raise ValueError(
            f"Expected a model with latent_dim=2 and no conditions. Received: latent_dim={codes.shape[1]}{given}"
        )
    labels = None if labels is None else _labels(labels, len(codes), class_names)
    low, high = np.percentile(codes, _INNER, axis=0)
    across, down = np.linspace(low[0], high[0], num), np.linspace(high[1], low[1], num)
    points = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2).astype("float32")
    grid = image_grid(np.rint(model.decode(points) * 255.0).astype("uint8"), num, gap=0)
    figure = new_figure(13, 6)
    left, right = figure.subplots(1, 2)
    extent = (low[0], high[0], low[1], high[1])
    left.imshow(grid.repeat(3, axis=-1) if grid.shape[-1] == 1 else grid, extent=extent, aspect="auto")
    _scatter(right, codes, labels, class_names)
    right.set(xlim=extent[:2], ylim=extent[2:])
    for axes in (left, right):
        axes.set(xlabel="first component of the code", ylabel="second component")
    return save_figure(figure, path)


def save_traversals(model, images, path, num=10, steps=9, **conditions):
    """Draws what each component of a code changes: one row per component, all others as in the first image.

    A component goes over the inner 98 % of its values for the images. Rows begin with the component that is used most,
    by `code_use` of the model, or else by its variance.

    Args:
        model: Model with `encode` and `decode`, whose codes are any real numbers.
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`, at least 2; rows start from the first one.
        path: PNG file to write.
        num: Number of rows, at least 1; fewer if the code has fewer components.
        steps: Images in a row, at least 2.
        **conditions: Models with conditions: their values, one per image, such as `labels`.

    Returns:
        Path of the file.

    Raises:
        ValueError: If the model has no such codes, or an argument does not fit.

    Example:

    >>> import tempfile, keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=4, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> save_traversals(model, digits[:99], f"{tempfile.mkdtemp()}/rows.png").name
    'rows.png'
    """
    check_at_least(1, num=num)
    check_at_least(2, steps=steps)
    codes = _codes(model, images, conditions)
    use = model.code_use(images, **conditions) if hasattr(model, "code_use") else ()
    measured = len(use) == codes.shape[1]
    order = np.argsort(-(use if measured else codes.var(axis=0)), kind="stable")[:num]
    low, high = np.percentile(codes, _INNER, axis=0)
    z = np.repeat(codes[:1], len(order) * steps, axis=0).reshape(len(order), steps, -1)
    for row, component in enumerate(order):
        z[row, :, component] = np.linspace(low[component], high[component], steps)
    from keras_genzoo.families.conditions import given_conditions  # which imports TensorFlow

    given = given_conditions(model, conditions, len(codes))
    given = {name: np.repeat(values[:1], len(order) * steps, axis=0) for name, values in given.items()}
    decoded = model.decode(z.reshape(-1, codes.shape[1]), **given)
    shown = np.rint(decoded * 255.0).astype("uint8").reshape(len(order), steps, *model.image_shape)
    return save_table(shown, path, rows=[f"z[{component}]" for component in order])


def _codes(model, images, conditions):
    """The codes of at least two images, float32 `(n, latent_dim)`; the means where they are distributions."""
    from keras_genzoo.families.conditions import conditions_of_images

    check_methods(model, "encode", "decode")
    model.values.check_images("a picture of its codes")
    if not model.prior.fills_space:  # what lies between two of its codes is none
        raise ValueError(
            f"Expected a model whose codes are any real numbers. Received: {type(model).__name__}, whose codes are "
            f"{model.prior.kind}"
        )
    images = as_array(images, "images")
    if len(images) < 2:
        raise ValueError(f"Expected at least 2 images. Received: {len(images)}")
    taken = {each.name for each in conditions_of_images(model)}
    codes = model.encode(images, **{name: values for name, values in conditions.items() if name in taken})
    return codes[0] if isinstance(codes, tuple) else codes


def _labels(labels, num, class_names):
    """Labels as int32 `(num,)`; raises `ValueError` unless each has a name, where classes have names."""
    labels = check_labels(labels, num, "the argument labels")
    if class_names is not None and labels.max() >= len(class_names):
        raise ValueError(
            f"Expected class_names for labels up to {labels.max()}. Received: {len(class_names)} class_names"
        )
    return labels


def _scatter(axes, codes, labels, class_names):
    """Points of codes, coloured by class with a legend."""
    if labels is None:
        axes.scatter(*codes.T, s=4, linewidths=0)
        return
    from matplotlib import colormaps

    found = np.unique(labels)
    if len(found) > _MAX_LEGEND:
        points = axes.scatter(*codes.T, s=4, linewidths=0, c=labels, cmap="turbo")
        axes.figure.colorbar(points, label="class")
        return
    colours = colormaps["tab10" if len(found) <= 10 else "tab20"]
    for index, label in enumerate(found):
        name = str(label) if class_names is None else class_names[label]
        axes.scatter(*codes[labels == label].T, s=4, linewidths=0, color=colours(index), label=name)
    legend = axes.legend(markerscale=4, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    for text in legend.get_texts():
        text.set_parse_math(False)  # a dollar is one
