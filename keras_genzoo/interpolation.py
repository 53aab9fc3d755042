"""Interpolation between codes, along straight lines and great circles. Pure functions of tensors."""

from keras import ops

# Codes count as parallel below this sine of their angle: line and arc then differ by a millionth of their length.
PARALLEL = 1e-3


def lerp(z, z_end, fractions):
    """Codes on the straight lines between two sets of codes.

    Args:
        z: First codes, float `(n, latent_dim)`.
        z_end: Last codes, of the same shape.
        fractions: Positions between them, float `(steps,)`: 0 gives exactly `z`, 1 exactly `z_end`; values outside of
            [0, 1] extrapolate.

    Returns:
        Tensor `(n, steps, latent_dim)`.

    Raises:
        ValueError: If the shapes do not fit.

    Example:

    >>> from keras_genzoo.latent import lerp
    >>> lerp([[0.0, 2.0]], [[4.0, 0.0]], [0.0, 0.25, 1.0]).numpy().tolist()
    [[[0.0, 2.0], [1.0, 1.5], [4.0, 0.0]]]
    """
    z, z_end, t = _checked(z, z_end, fractions)
    return (1.0 - t) * z[:, None] + t * z_end[:, None]


def slerp(z, z_end, fractions):
    """Codes on the great circles between two sets of codes, for codes with a standard normal prior.

    In many dimensions, nearly all mass of a normal distribution lies close to a sphere. The middle of a straight line
    between two samples is closer to the origin than nearly all samples, so the network has rarely seen such codes; an
    arc stays close to the sphere. With `w` the angle between the codes, the weights are `sin((1 - t) w) / sin(w)` and
    `sin(t w) / sin(w)`. Codes are not normalized: the length changes from that of `z` to that of `z_end`. Parallel,
    opposite and zero codes, which have no unique great circle, are interpolated along the straight line.

    Args:
        z: First codes, float `(n, latent_dim)`.
        z_end: Last codes, of the same shape.
        fractions: Positions between them, float `(steps,)`: 0 gives exactly `z`, 1 exactly `z_end`.

    Returns:
        Tensor `(n, steps, latent_dim)`.

    Raises:
        ValueError: If the shapes do not fit.

    References:
        Shoemake, 1985, Animating rotation with quaternion curves, section 3.3; for generative models: White, 2016,
        https://arxiv.org/abs/1609.04468, section 2.1.

    Example:

    >>> from keras_genzoo.latent import slerp
    >>> print(slerp([[1.0, 0.0]], [[0.0, 1.0]], [0.0, 0.5, 1.0]).numpy().round(4))
    [[[1.     0.    ]
      [0.7071 0.7071]
      [0.     1.    ]]]
    """
    z, z_end, t = _checked(z, z_end, fractions)
    unit, unit_end = _unit(z), _unit(z_end)
    # For a small angle, the arc cosine of the product would lose half of the digits; this formula loses none.
    angle = 2.0 * ops.arctan2(ops.norm(unit - unit_end, axis=-1), ops.norm(unit + unit_end, axis=-1))
    angle = angle[:, None, None]  # (n, 1, 1)
    sine = ops.sin(angle)
    curved = ops.logical_and(sine > PARALLEL, ops.any(z != 0.0, axis=-1)[:, None, None])
    curved = ops.logical_and(curved, ops.any(z_end != 0.0, axis=-1)[:, None, None])
    sine = ops.where(curved, sine, ops.ones_like(sine))
    first = ops.where(curved, ops.sin((1.0 - t) * angle) / sine, 1.0 - t)  # (n, steps, 1)
    last = ops.where(curved, ops.sin(t * angle) / sine, t)
    return first * z[:, None] + last * z_end[:, None]


def _unit(z):
    """Codes of unit length; zero stays zero."""
    length = ops.norm(z, axis=-1, keepdims=True)
    return z / ops.where(length > 0.0, length, ops.ones_like(length))


def _checked(z, z_end, fractions):
    """The arguments as tensors: codes `(n, latent_dim)`, fractions `(1, steps, 1)` of the codes' type."""
    z, z_end, fractions = (ops.convert_to_tensor(x) for x in (z, z_end, fractions))
    if len(z.shape) != 2 or len(z_end.shape) != 2 or z.shape[1] != z_end.shape[1] or _lengths_differ(z, z_end):
        raise ValueError(
            f"Expected z and z_end of one shape (n, latent_dim). Received: {tuple(z.shape)} and {tuple(z_end.shape)}"
        )
    if z.dtype != z_end.dtype or "float" not in z.dtype.name:
        raise ValueError(f"Expected z and z_end as floats of one type. Received: {z.dtype.name} and {z_end.dtype.name}")
    if len(fractions.shape) != 1:
        raise ValueError(f"Expected fractions of shape (steps,). Received: {tuple(fractions.shape)}")
    return z, z_end, ops.cast(fractions, z.dtype)[None, :, None]


def _lengths_differ(z, z_end):
    return None not in (z.shape[0], z_end.shape[0]) and z.shape[0] != z_end.shape[0]
