"""Directions with names: files that know their model, and directions to all classes of a classifier."""

import numpy as np
import pytest
from keras import ops

import keras_genzoo
from keras_genzoo import latent, presets

SMALL = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
FOUND = {"width": [1.0, 0.0, 0.5, 0.0], "two words": [0.0, 1e-7, 0.0, -3.0]}


@pytest.fixture(scope="module")
def gan():
    return keras_genzoo.build("dcgan", **SMALL, seed=0)


def test_file_of_directions_fits_the_saved_model_and_no_other(gan, tmp_path):
    latent.save_directions(tmp_path / "found.npz", gan, FOUND)
    presets.save_preset(gan, tmp_path / "preset")
    same = keras_genzoo.build("dcgan", weights=tmp_path / "preset", dtype="mixed_bfloat16")
    found = latent.load_directions(tmp_path / "found.npz", same)
    assert list(found) == list(FOUND)
    np.testing.assert_array_equal([*found.values()], np.float32([*FOUND.values()]))
    for name, other in {
        "dcgan with other weights": keras_genzoo.build("dcgan", **SMALL, seed=1),
        "dcgan": keras_genzoo.build("wgan_gp", **SMALL, seed=0),
    }.items():
        with pytest.raises(
            ValueError, match=f"for this {other.model_name}. Received: those of another model, {name}, "
        ):
            latent.load_directions(tmp_path / "found.npz", other)


def test_array_of_directions_is_taken_with_a_warning(gan, tmp_path):
    np.save(tmp_path / "found.npy", np.eye(4)[:2])
    with pytest.warns(UserWarning, match="found.npy does not say of which model"):
        assert list(latent.load_directions(tmp_path / "found.npy", gan)) == ["1", "2"]
    np.save(tmp_path / "longer.npy", np.eye(5))
    with (
        pytest.warns(UserWarning),
        pytest.raises(ValueError, match=r"Expected directions as numbers of shape \(n, 4\).* \(5, 5\)"),
    ):
        latent.load_directions(tmp_path / "longer.npy", gan)


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"text of a user", "{}", {"vectors": np.eye(4)}, {"objects": np.array([{}])}]
)
def test_other_files_are_refused(gan, tmp_path, content):
    path = tmp_path / "other.npz"
    if isinstance(content, dict):
        np.savez(path, **content)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ValueError, match="Expected a file of latent.save_directions.* Received: '.*other.npz'"):
        latent.load_directions(path, gan)
    with pytest.raises(FileNotFoundError, match="Expected a .npz file of directions. Received: 'none.npz'"):
        latent.load_directions("none.npz", gan)


def test_wrong_directions_leave_the_file_as_it_is(gan, tmp_path):
    path = tmp_path / "found.npz"
    latent.save_directions(path, gan, FOUND)
    before = path.read_bytes()
    for wrong in ({}, {"a": [0.0] * 4}, {"a": [1.0] * 3}, np.full((1, 4), np.nan), {"two\nlines": [1.0] * 4}):
        with pytest.raises(ValueError, match="Expected"):
            latent.save_directions(path, gan, wrong)
    assert path.read_bytes() == before and [each.name for each in tmp_path.iterdir()] == ["found.npz"]
    with pytest.raises(ValueError, match="Expected a .npz file for directions. Received: 'a.txt'"):
        latent.save_directions("a.txt", gan, FOUND)


class Corners:
    """A classifier of which corner is lightest, of two, and of a third class that no image shows."""

    class_names = ("left", "right", "never")

    def __call__(self, images):
        left, right = images[:, 0, 0, 0], images[:, 0, -1, 0]
        return ops.stack([left, right, left - 2.0], axis=-1) * 10.0


def test_directions_of_all_classes_are_those_of_find_direction(gan):
    with pytest.warns(UserWarning, match="No direction to never: fewer than 10 of 300 codes"):
        found = latent.class_directions(gan, Corners(), num_samples=300)
    assert list(found) == ["left", "right"]
    for number, name in enumerate(found):
        same = latent.find_direction(gan, Corners(), number, num_samples=300)
        np.testing.assert_array_equal(found[name], same)
    with pytest.raises(ValueError, match="Expected at least 10 of 12 codes on both sides of a class"):
        latent.class_directions(gan, Corners(), num_samples=12)
