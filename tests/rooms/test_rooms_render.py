"""Rendered geometry against closed forms: planes at known distances, and agreement between the views of a room."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from depth_lab.rooms import LABELS, View, build_room, figure_mask, render, render_room
from depth_lab.rooms.cameras import Camera
from depth_lab.rooms.room import _shell
from depth_lab.rooms.scene import Builder, Light, Material
from depth_lab.rooms.shapes import box
from depth_lab.rooms.textures import Plain

SIZE = (60, 80)


@pytest.fixture(scope="module")
def views() -> list[View]:
    return [render_room(seed, size=SIZE, view=view) for seed in (0, 5, 12) for view in (0, 1)]


def camera_points(view: View) -> np.ndarray:
    """[h, w, 3] points in camera coordinates, written out: X = (u - cx) / fx * z, Y = (v - cy) / fy * z."""
    k, z = view["intrinsics"], view["depth"].astype(float)
    v, u = np.indices(z.shape)
    return np.stack([(u - k[0, 2]) / k[0, 0] * z, (v - k[1, 2]) / k[1, 1] * z, z], axis=-1)


def world_points(view: View) -> np.ndarray:
    return camera_points(view) @ view["pose"][:3, :3].T + view["pose"][:3, 3]


def test_z_depth_of_a_wall_faced_squarely_is_one_number() -> None:
    builder = Builder()
    _shell(np.random.default_rng(0), builder, (4.0, 6.0, 2.5))
    builder.add(box((0.1, 0.1, 0.1), (2.0, 0.5, 0.0)), "figure", Material(Plain((0.5, 0.5, 0.5))))
    light = Light((2.0, 3.0, 2.0), ((0.1, 0, 0), (0, 0.1, 0), (0, 0, 0.1)), (3.0, 3.0, 3.0))
    pose = np.eye(4)  # towards +y: x right, y down = -z, z forward = +y
    pose[:3, :3], pose[:3, 3] = [[1, 0, 0], [0, 0, 1], [0, -1, 0]], (2.0, 1.5, 1.2)
    camera = Camera(pose, np.deg2rad(60), (0.01, -0.02), 1.0)
    view = render(builder.build((4.0, 6.0, 2.5), [light], 1.0, 0.0), camera, SIZE, np.random.default_rng(0), "wall")
    k = view["intrinsics"]
    far = np.unravel_index(view["depth"].argmax(), SIZE)
    assert view["depth"][far] == pytest.approx(6.0 - 1.5, abs=1e-5)
    wall = (view["labels"] == LABELS.index("wall")) & (np.abs(view["depth"] - 4.5) < 1e-5)
    assert wall.mean() > 0.2
    # On the floor, 1.2 m below: z = height * fy / (v - cy), whatever the column.
    rows, _ = np.nonzero(view["labels"] == LABELS.index("floor"))
    depth = view["depth"][view["labels"] == LABELS.index("floor")]
    np.testing.assert_allclose(depth, 1.2 * k[1, 1] / (rows - k[1, 2]), rtol=1e-5)
    assert k[0, 0] == pytest.approx(40 / np.tan(np.deg2rad(30)))
    assert (k[0, 2], k[1, 2]) == pytest.approx((39.5 + 0.8, 29.5 - 1.6))


def test_floor_pixels_lie_on_the_floor_plane(views: list[View]) -> None:
    for view in views:
        floor = view["labels"] == LABELS.index("floor")
        normal, offset = view["floor_plane"][:3], view["floor_plane"][3]
        assert floor.sum() > 100
        assert np.linalg.norm(normal) == pytest.approx(1)
        assert np.abs(camera_points(view)[floor] @ normal + offset).max() < 1e-4
        assert np.abs(world_points(view)[floor][:, 2]).max() < 1e-4


def test_normal_points_up_and_pose_is_a_rigid_opencv_camera(views: list[View]) -> None:
    for view in views:
        turn = view["pose"][:3, :3]
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)
        assert turn[2, 1] < -0.5, "the y axis of the camera points down in the world"
        assert view["floor_plane"][1] < -0.5, "and the floor's normal up, against it"
        assert 0.8 <= view["floor_plane"][3] <= 1.7, "the camera's height above the floor"


def test_rooms_are_closed_and_everything_is_inside(views: list[View]) -> None:
    for view, seed in zip(views, (0, 0, 5, 5, 12, 12), strict=True):
        assert (view["depth"] > 0).all()
        assert view["depth"].dtype == np.float32
        low, high = world_points(view).min(axis=(0, 1)), world_points(view).max(axis=(0, 1))
        assert (low > -1e-4).all()
        assert (high < np.array(build_room(seed).scene.size) + 1e-4).all()


def test_two_views_of_a_room_agree_where_both_see(views: list[View]) -> None:
    first, second = views[0], views[1]
    there = np.linalg.inv(second["pose"])
    points = world_points(first).reshape(-1, 3) @ there[:3, :3].T + there[:3, 3]
    z = points[:, 2]
    pixels = points @ second["intrinsics"].T / z[:, None]
    u, v = np.rint(pixels[:, :2]).astype(int).T
    inside = (z > 0.1) & (u >= 1) & (v >= 1) & (u < SIZE[1] - 1) & (v < SIZE[0] - 1)
    assert inside.sum() > 200
    u, v, z = u[inside], v[inside], z[inside]
    ring = [second["depth"][v + dv, u + du] for dv in (-1, 0, 1) for du in (-1, 0, 1)]
    # A point is where the second view sees a surface, or behind one: never in the free space before it.
    assert (z > np.min(ring, axis=0) - 0.02).mean() > 0.999
    assert ((z > np.min(ring, axis=0) - 0.02) & (z < np.max(ring, axis=0) + 0.02)).mean() > 0.3


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_room() -> None:
    first, again, other = (render_room(seed, size=SIZE) for seed in (3, 3, 4))
    for key in ("image", "depth", "labels", "pose", "intrinsics"):
        np.testing.assert_array_equal(first[key], again[key])  # type: ignore[literal-required]
        assert key == "intrinsics" or not np.array_equal(first[key], other[key])  # type: ignore[literal-required]


def test_a_view_does_not_depend_on_the_size() -> None:
    """Pixel (u, v) of the small picture and the matching 2 x 2 of the large one look along nearly the same ray."""
    small, large = render_room(5, size=(60, 80)), render_room(5, size=(120, 160))
    np.testing.assert_array_equal(small["pose"], large["pose"])
    shrunk = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25], [0, 0, 1]]) @ large["intrinsics"]
    np.testing.assert_allclose(small["intrinsics"], shrunk, rtol=1e-12)
    ratio = large["depth"].reshape(60, 2, 80, 2).mean(axis=(1, 3)) / small["depth"]
    assert np.median(np.abs(ratio - 1)) < 1e-3


def test_pictures_use_the_range_and_are_not_noise(views: list[View]) -> None:
    for view in views:
        grey = view["image"].astype(float).mean(axis=2)
        assert 60 < grey.mean() < 200
        assert grey.std() > 5  # the air pales what is far: a close-up of a far wall has little contrast left
        neighbours = np.corrcoef(grey[:, :-1].ravel(), grey[:, 1:].ravel())[0, 1]
        assert neighbours > 0.7


def test_figure_mask_is_the_figure(views: list[View]) -> None:
    for view in views:
        mask = figure_mask(view)
        x, y, _ = np.ptp(world_points(view)[mask], axis=0)
        assert mask.sum() > 10
        assert max(x, y) < 1.0


def test_importing_rooms_does_not_import_torch() -> None:
    code = "import sys, depth_lab.rooms; sys.exit('torch' in sys.modules or 'lightning' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
