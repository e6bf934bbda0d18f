"""Errors of a depth map, as functions of tensors: first additive sums, then the errors that they give.

The sums of two images add up, so the same numbers serve the mean over images, the pooled mean over pixels, and a
bootstrap that draws images again.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

METRICS = ("abs_rel", "sq_rel", "rmse", "rmse_log", "log10", "silog", "delta1", "delta2", "delta3")
SUMS = ("abs_rel", "sq_rel", "square", "square_log", "log", "abs_log", "delta1", "delta2", "delta3", "pixels")

SILog = Literal["a", "b", "c", "none"]


def accumulator(device: torch.device) -> torch.dtype:
    """The widest float of a device: float64, except on MPS."""
    return torch.float32 if device.type == "mps" else torch.float64


@torch.no_grad()
def error_sums(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    relative_to: Literal["target", "pred"] = "target",
) -> Float[Tensor, "b sums"]:
    """Sums over the valid pixels of each image, in float64, in the order of `SUMS`.

    With p the prediction, g the ground truth and d = ln p - ln g: |p-g|/g, (p-g)^2/g, (p-g)^2, d^2, d, |d|, the number
    of pixels with max(p/g, g/p) strictly below 1.25, 1.25^2, 1.25^3, and the number of pixels. A prediction that is not
    positive misses every delta and makes the logarithmic sums infinite; a NaN misses every delta, the rest is NaN.
    `relative_to="pred"` divides the two relative errors by p. Nothing waits for the device.
    """
    if not pred.shape == target.shape == valid.shape:
        raise ValueError(f"pred {tuple(pred.shape)}, target {tuple(target.shape)} and valid {tuple(valid.shape)} differ")
    if relative_to == "pred":
        pred, target = target, pred
    dtype = torch.promote_types(pred.dtype, target.dtype)
    keep, hidden = _bit_mask(valid.flatten(1), dtype)
    # p = g = 1 where invalid. Buffers are used again below: on a CPU a fresh map costs more than the arithmetic on it.
    p, g = (_hide(x.flatten(1).to(hidden.dtype), keep).add_(hidden) for x in (pred, target))
    invalid = hidden.sum(1)
    pixels = p.shape[1] - invalid
    error = p - g
    size = error.abs()
    ratio = torch.maximum(p, g).div_(torch.minimum(p, g).clamp_(min=0))
    relative = torch.div(size, g, out=g)
    hits = [torch.lt(ratio, 1.25**k, out=p).sum(1) - invalid for k in (1, 2, 3)]
    abs_log = ratio.log_()
    log = torch.copysign(abs_log, error)
    sum_log = log.sum(1)
    mean_log = sum_log / pixels.clamp(min=1)
    sums = [relative.sum(1), relative.mul_(size).sum(1), error.square_().sum(1), sum_log, sum_log, abs_log.sum(1)]
    # Centred, because mean(d^2) - mean(d)^2 of float32 squares loses the spread of a nearly constant d.
    sums[3] = _hide(log.sub_(mean_log[:, None]), keep).square_().sum(1)
    wide = torch.stack([*sums, *hits, pixels], dim=1).to(accumulator(pred.device))
    square_log, sum_log, sum_abs_log = wide[:, 3:6].unbind(1)
    square_log += sum_log.square() / wide[:, 9].clamp(min=1)
    square_log.copy_(torch.where(sum_abs_log.isfinite(), square_log, sum_abs_log))
    return wide


def errors_from_sums(sums: Float[Tensor, "*n sums"], silog: SILog = "a") -> dict[str, Float[Tensor, "*n"]]:
    """The nine errors of `METRICS` from sums over pixels; NaN where there is no pixel.

    `silog`: a, 100 sqrt(mean d^2 - (mean d)^2); b, sqrt(mean d^2 - 0.5 (mean d)^2), no factor; c, 100 times the
    standard deviation of d with n-1; none, not defined (NaN).
    """
    n = sums[..., -1]
    abs_rel, sq_rel, square, square_log, log, abs_log, *deltas = (sums[..., :-1] / n[..., None]).unbind(-1)
    variance = (square_log - log.square()).clamp(min=0)
    scale_invariant = {
        "a": lambda: 100 * variance.sqrt(),
        "b": lambda: (variance + 0.5 * log.square()).sqrt(),
        "c": lambda: 100 * (variance * n / (n - 1)).sqrt(),
        "none": lambda: torch.full_like(n, math.nan),
    }[silog]()
    values = (abs_rel, sq_rel, square.sqrt(), square_log.sqrt(), abs_log / math.log(10), scale_invariant, *deltas)
    return dict(zip(METRICS, values, strict=True))


def depth_errors(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    silog: SILog = "a",
) -> dict[str, Float[Tensor, " b"]]:
    """The nine errors of each image, in metres where they have a unit; an image without a valid pixel gets NaN."""
    dtype = torch.promote_types(pred.dtype, torch.float32)
    return {name: value.to(dtype) for name, value in errors_from_sums(error_sums(pred, target, valid), silog).items()}


def _bit_mask(valid: Bool[Tensor, "b n"], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """All bits set where valid (as integer), and 1 where invalid (as float): masks ten times faster than `where`."""
    integer, real = (torch.int64, torch.float64) if dtype == torch.float64 else (torch.int32, torch.float32)
    # A bool converts slowly, the bytes that it is made of fast.
    keep = valid.contiguous().view(torch.int8).to(integer).neg_()
    return keep, (keep + 1).to(real)


def _hide(x: Float[Tensor, "b n"], keep: Tensor) -> Float[Tensor, "b n"]:
    """0 where invalid, also for inf and NaN, which a product with the mask would leave."""
    return (x.contiguous().view(keep.dtype) & keep).view(x.dtype)
