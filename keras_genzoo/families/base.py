"""What every model of the zoo has: arguments, optimizers, checked data, saving, export."""

import inspect

import keras
from keras import ops

from keras_genzoo import sampling
from keras_genzoo.data.kinds import Images
from keras_genzoo.families import checks, compiling, inputs, keras_callbacks, optimizing, saving
from keras_genzoo.families.conditions import ClassCondition
from keras_genzoo.families.values import values_of
from keras_genzoo.utils import arguments, given_arguments, replicas
from keras_genzoo.utils.keras_settings import policy_name, standard_settings
from keras_genzoo.utils.noise import is_testing


class ZooModel(keras.Model):
    """Base of all models: a subclass declares its arguments and has `build_networks` and one `train_step`.

    Arguments are class attributes, each declared once: see `keras_genzoo.utils.arguments`. The constructor checks them,
    keeps each as an attribute of its name, and calls `build_networks`; then the model is built.

    Class attributes:
        optimizer_names: Names of the optimizers, which are the arguments of `compile`.
        loss_names: Names of the losses that are logged.
        data_kind: What a training batch is: see `keras_genzoo.data.kinds`.
        conditions: What `generate` may be asked for: see `keras_genzoo.families.conditions`.
        network_range: The range of pixels inside the networks.
        web_view: View of the model on the web page, `None` where it has none.
        inference_networks: Attributes of the networks that make the images, the first that exists counts.
        unsupported_formats: Export formats in which the graph of the model has no form.
        supports_jit: Whether the step compiles with XLA; where it does not, `compile` says so.
        takes_signals: Whether networks and losses work on signals, `image_shape=(length, channels)`, too.
    """

    image_shape = arguments.ImageShape(
        (28, 28, 1), "`(height, width, channels)` of images, `(length, channels)` of signals, or `(n,)` of points."
    )
    seed = arguments.Seed(
        None,
        "Seed of the initial weights and of the random numbers in training steps; `None` draws one.",
        training=True,
    )

    optimizer_names = ()
    loss_names = ()
    data_kind = Images()
    conditions = ()
    network_range = (-1.0, 1.0)
    web_view = None
    inference_networks = ()
    unsupported_formats = ()
    supports_jit = True
    takes_signals = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls._arguments, only = _declared(cls), inspect.Parameter.KEYWORD_ONLY
        parameters = [inspect.Parameter(name, only, default=each.default) for name, each in cls._arguments.items()]
        cls.__signature__ = inspect.Signature(parameters)
        cls.__doc__ = given_arguments.documented(cls.__doc__ or "", cls._arguments)

    def __init__(self, **given):
        values = given_arguments.checked(self.model_name, self.arguments(), given)
        super().__init__(name=values.pop("name"), dtype=policy_name(values.pop("dtype")))
        self.autocast = False  # images are checked and scaled as they come; networks cast their inputs
        for name, value in values.items():
            setattr(self, name, value)
        self.values.check_model(self)  # first: what fits each other depends on whether there are images
        self.check_arguments()
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        # Of its own, so that a training is the same with and without validation.
        self.test_seed_generator = keras.random.SeedGenerator(self.seed)
        with sampling.seeded_initializers(self.seed), standard_settings():
            self.build_networks()
            self.trackers = self.make_trackers()
        self.built = True  # Keras calls a model built once its networks exist

    def check_arguments(self):
        """Raises `ValueError` if arguments do not fit each other; each by itself has been checked."""

    def build_networks(self):
        """Makes the networks, as attributes. Called once, by the constructor, after all arguments are set."""
        raise NotImplementedError

    def make_trackers(self):
        """Dict of the metrics that are logged, by name."""
        return {key: keras.metrics.Mean(name=key) for key in self.loss_names}

    # -- configuration --------------------------------------------------------------------------------------------

    @classmethod
    def arguments(cls):
        """Dict of the constructor's arguments by name: those of base classes first, `seed`, `dtype`, `name` last."""
        return cls._arguments

    @property
    def model_name(self):
        """The name in the registry: that of the module of a bundled model, or the one it was registered under."""
        return saving.registered_name(type(self))

    def get_config(self):
        config = {name: getattr(self, name) for name in self.arguments() if name != "dtype"}
        return {**config, "dtype": self.dtype_policy.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**given_arguments.of_file(cls.arguments(), config))

    def copy_as(self, dtype):
        """The same model with the same weights under another dtype policy, not compiled."""
        copy = type(self).from_config({**self.get_config(), "dtype": dtype})
        for new, old in zip(copy.network_variables, self.network_variables, strict=True):
            new.assign(old)
        return copy

    def float32_copy(self):
        """The same model with the same weights and `dtype="float32"`, not compiled."""
        return self.copy_as("float32")

    @property
    def network_variables(self):
        """All weights, averages included; not optimizer slots, metrics, random states or counts of steps."""
        return self.weights

    # -- data -----------------------------------------------------------------------------------------------------

    @property
    def label_condition(self):
        """The labels of a model with `num_classes`, as a condition."""
        return ClassCondition("labels", self.num_classes, getattr(self, "class_names", None))

    @property
    def values(self):
        """What the data are, pixels, points or signals: see `keras_genzoo.families.values`."""
        return values_of(self.image_shape)

    def to_network(self, images):
        """Images as the networks take them: uint8 0..255 or float 0..1 -> float32 in `network_range`."""
        images = checks.of_shape(self.values, ops.convert_to_tensor(images))
        return self.values.to_network(images, self.network_range)

    def from_network(self, images, dtype="float32"):
        """Pixels in `network_range` as float32 in [0, 1], or rounded as uint8; points and signals as they are."""
        return self.values.from_network(images, self.network_range, dtype)

    def unpack(self, data):
        """The record of a training batch, images in `network_range`: see `keras_genzoo.data.kinds`."""
        return replicas.begin_step(self.data_kind.unpack(self, data))

    def checked_images(self, images):
        """`to_network` of images whose range is checked as well: in a graph, the step fails with one sentence."""
        return self.to_network(checks.of_step(self, images))

    def check_data(self, data):
        """Raises `ValueError` unless `data`, as `fit` takes it, holds batches for this model."""
        self.data_kind.prepare(self, *data) if isinstance(data, tuple) else self.data_kind.prepare(self, data)

    fit = inputs.fit
    evaluate = inputs.evaluate
    predict = inputs.predict
    train_on_batch = inputs.train_on_batch
    test_on_batch = inputs.test_on_batch
    predict_on_batch = inputs.predict_on_batch

    # -- optimizers -----------------------------------------------------------------------------------------------

    def default_optimizers(self):
        """Dict of new optimizers by compile() argument, as in the model's paper."""
        raise NotImplementedError

    def optimized_variables(self):
        """Dict of the variables that each optimizer trains, by compile() argument."""
        raise NotImplementedError

    def compile(self, *optimizers, run_eagerly=False, jit_compile="auto", steps_per_execution=1, **named):
        """Configures training.

        Args:
            *optimizers: In the order of `optimizer_names`, each a `keras.optimizers.Optimizer`, its name or its
                serialized config; `None`, or none at all, for that of `default_optimizers`.
            run_eagerly: As in `keras.Model.compile`.
            jit_compile: As in `keras.Model.compile`.
            steps_per_execution: As in `keras.Model.compile`.
            **named: The same optimizers by name.

        Raises:
            ValueError: On an unknown argument, or an optimizer given twice or of another model.

        Example:

        >>> import keras, keras_genzoo
        >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1))
        >>> model.compile(g_optimizer=keras.optimizers.Adam(1e-4, beta_1=0.5))  # the discriminator's stays the paper's
        """
        compiling.check_replicas(jit_compile)
        made = optimizing.made(self, optimizing.chosen(self, optimizers, named))  # or refused, and nothing has changed
        # Without optimizer=None, Keras would create an RMSprop that nothing uses, and save it.
        super().compile(
            optimizer=None, run_eagerly=run_eagerly, jit_compile=jit_compile, steps_per_execution=steps_per_execution
        )
        for name, optimizer in made.items():
            setattr(self, name, optimizer)
        keras_callbacks.show_optimizers(self)

    make_train_function = compiling.make_train_function
    make_test_function = compiling.make_test_function
    make_predict_function = compiling.make_predict_function
    _maybe_symbolic_build = compiling.stay_as_built

    get_compile_config = saving.compile_config
    compile_from_config = saving.compile_from_config
    quantize = saving.quantize
    save = saving.save
    save_weights = saving.save_weights
    save_own_variables = saving.save_own_variables
    load_own_variables = saving.load_own_variables

    def noise(self):
        """The seed generator of training steps, or, inside of `noise_for_tests`, that of test steps."""
        return self.test_seed_generator if is_testing() else self.seed_generator

    def after_pretrained(self):
        """Called once pretrained weights are loaded; a model that counts its steps starts again here."""

    recording = optimizing.recording
    apply_gradients = optimizing.apply_gradients
    update = optimizing.update

    # -- logs -----------------------------------------------------------------------------------------------------

    @property
    def metrics(self):
        """The trackers of the losses, which Keras resets at each epoch."""
        return list(self.trackers.values())

    def log(self, values):
        """Adds means over a batch to those over the images of the epoch: dict by name, of names in `loss_names`."""
        for key, value in values.items():
            self.trackers[key].update_state(value, sample_weight=replicas.rows())

    def results(self, values):
        """Logs the last values of a batch and returns the means of all losses by name, which a step returns."""
        self.log(values)
        return {key: replicas.result(self.trackers[key]) for key in self.loss_names or self.trackers}

    # -- files ----------------------------------------------------------------------------------------------------

    def export_functions(self, image_dtype="float32"):
        """The signatures of an exported model.

        Args:
            image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255, at inputs and outputs.

        Returns:
            Dict of `ExportFunction` by signature name, `serving_default` first.
        """
        raise NotImplementedError

    def export(self, path, format="saved_model", **options):
        """Writes files that run without this package: see `keras_genzoo.export.export_model`.

        Args:
            path: Folder (SavedModel, web page) or file (`.tflite`, `.onnx`, `.xml`).
            format: `"saved_model"`, `"litert"`, `"web"`, `"onnx"` or `"openvino"`.
            **options: Of the format, for example `quantization`.

        Returns: The `ExportReport`.
        """
        return saving.export(self, path, format, **options)

    @classmethod
    def from_preset(cls, preset, **args):
        """The compiled model of a preset of this class: a name (`"dcgan_mnist"`), a folder or an address.

        Args:
            preset: As for `keras_genzoo.from_preset`.
            **args: Arguments of the model that do not change the meaning of the weights.
        """
        return saving.from_preset(cls, preset, **args)

    def save_to_preset(self, path, **kwargs):
        """Writes a preset folder (weights, config, checksums, card): see `keras_genzoo.presets.save_preset`."""
        return saving.save_to_preset(self, path, **kwargs)


def _declared(cls):
    """The arguments that a class and its bases declare; see `ZooModel.arguments`."""
    found = {}
    for parent in reversed(cls.__mro__):
        for name, each in vars(parent).items():
            if isinstance(each, arguments.Argument):
                found[name] = each.named(name)
            else:  # a plain value in place of an inherited argument fixes it
                found.pop(name, None)
    seed = found.pop("seed")
    return {**found, "seed": seed, **arguments.OF_KERAS}
