"""What `fit`, `evaluate`, `predict` and the `..._on_batch` methods take, once for each kind of data.

A container trains exactly as the same images do as one array, or is refused with one sentence.
"""

import pathlib
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import cases_with, for_kinds, moved, state
from PIL import Image

import keras_genzoo
from keras_genzoo.families import inputs
from keras_genzoo.utils.pixels import to_unit

for_every_kind = for_kinds(lambda case: type(case.model_class.data_kind))
for_images_in = for_kinds(
    lambda case: (type(case.model_class.data_kind), bool(case.model_class.conditions)),
    cases_with(
        such_that=lambda case: not hasattr(case.model_class, "latent_sample") or hasattr(case.model_class, "encode")
    ),
)
NUM = 4
# Keras does not know how long a generator is.
pytestmark = pytest.mark.filterwarnings("ignore:Your input ran out of data")


class Batches(keras.utils.PyDataset):
    """Batches of two rows."""

    def __init__(self, *parts):
        super().__init__()
        self.parts = parts

    def __len__(self):
        return len(self.parts[0]) // 2

    def __getitem__(self, index):
        return tuple(part[2 * index : 2 * index + 2] for part in self.parts)


def batches_of(*parts):
    """A generator of the same batches."""
    yield from (Batches(*parts)[index] for index in range(len(parts[0]) // 2))


def dataset_of(*parts):
    return tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0]).batch(2)


class Wrapped:
    """An array of another library."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype)


def as_list(images, *second):
    return list(images), *(list(part) for part in second)


CONTAINERS = {
    "list": as_list,
    "tuple": lambda images, *second: (tuple(images), *second),
    "array of another library": lambda *parts: tuple(Wrapped(part) for part in parts),
    "tensor": lambda *parts: tuple(tf.constant(part) for part in parts),
    "PyDataset": lambda *parts: (Batches(*parts),),
    "generator": lambda *parts: (batches_of(*parts),),
    "Dataset": lambda *parts: (dataset_of(*parts),),
}


@for_every_kind
def test_containers_of_the_same_batches_train_alike(case):
    parts = case.data(NUM)
    expected = None
    for make in (lambda *parts: parts, *CONTAINERS.values()):
        model = case.build_small(seed=0)
        parts = case.small_data(NUM)
        batch_size = {} if make in list(CONTAINERS.values())[-3:] else {"batch_size": 2}
        model.compile(run_eagerly=True)
        model.fit(*make(*parts), shuffle=False, verbose=0, **batch_size)
        expected = expected or state(model)
        assert moved(expected, state(model)) == []


@for_every_kind
def test_generators_of_images_alone_and_of_lists_are_understood(case, built):
    parts = case.data(NUM)
    model = built(case)
    model.evaluate((list(batch) if len(parts) > 1 else batch[0] for batch in batches_of(*parts)), verbose=0)


def refused(call, match="(?s)Expected.*Received"):
    with pytest.raises(ValueError, match=match):
        call()


@for_every_kind
def test_other_containers_are_refused_and_nothing_is_trained(case, built):
    model, parts = built(case), case.data(NUM)
    images, *second = parts
    before = state(model)
    for wrong in (
        {"image": images},
        "digits",
        None,
        [images, *second, images],
        (images, *second),
        [images[0], images[1][:7]],
        images.tolist(),
        tf.data.Dataset.from_tensors({"image": images}),
        dataset_of(*parts, *([images] if not second else []), np.ones(NUM, "float32")),
    ):
        refused(lambda wrong=wrong: model.fit(wrong, verbose=0))
        refused(lambda wrong=wrong: model.evaluate(wrong, verbose=0))
    refused(lambda: model.fit(dataset_of(*parts), batch_size=2, verbose=0), "no batch_size")
    assert moved(before, state(model)) == []


@for_every_kind
def test_data_without_a_row_is_refused(case, built):
    model, parts = built(case), case.data(NUM)
    before, none = state(model), [part[:0] for part in parts]
    for method in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
        refused(lambda method=method: method(*none), "Expected at least one image")
    refused(lambda: model.fit(*parts, validation_data=none, verbose=0), "Expected at least one image")
    for method in (model.fit, model.evaluate):
        refused(lambda method=method: method(dataset_of(*parts).take(0)), "at least one batch")
    assert moved(before, state(model)) == []


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_data_set_that_gives_no_batch_is_refused_though_its_length_is_unknown():
    case = cases_with("latent_sample")[0]
    model, parts = case.build_small(), case.small_data(NUM)
    data = dataset_of(*parts).filter(lambda *batch: False)
    refused(lambda: model.fit(data, verbose=0), "at least one batch")
    refused(lambda: model.evaluate(data, verbose=0), "at least one batch")


@for_every_kind
def test_what_is_missing_in_an_array_is_not_taken_for_values(case, built):
    model, (images, *second) = built(case), case.data(NUM)
    masked = np.ma.masked_greater(images, 9)
    ragged = tf.RaggedTensor.from_tensor(tf.constant(images))
    before = state(model)
    for wrong in (masked, list(masked), ragged, tf.SparseTensor([[0, 0, 0, 0]], [1.0], images.shape)):
        for method in (model.fit, model.evaluate, model.train_on_batch):
            refused(
                lambda method=method, wrong=wrong: method(wrong, *second), "^Expected images (without masked|as an)"
            )
    for part in second:
        refused(lambda part=part: model.fit(images, np.ma.masked_less(part, part.max()), verbose=0), "without masked")
        refused(lambda: model.fit(images, tf.sparse.from_dense(np.eye(2))), "Received: a SparseTensor")
    assert moved(before, state(model)) == []
    model.evaluate(np.ma.array(images), *second, verbose=0)


def test_batch_size_is_at_least_one():
    case = next(case for case in cases_with("encode") if not case.has_labels)
    model, (images,) = case.build(), case.data(NUM)
    for wrong in (0, -1, 2.5, True):
        for method in (model.fit, model.evaluate, model.predict):
            refused(lambda method=method, wrong=wrong: method(images, batch_size=wrong, verbose=0), "batch_size to be")
    refused(lambda: model.fit(images, validation_data=images, validation_batch_size=0), "validation_batch_size to be")
    for wrong in (1.5, -1, 1, "half"):
        refused(lambda wrong=wrong: model.fit(images, validation_split=wrong), r"validation_split in \[0, 1\)")


@for_every_kind
def test_weights_of_images_are_refused_because_losses_do_not_read_them(case, built):
    model, parts = built(case), case.data(NUM)
    weights = np.ones(NUM, "float32")
    for method in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
        refused(lambda method=method: method(*parts, sample_weight=weights), "no sample_weight")
    for method in (model.fit, model.train_on_batch):
        refused(lambda method=method: method(*parts, class_weight={0: 2.0}), "no class_weight")
    triple = (*parts, *([np.zeros(NUM)] if len(parts) == 1 else []), weights)
    refused(lambda: model.fit(Batches(*triple), verbose=0), "Received: sample weights")
    refused(lambda: model.fit(*parts, validation_data=triple, verbose=0), "weights of images have no effect")


@for_kinds(
    lambda case: type(case.model_class.data_kind), cases_with(such_that=lambda c: not (c.has_labels or c.has_pairs))
)
def test_what_a_model_of_images_alone_would_ignore_is_refused(case, built):
    model, (images,) = built(case), case.data(NUM)
    refused(lambda: model.fit(images, np.arange(NUM), verbose=0), "Expected images alone")
    refused(lambda: model.fit(images, images, verbose=0), "Expected images alone")
    for container in (Batches(images, images), dataset_of(images, images)):
        refused(lambda container=container: model.fit(container, verbose=0), "second set of images")


@for_every_kind
def test_pixels_out_of_range_are_refused_wherever_they_come(case):
    model = case.build_small()  # of its own: validation data in batches is seen after an epoch
    images, *second = case.small_data(NUM)
    good = to_unit(images)
    late = np.concatenate([good[:2], good[2:] * 255.0])  # wrong in the second batch alone
    for wrong in (late, np.where(np.arange(NUM)[:, None, None, None] > 1, np.nan, good).astype("float32")):
        for container in (Batches(wrong, *second), batches_of(wrong, *second), dataset_of(wrong, *second)):
            refused(lambda container=container: model.evaluate(container, verbose=0), "Expected float images")
        refused(lambda wrong=wrong: model.train_on_batch(wrong, *second), "Expected float images")
        refused(lambda wrong=wrong: model.test_on_batch(wrong, *second), "Expected float images")
        for validation in ([wrong, *second], (wrong, *second), Batches(wrong, *second)):
            refused(
                lambda validation=validation: model.fit(images, *second, validation_data=validation, verbose=0),
                "Expected float images",
            )


@for_every_kind
def test_sizes_that_a_graph_does_not_know_are_checked_in_the_step(case):
    model = case.build_small()
    images, *second = case.small_data(NUM)
    small = images[:, 1:]
    height, width, channels = small.shape[1:]
    sentence = (
        rf"^Expected images of shape .batch, {height + 1}, .* Received: shape .2, {height}, {width}, {channels}.$"
    )

    def unknown(*parts):  # as of decoded files
        specs = [tf.TensorSpec([None] * part.ndim, part.dtype) for part in parts]
        return tf.data.Dataset.from_generator(lambda: batches_of(*parts), output_signature=tuple(specs))

    def mixed():
        yield from batches_of(images, *second)
        yield from batches_of(small, *second)

    before = state(model)
    for jit_compile in (False, True):
        model.compile(jit_compile=jit_compile)
        for parts in [(small, *second), *([(images, small)] if case.has_pairs else [])]:
            for method in (model.fit, model.evaluate):
                refused(lambda method=method, parts=parts: method(unknown(*parts), verbose=0), sentence)
    changed = moved(before, state(model))
    assert [key for key in changed if "seed" not in key and "iteration" not in key] == []
    refused(lambda: model.evaluate(mixed(), verbose=0), "^Expected batches of shape .* Received: shape")
    if not second and hasattr(model, "encode"):
        model.predict(unknown(images), verbose=0)
        refused(lambda: model.predict(unknown(small), verbose=0), "^Expected .*shape .batch, .* Received: shape .2, ")
    model.evaluate(unknown(images, *second), verbose=0)


@for_every_kind
def test_bytes_of_0_and_1_alone_are_refused_because_they_would_be_black(case, built):
    model = built(case)
    images, *second = case.data(NUM)
    binary = (images > 127).astype("uint8")
    dark = np.zeros_like(images)
    dark[0, 0, 0] = 1
    refused(lambda: model.fit(binary, *second, verbose=0), "0 and 1 alone")
    refused(lambda: model.evaluate(Batches(binary, *second), verbose=0), "0 and 1 alone")
    for good in (binary * 255, binary.astype("float32"), dark):
        model.evaluate(good, *second, verbose=0)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_dark_photo_in_a_batch_of_its_own_does_not_end_a_training(jit_compile):
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=(4,), latent_dim=2, seed=0)
    model.compile(jit_compile=jit_compile)
    images = np.random.default_rng(0).integers(0, 256, (17, 8, 8, 1)).astype("uint8")
    images[16] %= 2
    validation = tf.data.Dataset.from_tensor_slices(images[16:]).batch(1)
    model.fit(images, batch_size=8, shuffle=False, epochs=2, validation_data=validation, verbose=0)
    assert int(model.optimizer.iterations) == 6
    for data in (images[16:], Batches(images % 2)):  # one image alone, and a container that is all of such
        refused(lambda data=data: model.fit(data, verbose=0), "0 and 1 alone")
    refused(lambda: model.predict(images[16:]), "0 and 1 alone")


def test_predict_takes_nested_lists_and_refuses_images_of_another_rank_after_those_of_the_right_one():
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=(4,), latent_dim=2, seed=0)
    images = np.random.default_rng(0).random((3, 8, 8, 1), "float32")
    expected = model.predict(images, verbose=0)
    np.testing.assert_allclose(model.predict(images.tolist(), verbose=0), expected, rtol=1e-5)
    for wrong in (images[..., 0], images[0]):
        refused(lambda wrong=wrong: model.predict(wrong, verbose=0), "Expected images of shape .*Received: ")
    np.testing.assert_array_equal(model.predict(images, verbose=0), expected)


@for_every_kind
def test_validation_data_is_an_array_a_pair_or_a_container(case, built):
    model, parts = built(case), case.data(NUM)
    expected = model.evaluate(*parts, batch_size=2, return_dict=True, verbose=0)
    for data in (parts, list(parts), dataset_of(*parts), Batches(*parts), *([parts[0]] if len(parts) == 1 else [])):
        x, *second = data if isinstance(data, (tuple, list)) else (data,)
        batch_size = {"batch_size": 2} if isinstance(x, np.ndarray) else {}
        values = model.evaluate(x, *second, return_dict=True, verbose=0, **batch_size)
        assert set(values) == set(expected)


@for_images_in
def test_list_of_images_is_validation_data_as_it_is_training_data(case, built):
    model = built(case)
    images, *labels = case.data(NUM)
    taken = inputs._pair(model, ([*images], *labels) if labels else [*images])
    taken = taken[0] if labels else taken
    np.testing.assert_array_equal(taken, images)


@for_images_in
def test_call_and_predict_refuse_pixels_out_of_range_and_lists(case, built):
    model = built(case)
    images, *labels = case.data(NUM)

    def inputs(images):
        return [images, labels[0]] if case.labels_with_images and hasattr(model, "encode") else images

    for method in (model, lambda x: model.predict(x, verbose=0)):
        for wrong in (images.astype("float32"), np.full(images.shape, np.nan, "float32"), (images > 9).astype("uint8")):
            refused(lambda method=method, wrong=wrong: method(inputs(wrong)))
    refused(lambda: model(list(images)))
    refused(lambda: model.predict_on_batch(inputs(images.astype("float32"))), "^Expected float images")
    for method in (lambda x: model.predict(x, verbose=0), model.predict_on_batch):
        refused(lambda method=method: method(inputs(np.ma.masked_greater(images, 9))), "^Expected .*without masked")
        refused(lambda method=method: method(tf.sparse.from_dense(images[0, :, :, 0])), "^Expected .*a SparseTensor")
        refused(lambda method=method: method(images[:0]), "^Expected at least one row")
    refused(lambda: model({"image": images}), r"Expected (a list \[images, labels\]|images as one tensor)")
    whole = model.predict(inputs(images), verbose=0)
    assert len(whole) == NUM
    halves = [tuple(part[first : first + 2] for part in (images, *labels)) for first in (0, 2)]
    if case.labels_with_images and hasattr(model, "encode"):
        refused(lambda: model.predict(list(images), verbose=0), "^Expected a list .images, labels.*Received: a tuple")
        forms = [halves, map(list, halves), [(half,) for half in halves], [[list(half)] for half in halves]]
        forms += [Batches(images, *labels), tf.data.Dataset.from_tensor_slices((images, *labels)).batch(2)]
    else:
        np.testing.assert_allclose(model.predict(list(images), verbose=0), whole, atol=1e-6)
        forms = [[half[0] for half in halves], [list(half[0]) for half in halves], Batches(images)]
    for form in forms:
        batches = iter(form) if isinstance(form, list) else form
        np.testing.assert_allclose(model.predict(batches, verbose=0), whole, atol=1e-6)


def test_none_in_a_batch_is_refused_with_one_sentence():
    case = next(case for case in cases_with("encode") if not case.has_labels)
    images = case.data(NUM)[0]

    class WithNone(Batches):
        def __getitem__(self, index):
            return super().__getitem__(index)[0], None

    for method in (case.build().fit, case.build().predict):
        refused(
            lambda method=method: method(WithNone(images), verbose=0), "^Expected batches of one structure, .* None"
        )


for_codes_in = for_kinds(
    lambda case: bool(case.model_class.conditions),
    cases_with(
        such_that=lambda case: (
            hasattr(case.model_class, "latent_sample")
            and not hasattr(case.model_class, "encode")
            and bool(case.model_class.conditions) == case.has_labels  # labels, and no other conditions
        )
    ),
)


@for_codes_in
def test_images_of_codes_by_call_and_predict_are_in_0_to_1_and_conditions_are_checked(case, built):
    model = built(case)
    z = np.asarray(model.latent_sample(NUM, 0))
    given = {
        each.name: each.check(np.zeros((NUM, *each.spec.shape[1:]), each.spec.dtype.as_numpy_dtype))
        for each in model.conditions
    }
    inputs = [z, *given.values()] if given else z
    for images in (np.asarray(model(inputs)), model.predict(inputs, verbose=0)):
        assert images.min() >= 0.0 and images.max() <= 1.0
        np.testing.assert_allclose(images * 255.0, model.generate(NUM, seed=0, **given), atol=0.51)
    if given:
        wanted = ", ".join(["z", *given])
        refused(lambda: model(z), rf"Expected a list \[{wanted}\]")
        refused(lambda: model.predict([z, np.full(NUM, 99)], verbose=0), "Expected labels in")
        refused(lambda: model([z, np.full(NUM, 0.5, "float32")]), "Expected integer labels")
        refused(lambda: model([z, np.zeros((NUM, 1), "int32")]), r"Expected labels of shape \(n,\). .* shape \(4, 1\)")
        model.predict([z, np.zeros(NUM, "int32")], verbose=0)  # traced for labels of one shape, then for any
        refused(lambda: model.predict([z, np.zeros((NUM, 1), "int32")], verbose=0), r"Expected labels of shape \(n,\)")


def test_images_of_keras_own_readers_are_understood_or_refused(tmp_path):
    case = next(case for case in cases_with("latent_sample") if case.has_labels)
    model = case.build()
    height, width, channels = case.args["image_shape"]
    images, _ = case.data(8)
    for index, image in enumerate(images):
        folder = tmp_path / f"class_{index % 2}"
        folder.mkdir(exist_ok=True)
        Image.fromarray(image[:, :, 0] if channels == 1 else image).save(folder / f"{index}.png")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = keras.utils.image_dataset_from_directory(
            tmp_path,
            image_size=(height, width),
            color_mode="grayscale" if channels == 1 else "rgb",
            batch_size=4,
            verbose=False,
        )
    refused(lambda: model.fit(dataset, verbose=0), "divide pixels of 0..255 by 255, or cast them to uint8")
    model.fit(dataset.map(lambda image, label: (tf.cast(image, tf.uint8), label)), verbose=0)


@for_kinds(lambda case: type(case.model_class.data_kind))
def test_data_set_without_an_end_needs_a_number_of_steps(case, built):
    model, parts = built(case), case.data(NUM)
    endless = dataset_of(*parts).repeat()
    refused(lambda: model.fit(endless, verbose=0), "Expected steps_per_epoch for a data set")
    refused(lambda: model.evaluate(endless, verbose=0), "Expected steps for a data set")
    refused(lambda: model.fit(dataset_of(*parts), validation_data=endless, verbose=0), "Expected validation_steps for")


@for_kinds(lambda case: type(case.model_class.data_kind))
def test_iterators_are_taken_like_generators_and_what_holds_no_batches_is_refused(case, built):
    model, parts = built(case), case.data(NUM)
    model.evaluate(map(tuple, batches_of(*parts)), verbose=0)
    for wrong in (pathlib.Path("x"), lambda: parts, object(), range(3)):
        refused(lambda wrong=wrong: model.fit(wrong, verbose=0), "Expected .*Received: x=")


def test_call_does_not_round_pixels_before_it_checks_and_scales_them():
    """In half precision, Keras would cast the arguments of a model: 1.003 would be 1.0, and grey levels would move."""
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4, dtype="mixed_bfloat16")
    images = np.random.default_rng(0).random((2, 8, 8, 1)).astype("float32")
    seen = []
    model.to_network = lambda images, to_network=model.to_network: seen.append(images) or to_network(images)
    model(images)
    np.testing.assert_array_equal(seen[0], images)
    refused(lambda: model(np.full((2, 8, 8, 1), 1.003, "float32")), "Expected float images with values in 0..1")
