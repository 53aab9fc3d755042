"""Self-attention GAN: where the attention is, where the label enters, and which layers are normalized."""

import keras
import numpy as np
import pytest
from cases import CASES, for_cases

import keras_genzoo
from keras_genzoo.layers import ConditionalBatchNormalization, SelfAttention, SpectralNormalization

for_row = for_cases([case for case in CASES if case.name == "sagan"])


def attention_inputs(model):
    """Sides of the maps that the attention of both networks takes."""
    found = []
    for network in (model.generator, model.discriminator):
        (layer,) = [layer for layer in network.layers if isinstance(layer, SelfAttention)]
        found.append(tuple(layer.input.shape[1:3]))
    return found


def small(**args):
    return keras_genzoo.build("sagan", **{**dict(base_filters=2, latent_dim=3, num_classes=2, seed=1), **args})


@pytest.mark.parametrize(
    "image_shape, level, maps",
    [
        ((28, 28, 1), None, [(14, 14), (14, 14)]),
        ((28, 28, 1), 2, [(7, 7), (7, 7)]),
        ((30, 50, 3), 1, [(16, 26), (15, 25)]),
        ((64, 64, 1), None, [(16, 16), (16, 16)]),
        ((9, 8, 3), None, [(5, 4), (5, 4)]),
    ],
)
def test_attention_is_at_the_resolution_that_was_asked_for(image_shape, level, maps):
    assert attention_inputs(small(image_shape=image_shape, attention_level=level)) == maps


def test_default_attention_is_that_of_the_paper_for_its_images():
    assert attention_inputs(small(image_shape=(128, 128, 3), base_filters=1)) == [(32, 32), (32, 32)]


def test_level_that_no_map_has_is_refused():
    with pytest.raises(ValueError, match="Expected attention_level of at most 2, .* 28 pixels. Received: .*level=3"):
        small(image_shape=(28, 40, 1), attention_level=3)


@for_row
def test_all_kernels_of_both_networks_are_spectrally_normalized(case):
    model = case.build()
    for network in (model.generator, model.discriminator):
        wrapped = [layer for layer in network._flatten_layers() if isinstance(layer, SpectralNormalization)]
        kernels = [variable.path for variable in network.trainable_variables if variable.name == "kernel"]
        assert len(wrapped) == len(kernels) > 5


@for_row
def test_label_reaches_the_generator_by_the_scales_and_offsets_alone(case):
    model = case.build()
    norms = [layer for layer in model.generator.layers if isinstance(layer, ConditionalBatchNormalization)]
    assert len(norms) == 3 and not any(isinstance(layer, keras.layers.Concatenate) for layer in model.generator.layers)
    for norm in norms:
        norm.class_gamma.assign(np.ones(norm.class_gamma.shape))
    z = model.latent_sample(4, seed=0)
    labels = np.arange(4, dtype="int32")
    same = np.asarray(model.generator([np.repeat(z[:1], 4, axis=0), labels]))
    np.testing.assert_allclose(same, np.repeat(same[:1], 4, axis=0), atol=1e-6)
    norms[0].class_beta.assign(np.arange(4.0)[:, None] * np.ones(norms[0].class_beta.shape))
    other = np.asarray(model.generator([np.repeat(z[:1], 4, axis=0), labels]))
    np.testing.assert_allclose(other[0], same[0], atol=1e-6)
    assert (np.abs(other[1:] - same[1:]).max(axis=(1, 2, 3)) > 1e-4).all()


@for_row
def test_one_class_in_the_data_trains_and_missing_labels_are_refused(case):
    model = case.build()
    images, labels = case.data(4)
    assert all(np.isfinite(float(value)) for value in model.train_step((images, np.ones(4, "int32"))).values())
    with pytest.raises(ValueError, match="Expected labels in 0..3. Received: 1 outside, such as -1"):
        model.fit(images, np.array([0, 1, 2, -1]), verbose=0)
    with pytest.raises(ValueError, match=r"Expected batches of \(images, labels\). Received: images alone"):
        model.fit(images, verbose=0)
