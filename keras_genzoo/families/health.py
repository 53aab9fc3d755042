"""What the two players of a GAN make of a batch at one moment of a training, which is left as it is."""

import contextlib

import numpy as np
from keras import ops

from keras_genzoo.families.gradients import ADDED, gradient_norms
from keras_genzoo.layers import frozen_statistics
from keras_genzoo.utils.noise import noise_for_tests

ROUNDED = 1e-6  # relative error of float32, and a margin


@contextlib.contextmanager
def undisturbed(model, seed):
    """Within this context, losses and networks leave a training as it is, and noise depends on `seed` alone."""
    # Means of losses, random states, and statistics of layers that do not know `frozen_statistics`.
    kept = [variable for variable in model.variables if not variable.trainable]
    before = [np.array(ops.convert_to_numpy(variable)) for variable in kept]
    model.test_seed_generator.state.assign([seed, 0])
    try:
        with frozen_statistics(), noise_for_tests():
            yield
    finally:
        for variable, value in zip(kept, before, strict=True):
            variable.assign(value)


def players(model, batch):
    """What generator and discriminator, in training mode, make of a training batch.

    Args:
        model: A `BaseGAN`.
        batch: What Keras hands to its `train_step`.

    Returns:
        Dict of NumPy arrays: `images`, generated with the conditions of the batch; the discriminator's `real_scores`
        and `fake_scores`, of images as it sees them; `gradients`, for each generated image, the norm of the gradient of
        its own part of the generator's loss with respect to its pixels in `network_range`.
    """
    real = model.data_kind.unpack(model, batch)
    fake = model.sample_fake(real).map(ops.stop_gradient)
    seen = model.seen(real)
    num = ops.cast(ops.shape(fake.images)[0], "float32")

    def loss(images):  # the loss is a mean
        return num * ops.cast(model.generator_loss(seen, model.seen(fake.replace(images=images))), "float32")

    real_scores, fake_scores = model.scores(seen, model.seen(fake))
    found = {
        "images": fake.images,
        "real_scores": real_scores,
        "fake_scores": fake_scores,
        "gradients": gradient_norms(loss, ops.cast(fake.images, "float32")),
    }
    found = {key: np.asarray(ops.cast(value, "float32")) for key, value in found.items()}
    squared = found["gradients"].astype("float64") ** 2 - ADDED  # critics may have gradients as small as what is added
    return found | {"gradients": np.sqrt(np.where(squared > ROUNDED * ADDED, squared, 0.0))}
