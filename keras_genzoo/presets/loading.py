"""Loads models from presets."""

from keras_genzoo import registry
from keras_genzoo.presets.bundled import locate
from keras_genzoo.presets.files import WEIGHTS, read_config, verify
from keras_genzoo.presets.weight_files import load_weights
from keras_genzoo.utils.given_arguments import known, with_effect
from keras_genzoo.utils.plain import plain


def load_model(cls, name, weights, args=None):
    """A model with pretrained weights, not compiled; `keras_genzoo.build(name, weights=...)` calls this.

    Args:
        cls: Class of the model.
        name: Its name in the registry.
        weights: Name of a bundled preset, with or without the model's (`"dcgan_mnist"`, `"mnist"`); a preset folder;
            a `.weights.h5` file; `https://` address of a folder with the preset's files, of a `.zip` of it, or of a
            `.weights.h5` file; `hf://owner/repository` (needs huggingface_hub).
        args: Dict of arguments that were given explicitly. Those that define the architecture must equal the
            preset's.

    Raises:
        ValueError: If there is no such preset, it is damaged, newer than this package, of another model, or does not
            fit `args`.
    """
    declared = cls.arguments()
    args = known(name, declared, args or {})
    source = locate(name, weights)
    stored = with_effect(declared, known(name, declared, _stored(name, source)))
    meant = stored
    if source.is_dir():
        verify(source)
        source = source / WEIGHTS
        meant = {**_defaults(declared), **stored}  # a preset that is older than an argument means its default
    for key, value in args.items():
        if not declared[key].training and key in meant and plain(value) != meant[key]:
            raise ValueError(f"Expected {key}={meant[key]!r}, as in the preset {weights!r}. Received: {key}={value!r}")
    model = cls(**with_effect(declared, {**stored, **args}, kept=args))
    if stored.get("ema_decay") == 0 and model.ema_decay:  # the file has no average
        without = cls(**with_effect(declared, {**stored, **args, "ema_decay": 0.0}, kept=args))
        load_weights(without, source)
        model.average.start_from(model.network_variables, without.network_variables)
    elif "ema_decay" in declared and not model.ema_decay and meant.get("ema_decay"):  # its images are the average's
        averaged = cls(**with_effect(declared, {**stored, **args, "ema_decay": meant["ema_decay"]}, kept=args))
        load_weights(averaged, source)
        averaged.average.give_to(model.network_variables, averaged.network_variables)
    else:
        load_weights(model, source)
    model.after_pretrained()
    return model


def _defaults(declared):
    return {key: plain(each.default) for key, each in declared.items()}


def stored_arguments(name, weights):
    """Arguments of the model `name` in a preset, as a dict under today's names; empty for a `.weights.h5` file.

    Args:
        name: Name of the model in the registry.
        weights: As for `load_model`; an address is fetched.
    """
    return registry.current_arguments(name, _stored(name, locate(name, weights)))


def _stored(name, source):
    """The arguments in a preset folder as they were written; none for a weight file."""
    if source.is_file():
        return {}
    config = read_config(source)
    if config["model"] != name:
        raise ValueError(f"Expected a preset of {name}. Received: {source.name!r}, a preset of {config['model']}")
    return config["args"]
