"""The von Mises-Fisher distribution on the unit sphere: normalizing constant, divergence and quantiles.

Its density per unit of area is `C(kappa) exp(kappa mean.z)` (Davidson et al., 2018, https://arxiv.org/abs/1804.00891,
equation 1). All is computed in float64; gradients with respect to the concentration kappa are in closed form.
"""

import math

from keras import ops

from keras_genzoo import sampling

# The uniform expansion of the Bessel function has an error of about 0.1 / order^5.
_ORDER = 30.0
# Points of the grid, and half of its length in standard deviations of the angle.
_POINTS, _REACH = 161, 9.0
_NEWTON_STEPS = 8


def log_normalizer(kappa, dim):
    """`log C(kappa)` in nats, float64, of the shape of `kappa`, in 0..10,000; `dim` is the length of a code."""
    kappa = ops.cast(kappa, "float64")
    log_bessel, ratio = _bessel(ops.stop_gradient(kappa), dim)
    value = -0.5 * dim * math.log(2.0 * math.pi) - log_bessel
    return _with_slope(value, -kappa * ratio, kappa)  # d log C / d kappa = -A(kappa)


def divergence(kappa, dim):
    """KL divergence from the uniform distribution on the sphere: `kappa A + log C(kappa) - log C(0)`, float64 nats.

    `A` is the mean of `mean.z`, a ratio of Bessel functions, and the derivative is `kappa A'(kappa)` with
    `A' = 1 - A^2 - (dim - 1) A / kappa`. Both logarithms have the same formula, so that small divergences are exact.

    References:
        https://arxiv.org/abs/1804.00891, equation 4 and appendix B.
    """
    kappa = ops.cast(kappa, "float64")
    fixed = ops.stop_gradient(kappa)
    (log_bessel, ratio), (at_zero, _) = _bessel(fixed, dim), _bessel(ops.zeros_like(fixed), dim)
    value = ops.square(fixed) * ratio + at_zero - log_bessel
    return _with_slope(value, fixed * (1.0 - ops.square(fixed * ratio) - (dim - 1.0) * ratio), kappa)


def _with_slope(value, slope, x):
    """`value`, whose gradient with respect to `x` is `slope`."""
    return ops.stop_gradient(value) + ops.stop_gradient(slope) * (x - ops.stop_gradient(x))


def _bessel(x, dim):
    """`log(I_v(x) / x^v)` and `I_(v+1)(x) / (x I_v(x))` for v = dim / 2 - 1; both are finite at 0.

    A uniform expansion for a large order (Olver, NIST handbook of mathematical functions, 10.41.3), and from there
    the recurrence `I_(j-1) = (2 j / x) I_j + I_(j+1)` (10.29.1) down, which is stable.
    """
    order = 0.5 * dim - 1.0
    steps = max(0, math.ceil(_ORDER - order))
    log_bessel = _large_order(x, order + steps)
    ratio = ops.exp(_large_order(x, order + steps + 1.0) - log_bessel)
    for step in range(steps, 0, -1):
        ratio = 1.0 / (2.0 * (order + step) + ops.square(x) * ratio)
        log_bessel = log_bessel - ops.log(ratio)
    return log_bessel, ratio


def _large_order(x, v):
    """`log(I_v(x) / x^v)` for v of at least `_ORDER`."""
    s = ops.sqrt(v * v + ops.square(x))
    p = v / s
    q = ops.square(p)
    u1 = p * (3.0 - 5.0 * q) / 24.0
    u2 = q * (81.0 - 462.0 * q + 385.0 * q**2) / 1152.0
    u3 = p * q * (30375.0 - 369603.0 * q + 765765.0 * q**2 - 425425.0 * q**3) / 414720.0
    polynomial = 4465125.0 - 94121676.0 * q + 349922430.0 * q**2 - 446185740.0 * q**3 + 185910725.0 * q**4
    u4 = q**2 * polynomial / 39813120.0
    series = ops.log(1.0 + u1 / v + u2 / v**2 + u3 / v**3 + u4 / v**4)
    return s - v * ops.log(v + s) - 0.5 * math.log(2.0 * math.pi) - 0.5 * ops.log(s) + series


def angles(kappa, noise, dim):
    """Angles between draws and their mean direction, from standard normal noise, by the inverse distribution function.

    The angle has the density `exp(kappa cos t) sin(t)^(dim - 2)` up to a constant. Its integral is computed on a grid
    with a correction by the derivatives, and inverted between two points of the grid: the error is about a millionth.
    A draw so takes a fixed number of normal numbers, which rejection (the paper's algorithm 1) does not, and its
    gradient is that of the exact map: by the implicit function theorem, `-(dF/d kappa) / (dF/dt)`, without the
    correction that rejection needs.

    Args:
        kappa: Concentrations, `(n,)`. The grid of each is made once for all of its draws.
        noise: Standard normal, `(n, draws)`.
        dim: Length of a code, at least 2.

    Returns:
        float64 `(n, draws)`, in [0, pi], differentiable with respect to `kappa`.

    References:
        Figurnov et al., 2018, Implicit reparameterization gradients, https://arxiv.org/abs/1805.08498, equation 6.
    """
    kappa = ops.cast(kappa, "float64")[:, None]
    k, noise = ops.stop_gradient(kappa), ops.cast(noise, "float64")
    low, step, density = _grid(k, dim)
    t = low + step * ops.arange(_POINTS, dtype="float64")  # (n, _POINTS)
    p, slope = density(t)
    mass = _integral(p, slope, step)
    moment = _integral(ops.cos(t) * p, ops.cos(t) * slope - ops.sin(t) * p, step)
    share = sampling.uniform_from_normal(noise)  # (n, draws)
    target = share * mass[:, -1:]
    index = ops.sum(ops.cast(mass[:, None, 1:-1] <= target[:, :, None], "int32"), axis=-1)

    def ends(values):
        return ops.take_along_axis(values, index, axis=1), ops.take_along_axis(values, index + 1, axis=1)

    place = _inverse(_hermite(*ends(mass), *(step * each for each in ends(p))), target)
    moments = _hermite(*ends(moment), *(step * each for each in ends(ops.cos(t) * p)))(place)
    angle = low + step * (ops.cast(index, "float64") + place)
    change = share * moment[:, -1:] - moments  # -dF/d kappa times the total mass
    return _with_slope(angle, change / ops.maximum(density(angle)[0], 1e-300), kappa)


def _grid(k, dim):
    """First point and step of the grid, `(n, 1)`, and the density of angles with its derivative, 1 at the mode."""
    d = dim - 2.0
    cosine = 2.0 * k / (d + ops.sqrt(d * d + 4.0 * ops.square(k)))
    sine = ops.sqrt(d * cosine / k)
    mode = ops.arctan2(sine, cosine)
    deviation = 1.0 / ops.sqrt(k * cosine + (k / cosine if dim > 2 else 0.0))
    low = ops.maximum(mode - _REACH * deviation, 0.0)
    high = ops.minimum(mode + _REACH * deviation, math.pi)

    def density(t):
        weight = ops.exp(k * (ops.cos(t) - cosine))
        if dim == 2:
            return weight, -k * ops.sin(t) * weight
        ratio = ops.maximum(ops.sin(t), 0.0) / sine
        value = weight * ratio**d
        return value, weight * ratio ** (d - 1.0) * d * ops.cos(t) / sine - k * ops.sin(t) * value

    return low, (high - low) / (_POINTS - 1.0), density


def _integral(values, slopes, step):
    """Integral from the first point to each: the trapezoidal rule with the correction of Euler and Maclaurin."""
    cells = 0.5 * step * (values[:, :-1] + values[:, 1:]) + step**2 / 12.0 * (slopes[:, :-1] - slopes[:, 1:])
    return ops.pad(ops.cumsum(cells, axis=1), ((0, 0), (1, 0)))


def _hermite(first, last, slope, slope_end):
    """The cubic on [0, 1] with these values and derivatives at its ends, as a function."""
    rise = last - first

    def cubic(x):
        return first + x * (slope + x * (3.0 * rise - 2.0 * slope - slope_end + x * (slope + slope_end - 2.0 * rise)))

    return cubic


def _inverse(function, target):
    """Where an increasing function on [0, 1] has the value `target`: by secants of a bracket that shrinks."""
    low, high = ops.zeros_like(target), ops.ones_like(target)
    for _ in range(_NEWTON_STEPS):
        at_low, at_high = function(low), function(high)
        width = high - low
        secant = low + width * ops.clip((target - at_low) / ops.maximum(at_high - at_low, 1e-300), 0.0, 1.0)
        for guess in (secant, 0.5 * (low + high)):
            below = function(guess) <= target
            low, high = ops.where(below, ops.maximum(low, guess), low), ops.where(below, high, ops.minimum(high, guess))
    at_low, at_high = function(low), function(high)
    return low + (high - low) * ops.clip((target - at_low) / ops.maximum(at_high - at_low, 1e-300), 0.0, 1.0)
