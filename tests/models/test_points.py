"""Models of points: what they take, what they refuse, and that each fully connected model trains on them."""

import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, POINTS, for_cases, moved, state

import keras_genzoo
from keras_genzoo.data import draw_points, load, load_arrays
from keras_genzoo.models.dcgan import INITIAL_WEIGHTS

ROWS = {case.name: case for case in POINTS}
FULLY_CONNECTED = [
    case
    for index, case in enumerate(CASES)
    if "mlp" in getattr(case.model_class.arguments().get("network"), "choices", ())
    and case.name not in [other.name for other in CASES[:index]]
]


def options_of_discriminator(case):
    return getattr(case.model_class, "discriminator_options", None)


@pytest.fixture(scope="module")
def gan():
    return ROWS["gan"].build()


@pytest.fixture(scope="module")
def vae():
    return ROWS["vae"].build()


@for_cases(FULLY_CONNECTED)
def test_a_model_with_fully_connected_networks_trains_on_points(case):
    known = case.model_class.arguments()
    fits = {"network": "mlp", "likelihood": "gaussian", "binarize": False, "augmentations": (), "hidden_units": (6,)}
    fits |= {"stage_filters": None, "group_size": None}
    changes = {key: value for key, value in fits.items() if key in known} | {"image_shape": (2,)}
    if "augmentation_target" in known:
        changes["augmentation_target"] = 0.0
    model = case.build(**changes)
    points, modes = draw_points("ring8", 12)
    labels = (modes % case.args["num_classes"],) if case.has_labels else ()
    logs = model.train_step((points, *labels))
    assert all(np.isfinite(float(value)) for value in logs.values())
    made = model.generate(3, seed=0)
    assert made.shape == (3, 2) and made.dtype == np.float32
    if hasattr(model, "encode"):
        given = {"labels": labels[0]} if labels and case.labels_with_images else {}
        assert model.reconstruct(points, **given).shape == (12, 2)


@for_cases([case for case in FULLY_CONNECTED if options_of_discriminator(case) == INITIAL_WEIGHTS])
def test_deep_fully_connected_networks_pass_on_what_they_see(case):
    """The initial weights of convolutions would shrink it to a fifth in each layer without normalization."""
    known = case.model_class.arguments()
    fits = dict(network="mlp", hidden_units=(64,) * 6, image_shape=(2,), augmentations=(), minibatch_stddev=False)
    fits |= dict(stage_filters=None, group_size=None, augmentation_target=0.0)
    model = case.build(**{key: value for key, value in fits.items() if key in known})
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(50, *each.shape[1:])).astype("float32") for each in model.discriminator.inputs]
    outputs = model.discriminator(given if len(given) > 1 else given[0])
    assert np.std(outputs["logits"] if isinstance(outputs, dict) else outputs) > 0.02


# -- what is taken -----------------------------------------------------------------------------------------------------


def test_containers_of_points_train_alike(gan):
    points, labels = draw_points("points:grid25", 8)
    losses = []
    dataset = tf.data.Dataset.from_tensor_slices((points, labels)).batch(8)
    for data in (points, points.astype("float64"), list(points), points.tolist(), tf.constant(points), dataset):
        options = {} if data is dataset else {"batch_size": 8}
        logs = ROWS["gan"].build().fit(data, shuffle=False, verbose=0, **options).history
        losses.append({key: value[0] for key, value in logs.items()})
    assert all(other == losses[0] for other in losses)


def test_wrong_points_are_refused_and_nothing_is_trained(gan):
    points, _ = draw_points("points:grid25", 8)
    digits, _ = load_arrays("digits", image_size=(8, 8), limit=8)
    before = state(gan)
    wrong = {
        "shape": [points[0], points[:, :1], points[None], digits, points[:0]],
        "dtype": [points.astype("int32"), points.astype(bool), points.astype(str)],
        "values": [points * 100.0, np.where(points > 0.0, np.nan, points), np.where(points > 0.0, np.inf, points)],
    }
    for kind, arrays in wrong.items():
        for array in arrays:
            with pytest.raises(ValueError, match=rf"Expected .*point.* Received: (a {kind}|{kind})"):
                gan.fit(array, verbose=0)
            batches = tf.data.Dataset.from_tensor_slices(array).batch(4) if array.ndim > 1 and len(array) else None
            for use in (gan.fit, gan.evaluate) if batches is not None else ():
                with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
                    use(batches, verbose=0)
    with pytest.raises(ValueError, match="Expected points: points as one array.*Received: a list of 2 items of shapes"):
        gan.fit([[0.0, 1.0], [0.0]], verbose=0)
    changed = moved(before, state(gan))  # a batch refused inside the graph has counted, and has drawn its noise
    assert [key for key in changed if "seed" not in key and "iteration" not in key] == []


def test_methods_on_points_refuse_images_and_wrong_points(vae):
    points = ROWS["vae"].data(4)[0]
    images = np.zeros((4, 8, 8, 1), "float32")
    for use in (vae.encode, vae.reconstruct, vae.log_likelihood, vae.elbo, vae.code_use, vae):
        for wrong in (images, points[0], points[:, 1:], points * 1000.0, points.astype("int32")):
            with pytest.raises(ValueError, match=r"(?s)Expected.*points.*Received"):
                use(wrong)


def test_images_are_asked_of_a_model_of_images():
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), base_filters=4)
    points, _ = draw_points("points:ring8", 4)
    for use in (model.fit, model.encode):
        with pytest.raises(ValueError, match=r"points need a model of points, image_shape=\(n,\)\. Received"):
            use(points)
    with pytest.raises(ValueError, match=r"Expected images.* Received: points:ring8, points of 2 coordinates"):
        load("points:ring8", image_size=(8, 8), channels=1)


def test_points_pass_a_model_in_their_own_units(vae):
    points = ROWS["vae"].data(5)[0]
    np.testing.assert_array_equal(vae.to_network(points), points)
    means = np.asarray(vae.decoder(vae.encode(points)[0]))
    np.testing.assert_allclose(vae.reconstruct(points), means, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(vae.decode(vae.encode(points)[0]), means, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(vae(points), means, rtol=1e-5, atol=1e-6)


def test_a_generator_of_points_reaches_beyond_one(gan):
    for network in (gan.generator, gan.ema_generator):
        kernel, bias = network.layers[-3].weights
        assert kernel.shape[-1] == 2
        bias.assign([4.0, -4.0])
    assert np.abs(gan.generate(50, seed=0) - [4.0, -4.0]).max() < 3.0


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "args", "sentence"),
    [
        ("dcgan", {}, "Expected network='mlp' for points"),
        ("vae", {}, "Expected network='mlp' for points"),
        ("vae", {"network": "mlp"}, "Expected likelihood='gaussian' for points"),
        ("gan", {"augmentations": ("flip",)}, "Expected a model of images for augmentations"),
        ("r3gan", {}, "Expected network='mlp' for points"),
        ("sagan", {}, "sagan has no fully connected networks, which points need"),
        ("ladder_vae", {}, "ladder_vae has no fully connected networks, which points need"),
        ("cyclegan", {}, "cyclegan has no fully connected networks, which points need"),
        ("rbm", {}, "rbm has no fully connected networks, which points need"),
        ("classifier", {}, "classifier has no fully connected networks, which points need"),
    ],
)
def test_what_points_do_not_fit_is_refused_at_once(name, args, sentence):
    with pytest.raises(ValueError, match=rf"{sentence}.* Received: .*image_shape=\(2,\)"):
        keras_genzoo.build(name, image_shape=(2,), **args)


def test_features_of_images_are_refused(vae, tmp_path):
    points = ROWS["vae"].data(4)[0]
    uses = (
        lambda: vae.impute(points, np.zeros(3)),
        lambda: vae.export(tmp_path / "page", format="web"),
        lambda: vae.export(tmp_path / "a.tflite", format="litert", image_dtype="uint8"),
        lambda: keras_genzoo.plots.save_traversals(vae, points, tmp_path / "a.png"),
        lambda: keras_genzoo.evaluate(vae, "points:ring8", ["reconstruction_mse"]),
        lambda: keras_genzoo.evaluate(vae, "points:ring8", features="mnist"),
    )
    for use in uses:
        with pytest.raises(ValueError, match="Expected .*Received"):
            use()
    assert not [*tmp_path.iterdir()]


# -- export ------------------------------------------------------------------------------------------------------------


def test_exported_points_are_called_point(vae, tmp_path):
    vae = vae.copy_as("float32")  # the sampler is for this test alone
    vae.fit_sampler("mixture", ROWS["vae"].data(8)[0], 2)
    report = vae.export(tmp_path / "model", format="saved_model")
    decoders = {"serving_default", "decode", "generate", "interpolate", "reconstruct", "sample"}
    assert set(report.signatures) == {*decoders, "encode"}
    points = ROWS["vae"].data(4)[0]
    served = tf.saved_model.load(report.path).signatures
    assert all(list(served[name].structured_outputs) == ["point"] for name in decoders)
    made = served["reconstruct"](point=tf.constant(points))
    np.testing.assert_allclose(made["point"], vae.reconstruct(points), rtol=1e-5, atol=1e-6)
    drawn = served["generate"](seed=tf.constant(3, tf.int64), num=tf.constant(2), start=tf.constant(1, tf.int64))
    np.testing.assert_allclose(drawn["point"], vae.generate(2, seed=3, start=1), rtol=1e-5, atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected point with values in -100..100"):
        served["reconstruct"](point=tf.constant(points * 1000.0))
