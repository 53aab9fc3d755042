"""What every model of the zoo shares: configuration, optimizers by name, saving, export."""

import contextlib
import inspect
import threading
from collections import namedtuple

import keras
import tensorflow as tf

from keras_genzoo import images as pixels
from keras_genzoo.checks import check_training_seed
from keras_genzoo.models._batches import RunsInBatches
from keras_genzoo.models._inputs import ImageModel

ExportFunction = namedtuple("ExportFunction", ["function", "inputs", "outputs", "portable"], defaults=[True])
ExportFunction.__doc__ = """One signature of an exported model.

Fields:
    function: Callable; takes the inputs by name, returns a dict of the outputs.
    inputs: Dict of `tf.TensorSpec` by name.
    outputs: Tuple of the outputs' names.
    portable: Whether every runtime has its operations: not those with random numbers, files of pictures or scalar
        inputs in the graph, which TensorFlow alone runs.
"""


class _State(threading.local):  # a replica of tf.distribute traces in a thread of its own
    testing = False


_state = _State()


@contextlib.contextmanager
def noise_for_tests():
    """Within this context, `ZooModel.noise` gives the seed generator of test steps."""
    before, _state.testing = _state.testing, True
    try:
        yield
    finally:
        _state.testing = before


class ZooModel(RunsInBatches, ImageModel):
    """Base of the families. A family names its optimizers and networks and has one `train_step`.

    Every constructor argument is kept as an attribute of the same name: `get_config` reads them from there, so that
    no argument is listed twice. Keras calls a model built once its networks exist, which is in the constructor.

    Args:
        image_shape: `(height, width, channels)`, sides of 8..256 pixels, 1 or 3 channels.
        seed: Seed of first weights and of the random numbers in training steps, 0..2**32 - 1; `None` draws one.
        dtype: Dtype policy of the networks: `"float32"`, `"mixed_bfloat16"`, `"mixed_float16"`.
        name: Name of the Keras model.
    """

    # Filled by the families: names of compile() arguments, and of the losses that are logged.
    optimizer_names = ()
    loss_names = ()
    # Arguments that change how a model trains, not what its weights mean: they may differ from a preset's.
    training_arguments = ("seed", "dtype", "name")

    def __init__(self, image_shape, seed=None, dtype=None, name=None):
        super().__init__(name=name, dtype=dtype)
        self.image_shape = pixels.check_image_shape(image_shape)
        self.seed = check_training_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        # Of its own, so that a training is the same with and without validation.
        self.test_seed_generator = keras.random.SeedGenerator(self.seed)

    def finish_construction(self):
        """Called once the networks exist: makes the means of the losses, and tells Keras that the model is built."""
        self.trackers = {key: keras.metrics.Mean(name=key) for key in self.loss_names}
        self.built = True

    # -- configuration --------------------------------------------------------------------------------------------

    @property
    def model_name(self):
        """The name in the registry: that of the module which holds the class."""
        return type(self).__module__.rpartition(".")[2]

    @classmethod
    def argument_names(cls):
        """Names of all constructor arguments, own ones first, then those that `**kwargs` passes on to the family."""
        names = []
        for parent in cls.__mro__:
            if parent is keras.Model:
                break
            if "__init__" not in vars(parent):
                continue
            parameters = list(inspect.signature(parent.__init__).parameters.values())[1:]
            names += [p.name for p in parameters if p.kind is not p.VAR_KEYWORD and p.name not in names]
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break
        return names

    def get_config(self):
        config = {key: getattr(self, key) for key in self.argument_names() if key != "dtype"}
        return {**config, "dtype": self.dtype_policy.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)

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
            ValueError: On an argument that the model has not, or an optimizer given twice.

        Example:

        >>> import keras, keras_genzoo
        >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1))
        >>> model.compile(g_optimizer=keras.optimizers.Adam(1e-4, beta_1=0.5))  # the discriminator's stays the paper's
        """
        names = self.optimizer_names
        given = dict(zip(names, optimizers, strict=False))
        if len(optimizers) > len(names) or given.keys() & named or named.keys() - {*names}:
            raise ValueError(
                f"Expected the optimizers {', '.join(names)}, each once: losses and metrics are the "
                f"model's own. Received: {len(optimizers)} without a name, and {', '.join(named) or 'none'} by name"
            )
        chosen = {**given, **named}
        # Without optimizer=None, Keras would create an RMSprop that nothing uses, and save it.
        super().compile(
            optimizer=None, run_eagerly=run_eagerly, jit_compile=jit_compile, steps_per_execution=steps_per_execution
        )
        defaults = self.default_optimizers()
        variables = self.optimized_variables()
        for name in self.optimizer_names:
            optimizer = keras.optimizers.get(defaults[name] if chosen.get(name) is None else chosen[name])
            if self.dtype_policy.name == "mixed_float16" and not hasattr(optimizer, "inner_optimizer"):
                optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
            # Built here and not at the first step: load_weights skips the slots of an optimizer that is not built.
            optimizer.build(variables[name])
            setattr(self, name, optimizer)

    def get_compile_config(self):
        if not self.compiled:
            return None
        config = {name: keras.optimizers.serialize(getattr(self, name)) for name in self.optimizer_names}
        # Keras saves no state of a seed generator; without it, the noise of a resumed training would begin anew.
        states = [[int(number) for number in state.numpy()] for state in self.random_states()]
        return {**config, "steps_per_execution": self.steps_per_execution, "random_states": states}

    def compile_from_config(self, config):
        optimizers = {name: keras.optimizers.deserialize(config[name]) for name in self.optimizer_names}
        self.compile(**optimizers, steps_per_execution=config.get("steps_per_execution", 1))
        if "random_states" in config:
            for state, value in zip(self.random_states(), config["random_states"], strict=True):
                state.assign(value)

    def noise(self):
        """The seed generator of training steps, or, inside of `noise_for_tests`, that of test steps."""
        return self.test_seed_generator if _state.testing else self.seed_generator

    def after_pretrained(self):
        """Called once pretrained weights are loaded; a family that counts its steps starts again here."""

    def random_states(self):
        """The variables of all seed generators: the model's own, and those of layers such as dropout."""
        return [variable for variable in self.variables if variable.name == "seed_generator_state"]

    @contextlib.contextmanager
    def recording(self, name):
        """A gradient tape that watches what the optimizer `name` trains, and nothing else."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in self.optimized_variables()[name]])
            yield tape

    def apply_gradients(self, name, loss, tape):
        """One update by the optimizer `name` of its own variables, from `loss` and the tape of `recording(name)`."""
        variables = self.optimized_variables()[name]
        with tape:  # the scaling is part of what is differentiated
            scaled = self._scaled(name, loss)
        gradients = tape.gradient(scaled, [variable.value for variable in variables])
        getattr(self, name).apply(gradients, variables)

    def apply_estimate(self, name, gradients):
        """One update by the optimizer `name` of its own variables, along gradients that no tape has recorded."""
        scaled = [self._scaled(name, gradient) for gradient in gradients]
        getattr(self, name).apply(scaled, self.optimized_variables()[name])

    def _scaled(self, name, value):
        """A loss or gradient as the optimizer `name` takes it: replicas add theirs up, so each gives its share."""
        return getattr(self, name).scale_loss(value / tf.distribute.get_strategy().num_replicas_in_sync)

    # -- what is logged -------------------------------------------------------------------------------------------

    @property
    def metrics(self):
        """The trackers of the losses, which Keras resets at each epoch."""
        return list(self.trackers.values())

    def log(self, values):
        """Takes scalars of a batch, by name, into their means over the epoch; the names stand in `loss_names`."""
        for key, value in values.items():
            self.trackers[key].update_state(value)

    def results(self, values):
        """Logs the last values of a batch; returns the means of all losses by name, as a step does."""
        self.log(values)
        return {key: self.trackers[key].result() for key in self.loss_names}

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

        Returns:
            The `ExportReport`: files, sizes, signatures, and the errors measured against this model.
        """
        from keras_genzoo.export import export_model

        return export_model(self, path, format=format, **options)

    def save_to_preset(self, path, **kwargs):
        """Writes a preset folder (weights, config, checksums, card): see `keras_genzoo.presets.save_preset`."""
        from keras_genzoo.presets import save_preset

        return save_preset(self, path, **kwargs)
