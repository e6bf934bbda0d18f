from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from depth_lab.checkpoint import load_network
from depth_lab.tasks import DepthTask
from tests.conftest import Command, the_run
from tests.wandb_file import read_run

METRICS = ["abs_rel", "sq_rel", "rmse", "rmse_log", "log10", "silog", "delta1", "delta2", "delta3"]


def rows(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_folder_holds_what_the_contract_says(
    command: Command, tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("train", "model=glpn", *tiny) == 0
    run = the_run(tmp_path)
    assert run.name.endswith("_glpn_rooms")
    config = OmegaConf.load(run / "config.yaml")
    assert config.trainer.max_epochs == 2
    assert config.model.network.max_depth == 10

    table = rows(run)
    assert list(table[0]) == ["epoch", "step", "train/loss", *(f"val/{name}" for name in METRICS)]
    assert [(row["epoch"], row["step"]) for row in table] == [("0", "1"), ("1", "3")]

    summary = json.loads((run / "summary.json").read_text())
    best = min(table, key=lambda row: float(row["val/abs_rel"]))
    assert (summary["state"], summary["metric"]) == ("finished", "val/abs_rel")
    assert summary["best"]["epoch"] == int(best["epoch"])
    assert summary["best"]["val/abs_rel"] == pytest.approx(float(best["val/abs_rel"]), rel=1e-5)
    assert {"seconds", "parameters", "commit", "seed", "data", "model", "wandb_id"} < summary.keys()

    assert {file.name for file in (run / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    assert Image.open(run / "panels" / "epoch_001.png").size[0] > 500
    assert (run / "train.log").is_file()

    logged = read_run(run)
    assert logged["id"] == summary["wandb_id"]
    assert logged["exit"] == 0
    assert logged["config"]["seed"] == 0
    steps = {row["trainer/global_step"]: row for row in logged["history"] if "val/abs_rel" in row}
    for row in table:
        assert steps[int(row["step"])]["val/abs_rel"] == pytest.approx(float(row["val/abs_rel"]), rel=1e-5)

    printed = capsys.readouterr().out
    assert "mean training depth map" in printed
    assert run.name in printed


def test_a_debug_run_leaves_nothing_but_its_log(command: Command, tiny: list[str], tmp_path: Path) -> None:
    assert command("train", "model=transfer", "model.network.pretrained=false", *tiny, "trainer=debug") == 0
    assert {file.name for file in the_run(tmp_path).iterdir()} == {".hydra", "train.log", "config.yaml"}


def worsening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every epoch's validation worse than the one before."""
    original = DepthTask.log

    def log(self: DepthTask, name: str, value: Any, **options: Any) -> None:
        original(self, name, float(self.current_epoch + 1) if name == "val/abs_rel" else value, **options)

    monkeypatch.setattr(DepthTask, "log", log)


def test_last_is_the_last_epoch_also_where_the_first_was_best_and_a_run_can_be_prolonged_from_elsewhere(
    command: Command, tiny: list[str], nyu_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another folder: the data's relative path is of the folder in which the run was started."""
    words = [word for word in tiny if word.startswith(("data.size", "data.batch", "data.workers", "trainer"))]
    recipe = ["model=transfer", "model.network.pretrained=false", "data=nyu", f"data.root={nyu_root.name}", *words, "logger=[]"]
    worsening(monkeypatch)
    assert command("train", *recipe, "hydra.run.dir=run") == 0
    epochs = {
        name: torch.load(tmp_path / "run" / "checkpoints" / f"{name}.ckpt", weights_only=True)["epoch"]
        for name in ("best", "last")
    }
    assert epochs == {"best": 0, "last": 1}
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert command("train", f"resume={tmp_path / 'run'}", "trainer.max_epochs=4") == 0
    assert torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)["epoch"] == 3
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["best"]["epoch"] == 0


def test_a_failing_job_of_a_sweep_leaves_the_others_be(
    command: Command, tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*tiny, "trainer.max_epochs=1", "logger=csv", "model.network.size=b9,b0", "hydra.sweep.dir=sweep"]
    assert command("train", "-m", *words) == 1
    assert "1 of the sweep's jobs failed: 0 (" in capsys.readouterr().err
    assert not (tmp_path / "sweep" / "0" / "summary.json").exists()
    assert json.loads((tmp_path / "sweep" / "1" / "summary.json").read_text())["state"] == "finished"


def test_a_broken_file_in_training_is_one_sentence_from_a_worker(
    command: Command, tiny: list[str], nyu_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (nyu_root / "train" / "rgb_00003.jpg").write_bytes(b"no image")
    words = [word for word in tiny if word.startswith(("data.size", "data.batch", "trainer"))]
    assert command("train", "data=nyu", f"data.root={nyu_root}", *words, "data.workers=1", "logger=csv") == 1
    said = capsys.readouterr().err
    assert "rgb_00003.jpg cannot be read as an image" in said
    assert "Traceback" not in said


def stop_at(step: int, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make the training step of that global step raise."""
    original = DepthTask.training_step

    def training_step(self: DepthTask, batch: Any, batch_idx: int) -> torch.Tensor:
        if self.global_step == step:
            raise error
        return original(self, batch, batch_idx)

    monkeypatch.setattr(DepthTask, "training_step", training_step)


def test_an_interrupted_run_keeps_its_checkpoint_and_resumes_to_the_same_weights(
    command: Command,
    tiny: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recipe = ["model=transfer", "model.network.pretrained=false", "augment=cutdepth", *tiny, "trainer.max_epochs=3"]
    assert command("train", *recipe, "hydra.run.dir=whole") == 0

    with monkeypatch.context() as patch:
        stop_at(3, patch, KeyboardInterrupt())
        assert command("train", *recipe, "hydra.run.dir=broken") == 1
    assert "train resume=" in capsys.readouterr().out
    run = tmp_path / "broken"
    assert json.loads((run / "summary.json").read_text())["state"] == "interrupted"
    assert (run / "checkpoints" / "last.ckpt").is_file()
    assert read_run(run)["exit"] == 1

    assert command("train", f"resume={run}") == 0
    assert json.loads((run / "summary.json").read_text())["state"] == "finished"
    assert [row["epoch"] for row in rows(run)] == ["0", "1", "2"]
    assert rows(run) == rows(tmp_path / "whole")
    resumed, whole = (torch.load(f / "checkpoints" / "last.ckpt", weights_only=True) for f in (run, tmp_path / "whole"))
    for name, value in whole["state_dict"].items():
        assert torch.equal(resumed["state_dict"][name], value), name


def test_a_failure_in_training_is_recorded(
    command: Command,
    tiny: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stop_at(1, monkeypatch, ValueError("this file is broken: replace it"))
    assert command("train", *tiny) == 1
    assert "error: this file is broken: replace it" in capsys.readouterr().err
    assert json.loads((the_run(tmp_path) / "summary.json").read_text())["state"] == "failed"
    assert read_run(the_run(tmp_path))["exit"] == 1


def test_a_run_starts_from_weights_of_another_data_set(command: Command, tiny: list[str], nyu_root: Path, tmp_path: Path) -> None:
    recipe = ["model=transfer", "model.network.pretrained=false", *tiny]
    assert command("train", *recipe, "data.max_depth=80", "hydra.run.dir=outdoor") == 0
    words = [word for word in tiny if word.startswith(("data.size", "data.batch", "data.workers", "trainer"))]
    nyu = ["model=transfer", "model.network.pretrained=false", "data=nyu", f"data.root={nyu_root}", *words]
    assert command("train", *nyu, "init_from=outdoor", "optimizer.lr=0.0", "hydra.run.dir=indoor") == 0
    outdoor, indoor = (load_network(tmp_path / name)[0] for name in ("outdoor", "indoor"))
    assert (outdoor.max_depth, indoor.max_depth) == (80, 10)
    for (name, before), after in zip(outdoor.named_parameters(), indoor.parameters(), strict=True):
        assert torch.equal(before, after), name


@pytest.mark.parametrize(("words", "sentence"), [
    (["data=nyu"], "data.root is not set"),
    (["data=nyu", "data.root=no such (folder) a=b"], "There is no folder no such (folder) a=b"),
    (["model=gplm"], "gplm"),
    (["trainer.max_epoch=3"], "max_epoch"),
    (["init_from=nowhere.ckpt"], "There is no checkpoint at nowhere.ckpt"),
    (["resume=nowhere"], "nowhere is not a run folder"),
    (["model.network.size=b9"], "b9"),
    (["model.network.pretrained=no/such-network"], "no/such-network"),
    (["model=transfer", "model.network.encoder=resnet5000"], "resnet5000"),
    (["model=transfer", "model.network.encoder=resnet18", "model.network.pretrained=true"], "resnet18"),
    (["trainer=gpu"], "gpu"),
    (["protocol=[plain,bts]"], "one protocol"),
    (["protocol=[bts]"], "choose another protocol"),
    (["protocol=[zoedepth]"], "mirrored"),
    (["data.size=240"], "size"),
    (["+trainer.x=3"], "unexpected keyword argument 'x'"),
    (["trainer.max_epochs=-1"], "trainer.max_epochs"),
    (["logger.wandb.mode=online"], "wandb login"),
])  # fmt: skip
def test_bad_input_is_one_sentence(
    words: list[str],
    sentence: str,
    command: Command,
    tiny: list[str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "trainer=gpu" in words and torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    others = [word for word in tiny if not word.startswith("trainer=")]
    rooms = [] if "data=nyu" in words else others
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", "nowhere")
    assert command("train", *rooms, *words) == 1
    said = capfd.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
