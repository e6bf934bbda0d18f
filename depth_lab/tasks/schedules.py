"""Learning rates over a run: functions `(optimizer, total_steps) -> scheduler`, stepped once a batch."""

from __future__ import annotations

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler


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
    """Up in a line for the share `warmup` of the run, then down to zero by half a cosine (Smith & Topin 2018).

    A function of the step alone, unlike torch's OneCycleLR, whose state would hold a resumed run to its old length.
    """
    rise = max(warmup * total_steps, 1)
    fall = max(total_steps - rise, 1)

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / (rise + 1)
        return 0.5 * (1 + math.cos(math.pi * min((step - rise) / fall, 1)))

    return LambdaLR(optimizer, factor)


def constant(optimizer: Optimizer, total_steps: int) -> LRScheduler:
    """The same rate throughout (Alhashim & Wonka 2018)."""
    return LambdaLR(optimizer, lambda step: 1.0)
