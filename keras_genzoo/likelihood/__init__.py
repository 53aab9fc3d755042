"""Log-likelihood estimators: importance sampling for latent-variable models, annealing for energy-based models."""
