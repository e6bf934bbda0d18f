"""Cameras that look at the figure: drawn at random, tried on a coarse picture, kept when they show what they should."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32

from depth_lab.rooms.room import Room
from depth_lab.rooms.scene import LABELS, Scene

COARSE = 48
"""Columns of the picture on which a camera is tried."""
_TRIES = 40
_CUT_SHARE = 0.15


class Camera(NamedTuple):
    """A pinhole camera; `pose` is camera-to-world in OpenCV axes (x right, y down, z forward), metres.

    The horizontal field of view and the principal point are shares of the picture, so a view is the same at any size:
    `centre` is the offset of the principal point from the middle in widths, `squeeze` is fy / fx.
    """

    pose: Float[np.ndarray, "4 4"]
    fov: float
    centre: tuple[float, float]
    squeeze: float

    def intrinsics(self, size: tuple[int, int]) -> Float[np.ndarray, "3 3"]:
        """K in pixels of a picture of (height, width); the centre of pixel (0, 0) is at (0, 0)."""
        height, width = size
        focal_px = width / 2 / np.tan(self.fov / 2)
        cx, cy = (width - 1) / 2 + self.centre[0] * width, (height - 1) / 2 + self.centre[1] * width
        return np.array([[focal_px, 0.0, cx], [0.0, focal_px * self.squeeze, cy], [0.0, 0.0, 1.0]])

    def rays(self, size: tuple[int, int]) -> Float32[np.ndarray, "n 3"]:
        """World directions through the pixel centres, row by row.

        Their component along the optical axis is 1, so a length counted in them is z-depth.
        """
        v, u = np.indices(size).reshape(2, -1)
        pixels = np.stack([u, v, np.ones(u.size)])
        return (self.pose[:3, :3] @ np.linalg.inv(self.intrinsics(size)) @ pixels).T.astype(np.float32)

    def step(self, size: tuple[int, int], pixels: tuple[float, float]) -> Float32[np.ndarray, " 3"]:
        """What moving by (right, down) pixels adds to a ray."""
        k = self.intrinsics(size)
        return (self.pose[:3, :2] @ (np.array(pixels) / [k[0, 0], k[1, 1]])).astype(np.float32)

    def origins(self, count: int) -> Float32[np.ndarray, "n 3"]:
        return np.broadcast_to(self.pose[:3, 3].astype(np.float32), (count, 3)).copy()

    @property
    def floor_plane(self) -> Float[np.ndarray, " 4"]:
        """(n, d) of the floor in camera coordinates, n up: n . X + d is the height of X above the floor."""
        return np.append(self.pose[2, :3], self.pose[2, 3])


class Sight(NamedTuple):
    """What a camera sees of the figure, as masks of the picture."""

    seen: Bool[np.ndarray, "h w"]
    alone: Bool[np.ndarray, "h w"]

    @property
    def complete(self) -> bool:
        """Wholly inside the picture, and nothing before its top, its feet, or a tenth of the rest."""
        border = np.concatenate([self.alone[0], self.alone[-1], self.alone[:, 0], self.alone[:, -1]])
        if border.any() or self.seen.sum() <= 0.9 * self.alone.sum():
            return False
        rows = np.flatnonzero(self.alone.any(axis=1))
        ends = max(1, round(0.06 * len(rows)))
        # Not quite all: a rug of 2 mm swallows the lowest pixels of the soles.
        return all(bool(self.seen[part].sum() >= 0.8 * self.alone[part].sum()) for part in (rows[:ends], rows[-ends:]))


def figure_sight(scene: Scene, camera: Camera, seen: Bool[np.ndarray, "h w"]) -> Sight:
    """Compares the pixels that show the figure with those that would if it stood alone."""
    rays = camera.rays(seen.shape)
    return Sight(seen, (scene.figure_caster.first(camera.origins(len(rays)), rays).triangle >= 0).reshape(seen.shape))


def place_camera(room: Room, seed: int, view: int, aspect: float) -> Camera:
    """The camera of a view; `aspect` is height over width. About one in seven cuts the figure off on purpose."""
    rng = np.random.default_rng([seed, 1, view])
    whole = bool(rng.random() >= _CUT_SHARE)
    best, best_score = _draw(rng, room, whole), -1.0
    for _ in range(_TRIES):
        camera = _draw(rng, room, whole)
        score = _score(room.scene, camera, whole, aspect)
        if score > best_score:
            best, best_score = camera, score
        if score >= 1:
            break
    return best


def _draw(rng: np.random.Generator, room: Room, whole: bool) -> Camera:
    x, y, z = _position(rng, room)
    middle = rng.uniform(0.25, 0.6) * room.scene.height_cm / 100
    distance = float(np.hypot(room.spot[0] - x, room.spot[1] - y))
    loose = 1.0 if whole else 1.6
    yaw = np.arctan2(room.spot[1] - y, room.spot[0] - x) + loose * rng.uniform(-0.42, 0.42)
    pitch = np.arctan2(z - middle, distance) + loose * rng.uniform(-0.32, 0.2)
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = _looking(float(yaw), float(pitch), np.deg2rad(rng.uniform(-3, 3))), (x, y, z)
    offset = rng.uniform(-0.02, 0.02, 2)
    return Camera(pose, np.deg2rad(rng.uniform(55, 65)), (offset[0], offset[1]), rng.uniform(0.99, 1.01))


def _position(rng: np.random.Generator, room: Room) -> tuple[float, float, float]:
    """A place in the room, clear of furniture, 1.2 to 4.5 m from the figure where the room allows it."""
    w, d, _ = room.scene.size
    x, y = room.spot
    for distance in np.repeat(rng.uniform(1.2, 4.5, 8), 16):
        angle = rng.uniform(0, 2 * np.pi)
        x, y = room.spot[0] + distance * np.cos(angle), room.spot[1] + distance * np.sin(angle)
        if 0.25 < x < w - 0.25 and 0.25 < y < d - 0.25 and not room.taken.clashes((x, y), (0.15, 0.15)):
            break
    x, y = np.clip(x, 0.25, w - 0.25), np.clip(y, 0.25, d - 0.25)
    return float(x), float(y), rng.triangular(0.8, 1.35, 1.7)


def _looking(yaw: float, pitch: float, roll: float) -> Float[np.ndarray, "3 3"]:
    """Columns right, down, forward of a camera that looks `pitch` below the horizon."""
    forward = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    down = np.cross(forward, right)
    tilted = np.cos(roll) * right + np.sin(roll) * down
    return np.stack([tilted, np.cross(forward, tilted), forward], axis=1)


def _score(scene: Scene, camera: Camera, whole: bool, aspect: float) -> float:
    """1 for a camera that shows what it should, less for one that nearly does."""
    size = (round(COARSE * aspect), COARSE)
    rays = camera.rays(size)
    hits = scene.caster.first(camera.origins(len(rays)), rays)
    label = scene.label[hits.triangle].reshape(size)
    sight = figure_sight(scene, camera, label == LABELS.index("figure"))
    clear = 1.0 if np.percentile(hits.t, 3) > 0.55 else 0.3
    ground = min(1.0, float((label == LABELS.index("floor")).mean()) / 0.12)
    if whole:
        shown = 1.0 if sight.complete else 0.6 * float(sight.seen.sum() / max(1, sight.alone.sum()))
    else:
        shown = min(1.0, float(sight.seen.mean()) / 0.03) * (0.5 if sight.complete else 1.0)
    return clear * ground * shown
