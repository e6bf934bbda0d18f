"""Training losses: `(pred, target, valid) -> scalar`.

All of them work per image and then take the mean over the images that have a valid pixel, so that the result does not
depend on how a batch is split over processes; `pool=True` takes the whole batch as one image, as the authors' code.
They compute in float32 also under autocast. What lies under an invalid pixel (0, inf, NaN) reaches neither the value
nor the gradient; a batch without a valid pixel gives zero, with a gradient of zeros.

Inside, a map becomes rows `[r, n]`: one row per image, or one for the batch when pooled.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

Rows = Float[Tensor, "r n"]
PerRow = Float[Tensor, " r"]


class DepthLoss(nn.Module, ABC):
    """The contract above; a subclass says what one row, or one batch of images, costs."""

    def __init__(self, pool: bool) -> None:
        super().__init__()
        self.pool = pool

    def forward(
        self,
        pred: Float[Tensor, "b 1 h w"],
        target: Float[Tensor, "b 1 h w"],
        valid: Bool[Tensor, "b 1 h w"],
    ) -> Float[Tensor, ""]:
        if not pred.shape == target.shape == valid.shape:
            raise ValueError(f"pred {tuple(pred.shape)}, target {tuple(target.shape)} and valid {tuple(valid.shape)} differ")
        with torch.autocast(pred.device.type, enabled=False):
            dtype = torch.promote_types(pred.dtype, torch.float32)
            # Before any arithmetic: inf and NaN survive a product with the mask.
            pred, target = (torch.where(valid, x.to(dtype), 1) for x in (pred, target))
            return _mean(self.per_row(pred, target, valid), self._rows(valid).any(1))

    @abstractmethod
    def per_row(
        self,
        pred: Float[Tensor, "b 1 h w"],
        target: Float[Tensor, "b 1 h w"],
        valid: Bool[Tensor, "b 1 h w"],
    ) -> PerRow:
        """The loss of each row; `pred` and `target` are 1 where invalid. Zero where nothing is valid."""

    def _rows(self, x: Tensor) -> Tensor:
        return x.reshape(1 if self.pool else x.shape[0], -1)


class SILog(DepthLoss):
    """Scale-invariant logarithmic loss, `scale` times `silog` (Eigen et al. 2014).

    `variance_focus` f: 1 ignores the scale of a prediction, 0 is the RMSE of the logarithm. GLPN takes 0.5, BTS 0.85
    and a `scale` of 10.
    """

    def __init__(self, variance_focus: float = 0.5, scale: float = 1.0, pool: bool = False) -> None:
        super().__init__(pool)
        if not 0 <= variance_focus <= 1:
            raise ValueError(f"variance_focus is {variance_focus}, it must lie in [0, 1]")
        self.variance_focus = variance_focus
        self.scale = scale

    def per_row(self, pred: Tensor, target: Tensor, valid: Tensor) -> PerRow:
        return self.scale * silog(self._rows(pred), self._rows(target), self._rows(valid), self.variance_focus)


class BerHu(DepthLoss):
    """Reverse Huber loss (Laina et al. 2016): L1 up to c, a parabola above, c = `threshold` times the largest error."""

    def __init__(self, threshold: float = 0.2, pool: bool = False) -> None:
        super().__init__(pool)
        self.threshold = threshold

    def per_row(self, pred: Tensor, target: Tensor, valid: Tensor) -> PerRow:
        return berhu(self._rows(pred), self._rows(target), self._rows(valid), self.threshold)


class DenseDepthLoss(DepthLoss):
    """0.1 L1 + L1 of the gradients + (1 - SSIM) / 2, of reciprocal depth `max_depth / depth` (Alhashim & Wonka 2018).

    The reciprocal lies in [1, 100] for depths from `max_depth / 100` to `max_depth`: 100 is the dynamic range of SSIM,
    and nearer ground truth counts as that near. A horizontal or vertical difference counts where both of its pixels are
    valid, a SSIM window (11 x 11 Gaussian, sigma 1.5, no padding) where all of its pixels are. Each term is a mean over
    what counts, zero where nothing does: on sparse ground truth no window is whole and SSIM falls away.
    """

    def __init__(self, max_depth: float, l1_weight: float = 0.1, pool: bool = False) -> None:
        super().__init__(pool)
        self.max_depth = max_depth
        self.l1_weight = l1_weight

    def per_row(self, pred: Tensor, target: Tensor, valid: Tensor) -> PerRow:
        x = reciprocal_depth(pred, self.max_depth)
        y = reciprocal_depth(target.clamp(min=self.max_depth / _DYNAMIC_RANGE), self.max_depth)
        difference = x - y
        similarity, whole = ssim(x, y, valid, _DYNAMIC_RANGE)
        loss = self.l1_weight * self._average(difference.abs(), valid)
        for dim in (2, 3):
            both = valid.narrow(dim, 0, valid.shape[dim] - 1) & valid.narrow(dim, 1, valid.shape[dim] - 1)
            loss = loss + self._average(difference.diff(dim=dim).abs(), both)
        return loss + self._average((1 - similarity) / 2, whole).clamp(0, 1)

    def _average(self, values: Tensor, counts: Tensor) -> PerRow:
        return _masked_mean(self._rows(values), self._rows(counts))


def silog(pred: Rows, target: Rows, valid: Bool[Tensor, "r n"], variance_focus: float) -> PerRow:
    """sqrt(mean d^2 - f (mean d)^2), d = ln pred - ln target, over the valid pixels of each row.

    Computed as var(d) + (1 - f) (mean d)^2, never negative. At exact equality the gradient is zero.
    """
    d = pred.clamp(min=_TINY_DEPTH).log() - target.log()
    mean = _masked_mean(d, valid)
    square = _masked_mean((d - mean[:, None]).square(), valid) + (1 - variance_focus) * mean.square()
    positive = square > 0
    return torch.where(positive, torch.where(positive, square, 1).sqrt(), 0 * square)


def berhu(pred: Rows, target: Rows, valid: Bool[Tensor, "r n"], threshold: float) -> PerRow:
    """mean of |e| where |e| <= c, else (e^2 + c^2) / 2c; c = threshold max|e| of the row, without a gradient."""
    error = (pred - target).abs()
    c = threshold * torch.where(valid, error.detach(), 0).amax(dim=1, keepdim=True)
    parabola = (error.square() + c.square()) / (2 * torch.where(c > 0, c, 1))
    return _masked_mean(torch.where(error <= c, error, parabola), valid)


def reciprocal_depth(depth: Float[Tensor, "b 1 h w"], max_depth: float) -> Float[Tensor, "b 1 h w"]:
    """max_depth / depth, without a unit; below max_depth / 100 its tangent, so that the gradient stays finite."""
    near = max_depth / _DYNAMIC_RANGE
    return torch.where(depth > near, max_depth / depth.clamp(min=near), _DYNAMIC_RANGE * (2 - depth / near))


def ssim(
    x: Float[Tensor, "b 1 h w"], y: Float[Tensor, "b 1 h w"], valid: Bool[Tensor, "b 1 h w"], dynamic_range: float
) -> tuple[Float[Tensor, "b 1 y x"], Bool[Tensor, "b 1 y x"]]:
    """Structural similarity of every window inside the image (Wang et al. 2004), and which windows are all valid.

    An image smaller than a window gets one window of its own size in that direction.
    """
    size_y, size_x = (min(_WINDOW, n) for n in x.shape[-2:])
    # Six channels of one depthwise convolution: as six images the same takes 25 times as long on a CPU.
    maps = torch.cat([x, y, x * x, y * y, x * y, (~valid).to(x.dtype)], dim=1)
    for kernel in (_gaussian(size_y, x).view(1, 1, -1, 1), _gaussian(size_x, x).view(1, 1, 1, -1)):
        maps = F.conv2d(maps, kernel.expand(6, -1, -1, -1), groups=6)
    mean_x, mean_y, xx, yy, xy, broken = maps.chunk(6, dim=1)
    var_x, var_y, covariance = xx - mean_x.square(), yy - mean_y.square(), xy - mean_x * mean_y
    c1, c2 = (0.01 * dynamic_range) ** 2, (0.03 * dynamic_range) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x.square() + mean_y.square() + c1)
    structure = (2 * covariance + c2) / (var_x + var_y + c2)
    return luminance * structure, broken == 0


def _gaussian(size: int, like: Tensor) -> Float[Tensor, " size"]:
    offset = torch.arange(size, dtype=like.dtype, device=like.device) - (size - 1) / 2
    return torch.softmax(-offset.square() / (2 * 1.5**2), dim=0)


def _masked_mean(values: Rows, counts: Bool[Tensor, "r n"]) -> PerRow:
    return torch.where(counts, values, 0).sum(1) / counts.sum(1).clamp(min=1)


def _mean(per_row: PerRow, counts: Bool[Tensor, " r"]) -> Float[Tensor, ""]:
    return torch.where(counts, per_row, 0).sum() / counts.sum().clamp(min=1)


_TINY_DEPTH = 1e-6  # metres: far below any min_depth, for the zero of an underflow in float16
_DYNAMIC_RANGE = 100.0
_WINDOW = 11
