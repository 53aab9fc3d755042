"""`dtype: auto`: the decision for given times and GPUs, and that a recipe is resolved for its kind of network."""

import math
import os
import subprocess
import sys

import pytest

from keras_genzoo.recipes import DTYPES, Recipe, build_model, precision
from keras_genzoo.recipes.precision import Choice, fastest_dtype, resolved

ARGS = {"image_shape": [8, 8, 1], "latent_dim": 2}


def times(float32, bfloat16):
    """A function in place of the measurement: pairs of seconds of the convolution and the product, by dtype."""
    given = {"float32": float32, "bfloat16": bfloat16}
    return lambda dtype: dict(zip(("convolution", "product"), given[dtype], strict=True))


@pytest.mark.parametrize(
    ("convolutions", "float32", "bfloat16", "wanted"),
    [
        (True, (0.020, 0.020), (0.010, 0.010), "mixed_bfloat16"),
        (True, (0.020, 0.020), (0.050, 0.060), "float32"),
        (True, (0.020, 0.020), (0.005, 0.040), "float32"),  # the sum counts
        (False, (0.020, 0.020), (0.050, 0.010), "mixed_bfloat16"),  # the product alone
        (False, (0.020, 0.020), (0.001, 0.030), "float32"),
        (True, (0.020, 0.020), (0.019, 0.019), "float32"),  # too little for the other operations
    ],
)
def test_decision_follows_the_times(convolutions, float32, bfloat16, wanted):
    choice = fastest_dtype(convolutions, gpus=[], measure=times(float32, bfloat16))
    assert choice.dtype == wanted
    totals = [1000 * (sum(pair) if convolutions else pair[1]) for pair in (float32, bfloat16)]
    assert f"{totals[0]:.1f} ms in float32 and {totals[1]:.1f} ms in bfloat16" in choice.reason


@pytest.mark.parametrize(
    ("capabilities", "wanted", "stated"),
    [
        ([(9, 0)], "mixed_bfloat16", "9.0"),
        ([(8, 0)], "mixed_bfloat16", "8.0"),
        ([(7, 5)], "mixed_float16", "7.5"),
        ([(6, 1)], "float32", "6.1"),
        ([None], "float32", "unknown"),
        ([(9, 0), (7, 0)], "mixed_float16", "7.0"),  # the weakest of several
    ],
)
def test_capability_of_a_gpu_decides_without_a_measurement(capabilities, wanted, stated):
    gpus = [(f"GPU {number}", capability) for number, capability in enumerate(capabilities)]
    choice = fastest_dtype(gpus=gpus, measure=lambda dtype: pytest.fail("measured"))
    assert choice.dtype == wanted
    assert choice.reason == f"The compute capability of GPU {len(gpus) - 1} is {stated}."


def test_binary_units_have_float32_on_every_machine():
    assert fastest_dtype(False, True, gpus=[("GPU", (9, 0))]).dtype == "float32"
    recipe, reason = resolved(Recipe("rbm", dtype="auto", args={"image_shape": [8, 8, 1]}))
    assert recipe.dtype == "float32" and "binary units" in reason


@pytest.mark.parametrize(
    ("model", "args", "convolutions"),
    [("dcgan", {"base_filters": 4}, True), ("vae", {"network": "mlp", "hidden_units": [4]}, False)],
)
def test_recipe_is_resolved_for_its_kind_of_network(model, args, convolutions, monkeypatch):
    asked = []
    monkeypatch.setattr(
        precision, "fastest_dtype", lambda *kind: asked.append(kind) or Choice("mixed_bfloat16", "Why.")
    )
    recipe = Recipe(model, args={**ARGS, **args}, dtype="auto")
    assert resolved(recipe) == (
        Recipe(model, args={**ARGS, **args}, dtype="mixed_bfloat16"),
        "dtype: mixed_bfloat16. Why.",
    )
    assert asked == [(convolutions, False)]
    assert build_model(recipe).dtype_policy.name == "mixed_bfloat16"


def test_other_dtype_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(precision, "fastest_dtype", lambda *kind: pytest.fail("measured"))
    recipe = Recipe("vae", args=ARGS, dtype="float32")
    assert resolved(recipe) == (recipe, None)


def test_measurement_gives_a_policy_with_both_times():
    choice = fastest_dtype()
    assert choice.dtype in DTYPES[:-1]
    assert "capability" in choice.reason or ("ms in float32" in choice.reason and "ms in bfloat16" in choice.reason)


def test_what_a_machine_does_not_run_is_not_chosen():
    choice = fastest_dtype(gpus=[], measure=times((1.0, 1.0), (math.inf, 1.0)))
    assert choice.dtype == "float32" and "no kernels for bfloat16" in choice.reason


def test_measurement_goes_on_where_kernels_have_no_bfloat16():
    script = "from keras_genzoo.recipes.precision import fastest_dtype; print(fastest_dtype(gpus=[]).dtype)"
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2", "TF_ENABLE_ONEDNN_OPTS": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "float32", done.stderr
