"""The models, one file each; importing this package registers all of them with Keras."""

import importlib

from keras_genzoo.models._base import ZooModel
from keras_genzoo.models._conv_gan import ConvGAN
from keras_genzoo.models._encoder_decoder import EncoderDecoder
from keras_genzoo.models._gan import GAN
from keras_genzoo.models._latent import LatentModel
from keras_genzoo.models._translation import Translator
from keras_genzoo.registry import list_models

for _name in list_models():
    importlib.import_module(f"keras_genzoo.models.{_name}")

__all__ = ["ConvGAN", "EncoderDecoder", "GAN", "LatentModel", "Translator", "ZooModel"]
