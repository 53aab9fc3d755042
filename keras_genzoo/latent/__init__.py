"""Latent codes of trained models: interpolation, and directions that change the images most."""

from keras_genzoo.interpolation import lerp, slerp
from keras_genzoo.latent.directions import Directions, leading_directions
from keras_genzoo.latent.interpolating import interpolate

__all__ = ["Directions", "interpolate", "leading_directions", "lerp", "slerp"]
