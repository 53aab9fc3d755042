"""Draws images pixel by pixel by the networks of a PixelCNN."""

import keras
from keras import ops


class PixelDraw(keras.layers.Layer):
    """Draws binary images in raster order, each pixel given those before it and features of a code.

    The vertical stack runs once for each row, on the rows that it sees, and the horizontal stack, on the row alone,
    once for each pixel. For 28x28 pixels that is about 10 passes of the one and 28 of the other, in place of 784.

    Args:
        rows_above: Network from images to what the rows above add to the horizontal stack.
        row_network: Network from rows, and what is added to them, to features of the pixels before.
        head: Network from these features and those of the code to logits.
        image_shape: `(height, width, channels)`.
        num_above: How many rows above its own a position sees.

    Shapes: context `(batch, height, width, d)`, uniform noise `(batch or 1, height, width, channels)`, and, if some
    pixels are known, images and the booleans of those to be drawn -> binary images and probabilities, both
    `(batch, height, width, channels)`, float32.

    References:
        van den Oord et al., 2016, https://arxiv.org/abs/1601.06759, section 2.
    """

    def __init__(self, rows_above, row_network, head, image_shape, num_above, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        # In a tuple of functions, past the tracking of Keras: the networks belong to the model, which saves them.
        self.networks = (lambda x: rows_above(x), lambda x: row_network(x), lambda x: head(x))
        self.image_shape = tuple(image_shape)
        self.num_rows = min(num_above + 1, image_shape[0])
        self.built = True

    def call(self, context, noise, known=None, mask=None):
        height, width, channels = self.image_shape
        images = ops.zeros((ops.shape(context)[0], *self.image_shape), "float32")
        images = images if known is None else ops.where(mask, images, ops.cast(known, "float32"))
        rows_above, row_network, head = self.networks
        columns = ops.reshape(ops.arange(width, dtype="int32"), (1, 1, width, 1))
        rows = ops.reshape(ops.arange(height, dtype="int32"), (1, height, 1, 1))

        def row_of(maps, index):
            return ops.take(maps, ops.reshape(index, (1,)), axis=1)  # (batch, 1, width, d)

        def draw_row(y, images, probabilities):
            # What is above the rows that a position sees has no effect on it, as if the image began there.
            first = ops.maximum(y - self.num_rows + 1, 0)
            seen = ops.slice(images, (0, first, 0, 0), (ops.shape(images)[0], self.num_rows, width, channels))
            above, beside, chances = row_of(rows_above(seen), y - first), row_of(context, y), row_of(noise, y)
            held = None if mask is None else ops.logical_not(row_of(mask, y))

            def draw_pixel(x, row, rates):
                row = ops.reshape(row, (-1, 1, width, channels))  # converters lose the shape in a loop
                rate = ops.sigmoid(head([row_network([row, above]), beside]))
                here = columns == x if held is None else ops.logical_and(columns == x, ops.logical_not(held))
                drawn = ops.cast(chances < rate, "float32")
                return x + 1, ops.where(here, drawn, row), ops.where(columns == x, rate, rates)

            start = (ops.zeros((), "int32"), row_of(images, y), row_of(probabilities, y))
            _, row, rates = ops.while_loop(lambda x, *_: x < width, draw_pixel, start)
            return y + 1, ops.where(rows == y, row, images), ops.where(rows == y, rates, probabilities)

        start = (ops.zeros((), "int32"), images, ops.zeros_like(images))
        _, images, probabilities = ops.while_loop(lambda y, *_: y < height, draw_row, start)
        return images, probabilities

    def compute_output_spec(self, context, noise, known=None, mask=None):
        spec = keras.KerasTensor((context.shape[0], *self.image_shape), "float32")
        return spec, spec
