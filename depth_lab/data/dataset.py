"""What every RGB-D data set shares: from files to checked, transformed tensors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, TypedDict

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch.utils.data import Dataset

from depth_lab.batch import DepthSample, Frame
from depth_lab.transforms import Pipeline


class Reading(TypedDict, total=False):
    """What `RGBDDataset.read` returns; `pose` and `height_cm` where the data set knows them."""

    image: UInt8[np.ndarray, "h w 3"]
    depth: Float32[np.ndarray, "h w"]
    intrinsics: Float[np.ndarray, "3 3"]
    name: str
    pose: Float[np.ndarray, "4 4"]
    height_cm: float


class RGBDDataset(Dataset[DepthSample], ABC):
    """RGB-D pairs by index. A subclass says how many there are and reads one.

    `pipeline` transforms a frame, keyed by (seed, epoch, index), so that a sample does not depend on who loads it. Only depth in
    (`min_depth`, `max_depth`) metres is valid.
    """

    def __init__(self, *, min_depth: float, max_depth: float, pipeline: Pipeline | None = None, seed: int = 0) -> None:
        self.min_depth = min_depth
        self.max_depth = max_depth
        self.pipeline = pipeline
        self.seed = seed

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def read(self, index: int) -> Reading:
        """Files to numpy: image u8 HWC, depth f32 HW in metres (0 unknown), intrinsics 3x3, name."""

    def frame(self, index: int) -> Frame:
        """One reading, checked, with `valid` decided; raises ValueError naming what is wrong with it."""
        reading = self.read(index)
        image, depth, name = reading["image"], reading["depth"], reading["name"]
        if image.shape[:2] != depth.shape:
            raise ValueError(
                f"{name}: the image is {image.shape[1]}x{image.shape[0]} and the depth {depth.shape[1]}x{depth.shape[0]} "
                "pixels, they must be equal: register depth to colour, or remove the pair."
            )
        valid = (depth > self.min_depth) & (depth < self.max_depth)
        if not valid.any():
            raise ValueError(
                f"{name}: no pixel of the depth file lies between {self.min_depth} and {self.max_depth} m: check its unit "
                "and data.max_depth, or remove the pair."
            )
        return {**reading, "valid": valid}  # type: ignore[typeddict-item]

    def __getitem__(self, item: int | tuple[int, int]) -> DepthSample:
        """A sample by index, or by (epoch, index) as `EpochSampler` asks for it."""
        epoch, index = item if isinstance(item, tuple) else (0, item)
        frame = self.frame(index)
        if self.pipeline is not None:
            frame = self.pipeline(frame, key=(self.seed, epoch, index))
        return self._tensors(frame)

    def _tensors(self, frame: Frame) -> DepthSample:
        sample: dict[str, Any] = {
            "image": torch.from_numpy(np.ascontiguousarray(frame["image"].transpose(2, 0, 1))),
            "depth": torch.from_numpy(frame["depth"])[None],
            "valid": torch.from_numpy(frame["valid"])[None],
            "intrinsics": torch.from_numpy(frame["intrinsics"].astype(np.float32)),
            "max_depth": torch.tensor(self.max_depth, dtype=torch.float32),
            "name": frame["name"],
        }
        if "pose" in frame:
            sample["pose"] = torch.from_numpy(frame["pose"].astype(np.float32))
        if "height_cm" in frame:
            sample["height_cm"] = float(frame["height_cm"])
        return sample  # type: ignore[return-value]
