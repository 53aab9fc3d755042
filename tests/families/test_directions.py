"""Directions of a translator: names of the model's own, and domains that everything else reads from the declaration."""

import numpy as np
import pytest

from keras_genzoo.cli.export import _inputs
from keras_genzoo.cli.tables import metrics_table
from keras_genzoo.export.web import signatures_of
from keras_genzoo.families import Direction
from keras_genzoo.metrics.evaluation import Evaluation
from keras_genzoo.models.cyclegan import CycleGAN


class Colouring(CycleGAN):
    """A translator whose names of directions say nothing of the domains, the second domain first."""

    directions = (Direction("colouring", "b", "a"), Direction("to_be_drawn", "a", "b"))


@pytest.fixture(scope="module")
def model():
    return Colouring(image_shape=(8, 8, 1), base_filters=2, num_blocks=0, history_size=0)


def test_each_direction_has_the_generator_of_its_domains(model):
    assert model.generator_of("colouring") is model.generator_ba and model.generator_ba is not model.generator_ab
    assert model.translator("to_be_drawn") is model.ema_generator_ab
    assert model.translate(np.zeros((1, 8, 8, 1), "uint8"), "to_be_drawn").shape == (1, 8, 8, 1)


def test_exports_are_named_by_the_directions(model):
    functions = model.export_functions()
    names = {"serving_default", "translate", "colouring", "to_be_drawn"}
    assert {name for name, function in functions.items() if function.portable} == names
    assert functions["translate_png"] is functions["colouring_png"] is not functions["to_be_drawn_png"]
    assert signatures_of("translator", functions, model.directions) == ["colouring", "to_be_drawn"]


def test_images_of_the_source_domain_are_given_to_each_direction(model):
    images = {"a": "images of a", "b": "images of b"}
    assert [_inputs(model, name, "litert", images) for name in (None, "colouring", "to_be_drawn")] == [
        "images of b",
        "images of b",
        "images of a",
    ]

    class Real:
        images, target = np.zeros((1, 8, 8, 1), "uint8"), np.full((1, 8, 8, 1), 255, "uint8")

    found = Evaluation(model, Real, 0, progress=False).translations
    assert {name: target.max() for name, (_, target) in found.items()} == {"colouring": 0, "to_be_drawn": 255}


def test_metrics_of_all_directions_are_shown():
    result = {"value": 1.0, "protocol": {"n": 2, "direction": "colouring"}, "to_be_drawn": 2.5, "copy": 3.5}
    (cell,) = metrics_table({"translation_l1": result}).columns[1].cells
    assert cell == "1 (to_be_drawn 2.5, copy 3.5)"


def test_plain_names_of_directions_state_their_domains():
    class Plain(CycleGAN):
        directions = ("b_to_a",)

    assert [(d, d.source, d.target) for d in Plain.directions] == [("b_to_a", "b", "a")]
    with pytest.raises(ValueError, match="Expected the domains 'a' and 'b' of 'forward'. Received"):

        class Wrong(CycleGAN):
            directions = ("forward",)
