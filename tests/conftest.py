"""Shapes in signatures are checked here, and only here; small data sets that tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest
from jaxtyping import install_import_hook

import tests.typechecker  # noqa: F401  the hook below finds it by name

os.environ["WANDB_MODE"] = "offline"
os.environ.setdefault("HF_HUB_OFFLINE", "1")
install_import_hook("depth_lab", "tests.typechecker.check")


def write_nyu_pair(root: Path, name: str, metres: float, *, bits: int = 16, size: tuple[int, int] = (480, 640)) -> str:
    """A pair with a bright band whose depth is 1 m more; returns its line of the list."""
    rgb, depth = root / f"{name}.jpg", root / f"{name}_depth.png"
    rgb.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((*size, 3), 90, np.uint8)
    image[: size[0] // 2] = 200
    cv2.imwrite(str(rgb), image)
    plane = np.full(size, metres)
    plane[: size[0] // 2] += 1
    unit, kind = (1000, np.uint16) if bits == 16 else (25.5, np.uint8)
    cv2.imwrite(str(depth), np.rint(plane * unit).astype(kind))
    return f"/{name}.jpg /{name}_depth.png 518.8579"


@pytest.fixture
def nyu_root(tmp_path: Path) -> Path:
    """Six training and three test pairs in the BTS layout, planes at 1.5 to 4 m."""
    root = tmp_path / "nyu (copy) a=b"
    for split, count in (("train", 6), ("test", 3)):
        lines = [write_nyu_pair(root, f"{split}/rgb_{i:05d}", 1.5 + 0.5 * i) for i in range(count)]
        (root / f"{split}_list.txt").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture(scope="session")
def rooms_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for rendered rooms that all tests share."""
    return tmp_path_factory.mktemp("rooms (cache)")


Command = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Run a command in this process as the shell would, in a folder of its own; returns its exit status."""
    monkeypatch.chdir(tmp_path)

    def run(name: str, *words: str) -> int:
        monkeypatch.setattr(sys, "argv", [f"depth-lab-{name}", *words])
        try:
            import_module(f"depth_lab.{name}").main()
        except SystemExit as stop:
            return int(stop.code or 0)
        return 0

    return run


@pytest.fixture
def tiny(rooms_root: Path) -> list[str]:
    """Arguments of a training run of seconds: a dozen small rooms on the CPU."""
    return [
        f"data.root={rooms_root}", "data.train=8", "data.val=4", "data.test=4", "data.render_size=[48,64]", "data.size=[32,48]",
        "data.batch_size=4", "data.workers=0", "trainer=cpu", "trainer.max_epochs=2", "trainer.check_val_every_n_epoch=1",
    ]  # fmt: skip


def the_run(folder: Path) -> Path:
    """The one run folder below `folder`."""
    [run] = folder.glob("outputs/*/*")
    return run
