"""The training steps of GANs with labels, codes or an encoder in PyTorch, for `benchmarks/model_steps.py`."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot, softplus
from torch.nn.utils.parametrizations import spectral_norm
from torch_models import (
    KERNEL,
    Projection,
    adam,
    channels_last,
    discriminator,
    features,
    generator,
    minimax,
    non_saturating,
    to_pixels,
    update,
)

LEAK = 0.2


class Heads(nn.Module):
    """A discriminator with a logit and further outputs of its last features."""

    def __init__(self, filters, make_head):
        super().__init__()
        layers, length = features(filters)
        self.features, self.logits, self.head = nn.Sequential(*layers), nn.Linear(length, 1), make_head(length)

    def forward(self, x):
        x = self.features(x)
        return self.logits(x).float(), self.head(x).float()


def acgan(args, precision):
    classes, latent = args["num_classes"], args["latent_dim"]
    g_network = generator(latent, args["base_filters"], nn.Tanh(), extra=classes)
    d_network = Heads(args["d_base_filters"], lambda length: nn.Linear(length, classes))
    g_network, d_network = channels_last(g_network, d_network)
    d_optimizer, g_optimizer = adam(d_network), adam(g_network)

    def make(labels):
        return g_network(torch.cat([torch.randn(len(labels), latent), one_hot(labels, classes).float()], dim=1))

    def step(images, labels):
        real, labels = to_pixels(images), torch.from_numpy(labels).long()
        with precision():
            (real_logits, real_classes), (fake_logits, fake_classes) = d_network(real), d_network(make(labels).detach())
            error = cross_entropy(real_classes, labels) + cross_entropy(fake_classes, labels)
            loss = minimax(real_logits, fake_logits) + args["classifier_weight"] * error
        update(d_optimizer, loss)
        with precision():
            logits, found = d_network(make(labels))
            loss = non_saturating(logits) + args["classifier_weight"] * cross_entropy(found, labels)
        update(g_optimizer, loss)

    return step, (g_network, d_network)


def infogan(args, precision):
    (codes,), factors, latent, units = (
        args[key] for key in ("code_sizes", "num_factors", "latent_dim", "recognition_units")
    )

    def head(length):
        hidden = [nn.Linear(length, units, bias=False), nn.BatchNorm1d(units), nn.LeakyReLU(LEAK)]
        return nn.Sequential(*hidden, nn.Linear(units, codes + 2 * factors))

    g_network = generator(latent, args["base_filters"], nn.Tanh(), extra=codes + factors)
    g_network, d_network = channels_last(g_network, Heads(args["d_base_filters"], head))
    d_optimizer, g_optimizer = adam(d_network), adam(g_network)

    def make(size):
        code, factor = torch.randint(codes, (size,)), 2.0 * torch.rand(size, factors) - 1.0
        return g_network(torch.cat([torch.randn(size, latent), one_hot(code, codes).float(), factor], dim=1)), (
            code,
            factor,
        )

    def code_loss(found, code, factor):
        mean, log_var = found[:, codes:].clamp(-10.0, 10.0).chunk(2, dim=1)
        likelihood = 0.5 * ((factor - mean).square() * (-log_var).exp() + log_var).sum(dim=1).mean()
        return args["info_weight"] * cross_entropy(found[:, :codes], code) + args["factor_weight"] * likelihood

    def step(images):
        real = to_pixels(images)
        with precision():
            fake, given = make(len(real))
            (real_logits, _), (fake_logits, found) = d_network(real), d_network(fake.detach())
            loss = minimax(real_logits, fake_logits) + code_loss(found, *given)
        update(d_optimizer, loss)
        with precision():
            fake, given = make(len(real))
            logits, found = d_network(fake)
            loss = non_saturating(logits) + code_loss(found, *given)
        update(g_optimizer, loss)

    return step, (g_network, d_network)


class Joint(nn.Module):
    """A discriminator of pairs of an image and a code."""

    def __init__(self, filters, latent, units):
        super().__init__()
        layers, length = features(filters)
        self.features = nn.Sequential(*layers)
        self.of_code = nn.Sequential(nn.Linear(latent, units[0]), nn.LeakyReLU(LEAK))
        widths = [length + units[0], *units]
        pairs = zip(widths, widths[1:], strict=False)
        hidden = [layer for a, b in pairs for layer in (nn.Linear(a, b), nn.LeakyReLU(LEAK))]
        self.joint = nn.Sequential(*hidden, nn.Linear(units[-1], 1))

    def forward(self, x, z):
        return self.joint(torch.cat([self.features(x), self.of_code(z)], dim=1))


def bigan(args, precision):
    latent, filters = args["latent_dim"], args["base_filters"]
    layers, length = features(filters)
    encoder = nn.Sequential(*layers, nn.Linear(length, latent))
    g_network = generator(latent, filters, nn.Tanh())
    d_network = Joint(args["d_base_filters"], latent, args["joint_units"])
    g_network, encoder, d_network = channels_last(g_network, encoder, d_network)
    d_optimizer, g_optimizer = adam(d_network), adam(g_network, encoder)

    def logits(real):
        z = 2.0 * torch.rand(len(real), latent) - 1.0
        return (real, encoder(real)), (g_network(z), z)

    def step(images):
        real = to_pixels(images)
        with precision():
            of_real, of_fake = logits(real)
            loss = minimax(*(d_network(*(x.detach() for x in pair)) for pair in (of_real, of_fake)))
        update(d_optimizer, loss)
        with precision():
            of_real, of_fake = logits(real)
            real_logits, fake_logits = d_network(*of_real), d_network(*of_fake)
            loss = softplus(real_logits.float()).mean() + softplus(-fake_logits.float()).mean()
        update(g_optimizer, loss)

    return step, (g_network, encoder, d_network)


def vae_gan(args, precision):
    """Reconstructions and images of the prior go through the discriminator together, as in ours."""
    latent, filters = args["latent_dim"], args["base_filters"]
    layers, length = features(filters)
    encoder = nn.Sequential(*layers, nn.Linear(length, 2 * latent))
    decoder = generator(latent, filters, nn.Tanh())
    layers, length = features(args["d_base_filters"])
    body, logits = nn.Sequential(*layers), nn.Linear(length, 1)
    encoder, decoder, body = channels_last(encoder, decoder, body)
    e_optimizer, d_optimizer, g_optimizer = adam(encoder), adam(body, logits), adam(decoder)
    of_encoder, of_decoder = list(encoder.parameters()), list(decoder.parameters())

    def step(images):
        real = to_pixels(images)
        num = len(real)
        with precision():
            mean, log_var = encoder(real).float().clamp(-10.0, 10.0).chunk(2, dim=1)
            kl = 0.5 * (mean.square() + log_var.exp() - 1.0 - log_var).sum(dim=1).mean()
            z = mean + (0.5 * log_var).exp() * torch.randn_like(mean)
            fake = decoder(torch.cat([z, torch.randn_like(mean)]))
            scores = logits(body(torch.cat([real, fake.detach().float()]))).float()
            loss = softplus(-scores[:num]).mean() + softplus(scores[num:]).mean()
        update(d_optimizer, loss)
        with precision():
            found = body(torch.cat([real, fake.float()]))
            likelihood = 0.5 * (found[:num] - found[num : 2 * num]).float().square().sum(dim=1).mean()
            g_loss = non_saturating(logits(found)[num:])
        e_gradients = torch.autograd.grad(kl + likelihood, of_encoder, retain_graph=True)
        g_gradients = torch.autograd.grad(args["reconstruction_weight"] * likelihood + g_loss, of_decoder)
        for parameters, gradients in ((of_encoder, e_gradients), (of_decoder, g_gradients)):
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
        e_optimizer.step()
        g_optimizer.step()

    return step, (encoder, decoder, body, logits)


class ClassNorm(nn.Module):
    """Batch normalization whose scales and offsets depend on the class."""

    def __init__(self, width, classes):
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.scales, self.offsets = nn.Embedding(classes, width), nn.Embedding(classes, width)

    def forward(self, x, labels):
        return self.norm(x) * self.scales(labels)[:, :, None, None] + self.offsets(labels)[:, :, None, None]


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.f, self.g = (spectral_norm(nn.Conv2d(width, width // 8, 1, bias=False)) for _ in range(2))
        self.h = spectral_norm(nn.Conv2d(width, width // 2, 1, bias=False))
        self.v = spectral_norm(nn.Conv2d(width // 2, width, 1, bias=False))
        self.gamma, self.pool = nn.Parameter(torch.zeros(())), nn.MaxPool2d(2, ceil_mode=True)

    def forward(self, x):
        queries, keys, values = self.g(x).flatten(2), self.pool(self.f(x)).flatten(2), self.pool(self.h(x)).flatten(2)
        shares = (queries.transpose(1, 2) @ keys).float().softmax(dim=-1)
        taken = (values @ shares.to(values.dtype).transpose(1, 2)).unflatten(2, x.shape[2:])
        return x + self.gamma * self.v(taken)


class AttentionGenerator(nn.Module):
    """Transposed convolutions with spectral normalization, and attention among the maps of 14x14."""

    def __init__(self, latent, filters, classes):
        super().__init__()
        self.dense = spectral_norm(nn.Linear(latent, 49 * 4 * filters, bias=False))
        widths = [4 * filters, 2 * filters, filters]
        pairs = zip(widths, widths[1:], strict=False)
        self.layers = nn.ModuleList(spectral_norm(nn.ConvTranspose2d(a, b, KERNEL, 2, 1, bias=False)) for a, b in pairs)
        self.norms = nn.ModuleList(ClassNorm(width, classes) for width in widths)
        self.attention, self.last = Attention(2 * filters), spectral_norm(nn.Conv2d(filters, 1, KERNEL))
        self.pad = nn.ZeroPad2d((1, 2, 1, 2))

    def forward(self, z, labels):
        x = self.dense(z).unflatten(1, (-1, 7, 7)).contiguous(memory_format=torch.channels_last)
        x = torch.relu(self.norms[0](x, labels))
        for level, (layer, norm) in enumerate(zip(self.layers, self.norms[1:], strict=True)):
            x = torch.relu(norm(layer(x), labels))
            x = self.attention(x) if level == 0 else x
        return torch.tanh(self.last(self.pad(x)))


def sagan(args, precision):
    classes, latent, filters = args["num_classes"], args["latent_dim"], args["d_base_filters"]
    *layers, last = discriminator(filters, batch_norm=False, wrap=spectral_norm)
    layers.insert(3, Attention(filters))  # after the padding, the convolution and the activation of the first level
    d_network = Projection([*layers, last], classes)
    d_network.class_weights = spectral_norm(d_network.class_weights)
    g_network, d_network = channels_last(AttentionGenerator(latent, args["base_filters"], classes), d_network)
    d_optimizer, g_optimizer = adam(d_network), adam(g_network)

    def step(images, labels):
        real, labels = to_pixels(images), torch.from_numpy(labels).long()
        with precision():
            fake = g_network(torch.randn(len(real), latent), labels).detach()
            scores = d_network(torch.cat([real, fake.float()]), labels.repeat(2)).float()
            loss = torch.relu(1.0 - scores[: len(real)]).mean() + torch.relu(1.0 + scores[len(real) :]).mean()
        update(d_optimizer, loss)
        with precision():
            loss = -d_network(g_network(torch.randn(len(real), latent), labels), labels).mean()
        update(g_optimizer, loss)

    return step, (g_network, d_network)


STEPS = {"acgan": acgan, "bigan": bigan, "infogan": infogan, "sagan": sagan, "vae_gan": vae_gan}
