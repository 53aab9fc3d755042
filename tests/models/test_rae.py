"""The regularized autoencoder: its terms against direct computations."""

import numpy as np
import pytest
import tensorflow as tf

import keras_genzoo

SMALL = dict(image_shape=(8, 8, 1), latent_dim=2, base_filters=2, seed=1)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype="uint8")


def disturbed(model):
    rng = np.random.default_rng(0)
    for variable in model.weights:
        value = variable.numpy() + 0.2 * rng.normal(size=variable.shape)
        variable.assign(np.abs(value) if "variance" in variable.path else value)
    return model


def test_codes_and_kernels_count_by_half_and_whole_squared_norms(images):
    model = disturbed(keras_genzoo.build("rae", **SMALL, code_weight=0.3, l2_weight=0.02))
    loss, terms = model.objective(model.unpack((images,)), training=False)
    z = model.encode(images)
    assert float(terms["code_loss"]) == pytest.approx(0.5 * np.square(z).sum(axis=1).mean(), rel=1e-5)
    kernels = [variable.numpy() for variable in model.decoder.weights if variable.path.endswith("kernel")]
    assert len(kernels) == 3
    assert float(terms["l2_loss"]) == pytest.approx(sum(np.square(kernel).sum() for kernel in kernels), rel=1e-5)
    error = np.square(2.0 * (model.decode(z) - images / 255.0)).sum(axis=(1, 2, 3)).mean()
    assert float(terms["reconstruction_loss"]) == pytest.approx(error, rel=1e-4)
    assert float(terms["gradient_loss"]) == 0.0
    assert float(loss) == pytest.approx(error + 0.3 * float(terms["code_loss"]) + 0.02 * float(terms["l2_loss"]))


def test_gradient_loss_is_half_the_squared_norm_of_the_jacobian_on_average(images):
    model = disturbed(keras_genzoo.build("rae", **SMALL, gradient_weight=0.1))
    z = tf.constant(model.encode(images))
    with tf.GradientTape() as tape:
        tape.watch(z)
        decoded = model.decoded(z)
    jacobian = np.asarray(tape.batch_jacobian(decoded, z)).reshape(3, -1, 2)
    exact = 0.5 * np.square(jacobian).sum(axis=(1, 2)).mean()
    drawn = float(model.gradient_loss(tf.repeat(z, 4000, axis=0)))
    assert drawn == pytest.approx(exact, rel=0.05)


def test_gradient_loss_makes_the_decoder_flatter():
    images = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))[0][:200]
    norms = []
    for weight in (0.0, 10.0):
        model = keras_genzoo.build("rae", **SMALL, code_weight=0.0, l2_weight=0.0, gradient_weight=weight)
        model.fit(images, batch_size=50, epochs=25, verbose=0)
        norms.append(float(model.gradient_loss(tf.constant(model.encode(images)))))
    assert norms[1] < norms[0] / 2.0


def test_spectral_normalization_bounds_every_layer_of_the_decoder(images):
    model = keras_genzoo.build("rae", **SMALL, spectral_normalization=True)
    wrapped = [layer for layer in model.decoder.layers if hasattr(layer, "largest_singular_value")]
    assert len(wrapped) == 3
    model.train_step((images,))
    for _ in range(100):  # the power iterations
        model.decoded(np.ones((2, 2), "float32"), training=True)
    for layer in wrapped:
        kernel = layer.layer.kernel.numpy()
        exact = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        assert float(layer.largest_singular_value()) == pytest.approx(exact, rel=0.05)
