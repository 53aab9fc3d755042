"""What models take, and how they refuse what they do not take: with a clear sentence, and nothing trained."""

import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, cases_with, for_cases, for_every_case, moved, state, uses

from keras_genzoo.images import to_unit

# Values out of range, by argument; each is tried on every model that takes the argument.
WRONG_ARGUMENTS = {
    "image_shape": [(28, 28), (7, 8, 1), (8, 257, 3), (8, 8, 2), (8.5, 8, 1), "grey", 28, None, (8, 8, float("inf"))],
    "seed": [1.5, "0", -1, 2**32, True],
    "latent_dim": [0, -1, 1.5, True, "8"],
    "base_filters": [0, 2.5],
    "kernel_size": [1],
    "d_steps": [0],
    "ema_decay": [1.0, -0.1],
    "network": ["rnn"],
    "hidden_units": [(0,), (4, 0.5), 0],
    "d_hidden_units": [(0,), "16"],
    "likelihood": ["poisson"],
    "alpha": [0.0, -1.0],
    "num_classes": [1],
    "gp_weight": [-1.0, "10"],
    "num_blocks": [-1, 1.5],
    "d_base_filters": [0],
    "d_layers": [0, 9],
    "cycle_weight": [-1.0, float("nan")],
    "identity_weight": [-0.5, "half"],
    "history_size": [-1, 2.5],
    "feature_dim": [0],
    "dropout": [-0.1, 1.0],
    "max_shift": [-1],
    "label_smoothing": [-0.1, 1.0],
    "algorithm": ["sgd", 1],
    "gibbs_steps": [0, 1.5],
    "num_chains": [0, "many"],
    "generation_steps": [0, -1],
    "binarize": ["yes", 1],
    "flip": ["no", 0],
}


def wrong_arguments():
    for key, wrong in WRONG_ARGUMENTS.items():
        for case in cases_with(such_that=uses(key)):
            for value in wrong:
                yield pytest.param(case, key, value, id=f"{case}-{key}={value}")


def test_every_argument_of_every_model_has_wrong_values():
    arguments = {key for case in CASES for key in case.model_class.argument_names()}
    assert arguments - set(WRONG_ARGUMENTS) == {"name", "dtype"}  # which Keras checks


@pytest.mark.parametrize("case, key, value", list(wrong_arguments()))
def test_argument_out_of_range_is_refused(case, key, value):
    with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
        case.build(**{key: value})


@for_cases(cases_with(such_that=uses("likelihood", "binarize")))
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
@for_every_case
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
    if case.model_class.takes_pairs:
        with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
            model.fit(labels[0][: len(images)], images, verbose=0)
    assert moved(before, state(model)) == []


@for_every_case
def test_batches_that_are_no_images_are_refused(case, built):
    model = built(case)
    images, *_ = case.data(2)
    unknown = tf.data.Dataset.from_generator(lambda: iter([images]), output_signature=tf.TensorSpec(None, tf.uint8))
    for data in (tf.data.Dataset.from_tensor_slices({"image": images}).batch(2), unknown):
        with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
            model.fit(data, verbose=0)


@for_cases(cases_with(such_that=lambda case: case.model_class.takes_labels))
def test_wrong_labels_are_refused_and_nothing_is_trained(case, built):
    model = built(case)
    before = state(model)
    images, labels = case.data(4)
    too_large = np.where(labels == labels[0], case.args["num_classes"], labels)
    wrong = [too_large, np.where(labels == labels[0], -1, labels), labels.astype("float32"), labels[:, None]]
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
    with pytest.raises(ValueError, match="Expected 4 labels, one an image. Received: 3"):
        model.fit(images, labels[:3], verbose=0)
    # A batch that is refused inside the graph may have counted already, and have drawn its noise.
    assert [key for key in moved(before, state(model)) if "seed" not in key and "iteration" not in key] == []


@for_cases(cases_with(such_that=lambda case: case.model_class.takes_pairs))
def test_arrays_of_unequal_size_are_sent_to_load_pairs(case, built):
    (images, _), (_, others) = case.data(4), case.data(3)
    with pytest.raises(ValueError, match="load_pairs.* Received: 4 and 3"):
        built(case).fit(images, others, verbose=0)


@for_cases(
    cases_with(
        such_that=lambda case: not hasattr(case.model_class, "latent_sample") or hasattr(case.model_class, "encode")
    )
)
def test_call_takes_images_as_all_methods_do(case, built):
    model = built(case)
    images, *labels = case.data(3)
    taken = [
        [x, labels[0]] if case.model_class.takes_labels and hasattr(model, "encode") else x
        for x in (images, to_unit(images))
    ]
    outputs = [np.asarray(model(x)) for x in taken]
    np.testing.assert_allclose(*outputs, atol=1e-5)
    if hasattr(model, "reconstruct"):
        given = {"labels": labels[0]} if case.model_class.takes_labels else {}
        np.testing.assert_allclose(outputs[0], model.reconstruct(images, **given) / 255.0, atol=0.51 / 255.0)
    with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
        model(images[:, :7, :7])


@for_every_case
def test_uint8_and_float_images_give_the_same_network_input(case, built):
    model = built(case)
    images, *_ = case.data(3)
    from_bytes = np.asarray(model.to_network(images))
    low, high = model.network_range
    assert from_bytes.dtype == np.float32
    np.testing.assert_allclose(from_bytes, images / 255.0 * (high - low) + low, atol=1e-6)
    for dtype, tolerance in (("float32", 1e-6), ("float64", 1e-6), ("float16", 2e-3)):
        np.testing.assert_allclose(model.to_network((images / 255.0).astype(dtype)), from_bytes, atol=tolerance)


@for_every_case
def test_network_output_returns_to_the_same_bytes(case, built):
    model = built(case)
    levels = np.resize(np.arange(256, dtype="uint8"), (4, *model.image_shape))
    back = model.from_network(model.to_network(levels), "uint8")
    np.testing.assert_array_equal(back, levels)


@for_every_case
def test_short_last_batch_and_batch_of_one_train(case):
    model = case.build()
    history = model.fit(*case.data(5), batch_size=4, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert {int(getattr(model, name).iterations) for name in model.optimizer_names} <= {
        2,
        2 * case.args.get("d_steps", 1),
    }
    logs = model.evaluate(*case.data(5), batch_size=4, return_dict=True, verbose=0)
    assert set(logs) == set(history)
    assert np.isfinite(list(logs.values())).all()


@for_cases(cases_with(such_that=lambda case: not (case.model_class.takes_labels or case.model_class.takes_pairs)))
def test_labels_beside_the_images_are_left_alone(case):
    (images,) = case.data(4)
    one, two = case.build(), case.build()
    one.train_step((images,))
    two.train_step((images, np.arange(4)))
    assert moved(state(one), state(two)) == []
