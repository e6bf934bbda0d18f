from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depth_lab.batch import Frame
from depth_lab.transforms import Pipeline, VerticalCutDepth


def frame(height: int = 4, width: int = 8, seed: int = 0) -> Frame:
    rng = np.random.default_rng(seed)
    depth = rng.uniform(0, 15, (height, width)).astype(np.float32)
    depth[rng.random((height, width)) < 0.2] = 0
    return {
        "image": rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
        "depth": depth,
        "valid": depth > 0,
        "intrinsics": np.array([[10.0, 0, 4], [0, 10, 2], [0, 0, 1]]),
        "name": "a",
    }


class Drawn:
    """Stands in for the transform's source of randomness."""

    def __init__(self, *values: float) -> None:
        self.values = list(values)

    def random(self) -> float:
        return self.values.pop(0)


def pasted(of: Frame, a: float, b: float, **arguments: float) -> np.ndarray:
    transform = VerticalCutDepth(p=1.0, **arguments)
    transform.set_random_state(None, Drawn(a, b))
    return transform(**of)["image"]


unit = st.floats(0, 1)


@settings(max_examples=150, deadline=None)
@given(a=unit, b=unit, p=st.floats(0.01, 1), width=st.integers(1, 60), cap=st.floats(1, 80), seed=st.integers(0, 9))
def test_geometry_and_grey_against_a_slow_reference(a: float, b: float, p: float, width: int, cap: float, seed: int) -> None:
    given_frame = frame(3, width, seed)
    expected = given_frame["image"].copy()
    left = int(a * width)
    columns = max(int((width - a * width) * b * p), 1)
    for column in range(left, min(left + columns, width)):
        for row in range(3):
            # in float32, as the depth is, so that both round the same number
            share = min(float(given_frame["depth"][row, column] / np.float32(cap)), 1.0)
            expected[row, column, :] = round(float(np.float32(share) * np.float32(255)))
    assert np.array_equal(pasted(given_frame, a, b, width=p, max_depth=cap), expected)


def test_by_hand() -> None:
    one = frame(1, 8)
    one["depth"][:] = [[9, 9, 9, 0, 2, 50, 9, 9]]
    image = pasted(one, a=0.4, b=0.9, width=0.75, max_depth=10.0)
    # left int(3.2) = 3, width int(4.8 * 0.9 * 0.75) = int(3.24) = 3; a hole is black, beyond the cap is white
    assert image[0, 3:6].tolist() == [[0] * 3, [51] * 3, [255] * 3]
    assert np.array_equal(image[0, [0, 1, 2, 6, 7]], one["image"][0, [0, 1, 2, 6, 7]])


def test_at_least_one_column() -> None:
    given_frame = frame()
    changed = (pasted(given_frame, a=0.5, b=0.0) != given_frame["image"]).any(axis=(0, 2))
    assert np.flatnonzero(changed).tolist() == [4]


def test_a_float_image_gets_depth_in_zero_to_one() -> None:
    given_frame = frame()
    given_frame["image"] = np.full((4, 8, 3), 0.25, np.float32)  # type: ignore[typeddict-item]
    image = pasted(given_frame, a=0.0, b=0.999, width=1.0, max_depth=10.0)
    assert image.dtype == np.float32
    assert np.allclose(image[:, :7, 1], np.minimum(given_frame["depth"][:, :7] / 10, 1))


def test_depth_and_valid_and_the_input_stay() -> None:
    given_frame = frame(40, 60)
    for array in (given_frame["image"], given_frame["depth"], given_frame["valid"]):
        array.setflags(write=False)
    result = Pipeline([VerticalCutDepth(p=1.0)])(given_frame, key=(1, 2, 3))
    assert not np.array_equal(result["image"], given_frame["image"])
    assert np.array_equal(result["depth"], given_frame["depth"])
    assert np.array_equal(result["valid"], given_frame["valid"])


@pytest.mark.parametrize("rate", [0.25, 0.6])
def test_it_is_applied_at_its_rate(rate: float) -> None:
    given_frame = frame(1, 4)
    given_frame["depth"][:] = 20.0
    given_frame["image"][:] = 0
    pipeline = Pipeline([VerticalCutDepth(p=rate)])
    n = 3000
    applied = sum(bool(pipeline(given_frame, key=(7, 0, index))["image"].any()) for index in range(n))
    assert abs(applied - n * rate) < 4 * np.sqrt(n * rate * (1 - rate))


def test_positions_are_spread_uniformly() -> None:
    given_frame = frame(1, 1000)
    given_frame["depth"][:] = 20.0
    given_frame["image"][:] = 0
    pipeline = Pipeline([VerticalCutDepth(p=1.0)])
    n = 1500
    columns = [np.flatnonzero(pipeline(given_frame, key=(i,))["image"][0, :, 0]) for i in range(n)]
    a = np.array([found[0] for found in columns]) / 1000
    b = np.array([len(found) for found in columns]) / ((1 - a) * 1000 * 0.75)
    roomy = a < 0.9  # where whole columns hide little of b
    for share, count in ((a, n), (b[roomy], roomy.sum())):
        assert abs(share.mean() - 0.5) < 4 / np.sqrt(12 * count) + 0.01
        assert share.std() == pytest.approx(np.sqrt(1 / 12), abs=0.02)


def test_depth_of_another_size_is_refused() -> None:
    given_frame = frame()
    given_frame["depth"] = given_frame["depth"][:, :4]
    with pytest.raises(ValueError, match="of one size"):
        Pipeline([VerticalCutDepth(p=1.0)])(given_frame, key=(0,))


@pytest.mark.parametrize("arguments", [{"width": 0.0}, {"width": 1.5}, {"max_depth": 0.0}, {"p": 1.5}])
def test_impossible_settings_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        VerticalCutDepth(**arguments)
