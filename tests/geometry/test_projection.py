from __future__ import annotations

import numpy as np

from depth_lab.geometry import project, unproject

K = np.array([[100.0, 0.0, 2.0], [0.0, 50.0, 1.0], [0.0, 0.0, 1.0]])


def test_axes_are_x_right_y_down_z_forward() -> None:
    assert np.allclose(project(np.array([[0.0, 0, 7], [0.1, 0, 1], [0, 0.1, 1], [0.1, 0.1, 2]]), K), [
        [2, 1], [12, 1], [2, 6], [7, 3.5],
    ])  # fmt: skip


def test_a_point_behind_the_camera_has_no_pixel() -> None:
    pixels = project(np.array([[[0.0, 0, -1], [1, 1, 0]]]), K)
    assert pixels.shape == (1, 2, 2)
    assert np.isnan(pixels).all()


def test_unproject_by_hand() -> None:
    depth = np.zeros((3, 5), np.float32)
    depth[2, 4] = 2.0
    points = unproject(depth, K)
    assert np.allclose(points[2, 4], [(4 - 2) / 100 * 2, (2 - 1) / 50 * 2, 2.0])
    assert np.array_equal(points[0, 0], [0, 0, 0])


def test_depth_is_along_the_axis_not_along_the_ray() -> None:
    assert np.allclose(unproject(np.full((40, 60), 3.0, np.float32), K)[..., 2], 3.0)


def test_project_undoes_unproject_also_with_skew() -> None:
    skewed = K + np.array([[0, 3.0, 0], [0, 0, 0], [0, 0, 0]])
    depth = np.random.default_rng(0).uniform(0.5, 80, (11, 17)).astype(np.float32)
    v, u = np.indices(depth.shape)
    assert np.allclose(project(unproject(depth, skewed), skewed), np.stack([u, v], -1), atol=1e-9)
