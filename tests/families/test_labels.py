"""Models that take labels: images of the class that is asked for, and labels checked wherever they go in."""

import keras
import numpy as np
import pytest
from cases import cases_with, for_kinds

from keras_genzoo.families.conditions import ClassCondition
from keras_genzoo.layers import SpectralNormalization
from keras_genzoo.networks import conditions as condition_networks
from keras_genzoo.networks import conv

CLASSES = ClassCondition("labels", 3)


def generation(case):
    """What tells models that generate apart: how they make a batch."""
    return case.model_class.generate_batch


def coding(case):
    """What tells models that encode apart."""
    return case.model_class.encode, case.model_class.reconstruct


for_labelled = for_kinds(generation, cases_with("generate", such_that=lambda case: case.has_labels))
for_unlabelled = for_kinds(generation, cases_with("generate", such_that=lambda case: not case.has_labels))
for_coding = for_kinds(coding, cases_with("encode", "reconstruct", such_that=lambda case: case.labels_with_images))


@for_labelled
def test_an_image_depends_on_its_label_and_its_index_alone(case, built):
    model = built(case)
    labels = np.array([2, 0, 1, 1, 2, 0])
    whole = model.generate(6, seed=5, labels=labels)
    np.testing.assert_array_equal(model.generate(2, seed=5, start=3, labels=labels[3:5]), whole[3:5])
    other = model.generate(6, seed=5, labels=labels[::-1])
    same = labels == labels[::-1]
    differs = np.array([not np.array_equal(a, b) for a, b in zip(whole, other, strict=True)])
    np.testing.assert_array_equal(differs, ~same)


@for_labelled
def test_one_label_stands_for_all_and_none_deals_the_classes_out(case, built):
    model = built(case)
    classes = case.args["num_classes"]
    np.testing.assert_array_equal(model.generate(3, seed=1, labels=2), model.generate(3, seed=1, labels=[2, 2, 2]))
    dealt = np.arange(4, 4 + 7) % classes
    np.testing.assert_array_equal(model.generate(7, seed=1, start=4), model.generate(7, seed=1, start=4, labels=dealt))
    np.testing.assert_array_equal(model.generate(7, seed=1, start=4, batch_size=2), model.generate(7, seed=1, start=4))


def test_names_that_are_numbers_are_told_from_the_numbers_of_classes():
    condition = ClassCondition("labels", 3, class_names=("1", "2", "7"))
    assert condition.check("7", 1).tolist() == [2] and condition.check(["1", "2"], 2).tolist() == [0, 1]
    for wrong in ("0", ["1", "3"]):
        with pytest.raises(ValueError, match="Expected labels by name, one of 1, 2, 7. Received: '[03]'"):
            condition.check(wrong)
    for given in (1, [0, 1]):
        with pytest.warns(UserWarning, match="labels=1 is the class '2'; names are given as text"):
            assert condition.check(given, 2).tolist() == ([1, 1] if given == 1 else given)
    condition.check(np.array([0, 1]), 2)  # as data sets have them
    padded = ClassCondition("labels", 3, class_names=("00", "01", "02"))
    assert padded.check(1, 1).tolist() == padded.check("1", 1).tolist() == padded.check("01", 1).tolist() == [1]
    mixed = ClassCondition("labels", 3, class_names=("cat", "dog", "3"))
    assert mixed.check("0", 1).tolist() == mixed.check(0, 1).tolist() == [0] and mixed.check("3", 1).tolist() == [2]
    assert ClassCondition("labels", 2, class_names=("0", "1")).check("1", 1).tolist() == [1]
    assert ClassCondition("labels", 2, class_names=("cat", "dog")).check("1", 1).tolist() == [1]


@pytest.mark.parametrize("in_turn", [True, False])
def test_drawn_classes_are_all_classes_equally_often(in_turn):
    condition = ClassCondition("labels", 3, in_turn=in_turn)
    for drawn in (condition.draw(3000, (1, 2)), condition.default(5, 0, 3000)):
        counts = np.bincount(np.asarray(drawn), minlength=3)
        assert len(counts) == 3 and np.abs(counts - 1000).max() < 120  # more than four standard deviations


@for_labelled
def test_wrong_labels_are_refused(case, built):
    model = built(case)
    classes = case.args["num_classes"]
    for wrong in (classes, -1, 1.0, [0, 1], [0, 1, classes], [[0], [1], [1]], "one"):
        with pytest.raises(ValueError, match=r"(?s)Expected.*labels.*Received"):
            model.generate(3, seed=0, labels=wrong)
    for wrong in (0, 1, 2.5, True):
        with pytest.raises(ValueError, match="Expected num_classes to be an integer of at least 2. Received"):
            case.build(num_classes=wrong)


@for_labelled
def test_class_may_be_asked_for_by_name(case):
    names = [f"class {label}" for label in range(case.args["num_classes"])]
    model = case.build(class_names=names)
    images = model.generate(3, seed=1, labels=[2, 0, 1])
    np.testing.assert_array_equal(model.generate(3, seed=1, labels=["class 2", "class 0", "class 1"]), images)
    np.testing.assert_array_equal(model.generate(3, seed=1, labels="class 2")[0], images[0])
    with pytest.raises(ValueError, match=r"Expected labels in 0..\d; did you mean 'class \d'\? Received: 'clas 1'"):
        model.generate(3, labels="clas 1")


@for_unlabelled
def test_labels_for_a_model_without_classes_are_refused(case, built):
    with pytest.raises(ValueError, match=f"Expected no labels: {case.name} .*take.* Received: labels=1"):
        built(case).generate(2, labels=1)


@for_coding
def test_coding_needs_one_label_per_image(case, built):
    model, (images, given) = built(case), case.labelled(4)
    for use in (model.encode, model.reconstruct, model.elbo):
        with pytest.raises(ValueError, match=r"Expected labels, one per image.*Received: labels=None"):
            use(images)
        with pytest.raises(ValueError, match=r"Expected 4 labels, one per image. Received: 3"):
            use(images, labels=given["labels"][:3])


@for_coding
def test_labels_reach_encoder_and_decoder(case, built):
    model, (images, given) = built(case), case.labelled(4)
    others = {"labels": (given["labels"] + 1) % case.args["num_classes"]}
    mean, other = model.encode(images, **given)[0], model.encode(images, **others)[0]
    assert (np.abs(mean - other).max(axis=1) > 1e-6).all()
    assert (np.abs(model.decode(mean, **given) - model.decode(mean, **others)).max(axis=(1, 2, 3)) > 1e-6).all()


def test_label_plane_is_one_channel_more_and_the_same_for_all_images_of_a_class():
    inputs, one_hot = condition_networks.condition_inputs([CLASSES])
    image = keras.Input((4, 5, 2), name="image")
    network = condition_networks.network_of(image, inputs, condition_networks.append_to_image(image, one_hot), "planes")
    pixels = np.random.default_rng(0).normal(size=(4, 4, 5, 2)).astype("float32")
    outputs = np.asarray(network([pixels, np.array([0, 2, 0, 1], "int32")]))
    np.testing.assert_array_equal(outputs[..., :2], pixels)
    np.testing.assert_array_equal(outputs[0, ..., 2], outputs[2, ..., 2])
    kernel = network.trainable_variables[0].numpy()
    np.testing.assert_allclose(outputs[1, ..., 2], kernel[2].reshape(4, 5), rtol=1e-6)


def test_discriminator_weighs_features_by_shared_weights_and_those_of_the_class():
    network = conv.conv_discriminator((8, 8, 1), [CLASSES], base_filters=2, kernel_size=4)
    shared, of_classes = network.get_layer("logits"), network.get_layer("class_weights")
    features = keras.Model(network.inputs[0], shared.input)
    pixels = np.random.default_rng(0).normal(size=(4, 8, 8, 1)).astype("float32")
    labels = np.array([0, 2, 0, 1], "int32")
    weights = shared.kernel.numpy()[:, 0] + of_classes.kernel.numpy()[labels]
    wanted = np.sum(np.asarray(features(pixels)) * weights, axis=1, keepdims=True) + shared.bias.numpy()
    np.testing.assert_allclose(np.asarray(network([pixels, labels])), wanted, rtol=1e-5, atol=1e-6)


def test_weights_of_classes_are_normalized_as_those_that_are_shared():
    options = dict(base_filters=2, kernel_size=4, batch_norm=False, wrapper=SpectralNormalization)
    network = conv.conv_discriminator((8, 8, 1), [CLASSES], **options)
    wrapped = [layer.layer.name for layer in network.layers if isinstance(layer, SpectralNormalization)]
    assert {"logits", "class_weights"} <= set(wrapped)
