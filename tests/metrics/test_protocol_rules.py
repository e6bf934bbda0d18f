"""What each protocol does with dirty predictions, odd sizes and missing ground truth, as the table in docs says."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from omegaconf import OmegaConf
from test_protocol_golden import CONF, load

from depth_lab.metrics import METRICS, Protocol, align_least_squares, align_median

NAMES = [p.stem for p in sorted(CONF.glob("*.yaml")) if p.stem != "all"]
INF, NAN = math.inf, math.nan
DIRTY = [INF, -INF, NAN, -2.0, 0.0, 50.0, 3.0]  # row 100 of the prediction, from column 100 on
CAPPED = [10.0, 1e-3, 1e-3, 1e-3, 1e-3, 10.0, 3.0]


def frame(depth: float = 4.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Prediction and ground truth of a wall; the prediction has the dirt."""
    pred, target = torch.full((1, 1, 480, 640), depth), torch.full((1, 1, 480, 640), depth)
    pred[0, 0, 100, 100:107] = torch.tensor(DIRTY)
    return pred, target


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("bts", [10.0, 1e-3, NAN, 1e-3, 1e-3, 10.0, 3.0]),
        ("adabins", CAPPED),
        ("zoedepth", CAPPED),
        ("newcrfs", CAPPED),
        ("plain", CAPPED),
        ("glpdepth", [10.0, 10.0, 1e-3, -2.0, 0.0, 50.0, 3.0]),
        ("glpdepth_png", [10.0, 10.0, 1e-3, -2.0, 0.0, 50.0, 3.0]),
        ("densedepth", [10.0, 0.1, NAN, 0.1, 0.1, 10.0, 3.0]),
        ("depth_anything_v2", DIRTY),
        ("mmseg", DIRTY),
        ("unidepth", DIRTY),
        ("ultralytics", [10.0, 1e-3, 10.0, 1e-3, 1e-3, 10.0, 3.0]),
    ],
)
def test_dirty_predictions(name: str, want: list[float]) -> None:
    """On a wall whose median is right, so that `ultralytics` does not scale."""
    protocol = load(name)
    pred, _, _ = protocol.prepare(*frame(), "nyu", 10.0)
    top, left = {"none": (0, 0), "nyu_eigen": (45, 41), "densedepth": (20, 24)}[str(protocol.nyu_crop)]
    got = pred[0, 0, 100 - top, 100 - left : 107 - left]
    torch.testing.assert_close(got, torch.tensor(want), equal_nan=True, rtol=0, atol=0)


def test_a_kept_nan_makes_the_result_nan() -> None:
    protocol = load("bts")
    pred, target = frame()
    assert protocol.aggregate(protocol.sums(pred, target, "nyu", 10.0))["rmse"].isnan()


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("bts", [False, False, True, False, False]),
        ("plain", [False, False, True, False, False]),
        ("unidepth", [False, True, True, False, False]),
        ("depth_anything_v2", [False, True, True, True, False]),
    ],
)
def test_valid_ground_truth(name: str, counts: list[bool]) -> None:
    """0 is unknown, 1e-3 and the cap are on the border, above the cap is out."""
    target = torch.full((1, 1, 480, 640), 4.0)
    target[0, 0, 200, 200:205] = torch.tensor([0.0, 1e-3, 4.0, 10.0, 10.1])
    _, _, mask = load(name).prepare(target, target, "nyu", 10.0)
    top, left = (0, 0) if load(name).nyu_crop == "none" else (45, 41)
    assert mask[0, 0, 200 - top, 200 - left : 205 - left].tolist() == counts


@pytest.mark.parametrize("name", ["depth_anything_v2", "ultralytics"])
@pytest.mark.parametrize("pixels", [9, 10])
def test_at_least_ten_pixels(name: str, pixels: int) -> None:
    target = torch.zeros(1, 1, 20, 30)
    target.view(-1)[:pixels] = 2.0
    score = load(name).score(torch.full_like(target, 2.0), target, "other", 20.0)
    assert score["abs_rel"].isnan().item() == (pixels < 10)


def test_densedepth_skips_an_image_with_a_hole() -> None:
    pred, target = torch.full((2, 1, 480, 640), 3.0), torch.full((2, 1, 480, 640), 2.0)
    target[1, 0, 240, 320] = 0
    score = load("densedepth").score(pred, target, "nyu", 10.0)
    assert score["abs_rel"][0].item() == pytest.approx(1 / 3)  # |3-2|/3: relative to the prediction
    assert score["abs_rel"][1].isnan()
    assert score["silog"].isnan().all()


@pytest.mark.parametrize(
    ("name", "data", "size", "kind", "reason"),
    [
        ("densedepth", "nyu", (480, 640), "raw", "needs filled ground truth, this is raw"),
        ("densedepth", "nyu", (480, 640), "filled", None),
        ("densedepth", "kitti", (375, 1242), "filled", "not defined on kitti"),
        ("mmseg", "kitti", (375, 1242), "lidar", "not defined on kitti"),
        ("bts", "nyu", (240, 320), "raw", r"defined for \(480, 640\), not for \(240, 320\)"),
        ("bts", "other", (480, 640), "raw", "not defined on other"),
        ("zoedepth", "kitti", (300, 1242), "lidar", "window fits"),
        ("bts", "kitti", (352, 1216), "lidar", "full KITTI frame"),
        ("depth_anything_v2", "kitti", (352, 1216), "lidar", None),
        ("plain", "other", (33, 65), "raw", None),
    ],
)
def test_skip_reason(name: str, data: str, size: tuple[int, int], kind: str, reason: str | None) -> None:
    got = load(name).skip_reason(data, size, kind)  # type: ignore[arg-type]
    if reason is None:
        assert got is None
    else:
        assert got is not None
        assert got.startswith(name)
        with pytest.raises(AssertionError, match=reason):
            raise AssertionError(got)


def test_scoring_what_does_not_apply_is_refused() -> None:
    small = torch.ones(1, 1, 24, 32)
    with pytest.raises(ValueError, match="choose another protocol"):
        load("bts").score(small, small, "nyu", 10.0)


@pytest.mark.parametrize(("name", "corners"), [("zoedepth", True), ("bts", False)])
def test_predictions_are_resized_to_the_ground_truth(name: str, corners: bool) -> None:
    """Of a ramp over 2 columns, column 41: 41/639 of the way with aligned corners, else 41.5/320 - 0.5, held at 0."""
    pred = torch.tensor([1.0, 2.0]).expand(1, 1, 2, 2)
    got, _, _ = load(name).prepare(pred, torch.full((1, 1, 480, 640), 4.0), "nyu", 10.0)
    assert got.shape == (1, 1, 426, 560)
    assert got[0, 0, 0, 0].item() == pytest.approx(1 + 41 / 639 if corners else 1.0)
    assert got[0, 0, 0, 279].item() == pytest.approx(1 + 320 / 639 if corners else 1 + 320.5 / 320 - 0.5)


def test_adabins_clamps_before_it_resizes() -> None:
    """Between 20 m and 2 m, in the middle: (10 + 2) / 2 = 6 when clamped first, min(11, 10) = 10 when clamped last."""
    pred = torch.tensor([20.0, 2.0]).view(1, 1, 2, 1)
    target = torch.full((1, 1, 3, 1), 4.0)
    plain = dataclasses.replace(load("plain"), align_corners=True)
    first = dataclasses.replace(plain, clamp="before_resize")
    assert plain.prepare(pred, target, "other", 10.0)[0].flatten().tolist() == pytest.approx([10, 10, 2])
    assert first.prepare(pred, target, "other", 10.0)[0].flatten().tolist() == pytest.approx([10, 6, 2])


def test_merge_flip() -> None:
    """adabins: each clamped, then the mean; newcrfs: the left edge from the mirrored view, the right from the plain."""
    pred, mirrored = torch.full((1, 1, 1, 101), 20.0), torch.full((1, 1, 1, 101), 4.0)
    assert torch.equal(load("bts").merge_flip(pred, mirrored, "nyu", 10.0), pred)
    assert load("adabins").merge_flip(pred, mirrored, "nyu", 10.0).unique().tolist() == [7.0]
    assert load("zoedepth").merge_flip(pred, mirrored, "nyu", 10.0).unique().tolist() == [12.0]
    blend = load("newcrfs").merge_flip(pred, mirrored, "nyu", 10.0).flatten()
    assert blend[[0, 50, 100]].tolist() == pytest.approx([4, 12, 20])
    assert blend[7].item() == pytest.approx(0.6 * 4 + 0.4 * 12, rel=1e-5)  # x = 0.07: weight 1 - 20 * 0.02
    mirrored[..., 0] = 8  # the leftmost column of the mirror image is the rightmost of the image
    assert load("zoedepth").merge_flip(pred, mirrored, "nyu", 10.0)[..., -1].item() == 14.0


def test_least_squares_recovers_scale_and_shift() -> None:
    target = 1 + torch.rand(2, 1, 9, 11, generator=torch.Generator().manual_seed(0))
    valid = torch.rand(2, 1, 9, 11, generator=torch.Generator().manual_seed(1)) > 0.5
    pred = torch.where(valid, 3 * target - 2, NAN)
    got = align_least_squares(pred, torch.where(valid, target, NAN), valid)
    torch.testing.assert_close(got[valid], target[valid])
    constant = align_least_squares(torch.ones_like(target), target, valid)
    assert constant[0, 0, 0, 0].item() == pytest.approx(target[0][valid[0]].mean().item())


def test_median_scaling_by_hand() -> None:
    """Medians 2 of (1, 2, 9) and 4 of (2, 4, 6): scale 2; inf is not asked, the rest is scaled with it."""
    pred = torch.tensor([1.0, 2.0, 9.0, INF, 5.0]).view(1, 1, 1, 5)
    target = torch.tensor([2.0, 4.0, 6.0, 4.0, 0.0]).view(1, 1, 1, 5)
    low = torch.full((1, 1, 1, 1), 1e-3)
    assert align_median(pred, target, target > 0, low).flatten().tolist() == [2, 4, 18, INF, 10]
    assert torch.equal(align_median(pred, target, target > 9, low), pred)


def test_aggregate_pools_again_for_a_bootstrap() -> None:
    """A draw of rows gives what scoring those images gives, pooled or not; rows without pixels are left out."""
    g = torch.Generator().manual_seed(0)
    target = 1 + 5 * torch.rand(3, 1, 480, 640, generator=g)
    pred = target * (0.8 + 0.4 * torch.rand(3, 1, 480, 640, generator=g) * torch.tensor([1, 2, 3]).view(3, 1, 1, 1))
    target[2, :, :, 300:] = 0
    for protocol in (load("plain"), dataclasses.replace(load("plain"), average="pooled")):
        draw = torch.tensor([2, 0, 2])
        rows = protocol.sums(pred, target, "nyu", 10.0)
        got = protocol.aggregate(torch.cat([rows[draw], torch.zeros_like(rows[:1])]))
        want = protocol.metric()
        want.update(*protocol.prepare(pred[draw], target[draw], "nyu", 10.0))
        torch.testing.assert_close(got, want.compute())


def test_fingerprint_changes_with_every_field_and_kind() -> None:
    plain = load("plain")
    other = {
        "id": "x", "nyu_crop": "nyu_eigen", "kitti_crop": "garg", "kitti_frame": "kb", "other_crop": None,
        "ground_truth": "filled", "valid": "all", "min_depth": 1.0, "kitti_min_depth": 1.0, "max_depth": 9.0,
        "clamp": "none", "inf": "keep", "nan": "keep", "augmentation": "flip", "align_corners": True,
        "alignment": "median", "average": "pooled", "silog": "b", "relative_to": "pred", "min_pixels": 2,
    }  # fmt: skip
    assert set(other) | {"resize"} == {f.name for f in dataclasses.fields(Protocol)}
    prints = [dataclasses.replace(plain, **{k: v}).fingerprint("raw") for k, v in other.items()]  # type: ignore[arg-type]
    prints += [plain.fingerprint(kind) for kind in ("raw", "filled", "lidar", "annotated")]  # type: ignore[arg-type]
    assert len(set(prints)) == len(prints)
    assert plain.fingerprint("raw") == load("plain").fingerprint("raw")


def test_a_wrong_field_is_refused() -> None:
    fields = dataclasses.asdict(load("plain"))
    with pytest.raises(Exception, match="nearest"):  # ours, or the type checker's in tests
        Protocol(**{**fields, "resize": "nearest"})


@pytest.mark.parametrize("name", NAMES)
def test_every_file_states_every_field(name: str) -> None:
    path = CONF / f"{name}.yaml"
    assert path.read_text().startswith(f"# @package protocol.{name}\n")
    fields = OmegaConf.load(path)
    assert set(fields) == {f.name for f in dataclasses.fields(Protocol)} | {"_target_"}
    assert load(name).id == name


def test_all_lists_every_protocol() -> None:
    assert sorted(OmegaConf.load(CONF / "all.yaml").defaults) == NAMES
    assert len(NAMES) == 13


def test_half_precision_predictions_score_in_float32() -> None:
    pred, target = torch.full((1, 1, 24, 32), 4.5, dtype=torch.float16), torch.full((1, 1, 48, 64), 4.0)
    score = load("plain").score(pred, target, "other", 10.0)
    assert score["abs_rel"].item() == pytest.approx(0.125)
    assert tuple(score) == METRICS


@pytest.mark.parametrize("name", NAMES)
def test_scoring_never_waits_for_the_device(name: str) -> None:
    """Tensors without data: whatever had to read a value, or whose size depends on one, would raise."""
    protocol = load(name)
    target = torch.empty(2, 1, 480, 640, device="meta")
    pred = torch.empty(2, 1, 240, 320, device="meta")
    sums = protocol.sums(pred, target, "nyu", torch.tensor([10.0, 5.0], device="meta"))
    assert sums.shape == (2, 10)
    metric = protocol.metric().to("meta")
    metric.update(*protocol.prepare(pred, target, "nyu", 10.0))
