"""State of a model in its files besides the weights, and the calls of the packages above: presets and exports."""

import keras


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
    return {**config, "steps_per_execution": model.steps_per_execution, "random_states": states}


def compile_from_config(model, config):
    """Compiles a model as `compile_config` has stated."""
    optimizers = {name: keras.optimizers.deserialize(config[name]) for name in model.optimizer_names}
    model.compile(**optimizers, steps_per_execution=config.get("steps_per_execution", 1))
    if "random_states" in config:
        for state, value in zip(random_states(model), config["random_states"], strict=True):
            state.assign(value)


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
