"""Says at the end of a training how much of a model's code is in use."""

import keras

from keras_genzoo.families.code_use import code_use_line


class ReportCodeUse(keras.callbacks.Callback):
    """Prints, once training ends, which parts of the code tell nothing about images, and what usually helps.

    A VAE whose posterior has collapsed to the prior, or a VQ-VAE that uses a few of its codes, has losses that look as
    usual. What counts as unused is that `code_use` of the model is below 0.01.

    Args:
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`: some hundred images of the data.
        **conditions: Models with conditions: their values, one per image, such as `labels`.

    Raises:
        ValueError: At the start of `fit`, if the model has no `code_use`, or does not take the images or conditions.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[16], latent_dim=2)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> report = ReportCodeUse(digits[:256])
    >>> history = model.fit(digits, epochs=1, verbose=0, callbacks=[report])  # doctest: +ELLIPSIS
    Codes: ... of 2 latent dimensions in use...
    """

    def __init__(self, images, **conditions):
        super().__init__()
        self.images = images
        self.conditions = conditions

    def on_train_begin(self, logs=None):
        if not hasattr(self.model, "code_use"):
            raise ValueError(
                "Expected a model with a method code_use, a VAE or a VQ-VAE, for ReportCodeUse. "
                f"Received: {type(self.model).__name__}"
            )
        self.model.code_use(self.images, **self.conditions)  # what does not fit is an error now, not after hours

    def on_train_end(self, logs=None):
        print(code_use_line(self.model, self.images, **self.conditions), flush=True)
