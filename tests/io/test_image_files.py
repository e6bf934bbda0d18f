from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_lab.io import read_image, write_image


def test_an_image_survives_png(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    write_image(tmp_path / "a.png", image)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), image)


@pytest.mark.parametrize(("mode", "colour", "expected"), [
    ("L", 77, (77, 77, 77)),
    ("RGBA", (10, 20, 30, 128), (10, 20, 30)),
    ("P", 0, (0, 0, 0)),
    ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
])  # fmt: skip
def test_other_modes_become_rgb(tmp_path: Path, mode: str, colour: int, expected: tuple[int, int, int]) -> None:
    Image.new(mode, (4, 3), colour).save(tmp_path / "a.tif")
    image = read_image(tmp_path / "a.tif")
    assert image.shape == (3, 4, 3)
    assert tuple(image[0, 0]) == expected


def test_exif_orientation_turns_the_image(tmp_path: Path) -> None:
    picture = Image.new("RGB", (6, 2))
    picture.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the first row of the file is the right side of the scene
    picture.save(tmp_path / "a.png", exif=exif)
    image = read_image(tmp_path / "a.png")
    assert image.shape == (6, 2, 3)
    assert tuple(image[0, 1]) == (255, 0, 0)


def test_what_is_no_photo_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("hello")
    Image.new("I;16", (4, 4)).save(tmp_path / "depth.png")
    whole = tmp_path / "whole.jpg"
    Image.new("RGB", (64, 64), (9, 99, 200)).save(whole)
    (tmp_path / "cut.jpg").write_bytes(whole.read_bytes()[:300])
    cases = {
        "text.jpg": "cannot be read as an image",
        "depth.png": "is it a depth map",
        "cut.jpg": "cannot be read",
        "no.jpg": "no image at",
    }
    for name, reason in cases.items():
        with pytest.raises(ValueError, match=reason) as caught:
            read_image(tmp_path / name)
        assert name in str(caught.value)
