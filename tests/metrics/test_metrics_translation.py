"""Measures of translations against loops, and `evaluate` on matched images of two domains."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genzoo import metrics
from keras_genzoo.metrics import Reference, evaluate, translation_l1

SHAPE = (9, 8, 3)
NAMES = ["translation_l1", "translation_ssim"]


def draw(n, seed=0, shape=SHAPE):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype="uint8")


class Translator:
    """Halves the pixels one way and inverts them the other."""

    image_shape = SHAPE
    directions = ("a_to_b", "b_to_a")

    def translate(self, images, direction):
        return images // 2 if direction == "a_to_b" else 255 - images


class OneWay(Translator):
    directions = ("b_to_a",)


def loop_l1(images, others):
    total = [abs(int(x) - int(y)) for x, y in zip(images.ravel(), others.ravel(), strict=True)]
    return sum(total) / len(total)


def test_l1_equals_a_loop_over_pixels():
    images, others = draw(70), draw(70, seed=1)
    each = [loop_l1(a, b) for a, b in zip(images, others, strict=True)]
    np.testing.assert_allclose(translation_l1(images, others, per_image=True), each, rtol=1e-12)
    assert translation_l1(images, others) == pytest.approx(np.mean(each), rel=1e-12)
    assert translation_l1(images / 255.0, others) == pytest.approx(np.mean(each), rel=1e-9)


def test_l1_is_0_for_equal_images_and_255_from_black_to_white():
    assert translation_l1(draw(3), draw(3)) == 0.0
    assert translation_l1(np.zeros((2, *SHAPE), "uint8"), np.full((2, *SHAPE), 255, "uint8")) == 255.0


@pytest.mark.parametrize("others", [draw(2), draw(3)[:, 1:], draw(3).astype("float32")])
def test_l1_refuses_what_cannot_be_compared(others):
    with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
        translation_l1(draw(3), others)
    with pytest.raises(ValueError, match="n >= 1"):
        translation_l1(draw(3)[:0], draw(3)[:0])


def test_values_of_both_directions_stand_beside_those_of_copying():
    images, target = draw(20), draw(20, seed=1)
    results = evaluate(Translator(), (images, target))
    assert list(results) == NAMES
    for name, measure in zip(NAMES, (translation_l1, metrics.ssim), strict=True):
        each = measure(target, images // 2, per_image=True)
        assert results[name]["value"] == pytest.approx(each.mean(), rel=1e-9)
        assert results[name]["standard_error"] == pytest.approx(each.std(ddof=1) / 20**0.5, rel=1e-9)
        assert results[name]["b_to_a"] == pytest.approx(measure(images, 255 - target), rel=1e-9)
        assert results[name]["copy"] == pytest.approx(measure(images, target), rel=1e-9)
    assert results["translation_l1"]["protocol"] == {
        "n_real": 20,
        "data": "array",
        "seed": 0,
        "direction": "a_to_b",
        "pixels": "0..255",
    }
    assert results["translation_ssim"]["protocol"]["window"] == "Gaussian 7x7, sigma 1.5"
    assert json.loads(json.dumps(results)) == results


def test_a_model_of_one_direction_has_that_value_alone():
    images, target = draw(6), draw(6, seed=1)
    result = evaluate(OneWay(), (images, target), "translation_l1")["translation_l1"]
    assert result["value"] == pytest.approx(translation_l1(images, 255 - target))
    assert result["protocol"]["direction"] == "b_to_a"
    assert not {"a_to_b", "b_to_a"} & set(result)


def test_translations_do_not_depend_on_the_chunk(monkeypatch):
    data = draw(20), draw(20, seed=1)
    whole = evaluate(Translator(), data)
    monkeypatch.setattr("keras_genzoo.metrics.evaluation._CHUNK", 7)
    assert evaluate(Translator(), data) == whole


@pytest.fixture
def file(tmp_path):
    """An npz file of two arrays of 30 images, the last twenty of which are for testing."""
    path = tmp_path / "two.npz"
    np.savez(path, one=draw(30), two=draw(30, seed=1), split=(np.arange(30) >= 10).astype("uint8"))
    return f"npz:{path}"


def test_both_domains_are_loaded_from_one_file_by_their_keys(file):
    options = {"image_key": "one", "image_key_b": "two"}
    result = evaluate(Translator(), file, "translation_l1", data_options=options)["translation_l1"]
    assert result["value"] == pytest.approx(translation_l1(draw(30, seed=1)[10:], draw(30)[10:] // 2))
    assert (result["protocol"]["n_real"], result["protocol"]["split"]) == (20, "test")


def test_both_domains_are_loaded_from_two_files(file, tmp_path):
    np.savez(tmp_path / "b.npz", x_test=draw(20, seed=2))
    options = {"image_key": "one", "source_b": f"npz:{tmp_path / 'b.npz'}", "label_key": None}
    result = evaluate(Translator(), file, "translation_l1", data_options=options)["translation_l1"]
    assert result["copy"] == pytest.approx(translation_l1(draw(30)[10:], draw(20, seed=2)))


def test_fewer_images_are_the_same_rows_of_both_domains(file):
    options = {"image_key": "one", "image_key_b": "two"}
    result = evaluate(Translator(), file, "translation_l1", 5, seed=4, data_options=options)["translation_l1"]
    rows = np.sort(np.random.default_rng(4).choice(20, 5, replace=False)) + 10
    assert result["copy"] == pytest.approx(translation_l1(draw(30)[rows], draw(30, seed=1)[rows]))
    assert result["protocol"]["n_real"] == 5


def test_perfect_translator_of_folders_with_a_broken_file_has_no_error(tmp_path):
    for number in range(12):
        for domain, value in (("a", 20 * number), ("b", 10 * number)):
            (tmp_path / domain / "test").mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 9), (value,) * 3).save(tmp_path / domain / "test" / f"{number}.png")
    (tmp_path / "a/test/3.png").write_bytes(b"")
    (tmp_path / "b/test/7.png").unlink()
    options = {"source_b": f"folder:{tmp_path / 'b'}"}
    with pytest.warns(UserWarning):
        result = evaluate(Translator(), f"folder:{tmp_path / 'a'}", "translation_l1", data_options=options)
    assert result["translation_l1"]["value"] == 0.0
    assert result["translation_l1"]["protocol"]["n_real"] == 10


@pytest.mark.parametrize("batched", [True, False])
def test_datasets_of_pairs_give_both_domains(batched):
    images, target = draw(12), draw(12, seed=1)
    dataset = tf.data.Dataset.from_tensor_slices((images, target))
    result = evaluate(Translator(), dataset.batch(5) if batched else dataset, "translation_l1", 8)["translation_l1"]
    assert result["copy"] == pytest.approx(translation_l1(images[:8], target[:8]))


def test_a_reference_may_hold_the_target():
    images, target = draw(12), draw(12, seed=1)
    result = evaluate(Translator(), Reference(images, target=target / 255.0), "translation_l1")["translation_l1"]
    assert result["copy"] == pytest.approx(translation_l1(images, target))


def test_images_that_do_not_match_are_refused(file):
    with pytest.raises(ValueError, match="Expected matched images of both domains.*Received: images of one domain"):
        evaluate(Translator(), draw(5))
    for data in ((draw(5), draw(4)), (draw(5), draw(5)[:, 1:])):
        with pytest.raises(ValueError, match=r"Expected one image of the second domain for each.*Received"):
            evaluate(Translator(), data)
    with pytest.raises(ValueError, match="Expected one image of the second domain"):
        Reference(draw(5), target=draw(4))
    with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
        evaluate(Translator(), (draw(5), draw(5) / 1.0))


def test_metrics_of_translation_need_a_translator():
    with pytest.raises(ValueError, match="Expected a model with a method 'translate'"):
        evaluate(object(), (draw(3), draw(3)), "translation_l1")


def test_psnr_equals_its_formula():
    images, others = draw(4), draw(4, seed=1)
    errors = ((images.astype(float) - others) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(metrics.psnr(images, others, per_image=True), 10 * np.log10(255**2 / errors), rtol=1e-9)
    assert metrics.psnr(images, images) == pytest.approx(10 * np.log10(255**2 / 0.01))


def test_errors_of_cycles_and_of_what_should_stay():
    images, target = draw(5), draw(5, seed=1)
    results = evaluate(Translator(), (images, target), ["cycle_l1", "identity_l1"])
    assert results["cycle_l1"]["value"] == pytest.approx(translation_l1(images, 255 - images // 2))
    assert results["cycle_l1"]["b_to_a, a_to_b"] == pytest.approx(translation_l1(target, (255 - target) // 2))
    assert results["identity_l1"]["value"] == pytest.approx(translation_l1(target, target // 2))
    assert results["identity_l1"]["b_to_a"] == pytest.approx(translation_l1(images, 255 - images))


def test_a_cycle_needs_both_directions():
    with pytest.raises(ValueError, match="both directions for the metric 'cycle_l1'. Received: OneWay.*b_to_a"):
        evaluate(OneWay(), (draw(2), draw(2, seed=1)), "cycle_l1")


def test_kernel_distance_of_translations_is_that_of_their_features():
    pixels = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Rescaling(1 / 255)], name="f")
    images, target = draw(30), draw(30, seed=1) // 2
    result = evaluate(Translator(), (images, target), "translation_kernel_distance", features=pixels)
    result = result["translation_kernel_distance"]
    f = metrics.extractor(pixels)
    assert result["value"] == pytest.approx(metrics.kernel_distance(f(target), f(images // 2)).value)
    assert result["b_to_a"] == pytest.approx(metrics.kernel_distance(f(images), f(255 - target)).value)
    assert result["copy"] == pytest.approx(metrics.kernel_distance(f(target), f(images)).value)
    assert result["value"] < result["copy"] and result["protocol"]["features"] == "f"
