"""The child-like figure: upright on the floor, its standing height known because it is the top of its mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from depth_lab.rooms.shapes import Point, Shape, ellipsoid, join, limb
from depth_lab.rooms.textures import Cloth, Colour, Dots, Plain, Stripes, Texture

MIN_HEIGHT_CM, MAX_HEIGHT_CM = 75.0, 130.0
_SKIN: tuple[Colour, ...] = ((0.78, 0.52, 0.4), (0.62, 0.38, 0.26), (0.42, 0.25, 0.16), (0.25, 0.14, 0.09))
_HAIR: tuple[Colour, ...] = ((0.05, 0.03, 0.02), (0.16, 0.08, 0.04), (0.5, 0.33, 0.12), (0.35, 0.12, 0.05))


@dataclass(frozen=True)
class Body:
    """Where the joints are, in metres, of a figure that faces -y; proportions go from toddler to school child."""

    height: float
    head: float
    crotch: float
    shoulder: float

    @classmethod
    def of(cls, height: float) -> Body:
        age = np.clip((height - 0.75) / 0.55, 0.0, 1.0)
        head = height * (0.215 - 0.045 * age)
        return cls(height, head, height * (0.38 + 0.07 * age), height - head * 1.1)


def figure(rng: np.random.Generator, height: float) -> list[tuple[Shape, Texture]]:
    """Shapes and textures of a figure whose soles are at z = 0 and whose top, hair included, is at `height` metres."""
    body, skin = Body.of(height), Plain(_SKIN[rng.integers(len(_SKIN))], mottle=0.03)
    shirt, trousers = _cloth(rng), Cloth(_dye(rng, 0.06, 0.35))
    hair = Cloth(_HAIR[rng.integers(len(_HAIR))])
    parts = [
        *_head(rng, body, skin, hair),
        *_trunk(body, skin, shirt),
        *_arms(rng, body, skin, shirt),
        *_legs(rng, body, trousers, Plain(_dye(rng, 0.05, 0.7))),
    ]
    return [
        (shape, texture)
        for shape, texture in zip(_fitted([shape for shape, _ in parts], height), [texture for _, texture in parts], strict=True)
    ]


def _fitted(shapes: list[Shape], height: float) -> list[Shape]:
    """Scaled as a whole so that the lowest point is at 0 and the highest at `height`."""
    z = np.concatenate([shape.corners[..., 2].ravel() for shape in shapes])
    scale = height / (z.max() - z.min())
    return [shape._replace(corners=(shape.corners - [0.0, 0.0, z.min()]) * scale) for shape in shapes]


def _head(rng: np.random.Generator, body: Body, skin: Texture, hair: Texture) -> list[tuple[Shape, Texture]]:
    half = body.head / 2
    z = body.height - half
    face = ellipsoid((half * 0.78, half * 0.86, half * 0.97), (0, 0, z - 0.01 * half), fine=True)
    cap = ellipsoid((half * 0.85, half * 0.88, half * 0.82), (0, half * 0.12, z + half * 0.22), fine=True)
    parts = [(face, skin), (cap, hair)]
    if rng.random() < 0.4:
        parts.append((ellipsoid((half * 0.72, half * 0.42, half * 1.1), (0, half * 0.55, z - half * 0.45)), hair))
    dark, pink = Plain((0.03, 0.025, 0.02)), Plain((0.5, 0.15, 0.13))
    eye = half * 0.11
    for sign in (-1, 1):
        parts.append((ellipsoid((eye, eye, eye * 1.3), (sign * half * 0.3, -half * 0.76, z - half * 0.02)), dark))
        parts.append((ellipsoid((eye, half * 0.2, half * 0.22), (sign * half * 0.78, 0, z - half * 0.1)), skin))
    parts.append((ellipsoid((eye * 0.9, eye * 1.3, eye * 1.2), (0, -half * 0.88, z - half * 0.22)), skin))
    parts.append((ellipsoid((half * 0.2, eye * 0.6, eye * 0.5), (0, -half * 0.73, z - half * 0.5)), pink))
    return parts


def _trunk(body: Body, skin: Texture, shirt: Texture) -> list[tuple[Shape, Texture]]:
    h = body.height
    middle = (body.shoulder + body.crotch) / 2
    chest = ellipsoid((h * 0.105, h * 0.078, (body.shoulder - middle) * 1.02), (0, 0, middle + h * 0.045), fine=True)
    belly = ellipsoid((h * 0.1, h * 0.085, (middle - body.crotch) * 1.05), (0, -h * 0.006, middle - h * 0.02), fine=True)
    shoulders = limb((-h * 0.085, 0, body.shoulder - h * 0.04), (h * 0.085, 0, body.shoulder - h * 0.04), h * 0.04, h * 0.04)
    neck = limb((0, 0, body.shoulder - h * 0.03), (0, 0, body.height - body.head * 0.7), h * 0.035, h * 0.035)
    return [(join([chest, belly, shoulders]), shirt), (neck, skin)]


def _arms(rng: np.random.Generator, body: Body, skin: Texture, shirt: Texture) -> list[tuple[Shape, Texture]]:
    h, parts = body.height, []
    for sign in (-1, 1):
        spread, forward, bend = rng.uniform(0.12, 0.7), rng.uniform(-0.3, 0.5), rng.uniform(0.0, 0.9)
        start = np.array([sign * h * 0.115, 0.0, body.shoulder - h * 0.04])
        elbow = start + h * 0.155 * _hanging(sign * spread, forward)
        wrist = elbow + h * 0.14 * _hanging(sign * spread * 0.6, forward + bend)
        parts.append((limb(_point(start), _point(elbow), h * 0.034, h * 0.028), shirt))
        parts.append((limb(_point(elbow), _point(wrist), h * 0.024, h * 0.019), skin))
        parts.append((ellipsoid((h * 0.024, h * 0.024, h * 0.03), _point(wrist - [0, 0, h * 0.02])), skin))
    return parts


def _legs(rng: np.random.Generator, body: Body, trousers: Texture, shoes: Texture) -> list[tuple[Shape, Texture]]:
    h, parts = body.height, []
    for sign in (-1, 1):
        apart, step = rng.uniform(0.055, 0.1), rng.uniform(-0.05, 0.05)
        hip = (sign * h * 0.05, 0.0, body.crotch + h * 0.02)
        ankle = (sign * h * apart, h * step, h * 0.05)
        knee = tuple(float(v) for v in (np.asarray(hip) + ankle) / 2 - [0, h * 0.008, 0])
        parts.append((limb(hip, knee, h * 0.058, h * 0.043), trousers))  # type: ignore[arg-type]
        parts.append((limb(knee, ankle, h * 0.043, h * 0.033), trousers))  # type: ignore[arg-type]
        foot = ellipsoid((h * 0.034, h * 0.075, h * 0.038), (ankle[0], ankle[1] - h * 0.03, h * 0.025))
        sole = np.maximum(foot.corners, [-np.inf, -np.inf, 0.0])
        parts.append((foot._replace(corners=sole), shoes))
    return parts


def _hanging(spread: float, forward: float) -> np.ndarray:
    """The direction of a limb that hangs down, lifted sideways by `spread` and forward by `forward` radians."""
    down = np.array([np.sin(spread), -np.sin(forward) * np.cos(spread), -np.cos(forward) * np.cos(spread)])
    return down / np.linalg.norm(down)


def _point(vector: np.ndarray) -> Point:
    x, y, z = (float(v) for v in vector)
    return x, y, z


def _dye(rng: np.random.Generator, low: float, high: float) -> Colour:
    r, g, b = rng.uniform(low, high, 3)
    return float(r), float(g), float(b)


def _cloth(rng: np.random.Generator) -> Texture:
    first, second = _dye(rng, 0.1, 0.8), _dye(rng, 0.1, 0.8)
    kind = rng.integers(3)
    if kind == 0:
        return Stripes(first, second, period=rng.uniform(0.05, 0.09))
    return Dots(first, second, period=0.06) if kind == 1 else Cloth(first)
