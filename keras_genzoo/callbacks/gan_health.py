"""Measures the health of a GAN after each epoch, and says what is wrong."""

import math

import numpy as np

from keras_genzoo.callbacks.health_signs import MEASURES, PREFIX, SIGNS, advice
from keras_genzoo.callbacks.steps import StepCounter
from keras_genzoo.data.splits import fixed_order
from keras_genzoo.families import BaseGAN
from keras_genzoo.families.health import players, undisturbed
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_at_least

BATCH = 64
MIN_EPOCHS = 4  # of which a trouble is told


class GANHealth(StepCounter):
    """Measures after each epoch what tells whether a GAN is well, and says in one sentence if it is not.

    The measures are logged like losses, so they are in `History`, in `EpochLog` and in TensorBoard if this callback
    stands before theirs. The images that are measured come from the same codes each time, from the generator in
    training mode, not from its average. Training is left as it is, bit for bit. The cost is that of a few steps.

    - `health_accuracy`: share of pairs of a real and a generated image in which the discriminator finds the real one
      more real, 0.5 if it guesses, 1 if it is never wrong: the area under its ROC curve.
    - `health_gradient`: norm of the gradient of an image's part of the generator's loss with respect to its pixels.
    - `health_diversity`: mean distance between generated images, over that between real ones.
    - `health_neighbours`: how many real images are nearest to generated ones, over how many are to other real ones.
    - `health_shift`: how far the images as a whole have moved since the last epoch, from 0 to 1.
    - `health_copies`: share of generated images that are nearly copies of one of `images`.

    Mode collapse, a vanished gradient, oscillation and memorizing are told once each, and again if they come back. They
    are judged by means over the last epochs, at least 4 of them and at least `settling` steps, without the first
    `settling` steps of a training, when images are still noise.

    Args:
        images: Array of training images, as for `fit`; at least 2. Generated images are compared with `num` of them, in
            an order that mixes classes. Copies are looked for among all of them, so give all of a small data set, and
            some thousands of a large one.
        labels: Their labels, for models that are trained on labels.
        num: Number of generated images, at least 2.
        first_step: Number of steps before this call of `fit`.
        settling: Number of steps, see above; at least 0.
        verbose: Whether to print what is wrong; `told` holds the sentences in any case.

    Raises:
        ValueError: If an argument is out of its range; at the start of `fit`, if the model is no GAN or does not take
            the images or labels.

    References:
        docs/gan_health.md explains each measure and how the limits were found.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0, callbacks=[GANHealth(digits[:256])])
    >>> sorted(history.history)
    ['d_loss', 'g_loss', 'health_accuracy', 'health_copies', 'health_diversity', 'health_gradient',
     'health_neighbours', 'health_shift']
    """

    def __init__(self, images, labels=None, num=256, first_step=0, settling=1000, verbose=True):
        super().__init__(first_step)
        check_at_least(0, first_step=first_step, settling=settling)
        check_at_least(2, num=num)
        self.images = as_array(images, "images")
        self.labels = labels
        if self.images.ndim < 2 or len(self.images) < 2:
            received = f"shape {self.images.shape}" if self.images.ndim else f"a {type(images).__name__}"
            raise ValueError(f"Expected an array of at least 2 images for GANHealth. Received: {received}")
        self.num = num
        self.settling = settling
        self.verbose = verbose
        self.told = []

    def on_train_begin(self, logs=None):
        from keras_genzoo.metrics.health import RealImages  # its libraries take a second to import

        if not isinstance(self.model, BaseGAN):
            raise ValueError(
                f"Expected a GAN, a model of BaseGAN, for GANHealth. Received: {type(self.model).__name__}"
            )
        images, labels = self.model.data_kind.prepare(self.model, self.images, self.labels)
        mixed = fixed_order(len(images))  # images are often stored by class
        parts = [np.asarray(part)[mixed] for part in (images, labels) if part is not None]
        chosen = np.resize(np.arange(len(images)), self.num)  # a small data set is repeated
        self.batches = batches([part[chosen] for part in parts])
        unpacked = [self.model.data_kind.unpack(self.model, batch).images for batch in batches(parts)]
        self.real = RealImages(np.concatenate([np.asarray(each) for each in unpacked]), self.num)
        self.history, self.troubles, self.told = [], set(), []
        # What the codes give now, not what they gave at the end of an epoch: the same in a run that is resumed.
        self.before = self.play()["images"]

    def play(self):
        """What the players make of the fixed batches: see `players`."""
        with undisturbed(self.model, seed=0):
            parts = [players(self.model, batch) for batch in self.batches]
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    def on_epoch_end(self, epoch, logs=None):
        found = self.measure()
        if logs is not None:
            logs.update({f"{PREFIX}{name}": found[name] for name in MEASURES})
        self.history.append((self.step, found))
        self.say(epoch + 1, found)

    def measure(self):
        """Dict of the measures, and of the counts that the sentences state; NaN if an image or score is not finite."""
        played, before = self.play(), self.before
        self.before = played["images"]
        if not all(np.isfinite(values).all() for values in (*played.values(), before)):
            return dict.fromkeys([*MEASURES, "relative_gradient", "new_copies", "distance"], math.nan)
        return self.real.compared(played, before)

    def recent(self):
        """The measures of the epochs that are judged; empty if there are too few."""
        settled = [(step, found) for step, found in self.history if step > self.settling]
        if len(settled) < MIN_EPOCHS or self.step - settled[0][0] < self.settling:
            return []
        late = sum(step > self.step - self.settling for step, _ in settled)
        return [found for _, found in settled[-max(MIN_EPOCHS, late) :]]

    def say(self, epoch, found):
        """Prints each trouble that was not there before. It is over once no judged epoch is beyond the limit."""
        recent = self.recent()
        if not recent:
            return
        self.troubles &= {sign.kind for sign in SIGNS if any(sign.beyond(each[sign.measure]) for each in recent)}
        for sign in SIGNS:
            if sign.kind not in self.troubles and sign.unless not in self.troubles and sign.seen(recent):
                self.troubles.add(sign.kind)
                text = f"Epoch {epoch}: {sign.kind}: {sign.fact.format(**found)}. {advice(sign.kind, self.model)}"
                self.told.append(text)
                if self.verbose:  # below the progress bar of Keras
                    print(f"\n{text}" if (self.params or {}).get("verbose") == 1 else text, flush=True)


def batches(parts):
    """Arrays of equal length in parts of up to 64 rows, as `fit` takes them."""
    cut = [tuple(part[first : first + BATCH] for part in parts) for first in range(0, len(parts[0]), BATCH)]
    return [each if len(each) > 1 else each[0] for each in cut]
