"""`GANHealth`: what it measures, that it disturbs nothing, and that it tells runs that fail from runs that do not."""

import numpy as np
import pytest
from cases import moved, state
from keras import Input, Model, layers, ops, optimizers

import keras_genzoo
from keras_genzoo import building, losses, sampling, training
from keras_genzoo.callbacks import EpochLog, GANHealth
from keras_genzoo.callbacks.health_signs import HELPS, MEASURES, SIGNS, advice
from keras_genzoo.data.splits import fixed_order
from keras_genzoo.families import BaseGAN, ClassCondition
from keras_genzoo.layers import BatchNormalization, SpectralNormalization
from keras_genzoo.networks.mlp import mlp_features, mlp_generator
from keras_genzoo.recipes import Recipe

SHAPE = (8, 8, 1)


class DenseGAN(BaseGAN):
    """A GAN whose steps take a few milliseconds."""

    def build_generator(self):
        options = dict(activation="relu", output_activation="tanh", dtype=self.dtype_policy)
        return mlp_generator(self.image_shape, self.latent_dim, [64, 64], **options)

    def build_discriminator(self):
        image = Input(self.image_shape, name="image")
        features = mlp_features(image, [64, 64], "leaky_relu", self.dtype_policy)
        return Model(image, layers.Dense(1, dtype="float32")(features))


class SaturatingGAN(DenseGAN):
    """The generator's loss of equation 1 of 1406.2661, whose gradient vanishes where the discriminator is sure."""

    def generator_loss(self, real, fake):
        return -ops.mean(ops.softplus(self.judge(fake)))


def compiled(cls, d_rate, g_rate, **args):
    model = cls(image_shape=SHAPE, seed=0, **{"latent_dim": 8, **args})
    rates = (optimizers.Adam(d_rate, beta_1=0.5), optimizers.Adam(g_rate, beta_1=0.5))
    model.compile(*rates, steps_per_execution=16)
    return model


def told(model, images, epochs, **options):
    """What is told in a training of epochs of 112 steps; it is judged from the third one on."""
    health = GANHealth(images[:1024], settling=300, **options)
    many = np.resize(images, (112 * 64, *SHAPE))
    model.fit(many, batch_size=64, epochs=epochs, shuffle=False, verbose=0, callbacks=[health])
    return health.told


# -- runs that fail, and one that does not ----------------------------------------------------------------------------


def test_healthy_run_is_silent_from_its_first_epoch_on(digits, capsys):
    assert told(compiled(DenseGAN, 1e-3, 1e-3), digits[0], 10) == []
    assert capsys.readouterr().out == ""


def test_mode_collapse_is_told_once_with_what_helps(digits, capsys):
    (text,) = {line for line in told(compiled(DenseGAN, 1e-5, 3e-3), digits[0], 7) if "mode collapse" in line}
    assert "between real ones." in text or "of 256 real ones; real" in text
    assert "What usually helps: lower learning rates" in text
    assert text in capsys.readouterr().out.splitlines()


def test_vanished_gradient_is_told(digits):
    (text,) = told(compiled(SaturatingGAN, 1e-2, 1e-4), digits[0], 6)
    assert "vanished gradient: a gradient of norm " in text and "e-05 reaches the generator" in text
    assert "What usually helps: " in text


def test_oscillation_is_told(digits):
    lines = told(compiled(DenseGAN, 1e-3, 1e-2), digits[0], 9)
    assert any(": oscillation: the generated images as a whole keep changing (shift 0." in line for line in lines)


def test_memorizing_is_told(digits, capsys):
    (text,) = told(compiled(DenseGAN, 1e-3, 1e-3, latent_dim=2), digits[0][:8], 7, verbose=False)
    assert "memorizing: " in text and "% of 256 generated images are nearly copies of one of 8 training images" in text
    assert capsys.readouterr().out == ""  # verbose=False


def test_a_training_from_a_recipe_tells_it(tmp_path, capsys):
    adam = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}
    recipe = Recipe.from_dict(
        {
            "model": "gan",
            "args": {"image_shape": [8, 8, 1], "latent_dim": 2, "hidden_units": [64, 64]},
            "optimizers": {"d_optimizer": adam, "g_optimizer": adam},
            "data": {"source": "digits", "limit": 8, "batch_size": 64, "repeat": 4000},  # 8 images, 500 steps
            "epochs": 6,
            "steps_per_execution": 50,
        }
    )
    training.train(recipe, tmp_path / "run", verbose=2, evaluate=False)
    assert "memorizing: " in capsys.readouterr().out


@pytest.mark.parametrize("name", ["began", "bigan", "pacgan", "sagan", "wgan_gp"])
def test_every_kind_of_discriminator_is_measured(name, digits):
    known = building.model_class(name).arguments()
    small = dict(image_shape=SHAPE, base_filters=4, num_classes=10, seed=0)
    model = keras_genzoo.build(name, **{key: value for key, value in small.items() if key in known})
    images, labels = digits[0][:64], digits[1][:64]
    given = {"labels": labels} if "num_classes" in known else {}
    data = (images, labels) if given else (images,)
    history = model.fit(*data, batch_size=16, verbose=0, callbacks=[GANHealth(images, **given)]).history
    measured = {key: values for key, values in history.items() if key.startswith("health_")}
    assert len(measured) == len(MEASURES) and np.isfinite(list(measured.values())).all()


# -- training is left as it is ----------------------------------------------------------------------------------------


class EverythingGAN(BaseGAN):
    """Has all that a loss may move: statistics, singular values, noise, drawn conditions and logged parts."""

    loss_names = (*BaseGAN.loss_names, "noise_loss")
    conditions = (ClassCondition("styles", 3, in_turn=False),)

    def build_generator(self):
        z, style = Input((self.latent_dim,), name="z"), Input((), dtype="int32", name="style")
        x = layers.Concatenate()([z, layers.Embedding(3, 2)(style)])
        x = BatchNormalization()(layers.Dense(64)(x))
        return Model([z, style], layers.Reshape(self.image_shape)(layers.Activation("tanh")(x)))

    def build_discriminator(self):
        image = Input(self.image_shape, name="image")
        x = BatchNormalization()(SpectralNormalization(layers.Dense(8))(layers.Flatten()(image)))
        x = layers.Dropout(0.2)(layers.BatchNormalization()(x))  # of Keras, as a user's model may have them
        return Model(image, layers.Dense(1, dtype="float32")(x))

    def generator_loss(self, real, fake):
        noise = ops.mean(sampling.step_normal((), self.noise()))
        self.log({"noise_loss": noise})
        return losses.non_saturating_generator_loss(self.judge(fake)) + noise


INPUTS = dict(augmentations=["translation"], augmentation_target=0.6, instance_noise=0.1, instance_noise_steps=9)


def test_training_is_bit_for_bit_the_same_with_and_without(digits):
    found = []
    for watched in (False, True):
        model = EverythingGAN(image_shape=SHAPE, latent_dim=2, seed=0, **INPUTS)
        model.compile()
        given = [GANHealth(digits[0][:40], num=20)] if watched else []
        history = model.fit(digits[0][:24], batch_size=8, epochs=2, verbose=0, shuffle=False, callbacks=given).history
        found.append((state(model), {name: history[name] for name in model.loss_names}))
    (alone, alone_losses), (watched, watched_losses) = found
    assert moved(alone, watched) == []
    assert alone_losses == watched_losses


def test_images_of_two_measurements_come_from_the_same_codes(digits):
    model = EverythingGAN(image_shape=SHAPE, latent_dim=2, seed=0)
    model.compile(optimizers.SGD(0.0), optimizers.SGD(0.0))
    health = GANHealth(digits[0][:40], num=20)
    held = digits[0][40:56]  # whose losses take noise from the generator of test steps
    data = dict(batch_size=8, epochs=2, validation_data=(held,), validation_batch_size=8)
    history = model.fit(digits[0][:24], verbose=0, callbacks=[health], **data).history
    assert history["health_shift"] == pytest.approx([0.0, 0.0], abs=1e-6)


# -- what is measured -------------------------------------------------------------------------------------------------


class LabelledGAN(BaseGAN):
    """Generates for label k an image of k / 10, and has a linear discriminator."""

    num_classes, class_names = 10, None
    data_kind = keras_genzoo.families.LabelledImages()
    conditions = property(lambda self: (self.label_condition,))

    def build_generator(self):
        z, label = Input((self.latent_dim,), name="z"), Input((), dtype="float32", name="label")
        spread = layers.Dense(64, kernel_initializer="zeros")(z)
        x = layers.Add()([spread, layers.Rescaling(0.1)(layers.RepeatVector(64)(layers.Reshape((1,))(label))[..., 0])])
        return Model([z, label], layers.Reshape(self.image_shape)(x))

    def build_discriminator(self):
        image = Input(self.image_shape, name="image")
        return Model(image, layers.Dense(1, kernel_initializer="ones")(layers.Flatten()(image)))


def test_measures_of_a_labelled_model_are_those_of_images_with_the_labels_of_the_real_ones(digits):
    model = LabelledGAN(image_shape=SHAPE, latent_dim=2, seed=0)
    model.compile(optimizers.SGD(0.0), optimizers.SGD(0.0))
    images, labels = (part[:50] for part in digits)
    history = model.fit(
        images, labels, batch_size=50, epochs=1, verbose=0, callbacks=[GANHealth(images, labels, num=30)]
    ).history
    images, labels = (part[fixed_order(50)] for part in (images, labels))  # which may be stored by class
    rows = images.reshape(50, -1) / 127.5 - 1.0
    fake = np.repeat(labels[:30, None] / 10.0, 64, axis=1)
    scores = fake.sum(axis=1)
    pairs = rows[:30].sum(axis=1)[:, None] - scores
    assert history["health_accuracy"][0] == pytest.approx(np.mean(pairs > 0), abs=1e-3)
    # d/dx of softplus(-sum x), per image
    assert history["health_gradient"][0] == pytest.approx(np.mean(8.0 / (1.0 + np.exp(scores))), rel=1e-4)
    real_mean = np.mean([np.linalg.norm(rows[i] - rows[j]) for i in range(30) for j in range(30) if i != j])
    fake_mean = np.mean([np.linalg.norm(fake[i] - fake[j]) for i in range(30) for j in range(30) if i != j])
    assert history["health_diversity"][0] == pytest.approx(fake_mean / real_mean, rel=1e-4)
    assert history["health_copies"] == [0.0]


def test_scores_and_gradient_are_those_of_images_as_the_discriminator_sees_them(digits):
    found = []
    for noise in (0.0, 1.0):
        model = compiled(DenseGAN, 1e-3, 1e-3, instance_noise=noise)
        history = model.fit(digits[0][:64], batch_size=64, verbose=0, callbacks=[GANHealth(digits[0][:64])]).history
        found.append(history)
    (clear,), (noisy,) = (each["health_accuracy"] for each in found)
    assert clear > 0.95 and noisy < 0.85


def test_diverged_model_has_measures_that_are_no_numbers(digits, tmp_path):
    model = compiled(DenseGAN, 1e-3, 1e-3)
    model.discriminator.weights[0].assign(model.discriminator.weights[0] * np.nan)
    health = GANHealth(digits[0][:8], num=8)
    history = model.fit(digits[0][:8], verbose=0, callbacks=[health, EpochLog(tmp_path / "log.csv")]).history
    assert np.isnan(history["health_accuracy"][0]) and np.isnan(history["health_shift"][0])
    assert health.told == []


# -- what is told -----------------------------------------------------------------------------------------------------

WELL = {
    "relative_gradient": 5.0,
    "neighbours": 0.5,
    "diversity": 1.0,
    "shift": 0.01,
    "new_copies": 0.0,
    "distance": 0.1,
}
COUNTS = dict(gradient=1.0, copies=0.5, num=9, num_real=9, num_known=9, resembled=1.0, usual=5.0)
ILL = {
    "vanished gradient": {"relative_gradient": 1e-4},
    "mode collapse": {"neighbours": 0.01},
    "oscillation": {"shift": 0.8},
    "memorizing": {"new_copies": 0.5},
}


def tell(epochs):
    """What is told of epochs of 600 steps, each a dict of what differs from a run that is well."""
    health = GANHealth(np.zeros((2, 8, 8, 1)), settling=1000, verbose=False)
    health.set_model(compiled(DenseGAN, 1e-3, 1e-3))
    health.history, health.troubles = [], set()
    for number, values in enumerate(epochs, 1):
        health.step = 600 * number
        health.history.append((health.step, {**WELL, **COUNTS, **values}))
        health.say(number, health.history[-1][1])
    return [text.split(":")[:2] for text in health.told]


@pytest.mark.parametrize("kind", ILL)
def test_trouble_is_told_once_after_four_epochs_and_again_when_it_comes_back(kind):
    bad = ILL[kind]
    assert tell([bad] * 12) == [["Epoch 5", f" {kind}"]]
    (first, again) = tell([bad] * 6 + [{}] * 6 + [bad] * 6)
    assert first[0] == "Epoch 5" and int(again[0][6:]) > 12


def test_first_steps_are_not_judged():
    assert tell([ILL["mode collapse"]] * 4 + [{}] * 6) == []


def test_run_that_improves_is_not_told():
    assert tell([{"diversity": 0.02 * 1.2**epoch} for epoch in range(12)]) == []
    nearer = [0.9**epoch for epoch in range(12)]
    assert tell([{"shift": 0.5, "neighbours": 0.01, "distance": each} for each in nearer]) == []
    assert tell([{"new_copies": 0.5, "distance": each} for each in nearer]) == [["Epoch 5", " memorizing"]]


def test_generator_without_a_gradient_is_not_told_to_have_collapsed():
    assert tell([{**ILL["vanished gradient"], **ILL["mode collapse"]}] * 12) == [["Epoch 5", " vanished gradient"]]


def test_advice_names_arguments_that_the_model_has():
    wgan_gp = keras_genzoo.build("wgan_gp", image_shape=SHAPE, base_filters=2)
    assert "a larger gp_weight" in advice("mode collapse", wgan_gp)
    assert "wgan_gp" not in advice("vanished gradient", wgan_gp)
    assert "repelling_weight" not in advice("mode collapse", wgan_gp)
    assert "a larger repelling_weight" in advice("mode collapse", keras_genzoo.build("began", image_shape=SHAPE))
    dense = compiled(DenseGAN, 1e-3, 1e-3)
    assert "gp_weight" not in advice("mode collapse", dense)
    assert advice("vanished gradient", dense).endswith(" or the model wgan_gp.")
    residual = keras_genzoo.build("r3gan", image_shape=SHAPE, stage_filters=(4,))
    assert "minibatch_stddev" not in advice("mode collapse", residual)
    assert "augmentations" in advice("memorizing", residual) and "dropout" not in advice("memorizing", residual)
    points = keras_genzoo.build("gan", image_shape=(2,), hidden_units=(4,))
    assert "augmentations" not in advice("memorizing", points) and "pacgan" in advice("mode collapse", points)
    signals = keras_genzoo.build("wgan_gp", image_shape=(32, 1), base_filters=2)
    assert "pacgan" not in advice("mode collapse", signals)
    assert {sign.kind for sign in SIGNS} == set(HELPS) == set(ILL)


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_what_is_no_gan_is_refused(digits):
    model = keras_genzoo.build("vae", image_shape=SHAPE, network="mlp", hidden_units=[4], latent_dim=2)
    with pytest.raises(ValueError, match="Expected a GAN, a model of BaseGAN, for GANHealth. Received: VAE"):
        model.fit(digits[0][:8], verbose=0, callbacks=[GANHealth(digits[0][:8])])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda images: GANHealth(images[:1]),
            r"Expected an array of at least 2 images .* Received: shape \(1, 8, 8, 1\)",
        ),
        (
            lambda images: GANHealth(keras_genzoo.data.load("digits")),
            "Expected an array .* Received: a .*Dataset",
        ),
        (lambda images: GANHealth(images, num=1), "num"),
        (lambda images: GANHealth(images, settling=-1), "settling"),
    ],
    ids=["one image", "dataset", "num", "settling"],
)
def test_arguments_out_of_range_are_refused(make, message, digits):
    with pytest.raises(ValueError, match=message):
        make(digits[0][:8])


@pytest.mark.parametrize("given", ["size", "labels"])
def test_images_that_the_model_does_not_take_are_refused_before_the_first_step(given, digits):
    images, labels = digits[0][:8], digits[1][:8]
    health = GANHealth(images, labels) if given == "labels" else GANHealth(np.zeros((8, 9, 9, 1), "uint8"))
    model = compiled(DenseGAN, 1e-3, 1e-3)
    with pytest.raises(ValueError, match="Expected images"):
        model.fit(images, verbose=0, callbacks=[health])
    assert int(model.g_optimizer.iterations) == 0
