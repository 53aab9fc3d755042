"""Arguments that have no effect beside others: refused where they are given, left out where a file has them."""

import pytest

import keras_genzoo
from keras_genzoo import building, recipes, training

SHAPE = (8, 8, 1)


@pytest.mark.parametrize(
    ("name", "args", "sentence"),
    [
        ("vae", {"hidden_units": [3]}, r"Expected no hidden_units with network='conv'. Received: hidden_units=\(3,\)"),
        ("dcgan", {"network": "mlp", "kernel_size": 3}, "Expected no kernel_size with network='mlp'. Received: kernel"),
        ("gan", {"d_base_filters": 3}, "Expected no d_base_filters with network='mlp'. Received: d_base_filters=3"),
        ("r3gan", {"network": "conv", "num_blocks": 2}, "Expected no num_blocks with network='conv'. Received: num_bl"),
        ("rbm", {"algorithm": "cd", "num_chains": 7}, "Expected no num_chains with algorithm='cd'. Received: num_cha"),
    ],
)
def test_what_has_no_effect_is_refused(name, args, sentence):
    with pytest.raises(ValueError, match=sentence):
        keras_genzoo.build(name, image_shape=SHAPE, **args)
    args = {"image_shape": list(SHAPE), **args}
    with pytest.raises(ValueError, match=sentence.replace(r"\(3,\)", r"\[3\]")):
        recipes.Recipe.from_dict({"model": name, "args": args}).check_ranges()


def test_a_default_value_may_stand_beside_anything():
    model = keras_genzoo.build("vae", image_shape=SHAPE, base_filters=4, hidden_units=[500], latent_dim=2)
    assert model.hidden_units == (500,)


def test_files_of_earlier_versions_load_without_it():
    cls = building.model_class("vae")
    config = keras_genzoo.build("vae", image_shape=SHAPE, base_filters=4, latent_dim=2).get_config()
    assert cls.from_config({**config, "hidden_units": (3,)}).hidden_units == (500,)


def test_settings_of_another_network_go_with_it_but_not_those_that_are_given():
    recipe = keras_genzoo.load_recipe("dcgan_mnist")
    assert {"base_filters", "kernel_size"} <= set(recipe.args)
    changed = recipe.override(["network=mlp", "hidden_units=[8]"])
    changed.check_ranges()
    assert changed.args["hidden_units"] == [8]
    assert not {"base_filters", "d_base_filters"} & set(changed.args)
    for settings in (["network=mlp", "base_filters=4"], ["hidden_units=[8]"]):
        with pytest.raises(ValueError, match="Expected no .* with network="):
            recipe.override(settings).check_ranges()


def test_a_training_says_so_before_it_begins(tmp_path):
    recipe = keras_genzoo.load_recipe("dcgan_mnist").override(["hidden_units=[8]", "data.source=digits"])
    with pytest.raises(ValueError, match="Expected no hidden_units with network='conv'. Received: hidden_units="):
        training.train(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_transfer_to_another_network_leaves_out_what_the_former_had():
    parent = keras_genzoo.build("vae", image_shape=SHAPE, base_filters=4, latent_dim=2, likelihood="gaussian")
    assert keras_genzoo.transfer(parent, network="mlp").model.base_filters == 32
    with pytest.raises(ValueError, match="Expected no hidden_units with network='conv'. Received: hidden_units="):
        keras_genzoo.transfer(parent, hidden_units=[8])
