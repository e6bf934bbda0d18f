"""What happens to the 3x3 intrinsics K of an image when its pixels move.

The centre of pixel (0, 0) is at (0, 0), so the image covers [-0.5, width - 0.5]: that is why a resize moves the
principal point to (cx + 0.5) * s - 0.5 and not to cx * s. All functions return a new float64 K.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def move(K: Float[np.ndarray, "3 3"], pixel_affine: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "3 3"]:
    """K of an image whose pixel (u, v) went to `pixel_affine @ (u, v, 1)`. For mirrors use `hflip`."""
    return np.asarray(pixel_affine, np.float64) @ np.asarray(K, np.float64)


def crop(K: Float[np.ndarray, "3 3"], left: int, top: int) -> Float[np.ndarray, "3 3"]:
    """K of the window whose first pixel was (left, top)."""
    return move(K, np.array([[1.0, 0.0, -left], [0.0, 1.0, -top], [0.0, 0.0, 1.0]]))


def resize(K: Float[np.ndarray, "3 3"], size: tuple[int, int], new_size: tuple[int, int]) -> Float[np.ndarray, "3 3"]:
    """K after a resize from `size` to `new_size`, both (height, width)."""
    sy, sx = new_size[0] / size[0], new_size[1] / size[1]
    return move(K, np.array([[sx, 0.0, 0.5 * sx - 0.5], [0.0, sy, 0.5 * sy - 0.5], [0.0, 0.0, 1.0]]))


def hflip(K: Float[np.ndarray, "3 3"], width: int) -> Float[np.ndarray, "3 3"]:
    """K of the mirrored image, which is the image of a mirrored world: a point's X becomes -X, the focal length stays
    positive, and whatever else names positions in the world (a pose) is no longer true."""
    mirror_pixels = np.array([[-1.0, 0.0, width - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return move(K, mirror_pixels) @ np.diag([-1.0, 1.0, 1.0])
