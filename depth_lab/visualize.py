"""Pictures of depth: one colour scale in metres, with its bar."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from depth_lab.io.files import atomic

COLOURS = "turbo_r"  # near is warm, far is cold


class Panel(NamedTuple):
    """One image with its ground truth and a prediction, all of one size but the image."""

    name: str
    image: UInt8[np.ndarray, "h w 3"]
    target: Float32[np.ndarray, "H W"]
    pred: Float32[np.ndarray, "H W"]
    scored: Bool[np.ndarray, "H W"]

    @property
    def error(self) -> Float32[np.ndarray, "H W"]:
        """Absolute error in metres, 0 where a pixel does not count."""
        return np.where(self.scored, np.abs(self.pred - self.target), 0).astype(np.float32)


def colour_range(*depths: Float32[np.ndarray, ...]) -> tuple[float, float]:
    """The 2nd and 98th percentile of all known depths, in metres: one scale for pictures that are compared."""
    known = np.concatenate([depth[depth > 0].ravel() for depth in depths])
    if known.size == 0:
        return 0.0, 1.0
    near, far = np.percentile(known, [2, 98])
    return float(near), float(max(far, near + 0.1))


def depth_figure(depth: Float32[np.ndarray, "h w"], title: str = "") -> Figure:
    """A depth map in colour beside a bar in metres; unknown depth is black."""
    height, width = depth.shape
    figure = Figure(figsize=(4.8 * width / height + 1.2, 4.8), layout="constrained", dpi=100)
    axes = figure.subplots()
    drawn = _show(axes, depth, *colour_range(depth), COLOURS)
    axes.set_title(title, fontsize=9)
    figure.colorbar(drawn, ax=axes, label="depth in metres", fraction=0.046)
    return figure


def panel_figure(panels: list[Panel]) -> Figure:
    """A row of image, target, prediction and absolute error for each panel.

    Targets and predictions share one scale over all rows, errors another; pixels that do not count are black in the error.
    """
    near, far = colour_range(*(panel.target for panel in panels))
    worst = max(colour_range(*(panel.error for panel in panels))[1], 0.1)
    figure = Figure(figsize=(14, 2.35 * len(panels) + 0.4), layout="compressed", dpi=80)
    grid = figure.subplots(len(panels), 4, squeeze=False)
    for axes, panel in zip(grid, panels, strict=True):
        _show(axes[0], panel.image, None, None, None)
        axes[0].set_ylabel(panel.name, fontsize=8)
        _show(axes[1], panel.target, near, far, COLOURS)
        depth = _show(axes[2], panel.pred, near, far, COLOURS)
        error = _show(axes[3], panel.error, 0, worst, "magma")
    for axes, title in zip(grid[0], ("image", "target", "prediction", "absolute error"), strict=True):
        axes.set_title(title, fontsize=10)
    for drawn, label in ((error, "error in metres"), (depth, "depth in metres")):  # the first goes outside
        figure.colorbar(drawn, ax=grid, label=label, fraction=0.02, pad=0.01, aspect=15 * len(panels))
    return figure


def save_figure(path: Path, figure: Figure) -> None:
    """Write a figure, whole or not at all."""
    with atomic(path) as partial:
        figure.savefig(partial)


def _show(axes: Axes, picture: np.ndarray, low: float | None, high: float | None, colours: str | None) -> AxesImage:
    drawn = axes.imshow(picture if colours is None else np.ma.masked_equal(picture, 0), cmap=colours, vmin=low, vmax=high)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("black")
    return drawn
