"""Between pixels and points. Points are in metres in the camera's frame: x right, y down, z forward."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def project(points: Float[np.ndarray, "*n 3"], K: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "*n 2"]:
    """Pixel (u, v) of each point; NaN for a point that is not in front of the camera."""
    homogeneous = np.asarray(points, np.float64) @ np.asarray(K, np.float64).T
    z = homogeneous[..., 2:]
    return homogeneous[..., :2] / np.where(z > 0, z, np.nan)


def unproject(depth: Float[np.ndarray, "h w"], K: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "h w 3"]:
    """The point that each pixel sees. Depth is z-depth; where it is unknown (0) the point is the origin."""
    v, u = np.indices(depth.shape, dtype=np.float64)
    rays = np.stack([u, v, np.ones_like(u)], axis=-1) @ np.linalg.inv(np.asarray(K, np.float64)).T
    return rays * depth[..., None]
