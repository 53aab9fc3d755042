"""R3GAN: its penalties held against gradients by difference quotients, its schedule, its networks."""

import keras
import numpy as np
import pytest

import keras_genzoo
from keras_genzoo import losses
from keras_genzoo.layers import frozen_statistics

SMALL = dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=2, seed=1, ema_decay=0.0)


def small(**args):
    return keras_genzoo.build("r3gan", **{**SMALL, **args})


def images(num=6):
    return np.random.default_rng(0).integers(0, 256, (num, 8, 8, 1), dtype="uint8")


def squared_norms(model, batch, step=1e-2):
    """Squared norm of the gradient of each score, from differences of scores."""
    x = np.asarray(batch.images)
    slopes = []
    for pixel in range(64):
        shift = np.zeros(64, "float32")
        shift[pixel] = step
        up, down = (
            np.asarray(model.judge(batch.replace(images=x + sign * shift.reshape(8, 8, 1)))) for sign in (1, -1)
        )
        slopes.append((up - down)[:, 0] / (2 * step))
    return (np.stack(slopes) ** 2).sum(axis=0)


@pytest.mark.parametrize("share, num", [(1.0, 6), (0.5, 3), (0.4, 3), (0.01, 1)])
def test_penalties_are_the_squared_gradients_of_real_and_generated_images_of_a_part_of_the_batch(share, num):
    model = small(gp_weight=3.0, gp_share=share)
    for weight in model.discriminator.trainable_variables:  # the last layer of a block starts at zero
        weight.assign(keras.random.normal(weight.shape, stddev=0.5, seed=len(weight.shape)))
    real = model.unpack(images())
    fake = model.sample_fake(real)
    expected = sum(squared_norms(model, batch)[:num].mean() for batch in (real, fake))
    scores = [model.judge(batch) for batch in (real, fake)]
    loss = model.discriminator_loss(real, fake)
    penalty = (loss - losses.relativistic_discriminator_loss(*scores)) / 1.5
    assert float(penalty) == pytest.approx(expected, rel=0.02)


def test_the_weight_of_the_penalties_falls_along_a_cosine_and_stays():
    model = small(gp_weight=4.0, final_gp_weight=1.0, gp_steps=4)
    weights = []
    for _ in range(6):
        weights.append(float(model.current_gp_weight()))
        model.train_step(images())
    np.testing.assert_allclose(weights, [4.0, 2.5 + 1.5 * 0.5**0.5, 2.5, 2.5 - 1.5 * 0.5**0.5, 1.0, 1.0], rtol=1e-5)
    assert len(model.network_variables) == len(small().network_variables)


def test_relativistic_losses_see_differences_of_scores_alone():
    real, fake = np.float32([[1.0], [-2.0]]), np.float32([[0.5], [3.0]])
    for loss in (losses.relativistic_discriminator_loss, losses.relativistic_generator_loss):
        assert float(loss(real, fake)) == pytest.approx(float(loss(real + 7, fake + 7)))
    better = losses.relativistic_discriminator_loss(real + 1, fake), losses.relativistic_generator_loss(real + 1, fake)
    assert float(better[0]) < float(losses.relativistic_discriminator_loss(real, fake))
    assert float(better[1]) > float(losses.relativistic_generator_loss(real, fake))


def test_residual_blocks_start_as_the_identity():
    shallow, deep = (small(num_blocks=num).discriminator(images() / 127.5 - 1) for num in (1, 3))
    assert np.std(shallow) > 0 and np.std(deep) > 0
    model = small(num_blocks=3)
    last = [
        layer
        for layer in model.generator.layers
        if isinstance(layer, keras.layers.Conv2D) and layer.kernel.shape[2] == 8
    ]
    assert all(not np.any(layer.kernel) for layer in last if layer.kernel.shape[:2] == (1, 1) and layer.filters == 4)


@pytest.mark.parametrize("image_shape", [(28, 28, 1), (17, 30, 3), (64, 64, 3)])
def test_residual_networks_give_images_and_scores_for_any_side(image_shape):
    model = small(image_shape=image_shape, group_size=2)
    assert model.generator.output_shape == (None, *image_shape)
    with frozen_statistics():
        assert model.discriminator(np.zeros((2, *image_shape), "float32")).shape == (2, 1)


@pytest.mark.parametrize(
    "args, sentence",
    [
        (dict(gp_share=1.5), "Expected gp_share of at most 1. Received: gp_share=1.5"),
        (dict(final_gp_weight=1.0), "Expected gp_steps next to final_gp_weight"),
        (dict(dropout=0.5), "Expected no dropout in residual networks"),
        (dict(minibatch_stddev=True), "Expected no minibatch_stddev in residual networks"),
        (dict(gp_weight=2.0, final_gp_weight=2.0, gp_steps=5), "Expected another final_gp_weight than gp_weight"),
        (dict(group_size=3), "Expected a group_size that divides .* of all blocks, 4, .*Received: group_size=3"),
        (dict(stage_filters=(4,) * 9, base_filters=64), r"Expected filters of 1..\d resolutions .* Received: \[4, 4"),
        (
            dict(stage_filters=(), base_filters=64),
            "Expected stage_filters of at least one resolution, or None. Received: none",
        ),
        (dict(stage_filters=(4,)), r"Expected no base_filters with stage_filters=\(4,\). Received: base_filters=2"),
        (dict(stage_filters=(4,), base_filters=64, network="conv"), "Expected no stage_filters with network='conv'"),
        (dict(gp_weight=0.0, gp_share=0.5), "Expected gp_weight or final_gp_weight above 0 with gp_share or gp_steps"),
        (dict(group_size=2, network="conv"), "Expected no group_size with network='conv'. Received: group_size=2"),
    ],
)
def test_arguments_without_effect_or_that_do_not_fit_are_refused(args, sentence):
    with pytest.raises(ValueError, match=sentence):
        small(**args)
