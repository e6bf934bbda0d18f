"""The sensor model: how its noise grows, and where its holes are."""

from __future__ import annotations

import numpy as np
import pytest

from depth_lab.rooms import sensor


def test_noise_grows_with_the_square_of_the_distance() -> None:
    spread = {z: float(np.std(sensor(np.full((200, 200), z), np.random.default_rng(int(z))) - z)) for z in (1.0, 3.0)}
    assert spread[1.0] == pytest.approx(0.0015, rel=0.03)
    assert spread[3.0] / spread[1.0] == pytest.approx(9, rel=0.05)


def test_holes_lie_at_steps_and_out_of_range_only() -> None:
    depth = np.full((100, 100), 1.0)
    depth[:, 50:], depth[:, 80:], depth[0, 0] = 2.0, 6.0, 0.0
    holes = sensor(depth, np.random.default_rng(0), max_range=5.0, edge_loss=0.7) == 0
    assert holes[:, 80:].all()
    assert holes[0, 0]
    assert not holes[2:, :49].any()
    assert not holes[:, 51:79].any()
    assert 0.5 < holes[2:, 49:51].mean() < 0.9


def test_a_slanted_floor_has_no_holes() -> None:
    z = 1.2 * 280 / (np.arange(40, 240)[:, None] + np.zeros((1, 50)))
    assert (sensor(np.clip(z, 0, 4.9), np.random.default_rng(0)) > 0).all()


def test_the_same_key_gives_the_same_map() -> None:
    depth = np.random.default_rng(1).uniform(0.5, 6, (30, 40))
    first, again, other = (sensor(depth, np.random.default_rng([7, key])) for key in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.dtype == np.float32
