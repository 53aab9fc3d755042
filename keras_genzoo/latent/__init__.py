"""Work with the codes of trained models."""

from keras_genzoo.latent.directions import Directions, leading_directions

__all__ = ["Directions", "leading_directions"]
