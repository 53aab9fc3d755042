"""The training steps of some models in PyTorch, with the same networks, for `benchmarks/model_steps.py`.

Each builder takes the arguments of a recipe and gives `(step, networks)`: a function of a batch as NumPy arrays, and
the modules whose parameters are counted. Pictures are channels_last. Losses, numbers of updates and batches are those
of ours; the generator of a GAN makes its images once for each update, as PyTorch programs do (that of `vae_gan` once),
and the encoder of `bigan` its codes.
"""

import math

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import one_hot, softplus
from torch.nn.utils.parametrizations import spectral_norm

SIDE, KERNEL = 28, 4


def same_padding(side, kernel=KERNEL, stride=2):
    """Padding of TensorFlow's "same": (before, after)."""
    total = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2


class Labelled(nn.Module):
    """A network that gets labels: one-hot beside a code, or as a plane beside an image."""

    def __init__(self, network, num_classes, plane):
        super().__init__()
        self.network, self.num_classes = network, num_classes
        self.plane = nn.Linear(num_classes, SIDE * SIDE, bias=False) if plane else None

    def forward(self, x, labels):
        code = one_hot(labels, self.num_classes).float()
        if self.plane is not None:
            code = self.plane(code).reshape(-1, 1, SIDE, SIDE)
        return self.network(torch.cat([x, code.to(x.dtype)], dim=1))


class Projection(nn.Module):
    """A discriminator whose last weights are those that all share and those of the label's class."""

    def __init__(self, network, num_classes):
        super().__init__()
        *layers, self.logits = network
        self.features = nn.Sequential(*layers)
        self.class_weights = nn.Embedding(num_classes, self.logits.in_features)

    def forward(self, x, labels):
        x = self.features(x)
        return self.logits(x) + (x.float() * self.class_weights(labels)).sum(dim=1, keepdim=True)


def generator(latent_dim, filters, activation, extra=0, batch_norm=True):
    bias = not batch_norm
    layers = [nn.Linear(latent_dim + extra, 49 * 4 * filters, bias=bias), nn.Unflatten(1, (4 * filters, 7, 7))]
    layers += [*norms(4 * filters, batch_norm), nn.ReLU()]
    for width in (2 * filters, filters):
        layers.append(nn.ConvTranspose2d(2 * width, width, KERNEL, 2, 1, bias=bias))
        layers += [*norms(width, batch_norm), nn.ReLU()]
    layers += [nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(filters, 1, KERNEL), activation]
    return nn.Sequential(*layers)


def norms(width, batch_norm):
    return [nn.BatchNorm2d(width)] if batch_norm else []


def features(filters, channels=1, batch_norm=True, wrap=lambda layer: layer):
    """Three strided convolutions, 28 -> 14 -> 7 -> 4 pixels; returns the layers and the length of the features."""
    layers, side, width = [], SIDE, filters
    for level in range(3):
        normalized = batch_norm and level > 0
        before, after = same_padding(side)
        layers.append(nn.ZeroPad2d((before, after, before, after)))
        layers.append(wrap(nn.Conv2d(channels, width, KERNEL, 2, bias=not normalized)))
        layers += [*norms(width, normalized), nn.LeakyReLU(0.2)]
        channels, side, width = width, math.ceil(side / 2), 2 * width
    return [*layers, nn.Flatten()], channels * side * side


def discriminator(filters, batch_norm=True, wrap=lambda layer: layer, bias=True, channels=1):
    layers, length = features(filters, channels, batch_norm, wrap)
    return nn.Sequential(*layers, wrap(nn.Linear(length, 1, bias=bias)))


def adam(*networks, rate=2e-4, betas=(0.5, 0.999)):
    return torch.optim.Adam([p for network in networks for p in network.parameters()], rate, betas=betas)


def update(optimizer, loss):
    optimizer.zero_grad(set_to_none=True)
    # Of its own parameters alone, as in ours.
    loss.backward(inputs=[parameter for group in optimizer.param_groups for parameter in group["params"]])
    optimizer.step()


def to_pixels(images, low=-1.0):
    x = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last).float() / 255.0
    return x * (1.0 - low) + low


def channels_last(*networks):
    return [network.to(memory_format=torch.channels_last) for network in networks]


def gan(args, precision, losses, d_network, penalty=None, classes=0, together=False, optimizer=adam, clip=None):
    """A step of `d_steps` discriminator updates and one generator update.

    With `together`, the discriminator judges real and generated images in one pass; its weights are clipped to `clip`.
    """
    latent, d_steps = args["latent_dim"], args["d_steps"]
    g_network = generator(latent, args["base_filters"], nn.Tanh(), classes)
    if classes:
        g_network = Labelled(g_network, classes, plane=False)
    g_network, d_network = channels_last(g_network, d_network)
    d_optimizer, g_optimizer = optimizer(d_network), optimizer(g_network)
    d_loss_of, g_loss_of = losses

    def step(images, labels=None):
        beside = [] if labels is None else [torch.from_numpy(labels).long()]
        real = to_pixels(images)
        size = len(real) // d_steps
        for part in range(d_steps):
            rows = slice(part * size, (part + 1) * size)
            given = [x[rows] for x in beside]
            with precision():
                fake = g_network(torch.randn(size, latent), *given).detach()
                if together:
                    loss = d_loss_of(*d_network(torch.cat([real[rows], fake])).chunk(2))
                else:
                    loss = d_loss_of(d_network(real[rows], *given), d_network(fake, *given))
                if penalty:
                    loss = loss + penalty(d_network, real[rows], fake)
            update(d_optimizer, loss)
            if clip:
                with torch.no_grad():
                    for parameter in d_network.parameters():
                        parameter.clamp_(-clip, clip)
        with precision():
            loss = g_loss_of(d_network(g_network(torch.randn(size, latent), *given), *given))
        update(g_optimizer, loss)

    return step, (g_network, d_network)


def minimax(real, fake):
    return softplus(-real.float()).mean() + softplus(fake.float()).mean()


def non_saturating(fake):
    return softplus(-fake.float()).mean()


WASSERSTEIN = (lambda r, f: f.mean() - r.mean(), lambda f: -f.mean())


def cgan(args, precision):
    classes = args["num_classes"]
    d_network = Projection(discriminator(args["d_base_filters"]), classes)
    return gan(args, precision, (minimax, non_saturating), d_network, classes=classes)


def sngan(args, precision):
    d_network = discriminator(args["d_base_filters"], batch_norm=False, wrap=spectral_norm)
    hinge = (lambda r, f: torch.relu(1.0 - r).mean() + torch.relu(1.0 + f).mean(), lambda f: -f.mean())
    return gan(args, precision, hinge, d_network, together=True)


def wgan_gp(args, precision):
    d_network = discriminator(args["d_base_filters"], batch_norm=False, bias=False)

    def penalty(network, real, fake):
        share = torch.rand(len(real), 1, 1, 1)
        points = (real + share * (fake.float() - real)).requires_grad_()
        gradient = torch.autograd.grad(network(points).sum(), points, create_graph=True)[0]
        return args["gp_weight"] * (gradient.flatten(1).norm(dim=1) - 1.0).square().mean()

    return gan(args, precision, WASSERSTEIN, d_network, penalty, together=True)


def cvae(args, precision):
    latent, classes, filters = args["latent_dim"], args["num_classes"], args["base_filters"]
    layers, length = features(filters, channels=2)
    encoder = Labelled(nn.Sequential(*layers, nn.Linear(length, 2 * latent)), classes, plane=True)
    decoder = Labelled(generator(latent, filters, nn.Identity(), classes), classes, plane=False)
    encoder, decoder = channels_last(encoder, decoder)
    optimizer = adam(encoder, decoder, rate=1e-3, betas=(0.9, 0.999))

    def step(images, labels):
        labels = torch.from_numpy(labels).long()
        x = torch.bernoulli(to_pixels(images, low=0.0))
        with precision():
            mean, log_var = encoder(x, labels).float().clamp(-10.0, 10.0).chunk(2, dim=1)
            z = mean + (0.5 * log_var).exp() * torch.randn_like(mean)
            logits = decoder(z, labels).float()
        kl = 0.5 * (mean.square() + log_var.exp() - 1.0 - log_var).sum(dim=1).mean()
        update(optimizer, cross_entropy(logits, x, reduction="sum") / len(x) + kl)

    return step, (encoder, decoder)


def aae(args, precision):
    latent, filters = args["latent_dim"], args["base_filters"]
    layers, length = features(filters)
    encoder = nn.Sequential(*layers, nn.Linear(length, latent))
    encoder, decoder = channels_last(encoder, generator(latent, filters, nn.Tanh()))
    units = [latent, *args["d_hidden_units"]]
    hidden = [layer for a, b in zip(units, units[1:], strict=False) for layer in (nn.Linear(a, b), nn.ReLU())]
    d_network = nn.Sequential(*hidden, nn.Linear(units[-1], 1))
    optimizer = adam(encoder, decoder, rate=1e-3, betas=(0.9, 0.999))
    d_optimizer, g_optimizer = adam(d_network), adam(encoder)

    def step(images):
        x = to_pixels(images)
        with precision():
            loss = (decoder(encoder(x)).float() - x).square().sum() / len(x)
        update(optimizer, loss)
        with precision():
            z = encoder(x)
            loss = minimax(d_network(torch.randn(len(x), latent)), d_network(z.detach()))
        update(d_optimizer, loss)
        with precision():
            loss = non_saturating(d_network(z))
        update(g_optimizer, loss)

    return step, (encoder, decoder, d_network)


class Machine(nn.Module):
    """Weights and biases of a restricted Boltzmann machine."""

    def __init__(self, visible, hidden):
        super().__init__()
        self.kernel = nn.Parameter(0.01 * torch.randn(visible, hidden))
        self.visible_bias, self.hidden_bias = nn.Parameter(torch.zeros(visible)), nn.Parameter(torch.zeros(hidden))


def rbm(args, precision):
    """Persistent contrastive divergence, with the free energies and the reconstruction error that ours logs."""
    machine, visible = Machine(SIDE * SIDE, args["hidden_units"]), SIDE * SIDE
    chains = torch.bernoulli(torch.full((args["num_chains"], visible), 0.5))
    optimizer = torch.optim.SGD(machine.parameters(), 0.1)

    def hidden_logits(states):
        return (states @ machine.kernel).float() + machine.hidden_bias

    def visible_logits(hidden):
        return (hidden @ machine.kernel.T).float() + machine.visible_bias

    @torch.no_grad()
    def step(images):
        x = torch.bernoulli(torch.from_numpy(images).reshape(len(images), -1).float() / 255.0)
        with precision():
            negative = chains
            for _ in range(args["gibbs_steps"]):
                hidden = torch.bernoulli(torch.sigmoid(hidden_logits(negative)))
                negative = torch.bernoulli(torch.sigmoid(visible_logits(hidden)))
            gradients, given = [0.0, 0.0, 0.0], []
            for states, sign in ((x, -1.0), (negative, 1.0)):
                logits = hidden_logits(states)
                hidden, weight = torch.sigmoid(logits), sign / len(states)
                given.append(hidden)
                sums = ((states.T @ hidden).float(), states.sum(dim=0), hidden.sum(dim=0))
                gradients = [total + weight * part for total, part in zip(gradients, sums, strict=True)]
                (states @ machine.visible_bias + softplus(logits).sum(dim=1)).mean()
            cross_entropy(visible_logits(given[0]), x, reduction="sum") / len(x)
        for parameter, gradient in zip(machine.parameters(), gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
        chains.copy_(negative)

    return step, (machine,)


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        layers = []
        for last in (False, True):
            layers += [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=False), normalized(width)]
            layers += [] if last else [nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)


def normalized(width):
    return nn.InstanceNorm2d(width, affine=True)


def doubling(channels, width, upsampling, bias=False):
    if upsampling == "transposed":
        return [nn.ConvTranspose2d(channels, width, 4, 2, 1, bias=bias)]
    return [nn.Upsample(scale_factor=2), nn.Conv2d(channels, width, 3, padding=1, bias=bias)]


def translator(args):
    width, channels = args["base_filters"], args["image_shape"][2]
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(channels, width, 7, bias=False), normalized(width), nn.ReLU()]
    for factor in (1, 2):
        layers += [nn.Conv2d(factor * width, 2 * factor * width, 4, 2, 1, bias=False)]
        layers += [normalized(2 * factor * width), nn.ReLU()]
    layers += [Residual(4 * width) for _ in range(args["num_blocks"])]
    for factor in (2, 1):
        layers += [*doubling(2 * factor * width, factor * width, args["upsampling"]), normalized(factor * width)]
        layers += [nn.ReLU()]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, channels, 7), nn.Tanh())


class UNet(nn.Module):
    def __init__(self, args):
        super().__init__()
        depth, channels = args["num_levels"], args["image_shape"][2]
        filters = [args["base_filters"] * min(2**level, 8) for level in range(depth)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, (before, width) in enumerate(zip([channels, *filters], filters, strict=False)):
            layers = [nn.LeakyReLU(0.2)] if level else []
            layers += [nn.Conv2d(before, width, KERNEL, 2, 1, bias=level == 0)]
            self.down.append(nn.Sequential(*layers, *([normalized(width)] if level else [])))
        for level in reversed(range(1, depth)):
            before = filters[level] * (1 if level == depth - 1 else 2)
            layers = [nn.ReLU(), *doubling(before, filters[level - 1], args["upsampling"])]
            layers += [normalized(filters[level - 1])]
            self.up.append(nn.Sequential(*layers, *([nn.Dropout(args["dropout"])] if level >= depth - 3 else [])))
        self.last = nn.Sequential(nn.ReLU(), *doubling(2 * filters[0], channels, args["upsampling"], bias=True))

    def forward(self, x):
        skips = []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        skips.pop()
        for layer in self.up:
            x = torch.cat([layer(x), skips.pop()], dim=1)
        return torch.tanh(self.last(x).float())


def pix2pix(args, precision):
    network, judge = channels_last(UNet(args), patches(args, 2))
    d_optimizer, g_optimizer = adam(judge), adam(network)

    def step(images_a, images_b):
        a, b = to_pixels(images_a), to_pixels(images_b)
        if args["flip"]:
            mirrored = torch.rand(len(a), 1, 1, 1) < 0.5
            a, b = (torch.where(mirrored, each.flip(3), each) for each in (a, b))
        with precision():
            fake = network(a)
            real_logits, fake_logits = (
                judge(torch.cat([torch.cat([a, b], dim=1), torch.cat([a, fake.detach()], dim=1)])).float().chunk(2)
            )
            loss = 0.5 * (softplus(-real_logits).mean() + softplus(fake_logits).mean())
        update(d_optimizer, loss)
        with precision():
            loss = softplus(-judge(torch.cat([a, fake], dim=1)).float()).mean()
            loss = loss + args["l1_weight"] * (fake.float() - b).abs().mean()
        update(g_optimizer, loss)

    return step, (network, judge)


def patches(args, images=1):
    layers, channels = [], images * args["image_shape"][2]
    for level in range(args["d_layers"] + 1):
        strided, width = level < args["d_layers"], args["d_base_filters"] * 2**level
        layers += [] if strided else [nn.ZeroPad2d((1, 2, 1, 2))]
        layers += [nn.Conv2d(channels, width, KERNEL, 2 if strided else 1, int(strided), bias=level == 0)]
        layers += [normalized(width)] if level else []
        layers, channels = [*layers, nn.LeakyReLU(0.2)], width
    return nn.Sequential(*layers, nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(channels, 1, KERNEL))


class History:
    """Earlier images: half of those that are asked for come from here, and new ones take their places."""

    def __init__(self, size):
        self.size, self.images = size, []

    def __call__(self, fake):
        given = []
        for image in fake.detach():
            if len(self.images) < self.size:
                self.images.append(image)
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(self.size, ()))
                image, self.images[place] = self.images[place], image
            given.append(image)
        return torch.stack(given)


def cyclegan(args, precision):
    to_b, to_a, judge_a, judge_b = channels_last(*(make(args) for make in (translator, translator, patches, patches)))
    histories = [History(args["history_size"]) for _ in range(2)]
    d_optimizer, g_optimizer = adam(judge_a, judge_b), adam(to_b, to_a)

    def difference(images, others):
        return (images.float() - others).abs().mean()

    def step(images_a, images_b):
        a, b = to_pixels(images_a), to_pixels(images_b)
        with precision():
            (fake_b, same_b), (fake_a, same_a) = to_b(torch.cat([a, b])).chunk(2), to_a(torch.cat([b, a])).chunk(2)
            cycle = difference(to_a(fake_b), a) + difference(to_b(fake_a), b)
            same = difference(same_b, b) + difference(same_a, a)
            loss = sum(
                (judge(fake).float() - 1.0).square().mean() for judge, fake in ((judge_a, fake_a), (judge_b, fake_b))
            )
            loss = loss + args["cycle_weight"] * (cycle + args["identity_weight"] * same)
        update(g_optimizer, loss)
        with precision():
            loss = 0.0
            for judge, real, fake, history in zip((judge_a, judge_b), (a, b), (fake_a, fake_b), histories, strict=True):
                real_scores, fake_scores = judge(torch.cat([real, history(fake).to(real.dtype)])).float().chunk(2)
                loss = loss + 0.5 * ((real_scores - 1.0).square().mean() + fake_scores.square().mean())
        update(d_optimizer, loss)

    return step, (to_b, to_a, judge_a, judge_b)


STEPS = {
    "aae": aae,
    "cgan": cgan,
    "cvae": cvae,
    "cyclegan": cyclegan,
    "pix2pix": pix2pix,
    "rbm": rbm,
    "sngan": sngan,
    "wgan_gp": wgan_gp,
}
