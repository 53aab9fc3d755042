"""What every estimate of a total correlation needs: several components, and batches of several images."""

from keras_genzoo.families.batch_sizes import enough_at_first


def check_components(model):
    """Raises `ValueError` unless the codes of a model have several components."""
    if model.latent_dim < 2:
        raise ValueError(
            "Expected latent_dim of at least 2: a total correlation is one of several components. "
            f"Received: latent_dim={model.latent_dim}"
        )


def checked_batch(model, batch):
    """The record of a batch, which is refused where the first one of a training has a single image."""
    sentence = "Expected batches of at least 2 images, which a total correlation is estimated from. Received: 1"
    return enough_at_first(batch, 2, model.optimizer, sentence)
