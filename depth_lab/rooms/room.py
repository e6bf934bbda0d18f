"""Draws a furnished room from a seed: shell, window, door, furniture that does not intersect, lights and the figure."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from depth_lab.rooms import furniture
from depth_lab.rooms.figure import MAX_HEIGHT_CM, MIN_HEIGHT_CM, figure
from depth_lab.rooms.furniture import Piece, dye
from depth_lab.rooms.scene import Builder, Light, Material, Scene
from depth_lab.rooms.shapes import Point, Shape, box, ellipsoid, frustum, join, quad
from depth_lab.rooms.textures import Bricks, Cloth, Colour, Dots, Picture, Plain, Planks, Rug, Stripes, Texture, Tiles

HAZE = 0.25
"""Share of light lost per metre of air, the same in every room: far things are darker and bluer, as at dusk."""


@dataclass
class Taken:
    """Boxes of floor that are in use; a newcomer may stand in one if it stays lower than the box's `above`."""

    boxes: list[tuple[float, float, float, float, float]] = field(default_factory=list)

    def add(self, centre: tuple[float, float], half: tuple[float, float], above: float = 0.0) -> None:
        self.boxes.append((centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1], above))

    def clashes(self, centre: tuple[float, float], half: tuple[float, float], height: float = 9.0) -> bool:
        (x, y), (a, b) = centre, half
        return any(
            x - a < x1 and x + a > x0 and y - b < y1 and y + b > y0 and height > above for x0, y0, x1, y1, above in self.boxes
        )


@dataclass
class Room:
    """The scene, and what a camera needs to know of it: where the figure stands, and where furniture does."""

    scene: Scene
    spot: tuple[float, float]
    taken: Taken


def build_room(seed: int) -> Room:
    """The room of a seed."""
    rng = np.random.default_rng([seed, 0])
    size = (rng.uniform(3.0, 8.0), rng.uniform(3.0, 8.0), rng.uniform(2.4, 3.0))
    builder, taken = Builder(), Taken()
    _shell(rng, builder, size)
    walls = [int(wall) for wall in rng.permutation(4)]
    window = _window(rng, builder, taken, size, walls[0])
    _door(rng, builder, taken, size, walls[1])
    spot = tuple(float(rng.uniform(1.0, length - 1.0)) for length in size[:2])
    taken.add(spot, (0.5, 0.5))  # type: ignore[arg-type]
    for _ in range(rng.integers(4, 6 + int(size[0] * size[1] / 5))):
        _against_wall(rng, builder, taken, size)
    for _ in range(rng.integers(0, 2 + int(size[0] * size[1] / 10))):
        _free(rng, builder, taken, size)
    for wall in rng.integers(0, 4, 3):
        _picture(rng, builder, taken, size, int(wall))
    _rug(rng, builder, size)
    lights = [window, *_lamps(rng, builder, size)]
    _stand(rng, builder, spot)  # type: ignore[arg-type]
    taken.boxes = [entry for entry in taken.boxes if entry[4] == 0.0]
    return Room(builder.build(size, lights, rng.uniform(0.85, 1.2), HAZE), spot, taken)  # type: ignore[arg-type]


def _floor_texture(rng: np.random.Generator) -> Texture:
    kind = rng.integers(4)
    if kind <= 1:
        brown: tuple[Colour, ...] = ((0.5, 0.31, 0.17), (0.36, 0.2, 0.1), (0.6, 0.46, 0.3), (0.42, 0.36, 0.3))
        return Planks(brown[rng.integers(4)], width=rng.uniform(0.1, 0.18))
    if kind == 2:
        light, dark = rng.uniform(0.5, 0.72), rng.uniform(0.15, 0.72)
        return Tiles((light, light * 0.96, light * 0.9), (dark, dark * 0.95, dark * 0.92), rng.choice([0.2, 0.3, 0.4]))
    return Cloth(dye(rng, 0.5), pile=0.02)


def _wall_texture(rng: np.random.Generator) -> Texture:
    kind, pale = rng.integers(6), rng.uniform(0.5, 0.8)
    tint = tuple(float(v) for v in pale * (1 - rng.uniform(0, 0.25, 3)))
    second = tuple(0.75 * v for v in tint)
    if kind == 0:
        return Bricks((0.5, 0.24, 0.16))
    if kind == 1:
        return Stripes(tint, second, period=rng.uniform(0.15, 0.4))  # type: ignore[arg-type]
    return Dots(tint, second, rng.uniform(0.12, 0.25)) if kind == 2 else Plain(tint)  # type: ignore[arg-type]


def _shell(rng: np.random.Generator, builder: Builder, size: Point) -> None:
    w, d, h = size
    main, accent, skirting = _wall_texture(rng), _wall_texture(rng), Plain((0.75, 0.74, 0.7))
    builder.add(_overlapping(quad((0, 0, 0), (w, 0, 0), (0, d, 0))), "floor", Material(_floor_texture(rng)))
    builder.add(_overlapping(quad((0, 0, h), (0, d, 0), (w, 0, 0))), "ceiling", Material(Plain((0.78, 0.77, 0.74))))
    for wall in range(4):
        texture = accent if wall == 0 and rng.random() < 0.5 else main
        builder.add(_overlapping(_wall(size, wall)), "wall", Material(texture))
        length = size[wall % 2]
        _mount(builder, size, wall, length / 2, box((length, 0.014, 0.08), (0, -0.007, 0)), "wall", skirting)


def _overlapping(side: Shape) -> Shape:
    """A little larger than the room needs, so that no ray slips out between two sides."""
    centre = side.corners.mean(axis=(0, 1))
    return side._replace(corners=centre + 1.01 * (side.corners - centre))


def _wall(size: Point, wall: int) -> Shape:
    w, d, h = size
    starts: list[tuple[Point, Point]] = [
        ((w, d, 0), (-w, 0, 0)), ((0, d, 0), (0, -d, 0)), ((0, 0, 0), (w, 0, 0)), ((w, 0, 0), (0, d, 0)),
    ]  # fmt: skip
    start, along = starts[wall]
    return quad(start, (0, 0, h), along)


def _on_wall(size: Point, wall: int, along: float) -> tuple[tuple[float, float], float]:
    """The point of a wall at floor level, `along` metres from its corner, and the yaw that turns a back (+y) to it."""
    w, d, _ = size
    places = [((along, d), 0.0), ((0.0, along), np.pi / 2), ((along, 0.0), np.pi), ((w, along), -np.pi / 2)]
    return places[wall]


def _mount(
    builder: Builder, size: Point, wall: int, along: float, shape: Shape, label: str, texture: Texture,
    z: float = 0.0, glow: float = 0.0,
) -> None:  # fmt: skip
    (x, y), yaw = _on_wall(size, wall, along)
    builder.add(shape, label, Material(texture, (x, y, z), yaw, glow))


def _half(wall: int, along: float, deep: float) -> tuple[float, float]:
    return (along, deep) if wall % 2 == 0 else (deep, along)


def _window(rng: np.random.Generator, builder: Builder, taken: Taken, size: Point, wall: int) -> Light:
    length, width, tall, sill = size[wall % 2], rng.uniform(0.9, 1.6), rng.uniform(1.0, 1.3), rng.uniform(0.8, 1.0)
    along = rng.uniform(width / 2 + 0.3, length - width / 2 - 0.3)
    place = (builder, size, wall, along)
    _mount(*place, box((width, 0.02, tall), (0, -0.01, 0)), "window", Plain((0.8, 0.9, 1.0)), z=sill, glow=2.6)
    bars = [box((width + 0.12, 0.06, 0.06), (0, -0.03, z)) for z in (-0.06, tall)]
    bars += [box((0.06, 0.06, tall), (x, -0.03, 0)) for x in (-width / 2 - 0.03, 0.0, width / 2 + 0.03)]
    bars.append(box((width + 0.2, 0.16, 0.03), (0, -0.08, -0.09)))
    _mount(*place, join(bars), "window", Plain((0.72, 0.71, 0.68)), z=sill)
    curtain, cloth = box((0.28, 0.05, tall + 0.5), (0, -0.1, -0.35)), Cloth(dye(rng))
    for side in (-1, 1):
        _mount(builder, size, wall, along + side * (width / 2 + 0.16), curtain, "window", cloth, z=sill)
    (x, y), yaw = _on_wall(size, wall, along)
    taken.add((x, y), _half(wall, width / 2 + 0.3, 0.35), above=sill - 0.4)
    inward = (float(np.sin(yaw)), float(-np.cos(yaw)), 0.0)
    half = (width / 2 * abs(inward[1]), width / 2 * abs(inward[0]), 0.0)
    day = rng.uniform(2.0, 5.0) * width * tall
    centre = (x + 0.12 * inward[0], y + 0.12 * inward[1], sill + tall / 2)
    return Light(centre, (half, (0.0, 0.0, tall / 2), (0.0, 0.0, 0.0)), (0.9 * day, 0.97 * day, 1.05 * day), inward)


def _door(rng: np.random.Generator, builder: Builder, taken: Taken, size: Point, wall: int) -> None:
    along = rng.uniform(0.7, size[wall % 2] - 0.7)
    place, leaf = (builder, size, wall, along), furniture.wood(rng)
    _mount(*place, box((0.86, 0.03, 2.0), (0, -0.015, 0)), "door", leaf)
    frame = [box((0.07, 0.05, 2.07), (side * 0.465, -0.025, 0)) for side in (-1, 1)]
    frame.append(box((1.0, 0.05, 0.07), (0, -0.025, 2.0)))
    _mount(*place, join(frame), "door", Plain((0.7, 0.69, 0.66)))
    _mount(*place, box((0.11, 0.05, 0.025), (0.33, -0.055, 1.03)), "door", Plain((0.25, 0.25, 0.25)))
    taken.add(_on_wall(size, wall, along)[0], _half(wall, 0.5, 0.8))


def _put(builder: Builder, piece: Piece, origin: tuple[float, float], yaw: float) -> None:
    for shape, texture in piece.parts:
        builder.add(shape, "furniture", Material(texture, (*origin, 0.0), yaw))


def _against_wall(rng: np.random.Generator, builder: Builder, taken: Taken, size: Point) -> None:
    piece = furniture.AT_WALL[rng.integers(len(furniture.AT_WALL))](rng)
    width, deep, height = piece.size
    for _ in range(12):
        wall = int(rng.integers(4))
        if size[wall % 2] < width + 0.2:
            continue
        (x, y), yaw = _on_wall(size, wall, rng.uniform(width / 2 + 0.05, size[wall % 2] - width / 2 - 0.05))
        back = deep / 2 + 0.03
        centre = (x + back * np.sin(yaw), y - back * np.cos(yaw))
        half = _half(wall, width / 2 + 0.03, deep / 2)
        if not taken.clashes(centre, half, height):
            taken.add(centre, half)
            _put(builder, piece, centre, yaw)
            return


def _free(rng: np.random.Generator, builder: Builder, taken: Taken, size: Point) -> None:
    piece = furniture.STANDING_FREE[rng.integers(len(furniture.STANDING_FREE))](rng)
    radius = float(np.hypot(*piece.size[:2])) / 2
    for _ in range(8):
        x, y = (float(rng.uniform(0.1 + radius, length - 0.1 - radius)) for length in size[:2])
        if not taken.clashes((x, y), (radius, radius), piece.size[2]):
            taken.add((x, y), (radius, radius))
            _put(builder, piece, (x, y), rng.uniform(0, 2 * np.pi))
            return


def _picture(rng: np.random.Generator, builder: Builder, taken: Taken, size: Point, wall: int) -> None:
    half = (rng.uniform(0.15, 0.4), rng.uniform(0.15, 0.3))
    along = rng.uniform(half[0] + 0.1, size[wall % 2] - half[0] - 0.1)
    centre, across = _on_wall(size, wall, along)[0], _half(wall, half[0], 0.05)
    if not taken.clashes(centre, across, 1.2):
        taken.add(centre, across, above=1.2)
        shape = box((2 * half[0], 0.025, 2 * half[1]), (0, -0.0125, -half[1]))
        _mount(builder, size, wall, along, shape, "furniture", Picture(dye(rng), dye(rng), half), z=rng.uniform(1.45, 1.7))


def _rug(rng: np.random.Generator, builder: Builder, size: Point) -> None:
    if rng.random() < 0.5:
        half = (rng.uniform(0.5, 0.35 * size[0]), rng.uniform(0.4, 0.3 * size[1]))
        origin = (size[0] / 2, size[1] / 2, 0.0)
        rug = quad((-half[0], -half[1], 0.002), (2 * half[0], 0, 0), (0, 2 * half[1], 0))
        builder.add(rug, "furniture", Material(Rug(dye(rng), dye(rng), half), origin))


def _lamps(rng: np.random.Generator, builder: Builder, size: Point) -> list[Light]:
    """One ceiling lamp, or two along the longer side of a large room."""
    w, d, h = size
    shares = [0.5] if w * d < 30 else [0.27, 0.73]
    warmth, lights = rng.uniform(0.55, 0.85), []
    power = rng.uniform(3.0, 4.5) * (w * d / len(shares) / 16) ** 0.5
    for share in shares:
        x, y = (share * w, d / 2) if w > d else (w / 2, share * d)
        z = h - rng.uniform(0.35, 0.55)
        cord = frustum((0, 0, 0.1), (0, 0, h - z), 0.008, 0.008)
        builder.add(cord, "ceiling", Material(Plain((0.1, 0.1, 0.1)), (x, y, z)))
        globe = ellipsoid((0.13, 0.13, 0.13), (0, 0, 0), fine=True)
        builder.add(globe, "ceiling", Material(Plain((1.0, 0.93, 0.8), mottle=0.0), (x, y, z), glow=2.4))
        spans = ((0.16, 0.0, 0.0), (0.0, 0.16, 0.0), (0.0, 0.0, 0.16))
        lights.append(Light((x, y, z), spans, (power, power * (0.5 + 0.5 * warmth), power * warmth)))
    return lights


def _stand(rng: np.random.Generator, builder: Builder, spot: tuple[float, float]) -> None:
    yaw = rng.uniform(0, 2 * np.pi)
    for shape, texture in figure(rng, rng.uniform(MIN_HEIGHT_CM, MAX_HEIGHT_CM) / 100):
        builder.add(shape, "figure", Material(texture, (*spot, 0.0), yaw))
