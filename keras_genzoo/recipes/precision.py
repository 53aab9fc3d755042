"""The dtype policy that is fastest on this machine: what `dtype: auto` of a recipe stands for.

On a CPU, a convolution and a matrix product are timed, forward and backward, in float32 and with bfloat16. On a GPU,
the compute capability decides: bfloat16 from 8.0, float16 for 7.x, float32 below.
"""

import dataclasses
import functools
import math
import os
import time
from dataclasses import dataclass

from keras_genzoo import building, presets
from keras_genzoo.recipes.recipe import AUTO

_GAIN = 0.8  # casts and all other operations are no faster, so bfloat16 has to take less than this much of the time
_ROUNDS = 5
_SECONDS = 0.8  # of measurement, after the first calls; at least two rounds


@dataclass(frozen=True)
class Choice:
    """A dtype policy, and the reason for it in one sentence."""

    dtype: str
    reason: str


def resolved(recipe):
    """The recipe with a dtype policy in place of `auto`, and the reason; an unchanged recipe and `None` for another.

    Args:
        recipe: `Recipe`.

    Returns:
        Tuple of the `Recipe` and one sentence.
    """
    if recipe.dtype != AUTO:
        return recipe, None
    choice = fastest_dtype(*_kind_of(recipe))
    return dataclasses.replace(recipe, dtype=choice.dtype), f"dtype: {choice.dtype}. {choice.reason}"


def fastest_dtype(convolutions=True, binary=False, gpus=None, measure=None):
    """The fastest dtype policy for a kind of network.

    Args:
        convolutions: Whether the networks have convolutions; otherwise only the matrix product is measured.
        binary: Whether the model is a machine of binary units, most of whose time is not spent in products.
        gpus: List of `(name, compute capability)`, the latter a pair of integers or `None`; `None` asks TensorFlow.
        measure: Function of the dtype (`"float32"`, `"bfloat16"`) that returns a dict of seconds by the name of the
            operation (`"convolution"`, `"product"`); `None` for the measurement on this machine.

    Returns:
        A `Choice`.

    Example:

    >>> times = {"float32": {"product": 0.02}, "bfloat16": {"product": 0.01}}
    >>> fastest_dtype(convolutions=False, gpus=[], measure=times.get).dtype
    'mixed_bfloat16'
    """
    if binary:
        return Choice("float32", "A model of binary units is no faster with a shorter type.")
    gpus = _gpus() if gpus is None else gpus
    if gpus:
        return _by_capability(gpus)
    names = ("convolution", "product") if convolutions else ("product",)
    seconds = {dtype: _total((measure or _measured)(dtype), names) for dtype in ("float32", "bfloat16")}
    dtype = "mixed_bfloat16" if seconds["bfloat16"] < _GAIN * seconds["float32"] else "float32"
    what = "A convolution and a matrix product take" if convolutions else "A matrix product takes"
    if math.isinf(seconds["bfloat16"]):
        return Choice(dtype, "ONEDNN_MAX_CPU_ISA leaves no kernels for bfloat16.")
    times = " and ".join(f"{1000 * value:.1f} ms in {name}" for name, value in seconds.items())
    return Choice(dtype, f"{what} {times} on this machine, forward and backward.")


def _total(seconds, names):
    return sum(seconds[name] for name in names)


def _by_capability(gpus):
    """The policy that the weakest of the GPUs has units for."""
    name, capability = min(gpus, key=lambda gpu: gpu[1] or (0, 0))
    major = capability[0] if capability else 0
    dtype = "mixed_bfloat16" if major >= 8 else "mixed_float16" if major == 7 else "float32"
    stated = ".".join(map(str, capability)) if capability else "unknown"
    return Choice(dtype, f"The compute capability of {name} is {stated}.")


def _gpus():
    """Names and compute capabilities of the GPUs that TensorFlow sees."""
    import tensorflow as tf

    found = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    return [(details.get("device_name", "the GPU"), details.get("compute_capability")) for details in found]


def _kind_of(recipe):
    """Whether the networks of a recipe have convolutions, and whether the model is one of binary units."""
    from keras_genzoo.families.energy import BinaryMachine

    stored = {} if recipe.weights is None else presets.stored_arguments(recipe.model, recipe.weights)
    cls = building.model_class(recipe.model)
    if issubclass(cls, BinaryMachine):
        return False, True
    model = cls(**{**stored, **recipe.args, "seed": recipe.seed, "dtype": "float32"})
    return any(len(variable.shape) > 2 for variable in model.weights), False  # kernels of dense layers are matrices


def _measured(dtype):
    return _measurement()[dtype]


@functools.cache
def _measurement():
    """Seconds by dtype and operation, each the least of some rounds: what else runs on the machine only adds.

    Operations that do not run on this machine take infinitely long.
    """
    seconds = {dtype: dict.fromkeys(_OPERATIONS, math.inf) for dtype in ("float32", "bfloat16")}
    dtypes = ("float32",) if _without_bfloat16() else ("float32", "bfloat16")
    steps = {(dtype, name): _step(dtype, name) for dtype in dtypes for name in _OPERATIONS}
    for step in steps.values():
        step()  # traced, and its memory allocated
    rounds, start = [], time.perf_counter()
    while len(rounds) < 2 or (len(rounds) < _ROUNDS and time.perf_counter() - start < _SECONDS):
        rounds.append({key: _timed(step) for key, step in steps.items()})
    for dtype, name in steps:
        seconds[dtype][name] = min(each[dtype, name] for each in rounds)
    return seconds


def _without_bfloat16():
    """Whether oneDNN is told to use no instructions for bfloat16: TensorFlow asks the processor alone, and aborts."""
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "ALL").upper()
    return limit in ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI")


def _timed(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


# Shapes of inputs and weights, of about 3e9 operations, forward and backward.
_OPERATIONS = {
    "convolution": ((32, 28, 28, 32), (3, 3, 32, 64)),
    "product": ((512, 1024), (1024, 1024)),
}


def _step(dtype, name):
    """A function that takes gradients of one operation, with weights in float32, as under a mixed policy."""
    import tensorflow as tf
    from keras import ops

    # Constants that no global seed changes and that change none.
    shapes = _OPERATIONS[name]
    inputs = tf.cast(tf.random.stateless_normal(shapes[0], (1, 2)), dtype)
    weights = tf.random.stateless_normal(shapes[1], (3, 4))

    @tf.function
    def step(inputs, weights):
        with tf.GradientTape() as tape:
            tape.watch([inputs, weights])
            kernel = tf.cast(weights, dtype)
            outputs = ops.conv(inputs, kernel, padding="same") if name == "convolution" else ops.matmul(inputs, kernel)
            loss = tf.reduce_sum(tf.cast(outputs, "float32") ** 2)
        return [tf.reduce_sum(tf.cast(part, "float32")) for part in tape.gradient(loss, [inputs, weights])]

    return lambda: [part.numpy() for part in step(inputs, weights)]
