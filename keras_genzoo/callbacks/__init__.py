"""Callbacks for `fit`: checkpoints, sample grids, logs, progress, health, and stops by time, metric or divergence."""

from keras_genzoo.callbacks.board import Board
from keras_genzoo.callbacks.checkpoint import Checkpoint, TrainingInterrupted, TrainingTerminated
from keras_genzoo.callbacks.code_use import ReportCodeUse
from keras_genzoo.callbacks.divergence import StopOnDivergence, TrainingDiverged
from keras_genzoo.callbacks.epoch_log import EpochLog
from keras_genzoo.callbacks.gan_health import GANHealth
from keras_genzoo.callbacks.progress_lines import ProgressLines
from keras_genzoo.callbacks.sample_grid import SampleGrid
from keras_genzoo.callbacks.stop_on_metric import StopOnMetric
from keras_genzoo.callbacks.time_limit import TimeLimit
from keras_genzoo.callbacks.translation_grid import TranslationGrid

__all__ = [
    "Board",
    "Checkpoint",
    "EpochLog",
    "GANHealth",
    "ProgressLines",
    "ReportCodeUse",
    "SampleGrid",
    "StopOnDivergence",
    "StopOnMetric",
    "TimeLimit",
    "TrainingDiverged",
    "TrainingInterrupted",
    "TrainingTerminated",
    "TranslationGrid",
]
