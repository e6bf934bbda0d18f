from __future__ import annotations

import pickle
from typing import Any

import albumentations as A
import numpy as np
import pytest
from torch.utils.data import DataLoader, Dataset

from depth_lab.batch import Frame
from depth_lab.transforms import CenterCrop, HorizontalFlip, Pipeline, RandomCrop, Resize, VerticalCutDepth


def frame(height: int = 24, width: int = 32) -> Frame:
    rng = np.random.default_rng(0)
    return {
        "image": rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
        "depth": rng.uniform(0.5, 9, (height, width)).astype(np.float32),
        "valid": rng.random((height, width)) < 0.8,
        "intrinsics": np.array([[30.0, 0, 15.5], [0, 30, 11.5], [0, 0, 1]]),
        "name": "room/0001",
    }


def same(first: Frame, second: Frame) -> bool:
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)  # type: ignore[literal-required]


def random_pipeline() -> Pipeline:
    return Pipeline([
        VerticalCutDepth(), RandomCrop(size=(20, 24)), HorizontalFlip(),
        A.OneOf([A.RandomGamma(p=1.0), A.Sequential([A.GaussNoise(p=0.5), A.HueSaturationValue(p=0.5)])], p=0.8),
        A.SomeOf([A.RandomBrightnessContrast(p=0.7), A.InvertImg(p=0.2)], n=1, p=0.9),
    ])  # fmt: skip


@pytest.mark.parametrize("nest", [
    lambda t: t,
    lambda t: A.OneOf([A.RandomGamma(), t]),
    lambda t: A.Sequential([A.OneOf([t, A.RandomGamma()])]),
    lambda t: A.SomeOf([A.RandomGamma(), t], n=1),
    lambda t: A.Compose([t]),
])  # fmt: skip
@pytest.mark.parametrize(("transform", "advice"), [
    (A.Resize(8, 8), "albumentations.Resize .* use Resize from depth_lab.transforms"),
    (A.HorizontalFlip(), "albumentations.HorizontalFlip .* use HorizontalFlip from"),
    (A.RandomCrop(8, 8), "albumentations.RandomCrop .* use RandomCrop from"),
    (A.Rotate(), "albumentations.Rotate .* use one of .*CenterCrop.* or a FrameTransform of your own"),
    (A.CoarseDropout(), "albumentations.CoarseDropout .* use one of"),
    (A.Lambda(), "albumentations.Lambda .* use one of"),
])  # fmt: skip
def test_what_moves_pixels_but_not_the_intrinsics_is_refused(transform: Any, advice: str, nest: Any) -> None:
    with pytest.raises(ValueError, match=advice):
        Pipeline([Resize(16, 16), nest(transform)])


@pytest.mark.parametrize("transforms", [
    [Resize(8, 8), VerticalCutDepth()],
    [A.RandomGamma(), VerticalCutDepth()],
    [A.OneOf([VerticalCutDepth(), A.RandomGamma()])],
    [A.Sequential([VerticalCutDepth()])],
    [VerticalCutDepth(), VerticalCutDepth()],
    [VerticalCutDepth()] * 2,
])  # fmt: skip
def test_cutdepth_anywhere_but_first_is_refused(transforms: list[Any]) -> None:
    with pytest.raises(ValueError, match="VerticalCutDepth must be the first transform"):
        Pipeline(transforms)


def test_a_transform_that_normalises_is_refused_when_it_runs() -> None:
    with pytest.raises(ValueError, match=r"uint8 .* became float32 .* networks normalise"):
        Pipeline([A.Normalize()])(frame(), key=(0,))


def test_a_random_pipeline_needs_a_key_and_a_fixed_one_does_not() -> None:
    with pytest.raises(ValueError, match="call it with a key"):
        random_pipeline()(frame())
    fixed = Pipeline([Resize(8, 8), CenterCrop(fraction=(0.5, 0.5)), HorizontalFlip(p=1.0)])
    assert same(fixed(frame()), fixed(frame(), key=(3,)))


def test_no_transforms_change_nothing() -> None:
    assert same(Pipeline()(frame()), frame())


def test_same_key_same_result_whatever_was_called_before() -> None:
    keys = [(0, epoch, index) for epoch in range(2) for index in range(15)]
    first = random_pipeline()
    forwards = {key: first(frame(), key=key) for key in keys}
    second = random_pipeline()
    backwards = {key: second(frame(), key=key) for key in reversed(keys)}
    assert all(same(forwards[key], backwards[key]) for key in keys)
    copied = pickle.loads(pickle.dumps(first))
    assert all(same(forwards[key], copied(frame(), key=[np.int64(part) for part in key])) for key in keys)


def test_different_keys_different_results() -> None:
    pipeline = Pipeline([A.GaussNoise(p=1.0)])
    keys = [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 0), (0,), (1, 0), (-1, 0, 0), (2**32,), (0, 1)]
    assert len({pipeline(frame(), key=key)["image"].tobytes() for key in keys}) == len(keys)


def test_transforms_decide_independently_of_each_other() -> None:
    """Compose.set_random_seed of albumentations 2.0.8 gives each transform the same seed: all apply or none does."""
    pipeline = Pipeline([HorizontalFlip(p=0.5), A.InvertImg(p=0.5), A.Sequential([A.InvertImg(p=0.5)], p=0.5)])
    grey = frame()
    grey["image"][:] = 10
    outcomes = set()
    for index in range(200):
        result = pipeline(grey, key=(index,))
        outcomes.add((bool(pipeline.transforms[0].params), bool(pipeline.transforms[1].params), int(result["image"][0, 0, 0])))
    assert len(outcomes) == 8


def test_nested_choices_follow_the_key() -> None:
    inner = A.Sequential([A.OneOf([A.ToGray(p=1.0), A.Solarize(p=1.0)], p=1.0)])
    pipeline = Pipeline([A.OneOf([A.InvertImg(p=1.0), inner], p=1.0)])
    results = [pipeline(frame(), key=(index,))["image"].tobytes() for index in range(60)]
    assert len(set(results)) == 3
    assert results == [pipeline(frame(), key=(index,))["image"].tobytes() for index in range(60)]


class Frames(Dataset):
    def __init__(self) -> None:
        self.pipeline = random_pipeline()

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: int) -> Frame:
        return self.pipeline(frame(), key=(0, 3, index))


def test_the_number_of_workers_changes_nothing() -> None:
    alone, shared = (list(DataLoader(Frames(), batch_size=None, num_workers=n)) for n in (0, 2))
    assert all(same(first, second) for first, second in zip(alone, shared, strict=True))
