"""Work with codes: ways between them."""

from keras_genzoo.latent.interpolation import lerp, slerp

__all__ = ["lerp", "slerp"]
