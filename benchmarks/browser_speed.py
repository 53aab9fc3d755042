"""Time of one image of a model on its web page, in headless Chromium, in float32 and in 8-bit integers.

    python benchmarks/browser_speed.py [PRESET ...] [--rounds 5] [--images 50]

The page computes on the CPU, in one worker, with the WebAssembly of LiteRT that the tests use (`GENZOO_LITERT_JS`: see
CONTRIBUTING.md). Each call has a new input and waits for its image, which is not drawn. Times are medians over the
rounds of the mean over the images of a round; the formats take turns within a round. 8-bit files of translators are
calibrated on digits, which their time does not depend on.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, os.fspath(Path(__file__).parents[1] / "tests" / "export"))

import browsing
from litert_js import real_packages
from rich.console import Console
from rich.table import Table

import keras_genzoo

PRESETS = ("pix2pix_emoji", "pix2pix_edges_emoji", "cut_emoji", "cyclegan_emoji")
FORMATS = (None, "int8")
CALLS = """
const [name, {inputs}] = Object.entries(genzoo.manifest.functions)[0];
const noise = ({dtype, shape}) => Array.from(
  {length: shape.reduce((a, b) => a * b, 1)}, () => (dtype === "float32" ? Math.random() : 0));
const values = Array.from({length: 8}, () => Object.fromEntries(
  Object.entries(inputs).map(([key, spec]) => [key, noise(spec)])));
await genzoo.runtime.run(name, values[0]);
const begin = performance.now();
for (let i = 0; i < %d; i += 1) await genzoo.runtime.run(name, values[i %% values.length]);
return [name, (performance.now() - begin) / %d];
"""


def named(quantization):
    """How a format is called in the table."""
    return quantization or "float32"


def calibrating(model):
    """Images of the model's shape."""
    *size, channels = model.image_shape
    return keras_genzoo.data.load_arrays("digits", image_size=tuple(size), channels=channels, limit=100)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", help=f"names or folders; default: the bundled of {', '.join(PRESETS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=50, help="of a round")
    options = parser.parse_args()
    if browsing.missing():
        parser.error(browsing.missing())
    names = options.presets or [name for name in PRESETS if name in keras_genzoo.presets.list_presets()]
    formats = list(map(named, FORMATS))
    table = Table("preset", "function", *(f"{each}: MB" for each in formats), *(f"{each}: ms" for each in formats))
    with tempfile.TemporaryDirectory() as folder:
        sizes = {}
        for number, name in enumerate(names):
            model = keras_genzoo.from_preset(name)
            for each in FORMATS:
                page = Path(folder, f"{number}_{named(each)}")
                given = {"images": calibrating(model)} if each and hasattr(model, "directions") else {}
                model.export(page, format="web", runtime=real_packages(), quantization=each, **given)
                sizes[number, each] = sum(file.stat().st_size for file in page.glob("*.tflite")) / 1e6
        site, driver = browsing.Site(folder), browsing.start_browser(Path(folder, "requests.json"))
        try:
            page = browsing.Page(driver, site)
            for number, name in enumerate(names):
                times = {each: [] for each in FORMATS}
                for _ in range(options.rounds):
                    for each, found in times.items():
                        page.open(f"{number}_{named(each)}")
                        function, mean = page.run(CALLS % (options.images, options.images))
                        found.append(mean)
                shown = [f"{sizes[number, each]:.2f}" for each in FORMATS]
                shown += [f"{statistics.median(found):.1f}" for found in times.values()]
                table.add_row(name, function, *shown)
        finally:
            driver.quit()
            site.close()
    Console().print(table)


if __name__ == "__main__":
    main()
