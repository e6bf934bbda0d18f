from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError
from skimage.metrics import structural_similarity

from depth_lab.losses import BerHu, DenseDepthLoss, DepthLoss, SILog, reciprocal_depth, ssim

MAKERS: list[Callable[..., DepthLoss]] = [
    SILog,
    lambda **kw: SILog(variance_focus=1.0, **kw),
    BerHu,
    lambda **kw: DenseDepthLoss(10.0, **kw),
]
each_loss = pytest.mark.parametrize("make", MAKERS, ids=["silog", "silog1", "berhu", "densedepth"])


def batch(b: int = 3, h: int = 16, w: int = 20, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, ...]:
    g = torch.Generator().manual_seed(0)
    target = 1 + 7 * torch.rand(b, 1, h, w, generator=g, dtype=torch.float64)
    pred = target * (0.7 + 0.6 * torch.rand(b, 1, h, w, generator=g, dtype=torch.float64))
    valid = torch.rand(b, 1, h, w, generator=g) > 0.003
    return pred.to(dtype), target.to(dtype), valid


@pytest.mark.parametrize("focus", [0.0, 0.5, 0.85, 1.0])
def test_silog_against_numpy(focus: float) -> None:
    pred, target, valid = batch()
    want = []
    for p, g, v in zip(pred.double().numpy(), target.double().numpy(), valid.numpy(), strict=True):
        d = np.log(p[v]) - np.log(g[v])
        want.append(10 * np.sqrt(np.mean(d**2) - focus * np.mean(d) ** 2))
    assert SILog(focus, scale=10.0)(pred, target, valid).item() == pytest.approx(np.mean(want), rel=1e-6)
    d = np.log(pred[valid].double().numpy()) - np.log(target[valid].double().numpy())
    pooled = np.sqrt(np.mean(d**2) - focus * np.mean(d) ** 2)
    assert SILog(focus, pool=True)(pred, target, valid).item() == pytest.approx(pooled, rel=1e-6)


def test_silog_of_a_pure_scale() -> None:
    """d = ln 1.1 everywhere: no variance, so sqrt(1 - f) ln 1.1, and no root of a negative at f = 1."""
    _, target, valid = batch()
    pred = (1.1 * target).requires_grad_()
    assert SILog(0.5)(pred, target, valid).item() == pytest.approx(0.5**0.5 * np.log(1.1), rel=1e-5)
    loss = SILog(1.0)(pred, target, valid)
    assert 0 <= loss.item() < 1e-6
    loss.backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()


def test_berhu_by_hand() -> None:
    """Errors 0.5, 1, 4, 10: c = 2, so 0.5, 1, (16+4)/4 = 5, (100+4)/4 = 26, mean 8.125; slopes 1, 1, e/c = 2 and 5."""
    target = torch.full((1, 1, 1, 5), 20.0)
    pred = torch.tensor([20.5, 19.0, 24.0, 30.0, 99.0]).view(1, 1, 1, 5).requires_grad_()
    valid = torch.tensor([True, True, True, True, False]).view(1, 1, 1, 5)
    loss = BerHu()(pred, target, valid)
    assert loss.item() == 8.125
    loss.backward()
    assert pred.grad is not None
    assert pred.grad.flatten().tolist() == [0.25, -0.25, 0.5, 1.25, 0.0]


def test_ssim_against_skimage() -> None:
    pred, target, valid = batch(2, 32, 40, torch.float64)
    x, y = (reciprocal_depth(t, 10.0) for t in (pred, target))
    got, whole = ssim(x, y, torch.ones_like(valid), 100.0)
    assert whole.all()
    for i in (0, 1):
        _, full = structural_similarity(
            x[i, 0].numpy(),
            y[i, 0].numpy(),
            data_range=100.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            full=True,
        )
        np.testing.assert_allclose(got[i, 0].numpy(), full[5:-5, 5:-5], rtol=1e-9)


def test_ssim_windows_with_a_hole_do_not_count() -> None:
    pred, target, _ = batch(1, 24, 24)
    valid = torch.ones(1, 1, 24, 24, dtype=torch.bool)
    valid[..., 12, 3] = False
    _, whole = ssim(pred, target, valid, 100.0)
    want = torch.ones(14, 14, dtype=torch.bool)  # window (y, x) covers rows y to y+10 and columns x to x+10
    want[2:13, 0:4] = False
    assert torch.equal(whole[0, 0], want)


def test_densedepth_by_hand() -> None:
    """Reciprocals 10/p = 5, 2, 1 against 10/g = 10, 5, 2: |difference| 5, 3, 1, its steps 2 and 2."""
    pred = torch.tensor([2.0, 5.0, 10.0]).view(1, 1, 3, 1)
    target = torch.tensor([1.0, 2.0, 5.0]).view(1, 1, 3, 1)
    valid = torch.ones(1, 1, 3, 1, dtype=torch.bool)
    weights = np.exp(-np.array([1, 0, 1]) / 4.5)
    weights /= weights.sum()
    x, y = np.array([5.0, 2, 1]), np.array([10.0, 5, 2])
    mx, my = weights @ x, weights @ y
    vx, vy, cov = weights @ (x - mx) ** 2, weights @ (y - my) ** 2, weights @ ((x - mx) * (y - my))
    similar = (2 * mx * my + 1) * (2 * cov + 9) / ((mx**2 + my**2 + 1) * (vx + vy + 9))
    assert DenseDepthLoss(10.0)(pred, target, valid).item() == pytest.approx(0.1 * 3 + 2 + (1 - similar) / 2, rel=1e-5)
    valid[..., 1, :] = False  # no step and no window is whole: only L1 is left
    assert DenseDepthLoss(10.0)(pred, target, valid).item() == pytest.approx(0.1 * 3)


def test_reciprocal_depth_is_smooth_and_bounded() -> None:
    depth = torch.tensor([0.0, 0.05, 0.1, 0.2, 10.0], dtype=torch.float64, requires_grad=True)
    value = reciprocal_depth(depth.view(1, 1, 1, 5), 10.0)
    assert value.flatten().tolist() == pytest.approx([200, 150, 100, 50, 1])
    value.sum().backward()
    assert depth.grad is not None
    assert depth.grad.tolist() == pytest.approx([-1000, -1000, -1000, -250, -0.1])


@each_loss
@pytest.mark.parametrize("pool", [False, True])
def test_gradcheck(make: Callable[..., DepthLoss], pool: bool) -> None:
    pred, target, valid = batch(2, 12, 12, torch.float64)
    loss = make(pool=pool)
    if isinstance(loss, BerHu):  # c depends on pred, but not for the gradient: fix the pixel with the largest error
        pred[:, 0, 0, 0], valid[:, 0, 0, 0] = 30.0, True
        fixed = torch.zeros_like(valid)
        fixed[:, 0, 0, 0] = True
        assert torch.autograd.gradcheck(
            lambda p: loss(torch.where(fixed, pred, p), target, valid), (pred.clone().requires_grad_(),)
        )
    else:
        assert torch.autograd.gradcheck(lambda p: loss(p, target, valid), (pred.requires_grad_(),))


@each_loss
@pytest.mark.parametrize("pool", [False, True])
@pytest.mark.parametrize("dirt", [0.0, -1.0, float("inf"), float("nan")])
def test_invalid_pixels_never_leak(make: Callable[..., DepthLoss], pool: bool, dirt: float) -> None:
    pred, target, valid = batch()

    def run(fill: float) -> tuple[torch.Tensor, torch.Tensor]:
        p = torch.where(valid, pred, fill).requires_grad_()
        loss = make(pool=pool)(p, torch.where(valid, target, fill), valid)
        loss.backward()
        assert p.grad is not None
        return loss.detach(), p.grad

    (clean, clean_grad), (dirty, dirty_grad) = run(3.0), run(dirt)
    assert torch.equal(clean, dirty)
    assert torch.equal(clean_grad, dirty_grad)
    assert (dirty_grad[~valid] == 0).all()
    assert dirty_grad.isfinite().all()


@each_loss
@pytest.mark.parametrize("pool", [False, True])
def test_nothing_valid_is_zero_with_a_gradient(make: Callable[..., DepthLoss], pool: bool) -> None:
    pred, _, valid = batch()
    pred.requires_grad_()
    loss = make(pool=pool)(pred, torch.zeros_like(pred), torch.zeros_like(valid))
    assert loss.item() == 0
    loss.backward()
    assert torch.equal(pred.grad, torch.zeros_like(pred))


@each_loss
def test_equality_is_zero_with_a_finite_gradient(make: Callable[..., DepthLoss]) -> None:
    _, target, valid = batch()
    pred = target.clone().requires_grad_()
    loss = make()(pred, target, valid)
    assert loss.item() == pytest.approx(0, abs=1e-6)
    loss.backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()


@each_loss
def test_split_over_processes(make: Callable[..., DepthLoss]) -> None:
    """Mean over images: two halves average to the whole, and an empty image changes nothing."""
    pred, target, valid = batch(4)
    loss = make()
    halves = [loss(pred[i], target[i], valid[i]) for i in (slice(0, 2), slice(2, 4))]
    torch.testing.assert_close(loss(pred, target, valid), sum(halves) / 2)
    valid[3] = False
    torch.testing.assert_close(loss(pred, target, valid), loss(pred[:3], target[:3], valid[:3]))


@each_loss
def test_pooled_is_another_number(make: Callable[..., DepthLoss]) -> None:
    """Trap 6: with unequal images the pooled loss differs from the mean over images; of one image they agree."""
    pred, target, valid = batch(2, 24, 24)
    pred[1], valid[1, :, 12:] = 2 * pred[1], False
    assert make(pool=True)(pred, target, valid).item() != pytest.approx(make()(pred, target, valid).item(), rel=1e-3)
    one = [x[:1] for x in (pred, target, valid)]
    torch.testing.assert_close(make(pool=True)(*one), make()(*one))


@each_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_computes_in_float32(make: Callable[..., DepthLoss], dtype: torch.dtype) -> None:
    pred, target, valid = batch()
    pred = pred.to(dtype)
    want = make()(pred.float(), target, valid)
    leaf = pred.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        got = make()(leaf, target, valid)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, want)
    got.backward()
    assert leaf.grad is not None
    assert leaf.grad.isfinite().all()


@each_loss
def test_predictions_of_zero_stay_finite(make: Callable[..., DepthLoss]) -> None:
    pred, target, valid = batch()
    pred = torch.zeros_like(pred).requires_grad_()
    loss = make()(pred, target, valid)
    loss.backward()
    assert loss.isfinite()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()


def test_errors_say_what_came() -> None:
    with pytest.raises(ValueError, match="variance_focus is 2"):
        SILog(2.0)
    pred, target, valid = batch()
    with pytest.raises((ValueError, TypeCheckError), match=r"3, ?1, ?8, ?20"):  # never broadcast
        SILog()(pred, target[:, :, :8], valid[:, :, :8])
