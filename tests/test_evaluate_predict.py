from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from depth_lab.checkpoint import load_network
from tests.conftest import Command
from tests.test_checkpoint import save, transfer


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    folder = tmp_path / "a run" / "checkpoints"
    folder.mkdir(parents=True)
    return save(folder / "best.ckpt", transfer())


def test_results_are_the_means_of_the_images(command: Command, checkpoint: Path, nyu_root: Path) -> None:
    """Against abs_rel and rmse computed here from the network's own predictions, in the Eigen crop."""
    words = [f"checkpoint={checkpoint}", "data=nyu", f"data.root={nyu_root}", "data.batch_size=2", "data.workers=0"]
    assert command("evaluate", *words) == 0
    run = checkpoint.parent.parent
    [result] = json.loads((run / "results.json").read_text())
    assert (result["protocol"], result["num_images"], result["ground_truth"]) == ("bts", 3, "raw")
    network, _ = load_network(checkpoint)
    expected = []
    for i in range(3):
        image = np.asarray(Image.open(nyu_root / "test" / f"rgb_{i:05d}.jpg"))
        small = torch.from_numpy(cv2.resize(image, (64, 48), interpolation=cv2.INTER_AREA).copy())
        with torch.no_grad():
            depth = network(small.permute(2, 0, 1)[None].float() / 255)
        pred = interpolate(depth, (480, 640), mode="bilinear")[0, 0, 45:471, 41:601].numpy()
        truth = cv2.imread(str(nyu_root / "test" / f"rgb_{i:05d}_depth.png"), cv2.IMREAD_UNCHANGED)[45:471, 41:601] / 1000
        expected.append((np.mean(np.abs(pred - truth) / truth), np.sqrt(np.mean((pred - truth) ** 2))))
    found = [result["metrics"][name] for name in ("abs_rel", "rmse")]
    np.testing.assert_allclose(found, np.mean(expected, axis=0), rtol=1e-4)
    with (run / "per_image.csv").open(newline="") as file:
        images = list(csv.DictReader(file))
    assert [row["name"] for row in images] == ["test/rgb_00000", "test/rgb_00001", "test/rgb_00002"]
    np.testing.assert_allclose([float(row["abs_rel"]) for row in images], [a for a, _ in expected], rtol=1e-4)
    assert {row["valid_pixels"] for row in images} == {str((471 - 45) * (601 - 41))}


def test_published_numbers_stand_beside_ours_and_protocols_that_do_not_apply_are_listed(
    command: Command, checkpoint: Path, nyu_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        f"checkpoint={checkpoint}",
        "data=nyu",
        f"data.root={nyu_root}",
        "data.workers=0",
        "protocol=all",
        f"output={tmp_path / 'out'}",
    ]
    assert command("evaluate", *words) == 0
    printed = capsys.readouterr().out
    assert "published: GLPN" in printed
    assert "skipped densedepth" in printed
    protocols = {entry["protocol"]: entry["metrics"] for entry in json.loads((tmp_path / "out" / "results.json").read_text())}
    assert {"bts", "zoedepth", "marigold", "plain"} <= protocols.keys()
    # The network is the same under both and its input is symmetric, so that only the SILog variants differ: b is the root of
    # mean d^2 - mean(d)^2 / 2, a is 100 times the root of mean d^2 - mean(d)^2, image by image.
    assert protocols["glpdepth"]["rmse_log"] > protocols["glpdepth"]["silog"] > protocols["bts"]["silog"] / 100


def test_predicted_metres_are_in_the_png(command: Command, checkpoint: Path, tmp_path: Path) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (72, 96, 3), np.uint8)
    Image.fromarray(photo).save(tmp_path / "a photo (1).png")
    output = tmp_path / "out =1"
    assert command("predict", f"checkpoint={checkpoint}", f"input={tmp_path / 'a photo (1).png'}", f"output={output}") == 0
    raw = cv2.imread(str(output / "depth" / "a photo (1).png"), cv2.IMREAD_UNCHANGED)
    network, _ = load_network(checkpoint)
    small = torch.from_numpy(cv2.resize(photo, (64, 48), interpolation=cv2.INTER_AREA)).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        expected = interpolate(network(small), (72, 96), mode="bilinear")[0, 0].numpy()
    assert raw.dtype == np.uint16
    np.testing.assert_allclose(raw / 1000, expected, atol=6e-4)
    sidecar = json.loads((output / "depth" / "a photo (1).json").read_text())
    assert sidecar["depth_scale"] == 0.001
    assert (sidecar["width"], sidecar["height"], sidecar["resize"]) == (96, 72, [48, 64])
    assert sidecar["network"] == "Transfer"
    assert len(sidecar["checkpoint_sha256"]) == 64
    assert Image.open(output / "colour" / "a photo (1).png").size[0] > 300


def test_a_folder_keeps_its_structure(command: Command, checkpoint: Path, tmp_path: Path) -> None:
    for name in ("x/a.jpg", "y/a.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (90, 120, 30)).save(tmp_path / "photos" / name)
    assert command("predict", f"checkpoint={checkpoint}", f"input={tmp_path / 'photos'}", "output=out", "writer=[depth]") == 0
    found = sorted(str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*.*"))
    assert found == ["depth/x/a.json", "depth/x/a.png", "depth/y/a.json", "depth/y/a.png"]


def test_predicting_into_the_folder_of_the_photos_twice_reads_the_photos_alone(
    command: Command, checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (40, 30), (90, 120, 30)).save(tmp_path / "photos" / "a.jpg")
    for _ in range(2):
        words = [f"checkpoint={checkpoint}", "input=photos", "output=photos/out", "writer=[depth,npz,colour]"]
        assert command("predict", *words) == 0
    assert sorted(file.name for file in (tmp_path / "photos" / "out" / "depth").iterdir()) == ["a.json", "a.npz", "a.png"]
    metres = np.load(tmp_path / "photos" / "out" / "depth" / "a.npz")["depth"]
    raw = cv2.imread(str(tmp_path / "photos" / "out" / "depth" / "a.png"), cv2.IMREAD_UNCHANGED)
    assert metres.dtype == np.float32
    np.testing.assert_allclose(metres, raw / 1000, atol=6e-4)


def test_no_protocol_that_applies_is_one_sentence(
    command: Command, checkpoint: Path, tiny: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for word in tiny if word.startswith("data.")]
    assert command("evaluate", f"checkpoint={checkpoint}", *words, "protocol=[bts]") == 1
    assert "No protocol applies: bts" in capsys.readouterr().err
    assert not (checkpoint.parent.parent / "results.json").exists()


@pytest.mark.parametrize(("name", "sentence"), [
    ("nothing.jpg", "There is no image or folder"),
    ("text.jpg", "cannot be read as an image"),
    ("empty", "holds no image"),
    ("twins", "would write the same output"),
])  # fmt: skip
def test_bad_photos_are_one_sentence(
    name: str, sentence: str, command: Command, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "empty").mkdir()
    (tmp_path / "twins").mkdir()
    for twin in ("a.png", "a.jpg"):
        Image.new("RGB", (8, 8)).save(tmp_path / "twins" / twin)
    assert command("predict", f"checkpoint={checkpoint}", f"input={tmp_path / name}", "output=out") == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_that_cannot_be_used_is_one_sentence(
    command: Command, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    shutil.copy(tmp_path / "a.png", tmp_path / "fake.ckpt")
    for path in ("fake.ckpt", "none.ckpt"):
        assert command("predict", f"checkpoint={path}", "input=a.png", "output=out") == 1
        said = capsys.readouterr().err
        assert path in said
        assert "Traceback" not in said
