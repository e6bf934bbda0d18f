"""The errors of a whole evaluation: a torchmetrics metric that only remembers."""

from __future__ import annotations

from typing import Any, Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torchmetrics import Metric

from depth_lab.metrics.functional import METRICS, SUMS, SILog, error_sums, errors_from_sums


class DepthMetrics(Metric):
    """The nine depth errors over an evaluation, exact for any batch sizes and number of processes.

    `pool=False`: the mean over images, as the literature averages; `pool=True`: over all pixels at once. Images without
    a valid pixel are left out and counted in `skipped`. One metric with a vector as its state, because a
    `MetricCollection` merges metrics whose states are equal after the first batch.
    """

    full_state_update = False
    total: Tensor
    images: Tensor
    skipped: Tensor

    def __init__(
        self,
        silog: SILog = "a",
        pool: bool = False,
        relative_to: Literal["target", "pred"] = "target",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.silog: SILog = silog
        self.pool = pool
        self.relative_to = relative_to
        # A state is made before its device is known, and MPS has no float64.
        dtype = torch.float32 if torch.backends.mps.is_available() else torch.float64
        self.add_state("total", torch.zeros(len(SUMS if pool else METRICS), dtype=dtype), dist_reduce_fx="sum")
        self.add_state("images", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")
        self.add_state("skipped", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def update(
        self,
        pred: Float[Tensor, "b 1 h w"],
        target: Float[Tensor, "b 1 h w"],
        valid: Bool[Tensor, "b 1 h w"],
    ) -> None:
        """Add a batch; nothing waits for the device."""
        sums = error_sums(pred, target, valid, self.relative_to)
        counts = sums[:, -1] > 0
        rows = sums if self.pool else torch.stack(list(errors_from_sums(sums, self.silog).values()), dim=1)
        self.total = self.total + torch.where(counts[:, None], rows, 0).sum(0).to(self.total.dtype)
        self.images = self.images + counts.sum()
        self.skipped = self.skipped + (~counts).sum()

    def compute(self) -> dict[str, Float[Tensor, ""]]:
        """Every error as a scalar; NaN where no image had a valid pixel."""
        if self.pool:
            return errors_from_sums(self.total, self.silog)
        return dict(zip(METRICS, (self.total / self.images).unbind(), strict=True))
