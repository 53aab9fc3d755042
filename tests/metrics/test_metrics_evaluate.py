"""`evaluate`: names, defaults, protocols, floors and the features it computes only once."""

import io
import json
import warnings
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

import keras_genzoo
from keras_genzoo import metrics
from keras_genzoo.families.conditions import ClassCondition
from keras_genzoo.metrics import FeatureExtractor, Reference, evaluate, list_metrics
from keras_genzoo.metrics.table import METRICS
from keras_genzoo.recipes import Recipe

SHAPE = (8, 8, 1)
FEATURE_METRICS = ["frechet_distance", "kernel_distance", "precision", "recall", "density", "coverage"]


def draw(n, seed=0, shape=SHAPE):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype="uint8")


class Generator:
    image_shape = SHAPE

    def generate(self, num, seed=None, start=0):
        rows = [np.random.default_rng([seed, start + i]).integers(0, 200, SHAPE) for i in range(num)]
        return np.array(rows, dtype="uint8").reshape(num, *SHAPE)


class Autoencoder(Generator):
    def reconstruct(self, images):
        return images // 2

    def elbo(self, images, seed, start):
        return self.log_likelihood(images, 1, seed, start) - 1.0

    def log_likelihood(self, images, num_samples, seed, start):
        return -images.mean(axis=(1, 2, 3))


class Classifier:
    image_shape = SHAPE

    def predict_labels(self, images):
        return images[:, 0, 0, 0] % 3


class Counting(FeatureExtractor):
    """Pixels as features; counts the images that went through."""

    name = "counting"

    def __init__(self, prefix=None):
        self.prefix = prefix
        self.count = 0

    def _batch(self, images):
        self.count += len(images)
        return images[:, ::2, ::2]


def features_of(images):
    return images[:, ::2, ::2].reshape(len(images), -1).astype("float32")


def test_values_equal_the_functions_on_the_same_images():
    real, features = draw(60), Counting()
    results = evaluate(Generator(), real, [*FEATURE_METRICS, "sliced_wasserstein"], features=features, seed=4)
    fake_images = Generator().generate(60, seed=4)
    pair = features_of(real), features_of(fake_images)
    for name in ["frechet_distance", "precision", "recall", "density", "coverage"]:
        assert results[name]["value"] == pytest.approx(getattr(metrics, name)(*pair), rel=1e-12), name
    value, error = metrics.kernel_distance(*pair, seed=4)
    assert results["kernel_distance"]["value"] == value
    assert results["kernel_distance"]["standard_error"] == error
    levels = metrics.image_sliced_wasserstein(real, fake_images, seed=4)
    assert results["sliced_wasserstein"]["levels"] == levels
    assert results["sliced_wasserstein"]["value"] == np.mean(list(levels.values()))
    assert features.count == 120  # each image once for six metrics


def test_protocol_states_counts_features_seed_and_source():
    results = evaluate(Generator(), draw(60), FEATURE_METRICS, num_images=40, features=Counting(), seed=1)
    common = {"n_real": 40, "n_fake": 40, "data": "array", "seed": 1, "features": "counting"}
    assert results["frechet_distance"]["protocol"] == common
    assert results["precision"]["protocol"] == common | {"k": 3}
    assert results["coverage"]["protocol"] == common | {"k": 5}
    assert results["kernel_distance"]["protocol"]["subset_size"] == 20


def test_default_metrics_are_what_the_model_can():
    generator = evaluate(Generator(), draw(30), features=Counting())
    assert list(generator) == FEATURE_METRICS
    autoencoder = evaluate(Autoencoder(), draw(30), features=Counting())
    assert list(autoencoder) == [*FEATURE_METRICS, "elbo", "log_likelihood", "reconstruction_mse", "ssim"]
    assert list(evaluate(Classifier(), (draw(30), np.zeros(30, int)))) == ["accuracy"]
    with pytest.raises(ValueError, match="generates, reconstructs or classifies.*Received: object"):
        evaluate(object(), draw(3))


def test_model_metrics_equal_their_functions():
    real = draw(30)
    names = ["elbo", "log_likelihood", "reconstruction_mse", "ssim"]
    results = evaluate(Autoencoder(), real, names, num_samples=7, num_likelihood_images=12, seed=3)
    assert results["elbo"]["value"] == pytest.approx(-real.mean() - 1)
    protocol = {"n_real": 12, "data": "array", "seed": 3, "binarization": "none", "num_samples": 7}
    assert results["log_likelihood"]["protocol"] == protocol
    errors = metrics.mse(real, real // 2, per_image=True)
    assert results["reconstruction_mse"]["value"] == pytest.approx(errors.mean(), rel=1e-12)
    assert results["reconstruction_mse"]["standard_error"] == pytest.approx(errors.std(ddof=1) / 30**0.5, rel=1e-12)
    assert results["ssim"]["value"] == pytest.approx(metrics.ssim(real, real // 2), rel=1e-12)
    assert results["ssim"]["protocol"]["window"] == "Gaussian 7x7, sigma 1.5"


def test_accuracy_counts_right_labels_and_needs_labels():
    images = draw(40)
    labels = images[:, 0, 0, 0] % 3
    labels[:10] += 1
    result = evaluate(Classifier(), (images, labels), "accuracy")["accuracy"]
    assert result["value"] == 0.75
    assert result["standard_error"] == pytest.approx(np.sqrt(0.75 * 0.25 / 39))
    with pytest.raises(ValueError, match="Expected images with labels for the metric 'accuracy'"):
        evaluate(Classifier(), images, "accuracy")
    with pytest.raises(ValueError, match="Expected 40 labels, one integer per image"):
        evaluate(Classifier(), (images, labels[:3]), "accuracy")


@pytest.mark.parametrize("prefix, name", [("classifier", "classifier_fid"), ("inception", "inception_fid")])
def test_frechet_distance_is_named_after_its_features(prefix, name):
    results = evaluate(Generator(), draw(20), ["frechet_distance", name], features=Counting(prefix))
    assert list(results) == [name]
    plain = evaluate(Generator(), draw(20), "frechet_distance", features=Counting())
    assert results[name]["value"] == plain["frechet_distance"]["value"]


@pytest.mark.parametrize(
    "name, prefix", [("classifier_fid", "inception"), ("inception_fid", "classifier"), ("classifier_fid", None)]
)
def test_name_that_contradicts_the_features_is_refused(name, prefix):
    with pytest.raises(ValueError, match=f"{name}.*Received: features 'counting'"):
        evaluate(Generator(), draw(20), name, features=Counting(prefix))


def test_default_features_follow_the_data(monkeypatch):
    asked = []

    def fake_extractor(spec):
        asked.append(spec)
        return Counting("classifier")

    monkeypatch.setattr("keras_genzoo.metrics.reference.extractor", fake_extractor)
    for source in ("tfds:fashion_mnist:3.0.1", "keras:fashion_mnist", "fashion_mnist", "tfds:mnist", "digits"):
        evaluate(Generator(), Reference(draw(20), source=source), "recall")
    for source in ("npz:fashion_mnist.npz", "fashion_mnist/images", "folder:old_fashioned"):
        with pytest.warns(UserWarning, match=f"features='mnist', .* images of '{source}', which does not say"):
            evaluate(Generator(), Reference(draw(20), source=source), "recall")
    with pytest.warns(UserWarning, match="which does not say"):
        evaluate(Generator(), draw(20), "classifier_fid")
    assert [spec for spec in asked if isinstance(spec, str)] == ["fashion_mnist"] * 3 + ["mnist"] * 6

    class Colour(Generator):
        image_shape = (8, 8, 3)

    with pytest.raises(ValueError, match="classifier_fid of colour images"):
        evaluate(Colour(), draw(20, shape=(8, 8, 3)), "classifier_fid")


def test_colour_images_in_features_of_grey_ones_are_told():
    class Colour(Generator):
        image_shape = (8, 8, 3)

        def generate(self, num, seed=None, start=0):
            return draw(num, start, shape=(8, 8, 3))

    with pytest.warns(UserWarning, match="Converted colour images to grey for the features 'counting'.* ignore colour"):
        evaluate(Colour(), draw(20, shape=(8, 8, 3)), "recall", features=Counting("classifier"))
    evaluate(Colour(), draw(20, shape=(8, 8, 3)), "recall", features=Counting("inception"))


def test_weights_of_inception_are_downloaded_only_when_asked_for(monkeypatch, tmp_path):
    class Colour(Generator):
        image_shape = (16, 16, 3)

        def generate(self, num, seed=None, start=0):
            return draw(num, start, shape=(16, 16, 3))

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))  # where they are not
    real = draw(20, shape=(16, 16, 3))
    with pytest.warns(UserWarning, match="Left out frechet_distance, .* ask for them by features='inception'"):
        results = evaluate(Colour(), real)
    assert list(results) == ["sliced_wasserstein"]
    with pytest.raises(
        ValueError, match="Expected features for metrics of colour images: 'inception', which downloads"
    ):
        evaluate(Colour(), real, "recall")


@pytest.mark.parametrize("count, told", [(16, True), (17, False)])
def test_frechet_distance_of_too_few_images_is_told_and_computed(count, told):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = evaluate(Generator(), draw(count), "frechet_distance", features=Counting())["frechet_distance"]
    said = [str(warning.message) for warning in caught]
    assert any("16 images in 16 features, without a correction" in text for text in said) == told
    assert result["protocol"].get("bias") == ("upwards, 16 images for 16 features" if told else None)
    assert result["value"] > 0


def test_protocol_says_what_generated_pixels_are():
    class Probabilities(Generator):
        generated_pixels = "probabilities"

    result = evaluate(Probabilities(), draw(20), "recall", features=Counting(), floor=True)["recall"]
    assert result["protocol"]["generated"] == "probabilities"
    assert "generated" not in result["floor"]["protocol"]


def test_split_that_exists_is_used_with_a_warning(tmp_path):
    for number, image in enumerate(draw(30)):
        Image.fromarray(image[..., 0]).save(tmp_path / f"{number:02}.png")
    with pytest.warns(
        UserWarning, match="Used the split 'train' of folder.*may have been trained: it has no split 'te"
    ):
        result = evaluate(Generator(), f"folder:{tmp_path}", "recall", features=Counting(), floor=True)["recall"]
    assert result["protocol"]["split"] == "train" and result["protocol"]["n_real"] == 30
    assert result["floor"]["protocol"]["second_split"] == "train, second half"
    with pytest.raises(ValueError, match="Expected a split of folder:.*Received: split='tset'"):
        evaluate(Generator(), f"folder:{tmp_path}", "recall", features=Counting(), split="tset")


def test_reference_computes_real_features_once_for_many_models():
    features = Counting()
    reference = Reference(draw(50), features)
    first = evaluate(Generator(), reference, FEATURE_METRICS, num_images=20)
    second = evaluate(Generator(), reference, FEATURE_METRICS, num_images=20, seed=1)
    assert features.count == 50 + 20 + 20
    assert first["recall"]["protocol"]["n_real"] == 50 and first["recall"]["protocol"]["n_fake"] == 20
    assert first["frechet_distance"]["value"] != second["frechet_distance"]["value"]
    with pytest.raises(ValueError, match="features=None with a Reference"):
        evaluate(Generator(), reference, "recall", features="mnist")


def test_reference_without_extractor_names_what_is_missing():
    with pytest.raises(ValueError, match="features=None"):
        _ = Reference(draw(5)).features


def test_floor_between_two_halves_uses_the_features_again():
    real, features = draw(41), Counting()
    results = evaluate(Generator(), real, ["frechet_distance"], features=features, floor=True, seed=2)
    result = results["frechet_distance"]
    order = np.random.default_rng(2).permutation(41)
    halves = features_of(real[order[:20]]), features_of(real[order[20:40]])
    assert result["floor"]["value"] == pytest.approx(metrics.frechet_distance(*halves), rel=1e-12)
    said = result["floor"]["protocol"]
    assert (said["n_real"], said["n_second"]) == (20, 20)
    assert (said["split"], said["second_split"]) == ("first half", "second half")
    assert features.count == 41 + 41


def test_floor_against_a_second_set_and_only_for_metrics_of_two_sets():
    real, second = draw(30), draw(50, seed=1)
    names = ["frechet_distance", "sliced_wasserstein", "reconstruction_mse"]
    results = evaluate(Autoencoder(), real, names, features=Counting(), floor_data=second)
    said = results["frechet_distance"]["floor"]["protocol"]
    assert (said["n_real"], said["n_second"], said["second_data"]) == (30, 30, "array")
    assert "floor" in results["sliced_wasserstein"] and "floor" not in results["reconstruction_mse"]
    whole = evaluate(Generator(), real, "recall", features=Counting(), floor_data=Reference(second))
    assert whole["recall"]["floor"]["protocol"]["n_second"] == 50


@pytest.mark.parametrize(
    "arguments, split, second, n",
    [
        ({}, "test", "train", 40),
        ({"floor_split": None}, "test, first half", "test, second half", 20),
        ({"split": "train[:100]"}, "train[:100], first half", "train[:100], second half", 20),
    ],
)
def test_floor_of_a_source_is_its_other_split_or_two_halves(arguments, split, second, n):
    result = evaluate(Generator(), "digits", "recall", 40, features=Counting(), floor=True, **arguments)
    said = result["recall"]["floor"]["protocol"]
    assert (said["split"], said["second_split"], said["n_real"], said["n_second"]) == (split, second, n, n)


def test_floor_of_one_image_is_refused():
    with pytest.raises(ValueError, match="at least 2 real images"):
        evaluate(Generator(), draw(1), "sliced_wasserstein", floor=True)


def test_sources_are_loaded_in_the_model_s_size_with_split_and_options(monkeypatch):
    calls = []

    def load_arrays(source, **options):
        calls.append((source, options))
        return draw(30), None

    monkeypatch.setattr("keras_genzoo.data.load_arrays", load_arrays)
    options = {"data_dir": "somewhere", "image_size": (99, 99)}
    result = evaluate(Generator(), "tfds:some", "recall", num_images=10, features=Counting(), data_options=options)
    assert calls == [("tfds:some", {"split": "test", "image_size": (8, 8), "channels": 1, "data_dir": "somewhere"})]
    said = result["recall"]["protocol"]
    assert (said["data"], said["split"], said["n_real"]) == ("tfds:some", "test", 10)


def test_real_digits_are_a_source():
    result = evaluate(Autoencoder(), "digits", "ssim", num_images=16)
    assert result["ssim"]["protocol"] == {
        "n_real": 16,
        "data": "digits",
        "split": "test",
        "seed": 0,
        "window": "Gaussian 7x7, sigma 1.5",
    }


@pytest.mark.parametrize("labelled", [False, True])
def test_datasets_give_their_first_images(labelled):
    import tensorflow as tf

    images = draw(30)
    data = (images, np.arange(30)) if labelled else images
    dataset = tf.data.Dataset.from_tensor_slices(data).batch(8).repeat()
    result = evaluate(Autoencoder(), dataset, "reconstruction_mse", num_images=20)["reconstruction_mse"]
    assert result["value"] == metrics.mse(images[:20], images[:20] // 2)
    assert result["protocol"]["data"] == "dataset"


def test_labelled_datasets_give_their_labels():
    import tensorflow as tf

    images = draw(30)
    dataset = tf.data.Dataset.from_tensor_slices((images, images[:, 0, 0, 0] % 3))
    assert evaluate(Classifier(), dataset, "accuracy")["accuracy"]["value"] == 1.0
    assert evaluate(Classifier(), dataset.batch(7), "accuracy", num_images=20)["accuracy"]["value"] == 1.0


def test_empty_dataset_is_refused():
    import tensorflow as tf

    with pytest.raises(ValueError, match="empty dataset"):
        evaluate(Generator(), tf.data.Dataset.from_tensor_slices(draw(2)).batch(2).take(0), "sliced_wasserstein")


def test_float_images_equal_bytes():
    images = draw(20)
    bytes_result = evaluate(Generator(), images, "recall", features=Counting())
    assert evaluate(Generator(), (images / 255).astype("float32"), "recall", features=Counting()) == bytes_result


def test_generated_images_do_not_depend_on_the_chunk(monkeypatch):
    whole = evaluate(Generator(), draw(20), "frechet_distance", features=Counting())
    monkeypatch.setattr("keras_genzoo.metrics.evaluation._CHUNK", 7)
    assert evaluate(Generator(), draw(20), "frechet_distance", features=Counting()) == whole


@pytest.mark.parametrize(
    "names, message",
    [
        ("frechet", "'frechet'; did you mean 'frechet_distance'"),
        (["recall", "densty"], "'densty'; did you mean 'density'"),
        ([], "empty list"),
        ("elbo", "'elbo'.*Received: Generator"),
    ],
)
def test_bad_metric_names_are_refused_before_anything_is_computed(names, message):
    with pytest.raises(ValueError, match=message):
        evaluate(Generator(), "no such data", names)


def test_bad_data_are_refused():
    with pytest.raises(ValueError, match=r"8, 8, 1"):
        evaluate(Generator(), draw(5, shape=(9, 9, 1)), "sliced_wasserstein")
    with pytest.raises(ValueError, match="model's shape"):
        evaluate(Generator(), Reference(draw(5, shape=(9, 9, 1))), "sliced_wasserstein")
    with pytest.raises(ValueError, match="at least one image"):
        evaluate(Generator(), draw(0), "sliced_wasserstein")
    with pytest.raises(ValueError, match="num_images"):
        evaluate(Generator(), draw(5), "sliced_wasserstein", num_images=0)


def test_a_name_in_place_of_a_model_is_refused():
    with pytest.raises(ValueError, match="Expected a model .keras_genzoo.from_preset.* Received: 'dcgan_mnist'"):
        evaluate("dcgan_mnist", "digits")


def test_missing_labels_are_told_before_images_are_generated():
    model = keras_genzoo.build("cvae", image_shape=(8, 8, 1), num_classes=2, network="mlp", hidden_units=(4,))
    model.generate = None
    with pytest.raises(ValueError, match="Expected images with labels for a model that takes them"):
        evaluate(model, draw(5), ["sliced_wasserstein", "elbo"])


def test_one_image_has_no_frechet_distance_and_nan_features_are_refused():
    with pytest.raises(ValueError, match="at least 2 row"):
        evaluate(Generator(), draw(1), "frechet_distance", features=Counting())

    class Broken(Counting):
        def _batch(self, images):
            return super()._batch(images) * np.float32("nan")

    with pytest.raises(ValueError, match="NaN or infinity in 9 of 9 rows"):
        evaluate(Generator(), draw(9), "frechet_distance", features=Broken())


def test_keras_model_as_features():
    model = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten()], name="pixels")
    result = evaluate(Generator(), draw(10), "frechet_distance", features=model)
    assert result["frechet_distance"]["protocol"]["features"] == "pixels"


@pytest.mark.parametrize("progress", [True, False])
def test_progress_bars_are_drawn_on_a_terminal_unless_switched_off(monkeypatch, progress):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("keras_genzoo.utils.progress.PATIENCE", 0.0)
    evaluate(Generator(), draw(600), "recall", features=Counting(), progress=progress)
    drawn = [word in terminal.getvalue() for word in ("generating", "features (counting)", "recall")]
    assert drawn == [progress] * 3


def test_nothing_is_drawn_where_stderr_is_no_terminal(capsys):
    evaluate(Autoencoder(), draw(10), features=Counting())
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_every_row_of_the_table_is_listed_and_well_formed():
    assert list_metrics() == list(METRICS)
    for row in METRICS.values():
        assert row.kind in ("features", "images", "model", "points") and row.better in ("lower", "higher")


def test_results_are_plain_json():
    results = evaluate(Autoencoder(), draw(20), features=Counting(), floor=True)
    assert json.loads(json.dumps(results)) == results


# -- classes asked for -------------------------------------------------------------------------------------------------


class Painter:
    """Paints the class, or the next one for a share of its images, as a grey level of class 50 each."""

    conditions, num_classes, image_shape = (ClassCondition("labels", 4),), 4, (8, 8, 1)

    def __init__(self, wrong=0):
        self.wrong = wrong

    def generate(self, num, seed=0, start=0, labels=None):
        index = np.arange(start, start + num)
        labels = (index % 4 + (index % 10 < self.wrong)) % 4
        return np.broadcast_to((labels * 50)[:, None, None, None], (num, 8, 8, 1)).astype("uint8")


class Reader:
    def predict_labels(self, images):
        return images[:, 0, 0, 0] // 50


def test_gan_test_is_the_share_of_images_of_the_class_asked_for():
    result = metrics.gan_test(Painter(wrong=3), Reader(), Painter(wrong=3).generate(1000))
    assert result["value"] == pytest.approx(0.7)
    assert np.mean(result["classes"]) == pytest.approx(0.7)
    assert metrics.gan_test(Painter(), Reader(), Painter().generate(40))["classes"] == [1.0] * 4


def tiny_classifier(**args):
    return Recipe("classifier", args={"image_shape": (8, 8, 1), "num_classes": 4, "base_filters": 4, **args}, epochs=4)


def test_gan_test_needs_a_classifier_of_the_same_classes():
    reader = Reader()
    reader.model = SimpleNamespace(num_classes=10)
    with pytest.raises(ValueError, match="Expected a classifier of the 4 classes of the model. Received: one of 10"):
        metrics.gan_test(Painter(), reader, Painter().generate(8))


def test_labels_of_a_folder_of_other_classes_are_refused(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "test" / name).mkdir(parents=True)
        Image.fromarray(draw(1)[0, ..., 0]).save(tmp_path / "test" / name / "1.png")

    class Ten(Classifier):
        num_classes = 10

    with pytest.raises(ValueError, match=r"Expected num_classes=2, .*\(cat, dog\). Received: num_classes=10"):
        evaluate(Ten(), f"folder:{tmp_path}", "accuracy")


def test_gan_train_tells_a_generator_of_the_right_classes_from_one_of_the_wrong_ones():
    labels = np.arange(40) % 4
    images = Painter().generate(40)
    good, bad = (
        metrics.gan_train(Painter(wrong), tiny_classifier(), images, labels, num_train=2000) for wrong in (0, 10)
    )
    assert good["value"] == 1.0 and bad["value"] == 0.0
    assert good["protocol"] == {"n_train": 2000, "train_seed": 1, "recipe": "", "epochs": 4}


def test_gan_train_needs_a_classifier_of_the_same_classes():
    with pytest.raises(ValueError, match="Expected a model with num_classes=5.*Received: 4"):
        metrics.gan_train(Painter(), tiny_classifier(num_classes=5), None, None)


def test_metrics_of_classes_need_a_model_that_takes_labels():
    with pytest.raises(ValueError, match="Expected a model that takes labels for the metric 'gan_test'. Received: Gen"):
        evaluate(Generator(), draw(5), "gan_test")


def test_labels_go_with_the_images_to_a_model_that_takes_them():
    images, labels = draw(9), np.arange(9)

    class Labelled(Autoencoder):
        conditions, seen = (ClassCondition("labels", 9),), []

        def reconstruct(self, images, labels):
            self.seen.append(labels)
            return images

    result = evaluate(Labelled(), (images, labels), "reconstruction_mse")["reconstruction_mse"]
    assert result["value"] == 0.0
    np.testing.assert_array_equal(np.concatenate(Labelled.seen), labels)
    with pytest.raises(ValueError, match="Expected images with labels.*Received: images alone"):
        evaluate(Labelled(), images, "reconstruction_mse")


@pytest.mark.parametrize(
    "metrics, argument, sentence",
    [
        ("reconstruction_mse", {"sampler": "prior"}, "Expected no sampler: it changes nothing in reconstruction_mse"),
        (["elbo"], {"features": "mnist"}, "Expected no features: it changes nothing in elbo. Received: 'mnist'"),
        (["elbo"], {"floor": True}, "Expected no floor"),
        (["sliced_wasserstein"], {"binarization": "dynamic"}, "Expected no binarization"),
        ("ssim", {"data_options": {"image_key": "x"}}, "Expected no data_options for images that are given"),
    ],
)
def test_arguments_that_no_metric_reads_are_refused(metrics, argument, sentence):
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), base_filters=4)
    with pytest.raises(ValueError, match=sentence):
        evaluate(model, np.zeros((4, 8, 8, 1), "uint8"), metrics, **argument)


def test_a_classifier_is_trained_on_images_of_the_sampler_that_is_asked_for():
    class Sampled(Painter):
        samplers, fit_sampler, asked = {}, None, []

        def generate(self, num, seed=0, start=0, sampler=None):
            self.asked.append(sampler)
            return super().generate(num, seed, start)

    recipe = tiny_classifier().override({"epochs": 1})
    metrics.gan_train(Sampled(), recipe, Painter().generate(4), np.arange(4), num_train=8, sampler="prior")
    assert set(Sampled.asked) == {"prior"}
