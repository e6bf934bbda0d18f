from __future__ import annotations

import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler

from depth_lab.tasks import constant, one_cycle, polynomial_up_down


def rates(make: type[LRScheduler], steps: int, peaks: tuple[float, ...] = (1e-4,), **options: float) -> list[list[float]]:
    """The learning rate of every group at every step of a run."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": peak} for peak in peaks]
    optimizer = torch.optim.SGD(groups)
    scheduler = make(optimizer, steps, **options)
    found = []
    for _ in range(steps):
        found.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return found


def test_polynomial_is_that_of_the_authors() -> None:
    """Their loop, of which the rule is: (1e-4 - 3e-5) * (step / half) ** 0.9 + 3e-5, and the mirrored rule after the half."""
    steps, half = 20, 10
    expected = []
    for step in range(steps):
        if step < half:
            expected.append((1e-4 - 3e-5) * (step / half) ** 0.9 + 3e-5)
        else:
            expected.append((3e-5 - 1e-4) * (step / half - 1) ** 0.9 + 1e-4)
    assert [rate for [rate] in rates(polynomial_up_down, steps)] == pytest.approx(expected)


def test_one_cycle_peaks_every_group_at_its_own_rate() -> None:
    found = rates(one_cycle, 100, (1e-3, 1e-4), warmup=0.1)
    first, second = zip(*found, strict=True)
    assert max(first) == pytest.approx(1e-3)
    assert max(second) == pytest.approx(1e-4)
    assert first.index(max(first)) == 10
    assert first[55] == pytest.approx(0.5e-3)  # half of the way down
    assert first[-1] < 1e-6
    assert [a / b for a, b in found] == pytest.approx([10] * 100)


@pytest.mark.parametrize("steps", [1, 2, 10])
def test_a_short_run_has_a_rate_too(steps: int) -> None:
    assert all(rate > 0 for [rate] in rates(one_cycle, steps))


def test_constant_stays() -> None:
    assert rates(constant, 5) == [[1e-4]] * 5
