"""Log-likelihood on the fixed binarization of MNIST after equal minutes: ours and pythae's VAE, IWAE and VAMP.

    pip install pythae==0.1.2 'pydantic<2' torch  # for this benchmark alone
    python benchmarks/pythae_likelihood.py --data npz:binarized_mnist.npz [--minutes 5] [--models vae iwae vamp_vae]

All train the network 784-200-200-50 with tanh (1509.00519) in float32. The IWAE has five draws per image, VAMP 500
pseudo-inputs and a warm-up of the KL over its first 2 epochs. The columns:

- `pythae`: its model classes and the steps of its `BaseTrainer`, by Adam in batches of 256 images, with first rate
  0.002 and epsilon 1e-4. For VAMP, the rate is 0.001 and epsilon that of Adam: with the former and a warm-up of 20
  epochs, pythae's codes were still unused after 10 minutes on one core (-207.1 nats; ours -90.3);
- `keras_genzoo, Adam`: our models by the same optimizer and batches, with 20 steps in one call;
- `keras_genzoo`: as our recipes `vae_mnist` and `iwae_mnist` train them, by Muon in batches of 512 images.

The clock ends a training: the rate of an epoch lies on a cosine over the minutes, which the time since the start has
reached, and no epoch begins after them. The time to trace or to load does not count. The values are
importance-weighted estimates on the test images with --samples draws from the posterior (equation 8 of 1509.00519), in
nats per image.

Both have as many threads as TF_NUM_INTRAOP_THREADS says (default: 2). Finished rows are kept in --out. Take a build of
torch for CPUs: the compiler in the others, triton, ends the process without a word if it is loaded after TensorFlow.
"""

import argparse
import contextlib
import functools
import io
import logging
import math
import os
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")

import cells
import keras
import numpy as np
import torch
from pythae.data.datasets import BaseDataset
from pythae.models import IWAE, VAE, VAMP, IWAEConfig, VAEConfig, VAMPConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import nn

import keras_genzoo

BATCH, DRAWS, PSEUDO_INPUTS, WARMUP_EPOCHS = 256, 5, 500, 2
ADAM = {"vae": (2e-3, 1e-4), "iwae": (2e-3, 1e-4), "vamp_vae": (1e-3, 1e-8)}  # first rate, epsilon
STEPS_PER_CALL = 20
LATENT, HIDDEN = 50, 200
NETWORK = dict(image_shape=(28, 28, 1), latent_dim=LATENT, network="mlp", hidden_units=(HIDDEN, HIDDEN))
OBJECTIVE = dict(likelihood="bernoulli", binarize=False)
OURS = {
    "vae": dict(reconstruction_weight=1.0),
    "iwae": dict(train_samples=DRAWS, gradient="standard"),
    "vamp_vae": dict(reconstruction_weight=1.0, num_pseudo_inputs=PSEUDO_INPUTS),
}


class Clock:
    """The rate of the next epoch, and whether there is one."""

    def __init__(self, minutes, rate):
        self.limit, self.rate, self.start = 60.0 * minutes, rate, time.perf_counter()

    @property
    def seconds(self):
        return time.perf_counter() - self.start

    @property
    def is_over(self):
        return self.seconds >= self.limit

    @property
    def next_rate(self):
        """The rate by a cosine, which ends at a hundredth of the first."""
        done = min(1.0, self.seconds / self.limit)
        return self.rate * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * done)))


# -- ours -------------------------------------------------------------------------------------------------------------


class Minutes(keras.callbacks.Callback):
    """Sets the rate of each epoch and ends the training by a clock."""

    def __init__(self, minutes, rate):
        super().__init__()
        self.clock, self.epochs = Clock(minutes, rate), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.model.optimizer.learning_rate = self.clock.next_rate

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        self.model.stop_training = self.clock.is_over


def ours(name, source, images, test, minutes, seed, samples, muon=True):
    """Nats per test image of our model after some minutes, its epochs and its seconds."""
    adam_rate, epsilon = ADAM[name]
    batch, rate = (512, 1e-2) if muon else (BATCH, adam_rate)
    batches = keras_genzoo.data.load(source, batch_size=batch, seed=seed)
    warmup = {"warmup_steps": WARMUP_EPOCHS * len(batches)} if name == "vamp_vae" else {}
    model = keras_genzoo.build(name, **NETWORK, **OBJECTIVE, **OURS[name], **warmup, seed=seed, dtype="float32")
    if muon:
        optimizer = keras.optimizers.Muon(rate, adam_lr_ratio=0.2, ns_steps=3)
    else:
        optimizer = keras.optimizers.Adam(rate, epsilon=epsilon)
    model.compile(optimizer, steps_per_execution=STEPS_PER_CALL)
    model.fit(batches.take(STEPS_PER_CALL), epochs=1, verbose=0)  # traces; 20 steps more in some thousands
    minutes = Minutes(minutes, rate)
    model.fit(batches, epochs=sys.maxsize, verbose=0, callbacks=[minutes])
    seconds = minutes.clock.seconds
    return float(np.mean(model.log_likelihood(test, num_samples=samples))), minutes.epochs, seconds


# -- pythae -----------------------------------------------------------------------------------------------------------


class Encoder(BaseEncoder):
    """784-200-200 with tanh, mean and log-variance."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(784, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, HIDDEN), nn.Tanh()
        )
        self.mean, self.log_var = nn.Linear(HIDDEN, LATENT), nn.Linear(HIDDEN, LATENT)

    def forward(self, x):
        features = self.layers(x)
        return ModelOutput(embedding=self.mean(features), log_covariance=self.log_var(features))


class Decoder(BaseDecoder):
    """50-200-200-784 with tanh, probabilities of pixels."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(LATENT, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, HIDDEN), nn.Tanh())
        self.pixels = nn.Sequential(nn.Linear(HIDDEN, 784), nn.Sigmoid())

    def forward(self, z):
        return ModelOutput(reconstruction=self.pixels(self.layers(z)).reshape(-1, 1, 28, 28))


def pythae_model(name):
    """A model of pythae with these networks."""
    common = dict(input_dim=(1, 28, 28), latent_dim=LATENT, reconstruction_loss="bce")
    networks = dict(encoder=Encoder(), decoder=Decoder())
    if name == "vae":
        return VAE(VAEConfig(**common), **networks)
    if name == "iwae":
        return IWAE(IWAEConfig(**common, number_samples=DRAWS), **networks)
    return VAMP(
        VAMPConfig(**common, number_components=PSEUDO_INPUTS, linear_scheduling_steps=WARMUP_EPOCHS), **networks
    )


def pythae(name, _, images, test, minutes, seed, samples):
    """As `ours`, of pythae."""
    data = BaseDataset(as_torch(images), torch.ones(len(images)))
    rate, epsilon = ADAM[name]
    torch.manual_seed(seed)
    with tempfile.TemporaryDirectory() as folder, silent():
        config = BaseTrainerConfig(
            output_dir=folder,
            per_device_train_batch_size=BATCH,
            learning_rate=rate,
            optimizer_params={"eps": epsilon},
            seed=seed,
        )
        trainer = BaseTrainer(pythae_model(name), data, training_config=config)
        trainer.prepare_training()
        clock, epochs = Clock(minutes, rate), 0
        while not clock.is_over:
            for group in trainer.optimizer.param_groups:
                group["lr"] = clock.next_rate
            epochs += 1
            trainer.train_step(epochs)
    seconds = clock.seconds
    return log_likelihood(trainer.model.eval(), as_torch(test), samples, seed), epochs, seconds


def as_torch(images):
    """Images of zeros and ones, channels first."""
    return torch.tensor(images.reshape(-1, 1, 28, 28) > 0, dtype=torch.float32)


@torch.no_grad()
def log_likelihood(model, images, samples, seed, at_once=20):
    """Importance-weighted estimate of the mean log-likelihood of images, in nats."""
    torch.manual_seed(seed)
    found = []
    for x in images.split(at_once):
        posterior = model.encoder(x)
        mean, log_var = posterior.embedding[:, None], posterior.log_covariance[:, None]
        noise = torch.randn(len(x), samples, LATENT)
        z = mean + noise * torch.exp(0.5 * log_var)
        log_q = -0.5 * (log_var + noise**2 + math.log(2 * math.pi)).sum(-1)
        probabilities = model.decoder(z.flatten(0, 1))["reconstruction"].reshape(len(x), samples, -1)
        targets = x.reshape(len(x), 1, -1).expand_as(probabilities)
        log_p = -nn.functional.binary_cross_entropy(probabilities, targets, reduction="none").sum(-1)
        log_prior = log_prior_of(model, z.flatten(0, 1)).reshape(len(x), samples)
        found.append(torch.logsumexp(log_p + log_prior - log_q, 1) - math.log(samples))
    return float(torch.cat(found).mean())


def log_prior_of(model, z):
    """log p(z): of N(0, I), or of the mean of the posteriors of the pseudo-inputs."""
    constant = 0.5 * LATENT * math.log(2 * math.pi)
    if not isinstance(model, VAMP):
        return -0.5 * (z**2).sum(-1) - constant
    parts = model.encoder(model.pseudo_inputs(model.idle_input).reshape(PSEUDO_INPUTS, 1, 28, 28))
    mean, log_var, z = (each.double() for each in (parts.embedding, parts.log_covariance, z))
    weight = torch.exp(-log_var)
    distances = z**2 @ weight.T - 2 * z @ (mean * weight).T + (mean**2 * weight).sum(-1)
    log_densities = -0.5 * (distances + log_var.sum(-1)) - constant
    return (torch.logsumexp(log_densities, 1) - math.log(PSEUDO_INPUTS)).float()


# -- both -------------------------------------------------------------------------------------------------------------


SIDES = {"pythae": pythae, "keras_genzoo, Adam": functools.partial(ours, muon=False), "keras_genzoo": ours}


@contextlib.contextmanager
def silent():
    """Without the progress bars of pythae."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="source of the fixed binarization, as arrays of 0 and 255")
    parser.add_argument("--models", nargs="+", choices=OURS, default=list(OURS))
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--images", type=int, help="test images; default: all")
    cells.add_arguments(parser, "pythae_likelihood.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ["TF_NUM_INTRAOP_THREADS"]))
    logging.getLogger("pythae").setLevel(logging.WARNING)
    images, _ = keras_genzoo.data.load_arrays(options.data, split="train")
    test, _ = keras_genzoo.data.load_arrays(options.data, split="test")
    test = test[np.random.default_rng(0).permutation(len(test))[: options.images]]  # files may be sorted by class

    def compute(cell):
        side = SIDES[cell["library"]]
        what = cell["model"], options.data, images, test, cell["minutes"], cell["seed"], cell["samples"]
        nats, epochs, seconds = side(*what)
        return dict(nats=nats, epochs=epochs, trained=round(seconds, 1))

    common = dict(minutes=options.minutes, samples=options.samples, test=len(test))
    rows = cells.run(
        [
            dict(model=name, library=library, seed=seed, **common)
            for seed in options.seeds
            for name in options.models
            for library in SIDES
        ],
        compute,
        options,
    )
    print(cells.table(rows, ["model"], "library", "nats", SIDES))
    print(cells.table(rows, ["model"], "library", "epochs", SIDES))


if __name__ == "__main__":
    main()
