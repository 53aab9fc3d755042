"""What the command `interpolate --through` draws: images that go from class to class."""

from keras_genzoo.cli.conditions import check_used, read_conditions, rows_of
from keras_genzoo.cli.names import say
from keras_genzoo.utils.text import counted


def interpolate_classes(
    name, out, clip, through, labels, condition, weights, *, num, steps, start, seed, frame_ms, scale
):
    """Writes a grid with one row per code, or a clip that shows all codes beside each other and repeats.

    Args:
        name: Name of the model or preset.
        out: PNG file, or a clip.
        clip: Whether it is a clip.
        through: `"3,8"`, classes by number or name, or `"codes=3,8"` for a condition of another name.
        labels: Labels, where they are not what changes.
        condition: Texts of other conditions.
        weights: Weights of a model.
        num: Number of codes.
        steps: Images from class to class, both included.
        start: Index of the first code.
        seed: Seed of the codes.
        frame_ms: Milliseconds of a frame of a clip.
        scale: Side of the square that each pixel of a clip becomes.
    """
    from keras_genzoo.cli.images import load_model

    model = load_model(name, weights, "latent_sample", "has a latent code")
    from keras_genzoo import latent, plots
    from keras_genzoo.data import clips

    changed, classes = _read_through(model, through)
    asked = read_conditions(model, labels, condition)
    check_used(asked, start + num)
    options = dict(seed=seed, start=start, closed=clip, name=changed, **rows_of(asked, start, num))
    images = latent.interpolate_classes(model, classes, num, steps, **options)
    if not clip:
        plots.save_grid(images.reshape(-1, *model.image_shape), out, columns=images.shape[1])
        say(f"{counted(num, 'codes')} from {' to '.join(classes)}, {images.shape[1]} images each: {out}")
        return
    frames = [plots.image_grid(images[:, step], columns=num, scale=scale) for step in range(images.shape[1])]
    clips.write_frames(out, ((frame, frame_ms) for frame in frames))
    say(f"{len(frames)} frames of {counted(num, 'codes')} through {', '.join(classes)}: {out}")


def _read_through(model, text):
    """The name of a condition, `None` if the text has none, and the list of its classes."""
    name, equals, rest = text.partition("=")
    named = bool(equals) and name in [each.name for each in model.conditions]
    classes = [part.strip() for part in (rest if named else text).split(",")]
    return (name if named else None), classes
