"""Pictures of codes: where images lie, and what each component changes."""

import numpy as np

from keras_genzoo.data.checks import check_labels
from keras_genzoo.plots.figures import check_methods, new_figure, save_figure, save_table
from keras_genzoo.plots.grids import image_grid
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_at_least, check_choice
from keras_genzoo.utils.text import shown

PROJECTIONS = ("pca", "tsne")
_MAX_LEGEND = 20  # classes with a colour of their own
_INNER = (1.0, 99.0)  # percentiles of codes between which pictures show them
_COMPONENTS = ("first component of the code", "second component")
_PERPLEXITY = 30.0  # of t-SNE, the default of scikit-learn; few images have a third of their number


def save_code_map(model, images, path, labels=None, class_names=None, method=None, **conditions):
    """Draws the codes of images as points of the plane, coloured by class.

    Codes of two components are drawn as they are. Longer codes are projected by PCA, whose axes tell their share of the
    variance, or by t-SNE, which keeps near codes together and whose axes have no units. Both are those of scikit-learn.

    Args:
        model: Model with `encode`, and codes of at least two components.
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`, at least 2; of a model of signals, floats
            `(n, length, channels)`, and of points `(n, coordinates)`.
        path: PNG file to write.
        labels: Integers `(n,)` by which the codes are coloured, and which a model is told that encodes images with
            their labels; `None` for one colour. More than 20 classes have a scale of colours in place of a legend.
        class_names: Names of the classes for the legend, by label; `None` for their numbers.
        method: `"pca"` or `"tsne"`, which is slow with more than some thousand images; `None` for PCA, and for codes of
            two components.
        **conditions: Models that encode images with other conditions: their values, one per image.

    Returns:
        Path of the file.

    Raises:
        ValueError: If the model does not encode, all codes are equal, or an argument does not fit.

    References:
        van der Maaten and Hinton, 2008, Visualizing data using t-SNE, Journal of Machine Learning Research 9.

    Example:

    >>> import tempfile, keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=8, base_filters=8)
    >>> digits, labels = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> save_code_map(model, digits[:99], f"{tempfile.mkdtemp()}/codes.png", labels[:99]).name
    'codes.png'
    """
    check_methods(model, "encode")
    check_choice((None, *PROJECTIONS), method=method)
    given = conditions if labels is None or not _is_told_labels(model) else conditions | {"labels": labels}
    codes = _encoded(model, images, given)
    labels = _labels(labels, len(codes), class_names)
    if codes.shape[1] == 2:
        if method is not None:
            raise ValueError(
                f"Expected method=None: codes of two components are drawn as they are. Received: method={method!r}"
            )
        points, names, by = codes, _COMPONENTS, ""
    else:
        points, names, by = _tsne(codes) if method == "tsne" else _pca(codes)
    figure = new_figure(7.6, 6.4)
    axes = figure.add_subplot()
    _scatter(axes, points, labels, class_names)
    axes.set(xlabel=names[0], ylabel=names[1], title=f"Codes of {len(codes):,} {model.values.noun}{by}")
    axes.set_aspect("equal", adjustable="datalim")
    if not any(names):
        axes.set(xticks=[], yticks=[])
    return save_figure(figure, path)


def is_plane(model):
    """Whether `save_latent_map` takes a model with `encode` and `decode`."""
    return model.latent_dim == 2 and model.prior.fills_space and not model.conditions


def save_latent_map(model, images, path, labels=None, class_names=None, num=20):
    """Draws a code of two components as a map: decoded images on a grid, beside the codes of images.

    Both panels have the same axes. The codes of the decoded images reach over the inner 98 % of those of the given
    images, and each lies in the middle of its image.

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
    if not is_plane(model):
        given = f" and {model.conditions[0].name}" if model.conditions else ""
        raise ValueError(
            f"Expected a model with latent_dim=2 and no conditions. Received: latent_dim={codes.shape[1]}{given}"
        )
    labels = _labels(labels, len(codes), class_names)
    low, high = np.percentile(codes, _INNER, axis=0)
    across, down = np.linspace(low[0], high[0], num), np.linspace(high[1], low[1], num)
    points = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2).astype("float32")
    grid = image_grid(np.rint(model.decode(points) * 255.0).astype("uint8"), num, gap=0)
    figure = new_figure(13, 6)
    left, right = figure.subplots(1, 2)
    half = (high - low) / (num - 1) / 2.0  # each image lies around its code
    extent = (low[0] - half[0], high[0] + half[0], low[1] - half[1], high[1] + half[1])
    left.imshow(grid.repeat(3, axis=-1) if grid.shape[-1] == 1 else grid, extent=extent, aspect="auto")
    _scatter(right, codes, labels, class_names)
    right.set(xlim=extent[:2], ylim=extent[2:])
    for axes in (left, right):
        axes.set(xlabel=_COMPONENTS[0], ylabel=_COMPONENTS[1])
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
    from keras_genzoo.families.given_conditions import given_conditions  # which imports TensorFlow

    given = given_conditions(model, conditions, len(codes))
    given = {name: np.repeat(values[:1], len(order) * steps, axis=0) for name, values in given.items()}
    decoded = model.decode(z.reshape(-1, codes.shape[1]), **given)
    shown = np.rint(decoded * 255.0).astype("uint8").reshape(len(order), steps, *model.image_shape)
    return save_table(shown, path, rows=[f"z[{component}]" for component in order])


def _codes(model, images, conditions):
    """The codes of images that a decoder takes anything between: see `_encoded`."""
    from keras_genzoo.families.given_conditions import conditions_of_images

    check_methods(model, "encode", "decode")
    model.values.check_images("a picture of its codes")
    if not model.prior.fills_space:  # what lies between two of its codes is none
        raise ValueError(
            f"Expected a model whose codes are any real numbers. Received: {type(model).__name__}, whose codes are "
            f"{model.prior.kind}"
        )
    taken = {each.name for each in conditions_of_images(model)}
    return _encoded(model, images, {name: values for name, values in conditions.items() if name in taken})


def _encoded(model, images, conditions):
    """The codes of at least two images, float32 `(n, latent_dim)`; the means where they are distributions."""
    images = as_array(images, "images")
    if len(images) < 2:
        raise ValueError(f"Expected at least 2 {model.values.noun}. Received: {len(images)}")
    codes = model.encode(images, **conditions)
    codes = codes[0] if isinstance(codes, tuple) else codes
    if not np.isfinite(codes).all():
        raise ValueError(f"Expected finite codes. Received: NaN or infinity in those of {type(model).__name__}")
    return codes


def _is_told_labels(model):
    from keras_genzoo.families.given_conditions import conditions_of_images

    return "labels" in [each.name for each in conditions_of_images(model)]


def _pca(codes):
    """Codes on their two principal components, the names of the axes, and the method for the title."""
    from sklearn.decomposition import PCA

    _check_spread(codes)
    pca = PCA(2, svd_solver="full")
    points = pca.fit_transform(codes.astype("float64"))
    first, second = (f"{100 * share:.1f} % of the variance" for share in pca.explained_variance_ratio_)
    return points, (f"first principal component ({first})", f"second principal component ({second})"), " by PCA"


def _tsne(codes):
    """Codes in the plane of t-SNE, which starts from their PCA, axes without names, and the method for the title."""
    from sklearn.manifold import TSNE

    _check_spread(codes)
    tsne = TSNE(perplexity=min(_PERPLEXITY, (len(codes) - 1) / 3), init="pca", random_state=0)
    return tsne.fit_transform(codes.astype("float64")), ("", ""), " by t-SNE"


def _check_spread(codes):
    if codes.shape[1] < 2:
        raise ValueError(f"Expected a model with latent_dim of at least 2. Received: latent_dim={codes.shape[1]}")
    if (codes == codes[0]).all():
        raise ValueError(f"Expected codes that differ. Received: {len(codes)} equal codes")


def _labels(labels, num, class_names):
    """Labels as int32 `(num,)` or `None`; raises `ValueError` unless each has a name, where classes have names."""
    names = class_names if isinstance(class_names, list | tuple) else [class_names]
    if class_names is not None and (names is not class_names or not all(isinstance(each, str) for each in names)):
        raise ValueError(f"Expected class_names as a list of strings. Received: class_names={shown(class_names)}")
    if labels is None:
        if class_names is not None:
            raise ValueError(f"Expected labels with class_names. Received: class_names={shown(class_names)} alone")
        return None
    labels = check_labels(labels, num, "the argument labels")
    if class_names is not None and labels.max() >= len(class_names):
        raise ValueError(
            f"Expected class_names for labels up to {labels.max()}. Received: {len(class_names)} class_names"
        )
    return labels


def _scatter(axes, codes, labels, class_names):
    """Points of codes, coloured by class with a legend; in random order, so that no class covers the others."""
    order = np.random.default_rng(0).permutation(len(codes))
    codes, labels = codes[order], None if labels is None else labels[order]
    style = dict(s=np.clip(30000 / len(codes), 4, 16), linewidths=0, alpha=0.8)
    if labels is None:
        axes.scatter(*codes.T, **style)
        return
    from matplotlib import colormaps

    found, number = np.unique(labels, return_inverse=True)
    if len(found) > _MAX_LEGEND:
        points = axes.scatter(*codes.T, **style, c=labels, cmap="turbo")
        axes.figure.colorbar(points, label="class")
        return
    colours = colormaps["tab10" if len(found) <= 10 else "tab20"]
    axes.scatter(*codes.T, **style, color=colours(number))
    for index, label in enumerate(found):
        name = str(label) if class_names is None else class_names[label]
        axes.scatter([], [], s=48, linewidths=0, color=colours(index), label=name)
    legend = axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    for text in legend.get_texts():
        text.set_parse_math(False)  # a dollar is one
