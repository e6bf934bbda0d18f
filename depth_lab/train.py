"""`python -m depth_lab.train model=glpn|transfer data=rooms|nyu …`: train, validate, and compare with the mean depth map."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from depth_lab.launch import command

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

    from depth_lab.callbacks import RunSummary
    from depth_lab.data import DepthDataModule
    from depth_lab.metrics import Protocol

BASELINE_IMAGES = 1000


@command("train")
def main(config: DictConfig) -> float:
    """Run one training; returns the best `val/abs_rel`, which sweeps minimise."""
    from hydra.utils import instantiate
    from lightning.pytorch import seed_everything

    from depth_lab.checkpoint import load_weights
    from depth_lab.io.files import write_text

    warnings.filterwarnings("ignore", ".*LeafSpec.*")  # Lightning 2.6 uses what torch 2.15 renamed
    folder = Path(config.output)
    resolved: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    seed_everything(config.seed, workers=True, verbose=False)
    if len(config.protocol) != 1:
        raise ValueError(
            f"Training scores under one protocol, {len(config.protocol)} came: name one, and use the others in evaluate."
        )
    [protocol] = instantiate(config.protocol, _convert_="all").values()
    data = instantiate(config.data, _convert_="all")
    # Not as an argument of instantiate, which would turn a dataclass into a dict.
    task = instantiate(config.model, _partial_=True, _convert_="all")(protocol=protocol)
    if config.init_from:
        load_weights(task.network, config.init_from)
    write_text(folder / "config.yaml", OmegaConf.to_yaml(resolved))

    trainer, summary = build_trainer(config, folder, resolved)
    try:
        trainer.fit(task, datamodule=data, ckpt_path=last_checkpoint(config.resume), weights_only=True)
    except SystemExit:
        print(f"Stopped. The run is in {folder}; python -m depth_lab.train resume={folder} continues it.")
        raise
    if summary is None:
        print("It runs: one batch of each stage went through.")
        return float(trainer.callback_metrics["val/abs_rel"])
    if trainer.is_global_zero:
        report(summary, baseline(data, protocol), folder)
    return float(summary.best[summary.metric])


def build_trainer(config: DictConfig, folder: Path, resolved: dict[str, Any]) -> tuple[Trainer, RunSummary | None]:
    """The trainer with its callbacks and loggers; a debug trainer has none of them."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.utils import instantiate

    from depth_lab.callbacks import RunSummary

    if config.trainer.get("fast_dev_run"):
        return instantiate(config.trainer, logger=False, enable_checkpointing=False, _convert_="all"), None
    choices = HydraConfig.get().runtime.choices
    summary = RunSummary(folder, resolved, seed=config.seed, data=choices["data"], model=choices["model"])
    callbacks = [instantiate(callback, _convert_="all") for callback in config.callbacks.values()]
    loggers = [instantiate(logger, _convert_="all") for logger in (config.get("logger") or {}).values()]
    every, epochs = config.trainer.check_val_every_n_epoch, config.trainer.max_epochs
    if epochs and 0 < epochs < every:  # a run shorter than the interval is still scored
        every = epochs
    trainer = instantiate(
        config.trainer,
        callbacks=[*callbacks, summary],
        logger=loggers,
        default_root_dir=folder,
        check_val_every_n_epoch=every,
        _convert_="all",
    )
    return trainer, summary


def last_checkpoint(folder: str | None) -> str | None:
    """The checkpoint that a run continues from; none if it was stopped before its first."""
    path = Path(folder or "", "checkpoints", "last.ckpt")
    return str(path) if folder and path.is_file() else None


def baseline(data: DepthDataModule, protocol: Protocol) -> dict[str, float]:
    """The scores of the mean training depth map, which a network must beat to have learned anything from the image."""
    from torch.utils.data import default_collate

    from depth_lab.networks import MeanDepth
    from depth_lab.tasks import score
    from depth_lab.transforms import evaluation_pipeline

    train = data.dataset("train", evaluation_pipeline(data.size))
    val = data.dataset("val", evaluation_pipeline(data.size))
    few = (default_collate([train[index]]) for index in range(0, len(train), max(1, len(train) // BASELINE_IMAGES)))
    network = MeanDepth(*data.size, min_depth=data.min_depth, max_depth=data.max_depth).fit(few)
    every = (default_collate([val[index]]) for index in range(len(val)))
    [store], _ = score(network, every, [protocol], kind=data.kind, ground_truth=data.ground_truth)
    return {f"val/{name}": value for name, value in store.metrics().items()}


def report(summary: RunSummary, baseline: dict[str, float], folder: Path) -> None:
    """The table of the best epoch beside the baseline, and where to look."""
    from rich.console import Console
    from rich.table import Table

    best = summary.best
    table = Table(title=f"best epoch {best['epoch']} by {summary.metric}, {summary.content['seconds']:.0f} s of training")
    table.add_column("")
    rows = {summary.content["model"]: best, "mean training depth map": baseline}
    metrics = {"RMSE": "val/rmse", "AbsRel": "val/abs_rel", "delta1": "val/delta1"}
    for name in metrics:
        table.add_column(name, justify="right")
    for name, scores in rows.items():
        table.add_row(name, *(f"{scores[key]:.4f}" for key in metrics.values()))
    console = Console()
    console.print(table)
    panels = sorted((folder / "panels").glob("*.png"))
    console.print(f"run folder  {folder}", soft_wrap=True, highlight=False)
    console.print(f"pictures    {panels[-1] if panels else 'none'}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main()
