from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_lab.io import read_depth_png, write_depth_png
from depth_lab.io.files import atomic, write_text


def test_sixteen_bit_millimetres_become_metres(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "d.png"), np.array([[0, 1, 1500], [9999, 10000, 65535]], np.uint16))
    depth = read_depth_png(tmp_path / "d.png", 1e-3)
    assert depth.dtype == np.float32
    np.testing.assert_allclose(depth, [[0, 0.001, 1.5], [9.999, 10, 65.535]], rtol=1e-6)


def test_eight_bits_are_refused_unless_declared(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "d.png"), np.array([[0, 51, 255]], np.uint8))
    with pytest.raises(ValueError, match=r"8-bit depth, whose unit is unknown.*depth_scale_8bit"):
        read_depth_png(tmp_path / "d.png", 1e-3)
    np.testing.assert_allclose(read_depth_png(tmp_path / "d.png", 1e-3, 10 / 255), [[0, 2, 10]], rtol=1e-6)


def test_a_file_that_is_no_depth_is_named(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "colour.png"), np.zeros((4, 4, 3), np.uint8))
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for name, reason in (
        ("colour.png", "one channel"),
        ("cut.png", "cannot be decoded"),
        ("none.png", "does not exist"),
    ):
        with pytest.raises(ValueError, match=rf"{name}.*{reason}"):
            read_depth_png(tmp_path / name, 1e-3)


def test_written_depth_holds_rounded_millimetres(tmp_path: Path) -> None:
    write_depth_png(tmp_path / "new" / "d.png", np.array([[0, 1.2344, 1.2346, 65.535]], np.float32))
    raw = cv2.imread(str(tmp_path / "new" / "d.png"), cv2.IMREAD_UNCHANGED)
    assert raw.dtype == np.uint16
    assert raw.tolist() == [[0, 1234, 1235, 65535]]


@pytest.mark.parametrize("value", [65.54, -0.1, np.inf, np.nan])
def test_depth_that_does_not_fit_is_refused(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="does not fit a 16-bit PNG"):
        write_depth_png(tmp_path / "d.png", np.array([[1.0, value]], np.float32))
    assert list(tmp_path.iterdir()) == []


def interrupted_write(path: Path) -> None:
    with atomic(path) as partial:
        partial.write_text("half")
        raise KeyboardInterrupt


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(KeyboardInterrupt):
        interrupted_write(tmp_path / "a.txt")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.txt", "old")]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot be written"):
        write_text(tmp_path / "file" / "a.txt", "x")
