"""Crops that move the intrinsics: random ones for training, and the windows that benchmarks are scored in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Shaped, UInt8

from depth_lab.geometry import camera
from depth_lab.transforms.geometric import FrameTransform

Window = tuple[int, int, int, int]
"""Top, left, height, width."""


class Crop(FrameTransform):
    """Base: a subclass says which window of an image of height x width to keep."""

    def window(self, height: int, width: int) -> Window:
        raise NotImplementedError

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        height, width = params["shape"][:2]
        check_one_size(self, data)
        top, left, h, w = self.window(height, width)
        if min(h, w) < 1 or h > height or w > width:
            raise ValueError(
                f"{type(self).__name__} wants {h} x {w} pixels of an image of {height} x {width}: use a smaller crop, "
                "or resize the images first."
            )
        return {"window": (top, left, h, w)}

    def apply(self, img: UInt8[np.ndarray, "h w 3"], **params: Any) -> UInt8[np.ndarray, "H W 3"]:
        return _cut(img, params["window"])

    def apply_to_depth(self, depth: Shaped[np.ndarray, "h w"], **params: Any) -> Shaped[np.ndarray, "H W"]:
        return _cut(depth, params["window"])

    def apply_to_intrinsics(self, K: Float[np.ndarray, "3 3"], **params: Any) -> Float[np.ndarray, "3 3"]:
        top, left, _, _ = params["window"]
        return camera.crop(K, left, top)


class CenterCrop(Crop):
    """The middle of the image: `size` (height, width) in pixels, or `fraction` of height and of width."""

    def __init__(self, *, size: Sequence[int] | None = None, fraction: Sequence[float] | None = None) -> None:
        super().__init__()
        if (size is None) == (fraction is None):
            raise ValueError(f"{type(self).__name__} needs either a size or a fraction, got {size=} and {fraction=}.")
        if fraction is not None and not all(0 < part <= 1 for part in fraction):
            raise ValueError(f"{type(self).__name__} needs fractions in (0, 1], got {tuple(fraction)}.")
        self.size, self.fraction = size, fraction

    def window(self, height: int, width: int) -> Window:
        h, w = self.extent(height, width)
        return (height - h) // 2, (width - w) // 2, h, w

    def extent(self, height: int, width: int) -> tuple[int, int]:
        if self.size is not None:
            h, w = self.size
            return h, w
        assert self.fraction is not None
        part_h, part_w = self.fraction
        return max(round(part_h * height), 1), max(round(part_w * width), 1)


class RandomCrop(CenterCrop):
    """As `CenterCrop`, but anywhere, uniformly. GLPN crops NYU by (14/15, 9/10): 448 x 576 of 480 x 640."""

    random: ClassVar[bool] = True

    def window(self, height: int, width: int) -> Window:
        h, w = self.extent(height, width)
        # too large a crop draws nothing here; the base class refuses it
        return self.py_random.randint(0, max(height - h, 0)), self.py_random.randint(0, max(width - w, 0)), h, w


class KittiBenchmarkCrop(Crop):
    """The "KB crop", 352 x 1216 at the bottom centre: KITTI's frames vary by some pixels, its benchmark does not."""

    def window(self, height: int, width: int) -> Window:
        return height - 352, int((width - 1216) / 2), 352, 1216


def check_one_size(transform: object, data: dict[str, Any]) -> None:
    """A crop in pixels means nothing when image and depth differ in size."""
    sizes = {name: data[name].shape[:2] for name in ("image", "depth", "valid") if name in data}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"{type(transform).__name__} needs image, depth and valid of one size, got {sizes}: resize them first.")


def _cut(array: Shaped[np.ndarray, "h w *c"], window: Window) -> Shaped[np.ndarray, "H W *c"]:
    top, left, h, w = window
    return array[top : top + h, left : left + w]
