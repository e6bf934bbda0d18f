"""Training and validation of any depth network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from depth_lab.batch import DepthBatch
from depth_lab.checkpoint import describe
from depth_lab.metrics import Protocol
from depth_lab.networks import DepthNetwork


class DepthTask(LightningModule):
    """A network, its loss and its optimizer; scored by `protocol`, per image, and averaged over images.

    `optimizer` takes parameters or groups of them; `scheduler` takes (optimizer, total_steps) and is stepped once a batch. Logs
    `train/loss`, `train/lr`, and `val/<metric>` for the nine metrics.
    """

    def __init__(
        self,
        network: DepthNetwork,
        *,
        loss: nn.Module,
        optimizer: Callable[[Iterable[Any]], Optimizer],
        scheduler: Callable[[Optimizer, int], LRScheduler],
        protocol: Protocol,
    ) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self.make_optimizer, self.make_scheduler = optimizer, scheduler
        self.protocol = protocol
        if protocol.augmentation != "none":
            raise ValueError(
                f"protocol {protocol.id} also scores mirrored images, which validation during training does not predict: train "
                "under bts, glpdepth or plain, and score under it by depth_lab.evaluate."
            )
        self.val_errors = protocol.metric()

    def forward(self, image: Tensor) -> Tensor:
        return self.network(image)

    def training_step(self, batch: DepthBatch, batch_idx: int) -> Tensor:
        pred = self.network(batch["image"])
        loss = self.loss(pred, batch["depth"], batch["valid"])
        self.log("train/loss_step", loss, batch_size=len(pred))
        self.log("train/lr", self.trainer.optimizers[0].param_groups[-1]["lr"])
        self.log("train/loss", loss, on_step=False, on_epoch=True, sync_dist=True, batch_size=len(pred))
        return loss

    def validation_step(self, batch: DepthBatch, batch_idx: int) -> Tensor:
        """The prediction, float32, for callbacks that draw it."""
        pred = self.network(batch["image"]).float()
        kind: Any = getattr(getattr(self.trainer, "datamodule", None), "kind", "other")
        self.val_errors.update(*self.protocol.prepare(pred, batch["depth"], data=kind, max_depth=batch["max_depth"]))
        return pred

    def on_validation_epoch_end(self) -> None:
        for name, value in self.val_errors.compute().items():
            self.log(f"val/{name}", value, prog_bar=name in ("abs_rel", "rmse"), sync_dist=True)
        self.val_errors.reset()

    def parameter_groups(self) -> list[dict[str, Any]]:
        """What the optimizer gets; `lr_factor` multiplies its learning rate for that group."""
        return [{"params": list(self.network.parameters()), "lr_factor": 1.0}]

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = self.make_optimizer(self.parameter_groups())
        for group in optimizer.param_groups:
            group["lr"] *= group.pop("lr_factor")
        steps = self.trainer.estimated_stepping_batches
        if math.isinf(steps):
            raise ValueError("The learning rate needs the length of the run: set trainer.max_epochs or trainer.max_steps.")
        scheduler = self.make_scheduler(optimizer, int(steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """What `depth_lab.checkpoint.load_network` needs, in built-ins."""
        size = getattr(getattr(self.trainer, "datamodule", None), "size", None)
        checkpoint["network"] = describe(self.network, size=size, protocol=self.protocol.id)
