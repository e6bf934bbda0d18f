"""Predicted depth as a picture."""

from __future__ import annotations

from pathlib import Path

from depth_lab.batch import Prediction
from depth_lab.visualize import depth_figure, save_figure


class ColourWriter:
    """`colour/<name>.png`: the depth map in colour beside a bar in metres. To look at, not to measure."""

    def __call__(self, prediction: Prediction, folder: Path) -> None:
        figure = depth_figure(prediction["depth"], prediction["name"])
        save_figure(folder / "colour" / f"{prediction['name']}.png", figure)

    def close(self) -> None:
        """Nothing spans predictions."""
