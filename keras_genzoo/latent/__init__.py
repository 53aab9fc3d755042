"""Latent codes of trained models: paths, directions, edits by a classifier, and the codes of given images."""

from keras_genzoo.interpolation import lerp, slerp
from keras_genzoo.latent.classes import class_path, class_weights, interpolate_classes
from keras_genzoo.latent.codes import analogy, decode, path, sample, truncated
from keras_genzoo.latent.direction_files import load_directions, save_directions
from keras_genzoo.latent.directions import Directions, leading_directions
from keras_genzoo.latent.editing import Edited, edit
from keras_genzoo.latent.finding import entanglement, find_direction, first_layer_directions, walk
from keras_genzoo.latent.interpolating import interpolate
from keras_genzoo.latent.inversion import Inverted, invert
from keras_genzoo.latent.measures import MEASURES, measure
from keras_genzoo.latent.named import named_directions, traverse
from keras_genzoo.latent.towards_classes import class_directions

__all__ = [
    "MEASURES",
    "Directions",
    "Edited",
    "Inverted",
    "analogy",
    "class_directions",
    "class_path",
    "class_weights",
    "decode",
    "edit",
    "entanglement",
    "find_direction",
    "first_layer_directions",
    "interpolate",
    "interpolate_classes",
    "invert",
    "leading_directions",
    "lerp",
    "load_directions",
    "measure",
    "named_directions",
    "path",
    "sample",
    "save_directions",
    "slerp",
    "traverse",
    "truncated",
    "walk",
]
