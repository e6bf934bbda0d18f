"""Procedural surfaces with metric sizes: the albedo of a point from where it lies, so that a plank tells its distance.

Points are in the object's own frame, in metres, with the axis (0, 1, 2) that the surface there faces most; an albedo is
linear RGB in [0, 1]. Every pattern is a pure function of the point: two views of a room see the same grain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer

Points = Float[np.ndarray, "n 3"]
Values = Float[np.ndarray, " n"]
Colour = tuple[float, float, float]
Axes = Integer[np.ndarray, " n"]
Texture = Callable[[Points, Axes], Points]

_TABLE = np.random.default_rng(20240).random(256 * 256, dtype=np.float32)


def cell(i: Values, j: Values) -> Values:
    """A random value in [0, 1) of each cell of an integer grid."""
    return _TABLE[((i.astype(np.int32) & 255) << 8) + (j.astype(np.int32) & 255)]


def noise(x: Values, y: Values) -> Values:
    """Smooth value noise in [0, 1) whose features are about one unit wide."""
    i, j = np.floor(x), np.floor(y)
    s, t = x - i, y - j
    s, t = s * s * (3 - 2 * s), t * t * (3 - 2 * t)
    a, b = i.astype(np.int32) & 255, j.astype(np.int32) & 255
    row, next_row, after = a << 8, ((a + 1) & 255) << 8, (b + 1) & 255
    low = _TABLE[row + b] * (1 - s) + _TABLE[next_row + b] * s
    high = _TABLE[row + after] * (1 - s) + _TABLE[next_row + after] * s
    return low * (1 - t) + high * t


def unfold(points: Points, facing: Axes) -> tuple[Values, Values]:
    """The two coordinates along the surface, those across the axis that it faces."""
    x, y, z = points.T
    return np.where(facing == 0, y, x), np.where(facing == 2, y, z)


def _near_edge(position: Values, period: float, width: float) -> Values:
    """1 within `width` / 2 of a multiple of `period`, else 0."""
    phase = np.mod(position + width / 2, period)
    return (phase < width).astype(np.float32)


def _paint(colour: Colour, tone: Values) -> Points:
    return np.asarray(colour, np.float32) * tone[:, None].astype(np.float32)


def _blend(below: Points, above: Points, share: Values) -> Points:
    return below + (above - below) * share[:, None]


@dataclass(frozen=True)
class Plain:
    """Paint, plastic or skin, with a slight mottle."""

    colour: Colour
    mottle: float = 0.06

    def __call__(self, points: Points, facing: Axes) -> Points:
        u, v = unfold(points, facing)
        return _paint(self.colour, 1 + self.mottle * (noise(u * 9, v * 9) + noise(u * 31, v * 31) - 1))


@dataclass(frozen=True)
class Planks:
    """Floor boards along x."""

    colour: Colour
    width: float = 0.14
    length: float = 1.2

    def __call__(self, points: Points, facing: Axes) -> Points:
        x, y = points[:, 0], points[:, 1]
        row = np.floor(y / self.width)
        along = x + cell(row, np.zeros_like(row)) * self.length
        tone = cell(row, np.floor(along / self.length) + 17)
        grain = noise(x * 5 + 40 * tone, y * 110)
        board = _paint(self.colour, 0.72 + 0.42 * tone + 0.28 * (grain - 0.5))
        gap = np.maximum(_near_edge(y, self.width, 0.006), _near_edge(along, self.length, 0.006))
        return board * (1 - 0.65 * gap)[:, None]


@dataclass(frozen=True)
class Tiles:
    """Square tiles with grout; `second` colours every other tile."""

    colour: Colour
    second: Colour
    size: float = 0.3

    def __call__(self, points: Points, facing: Axes) -> Points:
        u, v = unfold(points, facing)
        i, j = np.floor(u / self.size), np.floor(v / self.size)
        tone = 0.9 + 0.14 * cell(i, j) + 0.12 * (noise(u * 14, v * 14) - 0.5)
        tile = np.where((np.mod(i + j, 2) < 0.5)[:, None], _paint(self.colour, tone), _paint(self.second, tone))
        grout = np.maximum(_near_edge(u, self.size, 0.008), _near_edge(v, self.size, 0.008))
        return _blend(tile, _paint((0.42, 0.4, 0.38), np.ones_like(u)), grout)


@dataclass(frozen=True)
class Bricks:
    """A brick wall: bricks of 24 x 8 cm in running bond."""

    colour: Colour
    mortar: Colour = (0.6, 0.58, 0.54)

    def __call__(self, points: Points, facing: Axes) -> Points:
        u, v = unfold(points, facing)
        row = np.floor(v / 0.08)
        shifted = u + 0.12 * np.mod(row, 2)
        tone = 0.68 + 0.45 * cell(row, np.floor(shifted / 0.24)) + 0.3 * (noise(u * 45, v * 45) - 0.5)
        joint = np.maximum(_near_edge(shifted, 0.24, 0.012), _near_edge(v, 0.08, 0.012))
        return _blend(_paint(self.colour, tone), _paint(self.mortar, np.ones_like(u)), joint)


@dataclass(frozen=True)
class Stripes:
    """Wallpaper or cloth with upright stripes of two widths."""

    colour: Colour
    second: Colour
    period: float = 0.24

    def __call__(self, points: Points, facing: Axes) -> Points:
        u, v = unfold(points, facing)
        phase = np.mod(u / self.period, 1.0)
        band = ((phase < 0.42) | ((phase > 0.66) & (phase < 0.72))).astype(np.float32)
        weave = 1 + 0.08 * (noise(u * 60, v * 60) - 0.5)
        return _blend(_paint(self.colour, weave), _paint(self.second, weave), band)


@dataclass(frozen=True)
class Dots:
    """Wallpaper or cloth with dots in staggered rows."""

    colour: Colour
    second: Colour
    period: float = 0.2

    def __call__(self, points: Points, facing: Axes) -> Points:
        u, v = unfold(points, facing)
        row = np.floor(v / self.period)
        s = np.mod(u / self.period + 0.5 * np.mod(row, 2), 1.0) - 0.5
        t = v / self.period - row - 0.5
        dot = (s * s + t * t < 0.05).astype(np.float32)
        return _blend(_paint(self.colour, np.ones_like(u)), _paint(self.second, np.ones_like(u)), dot)


@dataclass(frozen=True)
class Wood:
    """Furniture wood: rings of a trunk that lies along x, cut by the surface."""

    colour: Colour

    def __call__(self, points: Points, facing: Axes) -> Points:
        x, y, z = points.T
        wobble = noise(x * 2.2 + z * 3, y * 9 + z * 7)
        rings = np.sin(2 * np.pi * (np.hypot(y + 0.3, z + 0.2) * 22 + 1.6 * wobble))
        fibre = noise(x * 8, (y + z) * 160)
        return _paint(self.colour, 0.88 + 0.1 * rings + 0.2 * (fibre - 0.5))


@dataclass(frozen=True)
class Cloth:
    """Carpet, upholstery, curtains: noise at the scale of the pile over a slow mottle."""

    colour: Colour
    pile: float = 0.012

    def __call__(self, points: Points, facing: Axes) -> Points:
        u, v = unfold(points, facing)
        fine, slow = noise(u / self.pile, v / self.pile), noise(u * 5, v * 5)
        return _paint(self.colour, 1 + 0.4 * (fine - 0.5) + 0.16 * (slow - 0.5))


@dataclass(frozen=True)
class Rug:
    """A rug around the origin: a border, and diamonds of 25 cm within."""

    colour: Colour
    second: Colour
    half: tuple[float, float]

    def __call__(self, points: Points, facing: Axes) -> Points:
        x, y = points[:, 0], points[:, 1]
        inset = np.minimum(self.half[0] - np.abs(x), self.half[1] - np.abs(y))
        diamonds = np.mod(np.floor((x + y) / 0.25) + np.floor((x - y) / 0.25), 2)
        pattern = np.where(inset < 0.16, (inset > 0.05) & (inset < 0.11), diamonds > 0.5).astype(np.float32)
        weave = 1 + 0.3 * (noise(x * 80, y * 80) - 0.5)
        return _blend(_paint(self.colour, weave), _paint(self.second, weave), pattern)


@dataclass(frozen=True)
class Picture:
    """A painted landscape: sky, hills, a disc of sun; `half` is half its width and height around the origin."""

    colour: Colour
    second: Colour
    half: tuple[float, float]

    def __call__(self, points: Points, facing: Axes) -> Points:
        u, v = unfold(points, facing)
        u, v = u / self.half[0], v / self.half[1]
        hill = v < 0.9 * noise(u * 1.7 + 9, np.full_like(u, 40 * self.half[0])) - 0.55
        sun = (u - 0.35) ** 2 + (v - 0.4) ** 2 < 0.05
        sky = _blend(_paint((0.85, 0.8, 0.7), np.ones_like(u)), _paint(self.second, np.ones_like(u)), v * 0.5 + 0.5)
        land = _paint(self.colour, 0.7 + 0.6 * noise(u * 6, v * 9))
        painted = np.where(hill[:, None], land, np.where(sun[:, None], _paint((0.95, 0.75, 0.3), np.ones_like(u)), sky))
        framed = (np.abs(u) > 0.88) | (np.abs(v) > 0.88)
        return np.where(framed[:, None], _paint((0.16, 0.1, 0.06), np.ones_like(u)), painted)
