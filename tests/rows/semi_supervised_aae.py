"""Rows of the semi-supervised adversarial autoencoder."""

import numpy as np
from case import Case
from learning import few_labels_teach_classes
from numpy_losses import Adam


def decoded(model, z, y):
    return (np.asarray(model.decoder([z, y])) + 1.0) / 2.0


def reconstruct(model, inputs):
    return {"image": decoded(model, *model.encode(inputs["image"]))}


SIGNATURES = dict(
    encode=lambda model, inputs: dict(zip(("z", "y"), model.encode(inputs["image"]), strict=True)),
    reconstruct=reconstruct,
    impute=lambda model, inputs: {
        "image": np.where(inputs["mask"] > 0.5, reconstruct(model, inputs)["image"], inputs["image"])
    },
)

CASES = [
    Case(
        "semi_supervised_aae",
        variant="conv",
        args=dict(
            image_shape=(8, 8, 1),
            num_classes=3,
            class_names=("a", "b", "c"),
            latent_dim=3,
            base_filters=4,
            d_hidden_units=(6,),
            seed=3,
        ),
        output=(8, 8, 1),
        params=1913,
        defaults=dict(d_hidden_units=(1000, 1000)),
        optimizers=dict(
            optimizer=Adam(1e-3), d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5), c_optimizer=Adam(1e-3)
        ),
        learns=few_labels_teach_classes,
        signatures=SIGNATURES,
    ),
    Case(
        "semi_supervised_aae",
        variant="mlp",
        args=dict(
            image_shape=(9, 8, 3),
            num_classes=5,
            latent_dim=4,
            network="mlp",
            hidden_units=(9, 7),
            d_hidden_units=(5, 6),
            seed=3,
        ),
        output=(9, 8, 3),
        params=4538,
        signatures=SIGNATURES,
    ),
]
