"""Latent codes of trained models: interpolation, and directions that change the images most."""

from keras_genzoo.interpolation import lerp, slerp
from keras_genzoo.latent.directions import Directions, leading_directions

__all__ = ["Directions", "leading_directions", "lerp", "slerp"]
