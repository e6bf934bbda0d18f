"""The embedded data set: rendered rooms with a child-like figure of known height, exact depth and intrinsics."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from depth_lab import rooms
from depth_lab.data.dataset import Reading, RGBDDataset
from depth_lab.data.module import DepthDataModule, Split
from depth_lab.transforms import Pipeline


class Rooms(RGBDDataset):
    """A split that `depth_lab.rooms.render_split` made.

    With `sensor`, depth is as a time-of-flight sensor would measure it: noise that grows with z squared, holes at edges and far
    away; the same for a view whenever it is read.
    """

    def __init__(self, folder: Path | str, *, sensor: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.split = rooms.read_split(Path(folder))
        self.sensor = sensor

    def __len__(self) -> int:
        return len(self.split)

    def read(self, index: int) -> Reading:
        view = self.split[index]
        depth = view["depth"]
        if self.sensor:
            depth = rooms.sensor(depth, np.random.default_rng(zlib.crc32(view["name"].encode())))
        return {
            "image": view["image"],
            "depth": depth,
            "intrinsics": view["intrinsics"],
            "name": view["name"],
            "pose": view["pose"],
            "height_cm": view["height_cm"],
        }


class RoomsData(DepthDataModule):
    """Renders its splits, each of so many views of `render_size` (height, width), where `root` does not hold them yet."""

    def __init__(
        self,
        root: str | None = None,
        *,
        train: int = 512,
        val: int = 64,
        test: int = 64,
        render_size: Sequence[int] = (240, 320),
        sensor: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.root = Path(root) if root else default_root()
        self.counts: dict[Split, int] = {"train": train, "val": val, "test": test}
        self.render_size = (int(render_size[0]), int(render_size[1]))
        self.sensor = sensor
        self.ground_truth = "raw" if sensor else "filled"

    def prepare_data(self) -> None:
        """Render once, in the first process; `dataset` then finds the cache."""
        for split in self.counts:
            self._folder(split)

    def _folder(self, split: Split) -> Path:
        return rooms.render_split(self.root, split, self.counts[split], size=self.render_size)

    def dataset(self, split: Split, pipeline: Pipeline | None = None) -> Rooms:
        return Rooms(
            self._folder(split),
            sensor=self.sensor,
            min_depth=self.min_depth,
            max_depth=self.max_depth,
            pipeline=pipeline,
            seed=self.seed,
        )


def default_root() -> Path:
    """`depth_lab/rooms` in the user's cache folder (XDG_CACHE_HOME, or ~/.cache)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "depth_lab" / "rooms"
