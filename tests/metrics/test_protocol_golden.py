"""The authors' own metric code on a fixture in closed form; the numbers were computed outside of this package."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from depth_lab.metrics import METRICS, Protocol

CONF = Path(__file__).parents[2] / "conf" / "protocol"
GOLDEN = {
    "zoedepth": (0.228248551, 0.377818733, 1.54473066, 0.270083889, 0.102377824, 26.7893925, 0.461475, 0.930967599),
    "glpdepth": (0.242217124, 0.434703067, 1.69073874, 0.27852349, 0.107322797, 0.278082818, 0.405133978, 0.930967599),
    "densedepth": (0.253640443, None, 1.5893544, None, 0.102740288, None, 0.457098434, 0.928163391),
    "marigold": (0.190029532, 0.265560262, 1.18932116, 0.226802871, 0.077740863, 22.4810944, 0.720867038, 0.938193083),
}
GOLDEN |= dict.fromkeys(("bts", "adabins", "newcrfs"), GOLDEN["zoedepth"])
GOLDEN_KITTI = {
    "zoedepth": (0.190862507, 0.989269733, 5.23633099, 0.218523458, 0.0841137245, 21.8154564, 0.567355608, 1.0),
    "bts": (0.191050857, 1.07415468, 5.76072907, 0.218809359, 0.0842653774, 21.8365192, 0.564760596, 1.0),
}


def load(name: str) -> Protocol:
    fields = OmegaConf.to_container(OmegaConf.load(CONF / f"{name}.yaml"), resolve=True)
    assert isinstance(fields, dict)
    assert fields.pop("_target_") == "depth_lab.metrics.Protocol"
    return Protocol(**fields)


def grid(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.meshgrid(torch.arange(height, dtype=torch.float64), torch.arange(width, dtype=torch.float64), indexing="ij")


def nyu() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Prediction, ground truth with holes and filled ground truth, [2,1,480,640]."""
    y, x = grid(480, 640)
    pred, target, filled = [], [], []
    for i in (0, 1):
        d = 4.2 + 2 * (0.011 * x + 0.9 * i).sin() + 1.5 * (0.017 * y - 0.4 * i).cos() + 0.004 * y + 1.5 * i
        p = d * (1 + 0.38 * (0.023 * x + 0.019 * y + i).sin()) + 0.08 * (0.05 * x).cos() + 0.06 - 0.03 * i
        hole = (7 * x + 13 * y + 29 * i) % 11 < 2
        if i == 1:
            hole |= (y < 240) & (x % 3 == 0)
        pred.append(p)
        filled.append(d)
        target.append(torch.where(hole, 0.0, d))
    return tuple(torch.stack(maps)[:, None].float() for maps in (pred, target, filled))  # type: ignore[return-value]


def kitti() -> tuple[torch.Tensor, torch.Tensor]:
    """Prediction and sparse ground truth of the full frame, [2,1,375,1242]."""
    y, x = grid(375, 1242)
    pred, target = [], []
    for i in (0, 1):
        d = 80 * (-(y - 110) / 95).exp() + 4 * (1 + (0.01 * x + i).sin())
        pred.append(d * (1 + 0.30 * (0.013 * x + 0.021 * y + i).sin()) + 0.5 * (0.03 * x).cos())
        target.append(torch.where(((5 * x + 3 * y + 17 * i) % 19 == 0) & (y >= 110), d, 0.0))
    return torch.stack(pred)[:, None].float(), torch.stack(target)[:, None].float()


NYU = nyu()
KITTI = kitti()


def assert_golden(got: dict[str, torch.Tensor], golden: tuple[float | None, ...]) -> None:
    for name, want in zip(METRICS[:8], golden, strict=True):
        if want is not None:
            relative = 1e-6 if name == "silog" else 0.0
            torch.testing.assert_close(got[name].item(), want, rtol=relative, atol=0 if relative else 1e-6)


@pytest.mark.parametrize("name", GOLDEN)
def test_nyu(name: str) -> None:
    pred, holes, filled = NYU
    protocol = load(name)
    target = filled if name == "densedepth" else holes
    assert_golden(protocol.aggregate(protocol.sums(pred, target, "nyu", 10.0)), GOLDEN[name])
    metric = protocol.metric()
    for i in (0, 1):
        metric.update(*protocol.prepare(pred[i : i + 1], target[i : i + 1], "nyu", 10.0))
    assert_golden(metric.compute(), GOLDEN[name])


@pytest.mark.parametrize("name", GOLDEN_KITTI)
def test_kitti(name: str) -> None:
    protocol = load(name)
    assert_golden(protocol.aggregate(protocol.sums(*KITTI, "kitti", 80.0)), GOLDEN_KITTI[name])


def test_kb_cropped_ground_truth_scores_as_the_full_frame() -> None:
    """On files already cut to the benchmark window a KB protocol sees the same pixels; a full-frame one refuses."""
    cut = [x[..., 375 - 352 :, 13 : 13 + 1216] for x in KITTI]
    protocol = load("zoedepth")
    assert_golden(protocol.aggregate(protocol.sums(cut[0], cut[1], "kitti", 80.0)), GOLDEN_KITTI["zoedepth"])
    assert "full KITTI frame" in str(load("bts").skip_reason("kitti", (352, 1216), "lidar"))


def test_valid_pixels() -> None:
    assert load("glpdepth").sums(*NYU[:2], "nyu", 10.0)[:, -1].tolist() == [195185, 152977]
    assert load("zoedepth").sums(*KITTI, "kitti", 80.0)[:, -1].tolist() == [12241, 12241]


def test_cap_per_image() -> None:
    """One cap per image is what each image gets alone."""
    protocol = load("plain")
    pred, target, _ = NYU
    both = protocol.score(pred, target, "nyu", torch.tensor([10.0, 5.0]))
    for i, cap in enumerate((10.0, 5.0)):
        alone = protocol.score(pred[i : i + 1], target[i : i + 1], "nyu", cap)
        for name in METRICS:
            assert both[name][i].item() == pytest.approx(alone[name].item(), rel=1e-6)
