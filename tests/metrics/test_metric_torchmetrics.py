from __future__ import annotations

import pytest
import torch
from torchmetrics import MetricCollection

from depth_lab.metrics import METRICS, DepthMetrics, depth_errors


def batch(b: int = 5) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(7)
    target = 1 + 8 * torch.rand(b, 1, 12, 15, generator=g)
    pred = target * (0.5 + torch.rand(b, 1, 12, 15, generator=g))
    return pred, target, torch.rand(b, 1, 12, 15, generator=g) > torch.linspace(0, 0.9, b).view(b, 1, 1, 1)


def test_mean_over_images_for_any_split() -> None:
    pred, target, valid = batch()
    errors = depth_errors(pred.double(), target.double(), valid)
    for splits in ([5], [1, 4], [2, 2, 1], [1] * 5):
        metric = DepthMetrics()
        for part in zip(*(x.split(splits) for x in (pred, target, valid)), strict=True):
            metric.update(*part)
        for name, value in metric.compute().items():
            assert value.item() == pytest.approx(errors[name].mean().item(), rel=2e-6)


def test_images_without_a_valid_pixel_are_skipped_and_counted() -> None:
    pred, target, valid = batch()
    metric, want = DepthMetrics(), DepthMetrics()
    want.update(pred[1:], target[1:], valid[1:])
    valid[0] = False
    metric.update(pred, target, valid)
    torch.testing.assert_close(metric.compute(), want.compute())
    assert (metric.images.item(), metric.skipped.item()) == (4, 1)
    metric.reset()
    assert (metric.images.item(), metric.skipped.item()) == (0, 0)


def test_a_nan_prediction_is_not_skipped() -> None:
    pred, target, valid = batch()
    pred[2] = torch.nan
    metric = DepthMetrics()
    metric.update(pred, target, valid)
    assert metric.compute()["abs_rel"].isnan()
    assert metric.skipped == 0


def test_mean_over_images_is_not_pooled() -> None:
    """Trap 6, by hand: errors of 1 m on one pixel and of 3 m on three. RMSE 2 over images, sqrt(28 / 4) over pixels."""
    target = torch.full((2, 1, 1, 3), 5.0)
    pred = torch.tensor([[6.0, 5.0, 5.0], [8.0, 8.0, 8.0]]).view(2, 1, 1, 3)
    valid = torch.tensor([[True, False, False], [True, True, True]]).view(2, 1, 1, 3)
    images, pooled = DepthMetrics(), DepthMetrics(pool=True)
    for i in (slice(0, 1), slice(1, 2)):
        images.update(pred[i], target[i], valid[i])
        pooled.update(pred[i], target[i], valid[i])
    assert images.compute()["rmse"].item() == pytest.approx(2.0)
    assert pooled.compute()["rmse"].item() == pytest.approx(7**0.5)


def test_collection_keeps_what_was_equal_after_the_first_batch() -> None:
    """Trap 2: on a perfect first batch delta1, 2 and 3 agree; in one vector state they part later."""
    target = torch.full((1, 1, 1, 3), 4.0)
    valid = torch.ones_like(target, dtype=torch.bool)
    collection = MetricCollection({"depth": DepthMetrics()})
    collection.update(target, target, valid)
    collection.update(torch.tensor([4.0, 5.6, 7.0]).view(1, 1, 1, 3), target, valid)
    got = collection.compute()
    assert [got[f"delta{k}"].item() for k in (1, 2, 3)] == pytest.approx([(1 + 1 / 3) / 2, (1 + 2 / 3) / 2, 1.0])


def test_states_of_two_processes_add_up() -> None:
    """`dist_reduce_fx` is a sum: the states of two processes, added, are those of one."""
    pred, target, valid = batch()
    one, first, second = DepthMetrics(), DepthMetrics(), DepthMetrics()
    one.update(pred, target, valid)
    first.update(pred[:2], target[:2], valid[:2])
    second.update(pred[2:], target[2:], valid[2:])
    for name in ("total", "images", "skipped"):
        assert first._reductions[name] is not None
        torch.testing.assert_close(
            first._reductions[name](torch.stack([getattr(first, name), getattr(second, name)])), getattr(one, name)
        )


def test_nothing_to_score_is_nan() -> None:
    pred, target, valid = batch()
    metric = DepthMetrics()
    metric.update(pred, target, torch.zeros_like(valid))
    assert all(value.isnan() for value in metric.compute().values())
    assert tuple(metric.compute()) == METRICS
