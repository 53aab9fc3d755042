"""Row of the restricted Boltzmann machine."""

import numpy as np
from case import Case
from learning import machine_knows_the_digits
from numpy_losses import SGD
from scipy.special import expit


def half_steps(model, images, hidden_noise=None):
    """Probabilities of the pixels of a Boltzmann machine after one pass, in NumPy; `None` draws no hidden units."""
    kernel, visible_bias, hidden_bias = (variable.numpy() for variable in model.network_variables[:3])
    hidden = expit(hidden_bias + images.reshape(len(images), -1) @ kernel)
    hidden = hidden if hidden_noise is None else (hidden_noise < hidden).astype("float32")
    return expit(visible_bias + hidden @ kernel.T).reshape(images.shape)


def gibbs_step(model, inputs):
    """One step of a chain, drawn by given noise."""
    probability = half_steps(model, inputs["image"], inputs["hidden_noise"])
    return {"image": (inputs["visible_noise"] < probability).astype("float32"), "probability": probability}


def filled(model, inputs):
    """One step in which the pixels outside of the mask are held."""
    return {
        name: np.where(inputs["mask"] > 0.5, drawn, inputs["image"])
        for name, drawn in gibbs_step(model, inputs).items()
    }


CASES = [
    Case(
        "rbm",  # with the chains of its default algorithm, which a file must keep
        args=dict(
            image_shape=(9, 8, 3),
            hidden_units=7,
            algorithm="pcd",
            gibbs_steps=2,
            num_chains=5,
            generation_steps=6,
            binarize=False,
            seed=3,
        ),
        output=(9, 8, 3),
        params=1735,
        optimizers=dict(optimizer=SGD(0.05)),
        learns=machine_knows_the_digits,
        signatures={
            "serving_default": gibbs_step,
            "gibbs": lambda model, inputs: {"image": model.gibbs(inputs["image"], 4, seed=7)},
            "free_energy": lambda model, inputs: {"free_energy": model.free_energy(inputs["image"]).astype("float32")},
            "impute": filled,
            "reconstruct": lambda model, inputs: {"image": half_steps(model, inputs["image"])},
        },
    ),
]
