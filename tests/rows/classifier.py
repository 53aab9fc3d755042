"""Row of the classifier."""

from case import Case
from learning import classifier_knows_unseen_digits
from numpy_losses import Adam

CASES = [
    Case(
        "classifier",
        args=dict(
            image_shape=(9, 8, 3),
            num_classes=4,
            class_names=("a", "b", "c", "d"),
            base_filters=4,
            feature_dim=6,
            dropout=0.25,
            max_shift=1,
            flip=True,
            label_smoothing=0.1,
            seed=3,
        ),
        output=(4,),
        params=1438,
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=classifier_knows_unseen_digits,
    ),
]
