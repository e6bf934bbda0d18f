"""Pictures of the same few validation images after every epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import WandbLogger
from torch import Tensor
from torch.nn.functional import interpolate

from depth_lab.batch import DepthBatch
from depth_lab.visualize import Panel, panel_figure, save_figure


class Panels(Callback):
    """Writes `<folder>/epoch_<n>.png`: image, target, prediction and error of `images` validation images, spread over the set.

    W&B gets them as images too. Only the first process draws, from its own share.
    """

    def __init__(self, folder: Path | str, images: int = 4) -> None:
        self.folder, self.images = Path(folder), images
        self.panels: list[Panel] = []

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.panels = []

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: DepthBatch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        loader: Any = trainer.val_dataloaders
        step = max(1, len(loader.sampler) // self.images)
        first = batch_idx * loader.batch_size
        if trainer.is_global_zero:
            places = [i for i in range(len(outputs)) if (first + i) % step == 0]
            self.panels += panels_of(batch, outputs, places[: self.images - len(self.panels)])

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.panels or trainer.sanity_checking:
            return
        path = self.folder / f"epoch_{trainer.current_epoch:03d}.png"
        save_figure(path, panel_figure(self.panels))
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                logger.log_image("panels", [str(path)], step=trainer.global_step)


def panels_of(batch: DepthBatch, pred: Tensor, places: list[int]) -> list[Panel]:
    """The images at `places` of a batch as panels; a prediction of another size is resized to the target's."""
    size = batch["depth"].shape[-2:]
    return [
        Panel(
            batch["name"][i],
            (batch["image"][i] * 255).round().byte().permute(1, 2, 0).cpu().numpy(),
            batch["depth"][i, 0].cpu().numpy(),
            interpolate(pred[i : i + 1].float(), size, mode="bilinear", align_corners=False)[0, 0].cpu().numpy(),
            batch["valid"][i, 0].cpu().numpy(),
        )
        for i in places
    ]
