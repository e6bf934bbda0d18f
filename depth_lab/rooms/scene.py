"""One closed room as triangles, surfaces and lights. World: metres, z up, the floor is z = 0, a corner at (0, 0)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from jaxtyping import Bool, Float32, Integer

from depth_lab.rooms.shapes import Point, Shape, rotation
from depth_lab.rooms.textures import Axes, Points, Texture

LABELS = ("floor", "wall", "ceiling", "window", "door", "furniture", "figure")
"""What a pixel shows: `labels` of a view index this. A rug is furniture, so `floor` lies in z = 0 exactly."""


@dataclass(frozen=True)
class Material:
    """A texture in the frame of an object at `origin`, turned by `yaw`; `glow` is light that it gives off itself."""

    texture: Texture
    origin: Point = (0.0, 0.0, 0.0)
    yaw: float = 0.0
    glow: float = 0.0

    def albedo(self, points: Points, facing: Axes) -> Points:
        local = points - np.asarray(self.origin, np.float32)
        return self.texture(local @ rotation(self.yaw).astype(np.float32) if self.yaw else local, facing)


@dataclass(frozen=True)
class Light:
    """A lamp or a window: light leaves points spread by `spans` (three half-axes) around `centre`.

    `power` is linear RGB: a surface that faces it 1 m away gets that irradiance. `facing` is the normal of a window,
    which shines to one side only; None for a lamp, which shines all around.
    """

    centre: Point
    spans: tuple[Point, Point, Point]
    power: tuple[float, float, float]
    facing: Point | None = None


class Hits(NamedTuple):
    """First hits of rays; `t` counts in lengths of the ray's direction, `triangle` is -1 where nothing was hit."""

    t: Float32[np.ndarray, " n"]
    triangle: Integer[np.ndarray, " n"]
    u: Float32[np.ndarray, " n"]
    v: Float32[np.ndarray, " n"]


class Caster:
    """Rays against a soup of triangles (Embree)."""

    def __init__(self, corners: Float32[np.ndarray, "n 3 3"]) -> None:
        self._scene = EmbreeScene()
        TriangleMesh(self._scene, np.ascontiguousarray(corners, np.float32))

    def first(self, origins: Points, directions: Points) -> Hits:
        found = self._scene.run(origins, directions, output=1)
        return Hits(found["tfar"], found["primID"], found["u"], found["v"])

    def blocked(self, origins: Points, directions: Points) -> Bool[np.ndarray, " n"]:
        """Whether anything lies between an origin and origin + direction."""
        limit = np.ones(len(origins), np.float32)
        return self._scene.run(origins, directions, dists=limit, query="OCCLUDED") >= 0


@dataclass
class Builder:
    """Collects the objects of a room; `build` makes the arrays."""

    shapes: list[Shape] = field(default_factory=list)
    owners: list[tuple[int, int]] = field(default_factory=list)
    materials: list[Material] = field(default_factory=list)
    facing: list[np.ndarray] = field(default_factory=list)

    def add(self, shape: Shape, label: str, material: Material) -> None:
        """Puts a shape, given in the frame of its material, into the room."""
        self.owners.append((LABELS.index(label), len(self.materials)))
        self.materials.append(material)
        self.facing.append(np.abs(shape.normals[:, 0]).argmax(axis=1))
        self.shapes.append(shape.turned(material.yaw).moved(material.origin))

    def build(self, size: Point, lights: list[Light], exposure: float, haze: float) -> Scene:
        counts = [len(shape.corners) for shape in self.shapes]
        label, material = np.repeat(np.array(self.owners), counts, axis=0).T
        return Scene(
            size=size,
            corners=np.concatenate([shape.corners for shape in self.shapes]).astype(np.float32),
            normals=np.concatenate([shape.normals for shape in self.shapes]).astype(np.float32),
            label=label.astype(np.uint8),
            material=material.astype(np.int16),
            surface=(material * 8 + np.concatenate([shape.side for shape in self.shapes])).astype(np.int32),
            facing=np.concatenate(self.facing).astype(np.int8),
            materials=self.materials,
            lights=lights,
            exposure=exposure,
            haze=haze,
        )


@dataclass
class Scene:
    """A room ready to be rendered; the arrays are per triangle."""

    size: Point
    corners: Float32[np.ndarray, "n 3 3"]
    normals: Float32[np.ndarray, "n 3 3"]
    label: Integer[np.ndarray, " n"]
    material: Integer[np.ndarray, " n"]
    surface: Integer[np.ndarray, " n"]
    facing: Axes
    materials: list[Material]
    lights: list[Light]
    exposure: float
    haze: float
    caster: Caster = field(init=False)
    figure_caster: Caster = field(init=False)

    def __post_init__(self) -> None:
        self.caster = Caster(self.corners)
        self.figure_caster = Caster(self.figure_corners)

    @property
    def figure_corners(self) -> Float32[np.ndarray, "n 3 3"]:
        return self.corners[self.label == LABELS.index("figure")]

    @property
    def height_cm(self) -> float:
        """Standing height of the figure: the top of its mesh above the floor."""
        return float(self.figure_corners[..., 2].max()) * 100
