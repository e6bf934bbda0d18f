"""Depth maps from and to files: the only place that knows their units."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from depth_lab.io.files import atomic

MILLIMETRE = 1e-3


def read_depth_png(path: Path, depth_scale: float, depth_scale_8bit: float | None = None) -> Float32[np.ndarray, "h w"]:
    """Depth in metres from a one-channel PNG, 0 where unknown.

    `depth_scale` is the metres that one unit of a 16-bit file stands for. An 8-bit file says nothing of its unit, so it is
    refused unless `depth_scale_8bit` declares it (10/255 for DenseDepth's copy of NYU).
    """
    raw = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if raw is None:
        reason = "cannot be decoded, so it may be cut off" if Path(path).exists() else "does not exist"
        raise ValueError(f"The depth file {path} {reason}: replace it, or remove its pair from the list.")
    return depth_in_metres(raw, path, depth_scale, depth_scale_8bit)


def depth_in_metres(raw: NDArray, path: Path, depth_scale: float, depth_scale_8bit: float | None) -> Float32[np.ndarray, "h w"]:
    """Metres from what a depth PNG holds; refuses what cannot be depth (see `read_depth_png`)."""
    if raw.ndim != 2:
        raise ValueError(f"{path} holds an image of shape {raw.shape}, one channel of depth is needed: is it a colour picture?")
    if raw.dtype == np.uint8:
        if depth_scale_8bit is None:
            raise ValueError(
                f"{path} holds 8-bit depth, whose unit is unknown: use the 16-bit file, or declare the metres of one unit "
                "(data.depth_scale_8bit=0.0392156863 where 255 stands for 10 m)."
            )
        return raw.astype(np.float32) * np.float32(depth_scale_8bit)
    if raw.dtype != np.uint16:
        raise ValueError(f"{path} holds {raw.dtype} values, 16-bit depth is needed.")
    return raw.astype(np.float32) * np.float32(depth_scale)


def write_depth_png(path: Path, depth: Float32[np.ndarray, "h w"]) -> None:
    """Write metres as a 16-bit PNG in millimetres, rounded to the nearest; beyond 65.535 m it is refused."""
    units = np.rint(depth / MILLIMETRE)
    if not (units.min() >= 0 and units.max() <= np.iinfo(np.uint16).max):
        raise ValueError(
            f"{path.name}: depth from {depth.min():.3f} to {depth.max():.3f} m does not fit a 16-bit PNG in millimetres (0 to "
            "65.535 m): write NPZ instead (predict writer=[npz,colour])."
        )
    with atomic(path) as partial:
        cv2.imwrite(str(partial), units.astype(np.uint16))
