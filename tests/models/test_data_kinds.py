"""What models take, once for each kind of data: wrong batches are refused in one sentence, and nothing is trained."""

import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, cases_with, for_cases, for_kinds, moved, state
from PIL import Image

from keras_genzoo.data import load, load_pairs
from keras_genzoo.recipes import DataConfig
from keras_genzoo.utils.pixels import to_unit


def data_kind(case):
    """What tells the data of models apart: the kind, the range inside, and whether pixels are binarized."""
    return type(case.model_class.data_kind), case.args.get("likelihood"), case.args.get("binarize")


for_every_kind = for_kinds(lambda case: type(case.model_class.data_kind))
for_every_range = for_kinds(data_kind)


@for_cases([case for case in CASES if str(case) == "vae-conv_bernoulli"])
def test_binarized_pixels_need_a_bernoulli_likelihood(case):
    with pytest.raises(ValueError, match="Expected likelihood='bernoulli'.*Received: likelihood='gaussian'"):
        case.build(likelihood="gaussian", binarize=True)


def wrong_images(case):
    """Batches that the row's model does not take, by what is wrong with them."""
    (good, *_) = case.data(4)
    unit = to_unit(good)
    return {
        "rank": good[0],
        "height": good[:, 1:],
        "width": good[:, :, 1:],
        "channels": np.concatenate([good, good[..., :1]], axis=-1),
        "bytes as floats": unit * 255.0,
        "centred": unit * 2.0 - 1.0,
        "not a number": np.where(unit > 0.5, np.nan, unit),
        "integers": good.astype("int32"),
        "text": good.astype(str),
    }


def trained(before, model):
    """What has moved since; a batch refused inside the graph may have counted already, and have drawn its noise."""
    return [key for key in moved(before, state(model)) if "seed" not in key and "iteration" not in key]


KINDS_OF_WRONG = [
    "rank",
    "height",
    "width",
    "channels",
    "bytes as floats",
    "centred",
    "not a number",
    "integers",
    "text",
]


@pytest.mark.parametrize("kind", KINDS_OF_WRONG)
@for_every_kind
def test_wrong_images_are_refused_and_nothing_is_trained(case, kind, built):
    model = built(case)
    before = state(model)
    images = wrong_images(case)[kind]
    _, *labels = case.data(len(images))
    dataset = (
        tf.data.Dataset.from_tensor_slices((images, *labels))
        if labels
        else (tf.data.Dataset.from_tensor_slices(images))
    )
    for data in ((images, *labels), (dataset.batch(2),)):
        with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
            model.fit(*data, verbose=0)
        with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
            model.evaluate(*data, verbose=0)
    good = case.data(4)
    with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
        model.fit(*good, validation_data=(images, *labels) if labels else (images, images), verbose=0)
    if case.has_pairs:
        with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
            model.fit(labels[0][: len(images)], images, verbose=0)
    assert trained(before, model) == []


@for_every_kind
def test_batches_that_are_no_images_are_refused(case, built):
    model = built(case)
    images, *_ = case.data(2)
    unknown = tf.data.Dataset.from_generator(lambda: iter([images]), output_signature=tf.TensorSpec(None, tf.uint8))
    for data in (tf.data.Dataset.from_tensor_slices({"image": images}).batch(2), unknown):
        with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
            model.fit(data, verbose=0)


@for_kinds(lambda case: type(case.model_class.data_kind), cases_with(such_that=lambda case: case.has_labels))
def test_wrong_labels_are_refused_and_nothing_is_trained(case, built):
    model = built(case)
    before = state(model)
    images, labels = case.data(4)
    too_large = np.where(labels == labels[0], case.args["num_classes"], labels)
    too_small = np.where(labels == labels[0], -2 if case.model_class.data_kind.partly_labelled else -1, labels)
    wrong = [too_large, too_small, labels.astype("float32"), labels[:, None]]
    for bad in wrong:
        with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
            model.fit(images, bad, verbose=0)
        # Values in a data set are seen when their batch comes, inside the graph.
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=r"(?s)Expected.*labels.*Received"):
            model.fit(tf.data.Dataset.from_tensor_slices((images, bad)).batch(4), verbose=0)
        with pytest.raises(ValueError, match=r"(?s)Expected.*labels.*Received"):
            model.fit(images, labels, validation_data=(images, bad), verbose=0)
        for data in ((images, bad), (tf.data.Dataset.from_tensor_slices((images, bad)).batch(4),)):
            with pytest.raises(ValueError, match=r"(?s)Expected.*labels.*Received"):
                model.evaluate(*data, verbose=0)
        if bad.ndim == 1:  # seen inside the graph
            with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=r"(?s)Expected.*labels.*Received"):
                model.train_on_batch(images, bad)
    for data in (images, tf.data.Dataset.from_tensor_slices(images).batch(4)):
        with pytest.raises(ValueError, match=r"(?s)Expected.*labels.*Received"):
            model.fit(data, verbose=0)
        with pytest.raises(ValueError, match=r"(?s)Expected.*labels.*Received"):
            model.evaluate(data, verbose=0)
    with pytest.raises(ValueError, match="Expected 4 labels, one per image. Received: 3"):
        model.fit(images, labels[:3], verbose=0)
    assert trained(before, model) == []


@for_cases(cases_with(such_that=lambda case: case.has_pairs))
def test_arrays_of_unequal_size_are_sent_to_load_pairs(case, built):
    (images, _), (_, others) = case.data(4), case.data(3)
    with pytest.raises(ValueError, match="load_pairs.* Received: 4 and 3"):
        built(case).fit(images, others, verbose=0)


@for_cases([case for case in CASES if case.name == "pix2pix"][:1])
def test_model_of_matched_pairs_refuses_pairs_in_independent_orders(case, built):
    model, domains = built(case), case.data(4)
    with pytest.raises(ValueError, match="paired=True.: the model learns from pairs .* Received: paired=False"):
        model.fit(load_pairs(*domains), verbose=0)
    model.check_data(load_pairs(*domains, paired=True))
    assert model.data_kind.load(domains[0], DataConfig(), source_b=domains[1]).paired


@for_cases(
    cases_with(
        such_that=lambda case: not hasattr(case.model_class, "latent_sample") or hasattr(case.model_class, "encode")
    )
)
def test_call_takes_images_as_all_methods_do(case, built):
    model = built(case)
    images, *labels = case.data(3)
    taken = [
        [x, labels[0]] if case.labels_with_images and hasattr(model, "encode") else x for x in (images, to_unit(images))
    ]
    outputs = [np.asarray(model(x)) for x in taken]
    np.testing.assert_allclose(*outputs, atol=1e-5)
    if hasattr(model, "reconstruct"):
        given = {"labels": labels[0]} if case.labels_with_images else {}
        np.testing.assert_allclose(outputs[0], model.reconstruct(images, **given) / 255.0, atol=0.51 / 255.0)
    with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
        model(images[:, :7, :7])


@for_every_range
def test_uint8_and_float_images_give_the_same_network_input(case, built):
    model = built(case)
    images, *_ = case.data(3)
    from_bytes = np.asarray(model.to_network(images))
    low, high = model.network_range
    assert from_bytes.dtype == np.float32
    np.testing.assert_allclose(from_bytes, images / 255.0 * (high - low) + low, atol=1e-6)
    for dtype, tolerance in (("float32", 1e-6), ("float64", 1e-6), ("float16", 2e-3)):
        np.testing.assert_allclose(model.to_network((images / 255.0).astype(dtype)), from_bytes, atol=tolerance)


@for_kinds(
    lambda case: type(case.model_class.data_kind), cases_with(such_that=lambda c: not (c.has_labels or c.has_pairs))
)
def test_labels_beside_the_images_are_left_alone(case):
    (images,) = case.data(4)
    one, two = case.build(), case.build()
    one.train_step((images,))
    two.train_step((images, np.arange(4)))
    assert moved(state(one), state(two)) == []


@for_cases([case for case in CASES if case.name == "classifier"][:1])
def test_model_of_more_classes_than_the_folder_is_refused_and_nothing_is_trained(case, tmp_path):
    model = case.build(num_classes=10, class_names=None)
    height, width, channels = model.image_shape
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(2):
            Image.new("L", (width, height), 90 * number).save(tmp_path / name / f"{number}.png")
    dataset = load(tmp_path, labels=True, channels=channels)
    before = state(model)
    with pytest.raises(ValueError, match=r"Expected num_classes=2, .* \(cat, dog\). Received: num_classes=10"):
        model.fit(dataset, verbose=0)
    assert not moved(before, state(model))


@for_cases([case for case in CASES if case.name == "vae"][:1])
def test_check_of_float_batches_uses_up_no_epoch(case):
    model = case.build()
    images = np.random.default_rng(0).integers(2, 256, (5, *model.image_shape), dtype=np.uint8)
    dataset = load(images, batch_size=5, first_epoch=2)
    model.check_data(dataset.map(lambda batch: tf.cast(batch, "float32") / 255))
    order = np.random.default_rng((0, 2)).permutation(5)
    np.testing.assert_array_equal(next(iter(dataset)), images[order])


@pytest.mark.filterwarnings("ignore:All .* are equal")  # the pictures stand for any
@for_cases([case for case in CASES if case.name == "classifier"][:1])
def test_model_of_other_classes_than_those_of_the_folder_is_refused(case, tmp_path):
    model = case.build(num_classes=2, class_names=["cat", "dog"])
    for name in ("bird", "fish"):
        (tmp_path / name).mkdir()
        Image.new("L", model.image_shape[1::-1], 90).save(tmp_path / name / "1.png")
    dataset = load(tmp_path, labels=True, channels=model.image_shape[2])
    with pytest.raises(ValueError, match=r"Expected class_names that are .* \(bird, fish\). Received: cat, dog"):
        model.fit(dataset, verbose=0)


@for_kinds(lambda case: type(case.model_class.data_kind), [case for case in CASES if case.has_labels or case.has_pairs])
def test_parts_of_a_batch_have_equally_many_rows(case, built):
    model = built(case)
    first, second = case.data(4)
    before = state(model)
    known = tf.data.Dataset.from_tensors((first, second[:1]))
    shapes = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in (first, second))
    unknown = tf.data.Dataset.from_generator(lambda: iter([(first, second[:1])]), output_signature=shapes)
    for data in (known, unknown.apply(tf.data.experimental.assert_cardinality(1))):
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="Expected as many images .*Received:"):
            model.fit(data, verbose=0)
    with pytest.raises(ValueError, match="Expected .* Received: .*1"):
        model.train_on_batch(first, second[:1])
    assert trained(before, model) == []
