"""What every network shares: metres out, any image size in, and a config that rebuilds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class DepthNetwork(nn.Module):
    """Depth from one image. A subclass implements `depth`, which sees a normalised image padded to the stride.

    Args:
        min_depth, max_depth: bounds of the prediction, metres.
        stride: height and width that `depth` sees are multiples of it.
        mean, std: normalisation per colour channel, for an image in [0, 1]; None for none.
    """

    encoder: nn.Module
    decoder: nn.Module
    head: nn.Module
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        *,
        min_depth: float,
        max_depth: float,
        stride: int,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        if not 0 < min_depth < max_depth:
            raise ValueError(
                f"min_depth {min_depth} and max_depth {max_depth}: depth in metres needs 0 < min_depth < max_depth; "
                "set model.network.min_depth and max_depth"
            )
        self.min_depth, self.max_depth, self.stride = float(min_depth), float(max_depth), stride
        # Not persistent: they belong to the architecture, so that a checkpoint cannot disagree with it.
        self.register_buffer("mean", torch.tensor(mean or (0.0, 0.0, 0.0)).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std or (1.0, 1.0, 1.0)).view(1, 3, 1, 1), persistent=False)

    @property
    def config(self) -> dict[str, Any]:
        """Arguments, all built-ins, that rebuild this network without a download: `type(net)(**net.config)`."""
        return {"min_depth": self.min_depth, "max_depth": self.max_depth}

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Every parameter once, in groups from the input to the output: for layer-wise learning rates."""
        raise NotImplementedError

    def depth(self, image: Float[Tensor, "b 3 H W"]) -> Float[Tensor, "b 1 H W"]:
        """Metres, of a normalised image whose sides are multiples of the stride; `forward` bounds and crops it."""
        raise NotImplementedError

    def forward(self, image: Tensor) -> Float[Tensor, "b 1 h w"]:
        """Depth in metres, within [min_depth, max_depth].

        Args:
            image: [b, 3, h, w] float in [0, 1], RGB, of any height and width.
        """
        _require_image(image)
        height, width = image.shape[-2:]
        normalised = (image - self.mean) / self.std
        # The edge is repeated, not reflected: the pad may be wider than the image.
        padded = functional.pad(normalised, (0, -width % self.stride, 0, -height % self.stride), mode="replicate")
        return self.depth(padded)[..., :height, :width].clamp(self.min_depth, self.max_depth)


def _require_image(image: Tensor) -> None:
    if image.ndim == 4 and image.shape[1] == 3 and image.is_floating_point() and image.numel():
        return
    came = f"a {str(image.dtype).removeprefix('torch.')} tensor of shape {tuple(image.shape)}"
    advice = "stack single images, permute height x width x 3, repeat or drop channels until there are three"
    if not image.is_floating_point():
        advice = "convert it (uint8: image.float() / 255)"
    raise ValueError(f"a network got {came}; it needs a float image [b, 3, h, w] in [0, 1]: {advice}")
