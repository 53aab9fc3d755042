"""Mixtures of classes: where they meet the networks, and what is refused."""

import h5py
import keras
import numpy as np
import pytest
from cases import cases_with, for_kinds
from keras import ops

import keras_genzoo
from keras_genzoo import latent
from keras_genzoo.networks.conditions import applied
from keras_genzoo.utils.record import Record


def decoding(case):
    """What tells models with classes apart: how they make images of codes."""
    return case.model_class.images_from_codes


for_labelled = for_kinds(decoding, cases_with("generate", "latent_sample", such_that=lambda case: case.has_labels))


@for_labelled
def test_a_weight_of_one_is_the_class_and_halves_are_between(case, built):
    model = built(case)
    ones = latent.class_weights(model, {2: 1.0}, num=3)
    np.testing.assert_array_equal(model.generate(3, seed=1, labels=ones), model.generate(3, seed=1, labels=2))
    z = latent.sample(model, 3, seed=1)
    ends = [latent.decode(model, z, labels=label).astype(int) for label in ([0] * 3, [2] * 3)]
    half = latent.decode(model, z, labels=latent.class_weights(model, {0: 0.5, 2: 0.5}, num=3))
    assert all((half != end).any() for end in ends)
    row = 0.5 * np.eye(case.args["num_classes"])[[0, 2]].sum(axis=0)
    np.testing.assert_array_equal(half, model.generate_on_device(1, 0, 3, labels=ops.cast([row] * 3, "float16")))


def test_a_mixture_leaves_nothing_in_a_saved_file(tmp_path):
    model = keras_genzoo.build("cvae", image_shape=(8, 8, 1), latent_dim=2, base_filters=2, num_classes=3, seed=0)
    model.save_weights(tmp_path / "before.weights.h5")
    made = model.generate(2, seed=0, labels=latent.class_weights(model, {0: 0.5, 1: 0.5}, num=2))
    model.save_weights(tmp_path / "after.weights.h5")
    before, after = [], []
    for name, found in (("before", before), ("after", after)):
        with h5py.File(tmp_path / f"{name}.weights.h5") as file:
            file.visit(found.append)
    assert before == after
    model.load_weights(tmp_path / "after.weights.h5")
    again = model.generate(2, seed=0, labels=latent.class_weights(model, {0: 0.5, 1: 0.5}, num=2))
    np.testing.assert_array_equal(again, made)


@for_labelled
def test_what_is_no_mixture_of_classes_is_refused_in_arrays_and_tensors(case, built):
    model, classes = built(case), case.args["num_classes"]
    right = np.full((2, classes), 1.0 / classes)
    negative = right + np.eye(2, classes) - np.eye(2, classes, 1)
    for wrong in (right * 0.9, negative, right * np.nan, right[:, 1:]):
        with pytest.raises(ValueError, match=rf"Expected labels as classes, or as weights of shape \(2, {classes}\)"):
            model.generate(2, seed=0, labels=wrong)
        with pytest.raises(ValueError, match=rf"Expected labels as classes, or as weights of shape \(n, {classes}\)"):
            model.generate_on_device(0, 0, 2, labels=ops.convert_to_tensor(wrong))
    with pytest.raises(ValueError, match="Expected labels as classes, or as weights of shape"):
        model.generate(3, seed=0, labels=right)
    for wrong in (right > 0, np.zeros((2, 1), int)):  # no numbers, and labels of another shape
        with pytest.raises(ValueError, match="Expected integer labels"):
            model.generate(2, seed=0, labels=wrong)


def test_other_networks_of_the_same_layers_do_not_hide_what_is_looked_up():
    embedding = keras.layers.Embedding(3, 2)
    networks = []
    for _ in range(2):
        label = keras.Input((), dtype="int32", name="label")
        networks.append(keras.Model(label, 2.0 * embedding(label)))
    batch = Record(labels=np.array([[0.5, 0.5, 0.0]], "float32"))
    mean = np.asarray(embedding.embeddings)[:2].mean(axis=0)
    for network in networks:
        np.testing.assert_allclose(applied(network, batch), [2.0 * mean], rtol=1e-6)


@pytest.mark.parametrize("kind", ["embedding", "numbers"])
def test_an_embedding_of_a_mixture_is_the_mean_of_embeddings(kind):
    z, label = keras.Input((2,), name="z"), keras.Input((), dtype="int32", name="label")
    embedding = keras.layers.Embedding(3, 2)
    vector = embedding(label) if kind == "embedding" else ops.cast(ops.expand_dims(label, 1), "int32")
    network = keras.Model([z, label], z + ops.cast(vector, "float32"))
    batch = Record(z=np.ones((1, 2), "float32"), labels=np.array([[0.25, 0.0, 0.75]], "float32"))
    if kind == "numbers":
        with pytest.raises(ValueError, match="Expected one class per image"):
            applied(network, batch)
        return
    table = np.asarray(embedding.embeddings)
    np.testing.assert_allclose(applied(network, batch), [1.0 + 0.25 * table[0] + 0.75 * table[2]], rtol=1e-6)
