"""Codes as arrays: drawn, decoded, kept where the prior has its mass, and what lies along a path of them."""

import numpy as np
from keras import ops

from keras_genzoo.families.batches import in_batches, joined
from keras_genzoo.families.code_sampling import PRIOR, chosen_sampler
from keras_genzoo.families.generation import with_defaults
from keras_genzoo.families.given_conditions import given_conditions
from keras_genzoo.utils.arrays import as_array, check_range, real_rows
from keras_genzoo.utils.checks import check_at_least, check_flag, check_seed, is_number

MOVABLE = ("normal", "uniform", "sphere", "mixture")  # kinds of priors
SHELL_DIM = 8  # Lengths of normal codes of so many elements spread by a fifth of their mean; of fewer, by more.
LARGEST = 1e6  # element of a code: far out of any prior, and far from where float32 networks overflow


def check_codes(model, z, name="z"):
    """Codes as a float32 array `(n, latent_dim)`, or raises `ValueError`; one code is a batch of one."""
    check_has_codes(model)
    z = as_array(z, name)
    z = real_rows(z[None] if z.ndim == 1 else z, model.latent_dim, name, f", codes of {model.model_name}")
    if not len(z):
        raise ValueError(f"Expected {name} of at least one row. Received: shape {z.shape}")
    check_range(z, f"Expected {name} as numbers of at most {LARGEST:g} in size. Received: values outside", LARGEST)
    return z


def check_direction(model, direction, name="the direction"):
    """A direction as a float32 array `(latent_dim,)`, or raises `ValueError`."""
    vectors = check_codes(model, direction, name)
    if len(vectors) != 1 or not np.any(vectors):
        what = "zeros" if len(vectors) == 1 else f"{len(vectors)} vectors"
        raise ValueError(f"Expected one vector of any length but 0 as {name}. Received: {what}")
    return vectors[0]


def check_has_codes(model):
    """Raises `ValueError` unless a model makes images from codes."""
    if not hasattr(model, "latent_sample"):
        name = getattr(model, "model_name", type(model).__name__)
        raise ValueError(f"Expected a model that makes images from codes z. Received: {name}")


def check_movable(model):
    """Raises `ValueError` unless the codes of a model can move by small steps."""
    check_has_codes(model)
    if model.prior.kind not in MOVABLE:
        raise ValueError(
            f"Expected codes that can move by small steps. Received: a {model.prior.kind} prior of {model.model_name}"
        )


def check_smooth(model):
    """Raises `ValueError` unless images change by little where a code does, as derivatives need it."""
    if not getattr(model, "decodes_means", True):
        raise ValueError(
            f"Expected images that change smoothly with their codes. Received: draws of pixels, of {model.model_name}"
        )


def prior_scale(model):
    """Standard deviation of the elements of codes from the prior: the unit of steps."""
    drawn = model.prior.from_normal(np.random.default_rng(0).standard_normal((500, model.prior.noise_dim), "float32"))
    return float(np.std(ops.convert_to_numpy(drawn)))


def conditions_of(model, num, given, seed=0, start=0):
    """All conditions of `num` images as arrays by name: those given, and the others by their rules."""
    given = with_defaults(model, seed, start, num, given_conditions(model, given, num, weights=True))
    return {name: np.asarray(values) for name, values in given.items()}


def sample(model, num, seed=0, start=0):
    """Codes from the prior of a model, or its fitted sampler: those of `generate(num, seed, start)`.

    Args:
        model: A model with codes.
        num: How many, at least 1.
        seed: Integer.
        start: Index of the first one, at least 0.

    Returns:
        float32 NumPy array `(num, latent_dim)`.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> z = keras_genzoo.latent.sample(model, 3)
    >>> bool((keras_genzoo.latent.decode(model, z) == model.generate(3, seed=0)).all())
    True
    """
    check_has_codes(model)
    check_at_least(1, num=num)
    check_at_least(0, start=start)
    return np.asarray(model.latent_sample(num, check_seed(seed), start), "float32")


def decode(model, z, batch_size=64, **conditions):
    """The images of codes.

    Args:
        model: A model with codes.
        z: Codes `(n, latent_dim)`, or one `(latent_dim,)`.
        batch_size: Images in one pass through the network, at least 1.
        **conditions: As for `generate`.

    Returns:
        uint8 NumPy array `(n, height, width, channels)`; of a model of points, float32 `(n, coordinates)`.

    Raises:
        ValueError: If the codes or conditions do not fit the model.
    """
    z = check_codes(model, z)
    given = conditions_of(model, len(z), conditions)

    def images(z, **conditions):
        return model.images_from_codes(z, model.values.dtype, **conditions)

    return joined(in_batches(model, "decode codes", images, batch_size, z, **given), model.image_shape)


def on_shell(model, z, like):
    """Codes moved to where the prior of a model has its mass. Usable inside a graph.

    Of a normal prior in many dimensions, nearly all mass is close to a sphere: from `SHELL_DIM` elements on, each code
    gets the length of the one that it came from, unless that is 0. On the unit sphere, codes get length 1; of a uniform
    prior, elements stay in [-1, 1]; of a mixture, as a prior or fitted in place of a normal one, codes stay where they
    have moved to.

    Args:
        model: The model.
        z: Codes `(n, latent_dim)`.
        like: The codes that they came from, of the same shape.
    """
    check_movable(model)
    mass = place_of_mass(model)
    if mass == "anywhere":
        return z
    if mass == "box":
        return ops.clip(z, -1.0, 1.0)
    length = ops.sqrt(ops.sum(ops.square(z), axis=-1, keepdims=True) + 1e-12)
    if mass == "sphere":
        return z / length
    wanted = ops.sqrt(ops.sum(ops.square(like), axis=-1, keepdims=True))
    return ops.where(wanted > 0.0, z / length * wanted, z)


def place_of_mass(model):
    """Where codes that move are kept: on a `"shell"`, the unit `"sphere"`, in a `"box"`, or `"anywhere"`."""
    kind = model.prior.kind
    if kind == "normal" and (model.latent_dim < SHELL_DIM or _drawn_from(model) != PRIOR):
        return "anywhere"
    return {"normal": "shell", "uniform": "box", "sphere": "sphere"}.get(kind, "anywhere")


def truncated(model, z, factor):
    """Codes drawn towards the middle of the prior: more typical images of less variety.

    Args:
        model: A model with codes whose prior is a standard normal, or uniform on [-1, 1].
        z: Codes `(n, latent_dim)`.
        factor: In [0, 1]: 1 leaves the codes, 0 gives the middle.

    Returns:
        float32 NumPy array of the shape of `z`.

    Raises:
        ValueError: If the codes do not fit, the prior has no middle, or `factor` is out of its range.

    References:
        Brock, Donahue and Simonyan, 2019, https://arxiv.org/abs/1809.11096, section 3.1, which draws again instead;
        Karras, Laine and Aila, 2019, https://arxiv.org/abs/1812.04948, appendix B, with this factor.
    """
    z = check_codes(model, z)
    drawn_from = _drawn_from(model)
    if not has_middle(model):
        kind = model.prior.kind if drawn_from == PRIOR else f"a fitted {drawn_from}"
        raise ValueError(f"Expected codes of a normal or uniform prior. Received: {kind}, of {model.model_name}")
    if not is_number(factor) or not 0.0 <= factor <= 1.0:
        raise ValueError(f"Expected factor in [0, 1]. Received: factor={factor!r}")
    return (z * np.float32(factor)).astype("float32")


def has_middle(model):
    """Whether the codes of generated images are draws of a standard normal, or uniform on [-1, 1]."""
    return model.prior.kind in ("normal", "uniform") and _drawn_from(model) == PRIOR


def _drawn_from(model):
    return chosen_sampler(model, None) if hasattr(model, "fit_sampler") else PRIOR


def analogy(model, a, b, c):
    """Codes that are to `c` as those of `a` are to those of `b`: c + mean(a) - mean(b), on the shell of the prior.

    Args:
        model: A model with codes.
        a: Codes of images with a feature `(n, latent_dim)`.
        b: Codes of images without it.
        c: Codes of the images that are to get it.

    Returns:
        float32 NumPy array of the shape of `c`.

    References:
        Radford, Metz and Chintala, 2015, https://arxiv.org/abs/1511.06434, section 6.3.2.
    """
    a, b, c = (check_codes(model, each, name) for name, each in (("a", a), ("b", b), ("c", c)))
    moved = c + a.mean(axis=0) - b.mean(axis=0)
    return ops.convert_to_numpy(on_shell(model, moved, c))


def between(model, starts, ends, fractions):
    """Codes between pairs of codes, where those of generated images lie: as the prior, or a fitted mixture, says.

    Args:
        model: A model with codes.
        starts: Codes `(n, latent_dim)`.
        ends: Codes `(n, latent_dim)`.
        fractions: Numbers from 0 (`starts`) to 1 (`ends`), `(steps,)`.

    Returns:
        float32 NumPy array `(n, steps, latent_dim)`.
    """
    source = model.mixture_sampler if _drawn_from(model) == "mixture" else model.prior
    return ops.convert_to_numpy(source.interpolate(starts, ends, fractions))


def path(model, points, steps=16, closed=False):
    """Codes along a path through points, as the prior interpolates: along great circles for a normal one.

    Where codes are drawn from a fitted mixture, the way is from component to component.

    Args:
        model: A model with codes.
        points: Codes `(n, latent_dim)`, at least two.
        steps: Codes from each point up to the next one, at least 1.
        closed: Whether the path returns to its beginning, for a clip that repeats.

    Returns:
        float32 NumPy array `(codes, latent_dim)`: `(n - 1) * steps + 1` codes, or `n * steps` of a closed path, which
        leaves out the first point at its end.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> points = keras_genzoo.latent.sample(model, 3)
    >>> keras_genzoo.latent.path(model, points, steps=5, closed=True).shape
    (15, 4)
    """
    points = check_codes(model, points, "points")
    check_at_least(1, steps=steps)
    check_flag(closed=closed)
    if len(points) < 2:
        raise ValueError(f"Expected at least two points of a path. Received: {len(points)}")
    ends = np.roll(points, -1, axis=0) if closed else points[1:]
    starts = points if closed else points[:-1]
    fractions = np.linspace(0.0, 1.0, steps, endpoint=False).astype("float32")
    codes = between(model, starts, ends, fractions).reshape(-1, model.latent_dim)
    return codes if closed else np.concatenate([codes, points[-1:]])
