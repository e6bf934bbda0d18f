"""The windows of pixels that evaluations count, as the integers that their authors' code gives."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Bool
from torch import Tensor

Crop = Literal["none", "nyu_eigen", "densedepth", "garg", "eigen"]
Frame = Literal["full", "kb"]
Window = tuple[int, int, int, int]
"""top, bottom, left, right; bottom and right are exclusive."""

FRAMES = {"nyu": (480, 640), "kb": (352, 1216)}
_NYU: dict[str, Window] = {"nyu_eigen": (45, 471, 41, 601), "densedepth": (20, 460, 24, 616)}
_KITTI = {
    "garg": (0.40810811, 0.99189189, 0.03594771, 0.96405229),  # Garg et al. 2016
    "eigen": (0.3324324, 0.91351351, 0.0359477, 0.96405229),  # Eigen et al. 2014
}


def crop_window(crop: Crop, size: tuple[int, int], frame: Frame = "full") -> Window:
    """The window on an image of `size` (height, width).

    The fractions of `garg` and `eigen` are of the whole image, or under `frame="kb"` of the 352 x 1216 window that
    the KITTI benchmark keeps (bottom, centred): not the same pixels.
    """
    height, width = size
    top = left = 0
    if frame == "kb":
        if height < FRAMES["kb"][0] or width < FRAMES["kb"][1]:
            raise ValueError(f"no {FRAMES['kb']} window fits into ground truth of {size}")
        top, left = height - FRAMES["kb"][0], (width - FRAMES["kb"][1]) // 2
        height, width = FRAMES["kb"]
    if crop in _NYU:
        if size != FRAMES["nyu"]:
            raise ValueError(f"the crop {crop} is defined for {FRAMES['nyu']}, not for {size}")
        return _NYU[crop]
    y0, y1, x0, x1 = _KITTI.get(crop, (0.0, 1.0, 0.0, 1.0))
    return top + int(y0 * height), top + int(y1 * height), left + int(x0 * width), left + int(x1 * width)


def crop_mask(crop: Crop, size: tuple[int, int], frame: Frame = "full") -> Bool[Tensor, "h w"]:
    """The same window as a mask of the whole image."""
    top, bottom, left, right = crop_window(crop, size, frame)
    mask = torch.zeros(size, dtype=torch.bool)
    mask[top:bottom, left:right] = True
    return mask
