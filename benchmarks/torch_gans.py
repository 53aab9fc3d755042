"""The training steps of further GANs in PyTorch, with the same networks, for `benchmarks/model_steps.py`."""

import torch
from torch import nn
from torch.nn.functional import softplus
from torch_models import (
    WASSERSTEIN,
    adam,
    channels_last,
    discriminator,
    features,
    gan,
    generator,
    minimax,
    non_saturating,
    to_pixels,
    update,
)

PIXELS = 28 * 28


def dense(units, activation, batch_norm=False, dropout=0.0):
    """Fully connected layers with an activation after each."""
    layers = []
    for before, after in zip(units, units[1:], strict=False):
        layers.append(nn.Linear(before, after, bias=not batch_norm))
        layers += [nn.BatchNorm1d(after)] if batch_norm else []
        layers.append(activation())
        layers += [nn.Dropout(dropout)] if dropout else []
    return layers


def fully_connected(args, precision):
    """The original GAN, on dense layers."""
    units, latent = args["hidden_units"], args["latent_dim"]
    body = dense([latent, *units[::-1]], nn.ReLU, batch_norm=True)
    g_network = nn.Sequential(*body, nn.Linear(units[0], PIXELS), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
    body = dense([PIXELS, *units], lambda: nn.LeakyReLU(0.2), dropout=args.get("dropout", 0.0))
    d_network = nn.Sequential(nn.Flatten(), *body, nn.Linear(units[-1], 1))
    d_optimizer, g_optimizer = adam(d_network), adam(g_network)

    def step(images):
        real = to_pixels(images)
        with precision():
            fake = g_network(torch.randn(len(real), latent))
            loss = minimax(d_network(real), d_network(fake.detach()))
        update(d_optimizer, loss)
        with precision():
            loss = non_saturating(d_network(g_network(torch.randn(len(real), latent))))
        update(g_optimizer, loss)

    return step, (g_network, d_network)


def lsgan(args, precision):
    squares = (
        lambda real, fake: 0.5 * ((real.float() - 1).square().mean() + fake.float().square().mean()),
        lambda fake: 0.5 * (fake.float() - 1).square().mean(),
    )
    return gan(args, precision, squares, discriminator(args["d_base_filters"]))


def dcgan(args, precision):
    return gan(args, precision, (minimax, non_saturating), discriminator(args["d_base_filters"]))


def wgan(args, precision):
    """RMSprop, five updates of the critic, and weights that are clipped after each."""
    d_network = discriminator(args["d_base_filters"], batch_norm=False, bias=False)
    return gan(
        args,
        precision,
        WASSERSTEIN,
        d_network,
        together=True,
        optimizer=lambda network: torch.optim.RMSprop(network.parameters(), 5e-5, alpha=0.99),
        clip=args["clip_value"],
    )


def dragan(args, precision):
    """Norms of gradients at real images, moved by up to half the standard deviation of the pixels."""
    d_network = discriminator(args["d_base_filters"], batch_norm=False)

    def penalty(network, real, fake):
        noise = args["perturbation"] * real.std(correction=0) * torch.rand_like(real)
        points = (real + torch.rand(len(real), 1, 1, 1) * noise).requires_grad_()
        gradient = torch.autograd.grad(network(points).float().sum(), points, create_graph=True)[0]
        return args["gp_weight"] * (gradient.flatten(1).norm(dim=1) - 1.0).square().mean()

    return gan(args, precision, (minimax, non_saturating), d_network, penalty, together=True)


class Packed(nn.Module):
    """A discriminator that sees several images at once, as channels."""

    def __init__(self, network, packing):
        super().__init__()
        self.network, self.packing = network, packing

    def forward(self, x):
        return self.network(torch.cat([x[first :: self.packing] for first in range(self.packing)], dim=1))


def pacgan(args, precision):
    d_network = Packed(discriminator(args["d_base_filters"], channels=args["packing"]), args["packing"])
    return gan(args, precision, (minimax, non_saturating), d_network)


def began(args, precision):
    """A discriminator that reconstructs, and the weight of generated images that follows the balance."""
    layers, length = features(args["d_base_filters"], batch_norm=False)
    decoder = generator(args["code_dim"], args["d_base_filters"], nn.Identity(), batch_norm=False)
    d_network = nn.Sequential(*layers, nn.Linear(length, args["code_dim"]), decoder)
    latent, weight = args["latent_dim"], torch.zeros(())
    g_network = generator(latent, args["base_filters"], nn.Tanh(), batch_norm=False)
    g_network, d_network = channels_last(g_network, d_network)
    d_optimizer, g_optimizer = adam(d_network), adam(g_network)

    def errors(images):
        return (images.float() - d_network(images).float()).abs().flatten(1).mean(dim=1)

    def step(images):
        nonlocal weight
        real = to_pixels(images)
        with precision():
            fake = g_network(2.0 * torch.rand(len(real), latent) - 1.0).detach()
            real_error, fake_error = (each.mean() for each in errors(torch.cat([real, fake.float()])).chunk(2))
        update(d_optimizer, real_error - weight * fake_error)
        difference = args["gamma"] * real_error.detach() - fake_error.detach()
        weight = (weight + args["balance_rate"] * difference).clamp(0.0, 1.0)
        with precision():
            loss = errors(g_network(2.0 * torch.rand(len(real), latent) - 1.0)).mean()
        update(g_optimizer, loss)

    return step, (g_network, d_network)


def r3gan(args, precision):
    """Pairs of scores, and squared gradients at a part of the real and of the generated images."""
    latent = args["latent_dim"]
    g_network = generator(latent, args["base_filters"], nn.Tanh())
    d_network = discriminator(args["d_base_filters"], batch_norm=False, bias=False)
    g_network, d_network = channels_last(g_network, d_network)
    d_optimizer, g_optimizer = (adam(network, betas=(0.0, 0.99)) for network in (d_network, g_network))

    def squared_gradient(images):
        points = images[: -(-len(images) * int(100 * args["gp_share"]) // 100)].detach().float().requires_grad_()
        gradient = torch.autograd.grad(d_network(points).float().sum(), points, create_graph=True)[0]
        return gradient.flatten(1).square().sum(dim=1).mean()

    def pairs(real, fake):
        real, fake = d_network(torch.cat([real, fake.float()])).float().chunk(2)
        return real - fake

    def step(images):
        real = to_pixels(images)
        with precision():
            fake = g_network(torch.randn(len(real), latent)).detach()
            penalty = squared_gradient(real) + squared_gradient(fake)
            loss = softplus(-pairs(real, fake)).mean() + 0.5 * args["gp_weight"] * penalty
        update(d_optimizer, loss)
        with precision():
            loss = softplus(pairs(real, g_network(torch.randn(len(real), latent)))).mean()
        update(g_optimizer, loss)

    return step, (g_network, d_network)


STEPS = {
    "began": began,
    "dcgan": dcgan,
    "dragan": dragan,
    "gan": fully_connected,
    "lsgan": lsgan,
    "pacgan": pacgan,
    "r3gan": r3gan,
    "wgan": wgan,
}
