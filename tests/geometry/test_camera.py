from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depth_lab.geometry import camera, project

K = np.array([[500.0, 0.0, 319.5], [0.0, 400.0, 239.5], [0.0, 0.0, 1.0]])


def test_crop_moves_only_the_principal_point() -> None:
    assert np.array_equal(camera.crop(K, 13, 23), [[500, 0, 306.5], [0, 400, 216.5], [0, 0, 1]])


def test_resize_keeps_the_centre_of_the_image_at_its_centre() -> None:
    half = camera.resize(K, (480, 640), (240, 320))
    assert np.array_equal(half, [[250, 0, 159.5], [0, 200, 119.5], [0, 0, 1]])  # not 159.75: trap 8
    assert np.allclose(camera.resize(half, (240, 320), (480, 640)), K)


def test_resize_scales_the_axes_apart() -> None:
    moved = camera.resize(np.array([[10.0, 0, 0], [0, 10.0, 0], [0, 0, 1]]), (2, 4), (6, 8))
    assert np.allclose(moved, [[20, 0, 0.5], [0, 30, 1.0], [0, 0, 1]])


def test_hflip_mirrors_cx_and_keeps_the_focal_length_positive() -> None:
    off_centre = np.array([[500.0, 2.0, 300.0], [0.0, 400.0, 239.5], [0.0, 0.0, 1.0]])
    flipped = camera.hflip(off_centre, 640)
    assert np.array_equal(flipped, [[500, -2, 339], [0, 400, 239.5], [0, 0, 1]])
    assert np.array_equal(camera.hflip(flipped, 640), off_centre)


def test_float32_comes_back_as_float64_and_the_argument_is_untouched() -> None:
    given_K = K.astype(np.float32)
    assert camera.crop(given_K, 1, 1).dtype == np.float64
    assert np.array_equal(given_K, K)


sizes = st.integers(1, 2000)
step = st.one_of(
    st.tuples(st.just("crop"), st.floats(0, 0.9), st.floats(0, 0.9)),
    st.tuples(st.just("resize"), sizes, sizes),
    st.tuples(st.just("hflip"), st.just(0), st.just(0)),
)
focal = st.floats(50, 2000)
coordinate = st.floats(-3, 3)


@settings(max_examples=200, deadline=None)
@given(
    size=st.tuples(sizes, sizes),
    f=st.tuples(focal, focal),
    centre=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    point=st.tuples(coordinate, coordinate, st.floats(0.5, 80)),
    steps=st.lists(step, max_size=5),
)
def test_a_point_lands_where_its_pixel_went(
    size: tuple[int, int],
    f: tuple[float, float],
    centre: tuple[float, float],
    point: tuple[float, float, float],
    steps: list[tuple[str, float, float]],
) -> None:
    height, width = size
    k = np.array([[f[0], 0.0, centre[0] * width], [0.0, f[1], centre[1] * height], [0.0, 0.0, 1.0]])
    x, y, z = point
    u, v = k[0, 0] * x / z + k[0, 2], k[1, 1] * y / z + k[1, 2]
    for name, first, second in steps:
        if name == "crop":
            top, left = int(first * height), int(second * width)
            k = camera.crop(k, left, top)
            u, v, height, width = u - left, v - top, height - top, width - left
        elif name == "resize":
            new_height, new_width = int(first), int(second)
            k = camera.resize(k, (height, width), (new_height, new_width))
            u = _scaled(u, width, new_width)
            v = _scaled(v, height, new_height)
            height, width = new_height, new_width
        else:
            k = camera.hflip(k, width)
            u, x = width - 1 - u, -x
    assert project(np.array([x, y, z]), k) == pytest.approx([u, v], abs=1e-4, rel=1e-9)
    assert k[0, 0] > 0
    assert k[1, 1] > 0


def _scaled(position: float, length: int, new_length: int) -> float:
    """The outer edges of an image, half a pixel beyond the centres, stay its outer edges."""
    return (position + 0.5) / length * new_length - 0.5
