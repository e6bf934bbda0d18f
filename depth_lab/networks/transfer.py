"""Transfer learning: an ImageNet encoder and the decoder of DenseDepth (Alhashim & Wonka 2018, arXiv:1812.11941)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from depth_lab.networks.base import DepthNetwork
from depth_lab.networks.encoder import Encoder

SLOPE = 0.2
NARROWEST = 16
START = 0.25  # untrained, a network says a quarter of max_depth: about the mean of NYU (2.7 of 10 m) and KITTI (16 of 80 m)


class Transfer(DepthNetwork):
    """A timm encoder with a DenseDepth decoder. Depth is `max_depth * sigmoid(logit)`.

    DenseDepth regresses `max_depth / depth` without a bound and needs a loss in that space. The sigmoid bounds the
    depth by construction and is close to the exponential where depth is small, so that there a step of the logit is a
    ratio of depths, as in the logarithmic losses.

    Args:
        encoder: name of a timm model that gives feature maps.
        pretrained: see `depth_lab.networks.encoder.timm_weights`.
        decoder_channels: width at the coarsest map, halved at each finer one, never under 16.
    """

    encoder: Encoder
    decoder: Decoder

    def __init__(
        self,
        encoder: str = "tf_efficientnet_lite0",
        *,
        pretrained: bool | str | None = None,
        min_depth: float = 1e-3,
        max_depth: float = 10.0,
        decoder_channels: int = 256,
    ) -> None:
        features = Encoder(encoder, pretrained=pretrained)
        stride = max(features.reductions)
        super().__init__(min_depth=min_depth, max_depth=max_depth, stride=stride, mean=features.mean, std=features.std)
        self._name, self._width = encoder, decoder_channels
        self.encoder = features
        self.decoder = Decoder(features.channels, decoder_channels)
        self.head = nn.Conv2d(self.decoder.channels, 1, kernel_size=3, padding=1)
        nn.init.constant_(cast(Tensor, self.head.bias), math.log(START / (1 - START)))

    @property
    def config(self) -> dict[str, Any]:
        return {"encoder": self._name, "pretrained": None, "decoder_channels": self._width, **super().config}

    def layer_groups(self) -> list[list[nn.Parameter]]:
        return [*self.encoder.layer_groups(), [*self.decoder.parameters(), *self.head.parameters()]]

    def depth(self, image: Float[Tensor, "b 3 H W"]) -> Float[Tensor, "b 1 H W"]:
        logit = self.head(self.decoder(self.encoder(image)))
        logit = functional.interpolate(logit.to(image.dtype), size=image.shape[-2:], mode="bilinear")
        return self.max_depth * logit.sigmoid()


class Decoder(nn.Module):
    """From the coarsest map to the finest: upsample, concatenate the encoder's map, two convolutions.

    Attributes:
        channels: of the result, which has the size of the finest map.
    """

    def __init__(self, channels: Sequence[int], width: int) -> None:
        super().__init__()
        *skips, coarsest = channels
        self.bridge = nn.Conv2d(coarsest, width, kernel_size=1)
        self.ups = nn.ModuleList()
        for skip in reversed(skips):
            finer = max(width // 2, NARROWEST)
            self.ups.append(Up(width + skip, finer))
            width = finer
        self.channels = width

    def forward(self, maps: Sequence[Float[Tensor, "b _ _ _"]]) -> Float[Tensor, "b c h w"]:
        *skips, coarsest = maps
        x = self.bridge(coarsest)
        for up, skip in zip(self.ups, reversed(skips), strict=True):
            x = up(x, skip)
        return x


class Up(nn.Module):
    """One scale of the decoder."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(*_convolution(channels, width), *_convolution(width, width))

    def forward(self, x: Float[Tensor, "b c _ _"], skip: Float[Tensor, "b s h w"]) -> Float[Tensor, "b k h w"]:
        x = functional.interpolate(x, size=skip.shape[-2:], mode="bilinear")
        return self.convolutions(torch.cat([x, skip], dim=1))


def _convolution(channels: int, width: int) -> list[nn.Module]:
    # DenseDepth has no normalisation; fine-tuning on a few hundred pairs, this learns in fewer epochs with it.
    convolution = nn.Conv2d(channels, width, kernel_size=3, padding=1, bias=False)
    nn.init.kaiming_normal_(convolution.weight, a=SLOPE)
    return [convolution, nn.BatchNorm2d(width), nn.LeakyReLU(SLOPE, inplace=True)]
