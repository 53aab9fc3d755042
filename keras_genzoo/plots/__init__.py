"""Pictures as PNG files: grids of images, points, curves of a training, codes, and chains step by step."""

from keras_genzoo.plots.chains import save_gibbs_chain, save_imputation
from keras_genzoo.plots.codes import save_latent_map, save_traversals
from keras_genzoo.plots.figures import save_table
from keras_genzoo.plots.grids import SOFTWARE, image_grid, is_own, save_grid, save_pairs
from keras_genzoo.plots.health import save_health_plot
from keras_genzoo.plots.losses import save_loss_plot
from keras_genzoo.plots.neighbours import save_neighbours
from keras_genzoo.plots.points import save_points, save_samples

__all__ = [
    "SOFTWARE",
    "image_grid",
    "is_own",
    "save_gibbs_chain",
    "save_grid",
    "save_health_plot",
    "save_imputation",
    "save_latent_map",
    "save_loss_plot",
    "save_neighbours",
    "save_pairs",
    "save_points",
    "save_samples",
    "save_table",
    "save_traversals",
]
