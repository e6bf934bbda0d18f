"""The order of samples: keyed by seed and epoch, and split over processes without counting one twice."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import Sampler


class EpochSampler(Sampler[tuple[int, int]]):
    """Yields (epoch, index), so that a worker of any age knows the epoch that it augments for.

    Process `rank` of `world` takes every `world`-th place of one common order: all processes together see at each step the
    samples that one process with the global batch would see. `even` drops the tail, so that every process has the same number, as
    gradients need; without it each sample comes exactly once, as scores need (torch's DistributedSampler repeats some).
    """

    def __init__(self, length: int, *, shuffle: bool, even: bool, seed: int, rank: int = 0, world: int = 1) -> None:
        self.length, self.shuffle, self.even, self.seed = length, shuffle, even, seed
        self.rank, self.world = rank, world
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before every epoch, also after a resume."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[tuple[int, int]]:
        order = range(self.length)
        if self.shuffle:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
            order = torch.randperm(self.length, generator=generator).tolist()  # type: ignore[assignment]
        stop = self.length - self.length % self.world if self.even else self.length
        return iter([(self.epoch, index) for index in order[self.rank : stop : self.world]])

    def __len__(self) -> int:
        stop = self.length - self.length % self.world if self.even else self.length
        return len(range(self.rank, stop, self.world))
