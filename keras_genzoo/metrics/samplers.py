"""Which sampler of codes made the generated images of an evaluation."""


def sampler_of(model, sampler):
    """Name of the sampler from which an autoencoder takes its codes, if it is not the prior; else `None`."""
    if getattr(model, "samplers", None) is None and sampler is None:
        return None
    from keras_genzoo.families.code_sampling import chosen_sampler  # which imports TensorFlow

    if not hasattr(model, "fit_sampler"):
        raise ValueError(f"Expected no sampler: {model.model_name} has none. Received: sampler={sampler!r}")
    name = chosen_sampler(model, sampler)
    return None if name == "prior" else name
