"""Losses from scores in NumPy, and optimizers as the papers state them: what rows are compared with."""

from typing import NamedTuple

import numpy as np
from scipy.special import log_expit


class Adam(NamedTuple):
    learning_rate: float
    beta_1: float = 0.9
    beta_2: float = 0.999


class SGD(NamedTuple):
    learning_rate: float
    momentum: float = 0.0


class RMSprop(NamedTuple):
    learning_rate: float
    rho: float


def minimax(real, fake):
    """-E log D(x) - E log(1 - D(G(z)))"""
    return -log_expit(real).mean() - log_expit(-fake).mean()


def non_saturating(real, fake):
    """-E log D(G(z))"""
    return -log_expit(fake).mean()


def hinge(real, fake):
    return np.maximum(0.0, 1.0 - real).mean() + np.maximum(0.0, 1.0 + fake).mean()


def difference(real, fake):
    return fake.mean() - real.mean()


def minus_score(real, fake):
    return -fake.mean()


def relativistic(real, fake):
    """E log(1 + exp(-(D(x) - D(G(z)))))"""
    return -log_expit(real - fake).mean()
