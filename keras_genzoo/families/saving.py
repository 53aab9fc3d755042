"""State of a model in its files besides the weights, and the calls of the packages above: presets and exports."""

import os

import keras
import numpy as np

from keras_genzoo.families.optimizing import freeze_layers, frozen_layers

RANDOM_STATES = "random_states"


def random_states(model):
    """The variables of all seed generators: the model's own, and those of layers such as dropout."""
    return [variable for variable in model.variables if variable.name == "seed_generator_state"]


def compile_config(model):
    """What a `.keras` file holds of `compile`: optimizers and random states; `None` for a model not compiled."""
    if not model.compiled:
        return None
    config = {name: keras.optimizers.serialize(getattr(model, name)) for name in model.optimizer_names}
    # Keras saves no state of a seed generator; without it, the noise of a resumed training would begin anew.
    states = [[int(number) for number in state.numpy()] for state in random_states(model)]
    frozen = {"frozen_at_compile": model.frozen_at_compile, "frozen": frozen_layers(model)}
    config |= frozen if any(frozen.values()) else {}
    return {**config, "steps_per_execution": model.steps_per_execution, "random_states": states}


def compile_from_config(model, config):
    """Compiles a model as `compile_config` has stated, with the layers that were not trainable."""
    if "frozen" in config:
        freeze_layers(model, config["frozen_at_compile"])
    optimizers = {name: keras.optimizers.deserialize(config[name]) for name in model.optimizer_names}
    model.compile(**optimizers, steps_per_execution=config.get("steps_per_execution", 1))
    if "frozen" in config:
        freeze_layers(model, config["frozen"])
    if "random_states" in config:
        _assign(random_states(model), config["random_states"])


def _assign(states, values):
    for state, value in zip(states, values, strict=True):
        state.assign(value)


def quantize(self, mode=None, **options):
    """Refuses to quantize the layers of a model in place: exports are quantized."""
    raise ValueError(
        "Expected model.export(path, format='litert', quantization='int8'), which writes a quantized file: the layers "
        f"of a model of the zoo are not quantized in place. Received: quantize({mode!r})"
    )


def save(self, filepath, *args, **kwargs):
    """As in Keras; what `keras_genzoo.load` could not read is refused before anything is written."""
    _check_layers(self)
    filepath = os.fspath(filepath)
    if not filepath.endswith(".keras"):  # Keras would write an .h5 file of its former format, or a folder
        raise ValueError(
            "Expected a path that ends in .keras (save_weights writes .weights.h5, save_to_preset a folder, and export "
            f"a SavedModel). Received: {filepath!r}"
        )
    return keras.Model.save(self, filepath, *args, **kwargs)


def save_weights(self, filepath, *args, **kwargs):
    """As in Keras; a model with quantized layers is refused before anything is written."""
    _check_layers(self)
    return keras.Model.save_weights(self, filepath, *args, **kwargs)


def _check_layers(model):
    quantized = [layer.name for layer in model._flatten_layers() if getattr(layer, "quantization_mode", None)]
    if quantized:
        raise ValueError(
            "Expected layers that are not quantized, because a file rebuilds them from the arguments of the model. "
            f"Received: {', '.join(quantized)}, quantized"
        )


def save_own_variables(self, store):
    """As in Keras, and for a compiled model the random states, so that weights files resume a training exactly."""
    own, named = own_variables(self)
    for index, variable in enumerate(own):
        store[f"{index}"] = variable
    for name, variable in named.items():
        store[name] = variable
    save_random_states(self, store)


def load_own_variables(self, store):
    """As in Keras, with the random states where the file has them and the model is compiled."""
    found = {key: store[key] for key in [*store.keys()] if key.isdecimal()}
    own, named = own_variables(self)
    if len(found) != len(own):
        raise ValueError(
            f"Expected as many weights as {type(self).__name__} {self.name!r} has beside its networks, {len(own)}. "
            f"Received: {len(found)}"
        )
    for index, variable in enumerate(own):
        variable.assign(found[f"{index}"])
    for name, variable in named.items():
        if name in store:
            variable.assign(store[name])
    load_random_states(self, store)


def own_variables(model):
    """What Keras saves by numbers of the weights of a model beside its networks, and what is saved by names."""
    named = getattr(model, "training_variables", dict)()  # GANs have some
    names = [id(variable) for variable in named.values()]
    own = [*model._trainable_variables, *model._non_trainable_variables]
    return [variable for variable in own if id(variable) not in names], named


def save_random_states(model, store):
    """Writes the random states of a compiled model into the store of a weights file."""
    states = random_states(model) if model.compiled else []
    if states:
        store[RANDOM_STATES] = np.stack([np.asarray(state.numpy(), "int64") for state in states])


def load_random_states(model, store):
    """Reads random states, into a compiled model with as many of them; a file of earlier versions has none."""
    states = random_states(model) if model.compiled and RANDOM_STATES in store else []
    found = np.asarray(store[RANDOM_STATES]) if states else []
    if len(found) == len(states):
        _assign(states, found)


def export(model, path, format, **options):
    """See `ZooModel.export`."""
    from keras_genzoo.export import export_model

    return export_model(model, path, format=format, **options)


def save_to_preset(model, path, **options):
    """See `ZooModel.save_to_preset`."""
    from keras_genzoo.presets import save_preset

    return save_preset(model, path, **options)


def from_preset(cls, preset, **args):
    """See `ZooModel.from_preset`."""
    from keras_genzoo.presets import load_model

    model = load_model(cls, registered_name(cls), preset, args)
    model.compile()
    return model


def registered_name(cls):
    """The name of a class in the registry: that of its module, or the one that it was registered under."""
    return vars(cls).get("registry_name") or cls.__module__.rpartition(".")[2]
