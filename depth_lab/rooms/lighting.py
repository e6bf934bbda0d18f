"""How much light arrives at each pixel: lamps and windows with soft shadows, and a sky that corners see less of.

Shadow and ambient rays differ from pixel to pixel in a pattern of 4 x 4 that is then averaged over the same surface
(interleaved sampling: Keller and Heidrich 2001), so that few rays a pixel give smooth light that edges still cut.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Integer

from depth_lab.rooms.scene import Caster, Light, Scene
from depth_lab.rooms.textures import Points

Field = Float32[np.ndarray, "h w"]
Colours = Float32[np.ndarray, "h w 3"]
Surfaces = Integer[np.ndarray, "h w"]

_TILE = 4
_AMBIENT_RAYS = 2
_REACH = 0.9
"""How far away a surface still darkens its neighbour, in metres."""
_LIFT = 0.002
_SKY, _BOUNCE = np.asarray([0.2, 0.21, 0.23], np.float32), np.asarray([0.2, 0.165, 0.13], np.float32)


def irradiance(scene: Scene, points: Points, normals: Points, surface: Surfaces) -> Colours:
    """Linear RGB light on each pixel's point; `normals` face the camera."""
    start = points + normals * _LIFT
    shares = [_open_share(scene.caster, start, normals, surface.shape)]
    shares += [_lit_share(scene.caster, light, start, surface.shape) for light in scene.lights]
    smooth = _average(np.stack(shares), surface).reshape(len(shares), -1)
    up = (normals[:, 2:] * 0.5 + 0.5).astype(np.float32)
    total = (up * _SKY + (1 - up) * _BOUNCE) * smooth[0][:, None]
    for light, share in zip(scene.lights, smooth[1:], strict=True):
        total += (share * _falloff(light, points, normals))[:, None] * np.asarray(light.power, np.float32)
    return total.reshape(*surface.shape, 3)


def _pattern(shape: tuple[int, int], streams: int) -> Float32[np.ndarray, "n k"]:
    """`streams` numbers in [0, 1) per pixel, evenly spread over each tile, the same in every tile."""
    cells = _TILE * _TILE
    rng = np.random.default_rng(11)
    order = np.stack([rng.permutation(cells) for _ in range(streams)], axis=-1)
    tile = ((order + 0.5) / cells).astype(np.float32).reshape(_TILE, _TILE, streams)
    repeats = (-(-shape[0] // _TILE), -(-shape[1] // _TILE), 1)
    return np.tile(tile, repeats)[: shape[0], : shape[1]].reshape(-1, streams)


def _open_share(caster: Caster, start: Points, normals: Points, shape: tuple[int, int]) -> Field:
    """Share of the hemisphere, weighted by its cosine, that is free up to a reach: ambient occlusion."""
    numbers = _pattern(shape, 2 * _AMBIENT_RAYS)
    free = np.zeros(len(start), np.float32)
    for ray in range(_AMBIENT_RAYS):
        height, angle = 2 * numbers[:, 2 * ray] - 1, 2 * np.pi * numbers[:, 2 * ray + 1]
        flat = np.sqrt(1 - height * height)
        sphere = np.stack([flat * np.cos(angle), flat * np.sin(angle), height], axis=1)
        free += ~caster.blocked(start, np.ascontiguousarray(_REACH * (normals * 1.01 + sphere), np.float32))
    return (0.1 + 0.9 * free / _AMBIENT_RAYS).reshape(shape).astype(np.float32)


def _lit_share(caster: Caster, light: Light, start: Points, shape: tuple[int, int]) -> Field:
    """Share of the lamp or window that a point sees."""
    numbers = 2 * _pattern(shape, 3) - 1
    if light.facing is None:
        numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
    targets = np.asarray(light.centre, np.float32) + numbers @ np.asarray(light.spans, np.float32)
    return (~caster.blocked(start, np.ascontiguousarray(targets - start, np.float32))).astype(np.float32).reshape(shape)


def _falloff(light: Light, points: Points, normals: Points) -> Float32[np.ndarray, " n"]:
    """Cosines over the squared distance, softened where the lamp is no longer small."""
    to_light = np.asarray(light.centre, np.float32) - points
    squared = np.einsum("ij,ij->i", to_light, to_light)
    to_light /= np.sqrt(squared)[:, None]
    cosine = np.maximum(np.einsum("ij,ij->i", to_light, normals), 0)
    if light.facing is not None:
        cosine *= np.maximum(-(to_light @ np.asarray(light.facing, np.float32)), 0)
    return cosine / (squared + 0.3)


def _average(fields: Float32[np.ndarray, "k h w"], surface: Surfaces) -> Float32[np.ndarray, "k h w"]:
    """Mean over a tile's worth of neighbours on the same surface."""
    height, width = surface.shape
    before, after = _TILE // 2, _TILE - _TILE // 2 - 1
    wide = np.pad(fields, ((0, 0), (before, after), (before, after)))
    around = np.pad(surface, (before, after), constant_values=-1)
    total, count = np.zeros_like(fields), np.zeros(surface.shape, np.float32)
    for i in range(_TILE):
        for j in range(_TILE):
            same = (around[i : i + height, j : j + width] == surface).astype(np.float32)
            total += wide[:, i : i + height, j : j + width] * same
            count += same
    return total / count


def borrow(light: Colours, surface: Surfaces, finer: Surfaces, dx: int, dy: int) -> Colours:
    """The light at the quarter of each pixel towards (dx, dy), each +-1, whose surface is `finer`.

    It is the pixel's own light, or where the quarter shows another surface, that of the neighbour which shows it too.
    """
    lit = light.copy()
    rows, columns = np.nonzero(finer != surface)
    for x, y in ((dx, dy), (0, dy), (dx, 0)):
        i, j = np.clip(rows + y, 0, surface.shape[0] - 1), np.clip(columns + x, 0, surface.shape[1] - 1)
        same = surface[i, j] == finer[rows, columns]
        lit[rows[same], columns[same]] = light[i[same], j[same]]
    return lit
