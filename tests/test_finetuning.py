"""Models for other data from pretrained ones: what is kept, what is frozen, and what is refused."""

import keras
import numpy as np
import pytest
from cases import moved, values

import keras_genzoo
from keras_genzoo.finetuning import _outside, blocks_of, common_subsequence, networks_of

SMALL = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=4, seed=0)


def build(name="dcgan", **args):
    return keras_genzoo.build(name, **{**SMALL, **args})


def kept(done, network):
    return [row[-1] for row in done.rows if row[0] == network]


@pytest.mark.parametrize("name", ["dcgan", "vae", "sagan", "began"])
def test_equal_arguments_keep_all_layers_and_leave_the_parent(name):
    parent = build(name)
    before = values(parent.weights)
    done = keras_genzoo.transfer(parent, seed=5)
    assert all(row[-1] for row in done.rows) and done.model.seed == 5
    np.testing.assert_array_equal(done.model.generate(4, seed=0), parent.generate(4, seed=0))
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), dtype="uint8")
    done.model.fit(images, *([np.arange(4) % 10] if done.model.data_kind.has_labels else []), verbose=0)
    assert moved(before, values(parent.weights)) == []


def test_a_fitted_sampler_is_not_kept():
    parent = build("autoencoder")
    parent.fit_sampler("mixture", np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), dtype="uint8"), 2)
    done = keras_genzoo.transfer(parent, seed=5)
    assert not [row for row in done.rows if "sampler" in row[1]]
    with pytest.warns(UserWarning, match="Training moves the codes, to which the samplers mixture were fitted"):
        parent.compile()
        parent.train_on_batch(np.zeros((4, 8, 8, 1), "uint8"))


def test_other_channels_keep_all_but_the_layers_that_see_them():
    done = keras_genzoo.transfer(build(), image_shape=(8, 8, 3))
    assert kept(done, "generator") == kept(done, "ema_generator") == [True] * 4 + [False]
    assert kept(done, "discriminator") == [False, True]
    assert done.model.generate(2, seed=0).shape == (2, 8, 8, 3)


def test_larger_images_keep_the_layers_near_the_image():
    parent = build()
    done = keras_genzoo.transfer(parent, image_shape=(16, 16, 1))
    rows = [(layer, flag) for network, layer, _, flag in done.rows if network == "generator"]
    assert [flag for _, flag in rows][-3:] == [True] * 3 and not rows[0][1]
    last = [layer for layer in done.model.generator.layers if layer.weights][-1]
    old = [layer for layer in parent.generator.layers if layer.weights][-1]
    np.testing.assert_array_equal(last.get_weights()[0], old.get_weights()[0])


def test_other_classes_keep_what_does_not_see_labels():
    done = keras_genzoo.transfer(build("cgan", num_classes=3), num_classes=5)
    assert kept(done, "generator").count(False) == 1 and kept(done, "discriminator").count(False) == 1


def test_a_model_without_networks_keeps_its_weights():
    parent = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=4, seed=0)
    done = keras_genzoo.transfer(parent)
    assert all(row[-1] for row in done.rows)
    np.testing.assert_array_equal(done.model.generate(4, seed=0), parent.generate(4, seed=0))
    other = keras_genzoo.transfer(parent, image_shape=(10, 10, 1))
    assert [row[1] for row in other.rows if row[-1]] == ["hidden_bias"]
    done = keras_genzoo.transfer(parent, algorithm="cd")  # without chains
    assert [row[1] for row in done.rows if row[-1]] == ["kernel", "visible_bias", "hidden_bias"]


@pytest.mark.parametrize(
    ("name", "args", "outside"),
    [
        ("mixture_vae", dict(num_components=3), {"prior_logits", "prior_means", "prior_log_vars"}),
        (
            "vq_vae",
            dict(num_codes=8),
            {f"vector_quantizer/{each}" for each in ("codebook", "counts", "sums")},
        ),
        ("vae", dict(likelihood="gaussian"), {"pixel_log_var"}),
        ("cut", dict(image_shape=(8, 8, 3)), {"dense/kernel", "dense/bias"}),
    ],
)
def test_weights_outside_of_the_networks_are_kept(name, args, outside):
    known = keras_genzoo.building.model_class(name).arguments()
    parent = keras_genzoo.build(name, **{key: value for key, value in {**SMALL, **args}.items() if key in known})
    for weight in _outside(parent):
        weight.assign(weight + 1)
    done = keras_genzoo.transfer(parent, seed=5)
    assert all(row[-1] for row in done.rows) and {row[1] for row in done.rows if row[0] == name} == outside
    for one, other in zip(parent.network_variables, done.model.network_variables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_prior_of_another_size_begins_anew():
    args = dict(image_shape=(8, 8, 1), latent_dim=4, seed=0)
    parent = keras_genzoo.build("mixture_vae", num_components=3, **args)
    rows = keras_genzoo.transfer(parent, num_components=5).rows
    assert [row[-1] for row in rows if row[0] == "mixture_vae"] == [False] * 3


def test_a_parent_without_an_average_gives_the_average_its_weights():
    parent = build(ema_decay=0.0)
    done = keras_genzoo.transfer(parent, ema_decay=0.9)
    np.testing.assert_array_equal(done.model.generate(3, seed=0), parent.generate(3, seed=0))


def test_an_autoencoder_as_discriminator_keeps_its_layers_in_other_sizes_and_freezes_layer_by_layer():
    parent = keras_genzoo.build("began", image_shape=(8, 8, 1), base_filters=4, code_dim=4, seed=0)
    done = keras_genzoo.transfer(parent, code_dim=6)
    assert any(kept for network, *_, kept in done.rows if network == "discriminator")
    keras_genzoo.freeze(done.model, "discriminator[:1]")
    assert 0 < len(done.model.discriminator.trainable_weights) == len(done.model.discriminator.weights) - 2


def test_a_preset_by_name_is_a_parent():
    done = keras_genzoo.transfer("dcgan_mnist", image_shape=(32, 32, 1))
    assert done.model.image_shape == (32, 32, 1) and "layers kept" in repr(done)


def test_nothing_that_matches_and_unknown_arguments_are_refused():
    with pytest.raises(ValueError, match="Expected a model of which some layers match those of dcgan. Received: none"):
        keras_genzoo.transfer(build(), base_filters=5, d_base_filters=7, latent_dim=3, kernel_size=2)
    with pytest.raises(ValueError, match="did you mean 'image_shape'"):
        keras_genzoo.transfer(build(), image_shap=(8, 8, 3))


@pytest.mark.parametrize("first, second", [("abcbdab", "bdcaba"), ("", "ab"), ("aaa", "aa"), ("abc", "abc")])
def test_common_subsequence_is_a_longest_one(first, second):
    pairs = common_subsequence(first, second)
    assert all(first[i] == second[j] for i, j in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in zip(pairs, pairs[1:], strict=False))
    wanted = {("abcbdab", "bdcaba"): 4, ("", "ab"): 0, ("aaa", "aa"): 2, ("abc", "abc"): 3}[first, second]
    assert len(pairs) == wanted


# -- freezing ----------------------------------------------------------------------------------------------------------


def test_frozen_parts_stay_and_the_rest_moves():
    model = build(image_shape=(16, 16, 1))
    frozen = keras_genzoo.freeze(model, "discriminator[:1]", "generator[:-2]")
    networks = networks_of(model)
    assert len(blocks_of(networks["generator"])) == 4 and len(set(frozen)) == len(frozen) == 1 + 4
    layers = [layer for name in ("generator", "discriminator") for layer in networks[name].layers if layer.weights]
    before = [layer.get_weights() for layer in layers]
    images = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 1), dtype="uint8")
    model.fit(images, batch_size=4, epochs=2, verbose=0)
    for layer, old in zip(layers, before, strict=True):
        changed = any(not np.array_equal(a, b) for a, b in zip(old, layer.get_weights(), strict=True))
        assert changed == layer.trainable, layer.name
    assert sum(not layer.trainable for layer in layers) == len(frozen)


def test_a_single_layer_is_frozen_by_its_name():
    build()  # Keras numbers layers over all networks of a process; here, they are numbered within their network
    model = build()
    assert keras_genzoo.freeze(model, "generator/dense") == ["generator/dense"]
    assert not next(layer for layer in model.generator.layers if layer.weights).trainable
    names = [row[1] for row in keras_genzoo.transfer(model).rows if row[0] == "generator"]
    assert names[:3] == ["dense", "batch_normalization", "conv2d_transpose"]


@pytest.mark.parametrize(
    "parts, sentence",
    [
        ((), "Expected parts to freeze, each an argument such as .* Received: none"),
        (("discriminatr[:1]",), r"Expected a part as 'network\[first:stop\]' .*did you mean 'discriminator'"),
        (("generator",), "Expected a part as"),
        ((["discriminator[:1]"],), r"each an argument such as .* Received: \[.discriminator\[:1\].\]"),
        ((3,), "Expected parts to freeze"),
        (("generator[9:]",), r"Expected some of the layers dense.*, which names none"),
        (("generator/none",), "Expected some of the layers dense"),
        (("generator[:]",), r"Expected g_optimizer to keep variables to train. Received: 'generator\[:\]'"),
    ],
)
def test_parts_that_do_not_exist_are_refused_and_nothing_is_frozen(parts, sentence):
    model = build()
    num = len(model.trainable_variables)
    with pytest.raises(ValueError, match=sentence):
        keras_genzoo.freeze(model, *parts)
    assert len(model.trainable_variables) == num


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: keras_genzoo.freeze("dcgan_mnist", "discriminator[:1]"),
            "Expected a model of the zoo, .*'dc",
        ),
        (lambda: keras_genzoo.transfer(None), "Expected a preset or a model of the zoo. Received: None"),
        (
            lambda: keras_genzoo.transfer(build(), optimizers="adam"),
            "Expected optimizers of dcgan as a dict",
        ),
        (
            lambda: keras_genzoo.transfer(build("cgan"), class_names=["a", "b"]),
            "Expected a name for each of num",
        ),
        (lambda: keras_genzoo.freeze(build(), "discriminator[1]"), r"for example 'discriminator\[:2\]'. Received"),
    ],
)
def test_what_is_no_model_or_fits_no_other_argument_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_optimizers_stay_as_they_were_chosen():
    model = keras_genzoo.build("dcgan", **SMALL, optimizers={"d_optimizer": keras.optimizers.SGD(0.5)})
    keras_genzoo.freeze(model, "discriminator[:1]")
    assert isinstance(model.d_optimizer, keras.optimizers.SGD) and float(model.d_optimizer.learning_rate) == 0.5


def test_a_trained_model_is_compiled_anew_first():
    model = build()
    model.fit(np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1), dtype="uint8"), verbose=0)
    with pytest.raises(
        ValueError, match="Expected a model that is compiled anew .* Received: d_optimizer after 1 step"
    ):
        keras_genzoo.freeze(model, "discriminator[:1]")
    model.compile()
    assert keras_genzoo.freeze(model, "discriminator[:1]")


def test_a_layer_that_starts_anew_is_not_frozen():
    done = keras_genzoo.transfer(build(), image_shape=(8, 8, 3))  # another first layer of the discriminator
    with pytest.raises(ValueError, match="Expected parts to freeze that are kept.*Received: discriminator/conv2d"):
        keras_genzoo.freeze(done.model, "discriminator[:1]")
    assert keras_genzoo.freeze(done.model, "generator[:1]")
