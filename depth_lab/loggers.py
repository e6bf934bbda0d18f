"""Where a run's numbers go: a CSV with a row an epoch, and Weights & Biases."""

from __future__ import annotations

import csv
import io
import json
import netrc
import os
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlparse

from lightning.pytorch.loggers import Logger, WandbLogger
from lightning.pytorch.utilities.rank_zero import rank_zero_only

from depth_lab.io.files import write_text

LEADING = ["epoch", "step", "train/loss"]


class EpochCSV(Logger):
    """One row an epoch: `epoch, step, train/loss, val/<metric>…`.

    Rows are keyed by epoch and the file is written anew with each, so that a run which continues from an older checkpoint leaves
    neither a gap nor a row twice.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__()
        self.path = Path(path)
        self.rows: dict[int, dict[str, str]] = {}
        if self.path.is_file():
            with self.path.open(newline="") as file:
                self.rows = {int(row["epoch"]): row for row in csv.DictReader(file)}

    @property
    def name(self) -> str:
        return "csv"

    @property
    def version(self) -> str:
        return ""

    @rank_zero_only
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """The run folder's config.yaml holds them."""

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Take the means of an epoch; values of single steps are for the other loggers."""
        kept = {k: f"{v:.6g}" for k, v in metrics.items() if k == "train/loss" or k.startswith("val/")}
        if not kept:
            return
        epoch = int(metrics["epoch"])
        self.rows = {old: row for old, row in self.rows.items() if old <= epoch}
        self.rows[epoch] = {**self.rows.get(epoch, {}), "epoch": str(epoch), "step": str(step), **kept}
        names = list(dict.fromkeys(name for row in self.rows.values() for name in row))
        columns = [name for name in LEADING if name in names] + [name for name in names if name not in LEADING]
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows[key] for key in sorted(self.rows))
        write_text(self.path, text.getvalue())


def wandb_logger(
    folder: Path | str,
    *,
    mode: Literal["auto", "online", "offline", "disabled"] = "auto",
    project: str = "depth_lab",
    name: str | None = None,
    group: str | None = None,
    tags: list[str] | None = None,
) -> WandbLogger:
    """Weights & Biases in the run folder. `auto` is what WANDB_MODE says, else online where the user is logged in, else offline.

    It never prompts. A folder whose summary.json names a W&B run continues that run.
    """
    os.environ.setdefault("WANDB_SILENT", "true")
    import wandb

    record = Path(folder) / "summary.json"
    id = json.loads(record.read_text()).get("wandb_id") if record.is_file() else None
    known = logged_in(wandb.Settings().base_url)
    if mode == "auto":
        mode = os.environ.get("WANDB_MODE", "online" if known else "offline")  # type: ignore[assignment]
    if mode == "online" and not known:
        raise ValueError("W&B is to be online and knows no key: run `wandb login`, or set logger.wandb.mode=offline.")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return WandbLogger(
        project=project,
        name=name or Path(folder).name,
        save_dir=folder,
        offline=mode == "offline",
        id=id,
        resume="allow" if id and mode == "online" else None,
        group=group,
        tags=list(tags or []),
        settings=wandb.Settings(mode=mode, silent=True),
    )


def logged_in(server: str) -> bool:
    """Whether an API key for the server is known, from WANDB_API_KEY or from `wandb login`'s netrc entry."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(urlparse(server).hostname or "") is not None
    except (OSError, netrc.NetrcParseError):
        return False
