"""One view of a room: exact geometry from the rays through the pixel centres, colour from four rays a pixel.

World frame: metres, z up, the floor is z = 0. Everything about a camera follows the conventions of `depth_lab.batch`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypedDict

import numpy as np
from jaxtyping import Bool, Float, Float32, Integer, UInt8

from depth_lab.rooms.cameras import Camera, figure_sight, place_camera
from depth_lab.rooms.lighting import borrow, irradiance
from depth_lab.rooms.room import Room, build_room
from depth_lab.rooms.scene import LABELS, Hits, Scene
from depth_lab.rooms.textures import Points

DUST = np.array([0.12, 0.24, 0.5], np.float32)
"""Light that the air itself sends to the camera where nothing else can be seen any more."""


class View(TypedDict):
    """A rendered view. `floor_plane` is (n, d) in camera coordinates, n up: n . X + d is the height above the floor."""

    image: UInt8[np.ndarray, "h w 3"]
    depth: Float32[np.ndarray, "h w"]
    labels: UInt8[np.ndarray, "h w"]
    intrinsics: Float[np.ndarray, "3 3"]
    pose: Float[np.ndarray, "4 4"]
    floor_plane: Float[np.ndarray, " 4"]
    height_cm: float
    figure_complete: bool
    name: str


def figure_mask(view: View) -> Bool[np.ndarray, "h w"]:
    return view["labels"] == LABELS.index("figure")


def render_room(seed: int, *, size: tuple[int, int] = (240, 320), view: int = 0) -> View:
    """View number `view` of the room of `seed`, at (height, width). The same arguments give the same bytes."""
    room = _room(seed)
    camera = place_camera(room, seed, view, size[0] / size[1])
    return render(room.scene, camera, size, np.random.default_rng([seed, 2, view]), f"room_{seed:05d}/view_{view}")


@lru_cache(maxsize=1)
def _room(seed: int) -> Room:
    return build_room(seed)


def render(scene: Scene, camera: Camera, size: tuple[int, int], rng: np.random.Generator, name: str) -> View:
    """A scene through a camera; `rng` draws the grain of the picture."""
    rays = camera.rays(size)
    hits = scene.caster.first(camera.origins(len(rays)), rays)
    if (hits.triangle < 0).any():
        raise ValueError(f"{name}: {int((hits.triangle < 0).sum())} rays left the room; put the camera inside it")
    labels = scene.label[hits.triangle].reshape(size)
    return View(
        image=_picture(scene, camera, size, rays, hits, rng),
        depth=hits.t.reshape(size),
        labels=labels,
        intrinsics=camera.intrinsics(size),
        pose=camera.pose,
        floor_plane=camera.floor_plane,
        height_cm=scene.height_cm,
        figure_complete=figure_sight(scene, camera, labels == LABELS.index("figure")).complete,
        name=name,
    )


def _picture(
    scene: Scene, camera: Camera, size: tuple[int, int], rays: Points, hits: Hits, rng: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """Light once a pixel, texture at four points of it; the mean is taken after tone mapping, as a sharp edge needs."""
    surface = scene.surface[hits.triangle].reshape(size)
    points = camera.pose[:3, 3].astype(np.float32) + rays * hits.t[:, None]
    light = irradiance(scene, points, _smooth_normals(scene, hits, rays), surface)
    total = np.zeros((*size, 3), np.float32)
    for dx, dy in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        directions = rays + camera.step(size, (0.25 * dx, 0.25 * dy))
        fine = scene.caster.first(camera.origins(len(directions)), directions)
        lit = borrow(light, surface, scene.surface[fine.triangle].reshape(size), dx, dy)
        total += _colour(scene, camera, directions, fine, lit.reshape(-1, 3)).reshape(*size, 3)
    grain = rng.standard_normal(total.shape, dtype=np.float32) * 1.5
    return np.clip(np.rint(total * (255 / 4) + grain), 0, 255).astype(np.uint8)


def _smooth_normals(scene: Scene, hits: Hits, rays: Points) -> Points:
    """Normals blended over each triangle, turned towards the camera."""
    a, b, c = scene.normals[hits.triangle].transpose(1, 0, 2)
    normals = a + (b - a) * hits.u[:, None] + (c - a) * hits.v[:, None]
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    away = np.einsum("ij,ij->i", normals, rays) > 0
    return np.where(away[:, None], -normals, normals)


def _colour(scene: Scene, camera: Camera, rays: Points, hits: Hits, light: Points) -> Points:
    """Display colour in [0, 1] of each ray: albedo times light, dust, exposure, gamma."""
    points = camera.pose[:3, 3].astype(np.float32) + rays * hits.t[:, None]
    albedo, glow = _surface_colour(scene, points, hits.triangle)
    radiance = albedo * (light + glow[:, None])
    clear = np.exp(-scene.haze * hits.t * np.linalg.norm(rays, axis=1))[:, None]
    radiance = radiance * clear + DUST * (1 - clear)
    return (1 - np.exp(-1.15 * scene.exposure * radiance)) ** np.float32(1 / 2.2)


def _surface_colour(
    scene: Scene, points: Points, triangle: Integer[np.ndarray, " n"]
) -> tuple[Points, Float32[np.ndarray, " n"]]:
    """Albedo and glow, one material after the other."""
    material = scene.material[triangle]
    order = np.argsort(material, kind="stable")
    facing = scene.facing[triangle]
    present, first = np.unique(material[order], return_index=True)
    albedo, glow = np.empty_like(points), np.zeros(len(points), np.float32)
    for index, chosen in zip(present, np.split(order, first[1:]), strict=True):
        owner = scene.materials[index]
        albedo[chosen] = owner.albedo(points[chosen], facing[chosen])
        glow[chosen] = owner.glow
    return np.clip(albedo, 0, 1), glow
