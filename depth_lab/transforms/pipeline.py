"""Chains of transforms on frames: what is allowed in them, and where their randomness comes from."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from operator import index
from typing import Any, SupportsIndex, cast

import albumentations as A
import numpy as np

from depth_lab.batch import Frame
from depth_lab.transforms.cutdepth import VerticalCutDepth
from depth_lab.transforms.geometric import FrameTransform

REPLACEMENTS = ("Resize", "ResizeImage", "RandomCrop", "CenterCrop", "KittiBenchmarkCrop", "HorizontalFlip")


class Pipeline:
    """Transforms in order, on one frame. Takes this package's transforms and albumentations' pixel-only ones, also
    nested in `OneOf`, `SomeOf`, `Sequential`; refuses at construction what could move pixels and not the intrinsics.

    A call is a pure function of the frame and the key, by convention (seed, epoch, index): neither earlier calls nor
    the number of workers change it. Each transform has a stream of its own, so switching CutDepth on leaves the crops,
    flips and colours of all samples as they were.
    """

    def __init__(self, transforms: Sequence[A.BasicTransform | A.BaseCompose] = ()) -> None:
        self.transforms = list(transforms)
        leaves = list(_leaves(self.transforms))
        for leaf in leaves:
            _check_moves_intrinsics(leaf)
        pasted = [leaf for leaf in leaves if isinstance(leaf, VerticalCutDepth)]
        if pasted and not (len(pasted) == 1 and pasted[0] is self.transforms[0]):
            raise ValueError(
                "VerticalCutDepth must be the first transform of the pipeline, once and not nested: it needs the full frame."
            )
        # for all samples, flipped or not, because a batch needs the same keys in each
        self._dropped = {name for leaf in leaves if isinstance(leaf, FrameTransform) for name in leaf.breaks}
        self._streams = list(_streams(self.transforms))

    def __call__(self, frame: Frame, key: Sequence[SupportsIndex] = ()) -> Frame:
        """The frame after all transforms; `frame` stays as it is. Only a pipeline without randomness needs no key."""
        data: dict[str, Any] = {name: value for name, value in frame.items() if name not in self._dropped}
        self._seed(tuple(index(part) for part in key))
        for transform in self.transforms:
            data = transform(**data)
        _check_image(data["image"], frame["image"])
        return cast(Frame, data)

    def _seed(self, key: tuple[int, ...]) -> None:
        if self._streams and not key:
            raise ValueError("This pipeline is random: call it with a key, such as (seed, epoch, index).")
        for name, transform in self._streams:
            # a hash, because SeedSequence takes (1, 2) and (1, 2, 0) for the same seed
            digest = hashlib.blake2b(repr((name, key)).encode(), digest_size=16).digest()
            seed = int.from_bytes(digest, "little")
            # not Compose.set_random_seed: it gives all transforms one seed, so that they all apply or none does
            transform.set_random_state(np.random.default_rng(seed), random.Random(seed))


def _leaves(transforms: Iterable[Any]) -> Iterator[Any]:
    for transform in transforms:
        if isinstance(transform, A.BaseCompose):
            yield from _leaves(transform.transforms)
        else:
            yield transform


def _streams(transforms: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """The random ones among the transforms, named by class and occurrence."""
    seen: Counter[str] = Counter()
    for transform in transforms:
        if isinstance(transform, FrameTransform) and not transform.random and transform.p == 1:
            continue
        name = type(transform).__name__
        yield f"{name} {seen[name]}", transform
        seen[name] += 1


def _check_moves_intrinsics(leaf: object) -> None:
    if isinstance(leaf, FrameTransform | A.ImageOnlyTransform):
        return
    name = type(leaf).__name__
    instead = name if name in REPLACEMENTS else f"one of {', '.join(REPLACEMENTS)}, or a FrameTransform of your own"
    raise ValueError(
        f"{type(leaf).__module__.split('.')[0]}.{name} is neither pixel-only nor does it move the intrinsics with the "
        f"pixels: use {instead} from depth_lab.transforms instead."
    )


def _check_image(after: np.ndarray, before: np.ndarray) -> None:
    if after.dtype != before.dtype or after.shape[2:] != before.shape[2:]:
        raise ValueError(
            f"A pipeline must keep the type and channels of an image, but {before.dtype} {before.shape} became "
            f"{after.dtype} {after.shape}: leave out transforms such as Normalize, because networks normalise."
        )
