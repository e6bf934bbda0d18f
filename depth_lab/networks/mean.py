"""The baseline that looks at nothing: the mean training depth map."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from depth_lab.batch import DepthBatch
from depth_lab.networks.base import DepthNetwork


class MeanDepth(DepthNetwork):
    """The same depth map for every image, resized to it. `depth_map` is a buffer, so that a checkpoint carries it.

    Args:
        height, width: of the map.
    """

    depth_map: Tensor

    def __init__(self, height: int, width: int, *, min_depth: float = 1e-3, max_depth: float = 10.0) -> None:
        super().__init__(min_depth=min_depth, max_depth=max_depth, stride=1)
        self.register_buffer("depth_map", torch.full((1, 1, height, width), self.max_depth / 2))

    @property
    def config(self) -> dict[str, Any]:
        height, width = self.depth_map.shape[-2:]
        return {"height": height, "width": width, **super().config}

    def layer_groups(self) -> list[list[nn.Parameter]]:
        return []

    def depth(self, image: Float[Tensor, "b 3 H W"]) -> Float[Tensor, "b 1 H W"]:
        resized = functional.interpolate(self.depth_map.to(image.dtype), size=image.shape[-2:], mode="bilinear")
        return resized.expand(len(image), -1, -1, -1)

    @torch.no_grad()
    def fit(self, batches: Iterable[DepthBatch]) -> MeanDepth:
        """Set the map to the mean over the valid pixels of `batches`; where none is valid, to the mean of the map."""
        total, count = torch.zeros_like(self.depth_map), torch.zeros_like(self.depth_map)
        size = (self.depth_map.shape[-2], self.depth_map.shape[-1])
        for batch in batches:
            depth = torch.where(batch["valid"], batch["depth"], 0.0).to(total)
            total += functional.adaptive_avg_pool2d(depth, size).sum(dim=0)
            count += functional.adaptive_avg_pool2d(batch["valid"].to(total), size).sum(dim=0)
        seen = count > 0
        if not seen.any():
            raise ValueError("no batch has a valid pixel; the mean depth map needs at least one: check the data's range")
        mean = total / count.clamp(min=torch.finfo(count.dtype).tiny)
        self.depth_map.copy_(torch.where(seen, mean, mean[seen].mean()))
        return self
