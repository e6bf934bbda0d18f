"""Rendered splits on disk, `<root>/v<version>_240x320_seed0_views4/train_512/`:

- `images.npy` uint8 [n, h, w, 3], `depth.npy` float32 [n, h, w] in metres, `labels.npy` uint8 [n, h, w];
- `index.json`: the parameters, and of every view its name, intrinsics, pose, floor plane, height and completeness.

One array per kind, because reading a sample is then a copy of mapped memory (0.1 ms, where decoding a PNG takes 3) and
because depth stays exact; the default splits take 0.4 GB. A split is rendered into a hidden folder beside its final one
and renamed at the end: what has the final name is whole, and of two that render it at once the later yields.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from depth_lab.rooms.pool import Job, default_workers, render_jobs
from depth_lab.rooms.render import View
from depth_lab.rooms.scene import LABELS

VERSION = 3
"""Raise it with every change that changes a pixel: the folder's name carries it, so no stale cache is read."""
FIRST_ROOM = {"train": 0, "val": 800_000, "test": 900_000}
"""The first room seed of each split, so that no room is in two."""
_ROOMS_PER_SEED = 1_000_000
_VIEWS_PER_JOB = 4
_CAMERA = ("intrinsics", "pose", "floor_plane")
_ARRAYS: dict[str, tuple[str, np.dtype[Any], tuple[int, ...]]] = {
    "images": ("image", np.dtype("u1"), (3,)),
    "depth": ("depth", np.dtype("<f4"), ()),
    "labels": ("labels", np.dtype("u1"), ()),
}


class Split:
    """Random access to a rendered split; cheap to send to another process, because it travels as its folder."""

    def __init__(self, folder: Path, index: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        self.folder, self.index = folder, index
        self._arrays = arrays

    def __len__(self) -> int:
        return len(self.index["samples"])

    def __getitem__(self, i: int) -> View:
        sample = self.index["samples"][i]
        pixels = {key: np.array(self._arrays[file][i]) for file, (key, _, _) in _ARRAYS.items()}
        cameras = {key: np.array(sample[key]) for key in _CAMERA}
        return View(**(sample | pixels | cameras))  # type: ignore[typeddict-item]

    def __reduce__(self) -> tuple[Callable[[Path], Split], tuple[Path]]:
        return read_split, (self.folder,)


def read_split(folder: Path) -> Split:
    """The split in a folder that `render_split` made; `ValueError` if something of it is missing or cut short."""
    try:
        index = json.loads((folder / "index.json").read_text())
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        expected = {name: (len(index["samples"]), *index["size"], *tail) for name, (_, _, tail) in _ARRAYS.items()}
        wrong = [name for name, array in arrays.items() if array.shape != expected[name]]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError(_broken(folder, f"{Path(error.filename).name} is missing")) from error
    except (ValueError, KeyError, TypeError, EOFError) as error:
        raise ValueError(_broken(folder, str(error))) from error
    if wrong or index.get("version") != VERSION:
        raise ValueError(_broken(folder, f"wrong shape: {wrong}" if wrong else f"its version is not {VERSION}"))
    return Split(folder, index, arrays)


def _broken(folder: Path, reason: str) -> str:
    return f"{folder} is not a complete set of rendered rooms ({reason}); delete this folder to have it rendered again"


def render_split(
    root: Path, split: str, count: int, *, size: tuple[int, int] = (240, 320), seed: int = 0, views_per_room: int = 4,
    workers: int | None = None, progress: bool = True,
) -> Path:  # fmt: skip
    """The folder of `count` views of a split, rendered now or found in the cache; `workers` changes no byte of it."""
    if split not in FIRST_ROOM or min(count, views_per_room, *size) < 1:
        raise ValueError(
            f"got split {split!r}, {count} views, {views_per_room} per room, size {size}: "
            f"a split is one of {', '.join(FIRST_ROOM)} and the numbers are at least 1"
        )
    folder = root / f"v{VERSION}_{size[0]}x{size[1]}_seed{seed}_views{views_per_room}" / f"{split}_{count}"
    if folder.exists():
        return read_split(folder).folder
    jobs = _jobs(seed * _ROOMS_PER_SEED + FIRST_ROOM[split], count, views_per_room, size)
    with _scratch(folder, count, size) as scratch:
        samples = _render(jobs, scratch, workers or default_workers(), size, f"rendering rooms: {split}", progress)
        index = {
            "version": VERSION, "split": split, "size": size, "seed": seed, "views_per_room": views_per_room,
            "labels": LABELS, "samples": samples,
        }  # fmt: skip
        (scratch / "index.json").write_text(json.dumps(index))
        _publish(scratch, folder)
    return folder


def _jobs(first_room: int, count: int, views_per_room: int, size: tuple[int, int]) -> list[Job]:
    """Views in the order of the index, a few of one room at a time."""
    jobs = []
    for start in range(0, count, views_per_room):
        views = range(min(views_per_room, count - start))
        room = first_room + start // views_per_room
        jobs += [Job(room, views[i : i + _VIEWS_PER_JOB], size) for i in range(0, len(views), _VIEWS_PER_JOB)]
    return jobs


def _render(
    jobs: list[Job], scratch: Path, workers: int, size: tuple[int, int], title: str, progress: bool
) -> list[dict[str, Any]]:
    """Writes the arrays; returns the records of the index."""
    starts = np.cumsum([0, *(len(job.views) for job in jobs)])
    samples: list[dict[str, Any]] = [{} for _ in range(starts[-1])]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with ExitStack() as stack:
        shapes = {name: (len(samples), *size, *tail) for name, (_, _, tail) in _ARRAYS.items()}
        files = {name: stack.enter_context(_array_file(scratch / f"{name}.npy", name, shapes[name])) for name in _ARRAYS}
        bar = stack.enter_context(Progress(*columns, console=Console(stderr=True), disable=not progress))
        task = bar.add_task(title, total=len(samples))
        for job, views in stack.enter_context(closing(render_jobs(jobs, workers))):
            for slot, view in enumerate(views, starts[job]):
                for name, (file, offset) in files.items():
                    key, kind, _ = _ARRAYS[name]
                    _write_slot(file, offset, slot, np.asarray(view[key], kind))  # type: ignore[literal-required]
                samples[slot] = _record(view)
            bar.advance(task, len(views))
    return samples


def _record(view: View) -> dict[str, Any]:
    kept = {key: view[key].tolist() for key in _CAMERA}  # type: ignore[literal-required]
    return {"name": view["name"], "height_cm": view["height_cm"], "figure_complete": view["figure_complete"], **kept}


@contextmanager
def _array_file(path: Path, name: str, shape: tuple[int, ...]) -> Iterator[tuple[BinaryIO, int]]:
    """A .npy file to be filled slot by slot, and where its data starts. Written, not mapped: a full disk is then an
    error instead of a crash."""
    with path.open("wb") as file:
        descr = np.lib.format.dtype_to_descr(_ARRAYS[name][1])
        np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
        yield file, file.tell()


def _write_slot(file: BinaryIO, offset: int, slot: int, array: np.ndarray) -> None:
    file.seek(offset + slot * array.nbytes)
    file.write(array.tobytes())


@contextmanager
def _scratch(folder: Path, count: int, size: tuple[int, int]) -> Iterator[Path]:
    """A hidden folder beside `folder`, gone at the end whatever happens; trouble with the disk becomes one sentence."""
    megabytes = math.ceil(count * math.prod(size) * 8 / 1e6)
    scratch = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder.parent).free < megabytes * 1e6:
            raise OSError(f"{shutil.disk_usage(folder.parent).free / 1e6:.0f} MB are free")
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        yield scratch
    except OSError as error:
        reason = error.strerror or error
        raise OSError(
            f"cannot render rooms into {folder.parent} ({reason}): it needs {megabytes} MB in a folder "
            "that may be written; free some space or choose another folder"
        ) from error
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)


def _publish(scratch: Path, folder: Path) -> None:
    """Gives the finished folder its name; if another process was first, its result, which is the same, stays."""
    scratch.chmod(0o755)  # mkdtemp makes folders that only their owner may read
    try:
        os.rename(scratch, folder)
    except OSError:
        if not folder.exists():
            raise
        read_split(folder)
