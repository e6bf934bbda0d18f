from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from depth_lab.batch import Frame
from depth_lab.transforms import Augmentation, KittiBenchmarkCrop, evaluation_pipeline

GLPN: dict[str, Any] = {
    "cutdepth": 0.25, "crop": (14 / 15, 9 / 10), "flip": 0.5, "brightness_contrast": 0.5, "gamma": 0.5, "hue": 0.5,
}  # fmt: skip


def frame(height: int = 48, width: int = 64) -> Frame:
    rng = np.random.default_rng(1)
    return {
        "image": rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
        "depth": rng.uniform(0.5, 9, (height, width)).astype(np.float32),
        "valid": rng.random((height, width)) < 0.8,
        "intrinsics": np.array([[60.0, 0, 31.5], [0, 60, 23.5], [0, 0, 1]]),
        "name": "room/0001",
    }


def test_as_constructed_nothing_is_varied() -> None:
    result = Augmentation().pipeline(size=None, max_depth=10.0)(frame())
    assert all(np.array_equal(result[name], frame()[name]) for name in frame())  # type: ignore[literal-required]


def test_the_order_of_the_recipe() -> None:
    pipeline = Augmentation(**GLPN).pipeline(size=(32, 40), max_depth=10.0, frame_crop=KittiBenchmarkCrop())
    assert [type(transform).__name__ for transform in pipeline.transforms] == [
        "VerticalCutDepth", "KittiBenchmarkCrop", "Resize", "RandomCrop", "HorizontalFlip",
        "RandomBrightnessContrast", "RandomGamma", "HueSaturationValue",
    ]  # fmt: skip


def test_the_crop_is_a_fraction_of_the_resized_frame() -> None:
    result = Augmentation(**GLPN).pipeline(size=(30, 40), max_depth=10.0)(frame(), key=(0, 0, 0))
    assert result["image"].shape == (28, 36, 3)
    assert result["depth"].shape == result["valid"].shape == (28, 36)


def test_cutdepth_paints_max_depth_white() -> None:
    pipeline = Augmentation(cutdepth=1.0).pipeline(size=None, max_depth=80.0)
    flat = frame()
    flat["depth"][:] = 40.0
    flat["image"][:] = 0
    assert set(np.unique(pipeline(flat, key=(0,))["image"])) == {0, 128}


def test_cutdepth_changes_nothing_but_its_own_columns() -> None:
    """An ablation of CutDepth compares the same crops, flips and colours."""
    without, with_it = (Augmentation(**(GLPN | {"cutdepth": rate})).pipeline(size=None, max_depth=10.0) for rate in (0.0, 0.25))
    touched = 0
    for index in range(40):
        plain, cut = without(frame(), key=(0, 0, index)), with_it(frame(), key=(0, 0, index))
        for name in ("depth", "valid", "intrinsics"):
            assert np.array_equal(plain[name], cut[name])  # type: ignore[literal-required]
        touched += not np.array_equal(plain["image"], cut["image"])
    assert 2 <= touched <= 20


def test_evaluation_is_the_same_bit_for_bit_with_cutdepth_configured() -> None:
    before = evaluation_pipeline((24, 32))(frame())
    training = Augmentation(cutdepth=1.0).pipeline(size=(24, 32), max_depth=10.0)
    assert not np.array_equal(training(frame(), key=(0,))["image"], before["image"])
    after = evaluation_pipeline((24, 32))(frame(), key=(5, 6, 7))
    assert all(np.array_equal(before[name], after[name]) for name in before)  # type: ignore[literal-required]
    plain = Augmentation().pipeline(size=(24, 32), max_depth=10.0)(frame())
    assert np.array_equal(plain["image"], after["image"])


@pytest.mark.parametrize("size", [None, (176, 608)])
def test_evaluation_in_the_frame_of_a_benchmark(size: tuple[int, int] | None) -> None:
    result = evaluation_pipeline(size, KittiBenchmarkCrop())(frame(375, 1242))
    assert result["image"].shape[:2] == (size or (352, 1216))
    assert result["depth"].shape == result["valid"].shape == (352, 1216)


def test_no_size_keeps_the_image() -> None:
    assert np.array_equal(evaluation_pipeline(None)(frame())["image"], frame()["image"])
