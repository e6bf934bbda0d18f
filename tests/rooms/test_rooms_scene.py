"""The figure's height and the furnishing, as geometry."""

from __future__ import annotations

import numpy as np
import pytest

from depth_lab.rooms import LABELS, build_room, figure_mask, render_room
from depth_lab.rooms.cameras import Sight
from depth_lab.rooms.figure import figure
from depth_lab.rooms.furniture import AT_WALL, STANDING_FREE


@pytest.mark.parametrize("height", [0.75, 1.0, 1.3])
def test_soles_on_the_floor_and_hair_at_the_height(height: float) -> None:
    for seed in range(5):
        z = np.concatenate([s.corners[..., 2].ravel() for s, _ in figure(np.random.default_rng(seed), height)])
        assert z.min() == pytest.approx(0, abs=1e-12)
        assert z.max() == pytest.approx(height, abs=1e-12)


def test_both_feet_are_on_the_floor() -> None:
    shapes = [shape for shape, _ in figure(np.random.default_rng(1), 1.0)]
    low = np.concatenate([s.corners.reshape(-1, 3) for s in shapes])
    low = low[low[:, 2] < 1e-9]
    assert low[:, 0].min() < -0.03
    assert low[:, 0].max() > 0.03


def test_recorded_height_is_that_of_the_highest_pixel() -> None:
    for seed in range(8):
        view = render_room(seed, size=(120, 160))
        if not view["figure_complete"]:
            continue
        v, u = np.nonzero(figure_mask(view))
        z = view["depth"][v, u].astype(float)
        rays = np.linalg.inv(view["intrinsics"]) @ np.stack([u, v, np.ones(len(u))])
        above = view["floor_plane"][:3] @ (rays * z) + view["floor_plane"][3]
        footprint = z[above.argmax()] / view["intrinsics"][1, 1]
        assert view["height_cm"] / 100 - 1.5 * footprint < above.max() <= view["height_cm"] / 100 + 1e-4
        assert above.min() < 0.06, "the feet are seen"


def test_heights_cover_the_range() -> None:
    heights = [build_room(seed).scene.height_cm for seed in range(16)]
    assert 75 <= min(heights) < 90
    assert 115 < max(heights) <= 130


def mask(rows: slice, columns: slice) -> np.ndarray:
    out = np.zeros((20, 20), bool)
    out[rows, columns] = True
    return out


def test_complete_means_inside_and_top_and_feet_free() -> None:
    alone = mask(slice(2, 18), slice(5, 10))
    assert Sight(alone, alone).complete
    assert Sight(alone & ~mask(slice(9, 10), slice(5, 10)), alone).complete, "a thin thing before the waist is no harm"
    assert not Sight(alone & ~mask(slice(2, 3), slice(5, 10)), alone).complete
    assert not Sight(alone & ~mask(slice(17, 18), slice(5, 10)), alone).complete
    assert not Sight(alone & ~mask(slice(5, 10), slice(5, 10)), alone).complete
    cut = mask(slice(2, 20), slice(5, 10))
    assert not Sight(cut, cut).complete


@pytest.mark.parametrize("make", {*AT_WALL, *STANDING_FREE}, ids=lambda make: make.__name__)
def test_furniture_fits_its_announced_box(make) -> None:  # type: ignore[no-untyped-def]
    for seed in range(5):
        piece = make(np.random.default_rng(seed))
        corners = np.concatenate([shape.corners.reshape(-1, 3) for shape, _ in piece.parts])
        half = np.array(piece.size[:2]) / 2 + 0.015
        assert (np.abs(corners[:, :2]) <= half).all()
        assert corners[:, 2].min() > -1e-9
        assert corners[:, 2].max() <= piece.size[2] + 0.12, "a bowl may stand on a table"


def test_furniture_stays_in_the_room_and_apart() -> None:
    for seed in range(12):
        room = build_room(seed)
        scene = room.scene
        standing = scene.corners[scene.label == LABELS.index("furniture")]
        assert standing.min() > -0.02
        assert (standing.max(axis=(0, 1)) < np.array(scene.size) + 0.02).all()
        boxes = np.array(room.taken.boxes)[:, :4]
        for i, (x0, y0, x1, y1) in enumerate(boxes):
            others = np.delete(boxes, i, axis=0)
            overlap = (others[:, 0] < x1) & (others[:, 2] > x0) & (others[:, 1] < y1) & (others[:, 3] > y0)
            assert not overlap.any()


def test_about_one_view_in_seven_cuts_the_figure_off() -> None:
    complete = [render_room(seed, size=(24, 32), view=view)["figure_complete"] for seed in range(8) for view in range(4)]
    assert 0.6 < np.mean(complete) < 0.99
