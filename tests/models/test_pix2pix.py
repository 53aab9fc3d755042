"""pix2pix: pairs, the U-Net, and its losses from scores in NumPy."""

import numpy as np
import pytest

import keras_genzoo
from keras_genzoo.models.pix2pix import stacked
from keras_genzoo.networks.unet import unet_translator
from keras_genzoo.utils.record import Record

SMALL = dict(image_shape=(8, 8, 1), base_filters=4, seed=0)


def images(num=6, seed=0, shape=(8, 8, 1)):
    return np.random.default_rng(seed).integers(0, 256, (num, *shape), dtype="uint8")


def softplus(x):
    return np.logaddexp(0.0, x)


def test_losses_are_those_of_the_paper():
    model = keras_genzoo.build("pix2pix", **SMALL, dropout=0.0, l1_weight=7.0)
    a, b = (model.to_network(images(seed=seed)) for seed in (0, 1))
    real, fake = Record(a=a, b=b), Record(a=a, b=model.generator_ab(a))
    real_logits, fake_logits = (np.asarray(model.discriminator(stacked(pair))) for pair in (real, fake))
    half = 0.5 * (softplus(-real_logits).mean() + softplus(fake_logits).mean())
    assert float(model.discriminator_loss(real, fake)) == pytest.approx(half, rel=1e-5)
    l1 = np.abs(np.asarray(b) - np.asarray(fake.b)).mean()
    wanted = softplus(-fake_logits).mean() + 7.0 * l1
    assert float(model.generator_loss(real, fake)) == pytest.approx(wanted, rel=1e-5)


def test_discriminator_sees_the_input_beside_the_output():
    model = keras_genzoo.build("pix2pix", **SMALL)
    a, b, other = (model.to_network(images(seed=seed)) for seed in (0, 1, 2))
    given, without = (np.asarray(model.discriminator(stacked(Record(a=x, b=b)))) for x in (a, other))
    assert np.abs(given - without).max() > 1e-4


@pytest.mark.parametrize("network", ["unet", "separable"])
def test_dropout_acts_in_training_alone(network):
    model = keras_genzoo.build("pix2pix", **SMALL, network=network)
    x = model.to_network(images())
    first, second = (np.asarray(model.generator_ab(x, training=True)) for _ in range(2))
    assert np.abs(first - second).max() > 1e-4
    assert np.array_equal(model.translate(images()), model.translate(images()))


@pytest.mark.parametrize("image_shape", [(8, 8, 1), (17, 30, 3), (33, 256, 3)])
def test_unet_keeps_the_size_of_any_image(image_shape):
    network = unet_translator(image_shape, base_filters=2)
    assert network.output_shape == (None, *image_shape)


@pytest.mark.parametrize("network", [dict(network="unet", num_levels=2), dict(network="residual", num_blocks=1)])
def test_repeated_pixels_leave_no_texture_on_a_plain_area(network):
    shape, filters = (64, 64, 1), dict(base_filters=4, d_base_filters=4)
    textures = {}
    for upsampling in ("transposed", "nearest"):
        model = keras_genzoo.build("pix2pix", image_shape=shape, upsampling=upsampling, **network, **filters, seed=0)
        plain = np.full((1, *shape), 0.5, "float32")
        inside = np.asarray(model.generator_ab(plain))[0, 28:36, 28:36, 0]
        textures[upsampling] = np.ptp(inside)
    assert textures["nearest"] < 0.01 * textures["transposed"]


def test_it_translates_in_one_direction_and_needs_equally_many_images():
    model = keras_genzoo.build("pix2pix", **SMALL)
    with pytest.raises(ValueError, match="Expected direction to be one of 'a_to_b'. Received: direction='b_to_a'"):
        model.translate(images(), "b_to_a")
    with pytest.raises(ValueError, match="Expected as many images of domain b as of domain a"):
        model.fit(images(6), images(5), verbose=0)


@pytest.mark.parametrize(
    "args, sentence",
    [
        (dict(network="separable", num_levels=2), "Expected no num_levels with network='separable'. Received:"),
        (dict(num_blocks=2), "Expected no num_blocks with network='unet'. Received: num_blocks=2"),
    ],
)
def test_arguments_of_another_network_are_refused(args, sentence):
    with pytest.raises(ValueError, match=sentence):
        keras_genzoo.build("pix2pix", **SMALL, **args)


def test_compact_generators_have_a_fraction_of_the_weights():
    sizes = {
        network: keras_genzoo.build(
            "pix2pix", image_shape=(64, 64, 3), network=network, base_filters=24, d_base_filters=4
        ).generator_ab.count_params()
        for network in ("residual", "separable")
    }
    assert sizes["separable"] < 400_000 < 3.5 * sizes["separable"] < sizes["residual"]


def test_both_images_of_a_pair_get_the_same_crop_and_mirror():
    model = keras_genzoo.build("pix2pix", **SMALL, crop=0.25, flip=True)
    ramp = np.linspace(-1.0, 1.0, 8, dtype="float32")
    a = np.broadcast_to(ramp[None, None, :, None], (64, 8, 8, 1))
    b = np.broadcast_to(ramp[None, :, None, None], (64, 8, 8, 1))
    made = model.prepared(Record(a=a, b=a))
    np.testing.assert_array_equal(made.a, made.b)
    made = model.prepared(Record(a=a, b=b))
    across, down = np.asarray(made.a), np.asarray(made.b)
    slopes = np.diff(across, axis=2)
    np.testing.assert_allclose(np.abs(slopes), 0.75 * 2 / 7, atol=1e-5)  # three quarters of a side, enlarged
    mirrored = slopes[:, 0, 0, 0] < 0
    assert 10 < mirrored.sum() < 54
    assert np.abs(across).max() <= 1.0 + 1e-6 and np.abs(across[:, 0]).max(axis=1).std() > 0.01
    assert (np.diff(down, axis=1) > 0).all()  # top and bottom stay


def test_without_crop_and_mirror_a_batch_stays():
    model = keras_genzoo.build("pix2pix", **SMALL)
    real = Record(a=1, b=2)
    assert model.prepared(real) is real
