"""Bring a prediction to the scale of the ground truth before it is scored, image by image."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from depth_lab.metrics.functional import accumulator


def align_least_squares(
    pred: Float[Tensor, "b 1 h w"], target: Float[Tensor, "b 1 h w"], valid: Bool[Tensor, "b 1 h w"]
) -> Float[Tensor, "b 1 h w"]:
    """s pred + t with the s and t that minimise the squared error in depth over the valid pixels.

    A constant prediction leaves s open; it then gets s = 0, the mean of the ground truth.
    """
    wide = accumulator(pred.device)
    p, g = (torch.where(valid, x, 0).to(wide) for x in (pred, target))
    count = valid.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)
    mean_p, mean_g = (x.sum(dim=(1, 2, 3), keepdim=True) / count for x in (p, g))
    centred = torch.where(valid, p - mean_p, 0)
    variance = centred.square().sum(dim=(1, 2, 3), keepdim=True)
    covariance = (centred * g).sum(dim=(1, 2, 3), keepdim=True)
    scale = torch.where(variance == 0, 0, covariance / variance)
    return (pred.to(wide) * scale + (mean_g - scale * mean_p)).to(pred.dtype)


def align_median(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    min_depth: Float[Tensor, "*b 1 1 1"],
) -> Float[Tensor, "b 1 h w"]:
    """s pred with s = median(target) / median(max(pred, min_depth)), over valid pixels where pred is finite.

    The median of an even number of values is the lower of the middle two, as in torch. Without a finite pixel s = 1.
    """
    seen = valid & pred.isfinite()
    p, g = (torch.where(seen, x, torch.nan).flatten(1) for x in (pred.maximum(min_depth), target))
    scale = g.nanmedian(dim=1).values / p.nanmedian(dim=1).values
    return pred * torch.where(scale.isfinite(), scale, 1)[:, None, None, None]
