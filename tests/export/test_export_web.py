"""The web page as a folder: its content for each view, what it refuses, and which folders it replaces."""

import json
import re
import resource
import shutil
import subprocess

import numpy as np
import pytest
from cases import CASES, for_cases, one_of_each
from exports import content
from litert_js import ROOT, fake_packages, real_packages

import keras_genzoo
from keras_genzoo import latent, presets
from keras_genzoo.export import ExportError, _web_codes, _web_runtime, export_model, runners, web
from keras_genzoo.families import BaseAutoencoder, BaseGAN, BaseTranslator, BinaryMachine
from keras_genzoo.families.conditions import ClassCondition, Condition
from keras_genzoo.families.exporting import ExportFunction, sample_inputs
from keras_genzoo.families.priors import (
    JoinedPrior,
    MixturePrior,
    NormalPrior,
    OneHotPrior,
    SpherePrior,
    UniformPrior,
)
from keras_genzoo.latent import codes, leading_directions
from keras_genzoo.models.bigan import BiGAN

# View of the page for the models of a family.
VIEWS = {
    BaseTranslator: "translator",
    BaseAutoencoder: "encoder_decoder",
    BiGAN: "encoder_decoder",
    BaseGAN: "latent",
    BinaryMachine: "chain",
    object: "classifier",
}
WITHOUT_VIEW = {"ladder_vae", "pixel_vae", "vq_vae"}  # whose codes, or images, the page cannot draw
SIGNATURES = {
    "latent": ["serving_default"],
    "encoder_decoder": ["serving_default", "encode"],
    "translator": None,  # its directions
    "chain": ["serving_default"],
    "classifier": ["serving_default"],
}
# One row for each view, those with classes first.
LABELLED_FIRST = sorted((case for case in CASES if case.model_class.web_view), key=lambda case: not case.has_labels)
ONE_OF_EACH = one_of_each(lambda case: case.model_class.web_view, LABELLED_FIRST)
WITH_CODES = one_of_each(
    lambda case: case.model_class.web_view, [case for case in LABELLED_FIRST if hasattr(case.model_class, "prior")]
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Function from a row of the table to its model, the folder of its page and the report, made once."""
    folder, made = tmp_path_factory.mktemp("pages"), {}

    def get(case):
        if str(case) not in made:
            model = case.build()
            made[str(case)] = model, folder / str(case), model.export(folder / str(case), format="web", num_samples=4)
        return made[str(case)]

    return get


@pytest.fixture(scope="module")
def tiny():
    return keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=3, base_filters=4, seed=0)


def manifest_of(folder):
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))


def test_every_model_of_the_zoo_has_the_view_of_its_family():
    for case in CASES:
        view = next(view for cls, view in VIEWS.items() if issubclass(case.model_class, cls))
        view = None if case.name in WITHOUT_VIEW else view
        assert case.model_class.web_view == view, case


@for_cases(ONE_OF_EACH)
def test_manifest_says_what_the_files_are(pages, case):
    model, folder, report = pages(case)
    manifest = manifest_of(folder)
    view = case.model_class.web_view
    assert (manifest["format"], manifest["view"], manifest["model"]) == (web.FORMAT, view, case.name)
    assert manifest["image_shape"] == list(case.args["image_shape"])
    signatures = SIGNATURES[view] or [str(direction) for direction in model.directions]
    if case.has_labels and "decoder" in manifest:  # one file for classes and their mixtures
        signatures = ["mix", *signatures[1:]]
    assert manifest.get("decoder", signatures[0]) == signatures[0]
    assert list(manifest["functions"]) == signatures == list(report.signatures) == list(report.parity)
    for name, function in manifest["functions"].items():
        export_function = model.export_functions()[name]
        assert (folder / function["file"]).stat().st_size == function["bytes"]
        for key, (spec, *_) in export_function.inputs.items():
            assert function["inputs"][key] == {"dtype": spec.dtype.name, "shape": [1, *spec.shape[1:]]}
        assert set(function["outputs"]) == set(export_function.outputs)
    if case.has_labels:
        numbers = [str(label) for label in range(case.args["num_classes"])]
        assert manifest["class_names"] == list(case.args.get("class_names", numbers))
    else:
        assert manifest["class_names"] is None
    assert manifest["data"] is None and manifest["quantization"] is None


@for_cases(ONE_OF_EACH)
def test_files_are_those_of_the_report_and_of_the_manifest(pages, case):
    _, folder, report = pages(case)
    on_disk = {name: len(data) for name, data in content(folder).items()}
    assert report.sizes == on_disk and set(report.files) == set(on_disk)
    assert manifest_of(folder)["files"] == sorted(on_disk)
    assert {"index.html", "start.js", "main.js", "worker.js", "style.css", "model.json"} < set(on_disk)
    json.dumps(report.to_dict())


@for_cases(ONE_OF_EACH)
def test_files_compute_what_the_model_computes(pages, case):
    model, folder, _ = pages(case)
    for name, function in manifest_of(folder)["functions"].items():
        export_function = model.export_functions()[name]
        inputs = sample_inputs(export_function, 3, seed=9)
        received = runners.litert_runner(folder / function["file"], name)(inputs)
        for key, value in export_function.compute(inputs).items():
            np.testing.assert_allclose(received[key], value, rtol=1e-4, atol=1e-4)


@for_cases(WITH_CODES)
def test_manifest_has_the_leading_directions_of_codes(pages, case):
    model, folder, _ = pages(case)
    manifest = manifest_of(folder)
    vectors, eigenvalues = leading_directions(model, num=min(8, model.latent_dim))
    if model.prior.kind != "normal":
        vectors, eigenvalues = [], []
    np.testing.assert_allclose(manifest["directions"]["vectors"], vectors, atol=1e-6)
    np.testing.assert_allclose(manifest["directions"]["eigenvalues"], eigenvalues, rtol=1e-5)
    assert manifest["latent_dim"] == model.latent_dim
    assert manifest["prior"] == manifest["source"] == model.prior.parts() and manifest["walks"] == []
    inputs = [("label", "label_weights")] if case.has_labels else []
    assert [(each["input"], each["weights"]) for each in manifest["conditions"]] == inputs
    encode = model.export_functions().get("encode")
    assert manifest.get("code") == (encode.outputs[0] if encode else None)


def test_every_file_that_the_page_names_is_there(pages):
    _, folder, _ = pages(ONE_OF_EACH[0])
    used = set()
    for file in (*folder.glob("*.js"), *folder.glob("*.html")):
        text = file.read_text(encoding="utf-8")
        used |= set(re.findall(r'(?:from |import\(|src="|src = "|href=")"?(?:\./)?([\w./]+\.(?:js|css))', text))
        used |= set(re.findall(r'"\./(\w+\.js)"', text)) | set(re.findall(r'new Worker\("([\w.]+)"\)', text))
    assert {"main.js", "worker.js", "view_chain.js", "style.css", "start.js", "runtime.js"} <= used
    assert used <= set(content(folder))
    assert {name for name in content(folder) if name.endswith((".js", ".css"))} == used


def test_files_of_the_page_are_short():
    for file in web._PAGE.iterdir():
        lines = file.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 300 and max(map(len, lines)) <= 120, file.name


def test_title_and_licence_come_from_the_card_and_are_escaped(tmp_path):
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[4], latent_dim=2)
    card = {"name": "<b>cats & dogs", "model": "vae", "data": {"title": "Pets", "license": "CC BY 4.0"}}
    presets.save_preset(model, tmp_path / "preset", card=card)
    model.export(tmp_path / "page", format="web", preset=tmp_path / "preset")
    manifest = manifest_of(tmp_path / "page")
    assert manifest["title"] == "<b>cats & dogs" and manifest["data"] == {"title": "Pets", "license": "CC BY 4.0"}
    index = (tmp_path / "page/index.html").read_text(encoding="utf-8")
    assert "<title>&lt;b&gt;cats &amp; dogs</title>" in index and "<b>cats" not in index
    assert "VAE: the variational autoencoder, with" in index and "{{" not in index


def test_options_name_title_classes_and_quantization(tmp_path):
    model = keras_genzoo.build("classifier", image_shape=(8, 8, 1), num_classes=2, base_filters=4)
    options = dict(title="Cats", class_names=["cat", "dog"], quantization="float16")
    report = model.export(tmp_path / "page", format="web", **options)
    manifest = manifest_of(tmp_path / "page")
    assert (manifest["title"], manifest["class_names"], manifest["quantization"]) == ("Cats", ["cat", "dog"], "float16")
    assert report.quantization == "float16" and report.format == "web"


# -- the runtime ------------------------------------------------------------------------------------------------------


def test_page_loads_a_fixed_version_from_the_public_address(pages):
    _, folder, _ = pages(ONE_OF_EACH[0])
    runtime = manifest_of(folder)["runtime"]
    core, utils = (f"https://cdn.jsdelivr.net/npm/@litertjs/{name}@2.5.3" for name in ("core", "wasm-utils"))
    assert runtime["version"] == "2.5.3"
    assert (runtime["core"], runtime["utils"]) == (f"{core}/dist/index.js", f"{utils}/dist/index.js")
    assert runtime["wasm"]["compat"]["wasm"] == f"{core}/wasm/litert_wasm_compat_internal.wasm"


@pytest.mark.parametrize("inner", ["", "node_modules"])
def test_page_with_a_local_runtime_loads_nothing_from_outside(tiny, tmp_path, inner):
    packages = fake_packages(tmp_path / "npm" / inner)
    tiny.export(tmp_path / "page", format="web", runtime=tmp_path / "npm")
    page = content(tmp_path / "page")
    copied = {name.removeprefix("runtime/"): data for name, data in page.items() if name.startswith("runtime/")}
    assert set(copied) == set(_web_runtime._paths())
    assert all((packages / name).read_bytes() == data for name, data in copied.items())
    runtime = manifest_of(tmp_path / "page")["runtime"]
    wasm = [address for kind in runtime["wasm"].values() for address in (kind["glue"], kind["wasm"])]
    assert {runtime["core"], runtime["utils"], *wasm} <= set(page)
    own = [data for name, data in page.items() if not name.startswith("runtime/") and not name.endswith(".tflite")]
    # what is left is the sentence that says how to serve the folder
    addresses = {address for data in own for address in re.findall(rb"(?:https?:)?//[\w-]+[.:][\w./:-]+", data)}
    assert addresses == {b"http://localhost:8000."}


def test_runtime_of_another_version_is_refused(tiny, tmp_path):
    fake_packages(tmp_path / "npm", version="2.4.0")
    with pytest.raises(ValueError, match=r"npm install @litertjs/core@2\.5\.3.* Received: version 2\.4\.0"):
        tiny.export(tmp_path / "page", format="web", runtime=tmp_path / "npm")
    assert not (tmp_path / "page").exists()


def test_runtime_with_a_missing_file_is_refused(tiny, tmp_path):
    fake_packages(tmp_path / "npm")
    (tmp_path / "npm/@litertjs/core/wasm/litert_wasm_internal.wasm").unlink()
    with pytest.raises(ValueError, match=r"Expected @litertjs/core/wasm/litert_wasm_internal\.wasm in runtime"):
        tiny.export(tmp_path / "page", format="web", runtime=tmp_path / "npm")


def test_version_is_the_one_that_continuous_integration_and_documents_install():
    for name in (".ci/run", "docs/browser.md"):
        assert f"@litertjs/core@{_web_runtime.VERSION}" in (ROOT / name).read_text(encoding="utf-8")


def test_stated_sizes_are_those_of_the_packages():
    packages = real_packages()
    if packages is None:
        pytest.skip("needs the npm package @litertjs/core: set GENZOO_LITERT_JS to its node_modules")
    for stem, size in _web_runtime._WASM.values():
        assert (packages / f"@litertjs/core/wasm/{stem}.wasm").stat().st_size == size


# -- what is refused, and what is replaced ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantization": "int4"}, "quantization='int4'"),
        ({"runtime": "nowhere"}, "Expected runtime as a folder with the packages.* Received: runtime='nowhere'"),
        ({"preset": "dcgn_mnist"}, "did you mean 'dcgan_mnist'"),
        ({"preset": "vae_mnist"}, "Expected a preset of dcgan. Received: preset='vae_mnist'"),
        ({"class_names": ["a"]}, "Expected no class_names: dcgan has no classes"),
        ({"tolerance": 0.0}, "Expected tolerance above 0"),
        ({"num_samples": 0}, "Expected num_samples to be an integer"),
        ({"signature": "encode"}, "Expected options that format 'web' takes"),
        ({"path": "page.tflite"}, "Expected the path of a folder for a web page"),
        ({"model": "dcgan"}, "Expected a model of the zoo"),
    ],
)
def test_wrong_option_names_what_is_expected_and_writes_nothing(tiny, tmp_path, options, message):
    options = {"model": tiny, **options}
    with pytest.raises(ValueError, match=message):
        export_model(path=tmp_path / options.pop("path", "page"), format="web", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("names", ["ab", ["a"], ["a", 1]])
def test_class_names_are_one_string_per_class(tmp_path, names):
    model = keras_genzoo.build("classifier", image_shape=(8, 8, 1), num_classes=2, base_filters=4)
    with pytest.raises(ValueError, match="Expected class_names as 2 strings"):
        model.export(tmp_path / "page", format="web", class_names=names)


def test_model_without_a_view_is_refused(tiny, monkeypatch):
    function = ExportFunction(None, {"sound": None}, ("image",))
    with pytest.raises(ExportError, match=r"Received: 'latent', inputs \['sound'\] and outputs \['image'\]"):
        web.view_of(tiny, {"serving_default": function})
    monkeypatch.setattr(type(tiny), "web_view", None)
    with pytest.raises(ExportError, match="Expected a model that has a web page. Received: .*, which has none"):
        web.view_of(tiny, {"serving_default": function})


def with_prior(monkeypatch, model, prior):
    monkeypatch.setattr(type(model), "prior", property(lambda self: prior))
    return model


def test_codes_of_other_priors_are_stated_without_directions(tiny, tmp_path, monkeypatch):
    prior = JoinedPrior(OneHotPrior(2), UniformPrior(1))
    with_prior(monkeypatch, tiny, prior).export(tmp_path / "page", format="web")
    manifest = manifest_of(tmp_path / "page")
    assert manifest["prior"] == [{"kind": "one_hot", "dim": 2}, {"kind": "uniform", "dim": 1}]
    assert manifest["directions"] == {"vectors": [], "eigenvalues": []}


def test_codes_that_the_page_cannot_draw_are_refused(tiny, tmp_path, monkeypatch):
    class Cauchy(NormalPrior):
        kind = "cauchy"

    with pytest.raises(ExportError, match="Expected a prior with parts normal, uniform, one_hot, .* Received: cauchy"):
        with_prior(monkeypatch, tiny, JoinedPrior(NormalPrior(1), Cauchy(2))).export(tmp_path / "page", format="web")
    assert list(tmp_path.iterdir()) == []


def test_conditions_that_the_page_cannot_set_are_refused(tiny, monkeypatch):
    class Texts(ClassCondition):
        pass

    class Other(Condition):
        check = default = draw = spec = range = bounds = None

    monkeypatch.setattr(type(tiny), "conditions", (Texts("words", 2), Other("sounds", False)))
    with pytest.raises(ExportError, match="Expected conditions that are classes or real .* Received: sounds, a Other"):
        _web_codes.describe(tiny, {}, None)


def test_sampler_that_the_page_cannot_draw_from_is_refused(tmp_path):
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4)
    model.fit_sampler("two_stage", np.random.default_rng(0).random((20, 8, 8, 1), "float32"))
    with pytest.raises(ExportError, match="of a sampler of mixture, aggregate, for a web page. Received: a fitted two"):
        model.export(tmp_path / "page", format="web")
    assert list(tmp_path.iterdir()) == []


# -- directions ------------------------------------------------------------------------------------------------------


def test_given_directions_have_sliders_of_their_names_in_place_of_leading_ones(tiny, tmp_path):
    latent.save_directions(tmp_path / "found.npz", tiny, {"width": [10, 0, 0], "<b>": [0, 1, 1]})
    edits = {"cat": np.eye(3)[2]}
    tiny.export(tmp_path / "page", format="web", directions=tmp_path / "found.npz", edit_classes=edits)
    manifest = manifest_of(tmp_path / "page")
    assert manifest["directions"]["vectors"] == []
    assert [group["option"] for group in manifest["walks"]] == ["directions", "edit_classes"]
    width, other = manifest["walks"][0]["sliders"]
    assert width == {"name": "width", "limit": 0.5, "vector": [10.0, 0.0, 0.0]}  # five standard deviations
    assert (other["name"], other["limit"], other["vector"]) == ("<b>", 4.0, [0.0, 1.0, 1.0])
    assert manifest["walks"][1]["sliders"] == [{"name": "cat", "limit": 5.0, "vector": [0.0, 0.0, 1.0]}]


def test_range_of_a_slider_fits_the_prior(tiny, monkeypatch):
    for prior, limit in ((UniformPrior(3), 3.0), (SpherePrior(3), 3.0)):  # 5 / sqrt(3), the deviation of an element
        with_prior(monkeypatch, tiny, prior)
        (group,) = _web_codes.walks(tiny, "latent", directions={"a": [0, 0, 1]})
        assert group["sliders"][0]["limit"] == limit


@pytest.mark.parametrize(
    ("name", "directions", "message"),
    [
        ("dcgan", {"a": [1.0, 0.0]}, r"Expected the direction 'a' as numbers of shape \(n, 3\).* of shape \(1, 2\)"),
        ("dcgan", {"a": [0.0, 0.0, 0.0]}, "Expected one vector of any length but 0 as the direction 'a'"),
        ("dcgan", {"a": np.eye(3)}, "as the direction 'a'. Received: 3 vectors"),
        ("dcgan", {"a": [0.0, 1.0, np.nan]}, "Expected the direction 'a' as finite numbers"),
        ("dcgan", {}, "Expected directions with names"),
        ("dcgan", {"": [1, 0, 0]}, "Expected directions with names"),
        ("dcgan", "other.npz", "Received: those of another model, dcgan with other weights, in '.*other.npz'"),
        ("dcgan", "vae.npz", "Received: those of another model, vae, in '.*vae.npz'"),
        ("dcgan", "broken.npz", "Expected a file of latent.save_directions"),
        ("cyclegan", {"a": [1.0, 0.0, 0.0]}, "Expected no directions: cyclegan has no codes"),
        ("categorical_vae", {"a": [1.0, 0.0, 0.0]}, "Expected codes that can move by small steps"),
    ],
)
def test_directions_that_do_not_fit_are_refused_before_anything_is_written(tiny, tmp_path, name, directions, message):
    model = tiny if name == "dcgan" else keras_genzoo.build(name, image_shape=(8, 8, 1))
    if isinstance(directions, str):
        small = dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=4, seed=1)
        others = {each: keras_genzoo.build(each, **small) for each in ("dcgan", "vae")}
        latent.save_directions(tmp_path / "other.npz", others["dcgan"], np.eye(3))
        latent.save_directions(tmp_path / "vae.npz", others["vae"], np.eye(3))
        (tmp_path / "broken.npz").write_bytes((tmp_path / "vae.npz").read_bytes()[:300])
        directions = tmp_path / directions
    before = content(tmp_path)
    with pytest.raises(ValueError, match=message):
        model.export(tmp_path / "page", format="web", directions=directions)
    assert content(tmp_path) == before


# -- the arithmetic of the page ----------------------------------------------------------------------------------------


def computed(folder, modules, script):
    """What a script prints as JSON that imports modules of the page, named in it `./codes.mjs` and so on."""
    for name in modules:
        text = (web._PAGE / f"{name}.js").read_text(encoding="utf-8")
        (folder / f"{name}.mjs").write_text(text.replace('.js";', '.mjs";'), encoding="utf-8")
    (folder / "run.mjs").write_text(script, encoding="utf-8")
    done = subprocess.run(["node", folder / "run.mjs"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


with_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")


@with_node
def test_page_walks_along_several_directions_as_python_does(tiny, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    mixture = MixturePrior(np.zeros(2, "float32"), np.eye(2, 3, dtype="float32"), np.ones((2, 3), "float32"))
    bases = [[0, 0, 0], [0.3, -0.9, 0.5], [1e-6, 0, 0], [40, -30, 2], [0, 0, 1], *rng.standard_normal((3, 3))]
    directions = np.float32([[1, 0, 0], [0.6, 0.8, 0], [-0.6, 0.8, 1e-3], [1e3, 2e3, 0], [0, 0, 2]])
    distances = [[0] * 5, [5, -5, 5, 0, 0.1], [0, 0, 0, 5e-3, 0], [-1, 0, 0, 0, -0.5], [1e-7, 0, 0, 0, 0]]
    for prior, shell_dim in (
        (NormalPrior(3), 3),
        (NormalPrior(3), 4),
        (UniformPrior(3), 3),
        (SpherePrior(3), 3),
        (mixture, 3),
    ):
        with_prior(monkeypatch, tiny, prior)
        monkeypatch.setattr(codes, "SHELL_DIM", shell_dim)
        script = f"""
            import {{walked}} from "./codes.mjs";
            const [bases, vectors, all] = {json.dumps([np.float32(bases).tolist(), directions.tolist(), distances])};
            const steps = (each) => vectors.map((vector, i) => ({{vector, distance: each[i]}}));
            const walk = (base, each) => walked(base, steps(each), {json.dumps(codes.place_of_mass(tiny))});
            console.log(JSON.stringify(bases.map((z) => all.map((each) => [...walk(Float32Array.from(z), each)]))));
        """
        received = computed(tmp_path, ["codes"], script)
        for base, row in zip(np.float32(bases), received, strict=True):
            for each, z in zip(distances, row, strict=True):
                vector = np.float64(each) @ directions  # no step at all is one of length 0 in any direction
                vector, distance = (vector, 1.0) if vector.any() else (directions[0], 0.0)
                expected = latent.walk(tiny, base, vector, [distance])[0, 0]
                np.testing.assert_allclose(z, expected, rtol=2e-5, atol=2e-5 * max(1, np.abs(base).max()))


@with_node
def test_page_draws_conditions_as_generate_does(tmp_path):
    model = keras_genzoo.build("infogan", image_shape=(8, 8, 1), base_filters=4, code_sizes=[3, 7], num_factors=5)
    described = _web_codes.describe(model, {}, None)["conditions"]
    assert [(each["kind"], each["input"]) for each in described] == [
        ("class", "code"),
        ("class", "code2"),
        ("real", "factor"),
    ]
    script = f"""
        import {{defaults, mixed}} from "./conditions.mjs";
        const conditions = {json.dumps(described)};
        const rows = [0, 1, 5, 1000].map((index) => defaults(conditions, 2 ** 40 + 7, index));
        const between = (t) => mixed(conditions, rows[0], rows[1], t);
        console.log(JSON.stringify([...rows, between(0.25), between(0.5)]));
    """
    assert [each.get("weights") for each in described] == [None] * 3  # without the signature that takes them
    *rows, quarter, half = computed(tmp_path, ["conditions", "random"], script)
    for condition in model.conditions:
        expected = [np.asarray(condition.default(2**40 + 7, index, 1))[0] for index in (0, 1, 5, 1000)]
        assert np.array_equal([row[condition.input] for row in rows], expected)
    np.testing.assert_allclose(
        quarter["factor"], 0.75 * np.array(rows[0]["factor"]) + 0.25 * np.array(rows[1]["factor"])
    )
    assert (quarter["code"], half["code"]) == (0, 1)


@pytest.mark.filterwarnings("ignore:labels=2 is the class 'c'")  # a name that is the number of another class
@with_node
def test_page_mixes_classes_as_python_does_and_names_them(tmp_path):
    model = keras_genzoo.build(
        "cgan", image_shape=(8, 8, 1), base_filters=4, num_classes=3, class_names=["2", "b", "c"]
    )
    described = _web_codes.describe(model, model.export_functions(), None)
    assert described["decoder"] == "mix"
    script = f"""
        import {{decoderInputs, mixed, named}} from "./conditions.mjs";
        const conditions = {json.dumps(described["conditions"])};
        const path = [0, 0.25, 0.5, 0.75, 1].map((t) => mixed(conditions, {{label: 0}}, {{label: 2}}, t));
        path.push(mixed(conditions, path[2], {{label: 1}}, 0.5), mixed(conditions, {{label: 1}}, {{label: 1}}, 0.3));
        const weights = path.map((values) => decoderInputs(conditions, values));
        console.log(JSON.stringify([path, weights, path.map((values) => named(conditions, values))]));
    """
    path, weights, names = computed(tmp_path, ["conditions", "random"], script)
    assert [each["label"] for each in (path[0], path[4], path[6])] == [0, 2, 1]  # of one class, its number
    expected = [*latent.class_path(model, [0, 2], 4), [0.25, 0.5, 0.25], [0, 1, 0]]
    np.testing.assert_allclose([each["label_weights"] for each in weights], expected, atol=1e-7)
    assert names[0] == ", 2" and names[1] == ", 2 (75 %) and c (25 %)"
    assert names[5] == ", 2 (25 %), b (50 %), and c (25 %)"


@with_node
def test_thin_lines_of_the_pad_are_single_pixels(tmp_path):
    strokes = {
        "dot": [[2.5, 3.5], [2.9, 3.1]],
        "corner": [[0.5, 0.5], [3.5, 0.5], [3.5, 2.5]],
        "slope": [[0.5, 0.5], [4.5, 2.5]],
        "steps": [[0.5, 0.5], [1.2, 0.6], [1.4, 1.3], [2.1, 1.4], [2.3, 2.2]],  # a diagonal, drawn slowly
    }
    script = f"""
        import {{linePixels}} from "./pixel_lines.mjs";
        const strokes = {json.dumps(strokes)};
        const thin = Object.entries(strokes).map(([name, points]) => [name, linePixels(points, 1)]);
        const wide = [1, 2, 3, 4].map((width) => linePixels([[5.5, 5.5]], width).length);
        console.log(JSON.stringify([Object.fromEntries(thin), wide]));
    """
    thin, wide = computed(tmp_path, ["pixel_lines"], script)
    assert thin["dot"] == [[2, 3]] and thin["steps"] == [[0, 0], [1, 1], [2, 2]]
    assert thin["corner"] == [[0, 0], [1, 0], [2, 0], [3, 1], [3, 2]]  # without the pixel at the corner
    assert [x for x, _ in thin["slope"]] == [0, 1, 2, 3, 4] and wide == [1, 4, 9, 12]


@with_node
@pytest.mark.parametrize("kind", ["mixture", "aggregate"])
def test_page_draws_codes_of_a_fitted_sampler_as_generate_does(tmp_path, kind):
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4, seed=0)
    model.fit_sampler(kind, np.random.default_rng(0).random((40, 8, 8, 1), "float32"), size=4)
    described = _web_codes.describe(model, {"encode": ExportFunction(None, {}, ("z_mean",))}, None)
    script = f"""
        import {{fromNormal, noiseDim}} from "./codes.mjs";
        import {{normalRow}} from "./random.mjs";
        const source = {json.dumps(described["source"])};
        const rows = [...Array(40).keys()].map((index) => fromNormal(normalRow(3, index, noiseDim(source)), source));
        console.log(JSON.stringify(rows.map((z) => [...z])));
    """
    received = computed(tmp_path, ["codes", "random"], script)
    np.testing.assert_allclose(received, latent.sample(model, 40, seed=3), atol=1e-5)
    assert not described["truncation"] and described["prior"] == [{"kind": "normal", "dim": 2}]


@with_node
def test_page_draws_and_interpolates_codes_as_the_prior_does(tmp_path):
    rng = np.random.default_rng(0)
    means, scales = rng.standard_normal((2, 3, 4)).astype("float32")
    triangular = np.tril(rng.standard_normal((3, 4, 4)), -1).astype("float32")
    triangular += np.apply_along_axis(np.diag, -1, np.exp(scales))
    mixtures = [
        MixturePrior(np.log([0.2, 0.5, 0.3], dtype="float32"), means, each) for each in (np.exp(scales), triangular)
    ]
    simple = OneHotPrior(4), UniformPrior(3), NormalPrior(5), SpherePrior(3), NormalPrior(2)
    prior = JoinedPrior(*simple[:2], *mixtures, *simple[2:])
    normal = rng.standard_normal((2, prior.noise_dim)).astype("float32")
    normal[:, 7], normal[:, 12] = (-2.0, 0.3), (-2.0, 2.0)  # different components
    script = f"""
        import {{between, fromNormal, noiseDim}} from "./codes.mjs";
        const prior = {json.dumps(prior.parts())};
        if (noiseDim(prior) !== {prior.noise_dim}) throw new Error(noiseDim(prior));
        const [a, b] = {json.dumps(normal.tolist())}.map((row) => fromNormal(Float32Array.from(row), prior));
        console.log(JSON.stringify([a, b, ...[0.2, 0.5, 0.8].map((t) => between(a, b, t, prior))].map((z) => [...z])));
    """
    codes = np.asarray(prior.from_normal(normal))
    ways = np.asarray(prior.interpolate(codes[:1], codes[1:], np.float32([0.2, 0.5, 0.8])))[0]
    np.testing.assert_allclose(computed(tmp_path, ["codes"], script), [*codes, *ways], atol=5e-6)


def test_page_stays_unless_overwrite_succeeds(tiny, tmp_path, monkeypatch):
    page = tmp_path / "page"
    tiny.export(page, format="web", title="first")
    before = content(tmp_path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        tiny.export(page, format="web")
    monkeypatch.setattr(_web_codes, "leading_directions", lambda *_, **__: 1 / 0)  # the last thing that is computed
    with pytest.raises(ZeroDivisionError):
        tiny.export(page, format="web", title="second", overwrite=True)
    assert content(tmp_path) == before
    monkeypatch.undo()
    tiny.export(page, format="web", title="second", overwrite=True, runtime=fake_packages(tmp_path / "npm"))
    assert manifest_of(page)["title"] == "second" and (page / "runtime").is_dir()
    tiny.export(page, format="web", title="third", overwrite=True)
    assert manifest_of(page)["title"] == "third" and not (page / "runtime").exists()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("thesis.txt", "years", "which holds other files"),
        ("model.json", '{"modelTopology": {}}', "which holds other files"),
        ("model.json", "[1]", "which holds other files"),
        ("saved_model.pb", "", "which holds other files"),
    ],
)
def test_folder_of_other_files_is_never_overwritten(tiny, tmp_path, file, text, message):
    (tmp_path / file).write_text(text)
    with pytest.raises(FileExistsError, match=message):
        tiny.export(tmp_path, format="web", overwrite=True)
    assert content(tmp_path) == {file: text.encode()}


def test_page_to_which_somebody_added_a_file_is_not_overwritten(tiny, tmp_path):
    page = tmp_path / "page"
    tiny.export(page, format="web")
    (page / ".git").mkdir()
    (page / ".git" / "HEAD").write_text("ref: main")
    before = content(page)
    with pytest.raises(FileExistsError, match=r"and nothing else to overwrite\. .* which holds '\.git/HEAD'"):
        tiny.export(page, format="web", overwrite=True)
    assert content(page) == before


def test_unwritable_place_is_one_clear_error(tiny, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="^Could not write '.*page': .* is not a folder"):
        tiny.export(tmp_path / "file" / "page", format="web")


def test_full_disk_is_one_clear_error_and_leaves_the_old_page(tiny, tmp_path):
    page = tmp_path / "page"
    tiny.export(page, format="web")
    before = content(tmp_path)
    large = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=8, base_filters=64)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # a write beyond it fails as on a full disk
    try:
        with pytest.raises(OSError, match=r"^Could not write '.*page': File too large\. Nothing there was changed\.$"):
            large.export(page, format="web", overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert content(tmp_path) == before
