"""NYU Depth v2 (Silberman et al. 2012): 640x480 indoor pairs, 16-bit depth in millimetres, in the BTS / GLPDepth layout."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np

from depth_lab.data.dataset import Reading, RGBDDataset
from depth_lab.data.module import DepthDataModule, Split
from depth_lab.io.depth import MILLIMETRE, read_depth_png
from depth_lab.io.images import read_image
from depth_lab.transforms import Pipeline

log = logging.getLogger(__name__)

SIZE = (480, 640)
INTRINSICS = np.array([[518.8579, 0, 325.5824], [0, 519.4696, 253.7362], [0, 0, 1]])
FOLDERS = ("", "sync", "official_splits/test", "official_splits/train")


class NYUv2(RGBDDataset):
    """Pairs of a list file whose lines are `<rgb> <depth> <focal>`, relative to `root`.

    Lines without the third column, and lines whose depth is `None`, are skipped and counted in `skipped`. The files may lie in
    `root` or, as the official archives unpack, under `sync` or `official_splits/test`.
    Raises ValueError where `root`, the list or files of the list are missing, naming them.
    """

    def __init__(self, root: Path | str, file_list: str, *, depth_scale_8bit: float | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.root, self.depth_scale_8bit = Path(root), depth_scale_8bit
        pairs, self.skipped = read_list(self.root, file_list)
        folder = _folder_of(self.root, pairs)
        self.pairs = np.array([(folder + rgb, folder + depth) for rgb, depth in pairs])
        _refuse_missing(self.root, file_list, self.pairs)
        if self.skipped:
            log.warning("%s: %d of %d lines have no depth and are skipped", file_list, self.skipped, self.skipped + len(pairs))

    def __len__(self) -> int:
        return len(self.pairs)

    def read(self, index: int) -> Reading:
        rgb, depth = (str(path) for path in self.pairs[index])
        image = read_image(self.root / rgb)
        if image.shape[:2] != SIZE:
            raise ValueError(
                f"{rgb} is {image.shape[1]}x{image.shape[0]} pixels, NYU Depth v2 is 640x480: its intrinsics and crops would be "
                "wrong for another size; use the original files."
            )
        metres = read_depth_png(self.root / depth, MILLIMETRE, self.depth_scale_8bit)
        return {"image": image, "depth": metres, "intrinsics": INTRINSICS.copy(), "name": rgb.rsplit(".", 1)[0]}


def read_list(root: Path, file_list: str) -> tuple[list[tuple[str, str]], int]:
    """The (rgb, depth) pairs of a BTS-style list file, without leading slashes, and the number of lines that have no depth."""
    if not root.is_dir():
        raise ValueError(
            f"There is no folder {root}: set data.root to the folder that holds {file_list} (data sets: see the README)."
        )
    path = root / file_list
    if not path.is_file():
        found = ", ".join(sorted(file.name for file in root.glob("*.txt"))) or "none"
        raise ValueError(
            f"There is no list {file_list} in {root} (text files there: {found}): name it by data.train_list / data.test_list."
        )
    rows = [line.split() for line in path.read_text().splitlines() if line.strip()]
    pairs = [(row[0].lstrip("/"), row[1].lstrip("/")) for row in rows if len(row) >= 3 and row[1] != "None"]
    if not pairs:
        raise ValueError(f"No line of {path} reads `<rgb> <depth> <focal>`: give it such lines, with paths relative to {root}.")
    return pairs, len(rows) - len(pairs)


def _folder_of(root: Path, pairs: list[tuple[str, str]]) -> str:
    for folder in FOLDERS:
        if any((root / folder / rgb).is_file() for rgb, _ in pairs[:20]):
            return f"{folder}/" if folder else ""
    return ""


def _refuse_missing(root: Path, file_list: str, pairs: np.ndarray) -> None:
    missing = [path for path in pairs.ravel() if not (root / path).is_file()]
    if missing:
        raise ValueError(
            f"{file_list} names {len(missing)} of {pairs.size} files that are not in {root}, first {', '.join(missing[:3])}: "
            "unpack them there, or remove their lines."
        )


class NYUv2Data(DepthDataModule):
    """Train and test list of NYU Depth v2. As in the literature, validation is on the test list: it has no other split."""

    kind = "nyu"

    def __init__(
        self,
        root: str,
        *,
        train_list: str = "train_list.txt",
        test_list: str = "test_list.txt",
        depth_scale_8bit: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.root = root
        self.lists = {"train": train_list, "val": test_list, "test": test_list}
        self.depth_scale_8bit = depth_scale_8bit

    def dataset(self, split: Split, pipeline: Pipeline | None = None) -> NYUv2:
        return NYUv2(
            self.root,
            self.lists[split],
            depth_scale_8bit=self.depth_scale_8bit,
            min_depth=self.min_depth,
            max_depth=self.max_depth,
            pipeline=pipeline,
            seed=self.seed,
        )
