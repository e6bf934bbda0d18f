"""The installed wheel, from another folder; and what only a process of its own can show."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest

from tests.conftest import the_run

ROOT = Path(__file__).parent.parent


def shell(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **variables})


def test_commands_are_listed_and_a_wrong_one_is_said(tmp_path: Path) -> None:
    listing = shell(tmp_path, sys.executable, "-m", "depth_lab")
    assert listing.returncode == 0
    assert {"train", "evaluate", "predict"} <= {line.split()[0] for line in listing.stdout.splitlines() if line.startswith("  ")}
    wrong = shell(tmp_path, sys.executable, "-m", "depth_lab", "trian")
    assert wrong.returncode == 2
    assert "there is no command 'trian'" in wrong.stderr


def test_depth_lab_train_is_the_module(tmp_path: Path) -> None:
    answer = shell(tmp_path, sys.executable, "-m", "depth_lab", "train", "--cfg", "job", "model=transfer")
    assert answer.returncode == 0
    assert "_target_: depth_lab.tasks.TransferTask" in answer.stdout


def test_hydra_stays_below_its_release_candidate() -> None:
    """Trap 9: plugins accept pre-releases of hydra-core."""
    [bound] = [line for line in requires("depth-lab") or [] if line.startswith("hydra-core")]
    assert {"<1.4", ">=1.3.2"} == set(bound.removeprefix("hydra-core").split(","))


@pytest.mark.slow
def test_an_installed_wheel_trains_from_any_folder(tmp_path: Path, tiny: list[str]) -> None:
    built = shell(ROOT, sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), ".")
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("depth_lab-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    packed = {name.removeprefix("depth_lab/conf/") for name in names if name.startswith("depth_lab/conf/")}
    assert packed == {path.relative_to(ROOT / "conf").as_posix() for path in (ROOT / "conf").rglob("*.yaml")}
    site, elsewhere = tmp_path / "site", tmp_path / "else where"
    elsewhere.mkdir()
    installed = shell(tmp_path, sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(site), str(wheel))
    assert installed.returncode == 0, installed.stderr
    where = shell(elsewhere, sys.executable, "-c", "import depth_lab; print(depth_lab.__file__)", PYTHONPATH=str(site))
    assert where.stdout.startswith(str(site))
    ran = shell(elsewhere, sys.executable, "-m", "depth_lab.train", *tiny, "trainer.max_epochs=1", PYTHONPATH=str(site))
    assert ran.returncode == 0, ran.stderr
    assert json.loads((the_run(elsewhere) / "summary.json").read_text())["state"] == "finished"


@pytest.mark.slow
def test_two_processes_score_every_image_once_and_leave_one_run(tmp_path: Path, nyu_root: Path, tiny: list[str]) -> None:
    """Three images over two processes (trap 4): the distributed validation equals the evaluation by one process."""
    data = ["data=nyu", f"data.root={nyu_root}", *(word for word in tiny if word.startswith(("data.size", "data.workers")))]
    recipe = ["model=transfer", "model.network.pretrained=false", "trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]
    numbers = ["trainer.precision=32-true", "trainer.max_epochs=2", "data.batch_size=1"]
    trained = shell(tmp_path, sys.executable, "-m", "depth_lab", "train", *recipe, *numbers, *data)
    assert trained.returncode == 0, trained.stderr
    run = the_run(tmp_path)
    assert [row.split(",")[0] for row in (run / "metrics.csv").read_text().splitlines()] == ["epoch", "0", "1"]
    assert len(list(run.glob("wandb/offline-run-*"))) == 1
    best = json.loads((run / "summary.json").read_text())["best"]
    evaluated = shell(tmp_path, sys.executable, "-m", "depth_lab", "evaluate", f"checkpoint={run}", *data, "data.batch_size=3")
    assert evaluated.returncode == 0, evaluated.stderr
    [result] = json.loads((run / "results.json").read_text())
    assert result["num_images"] == 3
    for name, value in result["metrics"].items():
        assert best[f"val/{name}"] == pytest.approx(value, rel=1e-4), name


@pytest.mark.slow
def test_the_plain_python_of_the_readme_runs(tmp_path: Path, rooms_root: Path) -> None:
    program = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    small, changes = re.subn(r"\b(train|val|test)=\d+", r"\1=8", program.replace("max_epochs=20", "max_epochs=1"))
    assert changes == 3
    ran = shell(tmp_path, sys.executable, "-c", small, XDG_CACHE_HOME=str(rooms_root))
    assert ran.returncode == 0, ran.stderr
    abs_rel, rmse = re.findall(r"tensor\(([\d.]+)", ran.stdout.splitlines()[-1])
    assert 0 < float(abs_rel) < 5
    assert 0 < float(rmse) < 10


@pytest.mark.slow
def test_ctrl_c_keeps_the_last_checkpoint_and_closes_the_run(tmp_path: Path, tiny: list[str]) -> None:
    words = [sys.executable, "-m", "depth_lab.train", *tiny, "trainer.max_epochs=500", "hydra.run.dir=run", "data.workers=1"]
    process = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file() and time.monotonic() < deadline:
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    out, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "resume=" in out
    assert "Traceback" not in err
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["state"] == "interrupted"
    assert not list((tmp_path / "run").rglob(".*.ckpt"))
