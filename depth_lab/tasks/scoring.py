"""Predict a split once and score it under any number of protocols."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch

from depth_lab.batch import DepthBatch, float_image
from depth_lab.metrics import Protocol
from depth_lab.metrics.store import PerImageStore
from depth_lab.networks import DepthNetwork


@torch.inference_mode()
def score(
    network: DepthNetwork,
    batches: Iterable[DepthBatch],
    protocols: list[Protocol],
    *,
    kind: Literal["nyu", "kitti", "other"],
    ground_truth: Literal["raw", "filled", "lidar", "annotated"],
) -> tuple[list[PerImageStore], dict[str, str]]:
    """A store for each protocol that applies to the data, and for the others the reason why not.

    `kind` and `ground_truth` are those of the data module. Raises ValueError where no protocol applies.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).eval()
    stores = {protocol.id: PerImageStore(protocol) for protocol in protocols}
    skipped: dict[str, str] = {}
    for batch in batches:
        image, target, cap = float_image(batch)["image"].to(device), batch["depth"].to(device), batch["max_depth"].to(device)
        pred = network(image)
        mirrored = network(image.flip(-1)) if any(protocol.augmentation != "none" for protocol in protocols) else pred
        for protocol in protocols:
            reason = protocol.skip_reason(kind, (target.shape[-2], target.shape[-1]), ground_truth)
            if reason is None:
                merged = protocol.merge_flip(pred, mirrored, kind, cap)
                stores[protocol.id].add(batch["name"], protocol.sums(merged, target, kind, cap))
            else:
                skipped[protocol.id] = reason
    kept = [store for id, store in stores.items() if id not in skipped]
    if not kept:
        raise ValueError(f"No protocol applies: {'; '.join(skipped.values())}; choose another (conf/protocol lists them).")
    return kept, skipped
