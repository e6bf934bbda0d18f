from __future__ import annotations

import csv
from pathlib import Path

import pytest

from depth_lab.loggers import EpochCSV, logged_in, wandb_logger


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_validation_and_training_share_the_row_of_their_epoch(tmp_path: Path) -> None:
    log = EpochCSV(tmp_path / "metrics.csv")
    log.log_metrics({"train/loss_step": 9.0, "epoch": 0}, step=1)
    log.log_metrics({"val/abs_rel": 0.5, "epoch": 0}, step=3)
    log.log_metrics({"train/loss": 2.0, "epoch": 0}, step=3)
    log.log_metrics({"train/loss": 1.0, "epoch": 1}, step=7)
    assert read(log.path) == [
        {"epoch": "0", "step": "3", "train/loss": "2", "val/abs_rel": "0.5"},
        {"epoch": "1", "step": "7", "train/loss": "1", "val/abs_rel": ""},
    ]


def test_a_run_that_goes_back_leaves_neither_gap_nor_double(tmp_path: Path) -> None:
    for epochs in ((0, 1, 2), (1, 2, 3)):
        log = EpochCSV(tmp_path / "metrics.csv")
        for epoch in epochs:
            log.log_metrics({"train/loss": 1.0 * len(epochs), "epoch": epoch}, step=epoch)
    assert [row["epoch"] for row in read(tmp_path / "metrics.csv")] == ["0", "1", "2", "3"]


def test_offline_unless_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert not logged_in("https://api.example.org")
    (tmp_path / "netrc").write_text("machine api.example.org login user password secret\n")
    assert logged_in("https://api.example.org")
    assert not logged_in("https://other.example.org")
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    assert logged_in("https://other.example.org")


@pytest.mark.parametrize(
    ("asked", "variable", "offline"), [("auto", None, True), ("auto", "offline", True), ("offline", "online", True)]
)
def test_the_mode_is_the_asked_one_then_the_variable_then_offline(
    asked: str, variable: str | None, offline: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.delenv("WANDB_MODE", raising=False)
    if variable:
        monkeypatch.setenv("WANDB_MODE", variable)
    logger = wandb_logger(tmp_path / "run", mode=asked)
    assert logger._offline is offline


def test_online_without_a_key_is_said_and_never_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.setenv("WANDB_MODE", "online")
    for mode in ("auto", "online"):
        with pytest.raises(ValueError, match="run `wandb login`"):
            wandb_logger(tmp_path / "run", mode=mode)
