"""How many images an epoch has, without decoding them."""

from keras_genzoo.data.parts import count_of
from keras_genzoo.data.sides import both_sides
from keras_genzoo.data.sources import open_part


def images_per_epoch(kind, config, image_shape):
    """Number of images in one pass over the data of a recipe; of two domains, that of the larger one.

    Files that cannot be read, and matched files without a partner, are found when they are loaded; they count here.

    Args:
        kind: Data kind of the model.
        config: `DataConfig`.
        image_shape: Shape of the model's images; signals are counted in windows of its length.
    """
    options = dict(limit=config.limit, data_dir=config.data_dir)
    if kind.num_sets == 1:
        part = open_part(config.source, config.split, **options, image_key=config.image_key, label_key=config.label_key)
        labelled = 0 if config.num_labelled is None else config.num_labelled * (config.repeat_labelled - 1)
        return count_of(part, image_shape) + labelled
    names = (config.split, config.split_b, config.image_key, config.image_key_b)
    sides = both_sides(config.source, config.source_b, *names)
    counts = [count_of(open_part(**side, **options), image_shape) for side in sides]
    return min(counts) if config.paired or getattr(kind, "paired", False) else max(counts)
