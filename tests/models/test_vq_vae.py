"""The vector-quantized autoencoder: its gradient, its maps of codes, and the distribution of what its prior draws."""

import itertools

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

import keras_genzoo

SMALL = dict(image_shape=(8, 8, 1), base_filters=3, num_codes=3, code_dim=2, prior_filters=4, prior_layers=2, seed=1)


@pytest.fixture(scope="module")
def model():
    """A model whose codes lie apart, and whose prior is far from uniform."""
    built, rng = keras_genzoo.build("vq_vae", **SMALL, commitment_weight=0.5), np.random.default_rng(0)
    for variable in (*built.prior_network.weights, *built.encoder.weights):
        variable.assign(variable + 0.6 * rng.normal(size=variable.shape))
    built.quantizer.codebook.assign([[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0]])
    return built


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), dtype="uint8")


def test_a_code_is_the_nearest_code_vector_at_each_position_and_maps_hold_their_numbers(model, images):
    vectors = np.asarray(model.encoder(model.to_network(images)), "float64")
    codebook = model.quantizer.codebook.numpy()
    numbers = np.linalg.norm(vectors[..., None, :] - codebook, axis=-1).argmin(axis=-1)
    assert len(np.unique(numbers)) > 1
    maps = model.encode_map(images)
    assert maps.dtype == np.int32 and model.encode_map(images[:0]).shape == (0, 2, 2)
    np.testing.assert_array_equal(maps, numbers)
    np.testing.assert_allclose(model.encode(images), codebook[numbers].reshape(5, -1))
    np.testing.assert_allclose(model.decode_map(maps), model.decode(model.encode(images)))
    for wrong in (maps.astype("float32"), maps[0], maps[:, 1:], maps + 2, maps - 1):
        with pytest.raises(ValueError, match=r"Expected (maps|codes) .*Received"):
            model.decode_map(wrong)


def test_encoder_gets_the_gradient_of_the_code_and_of_the_commitment(model, images):
    x = model.to_network(images)
    vectors = model.encoder(x)
    codes = model.quantizer(vectors)
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        loss, terms, _ = model.losses_of_codes(x, vectors, training=False)
    received = tape.gradient(loss, vectors)
    with tf.GradientTape() as tape:
        tape.watch(codes)
        error = tf.reduce_sum(tf.square(x - model.decoder(tf.reshape(codes, (5, -1))))) / 5.0
    expected = tape.gradient(error, codes) + 0.5 * 2.0 * (vectors - codes) / 5.0
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-6)
    assert float(terms["reconstruction_loss"]) == pytest.approx(float(error), rel=1e-5)
    distance = np.square(vectors - codes).sum() / 5.0
    assert float(terms["commitment_loss"]) == pytest.approx(distance, rel=1e-5)
    assert float(loss) == pytest.approx(float(error) + 0.5 * distance, rel=1e-5)


def all_maps(model):
    """All maps of codes, `(81, 4)`, and their code vectors, `(81, latent_dim)`."""
    maps = np.array(list(itertools.product(range(3), repeat=4)))
    return maps, model.quantizer.codebook.numpy()[maps].reshape(81, -1)


def test_probabilities_of_all_maps_add_up_to_one(model):
    _, codes = all_maps(model)
    log_p = np.asarray(model.prior.log_density(codes), "float64")
    assert scipy.special.logsumexp(log_p) == pytest.approx(0.0, abs=1e-4)
    assert np.ptp(log_p) > 2.0


def test_draws_have_the_distribution_of_the_prior(model):
    maps, codes = all_maps(model)
    rates = np.exp(np.asarray(model.prior.log_density(codes), "float64"))
    drawn = np.asarray(model.latent_sample(5000, seed=0)).reshape(-1, 2, 2, 2)
    numbers = np.asarray(model.quantizer.nearest(drawn)).reshape(-1, 4) @ 3 ** np.arange(3, -1, -1)
    found, rates = np.bincount(numbers, minlength=81), rates / rates.sum()
    likely = rates * 5000 > 5  # the test needs no rare classes
    found = np.append(found[likely], found[~likely].sum() + 1e-9)
    expected = np.append(rates[likely], rates[~likely].sum()) * found.sum()
    assert scipy.stats.chisquare(found, expected).pvalue > 1e-3


def test_training_of_the_prior_moves_nothing_else(model, images):
    twin = keras_genzoo.build("vq_vae", **SMALL)
    twin.compile(optimizer="sgd", prior_optimizer="sgd")
    twin.optimizer.learning_rate = 0.0
    before = [variable.numpy() for variable in (*twin.encoder.weights, *twin.decoder.weights)]
    losses = [float(twin.train_step((images,))["prior_loss"]) for _ in range(2)]
    assert losses[0] == pytest.approx(4 * np.log(3), abs=0.5) and losses[1] != losses[0]
    for variable, value in zip((*twin.encoder.weights, *twin.decoder.weights), before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_a_web_page_with_such_codes_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match="Expected a model that has a web page. Received: vq_vae, which has none"):
        model.export(tmp_path / "page", format="web")


def test_dark_images_are_learned_and_not_replaced_by_black_ones():
    # With a tanh as the decoder's output, the first steps drove it to -1 for good.
    rng = np.random.default_rng(0)
    images = np.zeros((512, 8, 8, 1), "uint8")
    for image, (row, column) in zip(images, rng.integers(0, 7, (512, 2)), strict=True):
        image[row : row + 2, column : column + 2] = 255
    small = dict(image_shape=(8, 8, 1), base_filters=16, num_halvings=1, num_codes=16, code_dim=4, prior_filters=4)
    model = keras_genzoo.build("vq_vae", **small, prior_layers=1, seed=0)
    model.compile(optimizer=keras.optimizers.Adam(3e-3), prior_optimizer=keras.optimizers.Adam(1e-3))
    history = model.fit(images, batch_size=32, epochs=8, verbose=0).history["reconstruction_loss"]
    assert history[-1] < 8.0  # a black image has 16, and so has every image with a tanh
    next(layer for layer in reversed(model.decoder.layers) if layer.weights).bias.assign([5.0])
    assert model.decode(model.encode(images[:4])).max() == 1.0  # what is out of range is cut
