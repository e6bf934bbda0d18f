"""The cache of rendered splits: the same bytes for any number of workers, whole or absent, and nothing left behind."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from depth_lab.rooms import read_split, render_room, render_split, store
from depth_lab.rooms.pool import Job

SIZE = (24, 32)


def small(root: Path, split: str = "train", count: int = 5, workers: int = 1) -> Path:
    return render_split(root, split, count, size=SIZE, views_per_room=2, workers=workers, progress=False)


def files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small(tmp_path_factory.mktemp("rooms"))


def test_split_holds_what_render_room_gives(rendered: Path) -> None:
    split = read_split(rendered)
    assert [split[i]["name"] for i in range(len(split))] == [f"room_{i // 2:05d}/view_{i % 2}" for i in range(5)]
    for i in (0, 3):
        expected = render_room(i // 2, size=SIZE, view=i % 2)
        assert split[i].keys() == expected.keys()
        for key, value in expected.items():
            np.testing.assert_array_equal(split[i][key], value)  # type: ignore[literal-required]


def test_two_workers_write_the_same_bytes_as_one(rendered: Path, tmp_path: Path) -> None:
    again = small(tmp_path, workers=2)
    for path in rendered.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes()


def test_a_complete_cache_is_used_at_once(rendered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "render_jobs", None)  # would fail if it rendered
    assert small(rendered.parents[1]) == rendered


def test_other_parameters_get_another_folder(rendered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def name(**other: object) -> str:
        called: list[Path] = []
        monkeypatch.setattr(store, "_scratch", lambda folder, *_: called.append(folder) or pytest.fail("found"))
        with pytest.raises(pytest.fail.Exception):
            render_split(Path("root"), **({"split": "train", "count": 5, "size": SIZE} | other))  # type: ignore[arg-type]
        return str(called[0])

    names = {name(), name(count=6), name(size=(24, 30)), name(seed=1), name(views_per_room=3), name(split="val")}
    monkeypatch.setattr(store, "VERSION", 99)
    assert len(names | {name()}) == 7


def test_no_room_is_in_two_splits(tmp_path: Path) -> None:
    rooms = [{s["name"].split("/")[0] for s in read_split(small(tmp_path, split, 3)).index["samples"]}
             for split in ("train", "val", "test")]  # fmt: skip
    assert not rooms[0] & rooms[1]
    assert not rooms[1] & rooms[2]
    assert not rooms[0] & rooms[2]


def test_a_split_travels_as_its_folder(rendered: Path) -> None:
    parcel = pickle.dumps(read_split(rendered))
    assert len(parcel) < 1000
    np.testing.assert_array_equal(pickle.loads(parcel)[1]["depth"], read_split(rendered)[1]["depth"])


@pytest.mark.parametrize("harm", ["no index", "half an index", "cut array", "no array", "old version", "other count"])
def test_a_damaged_cache_is_named(harm: str, rendered: Path, tmp_path: Path) -> None:
    folder = tmp_path / rendered.parent.name / rendered.name
    folder.mkdir(parents=True)
    for path in rendered.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    index, depth = folder / "index.json", folder / "depth.npy"
    if harm == "no index":
        index.unlink()
    elif harm == "half an index":
        index.write_text(index.read_text()[:100])
    elif harm == "cut array":
        depth.write_bytes(depth.read_bytes()[:-1000])
    elif harm == "no array":
        depth.unlink()
    else:
        content = json.loads(index.read_text())
        content["samples"] = content["samples"][: 4 if harm == "other count" else 5]
        index.write_text(json.dumps(content | {"version": 0 if harm == "old version" else store.VERSION}))
    for use in (lambda: read_split(folder), lambda: small(tmp_path)):
        with pytest.raises(ValueError, match=r"not a complete set of rendered rooms .* delete this folder"):
            use()


def test_a_failing_room_is_named_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_jobs", lambda *_: [Job(77, range(1), (-3, 2))])
    with pytest.raises(ValueError, match="rendering room 77 failed"):
        small(tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.name[0] != "v"]


def test_an_error_of_the_disk_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"cannot render rooms into .*choose another folder"):
        small(tmp_path / "file")


def test_too_little_space_is_said_before_rendering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "render_jobs", None)  # would fail if it rendered
    monkeypatch.setattr(store.shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000))
    with pytest.raises(OSError, match=r"0 MB are free.* it needs 1 MB"):
        small(tmp_path)


def test_interrupting_leaves_neither_files_nor_processes(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from depth_lab.rooms import render_split\n"
        f"render_split(Path({str(tmp_path)!r}), 'train', 400, size=(120, 160), workers=1, progress=False)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not list(tmp_path.rglob("depth.npy")) and time.monotonic() < deadline:
        time.sleep(0.05)
    children = _children(parent.pid)
    os.kill(parent.pid, signal.SIGINT)
    assert parent.wait(timeout=20) != 0
    assert not list(tmp_path.rglob("*.npy"))
    assert all(path.name.startswith("v") for path in tmp_path.rglob("*"))
    assert not [pid for pid in children if _alive(pid)]


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    code = (
        "from depth_lab.rooms.pool import Job\n"
        "for _ in render_jobs([Job(i, range(1), (24, 32)) for i in range(10000)], 1): print(flush=True)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    children = _children(parent.pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while any(_alive(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in children if _alive(pid)]


def test_the_later_of_two_renderers_keeps_the_first_ones_result(rendered: Path, tmp_path: Path) -> None:
    """The other process finishes while this one renders; `_publish` meets a folder that is already there."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "index.json").write_text("the loser's")
    before = {path.name: path.read_bytes() for path in rendered.iterdir()}
    store._publish(scratch, rendered)
    assert {path.name: path.read_bytes() for path in rendered.iterdir()} == before


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="a split is one of train, val, test"):
        render_split(Path("x"), "valid", 3)
    with pytest.raises(ValueError, match="at least 1"):
        render_split(Path("x"), "val", 0)


def _children(pid: int) -> list[int]:
    listing = Path(f"/proc/{pid}/task")
    if not listing.exists():
        pytest.skip("needs /proc")
    return [int(child) for task in listing.iterdir() for child in (task / "children").read_text().split()]


def _alive(pid: int) -> bool:
    try:
        return (Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]) != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
