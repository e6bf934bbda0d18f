"""Transfer learning: a pretrained encoder, a new decoder (Alhashim & Wonka 2018, "DenseDepth")."""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer

from depth_lab.networks import Transfer
from depth_lab.tasks.depth import DepthTask


class TransferTask(DepthTask):
    """Fine-tunes a `Transfer` network.

    The encoder stands still for the first `frozen_epochs`, its normalisation statistics too, while the new decoder finds its
    feet. `layer_decay` multiplies the learning rate once for every layer group towards the input (Howard & Ruder 2018), 1 is off.
    """

    network: Transfer

    def __init__(self, network: Transfer, *, frozen_epochs: int = 0, layer_decay: float = 1.0, **options: Any) -> None:
        super().__init__(network, **options)
        self.frozen_epochs, self.layer_decay = frozen_epochs, layer_decay

    def parameter_groups(self) -> list[dict[str, Any]]:
        groups = self.network.layer_groups()
        return [
            {"params": group, "lr_factor": self.layer_decay**depth}
            for depth, group in zip(range(len(groups))[::-1], groups, strict=True)
        ]

    @property
    def frozen(self) -> bool:
        return self.current_epoch < self.frozen_epochs

    def on_train_epoch_start(self) -> None:
        self.network.encoder.train(not self.frozen)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Frozen parameters keep `requires_grad`, because DDP settles at the start which parameters it synchronises."""
        if self.frozen:
            for parameter in self.network.encoder.parameters():
                parameter.grad = None
