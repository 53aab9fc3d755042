"""Training from a recipe, into a run folder with the recipe, logs, sample grids, checkpoints and the preset.

run/recipe.yaml           the recipe with all settings of the run
run/log.csv               losses and seconds per epoch
run/tensorboard/          the same for TensorBoard, with learning rates and the grids
run/samples/              a grid of samples per epoch
run/loss.png              a plot of the losses
run/health.png            of a GAN, a plot of its health: see `keras_genzoo.callbacks.GANHealth`
run/best/                 with `stopping` in the recipe, the weights that were the best ones
run/checkpoints/          model and optimizers, with the recipe that the run began with, to resume from
run/preset/               at the end: weights, card and samples, for build(weights="run/preset")
"""

from keras_genzoo.training.checks import check, check_names
from keras_genzoo.training.finetune import finetune, finetune_recipe
from keras_genzoo.training.held_out import trained_and_held_out
from keras_genzoo.training.real_images import data_of, features_of
from keras_genzoo.training.run import Run, last_checkpoint
from keras_genzoo.training.train import measure, train

__all__ = [
    "Run",
    "check",
    "check_names",
    "data_of",
    "features_of",
    "finetune",
    "finetune_recipe",
    "last_checkpoint",
    "measure",
    "train",
    "trained_and_held_out",
]
