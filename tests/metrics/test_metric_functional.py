from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from depth_lab.metrics import METRICS, SUMS, depth_errors, error_sums, errors_from_sums


def reference(p: np.ndarray, g: np.ndarray, silog: str = "a") -> dict[str, float]:
    """The formulas, in float64, of one image's valid pixels."""
    p, g = p.astype(np.float64), g.astype(np.float64)
    d, ratio = np.log(p) - np.log(g), np.maximum(p / g, g / p)
    variants = {
        "a": 100 * np.std(d),
        "b": np.sqrt(np.mean(d**2) - 0.5 * np.mean(d) ** 2),
        "c": 100 * np.std(d, ddof=1) if d.size > 1 else math.nan,
        "none": math.nan,
    }
    return {
        "abs_rel": np.mean(np.abs(p - g) / g),
        "sq_rel": np.mean((p - g) ** 2 / g),
        "rmse": np.sqrt(np.mean((p - g) ** 2)),
        "rmse_log": np.sqrt(np.mean(d**2)),
        "log10": np.mean(np.abs(np.log10(p) - np.log10(g))),
        "silog": variants[silog],
        **{f"delta{k}": np.mean(ratio < 1.25**k) for k in (1, 2, 3)},
    }


def batch(seed: int, b: int = 3, h: int = 13, w: int = 17) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    target = 0.1 + 10 * torch.rand(b, 1, h, w, generator=g)
    pred = target * (0.4 + 1.4 * torch.rand(b, 1, h, w, generator=g))
    return pred, target, torch.rand(b, 1, h, w, generator=g) > 0.4


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), silog=st.sampled_from(["a", "b", "c", "none"]))
def test_against_numpy(seed: int, silog: str) -> None:
    pred, target, valid = batch(seed)
    got = depth_errors(pred, target, valid, silog)
    assert tuple(got) == METRICS
    for i in range(3):
        want = reference(pred[i][valid[i]].numpy(), target[i][valid[i]].numpy(), silog)
        for name in METRICS:
            assert got[name].dtype == torch.float32
            assert got[name][i].item() == pytest.approx(want[name], rel=2e-6, nan_ok=True), name


def test_float64_stays_float64() -> None:
    pred, target, valid = batch(1)
    got = depth_errors(pred.double(), target.double(), valid)
    want = reference(pred[0][valid[0]].numpy(), target[0][valid[0]].numpy())
    for name in METRICS:
        assert got[name].dtype == torch.float64
        assert got[name][0].item() == pytest.approx(want[name], rel=1e-13)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_predictions(dtype: torch.dtype) -> None:
    pred, target, valid = batch(2)
    got, want = depth_errors(pred.to(dtype), target, valid), depth_errors(pred.to(dtype).float(), target, valid)
    assert all(torch.equal(got[name], want[name]) for name in METRICS)


def test_delta_is_strict() -> None:
    """Ratios of exactly 1.25, 1.5625 and 1.953125, from above and below, are misses of delta1, 2 and 3."""
    target = torch.tensor([4.0, 5.0, 16.0, 25.0, 64.0, 125.0]).view(1, 1, 1, 6)
    pred = torch.tensor([5.0, 4.0, 25.0, 16.0, 125.0, 64.0]).view(1, 1, 1, 6)
    got = depth_errors(pred, target, torch.ones_like(pred, dtype=torch.bool))
    assert [got[f"delta{k}"].item() for k in (1, 2, 3)] == pytest.approx([0, 2 / 6, 4 / 6])


@pytest.mark.parametrize("dirt", [0.0, -1.0, math.inf, math.nan])
def test_invalid_pixels_do_not_leak(dirt: float) -> None:
    pred, target, valid = batch(3)
    got = error_sums(pred.where(valid, dirt), target.where(valid, dirt), valid)
    assert torch.equal(got, error_sums(pred, target, valid))


def test_images_without_a_valid_pixel_are_nan() -> None:
    pred, target, valid = batch(4)
    valid[1] = False
    for name, values in depth_errors(pred, target, valid).items():
        assert values.isnan().tolist() == [False, True, False], name


@pytest.mark.parametrize(("bad", "rmse_log"), [(0.0, math.inf), (-3.0, math.inf), (math.inf, math.inf), (math.nan, math.nan)])
def test_bad_predictions_show(bad: float, rmse_log: float) -> None:
    """They miss every delta (a negative ratio is below 1.25!) and make the logarithmic errors inf or NaN."""
    target = torch.full((1, 1, 1, 4), 2.0)
    pred = target.clone()
    pred[..., 0] = bad
    got = depth_errors(pred, target, torch.ones_like(target, dtype=torch.bool))
    assert got["delta3"].item() == 0.75
    assert got["rmse_log"].item() == pytest.approx(rmse_log, nan_ok=True)
    assert not math.isfinite(got["silog"].item())


def test_silog_of_a_pure_scale_is_zero() -> None:
    """d is constant: the spread must not drown in the rounding of mean(d^2)."""
    _, target, valid = batch(5, h=64, w=64)
    assert depth_errors(1.3 * target, target, valid)["silog"].max() < 2e-5


def test_sums_add_up() -> None:
    """The sums of two images are those of both side by side, which is what pooling needs."""
    pred, target, valid = batch(6, b=2)
    sums = error_sums(pred, target, valid)
    assert sums.shape == (2, len(SUMS))
    pooled = errors_from_sums(sums.sum(0))
    want = reference(pred[valid].numpy(), target[valid].numpy())
    for name in METRICS:
        assert pooled[name].item() == pytest.approx(want[name], rel=2e-6)


def test_relative_to_the_prediction() -> None:
    """p = 4, g = 2: |p-g|/p = 0.5 and (p-g)^2/p = 1, all else as before."""
    pred, target = torch.full((1, 1, 1, 1), 4.0), torch.full((1, 1, 1, 1), 2.0)
    valid = torch.ones(1, 1, 1, 1, dtype=torch.bool)
    got = errors_from_sums(error_sums(pred, target, valid, relative_to="pred"))
    assert [got[name].item() for name in ("abs_rel", "sq_rel", "rmse")] == [0.5, 1.0, 2.0]
