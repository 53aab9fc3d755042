"""A folder that has both domains of a translator is written into the recipe as the source of both."""

import dataclasses

from keras_genzoo import building


def with_domains(recipe):
    """The recipe with `data.source_b`, if the folder of domain a has the splits of domain b too (`trainA`, `trainB`).

    Example:

    >>> from keras_genzoo.recipes import Recipe
    >>> with_domains(Recipe("vae")).data.source_b is None
    True
    """
    data = recipe.data
    given = data.source_b or data.split_b or data.image_key_b
    if given or building.model_class(recipe.model).data_kind.num_sets < 2:
        return recipe
    from keras_genzoo.data.sides import domain_splits

    if domain_splits(data.source, data.split)[1] is None:
        return recipe
    return dataclasses.replace(recipe, data=dataclasses.replace(data, source_b=data.source))
