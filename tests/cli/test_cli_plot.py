"""`keras-genzoo plot`: files that are written, and what is refused before."""

import pytest

import keras_genzoo
from keras_genzoo import plots, presets


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    model = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=4, seed=0)
    return presets.save_preset(model, tmp_path_factory.mktemp("rbm") / "preset")


@pytest.mark.parametrize("kind", ["latent-map", "traversals", "imputation", "chain"])
def test_pictures_of_a_preset(kind, command, preset, machine, here):
    few = {"latent-map": ("--num", 20), "traversals": ("--steps", 3)}.get(kind, ("--steps", "1,2", "--num", 2))
    shown = machine if kind == "chain" else preset
    code, out, err = command("plot", kind, shown, "--data", "digits", "--out", "new/a.png", *few)
    assert code == 0, err
    assert plots.is_own(here / "new" / "a.png") and "new/a.png" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("imputation", "--steps", "1,x"), "Expected --steps as numbers separated by commas, such as 1,5,20."),
        (("imputation", "--steps", "0"), "Expected steps to be an integer of at least 1. Received: steps=0"),
        (("traversals", "--out", "a.jpg"), "Expected --out as a .png file"),
        (("chain",), "Expected a model with a method gibbs. Received: VAE"),
        (("imputation", "--missing", "half"), "'half' is not one of"),
    ],
    ids=str,
)
def test_wrong_options_write_nothing(arguments, message, command, preset, here):
    kind, *options = arguments
    code, _, err = command("plot", kind, preset, "--data", "digits", *options)
    assert code == 2 and message in err and err.count("\n") == 1, err
    assert list(here.iterdir()) == []
