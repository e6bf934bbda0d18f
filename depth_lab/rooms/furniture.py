"""Furniture of usual sizes, each around the origin of its own frame: back towards +y, underside at z = 0."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from depth_lab.rooms.shapes import Shape, box, cylinder, ellipsoid, frustum, join, limb
from depth_lab.rooms.textures import Cloth, Colour, Dots, Plain, Stripes, Texture, Wood


class Piece(NamedTuple):
    """Shapes with their textures, and the box around them: width, depth and height."""

    parts: list[tuple[Shape, Texture]]
    size: tuple[float, float, float]


Maker = Callable[[np.random.Generator], Piece]
_WOODS: tuple[Colour, ...] = (
    (0.5, 0.32, 0.17),
    (0.36, 0.2, 0.1),
    (0.62, 0.45, 0.27),
    (0.2, 0.11, 0.06),
    (0.72, 0.7, 0.66),
    (0.55, 0.24, 0.12),
)


def wood(rng: np.random.Generator) -> Wood:
    return Wood(_WOODS[rng.integers(len(_WOODS))])


def dye(rng: np.random.Generator, strength: float = 0.75) -> Colour:
    """A colour of random hue: `strength` 0 is grey, 1 is vivid."""
    hue, value = rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 0.7)
    r, g, b = value * (1 - strength * (0.5 - 0.5 * np.cos(hue - np.array([0.0, 2.1, 4.2]))))
    return float(r), float(g), float(b)


def cloth(rng: np.random.Generator) -> Texture:
    kind = rng.integers(4)
    if kind == 0:
        return Stripes(dye(rng), dye(rng), period=rng.uniform(0.08, 0.2))
    return Dots(dye(rng), dye(rng), period=rng.uniform(0.08, 0.15)) if kind == 1 else Cloth(dye(rng))


def _legs(width: float, depth: float, height: float, thick: float) -> Shape:
    x, y = width / 2 - thick, depth / 2 - thick
    return join([box((thick, thick, height), (sx * x, sy * y, 0.0)) for sx in (-1, 1) for sy in (-1, 1)])


def table(rng: np.random.Generator) -> Piece:
    w, d, h = rng.uniform(0.8, 1.5), rng.uniform(0.6, 0.85), rng.uniform(0.68, 0.76)
    texture = wood(rng)
    parts: list[tuple[Shape, Texture]] = [
        (_legs(w, d, h - 0.03, 0.06), texture),
        (box((w, d, 0.035), (0, 0, h - 0.035)), texture),
    ]
    if rng.random() < 0.6:
        bowl = cylinder(0.07, 0.09, (rng.uniform(-0.3, 0.3) * w, rng.uniform(-0.2, 0.2) * d, h), top_radius=0.13)
        parts.append((bowl, Plain(dye(rng))))
    return Piece(parts, (w, d, h))


def chair(rng: np.random.Generator) -> Piece:
    w, d, seat, top = 0.42, 0.44, 0.45, rng.uniform(0.82, 0.95)
    texture = wood(rng)
    frame = [_legs(w, d, seat, 0.035), box((0.035, 0.035, top), (-w / 2 + 0.02, d / 2 - 0.02, 0))]
    frame.append(box((0.035, 0.035, top), (w / 2 - 0.02, d / 2 - 0.02, 0)))
    frame += [box((w, 0.02, 0.09), (0, d / 2 - 0.02, z)) for z in (top - 0.1, top - 0.26)]
    return Piece([(join(frame), texture), (box((w, d, 0.04), (0, 0, seat)), cloth(rng))], (w, d, top))


def shelf(rng: np.random.Generator) -> Piece:
    w, d, h = rng.uniform(0.7, 1.2), 0.3, rng.uniform(1.2, 2.1)
    frame = [box((0.025, d, h), (side * (w / 2 - 0.0125), 0, 0)) for side in (-1, 1)]
    frame.append(box((w, 0.015, h), (0, d / 2 - 0.0075, 0)))
    heights = np.linspace(0.05, h - 0.025, round(h / 0.36) + 1)
    frame += [box((w, d, 0.025), (0, 0, float(z))) for z in heights]
    parts: list[tuple[Shape, Texture]] = [(join(frame), wood(rng))]
    for z, above in pairwise(heights):
        parts += _books(rng, w - 0.08, float(z) + 0.025, float(above - z) - 0.05)
    return Piece(parts, (w, d, h))


def _books(rng: np.random.Generator, width: float, z: float, room: float) -> list[tuple[Shape, Texture]]:
    books: list[tuple[Shape, Texture]] = []
    x, end = -width / 2, rng.uniform(0.1, 0.5) * width
    while x < end:
        thick = rng.uniform(0.02, 0.06)
        size = (thick * 0.92, rng.uniform(0.15, 0.22), room * rng.uniform(0.65, 0.95))
        books.append((box(size, (x + thick / 2, -0.02, z)), Plain(dye(rng, 0.9))))
        x += thick
    return books


def sofa(rng: np.random.Generator) -> Piece:
    w, d, h = rng.uniform(1.4, 2.1), 0.88, 0.82
    texture, feet = cloth(rng), Plain((0.08, 0.05, 0.03))
    body = [box((w, d, 0.3), (0, 0, 0.08)), box((w, 0.22, h - 0.08), (0, d / 2 - 0.11, 0.08))]
    body += [box((0.18, d, 0.52), (side * (w / 2 - 0.09), 0, 0.08)) for side in (-1, 1)]
    seat = (w - 0.38) / 2
    cushions = [box((seat - 0.01, d - 0.25, 0.14), (side * (seat / 2 + 0.004), -0.11, 0.38)) for side in (-1, 1)]
    parts: list[tuple[Shape, Texture]] = [
        (_legs(w, d, 0.08, 0.06), feet),
        (join(body), texture),
        (join(cushions), texture),
    ]
    pillow = ellipsoid((0.2, 0.1, 0.18), (rng.uniform(-0.3, 0.3) * w, 0.06, 0.66))
    return Piece([*parts, (pillow, cloth(rng))], (w, d, h))


def bed(rng: np.random.Generator) -> Piece:
    w, d, h = rng.choice([0.9, 1.2, 1.5]), 2.0, rng.uniform(0.75, 1.0)
    frame = [box((w, d, 0.12), (0, 0, 0.18)), box((w, 0.04, h), (0, d / 2 - 0.02, 0)), _legs(w, d, 0.18, 0.07)]
    sheet, blanket = Plain((0.75, 0.74, 0.7)), cloth(rng)
    return Piece(
        [
            (join(frame), wood(rng)),
            (box((w - 0.04, d - 0.06, 0.16), (0, -0.01, 0.3)), sheet),
            (box((w + 0.02, d * 0.66, 0.2), (0, -d * 0.16, 0.28)), blanket),
            (ellipsoid((w * 0.3, 0.2, 0.09), (0, d / 2 - 0.3, 0.5)), sheet),
        ],
        (w + 0.02, d, h),
    )


def wardrobe(rng: np.random.Generator) -> Piece:
    w, d, h = rng.uniform(0.8, 1.6), 0.58, rng.uniform(1.75, 2.1)
    texture = wood(rng)
    half = w / 2
    doors = [box((half - 0.015, 0.02, h - 0.14), (side * half / 2, -d / 2 + 0.01, 0.1)) for side in (-1, 1)]
    knobs = [ellipsoid((0.016, 0.016, 0.016), (side * 0.05, -d / 2 - 0.012, h * 0.5)) for side in (-1, 1)]
    body = box((w, d - 0.03, h), (0, 0.015, 0))
    return Piece([(body, texture), (join(doors), texture), (join(knobs), Plain((0.1, 0.1, 0.1)))], (w, d + 0.04, h))


def drawers(rng: np.random.Generator) -> Piece:
    w, d, h = rng.uniform(0.7, 1.1), 0.45, rng.uniform(0.7, 1.0)
    texture, step = wood(rng), (h - 0.06) / 4
    fronts = [box((w - 0.04, 0.02, step - 0.02), (0, -d / 2 + 0.01, 0.04 + i * step)) for i in range(4)]
    grips = [box((0.14, 0.02, 0.018), (0, -d / 2 - 0.01, 0.04 + (i + 0.5) * step)) for i in range(4)]
    body = box((w, d - 0.03, h), (0, 0.015, 0))
    return Piece([(body, texture), (join(fronts), texture), (join(grips), Plain((0.1, 0.1, 0.1)))], (w, d + 0.04, h))


def plant(rng: np.random.Generator) -> Piece:
    tall = rng.uniform(0.7, 1.4)
    green = (0.06, rng.uniform(0.16, 0.3), 0.05)
    leaves = []
    for turn in np.arange(14) * 2.4:
        lift, reach = rng.uniform(0.45, 1.0) * tall, rng.uniform(0.12, 0.25)
        leaf = ellipsoid((reach * 0.6, 0.05, 0.025), (reach * 0.6, 0, lift - 0.03)).turned(float(turn))
        leaves.append(leaf)
    pot = cylinder(0.13, 0.28, top_radius=0.18)
    stem = limb((0, 0, 0.2), (0, 0, tall - 0.08), 0.015, 0.01)
    return Piece([(pot, Plain(dye(rng))), (stem, Plain((0.2, 0.12, 0.06))), (join(leaves), Cloth(green))], (0.62, 0.62, tall))


def lamp(rng: np.random.Generator) -> Piece:
    tall = rng.uniform(1.35, 1.65)
    shade = frustum((0, 0, tall - 0.3), (0, 0, tall), 0.22, 0.14)
    stand = join([cylinder(0.15, 0.03), cylinder(0.014, tall - 0.3)])
    return Piece([(stand, Plain((0.1, 0.1, 0.1))), (shade, Plain((0.8, 0.72, 0.55)))], (0.46, 0.46, tall))


def boxes(rng: np.random.Generator) -> Piece:
    w, d, h = rng.uniform(0.3, 0.55, 3)
    lid = rng.uniform(0.5, 0.9)
    parts: list[tuple[Shape, Texture]] = [(box((w, d, h)), Plain((0.45, 0.3, 0.17)))]
    if rng.random() < 0.5:
        parts.append((box((w * lid, d * lid, h * 0.6), (0, 0, h)), cloth(rng)))
    return Piece(parts, (w, d, h * 1.6))


def ball(rng: np.random.Generator) -> Piece:
    r = rng.uniform(0.09, 0.2)
    return Piece([(ellipsoid((r, r, r), (0, 0, r), fine=True), Stripes(dye(rng, 1.0), dye(rng), r))], (2 * r, 2 * r, 2 * r))


AT_WALL: tuple[Maker, ...] = (shelf, sofa, bed, wardrobe, drawers, table, plant, lamp, boxes, chair)
STANDING_FREE: tuple[Maker, ...] = (table, chair, boxes, ball, ball, chair)
