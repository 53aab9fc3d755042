"""Ours and PyTorch-GAN's defaults on MNIST for the same number of minutes, scored by the same classifier.

    python benchmarks/equal_minutes.py --data npz:mnist.npz [--minutes 10] [--pairs dcgan wgan_gp] [--threads 2]

On one side is the bundled recipe `<model>_mnist` of keras_genzoo: its networks, batches and first learning rates, which
fall to a twentieth along a cosine in the steps that fit into the time. On the other are the networks, losses,
optimizers, batches and image sizes that https://github.com/eriklindernoren/PyTorch-GAN has as defaults, written anew.
Times do not count reading data. Each score is the Frechet distance of features of the bundled classifier between 10,000
generated images, scaled to 28x28, and the 10,000 test images.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import nn

import keras_genzoo
from keras_genzoo import metrics
from keras_genzoo.recipes.optimizers import first_rate

# -- ours -------------------------------------------------------------------------------------------------------------


def ours(name, images, minutes, dtype):
    """10,000 images of a recipe's model after some minutes, and the number of its steps."""
    recipe = keras_genzoo.load_recipe(f"{name}_mnist")
    batch = recipe.data.batch_size
    rng = np.random.default_rng(0)

    def batches():
        while True:
            order = rng.permutation(len(images))
            for first in range(0, len(order) - batch + 1, batch):
                yield images[order[first : first + batch]]

    def model_of(steps):
        updates = dict(d_optimizer=recipe.d_steps, g_optimizer=1)
        optimizers = {
            key: keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(first_rate(recipe.optimizers[key]), steps * each, alpha=0.05),
                beta_1=recipe.optimizers[key]["beta_1"],
                beta_2=recipe.optimizers[key].get("beta_2", 0.999),
            )
            for key, each in updates.items()
        }
        return keras_genzoo.build(name, **recipe.args, optimizers=optimizers, seed=0, dtype=dtype)

    trial = model_of(1000)
    data = batches()
    trial.train_on_batch(next(data))  # compiles
    start = time.perf_counter()
    for _ in range(20):
        trial.train_on_batch(next(data))
    steps = int(minutes * 60 / ((time.perf_counter() - start) / 20))
    model = model_of(steps)
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < minutes * 60 and done < steps:
        model.train_on_batch(next(data))
        done += 1
    return model.generate(10_000, seed=0), done


# -- theirs -----------------------------------------------------------------------------------------------------------


def upsampled(before, after):
    return [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after, 0.8)]


def torch_dcgan():
    """Generator, discriminator, losses, side of the images and discriminator updates for each one of the generator."""
    layers = [nn.Linear(100, 128 * 64), nn.Unflatten(1, (128, 8, 8)), nn.BatchNorm2d(128), *upsampled(128, 128)]
    layers += [nn.LeakyReLU(0.2), *upsampled(128, 64), nn.LeakyReLU(0.2), nn.Conv2d(64, 1, 3, padding=1), nn.Tanh()]
    generator = nn.Sequential(*layers)
    layers, channels = [], 1
    for width in (16, 32, 64, 128):
        layers += [nn.Conv2d(channels, width, 3, 2, 1), nn.LeakyReLU(0.2), nn.Dropout2d(0.25)]
        layers += [nn.BatchNorm2d(width, 0.8)] if channels > 1 else []
        channels = width
    discriminator = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 4, 1), nn.Sigmoid())
    entropy = nn.BCELoss()

    def d_loss(network, real, fake):
        ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        return 0.5 * (entropy(network(real), ones) + entropy(network(fake), zeros))

    def g_loss(network, fake):
        return entropy(network(fake), torch.ones(len(fake), 1))

    for module in (*generator.modules(), *discriminator.modules()):
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
    return generator, discriminator, d_loss, g_loss, 32, 1


def torch_wgan_gp():
    units = (100, 128, 256, 512, 1024)
    layers = []
    for level, (before, after) in enumerate(zip(units, units[1:], strict=False)):
        layers += [nn.Linear(before, after), *([nn.BatchNorm1d(after, 0.8)] if level else []), nn.LeakyReLU(0.2)]
    generator = nn.Sequential(*layers, nn.Linear(1024, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
    discriminator = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1)
    )

    def d_loss(network, real, fake):
        share = torch.rand(len(real), 1, 1, 1)
        points = (share * real + (1 - share) * fake).requires_grad_()
        gradient = torch.autograd.grad(network(points).sum(), points, create_graph=True)[0]
        penalty = (gradient.flatten(1).norm(dim=1) - 1.0).square().mean()
        return network(fake).mean() - network(real).mean() + 10.0 * penalty

    return generator, discriminator, d_loss, lambda network, fake: -network(fake).mean(), 28, 5


THEIRS = dict(dcgan=torch_dcgan, wgan_gp=torch_wgan_gp)


def theirs(name, images, minutes):
    """10,000 images of PyTorch-GAN's defaults after some minutes, and the number of batches."""
    torch.manual_seed(0)
    generator, discriminator, d_loss, g_loss, side, d_steps = THEIRS[name]()
    d_optimizer, g_optimizer = (
        torch.optim.Adam(network.parameters(), 2e-4, betas=(0.5, 0.999)) for network in (discriminator, generator)
    )
    real = torch.from_numpy(scaled(images, side))
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < minutes * 60:
        for rows in torch.randperm(len(real)).split(64)[:-1]:
            batch = real[rows].float() / 127.5 - 1.0
            fake = generator(torch.randn(64, 100))
            if d_steps == 1:
                stepped(g_optimizer, g_loss(discriminator, fake))
            stepped(d_optimizer, d_loss(discriminator, batch, fake.detach()))
            if d_steps > 1 and done % d_steps == 0:
                stepped(g_optimizer, g_loss(discriminator, generator(torch.randn(64, 100))))
            done += 1
            if time.perf_counter() - start > minutes * 60:
                break
    generator.eval()
    with torch.no_grad():
        made = torch.cat([generator(torch.randn(500, 100)) for _ in range(20)])
    pixels = ((made + 1.0) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return scaled(pixels, 28).transpose(0, 2, 3, 1), done


def stepped(optimizer, loss):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def scaled(images, side):
    """uint8 `(n, h, w, 1)` -> `(n, 1, side, side)`, bilinear, as torchvision's Resize does."""
    if images.shape[1] == side:
        return images.transpose(0, 3, 1, 2).copy()
    resize = [Image.fromarray(image[..., 0]).resize((side, side), Image.BILINEAR) for image in images]
    return np.stack([np.asarray(image) for image in resize])[:, None]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="tfds:mnist")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--pairs", nargs="*", choices=THEIRS, default=list(THEIRS))
    parser.add_argument("--dtype", default="float32", help="of ours; PyTorch-GAN's defaults are float32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    images, test = (keras_genzoo.data.load_arrays(options.data, split=split)[0] for split in ("train", "test"))
    features = metrics.extractor("mnist")
    real = features(test)
    table = Table("model", "whose", "batches", "classifier FID", title=f"{options.minutes:g} minutes each")
    for name in options.pairs:
        for whose, (made, done) in (
            (f"keras_genzoo, {options.dtype}", ours(name, images, options.minutes, options.dtype)),
            ("PyTorch-GAN's defaults, float32", theirs(name, images, options.minutes)),
        ):
            table.add_row(name, whose, f"{done:,}", f"{metrics.frechet_distance(real, features(made)):.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
