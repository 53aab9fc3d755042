"""What models share and no paper is about: arguments, optimizers, batches, averages, saving, generation, export.

A model extends one of these classes, or another model that does:

| class | for |
| --- | --- |
| `ZooModel` | any model |
| `BaseGAN` | a generator from codes against a discriminator |
| `StandardGAN` | the same with the zoo's standard networks |
| `BaseAutoencoder` | an encoder and a decoder |
| `BaseTranslator` | generators from images to images against discriminators |
| `BinaryMachine` | Markov random fields of binary units |
"""

from keras_genzoo.data.kinds import ImagePairs, Images, LabelledImages, PartlyLabelledImages
from keras_genzoo.families.autoencoder import BaseAutoencoder
from keras_genzoo.families.base import ZooModel
from keras_genzoo.families.conditions import ClassCondition, RealCondition
from keras_genzoo.families.energy import BinaryMachine
from keras_genzoo.families.gan import BaseGAN
from keras_genzoo.families.priors import (
    JoinedPrior,
    MixturePrior,
    NormalPrior,
    OneHotPrior,
    SpherePrior,
    UniformPrior,
)
from keras_genzoo.families.standard_gan import StandardGAN
from keras_genzoo.families.translator import BaseTranslator, Direction

__all__ = [
    "BaseAutoencoder",
    "BaseGAN",
    "BaseTranslator",
    "BinaryMachine",
    "ClassCondition",
    "Direction",
    "ImagePairs",
    "Images",
    "JoinedPrior",
    "LabelledImages",
    "MixturePrior",
    "NormalPrior",
    "OneHotPrior",
    "PartlyLabelledImages",
    "RealCondition",
    "SpherePrior",
    "StandardGAN",
    "UniformPrior",
    "ZooModel",
]
