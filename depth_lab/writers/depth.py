"""Predicted depth as files that hold metres."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from depth_lab.batch import Prediction
from depth_lab.io.depth import MILLIMETRE, write_depth_png
from depth_lab.io.files import atomic, write_text


class DepthWriter:
    """`depth/<name>.png`, 16 bits, millimetres, and `depth/<name>.json` that says so and where it comes from."""

    def __call__(self, prediction: Prediction, folder: Path) -> None:
        path = folder / "depth" / f"{prediction['name']}.png"
        write_depth_png(path, prediction["depth"])
        write_sidecar(path.with_suffix(".json"), prediction, MILLIMETRE)

    def close(self) -> None:
        """Nothing spans predictions."""


class NPZWriter:
    """`depth/<name>.npz` with the key `depth`: float32 metres of any range, and the same JSON beside it."""

    def __call__(self, prediction: Prediction, folder: Path) -> None:
        path = folder / "depth" / f"{prediction['name']}.npz"
        with atomic(path) as partial:
            np.savez_compressed(partial, depth=prediction["depth"])
        write_sidecar(path.with_suffix(".json"), prediction, 1.0)

    def close(self) -> None:
        """Nothing spans predictions."""


def write_sidecar(path: Path, prediction: Prediction, depth_scale: float) -> None:
    """What a depth file means: metres of one unit, intrinsics, size, and where the prediction comes from."""
    intrinsics = prediction.get("intrinsics")
    height, width = prediction["depth"].shape
    content = {
        "depth_scale": depth_scale,
        "intrinsics": None if intrinsics is None else intrinsics.tolist(),
        "width": width,
        "height": height,
        **prediction["source"],
    }
    write_text(path, json.dumps(content, indent=2) + "\n")
