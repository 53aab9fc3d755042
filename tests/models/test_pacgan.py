"""PacGAN: packs of images, and batches that do not divide into them."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, moved, values
from rows.dcgan import MLP_GAN

(CASE,) = [case for case in CASES if case.name == "pacgan"]
MLP = dataclasses.replace(
    CASE, variant="mlp", args={**MLP_GAN, "network": "mlp", "d_steps": 1, "packing": 2}, output=(9, 8, 3)
)


def trained(model):
    """What updates change: weights without moving statistics, and the state of the optimizers."""
    return values([*model.trainable_weights, *model.d_optimizer.variables, *model.g_optimizer.variables])


@pytest.mark.parametrize(
    "num, packs", [(6, [[0, 1, 2], [3, 4, 5]]), (5, [[0, 1, 2], [3, 4, 0]]), (3, [[0, 1, 2]]), (1, [[0, 0, 0]])]
)
def test_packs_are_of_consecutive_images_and_the_last_one_is_filled_up_with_the_first(num, packs):
    model = MLP.build(packing=3)
    images = np.random.default_rng(0).normal(size=(num, 9, 8, 3)).astype("float32")
    expected = np.stack([np.concatenate([images[index] for index in pack], axis=-1) for pack in packs])
    for function in (model.packs, tf.function(model.packs, input_signature=[tf.TensorSpec((None, 9, 8, 3))])):
        np.testing.assert_array_equal(function(tf.constant(images)), expected)


@pytest.mark.parametrize("case", [CASE, MLP], ids=str)
def test_discriminator_gives_a_logit_for_each_pack(case):
    model = case.build(packing=3)
    height, width, channels = case.output
    assert model.discriminator.inputs[0].shape == (None, height, width, 3 * channels)
    real = model.unpack(case.data(8))
    logits = np.asarray(model.judge(real))
    assert logits.shape == (3, 1)
    if case is MLP:  # which judges each pack by itself
        pack = np.concatenate([real.images[index] for index in (6, 7, 0)], axis=-1)[None]
        np.testing.assert_allclose(logits[2:], model.discriminator(pack), rtol=1e-5)


def test_first_batch_of_one_pack_is_refused_where_packs_are_normalized():
    model = CASE.build(packing=3, d_dense_units=4)
    sentence = "^Expected batches of at least 4 images: packing=3, and two packs to normalize. Received: fewer$"
    with pytest.raises(ValueError, match=sentence):
        model.fit(*CASE.data(3), batch_size=3, verbose=0)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_first_batch_without_a_whole_pack_is_refused_and_a_later_one_trains(jit_compile):
    model = MLP.build(packing=3)
    model.compile(jit_compile=jit_compile)
    before = trained(model)
    with pytest.raises(ValueError, match=r"^Expected batches of at least 3 images: packing=3. Received: fewer$"):
        model.fit(*MLP.data(4), batch_size=2, verbose=0)
    assert moved(before, trained(model)) == []
    history = model.fit(*MLP.data(5), batch_size=4, verbose=0).history
    assert np.isfinite(history["d_loss"]).all()
    assert int(model.d_optimizer.iterations) == 2
    assert moved(before, trained(model)) != []


@pytest.mark.parametrize("jit_compile", [False, True])
def test_any_batch_is_evaluated(jit_compile):
    model = MLP.build(packing=3)
    model.compile(jit_compile=jit_compile)
    assert np.isfinite(model.evaluate(*MLP.data(1), verbose=0, return_dict=True)["d_loss"])


def test_each_of_several_updates_needs_a_pack_of_its_own():
    model = MLP.build(packing=2, d_steps=3)
    before = values(model.weights)
    with pytest.raises(
        ValueError, match=r"at least 6 images, two for each of 3 updates, to normalize them. Received: fewer$"
    ):
        model.train_step(MLP.data(5))
    assert moved(before, values(model.weights)) == []
    model.train_step(MLP.data(7))


def test_images_for_one_pack_give_one_logit_with_label_smoothing_and_noise():
    model = MLP.build(packing=4, label_smoothing=0.1, label_noise=0.2)
    logs = model.train_step(MLP.data(4))
    assert all(np.isfinite(float(value)) for value in logs.values())
