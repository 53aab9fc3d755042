"""A history of generated images: a discriminator is trained on earlier ones together with new ones."""

import keras
from keras import ops

from keras_genzoo.utils import replicas


@keras.saving.register_keras_serializable(package="keras_genzoo")
class ImageHistory(keras.layers.Layer):
    """Stores images of earlier steps and returns them in place of some of the new ones.

    While the history is not full, each image is stored and returned. Afterwards, each image is returned with
    probability 1/2; otherwise it replaces a stored image, chosen uniformly, and that image is returned. The images of a
    batch are processed one after the other, so an image may replace another one of the same batch.

    The stored images are variables, so that a saved and loaded training continues exactly. They are not weights of a
    network: an empty history writes nothing to a file, and loading a file without a history empties it. Under
    `tf.distribute`, all replicas keep the images of the first replica.

    Args:
        size: Number of stored images, at least 1.
        image_shape: `(height, width, channels)`.
        **kwargs: `name`, as for every Keras layer.

    Shapes: input `(batch, height, width, channels)` and uniform numbers `(batch, 2)` in [0, 1); output as the images,
    float32.

    References:
        Shrivastava et al., 2017, https://arxiv.org/abs/1612.07828, section 2.3, for single images as in the code of
        Zhu et al., 2017, https://arxiv.org/abs/1703.10593, section 4.

    Example:

    >>> history = ImageHistory(4, (8, 8, 1))
    >>> history(keras.random.normal((3, 8, 8, 1)), keras.random.uniform((3, 2))).shape, int(history.count)
    (TensorShape([3, 8, 8, 1]), 3)
    """

    def __init__(self, size, image_shape, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.size = size
        self.image_shape = tuple(image_shape)
        # The mean over replicas would mix images of several replicas.
        kept = dict(initializer="zeros", dtype="float32", trainable=False, aggregation="only_first_replica")
        self.images = self.add_weight(name="images", shape=(size, *self.image_shape), **kept)
        self.count = self.add_weight(name="count", shape=(), **kept)
        self.built = True

    def call(self, images, noise):
        num = ops.shape(images)[0]
        order = ops.arange(num, dtype="int32")
        count = ops.cast(self.count, "int32")
        fills = order < self.size - count
        drawn = ops.minimum(ops.cast(noise[:, 1] * self.size, "int32"), self.size - 1)
        swaps = ops.logical_and(ops.logical_not(fills), noise[:, 0] < 0.5)
        place = ops.where(fills, count + order, ops.where(swaps, drawn, -1))  # (batch,), -1 for none
        held = ops.cast(replicas.held(), "int32")
        place = ops.where(held > 0, place, -1)  # a replica without images has none to store
        # Images are numbered: first the stored ones by place, then the batch. An image that swaps receives the image
        # that the last one before it has put into the same place.
        before = ops.logical_and(ops.equal(place[:, None], place[None, :]), order[None, :] < order[:, None])
        earlier = ops.max(ops.where(before, order[None, :], -1), axis=1)
        taken = ops.where(earlier >= 0, self.size + earlier, drawn)
        given = ops.where(swaps, taken, self.size + order)
        # A place keeps the last image that was put there.
        places = ops.arange(self.size, dtype="int32")
        last = ops.max(ops.where(ops.equal(place[None, :], places[:, None]), order[None, :], -1), axis=1)
        numbered = ops.concatenate([self.images, images], axis=0)
        self.images.assign(ops.take(numbered, ops.where(last >= 0, self.size + last, places), axis=0))
        self.count.assign(ops.cast(ops.minimum(count + num * held, self.size), "float32"))
        return ops.take(numbered, given, axis=0)

    def save_own_variables(self, store):
        if float(ops.convert_to_numpy(self.count)) > 0.0:
            super().save_own_variables(store)

    def load_own_variables(self, store):
        if len(store.keys()):
            super().load_own_variables(store)
            return
        for variable in self.variables:
            variable.assign(ops.zeros_like(variable))

    def get_config(self):
        return {**super().get_config(), "size": self.size, "image_shape": self.image_shape}
