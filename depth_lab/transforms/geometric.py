"""albumentations transforms that move image, depth, valid and intrinsics together.

Depth and valid are resampled by `cv2.INTER_NEAREST_EXACT` only: plain `INTER_NEAREST` is off by half the shrink factor
(2.5 px from 1242 to 300 columns), and interpolation would invent depths across edges and holes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import albumentations as A
import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Shaped, UInt8

from depth_lab.geometry import camera


class FrameTransform(A.BasicTransform):
    """Base of everything that moves pixels. A subclass says how image, depth and K move; valid moves as depth does.

    `breaks` names keys that are no longer true after the transform, so that it removes them. `random` says that it
    draws more than whether it is applied.
    """

    breaks: ClassVar[tuple[str, ...]] = ()
    random: ClassVar[bool] = False

    def __init__(self, p: float = 1.0) -> None:
        super().__init__(p=p)

    @property
    def targets(self) -> dict[str, Callable[..., Any]]:
        return {
            "image": self.apply,
            "depth": self.apply_to_depth,
            "valid": self.apply_to_valid,
            "intrinsics": self.apply_to_intrinsics,
        }

    def apply_to_depth(self, depth: Shaped[np.ndarray, "h w"], **params: Any) -> Shaped[np.ndarray, "H W"]:
        raise NotImplementedError

    def apply_to_valid(self, valid: Bool[np.ndarray, "h w"], **params: Any) -> Bool[np.ndarray, "H W"]:
        # not every OpenCV that we allow takes bool
        return self.apply_to_depth(valid.view(np.uint8), **params).view(np.bool_)

    def apply_to_intrinsics(self, K: Float[np.ndarray, "3 3"], **params: Any) -> Float[np.ndarray, "3 3"]:
        raise NotImplementedError

    def apply_with_params(self, params: dict[str, Any], *args: Any, **data: Any) -> dict[str, Any]:
        kept = {name: value for name, value in data.items() if name not in self.breaks}
        return super().apply_with_params(params, *args, **kept)


class Resize(FrameTransform):
    """Training: everything to height x width."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        if min(height, width) < 1:
            raise ValueError(f"{type(self).__name__} needs a height and a width of at least 1, got {height} x {width}.")
        self.height, self.width = height, width

    def apply(self, img: UInt8[np.ndarray, "h w 3"], **params: Any) -> UInt8[np.ndarray, "H W 3"]:
        return resize_image(img, self.height, self.width)

    def apply_to_depth(self, depth: Shaped[np.ndarray, "h w"], **params: Any) -> Shaped[np.ndarray, "H W"]:
        return cv2.resize(depth, (self.width, self.height), interpolation=cv2.INTER_NEAREST_EXACT)

    def apply_to_intrinsics(self, K: Float[np.ndarray, "3 3"], **params: Any) -> Float[np.ndarray, "3 3"]:
        return camera.resize(K, params["shape"][:2], (self.height, self.width))


class ResizeImage(Resize):
    """Evaluation: the image and its intrinsics only; depth and valid keep the size of the ground truth's file."""

    @property
    def targets(self) -> dict[str, Callable[..., Any]]:
        return {"image": self.apply, "intrinsics": self.apply_to_intrinsics}


class HorizontalFlip(FrameTransform):
    """Left and right exchanged: the picture of a mirrored world, so `pose` goes."""

    breaks: ClassVar[tuple[str, ...]] = ("pose",)

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p=p)

    def apply(self, img: UInt8[np.ndarray, "h w 3"], **params: Any) -> UInt8[np.ndarray, "h w 3"]:
        return cv2.flip(img, 1)

    def apply_to_depth(self, depth: Shaped[np.ndarray, "h w"], **params: Any) -> Shaped[np.ndarray, "h w"]:
        return cv2.flip(depth, 1)

    def apply_to_intrinsics(self, K: Float[np.ndarray, "3 3"], **params: Any) -> Float[np.ndarray, "3 3"]:
        return camera.hflip(K, params["shape"][1])


def resize_image(
    image: UInt8[np.ndarray, "h w 3"] | Float32[np.ndarray, "h w 3"], height: int, width: int
) -> UInt8[np.ndarray, "H W 3"] | Float32[np.ndarray, "H W 3"]:
    """An axis that shrinks is averaged by area (bilinear would skip pixels and alias), one that grows is bilinear."""
    h, w = image.shape[:2]
    if height < h or width < w:
        # two steps, because OpenCV's area mode misplaces pixels by up to half a pixel when an axis grows
        image = cv2.resize(image, (min(width, w), min(height, h)), interpolation=cv2.INTER_AREA)
    if image.shape[:2] != (height, width):
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return image
