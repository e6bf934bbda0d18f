from __future__ import annotations

import pytest

from depth_lab.metrics import crop_mask, crop_window


@pytest.mark.parametrize(
    ("crop", "size", "frame", "window"),
    [
        ("nyu_eigen", (480, 640), "full", (45, 471, 41, 601)),
        ("densedepth", (480, 640), "full", (20, 460, 24, 616)),
        ("garg", (375, 1242), "full", (153, 371, 44, 1197)),
        ("garg", (352, 1216), "kb", (143, 349, 43, 1172)),
        ("garg", (375, 1242), "kb", (166, 372, 56, 1185)),
        ("eigen", (375, 1242), "full", (124, 342, 44, 1197)),
        ("eigen", (352, 1216), "kb", (117, 321, 43, 1172)),
        ("none", (375, 1242), "kb", (23, 375, 13, 1229)),
        ("none", (376, 1241), "kb", (24, 376, 12, 1228)),
        ("none", (33, 65), "full", (0, 33, 0, 65)),
    ],
)
def test_windows(crop: str, size: tuple[int, int], frame: str, window: tuple[int, int, int, int]) -> None:
    assert crop_window(crop, size, frame) == window  # type: ignore[arg-type]
    mask = crop_mask(crop, size, frame)  # type: ignore[arg-type]
    top, bottom, left, right = window
    assert mask.shape == size
    assert mask[top:bottom, left:right].all()
    assert mask.sum() == (bottom - top) * (right - left)


def test_windows_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"nyu_eigen is defined for \(480, 640\), not for \(240, 320\)"):
        crop_window("nyu_eigen", (240, 320))
    with pytest.raises(ValueError, match="window fits"):
        crop_window("garg", (300, 1242), "kb")
