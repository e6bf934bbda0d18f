"""Vertical CutDepth (Kim et al. 2022, GLPN): the network sees part of the answer, as full-height image columns."""

from __future__ import annotations

from typing import Any

import albumentations as A
import numpy as np
from jaxtyping import Float32, Shaped

from depth_lab.transforms.crops import check_one_size


class VerticalCutDepth(A.ImageOnlyTransform):
    """Pastes the true depth over full-height columns of the image, the same grey in three channels; depth stays.

    Left edge int(a * W), width max(int((W - a * W) * b * width), 1), with a and b uniform in [0, 1]. The grey is
    depth / max_depth, cut at 1 and times 255 in a uint8 image; holes (depth 0) become black. Geometry and rate are
    those of the paper's code; the pasted value is ours, because theirs wraps millimetres in uint8. Must see the full
    frame: a `Pipeline` takes it only as its first transform.
    """

    def __init__(self, p: float = 0.25, width: float = 0.75, max_depth: float = 10.0) -> None:
        super().__init__(p=p)
        if not 0 < width <= 1 or max_depth <= 0:
            raise ValueError(f"VerticalCutDepth needs 0 < width <= 1 and max_depth > 0, got {width=}, {max_depth=}.")
        self.width, self.max_depth = width, max_depth

    @property
    def targets_as_params(self) -> list[str]:
        return ["image", "depth"]

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        check_one_size(self, data)
        columns = params["shape"][1]
        a, b = self.py_random.random(), self.py_random.random()
        left = int(a * columns)
        right = left + max(int((columns - a * columns) * b * self.width), 1)
        return {"left": left, "right": right, "depth": data["depth"][:, left:right]}

    def apply(self, img: Shaped[np.ndarray, "h w 3"], **params: Any) -> Shaped[np.ndarray, "h w 3"]:
        image = img.copy()
        image[:, params["left"] : params["right"]] = self._grey(params["depth"], img.dtype)[..., None]
        return image

    def _grey(self, depth: Float32[np.ndarray, "h w"], dtype: np.dtype) -> Shaped[np.ndarray, "h w"]:
        grey = np.clip(depth / self.max_depth, 0.0, 1.0)
        return np.rint(grey * 255).astype(np.uint8) if dtype == np.uint8 else grey.astype(dtype)
