"""Shared by the tests of exports: rows of each kind, inputs, expected outputs, and processes without packages."""

import inspect
import io
import json
import subprocess
import sys

import keras
import numpy as np
import options
import scipy.special
import tensorflow as tf
from cases import CASES, for_cases
from PIL import Image

from keras_genzoo.export import export_model
from keras_genzoo.families.exporting import ExportFunction, ExportInput
from keras_genzoo.families.png import decode_images
from keras_genzoo.families.posteriors import GaussianPosterior
from keras_genzoo.utils.arguments import Choice

BUILDERS = ("build_networks", "build_network", "build_generator", "build_encoder", "build_decoder", "code_outputs")


# -- kinds of exported graphs -----------------------------------------------------------------------------------------


def features(case):
    """Features of the exported graphs of a row: signatures, conditions, builders, and choices of networks."""
    cls = case.model_class
    found = {("signatures", cls.export_functions.__qualname__, getattr(cls, "code_names", ())), ("view", cls.web_view)}
    found |= {
        ("argument", name, case.args.get(name, argument.default))
        for name, argument in cls.arguments().items()
        if isinstance(argument, Choice) and not argument.training
    }
    conditions = inspect.getattr_static(cls, "conditions")
    if isinstance(conditions, property):
        found.add(("conditions", conditions.fget.__code__.co_names))
    for function in (getattr(cls, name) for name in BUILDERS if hasattr(cls, name)):
        named = (function.__globals__.get(name) for name in function.__code__.co_names)
        ours = [each for each in named if getattr(each, "__module__", "").startswith("keras_genzoo.")]
        found |= {("builder", each.__module__, each.__name__) for each in ours}
    return found


def builders(case):
    """The features of a row that say which networks its graphs have."""
    return {feature for feature in features(case) if feature[0] in ("builder", "argument", "view")}


def rows_of_exports(such_that=lambda case: True, features_of=features):
    """Rows that together have every feature of exported graphs; all rows with `--every-row`.

    Args:
        such_that: Which rows are considered.
        features_of: Function of a row that returns a set.
    """
    cases = [case for case in CASES if such_that(case)]
    cases = [case for case in cases if options.model in (None, case.name)] or cases
    if options.every_row:
        return cases
    missing, rows = set().union(*map(features_of, cases)), []
    while missing:
        rows.append(max(cases, key=lambda case: len(features_of(case) & missing)))
        missing -= features_of(rows[-1])
    return rows


def for_exports(such_that=lambda case: True, features_of=features):
    """Parametrizes a test over `rows_of_exports`."""
    return for_cases(rows_of_exports(such_that, features_of))


def without_aliases(functions):
    """`ExportFunction` by name, with the first name of each function only."""
    first = {}
    for name, function in functions.items():
        first.setdefault(id(function), (name, function))
    return dict(first.values())


def portable(model):
    """The portable signatures of a model, without aliases."""
    return without_aliases({name: each for name, each in model.export_functions().items() if each.portable})


# -- models and inputs ------------------------------------------------------------------------------------------------


def shaken(model, scale=0.1):
    """The model with weights as after training: averages differ from the network, statistics from 0 and 1."""
    rng = np.random.default_rng(0)
    for variable in model.network_variables:
        if variable.shape and "float" in variable.dtype:
            variable.assign(variable + scale * np.abs(rng.standard_normal(variable.shape)))
        if variable.name == "fitted":  # of samplers: without, `generate` takes the prior
            variable.assign(1.0)
    return model


class Stub:
    """The smallest model that can be exported: one function of a code of length 4."""

    conditions = ()

    def __init__(self, function):
        self.function = function

    def float32_copy(self):
        return self

    def export_functions(self, image_dtype="float32"):
        def sample(num, seed, images):
            return np.random.default_rng(seed).standard_normal((num, 4))

        z = ExportInput(tf.TensorSpec((None, 4), tf.float32, name="z"), sample)
        return {"serving_default": ExportFunction(lambda z: {"image": self.function(z)}, {"z": z}, ("image",))}

    def export(self, path, **options):
        return export_model(self, path, **options)


def half(z):
    return 0.5 * keras.ops.sigmoid(z)


def wrong_in_a_graph(z):
    return half(z) + (0.01 if tf.inside_function() else 0.0)


def condition_values(model, num=3):
    """A value of each condition for each of `num` samples: dict of arrays by `Condition.input`."""
    return {each.input: np.asarray(each.default(1, 0, num), each.spec.dtype.name) for each in model.conditions}


def mixture_values(model, num=3):
    """Weights of each class condition: between its first and its last class, and even ones."""
    found = {}
    for each in model.conditions:
        if hasattr(each, "num_classes"):
            rows = np.full((num, each.num_classes), 1.0 / each.num_classes, "float32")
            rows[0] = 0.0
            rows[0, [0, -1]] = 0.25, 0.75
            found[f"{each.input}_weights"] = rows
    return found


def input_values(model):
    """Values for the inputs of all signatures, three rows each, drawn without the model's own samplers."""
    rng = np.random.default_rng(1)
    z = rng.standard_normal((3, getattr(model, "latent_dim", 1))).astype("float32")
    image = rng.uniform(size=(3, *model.image_shape)).astype("float32")
    z_end = rng.standard_normal(z.shape).astype("float32")
    numbers = {"seed": np.int64(7), "num": np.int32(5), "start": np.int64(11), "steps": np.int32(4)}
    files = np.array([png_file(model.image_shape, scale) for scale in (1, 1, 3)])
    specs = {key: each.spec for f in model.export_functions().values() for key, each in f.inputs.items()}
    uniform = [key for key in specs if key == "mask" or key.endswith("_noise")]
    noise = {key: rng.uniform(size=(3, *specs[key].shape[1:])).astype("float32") for key in uniform}
    if "noise" in specs:
        noise["noise"] = rng.standard_normal((3, *specs["noise"].shape[1:])).astype("float32")
    return {
        "z": z,
        "z_end": z_end,
        "image": image,
        "png": files,
        **noise,
        **numbers,
        **condition_values(model),
        **mixture_values(model),
    }


def png_file(image_shape, scale):
    """Bytes of a PNG file with noise, its sides `scale` times as long as those of the model's images."""
    pixels = np.random.default_rng(scale).integers(0, 256, image_shape, dtype=np.uint8)
    pixels = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if image_shape[2] == 1 else pixels).save(file, "PNG")
    return file.getvalue()


def pixels_of(files, image_shape):
    """Images of PNG files, by Pillow."""
    return np.stack([np.asarray(Image.open(io.BytesIO(file))).reshape(image_shape) for file in files])


def content(folder):
    """Bytes of each file in a folder, by relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- expected outputs -------------------------------------------------------------------------------------------------


def expected_outputs(case, model, name, inputs):
    """What the public methods of the model give for a signature, not through its export functions."""
    if name in case.signatures:
        return case.signatures[name](model, inputs)
    given = {each.name: inputs[each.input] for each in model.conditions}
    if name.startswith("generate"):
        given = {key: np.resize(value, (5, *value.shape[1:])) for key, value in given.items()}
        return {(name[9:] or "image"): model.generate(5, seed=7, start=11, **given)}
    if hasattr(model, "outputs_of"):
        outputs = model.outputs_of(inputs["image"], 3)
        return {"features": outputs["features"], "probabilities": scipy.special.softmax(outputs["logits"], axis=-1)}
    if hasattr(model, "translate"):
        return translations(model, name, inputs)
    if name in ("serving_default", "decode"):
        return {"image": images_of(model, inputs["z"], given)}
    if name == "mix":
        mixed = {each.name: inputs.get(f"{each.input}_weights", inputs[each.input]) for each in model.conditions}
        return {"image": np.asarray(model.images_from_codes(inputs["z"], **mixed))}
    if name == "interpolate":
        codes = between(model, inputs["z"], inputs["z_end"], 4)
        images = images_of(model, codes, {key: np.repeat(value, 4, axis=0) for key, value in given.items()})
        return {"image": images.reshape(3, 4, *model.image_shape)}
    if name == "sample":
        return {"image": images_of(model, np.asarray(model.code_source().from_normal(inputs["noise"])), given)}
    codes = model.encode(inputs["image"], **given)
    codes = codes if isinstance(codes, tuple) else (codes,)
    if name == "encode":
        return dict(zip(model.code_names, codes, strict=True))
    if name == "impute":
        z, mask = imputed_code(model, codes, inputs, given), inputs["mask"] > 0.5
        filled = np.asarray(model.filled_images(z, model.to_network(inputs["image"]), mask, "float32", given))
        return {"image": np.where(inputs["mask"] > 0.5, filled, inputs["image"])}
    assert name == "reconstruct", f"the row of {case} does not say what {name} gives"
    return {"image": model.decode(codes[0], **given)}


def imputed_code(model, codes, inputs, given):
    """The code of a step of imputation, from what the encoder gives."""
    if not model.imputation_noise_dim:
        return codes[0]
    if type(model.encoder_posterior()) is GaussianPosterior:
        return codes[0] + np.exp(0.5 * codes[1]) * inputs["noise"]
    return np.asarray(model.code_given(model.to_network(inputs["image"]), inputs["noise"], given))


def translations(model, name, inputs):
    plain, _, files = name.partition("_png")
    direction = model.directions[0] if plain in ("serving_default", "translate") else plain
    if plain != name:
        images = decode_images(inputs["png"], model.image_shape).numpy()
        return {f"png{files}": model.translate(images, direction)}
    return {"image": (np.asarray(model.translator(direction)(2.0 * inputs["image"] - 1.0)) + 1.0) / 2.0}


def images_of(model, z, given):
    low, high = model.network_range
    inputs = [z, *given.values()] if given else z
    # the means of Gaussians are bounded at the edge only
    return np.clip((np.asarray(model.generator_network(inputs)) - low) / (high - low), 0.0, 1.0)


def between(model, z, z_end, steps):
    """Codes `(n * steps, latent_dim)` between two sets; for a normal prior by Shoemake's formula in 64 bits."""
    t = np.linspace(0, 1, steps)
    if [part["kind"] for part in model.prior.parts()] != ["normal"]:
        return np.asarray(model.prior.interpolate(z, z_end, t.astype("float32"))).reshape(-1, z.shape[1])
    z, z_end, t = z.astype("float64"), z_end.astype("float64"), t[None, :, None]
    product = np.sum(z * z_end, axis=1) / np.linalg.norm(z, axis=1) / np.linalg.norm(z_end, axis=1)
    angle = np.arccos(product)[:, None, None]
    codes = (np.sin((1 - t) * angle) * z[:, None] + np.sin(t * angle) * z_end[:, None]) / np.sin(angle)
    return codes.reshape(-1, z.shape[1]).astype("float32")


# -- processes without packages ---------------------------------------------------------------------------------------

BLOCKER = """
import importlib.abc, importlib.machinery, json, sys

class Blocker(importlib.abc.Loader):  # TensorFlow may look for Keras, as long as it does not load it
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            return importlib.machinery.ModuleSpec(name, self)

    def create_module(self, spec):
        raise ImportError(spec.name + " is blocked")

    def exec_module(self, module):
        pass

BLOCKED, tasks = json.loads(sys.argv[1])
sys.meta_path.insert(0, Blocker())
import numpy as np
"""
RUN_SAVED_MODELS = """
import tensorflow as tf
for path, inputs_path, results in tasks:
    loaded = tf.saved_model.load(path)
    found = {}
    for name, signature in loaded.signatures.items():
        specs = signature.structured_input_signature[1]
        with np.load(inputs_path) as inputs:
            outputs = signature(**{key: tf.constant(inputs[key], spec.dtype) for key, spec in specs.items()})
        outputs = {key: value.numpy() for key, value in outputs.items()}
        # Strings of fixed length lose zeros at their end; a PNG file does not end in zeros.
        files = {key: value.astype(bytes) for key, value in outputs.items() if value.dtype == object}
        found.update({name + "/" + key: value for key, value in {**outputs, **files}.items()})
    np.savez(results, **found)
"""
RUN_LITERT = """
from ai_edge_litert.interpreter import Interpreter
for path, inputs_path, results in tasks:
    interpreter = Interpreter(model_path=path)
    (name,) = interpreter.get_signature_list()
    runner = interpreter.get_signature_runner(name)
    size = next(iter(runner.get_input_details().values()))["shape"][0]
    with np.load(inputs_path) as inputs:
        outputs = runner(**{key: inputs[key][:size] for key in runner.get_input_details()})
    np.savez(results, **{name + "/" + key: value for key, value in outputs.items()})
"""


def run_without(blocked, script, tasks):
    """Runs a script in a process that cannot import the packages in `blocked`.

    Args:
        blocked: Names of packages.
        script: `RUN_SAVED_MODELS` or `RUN_LITERT`.
        tasks: Triples of paths: the export, the inputs and the results, both `.npz`.
    """
    command = [sys.executable, "-P", "-c", BLOCKER + script, json.dumps([blocked, [list(map(str, t)) for t in tasks]])]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
