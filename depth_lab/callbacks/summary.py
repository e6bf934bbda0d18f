"""`summary.json`: how a run stands, whatever happens to it."""

from __future__ import annotations

import json
import math
import subprocess
import time
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import WandbLogger

from depth_lab.io.files import write_text


class RunSummary(Callback):
    """Keeps `<folder>/summary.json` true: the `state` (running, finished, interrupted, failed) and the best epoch by `metric`.

    `facts` are what the caller knows: seed, data, model. `config` goes to the loggers when training begins, so that a wrong path
    leaves no empty run behind; the W&B run is closed with the same state.
    """

    def __init__(self, folder: Path | str, config: dict[str, Any], metric: str = "val/abs_rel", **facts: Any) -> None:
        self.path = Path(folder) / "summary.json"
        self.config, self.metric = config, metric
        self.runs: list[WandbLogger] = []
        self.content: dict[str, Any] = {"state": "running", "metric": metric, "best": None, "seconds": 0.0, **facts}
        self.earlier = 0.0
        if self.path.is_file():
            before = json.loads(self.path.read_text())
            self.content["best"], self.earlier = before.get("best"), before.get("seconds", 0.0)

    @property
    def best(self) -> dict[str, float]:
        """The best epoch's scores. Raises ValueError where no epoch was scored."""
        if self.content["best"] is None:
            raise ValueError(
                f"No epoch has a finite {self.metric}: has it diverged (lower optimizer.lr), or is it shorter than "
                "trainer.check_val_every_n_epoch?"
            )
        return self.content["best"]

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.started = time.monotonic()
        self.content["parameters"] = sum(parameter.numel() for parameter in pl_module.parameters())
        self.content["commit"] = commit()
        for logger in trainer.loggers:
            logger.log_hyperparams(self.config)
        self.runs = [logger for logger in trainer.loggers if isinstance(logger, WandbLogger) and trainer.is_global_zero]
        self.content["wandb_id"] = next((logger.experiment.id for logger in self.runs), None)
        self._write(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """After validation, whose metrics Lightning has by then."""
        scores = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val/")}
        best = self.content["best"]
        score = scores.get(self.metric, math.nan)
        if math.isfinite(score) and (best is None or score < best[self.metric]):
            self.content["best"] = {"epoch": trainer.current_epoch, **scores}
        self._write(trainer)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._end(trainer, "finished")

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._end(trainer, "interrupted" if isinstance(exception, KeyboardInterrupt) else "failed")

    def _end(self, trainer: Trainer, state: str) -> None:
        self.content["state"] = state
        self._write(trainer)
        for logger in self.runs:
            logger.experiment.summary["state"] = state
            for name, value in (self.content["best"] or {}).items():
                logger.experiment.summary[f"best/{name}"] = value
            logger.experiment.finish(exit_code=0 if state == "finished" else 1)

    def _write(self, trainer: Trainer) -> None:
        if trainer.is_global_zero:
            started = getattr(self, "started", time.monotonic())
            self.content["seconds"] = round(self.earlier + time.monotonic() - started, 1)
            write_text(self.path, json.dumps(self.content, indent=2) + "\n")


def commit() -> str | None:
    """The commit of the working copy that this package runs from, with `+` where it has changes; None elsewhere."""
    here = Path(__file__).parents[2]
    if not (here / ".git").exists():
        return None
    asked = ["git", "-C", str(here), "describe", "--always", "--abbrev=12", "--dirty=+"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None
