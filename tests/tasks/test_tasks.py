from __future__ import annotations

from typing import Any

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from depth_lab.losses import SILog
from depth_lab.metrics import Protocol
from depth_lab.networks import GLPN, MeanDepth, Transfer
from depth_lab.tasks import DepthTask, GLPNTask, TransferTask, constant

PLAIN = Protocol.named("plain")


def samples(count: int, size: tuple[int, int] = (32, 48), *, known: list[bool] | None = None) -> list[dict[str, Any]]:
    generator = torch.Generator().manual_seed(0)
    found = []
    for i in range(count):
        depth = 1 + 4 * torch.rand(1, *size, generator=generator)
        if known and not known[i]:
            depth = torch.zeros_like(depth)
        found.append(
            {
                "image": torch.rand(3, *size, generator=generator),
                "depth": depth,
                "valid": depth > 0,
                "name": str(i),
                "max_depth": torch.tensor(10.0),
            }
        )
    return found


def run(task: LightningModule, data: list[dict[str, Any]], *, batch_size: int = 2, epochs: int = 1) -> Trainer:
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(task, DataLoader(data, batch_size), DataLoader(data, batch_size))
    return trainer


def transfer(**options: Any) -> TransferTask:
    torch.manual_seed(0)
    network = Transfer(pretrained=None, decoder_channels=32)
    settings = {"loss": SILog(), "optimizer": lambda p: torch.optim.Adam(p, lr=1e-3), "scheduler": constant, "protocol": PLAIN}
    return TransferTask(network, **{**settings, **options})


def state(task: DepthTask, part: str) -> dict[str, Tensor]:
    return {k: v.clone() for k, v in task.network.state_dict().items() if k.startswith(part)}


def test_validation_is_the_mean_over_images_also_of_uneven_batches() -> None:
    """Trap 6: five images in batches of two; the mean over images, written out by hand; one image has no ground truth."""
    data = samples(5, known=[True, True, False, True, True])
    task = DepthTask(
        MeanDepth(32, 48, max_depth=10.0),
        loss=SILog(),
        optimizer=lambda p: torch.optim.SGD(p, lr=0.1),
        scheduler=constant,
        protocol=PLAIN,
    )
    trainer = Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False)
    [scores] = trainer.validate(task, DataLoader(data, 2), verbose=False)
    known = [sample["depth"].double() for sample in data if sample["valid"].any()]
    assert len(known) == 4
    assert scores["val/abs_rel"] == pytest.approx(sum(((5 - d).abs() / d).mean().item() for d in known) / 4, rel=1e-5)
    assert scores["val/rmse"] == pytest.approx(sum((5 - d).square().mean().sqrt().item() for d in known) / 4, rel=1e-5)
    assert scores["val/delta2"] != scores["val/delta3"]  # trap 2


def test_a_frozen_encoder_stands_still_with_its_statistics_and_then_moves() -> None:
    task = transfer(frozen_epochs=2)
    before, decoder = state(task, "encoder"), state(task, "decoder")
    run(task, samples(4), epochs=2)
    assert all(torch.equal(before[name], value) for name, value in state(task, "encoder").items())
    assert any(not torch.equal(decoder[name], value) for name, value in state(task, "decoder").items())
    task = transfer(frozen_epochs=1)
    run(task, samples(4), epochs=2)
    after = state(task, "encoder")
    moved = {name.rsplit(".", 1)[1] for name in before if not torch.equal(before[name], after[name])}
    assert {"weight", "running_mean"} <= moved


def test_rates_fall_by_the_decay_towards_the_input() -> None:
    trainer = run(transfer(layer_decay=0.5), samples(2))
    [optimizer] = trainer.optimizers
    rates = [group["lr"] for group in optimizer.param_groups]
    assert rates == pytest.approx([1e-3 * 0.5**k for k in range(len(rates))][::-1])
    network = trainer.lightning_module.network
    assert optimizer.param_groups[-1]["params"][-1] is network.head.bias
    counted = sum(len(group["params"]) for group in optimizer.param_groups)
    assert counted == len(list(network.parameters()))


@pytest.mark.parametrize("make", [lambda: GLPN("b0", drop_path=0.0), lambda: Transfer(pretrained=None, decoder_channels=32)])
def test_a_network_learns_two_images_by_heart(make: Any) -> None:
    torch.manual_seed(0)
    ramp = torch.linspace(1, 5, 48).expand(1, 32, 48)
    data = samples(2)
    for sample, depth in zip(data, (ramp, ramp.flip(-1)), strict=True):
        sample["depth"] = depth.clone()
        sample["valid"] = depth > 0
        sample["image"] = (depth / 5).expand(3, 32, 48).clone()
    network = make()
    kind = GLPNTask if isinstance(network, GLPN) else TransferTask
    task = kind(network, loss=SILog(), optimizer=lambda p: torch.optim.Adam(p, lr=1e-3), scheduler=constant, protocol=PLAIN)
    trainer = run(task, data, epochs=60)
    assert trainer.callback_metrics["train/loss"] < 0.15
    assert trainer.callback_metrics["val/abs_rel"] < 0.25
