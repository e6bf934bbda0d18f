"""What travels through depth_lab, and every convention about it. Read this first.

- **image**: RGB, float32 in [0, 1], channels first, not normalised: networks normalise (timm encoders want their own mean
  and standard deviation, GLPN wants none). Workers may ship uint8; the batch that a task sees is float.
- **depth**: float32, **metres**, **z-depth** (along the optical axis, not along the ray), 0 where unknown.
- **valid**: bool, this pixel counts in the loss. The data set decides once: measured, and in range. (A score is taken where its
  protocol says, from the depth itself.)
- **intrinsics**: 3x3 K in pixels of *this* image; the centre of pixel (0, 0) is at (0, 0). OpenCV axes: x right, y down,
  z forward.
- **pose**, optional: 4x4 camera-to-world, same axes, metres.
- **max_depth**: the cap of the data set in metres, so that a mix of data sets keeps each one's own.
- **height_cm**, optional: standing height of the person in the picture.
- **name**: unique within a split: a relative POSIX path without suffix; names output files and rows of the per-image store.

In training `depth` and `valid` have the size of `image`. In evaluation they keep the size of the ground truth's file, because a
score never resizes the ground truth: predictions are resized to it.

Batches are plain dicts, made by torch's default collate; an optional key is in all samples of a data set or in none.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, UInt8
from torch import Tensor


class Frame(TypedDict):
    """What a data set reads and a transform moves: numpy, metres, before it becomes tensors."""

    image: UInt8[np.ndarray, "h w 3"]
    depth: Float32[np.ndarray, "h w"]
    valid: Bool[np.ndarray, "h w"]
    intrinsics: Float[np.ndarray, "3 3"]
    name: str
    pose: NotRequired[Float[np.ndarray, "4 4"]]
    height_cm: NotRequired[float]


class DepthSample(TypedDict):
    """One image with its ground truth, as tensors."""

    image: UInt8[Tensor, "3 h w"] | Float32[Tensor, "3 h w"]
    depth: Float32[Tensor, "1 H W"]
    valid: Bool[Tensor, "1 H W"]
    intrinsics: Float32[Tensor, "3 3"]
    max_depth: Float32[Tensor, ""]
    name: str
    pose: NotRequired[Float32[Tensor, "4 4"]]
    height_cm: NotRequired[float]


class DepthBatch(TypedDict):
    """Samples stacked by the default collate; what a task sees."""

    image: Float32[Tensor, "b 3 h w"]
    depth: Float32[Tensor, "b 1 H W"]
    valid: Bool[Tensor, "b 1 H W"]
    intrinsics: Float32[Tensor, "b 3 3"]
    max_depth: Float32[Tensor, " b"]
    name: list[str]
    pose: NotRequired[Float32[Tensor, "b 4 4"]]
    height_cm: NotRequired[Float[Tensor, " b"]]


class Prediction(TypedDict):
    """What a network says of one image, at the image's own size; what writers get.

    `source` is where it comes from, in built-ins: network, checkpoint_sha256, protocol, resize.
    """

    name: str
    image: UInt8[np.ndarray, "h w 3"]
    depth: Float32[np.ndarray, "h w"]
    source: dict[str, Any]
    intrinsics: NotRequired[Float[np.ndarray, "3 3"]]


def float_image(batch: DepthBatch) -> DepthBatch:
    """The batch with its image as float32 in [0, 1]."""
    if batch["image"].dtype == torch.uint8:
        return {**batch, "image": batch["image"].float() / 255}
    return batch
