"""Weight clipping: after each update of the critic, and of the critic alone."""

import keras
import numpy as np
import tensorflow as tf
from cases import CASES, values

CLIP = 0.05
(CASE,) = [case for case in CASES if case.name == "wgan"]


def largest(variables):
    return max(np.abs(variable.numpy()).max() for variable in variables)


def test_critic_update_follows_the_gradient_and_is_then_clipped():
    model, twin = (CASE.build({"d_optimizer": keras.optimizers.SGD(0.25)}, clip_value=CLIP) for _ in range(2))
    real = model.unpack(CASE.data(6))
    fake, _ = (each.sample_fake(real) for each in (model, twin))
    variables = [variable.value for variable in twin.discriminator.trainable_variables]
    assert largest(variables) > 2 * CLIP  # the initial weights are not clipped
    with tf.GradientTape() as tape:
        loss = twin.discriminator_loss(real, fake)
    gradients = tape.gradient(loss, variables)
    model.update_discriminator(real, fake)
    inside = 0
    for new, old, gradient in zip(model.discriminator.trainable_variables, variables, gradients, strict=True):
        expected = np.clip(old - 0.25 * gradient, -CLIP, CLIP)
        np.testing.assert_allclose(new.numpy(), expected, rtol=1e-4, atol=1e-7)
        inside += (np.abs(expected) < CLIP).sum()
    assert inside > 10


def test_each_of_the_updates_begins_with_clipped_weights_and_the_generator_is_not_clipped():
    model = CASE.build(clip_value=CLIP, d_steps=3)
    seen, apply = [], model.d_optimizer.apply

    def recording(gradients, variables=None, **kwargs):
        seen.append(largest(variables))
        return apply(gradients, variables, **kwargs)

    object.__setattr__(model.d_optimizer, "apply", recording)
    model.train_step(CASE.data(6))
    limit = np.float32(CLIP)
    assert [value <= limit for value in seen] == [False, True, True]
    assert largest(model.discriminator.trainable_variables) == limit
    assert largest(model.generator.trainable_variables) > 2 * CLIP


def test_compiled_fit_clips_what_is_trained_alone():
    model = CASE.build_small(clip_value=CLIP)
    first = model.discriminator.layers[1]
    first.trainable = False
    model.compile()
    before = values(first.weights)
    model.fit(*CASE.small_data(4), batch_size=4, verbose=0)
    assert largest(model.discriminator.trainable_variables) == np.float32(CLIP)
    assert all((old == new).all() for old, new in zip(before.values(), values(first.weights).values(), strict=True))
