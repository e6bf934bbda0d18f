"""Learning rates over a run: functions `(optimizer, total_steps) -> scheduler`, stepped once a batch."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR


def polynomial_up_down(optimizer: Optimizer, total_steps: int, *, start_factor: float = 0.3, power: float = 0.9) -> LRScheduler:
    """From `start_factor` times the rate up to the rate at half the run, and back down (Kim et al. 2022, section 4.2).

    Both halves follow `(fraction of the half) ** power`, as the authors' code does: 3e-5 to 1e-4 and back is a rate of 1e-4 with
    a start factor of 0.3.
    """
    half = max(total_steps / 2, 1)

    def factor(step: int) -> float:
        position = min(step / half, 2.0)
        climbed = position**power if position < 1 else 1 - (position - 1) ** power
        return start_factor + (1 - start_factor) * climbed

    return LambdaLR(optimizer, factor)


def one_cycle(optimizer: Optimizer, total_steps: int, *, warmup: float = 0.1) -> LRScheduler:
    """Up for the share `warmup` of the run, then down by a cosine to nearly zero (Smith & Topin 2018).

    Every parameter group peaks at its own rate, so that layer-wise decay keeps its proportions.
    """
    peaks = [group["lr"] for group in optimizer.param_groups]
    return OneCycleLR(
        optimizer,
        max_lr=peaks,
        total_steps=max(total_steps, 1),
        pct_start=warmup,
        cycle_momentum=False,
        final_div_factor=1e3,
    )


def constant(optimizer: Optimizer, total_steps: int) -> LRScheduler:
    """The same rate throughout (Alhashim & Wonka 2018)."""
    return LambdaLR(optimizer, lambda step: 1.0)
