"""Predicted depth as files that hold metres."""

from __future__ import annotations

import json
from pathlib import Path

from depth_lab.batch import Prediction
from depth_lab.io.depth import MILLIMETRE, write_depth_png
from depth_lab.io.files import write_text


class DepthWriter:
    """`depth/<name>.png`, 16 bits, millimetres, and `depth/<name>.json` that says so and where it comes from."""

    def __call__(self, prediction: Prediction, folder: Path) -> None:
        path = folder / "depth" / f"{prediction['name']}.png"
        depth = prediction["depth"]
        write_depth_png(path, depth)
        intrinsics = prediction.get("intrinsics")
        sidecar = {
            "depth_scale": MILLIMETRE,
            "intrinsics": None if intrinsics is None else intrinsics.tolist(),
            "width": depth.shape[1],
            "height": depth.shape[0],
            **prediction["source"],
        }
        write_text(path.with_suffix(".json"), json.dumps(sidecar, indent=2) + "\n")

    def close(self) -> None:
        """Nothing spans predictions."""
