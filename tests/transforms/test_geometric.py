from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from depth_lab.batch import Frame
from depth_lab.transforms import (
    CenterCrop,
    FrameTransform,
    HorizontalFlip,
    KittiBenchmarkCrop,
    Pipeline,
    RandomCrop,
    Resize,
    ResizeImage,
    resize_image,
)

sizes = st.integers(1, 400)


def coordinate_frame(height: int, width: int, axis: int) -> Frame:
    """A frame whose depth is each pixel's own column (axis 1) or row (axis 0), valid where that is odd."""
    own = np.indices((height, width))[axis]
    return {
        "image": np.zeros((height, width, 3), np.uint8),
        "depth": own.astype(np.float32),
        "valid": own % 2 == 1,
        "intrinsics": np.array([[300.0, 0, 0.4 * width], [0, 310.0, 0.6 * height], [0, 0, 1]]),
        "name": "room/0001",
    }


def source_pixels(before: Frame, after: Frame, mirrored: bool) -> np.ndarray:
    """Where each pixel of `after` was in `before`, by the intrinsics alone: along its ray, into the old camera."""
    v, u = np.indices(after["depth"].shape, dtype=np.float64)
    rays = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(after["intrinsics"]).T
    rays[..., 0] *= -1 if mirrored else 1
    return (rays @ before["intrinsics"].T)[..., :2]


@settings(max_examples=150, deadline=None)
@given(
    size=st.tuples(sizes, sizes),
    new=st.tuples(sizes, sizes),
    fraction=st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)),
    mirrored=st.booleans(),
    axis=st.sampled_from([0, 1]),
    key=st.integers(0, 1000),
)
@example(size=(375, 1242), new=(90, 300), fraction=(1.0, 1.0), mirrored=False, axis=1, key=0)
def test_depth_and_intrinsics_agree_where_each_pixel_came_from(
    size: tuple[int, int],
    new: tuple[int, int],
    fraction: tuple[float, float],
    mirrored: bool,
    axis: int,
    key: int,
) -> None:
    frame = coordinate_frame(*size, axis)
    pipeline = Pipeline([
        RandomCrop(fraction=fraction), Resize(*new), HorizontalFlip(p=float(mirrored)), RandomCrop(fraction=fraction),
    ])  # fmt: skip
    moved = pipeline(frame, key=(key,))
    source = source_pixels(frame, moved, mirrored)[..., 1 - axis]
    assert np.abs(moved["depth"] - source).max() <= 0.5 + 1e-4
    assert np.array_equal(moved["valid"], moved["depth"] % 2 == 1)


@settings(max_examples=60, deadline=None)
@given(length=st.integers(1, 700), new=st.integers(1, 700), axis=st.sampled_from([0, 1]))
def test_the_image_goes_where_the_intrinsics_say(length: int, new: int, axis: int) -> None:
    own = np.arange(length, dtype=np.float32)
    ramp = np.repeat(np.repeat(own[None, :, None], 3, 0), 3, 2)
    resized = resize_image(ramp, 3, new) if axis else resize_image(np.ascontiguousarray(ramp.swapaxes(0, 1)), new, 3)
    places = resized[1, :, 0] if axis else resized[:, 1, 0]
    expected = np.clip((np.arange(new) + 0.5) * length / new - 0.5, 0, length - 1)
    # an area mean holds each source pixel to be flat, so that a cut pixel counts up to 1/8 px aside
    assert np.abs(places - expected).max() <= 0.13


def test_a_shrunk_image_averages_all_its_pixels() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 300, 3), dtype=np.uint8)
    for by in (2, 3, 5):
        blocks = image.reshape(60 // by, by, 300 // by, by, 3).mean(axis=(1, 3))
        assert np.abs(resize_image(image, 60 // by, 300 // by) - blocks).max() <= 0.5 + 1e-6
    stripes = np.zeros((60, 300, 3), np.uint8)
    stripes[:, ::2] = 255  # bilinear to 160 columns would show beats of 223 grey levels
    assert np.ptp(resize_image(stripes, 60, 160)) < 20


def test_resize_image_leaves_the_ground_truth_alone() -> None:
    frame = coordinate_frame(48, 64, 1)
    moved = Pipeline([ResizeImage(24, 32)])(frame)
    assert moved["image"].shape == (24, 32, 3)
    assert moved["intrinsics"][0, 2] == pytest.approx((0.4 * 64 + 0.5) / 2 - 0.5)
    assert np.array_equal(moved["depth"], frame["depth"])
    assert np.array_equal(moved["valid"], frame["valid"])


def test_types_and_layout_stay_and_the_input_is_not_written_to() -> None:
    frame = coordinate_frame(48, 64, 0)
    for array in (frame["image"], frame["depth"], frame["valid"], frame["intrinsics"]):
        array.setflags(write=False)
    moved = Pipeline([Resize(33, 35), RandomCrop(size=(30, 20)), HorizontalFlip(p=1.0)])(frame, key=(3,))
    for name, dtype in {"image": np.uint8, "depth": np.float32, "valid": np.bool_, "intrinsics": np.float64}.items():
        array = moved[name]  # type: ignore[literal-required]
        assert array.dtype == dtype
        assert array.flags["C_CONTIGUOUS"]
    assert moved["image"].shape == (30, 20, 3)
    assert moved["depth"].shape == moved["valid"].shape == (30, 20)
    assert moved["name"] == "room/0001"


def test_flip_reverses_columns() -> None:
    frame = coordinate_frame(2, 5, 1)
    frame["image"][..., 0] = frame["depth"]
    moved = Pipeline([HorizontalFlip(p=1.0)])(frame)
    assert moved["depth"].tolist() == [[4, 3, 2, 1, 0]] * 2
    assert moved["image"][..., 0].tolist() == [[4, 3, 2, 1, 0]] * 2
    assert moved["intrinsics"][0].tolist() == [300, 0, 4 - 2]


def test_flip_drops_pose_from_every_sample_so_that_batches_collate() -> None:
    frame = coordinate_frame(4, 4, 0)
    frame["pose"] = np.eye(4)
    pipeline = Pipeline([HorizontalFlip(p=0.5)])
    results = [pipeline(frame, key=(i,)) for i in range(20)]
    assert len({result["intrinsics"][0, 2] for result in results}) == 2
    assert not any("pose" in result for result in results)
    assert "pose" in Pipeline([Resize(2, 2), RandomCrop(size=(1, 1))])(frame, key=(0,))


def test_flip_alone_drops_pose_too() -> None:
    assert "pose" not in HorizontalFlip(p=1.0)(**coordinate_frame(4, 4, 0), pose=np.eye(4))


def test_kitti_benchmark_crop() -> None:
    frame = coordinate_frame(375, 1242, 1)
    assert KittiBenchmarkCrop().window(375, 1242) == (23, 13, 352, 1216)
    assert KittiBenchmarkCrop().window(370, 1224) == (18, 4, 352, 1216)
    cut = Pipeline([KittiBenchmarkCrop()])(frame)
    assert cut["depth"].shape == (352, 1216)
    assert cut["depth"][0, 0] == 13
    assert cut["intrinsics"][:2, 2] == pytest.approx([0.4 * 1242 - 13, 0.6 * 375 - 23])


def test_center_crop_by_hand() -> None:
    cut = Pipeline([CenterCrop(size=(4, 6))])(coordinate_frame(7, 10, 1))
    assert cut["depth"].tolist() == [[2, 3, 4, 5, 6, 7]] * 4
    assert cut["intrinsics"][:2, 2] == pytest.approx([4.0 - 2, 4.2 - 1])


def test_the_published_nyu_crop() -> None:
    assert RandomCrop(fraction=(14 / 15, 9 / 10)).extent(480, 640) == (448, 576)
    assert RandomCrop(fraction=(14 / 15, 9 / 10)).extent(240, 320) == (224, 288)


def test_random_crop_reaches_every_position_equally() -> None:
    frame = coordinate_frame(3, 8, 1)
    pipeline = Pipeline([RandomCrop(size=(3, 5))])
    lefts = np.bincount([int(pipeline(frame, key=(i,))["depth"][0, 0]) for i in range(2000)])
    assert len(lefts) == 4
    assert np.abs(lefts - 500).max() < 5 * np.sqrt(2000 * 0.25 * 0.75)


@pytest.mark.parametrize("crop", [RandomCrop(size=(9, 4)), CenterCrop(size=(4, 9)), KittiBenchmarkCrop()])
def test_a_crop_larger_than_the_image_is_refused(crop: FrameTransform) -> None:
    with pytest.raises(ValueError, match=r"of an image of 8 x 8: use a smaller crop"):
        Pipeline([crop])(coordinate_frame(8, 8, 0), key=(0,))


def test_a_crop_of_image_and_depth_of_two_sizes_is_refused() -> None:
    with pytest.raises(ValueError, match="of one size"):
        Pipeline([ResizeImage(4, 4), CenterCrop(size=(2, 2))])(coordinate_frame(8, 8, 0))


def test_a_crop_needs_a_size_or_a_fraction() -> None:
    with pytest.raises(ValueError, match="either a size or a fraction"):
        RandomCrop()
    with pytest.raises(ValueError, match="either a size or a fraction"):
        CenterCrop(size=(1, 1), fraction=(0.5, 0.5))
    with pytest.raises(ValueError, match=r"fractions in \(0, 1\]"):
        RandomCrop(fraction=(1.2, 0.5))


def test_resize_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Resize(0, 10)
