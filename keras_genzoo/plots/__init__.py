"""Pictures as PNG files: grids of images, points, signals, curves of a training, codes, and chains step by step."""

from keras_genzoo.plots.chains import save_gibbs_chain, save_imputation
from keras_genzoo.plots.codes import save_code_map, save_latent_map, save_traversals
from keras_genzoo.plots.figures import save_table
from keras_genzoo.plots.grids import image_grid, save_grid, save_pairs
from keras_genzoo.plots.health import save_health_plot
from keras_genzoo.plots.losses import save_loss_plot
from keras_genzoo.plots.neighbours import save_neighbours
from keras_genzoo.plots.points import save_points
from keras_genzoo.plots.samples import save_samples, save_translations
from keras_genzoo.plots.signals import save_signals
from keras_genzoo.utils.own_files import SOFTWARE, is_own

__all__ = [
    "SOFTWARE",
    "image_grid",
    "is_own",
    "save_code_map",
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
    "save_signals",
    "save_table",
    "save_translations",
    "save_traversals",
]
