"""The LightningDataModule that every data set shares; a subclass only says which Dataset a split is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal

import cv2
import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader

from depth_lab.batch import DepthBatch, DepthSample, float_image
from depth_lab.data.dataset import RGBDDataset
from depth_lab.data.samplers import EpochSampler
from depth_lab.rooms.pool import default_workers
from depth_lab.transforms import Augmentation, Pipeline, evaluation_pipeline

Split = Literal["train", "val", "test"]


class DepthDataModule(LightningDataModule, ABC):
    """Loaders over a data set with the splits train, val and test.

    `size` (height, width) is what the network gets; ground truth of val and test stays at the size of its file. `batch_size` is
    per process. `workers` is per process too; by default as many as this process has cores, at most 8. `kind` names the data set
    for protocols, whose crops differ between nyu and kitti; `ground_truth` says where its depth comes from.
    """

    kind: Literal["nyu", "kitti", "other"] = "other"
    ground_truth: Literal["raw", "filled", "lidar", "annotated"] = "raw"

    def __init__(
        self,
        *,
        size: Sequence[int],
        min_depth: float,
        max_depth: float,
        batch_size: int,
        augment: Augmentation,
        workers: int | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.size = (int(size[0]), int(size[1]))
        self.min_depth, self.max_depth = min_depth, max_depth
        self.batch_size = batch_size
        self.augment = augment
        self.workers = workers
        self.seed = seed

    @abstractmethod
    def dataset(self, split: Split, pipeline: Pipeline | None = None) -> RGBDDataset:
        """The data set of one split, its frames moved by `pipeline`."""

    def setup(self, stage: str) -> None:
        """Open the splits, so that a wrong path is an error before the network is built."""
        self.splits: dict[Split, RGBDDataset] = {}
        if stage == "fit":
            self.splits["train"] = self.dataset("train", self.augment.pipeline(self.size, self.max_depth))
        split: Split = "test" if stage == "test" else "val"
        self.splits[split] = self.dataset(split, evaluation_pipeline(self.size))

    def train_dataloader(self) -> DataLoader[DepthSample]:
        return self._loader("train")

    def val_dataloader(self) -> DataLoader[DepthSample]:
        return self._loader("val")

    def test_dataloader(self) -> DataLoader[DepthSample]:
        return self._loader("test")

    def _loader(self, split: Split) -> DataLoader[DepthSample]:
        dataset, train = self.splits[split], split == "train"
        if len(dataset) == 0:
            raise ValueError(f"The split {split} of {type(self).__name__} is empty: check data.root and the list files.")
        rank, world = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        sampler = EpochSampler(len(dataset), shuffle=train, even=train, seed=self.seed, rank=rank, world=world)
        workers = max(1, min(8, default_workers() // world)) if self.workers is None else self.workers
        return DataLoader(
            dataset,
            batch_size=self.batch_size,
            sampler=sampler,
            drop_last=train and len(sampler) >= self.batch_size,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=_one_thread,
        )

    def on_after_batch_transfer(self, batch: DepthBatch, dataloader_idx: int) -> DepthBatch:
        """uint8 images become floats in [0, 1] on the device."""
        return float_image(batch)


def _one_thread(_: int) -> None:
    cv2.setNumThreads(0)
