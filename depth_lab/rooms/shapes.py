"""Triangles of the few solids that a room is made of: boxes, cylinders, ellipsoids and limbs, in metres, z up."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import trimesh
from jaxtyping import Float, Integer

Number = float | int  # at run time the tests' type checks do not take an int for a float
Point = tuple[Number, Number, Number]


class Shape(NamedTuple):
    """A soup of triangles. `side` tells flat sides apart (six of a box), so that light is not blurred over an edge."""

    corners: Float[np.ndarray, "n 3 3"]
    normals: Float[np.ndarray, "n 3 3"]
    side: Integer[np.ndarray, " n"]

    def moved(self, offset: Point) -> Shape:
        return self._replace(corners=self.corners + np.asarray(offset))

    def turned(self, yaw: float) -> Shape:
        """Turned about the vertical through the origin."""
        turn = rotation(yaw)
        return self._replace(corners=self.corners @ turn.T, normals=self.normals @ turn.T)


def rotation(yaw: float) -> Float[np.ndarray, "3 3"]:
    cos, sin = np.cos(yaw), np.sin(yaw)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def join(shapes: list[Shape]) -> Shape:
    corners, normals, side = (np.concatenate(parts) for parts in zip(*shapes, strict=True))
    return Shape(corners, normals, side)


def quad(origin: Point, along: Point, across: Point) -> Shape:
    """A parallelogram; its normal is `along x across`."""
    start, u, v = (np.asarray(vector, float) for vector in (origin, along, across))
    corners = np.array([[start, start + u, start + u + v], [start, start + u + v, start + v]])
    normal = np.cross(u, v)
    return Shape(corners, np.broadcast_to(normal / np.linalg.norm(normal), (2, 3, 3)).copy(), np.zeros(2, int))


def box(size: Point, base: Point = (0.0, 0.0, 0.0)) -> Shape:
    """An upright box; `base` is the middle of its underside."""
    corners, normals, side = _unit_box()
    centre = np.add(base, (0.0, 0.0, size[2] / 2))
    return Shape(corners * np.asarray(size) + centre, normals, side)


def cylinder(radius: float, height: float, base: Point = (0.0, 0.0, 0.0), top_radius: float | None = None) -> Shape:
    """An upright cylinder, or a frustum; `base` is the middle of its underside."""
    x, y, z = base
    return frustum((x, y, z), (x, y, z + height), radius, radius if top_radius is None else top_radius)


def ellipsoid(radii: Point, centre: Point, fine: bool = False) -> Shape:
    corners = _unit_sphere(3 if fine else 2)
    normals = corners / np.asarray(radii)
    normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)
    return Shape(corners * np.asarray(radii) + np.asarray(centre), normals, np.zeros(len(corners), int))


def limb(start: Point, end: Point, start_radius: float, end_radius: float) -> Shape:
    """Two balls and the frustum between them: an arm, a leg, a neck."""
    balls = [ellipsoid((r, r, r), centre) for centre, r in ((start, start_radius), (end, end_radius))]
    return join([*balls, frustum(start, end, start_radius, end_radius, caps=False)])


def frustum(start: Point, end: Point, start_radius: float, end_radius: float, caps: bool = True) -> Shape:
    first, last = np.asarray(start, float), np.asarray(end, float)
    length = np.linalg.norm(last - first)
    axis = (last - first) / length
    u = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.9 else [0.0, 1.0, 0.0])
    u /= np.linalg.norm(u)
    angle = np.linspace(0, 2 * np.pi, 25)
    around = np.cos(angle)[:, None] * u + np.sin(angle)[:, None] * np.cross(axis, u)
    low, high = first + around * start_radius, last + around * end_radius
    slope = around + axis * (start_radius - end_radius) / length
    slope /= np.linalg.norm(slope, axis=1, keepdims=True)
    walls = [
        (low[:-1], low[1:], high[1:], slope[:-1], slope[1:]),
        (low[:-1], high[1:], high[:-1], slope[:-1], slope[1:]),
    ]
    (a, b, c, n0, n1), (d, e, f, _, _) = walls
    corners = np.concatenate([np.stack([a, b, c], 1), np.stack([d, e, f], 1)])
    normals = np.concatenate([np.stack([n0, n1, n1], 1), np.stack([n0, n1, n0], 1)])
    side = Shape(corners, normals, np.zeros(48, int))
    if not caps:
        return side
    return join([side, _disc(first, low, -axis, 1), _disc(last, high, axis, 2)])


def _disc(centre: np.ndarray, rim: np.ndarray, normal: np.ndarray, side: int) -> Shape:
    corners = np.stack([np.broadcast_to(centre, rim[1:].shape), rim[:-1], rim[1:]], 1)
    return Shape(corners, np.broadcast_to(normal, corners.shape).copy(), np.full(len(corners), side))


@cache
def _unit_sphere(subdivisions: int) -> Float[np.ndarray, "n 3 3"]:
    mesh = trimesh.creation.icosphere(subdivisions=subdivisions)
    return np.asarray(mesh.vertices[mesh.faces])


@cache
def _unit_box() -> Shape:
    mesh = trimesh.creation.box(extents=(1.0, 1.0, 1.0))
    normals = np.asarray(mesh.face_normals)
    side = np.argmax(np.abs(normals), axis=1) * 2 + (normals.max(axis=1) > 0.5)
    return Shape(np.asarray(mesh.triangles), np.repeat(normals[:, None], 3, axis=1), side)
