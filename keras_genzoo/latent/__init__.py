"""Work with the codes of trained models: ways between them, and directions that matter."""

from keras_genzoo.latent.directions import Directions, leading_directions
from keras_genzoo.latent.interpolation import lerp, slerp

__all__ = ["Directions", "leading_directions", "lerp", "slerp"]
