from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from depth_lab.data import NYUv2, NYUv2Data
from depth_lab.transforms import Augmentation, evaluation_pipeline
from tests.conftest import write_nyu_pair

RANGE = {"min_depth": 1e-3, "max_depth": 10.0}


def test_a_pair_is_read_in_metres_with_the_published_intrinsics(nyu_root: Path) -> None:
    dataset = NYUv2(nyu_root, "train_list.txt", **RANGE)
    assert len(dataset) == 6
    sample = dataset[2]
    assert sample["name"] == "train/rgb_00002"
    assert sample["image"].shape == (3, 480, 640)
    assert sample["image"].dtype == torch.uint8
    assert sample["depth"][0, 100, 5].item() == pytest.approx(3.5)
    assert sample["depth"][0, 300, 5].item() == pytest.approx(2.5)
    assert sample["valid"].all()
    np.testing.assert_allclose(sample["intrinsics"], [[518.8579, 0, 325.5824], [0, 519.4696, 253.7362], [0, 0, 1]], rtol=1e-6)


def test_valid_is_measured_and_in_range(nyu_root: Path) -> None:
    path = nyu_root / "train" / "rgb_00000_depth.png"
    depth = np.full((480, 640), 2000, np.uint16)
    depth[0, :4] = [0, 1, 9999, 10000]
    cv2.imwrite(str(path), depth)
    valid = NYUv2(nyu_root, "train_list.txt", **RANGE)[0]["valid"]
    assert valid[0, 0, :5].tolist() == [False, False, True, False, True]


def test_lines_without_depth_are_skipped_and_counted(nyu_root: Path) -> None:
    path = nyu_root / "train_list.txt"
    path.write_text(path.read_text() + "/a.jpg None 518.8579\n/b.jpg /b.png\n\n")
    dataset = NYUv2(nyu_root, "train_list.txt", **RANGE)
    assert (len(dataset), dataset.skipped) == (6, 2)


def test_official_test_images_are_found_under_their_folder(tmp_path: Path) -> None:
    line = write_nyu_pair(tmp_path / "official_splits" / "test", "kitchen/rgb_00045", 2.0)
    (tmp_path / "test_list.txt").write_text(line)
    sample = NYUv2(tmp_path, "test_list.txt", **RANGE)[0]
    assert sample["name"] == "official_splits/test/kitchen/rgb_00045"


def test_an_augmented_sample_depends_on_seed_epoch_and_index_alone(nyu_root: Path) -> None:
    pipeline = Augmentation(flip=0.5, brightness_contrast=1.0, crop=[0.9, 0.9]).pipeline((48, 64), 10.0)
    first = NYUv2(nyu_root, "train_list.txt", pipeline=pipeline, seed=1, **RANGE)
    second = NYUv2(nyu_root, "train_list.txt", pipeline=pipeline, seed=1, **RANGE)
    other = NYUv2(nyu_root, "train_list.txt", pipeline=pipeline, seed=2, **RANGE)
    wanted = first[3, 1]["image"]
    assert torch.equal(second[3, 1]["image"], wanted)
    assert not torch.equal(first[4, 1]["image"], wanted)
    assert not torch.equal(other[3, 1]["image"], wanted)


def test_resized_intrinsics_are_those_of_the_resized_image(nyu_root: Path) -> None:
    pipeline = evaluation_pipeline((240, 320))
    sample = NYUv2(nyu_root, "test_list.txt", pipeline=pipeline, **RANGE)[0]
    assert sample["image"].shape == (3, 240, 320)
    assert sample["depth"].shape == (1, 480, 640)
    assert sample["intrinsics"][0, 2].item() == pytest.approx((325.5824 + 0.5) / 2 - 0.5)


FAULTS = ["absent list", "missing files", "no list", "another size", "8-bit depth", "sizes differ", "no valid pixel"]


def faults(root: Path) -> dict[str, tuple[str, str]]:
    """Name of the fault to (the list to open, what the sentence must hold); every fault is planted under `root`."""
    line = write_nyu_pair(root, "bad/good", 2.0)
    (root / "two_missing.txt").write_text(f"{line}\n/x.jpg /y.png 518.8579\n")
    (root / "not_a_list.txt").write_text("hello world\n")
    (root / "small.txt").write_text(write_nyu_pair(root, "bad/small", 2.0, size=(240, 320)))
    (root / "eight.txt").write_text(write_nyu_pair(root, "bad/eight", 2.0, bits=8))
    (root / "other_size.txt").write_text(write_nyu_pair(root, "bad/other_size", 2.0))
    cv2.imwrite(str(root / "bad" / "other_size_depth.png"), np.full((240, 320), 2000, np.uint16))
    (root / "empty.txt").write_text(write_nyu_pair(root, "bad/empty", 2.0))
    cv2.imwrite(str(root / "bad" / "empty_depth.png"), np.zeros((480, 640), np.uint16))
    return {
        "absent list": ("absent.txt", "no list absent.txt.*text files there: .*train_list.txt"),
        "missing files": ("two_missing.txt", "names 2 of 4 files that are not in .*x.jpg, y.png"),
        "no list": ("not_a_list.txt", "No line of .*not_a_list.txt reads"),
        "another size": ("small.txt", "bad/small.jpg is 320x240 pixels"),
        "8-bit depth": ("eight.txt", "bad/eight_depth.png holds 8-bit depth"),
        "sizes differ": ("other_size.txt", "bad/other_size: the image is 640x480 and the depth 320x240"),
        "no valid pixel": ("empty.txt", "bad/empty: no pixel .* between"),
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_one_sentence(nyu_root: Path, fault: str) -> None:
    file_list, sentence = faults(nyu_root)[fault]
    with pytest.raises(ValueError, match=sentence):
        NYUv2(nyu_root, file_list, **RANGE)[0]


def test_a_missing_root_is_said() -> None:
    with pytest.raises(ValueError, match=r"There is no folder nowhere: set data\.root"):
        NYUv2("nowhere", "train_list.txt", **RANGE)


def data(root: Path | str, **options: object) -> NYUv2Data:
    settings = {"size": (48, 64), "batch_size": 2, "augment": Augmentation(), "workers": 0, **RANGE, **options}
    return NYUv2Data(str(root), **settings)


def test_validation_input_is_bit_identical_with_and_without_cutdepth(nyu_root: Path) -> None:
    inputs = []
    for augment in (Augmentation(), Augmentation(cutdepth=1.0, flip=1.0, hue=1.0)):
        module = data(nyu_root, augment=augment)
        module.setup("fit")
        inputs.append([batch["image"] for batch in module.val_dataloader()])
    assert len(inputs[0]) == 2
    assert all(torch.equal(a, b) for a, b in zip(*inputs, strict=True))


def test_the_task_sees_floats_and_training_depth_at_the_size_of_the_image(nyu_root: Path) -> None:
    module = data(nyu_root, augment=Augmentation(cutdepth=1.0))
    module.setup("fit")
    batch = module.on_after_batch_transfer(next(iter(module.train_dataloader())), 0)
    assert batch["image"].dtype == torch.float32
    assert 0 <= batch["image"].min() <= batch["image"].max() <= 1
    assert batch["image"].shape == (2, 3, 48, 64)
    assert batch["depth"].shape == (2, 1, 48, 64)


@pytest.mark.skipif("NYU_ROOT" not in os.environ, reason="NYU_ROOT is not set: the folder of real NYU pairs")
def test_the_real_pairs_are_all_readable() -> None:
    counts = {}
    for file_list in ("train_list.txt", "test_list.txt"):
        dataset = NYUv2(os.environ["NYU_ROOT"], file_list, **RANGE)
        counts[file_list] = len(dataset)
        depth = dataset[0]["depth"]
        assert 0.3 < depth[depth > 0].median() < 10
    assert counts == {"train_list.txt": 285, "test_list.txt": 121}
