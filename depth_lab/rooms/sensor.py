"""What a time-of-flight camera would have measured: noise that grows with distance, holes where it sees badly."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float32


def sensor(
    depth: Float[np.ndarray, "h w"],
    rng: np.random.Generator,
    *,
    noise: float = 0.0015,
    max_range: float = 5.0,
    edge_step: float = 0.05,
    edge_loss: float = 0.7,
) -> Float32[np.ndarray, "h w"]:
    """Depth in metres as a sensor reports it, 0 in its holes; the same generator state gives the same map.

    The standard deviation is `noise` * z^2 metres (1.5 mm at 1 m, as Khoshelham and Elberink 2012 found for structured
    light). A pixel beyond `max_range` is lost, and one beside a step of more than `edge_step` * z is lost with
    probability `edge_loss`.
    """
    z = np.asarray(depth, np.float64)
    measured = z + noise * z * z * rng.standard_normal(z.shape)
    lost = (z <= 0) | (z > max_range) | (_at_step(z, edge_step) & (rng.random(z.shape) < edge_loss))
    return np.where(lost, 0.0, np.maximum(measured, 0.0)).astype(np.float32)


def _at_step(z: Float[np.ndarray, "h w"], step: float) -> Bool[np.ndarray, "h w"]:
    """Pixels that differ from a direct neighbour by more than `step` of their own depth."""
    near = np.zeros(z.shape, bool)
    for axis in (0, 1):
        jump = np.abs(np.diff(z, axis=axis))
        first, second = (np.moveaxis(near, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        jump = np.moveaxis(jump, axis, 0)
        first |= jump > step * np.moveaxis(z, axis, 0)[:-1]
        second |= jump > step * np.moveaxis(z, axis, 0)[1:]
    return near
