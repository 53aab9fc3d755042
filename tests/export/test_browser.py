"""The web page in a real browser: its pixels are those of the Python runtime, and its controls do what they say.

Needs Chromium with its driver, the package selenium, and the npm package @litertjs/core, whose folder of packages the
environment variable GENZOO_LITERT_JS names (default: node_modules in the project). Where one is missing, the tests are
skipped, or fail with GENZOO_REQUIRE_BROWSER=1.
"""

import json
import os
import re
import shutil
from urllib.parse import urlsplit

import browsing
import numpy as np
import pytest
from cases import CASES
from litert_js import real_packages
from PIL import Image

import keras_genzoo
from keras_genzoo import latent, sampling
from keras_genzoo.export import runners

LEVELS = 2  # grey levels that two runtimes may differ by
READER = "semi_supervised_aae"  # whose encoder reads the class
ROWS = ("cyclegan", "rbm", "classifier", "cvae-conv_bernoulli", "infogan", f"{READER}-conv")
TINY = {case.name: case for case in CASES if str(case) in ROWS}
PUBLIC = "https://cdn.jsdelivr.net/npm/@litertjs/core/dist/index.js"  # requested by one test, and by no other
STEPS = {"width": [1.0, 0.5, 0.0, -1.0, 0.2], "<b>slant</b> to the right": [0.0, 1.0, 1.0, 0.0, 0.0]}  # of infogan
EDITS = {"cat": [0.3, 0.0, 0.0, 0.9, 0.0]}
PAGES = ("cgan", "cgan_int8", *(name for name in TINY if name != READER))


def with_contrast(model):
    """The model with larger weights: those of a fresh one give flat pictures, which no comparison can tell apart."""
    for variable in model.network_variables:
        if len(variable.shape) > 1:
            variable.assign(3.0 * variable)
    return model


@pytest.fixture(scope="module")
def needs():
    """All that the tests need is there, or they are skipped before a model is built."""
    reason = browsing.missing()
    if reason:
        (pytest.fail if os.environ.get("GENZOO_REQUIRE_BROWSER") == "1" else pytest.skip)(reason)


@pytest.fixture(scope="module")
def models(needs):
    """The model of each page: a trained one, and small ones of the other families."""
    cgan = keras_genzoo.build("cgan", weights="mnist")
    tiny = {name: with_contrast(case.build()) for name, case in TINY.items()}
    with_contrast(with_contrast(tiny["infogan"]))  # whose initial weights are smaller
    return {"cgan": cgan, "cgan_int8": cgan, **tiny}


@pytest.fixture(scope="module")
def site(models, tmp_path_factory):
    """The pages, on a server."""
    folder = tmp_path_factory.mktemp("site")
    for name, model in models.items():
        options = {"preset": "cgan_mnist"} if name.startswith("cgan") else {}
        options |= {"directions": STEPS, "edit_classes": EDITS} if name == "infogan" else {}
        options |= {"quantization": "int8"} if name.endswith("int8") else {}
        model.export(folder / name, format="web", runtime=real_packages(), **options)
    site = browsing.Site(folder)
    yield site
    site.close()
    shutil.rmtree(folder)  # each page has 19 MB of runtime


@pytest.fixture(scope="module")
def driver(site, tmp_path_factory):
    log = tmp_path_factory.mktemp("browser") / "requests.json"
    driver = browsing.start_browser(log)
    yield driver
    driver.quit()
    addresses = browsing.requested(log)
    assert any(address.startswith(site.address()) and address.endswith(".wasm") for address in addresses)
    outside = {address for address in addresses if urlsplit(address).hostname not in ("127.0.0.1", "localhost", None)}
    assert outside <= {PUBLIC}, "a page has requested something from another host"


@pytest.fixture
def page(driver, site):
    """The browser on a desk; the test fails if its console has an error or a warning that the test has not taken."""
    size = {"width": 1100, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page = browsing.Page(driver, site)
    page.complaints()
    yield page
    site.handler.broken = frozenset()
    assert page.complaints() == []


def expected(site, name, signature=None, **inputs):
    """What the Python runtime makes of the same file: outputs by name, of a batch of one, without the batch's axis."""
    if signature is None:  # of the image of a code
        manifest = json.loads((site.folder / name / "model.json").read_text())
        signature = manifest.get("decoder", "serving_default")
        for each in manifest.get("conditions", ()):
            if each.get("weights"):
                value = inputs.pop(each["input"])
                inputs[each["weights"]] = np.eye(len(each["names"]))[value] if np.ndim(value) == 0 else value
    runner = runners.litert_runner(site.folder / name / f"{signature}.tflite", signature)
    types = {"label": "int32", "code": "int32", "code2": "int32"}
    batch = {key: np.asarray(value, types.get(key, "float32"))[None] for key, value in inputs.items()}
    return {key: value[0] for key, value in runner(batch).items()}


def assert_same_picture(shown, image, levels=LEVELS):
    """Pixels of a canvas against floats in [0, 1], or bytes."""
    image = np.asarray(image)
    image = np.rint(255.0 * image) if image.dtype != np.uint8 else image
    assert image.max() - image.min() > 20, "a flat picture shows nothing"
    assert np.abs(shown.astype(int) - image).max() <= levels


def picture(shape, seed=0):
    """Smooth blobs: a picture of which every pixel says where it is."""
    height, width, channels = shape
    y, x, c = np.meshgrid(np.arange(height) / height, np.arange(width) / width, np.arange(channels), indexing="ij")
    wave = np.sin(5.0 * x + 3.0 * y + c + seed) * np.cos(4.0 * y - 2.0 * x + seed)
    return np.rint(127.5 * (1.0 + wave)).astype("uint8")


def saved(image, path):
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(path)
    return str(path)


# -- models with codes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cgan", "cgan_int8"])
def test_pixels_of_given_codes_are_those_of_the_python_runtime(page, site, name):
    page.open(name)
    for index, z in enumerate(np.random.default_rng(1).standard_normal((4, 64)).astype("float32")):
        label = (3 * index) % 10
        page.run(f"await genzoo.view.show({z.tolist()}, {label});")
        assert_same_picture(page.pixels("current"), expected(site, name, z=z, label=label)["image"])


@pytest.mark.parametrize("seed", [0, 2**40 + 7])
def test_samples_of_a_seed_are_those_of_generate(page, models, seed):
    page.open("cgan")
    field = page.find("seed")
    field.clear()
    field.send_keys(str(seed), "\n")
    page.run("await new Promise((resolve) => setTimeout(resolve)); await genzoo.view.generate();")
    codes = np.array(page.run("return genzoo.view.samples.map(({z}) => [...z]);"))
    np.testing.assert_allclose(codes, sampling.normal_rows(seed, 0, 20, 64), atol=2e-6)
    images = models["cgan"].generate(20, seed=seed)
    for index in (0, 7, 19):
        page.run(f"genzoo.view.samples[{index}].button.click();")
        page.until(lambda index=index: f"Sample {index + 1} of seed {seed}" in page.find("caption").text)
        assert f"class {index % 10}" in page.find("caption").text
        assert_same_picture(page.pixels("current"), images[index])


def test_new_samples_have_a_new_seed_and_the_old_seed_the_old_samples(page):
    page.open("cgan")
    first, caption = page.pixels("current"), page.find("caption").text
    page.find("new").click()
    page.until(lambda: page.find("caption").text != caption)
    assert page.find("seed").get_attribute("value") != "0" and (page.pixels("current") != first).any()
    page.find("seed").clear()
    page.find("seed").send_keys("0", "\n")
    page.until(lambda: page.find("caption").text == caption)
    assert (page.pixels("current") == first).all()


def test_class_buttons_choose_the_class_of_all_samples(page, site):
    page.open("cgan")
    buttons = page.find("classes").find_elements("tag name", "button")
    assert [button.text for button in buttons] == ["All", *map(str, range(10))]
    buttons[8].click()
    page.until(lambda: "class 7" in page.find("caption").text)
    page.run("await genzoo.view.generate();")
    assert page.run("return genzoo.view.samples.map(({given}) => given.label);") == [7] * 20
    assert [button.get_attribute("aria-pressed") for button in buttons].index("true") == 8
    z = page.run("return [...genzoo.view.current.z];")
    assert_same_picture(page.pixels("current"), expected(site, "cgan", z=z, label=7)["image"])


def test_slider_moves_the_code_along_its_direction_by_keyboard(page, site):
    from selenium.webdriver import Keys

    page.open("cgan")
    manifest = json.loads((site.folder / "cgan/model.json").read_text())
    direction = np.array(manifest["directions"]["vectors"][2])
    before = np.array(page.run("return [...genzoo.view.current.z];"))
    slider = page.driver.find_elements("css selector", "[data-role=directions] input")[2]
    assert float(slider.get_attribute("value")) == pytest.approx(before @ direction, abs=0.051)
    slider.send_keys(Keys.HOME)
    slider.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert float(slider.get_attribute("value")) == pytest.approx(-2.8)
    page.run("await genzoo.view.refresh();")
    z = before + (-2.8 - before @ direction) * direction
    np.testing.assert_allclose(page.run("return [...genzoo.view.current.z];"), z, atol=1e-5)
    assert_same_picture(page.pixels("current"), expected(site, "cgan", z=z, label=0)["image"])
    page.run("scrollTo(0, 0);")  # the picture stays in sight, and covers the button
    page.find("reset").click()
    page.run("await genzoo.view.refresh();")
    np.testing.assert_allclose(page.run("return [...genzoo.view.current.z];"), before)


def test_slider_shows_the_sign_of_the_rounded_number(page):
    page.open("cgan")
    output = page.driver.find_elements("css selector", "[data-role=directions] output")[0]
    for value, shown in ((-0.04, "0.0"), (0.0, "0.0"), (0.04, "0.0"), (-1.26, "−1.3"), (0.5, "+0.5")):
        page.run(f"genzoo.view.sliders[0].set({value});")
        assert output.text == shown


SET = """
const [input, value] = [document.querySelector(`[aria-label="%s"]`), %s];
input.value = value;
input.dispatchEvent(new Event("input", {bubbles: true}));
await genzoo.view.refresh();
"""


def test_steps_along_given_directions_add_up_as_in_python(page, site, models):
    page.open("infogan")
    rows = page.driver.find_elements("css selector", "[data-role=directions] label")
    assert [row.text.split("\n")[0] for row in rows] == [*STEPS, *EDITS]
    start, given = page.run("return [[...genzoo.view.current.z], genzoo.view.current.given];")
    for name, value in {
        "Direction width": 1.5,
        "Towards cat": -2.0,
        "Direction <b>slant</b> to the right": 1.0,
    }.items():
        page.run(SET % (name, value))
    step = 1.5 * np.array(STEPS["width"]) - 2.0 * np.array(EDITS["cat"]) + np.array([*STEPS.values()][1])
    z = latent.walk(models["infogan"], start, step, [1.0])[0, 0]
    np.testing.assert_allclose(page.run("return [...genzoo.view.current.z];"), z, atol=1e-5)
    assert_same_picture(page.pixels("current"), expected(site, "infogan", z=z, **given)["image"])
    page.run("genzoo.view.samples[1].button.click();")
    page.until(lambda: page.find("caption").text.startswith("Sample 2"))
    assert {row.text.split("\n")[-1] for row in rows} == {"0.0"}


def test_codes_of_infogan_are_lists_and_sliders_of_their_names(page, site, models):
    from selenium.webdriver.support.select import Select

    page.open("infogan")
    images = models["infogan"].generate(4, seed=0)
    page.run("genzoo.view.samples[3].button.click();")
    page.until(lambda: page.find("caption").text.startswith("Sample 4 of seed 0, code: "))
    assert_same_picture(page.pixels("current"), images[3])
    rows = page.driver.find_elements("css selector", "[data-role=conditions] label")
    rows = [row for row in rows if row.is_displayed()]
    names = [row.text.split("\n")[0] for row in rows]
    factors = [name for name in names if name.startswith("Factor")]
    assert names == ["Code", "Mixed with", "Code 2", "Mixed with", *factors] and factors
    Select(rows[0].find_element("tag name", "select")).select_by_visible_text("1")
    page.run(SET % (factors[0], 0.75))
    z, given = page.run("return [[...genzoo.view.current.z], genzoo.view.current.given];")
    assert given["code"] == 1 and given["factor"][0] == 0.75
    assert_same_picture(page.pixels("current"), expected(site, "infogan", z=z, **given)["image"])
    page.find("reset").click()
    page.run("await genzoo.view.refresh();")
    assert_same_picture(page.pixels("current"), images[3])


def test_truncated_samples_are_those_of_python(page, models):
    page.open("cgan")
    page.run("const input = genzoo.view.find('truncation'); input.value = 0.6; await genzoo.view.generate();")
    assert page.find("caption").text == "Sample 1 of seed 0, truncated to 0.60, class 0"
    codes = latent.truncated(models["cgan"], latent.sample(models["cgan"], 20), 0.6)
    np.testing.assert_allclose(page.run("return genzoo.view.samples.map(({z}) => [...z]);"), codes, atol=2e-6)
    assert_same_picture(page.pixels("current"), latent.decode(models["cgan"], codes[:1], labels=[0])[0])


def test_interpolation_plays_along_the_great_circle(page, site):
    page.open("cgan")
    seen = set()
    page.find("play").click()
    page.until(lambda: seen.add(page.find("position-text").text) or len(seen) > 5)
    page.find("play").click()
    assert page.find("play").text == "Play"
    page.run("await genzoo.view.interpolation.draw();")
    position = int(page.find("position").get_attribute("value"))
    codes = np.array(page.run("return genzoo.view.samples.map(({z}) => [...z]);"))[:2]
    a, b = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    angle = np.arccos(a @ b)
    weights = np.sin([(1.0 - position / 100) * angle, position / 100 * angle]) / np.sin(angle)
    label = np.eye(10)[0] * (1.0 - position / 100) + np.eye(10)[1] * position / 100
    assert_same_picture(page.pixels("between"), expected(site, "cgan", z=weights @ codes, label=label)["image"])


@pytest.mark.parametrize(("position", "step"), [(0, 0), (25, 1), (50, 2), (100, 4)])
def test_interpolation_goes_through_mixtures_of_the_classes_as_in_python(page, models, position, step):
    page.open("cgan")
    page.run(f"genzoo.view.find('position').value = {position}; await genzoo.view.interpolation.draw();")
    codes = latent.sample(models["cgan"], 2, seed=0)
    z = np.asarray(models["cgan"].prior.interpolate(codes[:1], codes[1:], np.float32([position / 100])))[0]
    mixtures = latent.class_path(models["cgan"], [0, 1], 4)
    assert_same_picture(page.pixels("between"), latent.decode(models["cgan"], z, labels=mixtures[[step]])[0])


def test_two_classes_are_mixed_by_a_list_and_a_slider_as_in_python(page, models):
    from selenium.webdriver.support.select import Select

    page.open("cgan")
    first, other = (Select(each) for each in page.find("conditions").find_elements("tag name", "select"))
    slider = page.find("conditions").find_element("css selector", "input[type=range]")
    assert other.first_selected_option.text == "no other" and not slider.is_displayed()
    first.select_by_visible_text("3")
    other.select_by_visible_text("8")
    page.run("await genzoo.view.refresh();")
    assert page.find("caption").text == "Sample 1 of seed 0, class 3 (50 %) and 8 (50 %)" and slider.is_displayed()
    z, images = latent.sample(models["cgan"], 1, seed=0), {}
    way = latent.interpolate_classes(models["cgan"], [3, 8], seed=0, steps=5)[0]
    for share in (50, 25, 100, 0):
        page.run(SET % ("Share of the other class", share))
        images[share] = page.pixels("current")
        assert_same_picture(images[share], way[share // 25])
    assert (images[0] != images[50]).any() and (images[100] != images[50]).any()
    page.run(f"await genzoo.view.show({z[0].tolist()}, {{label: {np.eye(10)[[1, 2]].mean(axis=0).tolist()}}});")
    assert (first.first_selected_option.text, other.first_selected_option.text) == ("1", "2")
    assert slider.get_attribute("value") == "50"
    other.select_by_visible_text("no other")
    page.run("await genzoo.view.refresh();")
    assert page.run("return genzoo.view.current.given.label;") == 1 and not slider.is_displayed()
    page.find("reset").click()
    page.run("await genzoo.view.refresh();")
    assert (first.first_selected_option.text, other.first_selected_option.text) == ("1", "2")


def test_every_control_is_reached_by_the_tab_key(page):
    from selenium.webdriver import ActionChains, Keys

    page.open("cvae")
    count = page.driver.execute_script("return document.querySelectorAll('button, input, select').length")
    reached = set()
    for _ in range(count):
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        active = page.driver.switch_to.active_element
        reached.add(active.get_attribute("data-role") or active.get_attribute("aria-label") or active.text)
    assert {"seed", "new", "reset", "download", "play", "position", "from-index", "file", "example"} <= reached
    assert {"All", "c", "Direction 1", "Direction 3", "Sample 5, b"} <= reached


def test_download_is_the_picture_pixel_by_pixel(page, driver, tmp_path):
    page.open("cgan")
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.find("download").click()
    page.until((tmp_path / "cgan_mnist.png").is_file)
    with Image.open(tmp_path / "cgan_mnist.png") as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), page.pixels("current"))


# -- pictures of the visitor's ----------------------------------------------------------------------------------------


def test_picture_from_a_file_is_encoded_and_decoded(page, site, tmp_path):
    page.open("cvae")
    image = picture((8, 8, 1))
    page.run("genzoo.view.find('classes').querySelectorAll('button')[3].click();")  # class 2
    page.find("file").send_keys(saved(image, tmp_path / "picture.png"))
    page.until(lambda: page.find("caption").text.startswith("Your image"))
    page.run("await genzoo.view.refresh(); await genzoo.view.image(genzoo.view.current.z, genzoo.view.current.given);")
    assert_same_picture(page.pixels("given"), image, levels=0)
    z = expected(site, "cvae", "encode", image=image / 255.0, label=2)["z_mean"]
    np.testing.assert_allclose(page.run("return [...genzoo.view.current.z];"), z, rtol=1e-4, atol=1e-4)
    reconstruction = expected(site, "cvae", z=z, label=2)["image"]
    for role in ("reconstruction", "current"):
        assert_same_picture(page.pixels(role), reconstruction)


def test_picture_is_decoded_as_the_class_that_the_encoder_sees(page, site, tmp_path):
    page.open(READER)
    for seed in range(20):  # a picture that is not of the first class
        image = picture(TINY[READER].args["image_shape"], seed)
        codes = expected(site, READER, "encode", image=image / 255.0)
        if codes["y"].argmax() > 0:
            break
    label = int(codes["y"].argmax())
    page.find("file").send_keys(saved(image, tmp_path / "picture.png"))
    page.until(lambda: page.find("caption").text.startswith("Your image"))
    page.run("await genzoo.view.refresh();")
    assert page.run("return genzoo.view.current.given.label;") == label > 0
    np.testing.assert_allclose(page.run("return [...genzoo.view.current.z];"), codes["z"], rtol=1e-4, atol=1e-4)


DROP = """
const canvas = document.createElement("canvas");
Object.assign(canvas, {width: 40, height: 16});
const context = canvas.getContext("2d");
context.fillStyle = "rgb(255, 0, 0)";
context.fillRect(0, 0, 40, 16);
context.fillStyle = "rgb(0, 0, 255)";  // the middle square, and the half of it
context.fillRect(12, 0, 8, 16);
context.fillStyle = "rgb(0, 255, 0)";
context.fillRect(20, 0, 8, 16);
const blob = await new Promise((resolve) => canvas.toBlob(resolve));
const data = new DataTransfer();
data.items.add(new File([blob], "drop.png", {type: "image/png"}));
"""


@pytest.mark.parametrize(
    "event",
    [
        'genzoo.view.find("drop").dispatchEvent(new DragEvent("drop", {dataTransfer: data, cancelable: true}));',
        'dispatchEvent(new ClipboardEvent("paste", {clipboardData: data}));',
    ],
    ids=["dropped", "pasted"],
)
def test_middle_of_a_picture_is_taken_and_turned_grey(page, event):
    page.open("cvae")
    page.run(DROP + event)
    page.until(lambda: page.find("caption").text.startswith("Your image"))
    given = page.pixels("given")
    assert given.shape == (8, 8, 3)
    # blue and green as grey, 0.114 and 0.587; the columns at the edge between them are mixed
    np.testing.assert_allclose(given[:, :3], 29, atol=2)
    np.testing.assert_allclose(given[:, 5:], 150, atol=2)
    page.find("invert").click()
    page.until(lambda: abs(int(page.pixels("given")[0, 0, 0]) - 226) <= 2)


def test_file_that_is_no_picture_is_refused_in_words(page, tmp_path):
    page.open("cvae")
    (tmp_path / "notes.txt").write_text("no picture")
    page.find("file").send_keys(str(tmp_path / "notes.txt"))
    page.until(lambda: "“notes.txt” could not be read as an image" in page.find("input").text)
    assert page.find("caption").text.startswith("Sample 1")


def test_drawing_becomes_the_picture(page):
    from selenium.webdriver import ActionChains

    page.open("cvae")
    page.find("draw").click()
    pad = page.find("pad-canvas")
    ActionChains(page.driver).move_to_element(pad).click_and_hold().move_by_offset(60, 0).release().perform()
    page.until(lambda: page.find("caption").text.startswith("Your image"))
    grey = page.pixels("given")[..., 0]
    assert grey[3:5, 5].max() > 100 and grey[0].max() == grey[7].max() == 0


def test_translator_translates_in_both_directions(page, site, tmp_path):
    page.open("cyclegan")
    image = picture((17, 16, 3))
    page.find("file").send_keys(saved(image, tmp_path / "picture.png"))
    page.until(lambda: np.array_equal(page.pixels("given"), image))
    for direction in ("b_to_a", "a_to_b"):
        page.driver.find_element("css selector", f"[data-direction={direction}]").click()
        page.until(lambda direction=direction: page.find("caption").text.endswith(direction.replace("_", " ")))
        result = expected(site, "cyclegan", direction, image=image / 255.0)["image"]
        assert_same_picture(page.pixels("result"), result)


def test_strokes_of_a_finger_are_translated_as_they_are_drawn(page, site):
    from selenium.webdriver.common.actions.action_builder import ActionBuilder
    from selenium.webdriver.common.actions.pointer_input import PointerInput

    page.open("cyclegan")
    page.find("clear").click()
    page.run("await genzoo.view.refresh();")
    pad = page.find("pad-canvas")
    assert page.pixels("pad-canvas").min() == 255
    builder = ActionBuilder(page.driver, mouse=PointerInput("touch", "finger"))
    finger = builder.pointer_action
    finger.move_to(pad, 0, -60).pointer_down().move_to(pad, 0, 60)
    builder.perform()
    page.run("await genzoo.view.refresh();")  # while the finger is still down
    drawn = page.pixels("given")
    assert (page.pixels("pad-canvas") == drawn).all()  # what is seen is what is translated
    line = (drawn == 0).all(axis=-1)  # black on white, one pixel wide
    assert set(np.unique(drawn)) == {0, 255} and line.any(axis=0).sum() == 1 and 6 <= line.sum() <= 9
    assert_same_picture(page.pixels("result"), expected(site, "cyclegan", "a_to_b", image=drawn / 255.0)["image"])
    up = ActionBuilder(page.driver, mouse=PointerInput("touch", "finger"))
    up.pointer_action.release()
    up.perform()


def test_eraser_undo_and_clear_change_the_drawing(page):
    from selenium.webdriver import ActionChains

    page.open("cyclegan")

    def cross():
        pad = page.find("pad-canvas")
        ActionChains(page.driver).move_to_element_with_offset(pad, -60, 0).click_and_hold().move_by_offset(
            120, 0
        ).release().perform()
        return page.pixels("pad-canvas")

    sketch = page.pixels("pad-canvas")
    page.run(SET.replace("await genzoo.view.refresh();", "").replace("aria-label", "data-role") % ("thickness", 3))
    with_line = cross()
    assert (with_line != sketch).any()
    page.find("eraser").click()
    assert (cross()[with_line.shape[0] // 2, with_line.shape[1] // 2] == 255).all()
    page.find("undo").click()
    assert (page.pixels("pad-canvas") == with_line).all()
    page.find("clear").click()
    assert page.pixels("pad-canvas").min() == 255
    page.find("undo").click()
    page.find("undo").click()
    assert (page.pixels("pad-canvas") == sketch).all()
    page.find("example").click()  # takes the place of the drawing, which stays
    assert not page.find("pad-canvas").is_displayed() and page.find("given").is_displayed()
    page.find("draw").click()
    assert (page.pixels("pad-canvas") == sketch).all()


def test_picture_of_the_camera_is_translated(page, site):
    page.open("cyclegan")
    page.find("camera").click()
    page.until(lambda: page.driver.execute_script("return arguments[0].readyState > 1", page.find("video")))
    page.find("take").click()
    page.until(lambda: page.find("given").is_displayed())
    page.run("await genzoo.view.refresh();")
    given = page.pixels("given")
    assert given.std() > 10 and not page.find("video").is_displayed()
    assert page.run("return genzoo.view.input.camera.stream;") is None
    assert_same_picture(page.pixels("result"), expected(site, "cyclegan", "a_to_b", image=given / 255.0)["image"])


def test_classifier_shows_the_probabilities_of_the_classes(page, site, models, tmp_path):
    page.open("classifier")
    image = picture((9, 8, 3), seed=2)
    page.find("file").send_keys(saved(image, tmp_path / "picture.png"))
    page.until(lambda: np.array_equal(page.pixels("given"), image))
    names = [str(name) for name in models["classifier"].class_names or range(4)]
    probabilities = expected(site, "classifier", image=image / 255.0)["probabilities"]
    best = names[int(probabilities.argmax())]
    page.until(lambda: page.driver.find_element("id", "status").text.startswith(f"Most likely: {best}"))
    shown = page.find("bars").text.replace("%", "").split()
    assert shown[::2] == names
    np.testing.assert_allclose(np.array(shown[1::2], float), 100.0 * probabilities, atol=0.06)


def test_chain_makes_the_steps_of_the_model(page, site):
    page.open("rbm")
    page.find("step").click()
    page.until(lambda: page.find("caption").text == "Step 2 from noise")
    units = page.run("return genzoo.view.units;")
    size = units["hidden"] + units["visible"]
    state = (sampling.uniform_rows(0, 0, 1, units["visible"]).numpy()[0] < 0.5).reshape(9, 8, 3)
    for step in (1, 2):
        noise = sampling.uniform_rows(0, 0, 1, size, stream=step).numpy()[0]
        hidden, visible = noise[: units["hidden"]], noise[units["hidden"] :].reshape(9, 8, 3)
        outputs = expected(site, "rbm", image=state, hidden_noise=hidden, visible_noise=visible)
        state = outputs["image"]
    assert_same_picture(page.pixels("state"), state, levels=0)
    assert_same_picture(page.pixels("probability"), outputs["probability"])


def test_chain_plays_from_a_picture_until_it_is_paused(page):
    page.open("rbm")
    page.find("example").click()
    page.until(lambda: page.find("caption").text == "Step 1 from your image")
    page.find("play").click()
    page.until(lambda: int(page.find("caption").text.split()[1]) > 4)
    page.find("play").click()
    page.run("await genzoo.view.busy;")
    step = page.find("caption").text
    page.run("await new Promise((resolve) => setTimeout(resolve, 200));")
    assert page.find("caption").text == step


# -- all pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_phone_shows_the_page_without_sideways_scrolling(page, name):
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.open(name)
    page.driver.execute_script("document.querySelector('[data-role=pad]')?.removeAttribute('hidden')")
    assert page.driver.execute_script("return document.documentElement.scrollWidth") == 360
    sticking_out = """
    return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility())
      .filter((e) => e.getBoundingClientRect().right > 361).map((e) => e.outerHTML.slice(0, 80));
    """
    assert page.driver.execute_script(sticking_out) == []


@pytest.mark.parametrize(("name", "width", "columns"), [("cvae", 1100, 9), ("cvae", 360, 3), ("cgan", 1100, 10)])
def test_few_classes_are_repeated_in_a_row_of_samples(page, name, width, columns):
    size = {"width": width, "height": 740, "deviceScaleFactor": 1, "mobile": width < 500}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.open(name)
    assert (len(page.run("return genzoo.manifest.class_names")) == 3) == (name == "cvae")
    script = "return getComputedStyle(arguments[0]).gridTemplateColumns.split(' ').length"
    assert page.driver.execute_script(script, page.find("grid")) == columns
    assert page.driver.execute_script("return document.documentElement.scrollHeight") < 3000


@pytest.mark.parametrize("name", PAGES)
def test_controls_have_names_and_footer_says_what_the_model_is(page, name):
    page.open(name)
    unnamed = """
    const named = (e) => e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.[0]?.textContent.trim();
    return [...document.querySelectorAll("#view button, #view input, #view select")].filter((e) => !named(e)).length;
    """
    assert page.driver.execute_script(unnamed) == 0
    footer = page.text("footer")
    assert f"Model: {name.partition('_')[0]}" in footer and "keras_genzoo" in footer
    assert ("MNIST (Y. LeCun" in footer) == name.startswith("cgan")
    assert ("int8" in footer) == name.endswith("int8")


CONTRASTS = """
const channels = (color) => color.match(/[\\d.]+/g).map(Number);
const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
const background = (e) => {
  for (; e; e = e.parentElement) {
    const color = channels(getComputedStyle(e).backgroundColor);
    if (color.length === 3 || color[3] === 1) return color;
  }
  return [255, 255, 255];
};
const own = (e) => [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && own(e) && !e.disabled).map((e) => {
  const [a, b] = [channels(getComputedStyle(e).color), background(e)].map(luminance);
  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), luminance(background(e)), e.outerHTML.slice(0, 80)];
});
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_text_can_be_read_in_light_and_dark(page, name, scheme):
    """Contrast of at least 4.5 to 1, as WCAG 2.2 has it (1.4.3), on a background that is as light as was asked."""
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        page.open(name)
        page.driver.execute_script("document.querySelector('[data-role=pad]')?.removeAttribute('hidden')")
        measured = page.driver.execute_script(CONTRASTS)
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert len(measured) > 8 and [row for row in measured if row[0] < 4.5] == []
    page_light = sorted(light for _, light, _ in measured)[len(measured) // 2]
    assert page_light > 0.8 if scheme == "light" else page_light < 0.05


WATCH = """
globalThis.seen = [];
new MutationObserver(() => {
  const bar = document.getElementById("progress");
  if (bar) seen.push([bar.value, document.getElementById("progress-text").textContent]);
}).observe(document, {subtree: true, attributes: true, attributeFilter: ["value"]});
"""


def test_bar_grows_while_the_page_loads(page):
    added = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    try:
        page.open("cvae")
        shares, texts = zip(*page.driver.execute_script("return seen.filter(([share]) => share > 0)"), strict=True)
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    assert len(set(shares)) > 3 and list(shares) == sorted(shares) and shares[-1] == 1
    assert re.fullmatch(r"Loading the model: \d+\.\d of \d+\.\d MB\.", texts[0]) and texts[-1] == "Starting the model."
    assert not page.driver.find_element("id", "loading").is_displayed()


def test_runtime_from_another_host_is_loaded(page, site):
    """What a page does that has no runtime of its own, with a host of ours instead of the public one."""
    file = site.folder / "cvae/model.json"
    before = file.read_text()
    file.write_text(before.replace('"runtime/@', '"' + site.address("cvae/runtime/@", host="localhost")))
    try:
        page.open("cvae")
        assert page.run("return genzoo.manifest.runtime.core;").startswith("http://localhost:")
        assert page.pixels("current").any()
    finally:
        file.write_text(before)


def test_files_for_older_browsers_make_the_same_pictures(page, site):
    """A browser without relaxed SIMD loads the other pair of files; here the page is told that there is no other."""
    file = site.folder / "cvae/model.json"
    before = file.read_text()
    manifest = json.loads(before)
    manifest["runtime"]["wasm"]["relaxed"] = manifest["runtime"]["wasm"]["compat"]
    file.write_text(json.dumps(manifest))
    try:
        page.open("cvae")
    finally:
        file.write_text(before)
    z = page.run("return [...genzoo.view.current.z];")
    assert_same_picture(page.pixels("current"), expected(site, "cvae", z=z, label=0)["image"])


def test_public_runtime_that_cannot_be_reached_is_said_in_words(page, site):
    file = site.folder / "cvae/model.json"
    before = file.read_text()
    file.write_text(before.replace('"runtime/@', '"https://cdn.jsdelivr.net/npm/@'))
    try:
        page.driver.get(page.site.address("cvae/"))
        page.until(lambda: page.text("#error"))
    finally:
        file.write_text(before)
    assert f"{PUBLIC} could not be loaded" in page.text("#error")
    page.complaints()


@pytest.mark.parametrize("file", ["encode.tflite", "model.json", "worker.js", "main.js", "view_latent.js"])
def test_file_that_cannot_be_loaded_is_said_in_words(page, site, file):
    site.handler.broken = {f"/cvae/{file}"}
    page.driver.get(site.address("cvae/"))
    page.until(lambda: page.text("#error"))
    assert "could not be loaded" in page.text("#error")
    assert not page.driver.find_element("id", "loading").is_displayed()
    page.complaints()


def test_browser_without_webassembly_is_told_so(page, site):
    script = {"source": "delete globalThis.WebAssembly;"}
    added = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
    try:
        page.driver.get(site.address("cgan/"))
        page.until(lambda: page.text("#error"))
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    assert "no WebAssembly" in page.text("#error")
    assert not page.driver.find_element("id", "loading").is_displayed()


def test_page_opened_as_a_file_says_how_to_serve_it(page, site):
    page.driver.get((site.folder / "cgan/index.html").as_uri())
    assert "python -m http.server" in page.text("#error")
    assert not page.driver.find_element("id", "loading").is_displayed()
