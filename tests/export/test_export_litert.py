"""LiteRT files: quantization, integer inputs and outputs, the choice of the fastest, and what the report states."""

import json
import math

import numpy as np
import pytest
from cases import CASES
from exports import shaken

import keras_genzoo
from keras_genzoo.export import ExportError, Latency, Parity, conversion, export_quality, litert, parity, variants
from keras_genzoo.export.runners import litert_runner


@pytest.fixture(scope="module")
def dcgan():
    return shaken(keras_genzoo.build("dcgan", image_shape=(16, 16, 1), latent_dim=8, base_filters=16), scale=0.01)


@pytest.fixture(scope="module")
def translator():
    (case,) = [case for case in CASES if str(case) == "cyclegan"]
    return shaken(case.build(), scale=0.01)


def noise(model, num=20):
    return np.random.default_rng(3).integers(0, 256, (num, *model.image_shape), dtype=np.uint8)


def test_rewritten_file_has_no_transposed_convolution_and_gives_the_same(dcgan, tmp_path):
    z = np.random.default_rng(0).standard_normal((5, 8)).astype("float32")
    images, names = {}, {}
    for rewrite in (False, True):
        path = tmp_path / f"{rewrite}.tflite"
        report = dcgan.export(path, format="litert", rewrite=rewrite, measure=False)
        assert report.max_error < 1e-5
        names[rewrite] = conversion.operators(path.read_bytes())
        images[rewrite] = litert_runner(path, "serving_default")({"z": z})["image"]
    assert "TRANSPOSE_CONV" in names[False] and "TRANSPOSE_CONV" not in names[True]
    np.testing.assert_allclose(images[True], images[False], atol=1e-5)


def test_report_states_memory_and_latency_at_one_and_two_threads(dcgan, tmp_path):
    report = dcgan.export(tmp_path / "a.tflite", format="litert")
    (variant,) = report.variants
    assert variant.quantization == "float32" and variant.size == report.size
    assert {threads: latency.threads for threads, latency in variant.latency.items()} == {1: 1, 2: 2}
    assert all(latency.median_ms > 0.0 for latency in variant.latency.values())
    largest = 4 * 16 * 16 * 16  # the last feature map alone, in bytes
    assert largest < variant.arena < 20 * largest
    report.save(tmp_path / "report.json")
    stored = json.loads((tmp_path / "report.json").read_text())
    assert stored["variants"][0]["arena"] == variant.arena
    assert stored["parity"]["serving_default"]["psnr"] == pytest.approx(report.parity["serving_default"].psnr)
    with pytest.raises(ValueError, match=r"end in \.json"):
        report.save(tmp_path / "report.txt")


def test_quantized_file_needs_less_memory(dcgan, tmp_path):
    exact, quantized = dcgan.export(tmp_path / "a.tflite", format="litert", quantization="int8").variants
    assert (exact.quantization, quantized.quantization) == ("float32", "int8")
    assert quantized.arena < 0.5 * exact.arena and quantized.size == (tmp_path / "a.tflite").stat().st_size


def test_file_of_integers_takes_and_gives_bytes_with_stated_scales(dcgan, tmp_path):
    path = tmp_path / "bytes.tflite"
    options = dict(format="litert", quantization="int8", measure=False)
    report = dcgan.export(path, io_dtype="int8", **options)
    (signature,) = report.signatures.values()
    assert signature == {"inputs": {"z": ("int8", (1, 8))}, "outputs": {"image": ("int8", (1, 16, 16, 1))}}
    assert set(report.scales) == {"z", "image"}
    runner = litert_runner(path, "serving_default")
    z = np.random.default_rng(0).standard_normal((1, 8)).astype("float32")
    scale, zero_point = report.scales["z"]
    integers = np.clip(np.round(z / scale) + zero_point, -128, 127).astype("int8")
    raw = runner.signature(z=integers)["image"]
    scale, zero_point = report.scales["image"]
    assert raw.dtype == np.int8
    np.testing.assert_allclose(runner({"z": z})["image"], scale * (raw.astype("float32") - zero_point), atol=1e-6)
    assert 0.0 < scale < 1.05 / 255  # the pixels reach less than the whole range
    plain = dcgan.export(tmp_path / "floats.tflite", **options)
    assert plain.scales == {} and report.max_error < plain.max_error + 3 / 255


def test_int8_of_a_translator_is_measured_on_given_images(translator, tmp_path):
    with pytest.raises(ValueError, match="Expected images to calibrate the activations of 'serving_default' on"):
        translator.export(tmp_path / "a.tflite", format="litert", quantization="int8")
    assert list(tmp_path.iterdir()) == []
    reports, source = {}, translator.float32_copy()
    for name, images in {"noise": noise(translator), "black": noise(translator) // 64}.items():
        converter = litert.LiteRTConverter(source, images=images)
        calibrating, comparing = converter.split_images(4)
        drawn = np.concatenate([batch["image"] for batch in converter.calibration_batches(calibrating)])
        drawn = {image.tobytes() for image in np.rint(255 * drawn).astype("uint8")}
        compared, given = ({image.tobytes() for image in some} for some in (comparing, images))
        assert (len(drawn), len(compared)) == (16, 4) and drawn | compared == given
        assert {image.tobytes() for image in images[:4]} != compared  # images may come class by class
        assert all((part == images).all() for part in converter.split_images(16))  # too few to keep some apart
        path = tmp_path / f"{name}.tflite"
        options = dict(format="litert", quantization="int8", measure=False, images=images)
        translator.export(path, **options)
        inputs = {"image": noise(translator).astype("float32") / 255}
        expected = translator.translate(noise(translator)) / 255
        reports[name] = np.abs(litert_runner(path, "serving_default")(inputs)["image"] - expected).mean()
    assert reports["noise"] < reports["black"]  # ranges that were measured on dark images clip bright ones


def latencies_like(*times):
    """`Latency` by number of threads, 1 and then 2."""
    return {n: Latency(time, time, time, 1, 1, n, "litert", 1) for n, time in enumerate(times, 1)}


class FakeConverter:
    """Converts to files of known sizes and errors."""

    def __init__(self, errors, broken=()):
        self.errors, self.broken = errors, broken

    def convert(self, quantization, num_samples, tolerance):
        if quantization in self.broken:
            raise variants.ExportError("no such op")
        error = self.errors[quantization]
        result = Parity(error, error, error, 1, "float32")
        return litert.ConvertedFile(quantization, str(quantization).encode(), result, {}, {})


@pytest.mark.parametrize(
    ("times", "errors", "chosen", "marks"),
    [
        ((4.0, 3.0, 2.0, 1.0), (0.0, 0.001, 0.002, 0.003), "int8", [(), (), (), ()]),
        ((4.0, 3.0, 2.0, 1.0), (0.0, 0.001, 0.002, 0.02), "dynamic", [(), (), (), ("loss above 0.01",)]),
        ((1.0, 3.0, 2.0, 1.04), (0.0,) * 4, None, [(), *[("slower than float32 at 1 and 2 threads",)] * 2, ()]),
    ],
)
def test_fastest_file_within_the_stated_loss_is_chosen(monkeypatch, times, errors, chosen, marks):
    latencies = [latencies_like(time, time) for time in times]
    monkeypatch.setattr(variants, "latencies_of", lambda files, rounds=1: latencies[: len(files)])
    converter = FakeConverter(dict(zip(litert.QUANTIZATIONS, errors, strict=True)))
    file, report = variants.choose_fastest(converter, litert.QUANTIZATIONS, 16, 1e-3, 0.01)
    assert file.quantization == chosen
    assert [variant.marks for variant in report] == marks


@pytest.mark.parametrize(
    ("times", "mark"),
    [((2.0, 1.0), "at 1 thread"), ((1.0, 2.0), "at 2 threads"), ((2.0, 2.0), "at 1 and 2 threads"), ((1.0, 1.0), None)],
)
def test_quantized_file_is_marked_beside_float32(monkeypatch, times, mark):
    latencies = [latencies_like(1.0, 1.0), latencies_like(*times)]
    monkeypatch.setattr(variants, "latencies_of", lambda files, rounds=1: latencies[: len(files)])
    converter = FakeConverter({None: 0.0, "float16": 1e-6})
    files = [converter.convert(quantization, 16, None) for quantization in (None, "float16")]
    slower = () if mark is None else (f"slower than float32 {mark}",)
    for max_loss, marks in ((0.01, slower), (1e-9, (*slower, "loss above 1e-09"))):
        assert [variant.marks for variant in variants.measure(files, max_loss)] == [(), marks]


def test_quantized_file_is_measured_with_the_float32_file(monkeypatch, dcgan, tmp_path):
    latencies = [latencies_like(1.0, 1.0), latencies_like(2.0, 1.0)]
    monkeypatch.setattr(variants, "latencies_of", lambda files, rounds=1: latencies[: len(files)])
    report = dcgan.export(tmp_path / "a.tflite", format="litert", quantization="float16", max_loss=1e-9)
    assert [variant.quantization for variant in report.variants] == ["float32", "float16"]
    marks = ("slower than float32 at 1 thread", "loss above 1e-09")
    assert [variant.marks for variant in report.variants] == [(), marks]


def test_kind_of_file_that_cannot_be_made_is_reported_and_left_out(monkeypatch):
    monkeypatch.setattr(variants, "latencies_of", lambda files, rounds=1: [latencies_like(1.0, 1.0)] * len(files))
    converter = FakeConverter(dict.fromkeys(litert.QUANTIZATIONS, 0.0), broken=("int8",))
    file, report = variants.choose_fastest(converter, litert.QUANTIZATIONS, 16, 1e-3, 0.01)
    assert file.quantization is None
    assert [variant.problem for variant in report] == [None, None, None, "no such op"]


def test_auto_writes_one_of_the_files_that_it_measured(dcgan, tmp_path):
    report = dcgan.export(tmp_path / "auto.tflite", format="litert", quantization="auto")
    assert [variant.quantization for variant in report.variants] == ["float32", "float16", "dynamic", "int8"]
    chosen = {variant.quantization: variant for variant in report.variants}[variants.name_of(report.quantization)]
    assert chosen.size == report.size == (tmp_path / "auto.tflite").stat().st_size
    assert chosen.latency[1].median_ms == min(
        variant.latency[1].median_ms for variant in report.variants if variant.parity.mean_error <= 0.01
    )


def test_loss_of_quality_is_none_for_float32_and_grows_with_the_error(tmp_path):
    model = shaken(keras_genzoo.build("dcgan", image_shape=(28, 28, 1), latent_dim=8, base_filters=8), scale=0.02)
    model.export(tmp_path / "a.tflite", format="litert", measure=False)
    options = dict(features="mnist", num_images=64)
    exact = export_quality(model, tmp_path / "a.tflite", **options)
    assert exact.distance < 1e-3 and exact.fid_before is None and exact.features == "mnist"
    real = keras_genzoo.data.load_arrays("digits", image_size=(28, 28), limit=100)[0]
    judged = export_quality(model, tmp_path / "a.tflite", reference=real, **options)
    assert judged.fid_after == pytest.approx(judged.fid_before, rel=1e-3) and judged.num_real == 100
    model.generator.layers[1].kernel.assign(0.5 * model.generator.layers[1].kernel)  # no longer what was exported
    model.ema_generator.set_weights(model.generator.get_weights())
    changed = export_quality(model, tmp_path / "a.tflite", reference=real, **options)
    assert changed.distance > 100 * exact.distance and changed.fid_after == pytest.approx(judged.fid_after, rel=1e-6)
    for signature in ("generate", "interpolate"):
        with pytest.raises(ValueError, match="Expected a signature from codes to images"):
            export_quality(model, tmp_path / "a.tflite", signature=signature, **options)


@pytest.mark.parametrize(
    ("shape", "message"), [((2, 3, 3, 3), r"Received: .*\(2, 3, 3, 3\)"), ((0, 8, 8, 3), "Expected at least one image")]
)
def test_images_that_the_model_cannot_take_are_refused(translator, tmp_path, shape, message):
    shape = shape if shape[0] else (0, *translator.image_shape)
    with pytest.raises(ValueError, match=message):
        translator.export(tmp_path / "a.tflite", format="litert", images=np.zeros(shape, "uint8"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["cgan", "cvae-conv_bernoulli"])
def test_file_with_labels_is_measured(tmp_path, name):
    (case,) = [case for case in CASES if str(case) == name]
    (variant,) = case.build().export(tmp_path / "a.tflite", format="litert").variants
    assert variant.latency[2].median_ms > 0.0


def test_file_that_the_runtime_refuses_is_one_sentence():
    with pytest.raises(ExportError, match="Expected a file that LiteRT runs. Received: "):
        litert_runner(b"no model at all" * 10, "serving_default")


def test_psnr_is_that_of_the_mean_squared_error():
    expected = np.zeros((1, 4), "float32")
    found = parity.compare({"image": expected}, {"image": np.float32([[0.1, -0.1, 0.1, 0.1]])}, 1)
    assert found.psnr == pytest.approx(20.0, abs=1e-4)
    assert math.isinf(parity.compare({"image": expected}, {"image": expected}, 1).psnr)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(quantization="int4"), "int8"),
        (dict(io_dtype="int8"), "Expected io_dtype='int8' with quantization='int8'"),
        (
            dict(io_dtype="int8", quantization="int8", image_dtype="uint8"),
            "Received: quantization='int8', image_dtype=",
        ),
        (dict(io_dtype="uint8", quantization="int8"), "io_dtype"),
        (dict(quantization="auto", max_loss=0.0), "Expected max_loss above 0"),
        (dict(max_loss=0.1), "Expected max_loss with a quantization"),
        (dict(quantization="int8", max_loss=0.1, measure=False), "Expected measure=True with max_loss"),
        (dict(tolerance="a"), "Expected tolerance above 0. Received: tolerance='a'"),
        (dict(quantization="auto", measure=False), "Expected measure=True with quantization='auto'"),
        (dict(measure=1), "measure"),
        (dict(images=np.zeros((2, 16, 16, 1))), "Expected no images: 'serving_default' has no image input"),
        (dict(batch_size=0), "batch_size"),
    ],
    ids=str,
)
def test_bad_options_are_one_clear_sentence_and_write_nothing(dcgan, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        dcgan.export(tmp_path / "a.tflite", format="litert", **options)
    assert list(tmp_path.iterdir()) == []


def test_label_counts_as_much_in_8_bits_as_in_float32(tmp_path):
    """The converter gives the ones of a one-hot operation the scale of the codes that they stand beside."""
    args = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=8, num_classes=3)
    model = shaken(keras_genzoo.build("cgan", **args), scale=0.01)
    options = dict(quantization="int8", measure=False, num_samples=64)
    report = model.export(tmp_path / "a.tflite", format="litert", **options)
    assert "ONE_HOT" not in conversion.operators((tmp_path / "a.tflite").read_bytes())
    assert report.parity["serving_default"].mean_error < 0.002  # with a one-hot operation 0.0028
