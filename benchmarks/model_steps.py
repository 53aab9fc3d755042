"""Time of one training step of models of the zoo, ours against PyTorch, by their recipes, interleaved in one run.

    python benchmarks/model_steps.py [MODEL ...] [--rounds 7] [--steps 5] [--dtypes float32 mixed_bfloat16]

Networks, losses, numbers of updates and batch sizes are those of the bundled recipe `MODEL_mnist` (`cyclegan_emoji`,
`pix2pix_edges_emoji`), without the dense layers that some have between code and maps; the counts of trained weights are
compared first. Both run on the same batches and as many threads, in float32 and in bfloat16; ours keeps the average of
the generator that the recipe asks for. Times are medians over the rounds, the ratio is the median of the ratios within
a round. PyTorch (channels_last) must be installed.
"""

import argparse
import contextlib
import functools
import json
import os
import statistics

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as keras_genzoo sets it; here TensorFlow comes first

import numpy as np
import tensorflow as tf
import torch
import torch_code_gans
import torch_gans
import torch_models
from step_time import measure

import keras_genzoo
from keras_genzoo.families import ImagePairs

RECIPES = {"cyclegan": "cyclegan_emoji", "pix2pix": "pix2pix_edges_emoji"}
# The recipe of began has fully connected networks; measured are convolutions, as of the others.
CONVOLUTIONS = {
    "began": {
        "args": dict(
            image_shape=[28, 28, 1], latent_dim=64, network="conv", base_filters=32, d_base_filters=32, kernel_size=4,
            code_dim=32, gamma=0.8, balance_rate=0.01, d_steps=1, ema_decay=0.999,
        ),
        "data.batch_size": 128,
    }
}  # fmt: skip
STEPS = torch_models.STEPS | torch_gans.STEPS | torch_code_gans.STEPS


def our_step(recipe, dtype):
    """A compiled step of the recipe's model as a function of a batch, and the number of weights that it trains."""
    model = keras_genzoo.build(recipe.model, **recipe.args, seed=0, dtype=dtype)
    step = tf.function(model.train_step)
    trained = {id(v): int(np.prod(v.shape)) for group in model.optimized_variables().values() for v in group}
    return lambda batch: step(batch), sum(trained.values()), model


def torch_step(recipe, dtype):
    """The same in PyTorch."""
    enabled = dtype != "float32"
    precision = functools.partial(torch.autocast, "cpu", torch.bfloat16) if enabled else contextlib.nullcontext
    step, networks = STEPS[recipe.model](recipe.args, precision)
    trained = sum(p.numel() for network in networks for p in network.parameters() if p.requires_grad)
    return lambda batch: step(*batch), trained


def batch_for(model, size):
    """Noise as a training batch of a model."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (size, *model.image_shape), dtype="uint8")
    if isinstance(model.data_kind, ImagePairs):
        return images, images[::-1].copy()
    if model.data_kind.has_labels:
        return images, rng.integers(0, model.num_classes, size).astype("int32")
    return (images,)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(STEPS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--dtypes", nargs="+", default=["float32", "mixed_bfloat16"])
    parser.add_argument("--json", help="file for the figures")
    arguments = parser.parse_args()
    figures = {}
    for name in arguments.models:
        recipe = keras_genzoo.load_recipe(RECIPES.get(name, f"{name}_mnist"))
        recipe = recipe.override(CONVOLUTIONS.get(name, {}))
        recipe = recipe.override({key: 0 for key in ("dense_units", "d_dense_units") if key in recipe.args})
        for dtype in arguments.dtypes:
            ours, trained, model = our_step(recipe, dtype)
            theirs, other = torch_step(recipe, dtype)
            if trained != other:
                raise SystemExit(
                    f"{name}: {trained} trained weights of ours, {other} in PyTorch: not the same networks"
                )
            batch = batch_for(model, recipe.data.batch_size)
            times = measure({"ours": ours, "PyTorch": theirs}, batch, arguments.rounds, arguments.steps)
            ratio = statistics.median(a / b for a, b in zip(times["ours"], times["PyTorch"], strict=True))
            medians = {key: statistics.median(values) for key, values in times.items()}
            figures[f"{name} {dtype}"] = {**medians, "ratio": ratio, "trained": trained}
            print(
                f"{name:10} {dtype:15} ours {medians['ours']:8.1f} ms   PyTorch {medians['PyTorch']:8.1f} ms   "
                f"ratio {ratio:5.2f}   {trained} weights",
                flush=True,
            )
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
