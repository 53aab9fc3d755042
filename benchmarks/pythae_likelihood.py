"""Log-likelihood on the fixed binarization of MNIST after equal minutes: ours and pythae's VAE, IWAE and VAMP.

    pip install pythae==0.1.2 'pydantic<2' torch  # for this benchmark alone
    python benchmarks/pythae_likelihood.py --data npz:binarized_mnist.npz [--minutes 5] [--models vae iwae vamp_vae]

Both sides train the network 784-200-200-50 with tanh (1509.00519) by Adam, first rate 0.002, epsilon 1e-4, which falls
along a cosine, and batches of 256 images; the IWAE has five draws per image, VAMP 500 pseudo-inputs and a warm-up of a
fifth of its epochs. Ours are the recipes `vae_binarized_mnist`, `iwae_binarized_mnist` and `vamp_vae_mnist`; pythae's
are its model classes, trained by its `BaseTrainer`. Each trains as many epochs as fit into the minutes, by a first
measurement of an epoch, which does not count. The values are importance-weighted estimates on the test images with
--samples draws from the posterior (equation 8 of 1509.00519), in nats per image.

Both have as many threads as TF_NUM_INTRAOP_THREADS says (default: 2). Finished rows are kept in --out. Take a build of
torch for CPUs: the compiler in the others, triton, ends the process without a word if it is loaded after TensorFlow.
"""

import argparse
import contextlib
import io
import logging
import math
import os
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

BATCH, RATE, EPSILON, DRAWS, PSEUDO_INPUTS, WARMUP = 256, 2e-3, 1e-4, 5, 500, 0.2
LATENT, HIDDEN = 50, 200
OURS = {
    "vae": ("vae_binarized_mnist", {}),
    "iwae": ("iwae_binarized_mnist", {"args.train_samples": DRAWS, "args.gradient": "standard"}),
    "vamp_vae": ("vamp_vae_mnist", {"args.binarize": False, "args.num_pseudo_inputs": PSEUDO_INPUTS}),
}


# -- ours -------------------------------------------------------------------------------------------------------------


def ours(name, source, images, test, minutes, seed, samples):
    """Nats per test image of a recipe's model after some minutes, its epochs and its seconds."""
    recipe_name, changes = OURS[name]
    recipe = keras_genzoo.load_recipe(recipe_name).override({**changes, "seed": seed})
    batches = keras_genzoo.data.load(source, batch_size=BATCH, seed=seed)

    def model_of(epochs):
        steps = epochs * len(batches)
        args = dict(recipe.args)
        if "warmup_steps" in args:
            args["warmup_steps"] = int(WARMUP * steps)
        schedule = keras.optimizers.schedules.CosineDecay(RATE, steps, alpha=0.01)
        adam = keras.optimizers.Adam(schedule, epsilon=EPSILON)
        return keras_genzoo.build(name, **args, optimizers={"optimizer": adam}, seed=seed, dtype=recipe.dtype)

    trial = model_of(2)
    trial.fit(batches.take(5), epochs=1, verbose=0)  # traces
    epochs = fitting(minutes, lambda: trial.fit(batches, epochs=1, verbose=0))
    model = model_of(epochs)
    model.fit(batches.take(1), epochs=1, verbose=0)  # traces; one step more in some thousands
    start = time.perf_counter()
    model.fit(batches, epochs=epochs, verbose=0)
    seconds = time.perf_counter() - start
    return float(np.mean(model.log_likelihood(test, num_samples=samples))), epochs, seconds


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


def pythae_model(name, epochs):
    """A model of pythae with these networks."""
    common = dict(input_dim=(1, 28, 28), latent_dim=LATENT, reconstruction_loss="bce")
    networks = dict(encoder=Encoder(), decoder=Decoder())
    if name == "vae":
        return VAE(VAEConfig(**common), **networks)
    if name == "iwae":
        return IWAE(IWAEConfig(**common, number_samples=DRAWS), **networks)
    warmup = max(1, round(WARMUP * epochs))
    return VAMP(VAMPConfig(**common, number_components=PSEUDO_INPUTS, linear_scheduling_steps=warmup), **networks)


def pythae(name, _, images, test, minutes, seed, samples):
    """As `ours`, of pythae."""
    data = BaseDataset(as_torch(images), torch.ones(len(images)))

    def trainer_of(epochs, folder):
        torch.manual_seed(seed)
        config = BaseTrainerConfig(
            output_dir=folder,
            per_device_train_batch_size=BATCH,
            num_epochs=epochs,
            learning_rate=RATE,
            optimizer_params={"eps": EPSILON},
            scheduler_cls="CosineAnnealingLR",
            scheduler_params={"T_max": epochs, "eta_min": 0.01 * RATE},
            seed=seed,
        )
        return BaseTrainer(pythae_model(name, epochs), data, training_config=config)

    with tempfile.TemporaryDirectory() as folder, silent():
        trial = trainer_of(1, folder)
        epochs = fitting(minutes, trial.train)
        trainer = trainer_of(epochs, folder)
        start = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - start
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


def fitting(minutes, epoch):
    """How many epochs fit into some minutes, by the time of one."""
    start = time.perf_counter()
    epoch()
    return max(1, int(60 * minutes / (time.perf_counter() - start)))


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
        side = ours if cell["library"] == "keras_genzoo" else pythae
        what = cell["model"], options.data, images, test, cell["minutes"], cell["seed"], cell["samples"]
        nats, epochs, seconds = side(*what)
        return dict(nats=nats, epochs=epochs, trained=round(seconds, 1))

    common = dict(minutes=options.minutes, samples=options.samples, test=len(test))
    rows = cells.run(
        [
            dict(model=name, library=library, seed=seed, **common)
            for seed in options.seeds
            for name in options.models
            for library in ("keras_genzoo", "pythae")
        ],
        compute,
        options,
    )
    print(cells.table(rows, ["model"], "library", "nats", ["keras_genzoo", "pythae"]))
    print(cells.table(rows, ["model"], "library", "epochs", ["keras_genzoo", "pythae"]))


if __name__ == "__main__":
    main()
