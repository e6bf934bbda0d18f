"""The two pipelines of an experiment: the training recipe as plain arguments, and evaluation, which has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import albumentations as A

from depth_lab.transforms.crops import RandomCrop
from depth_lab.transforms.cutdepth import VerticalCutDepth
from depth_lab.transforms.geometric import FrameTransform, HorizontalFlip, Resize, ResizeImage
from depth_lab.transforms.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How training images are varied; as constructed, not at all.

    All but `cutdepth_width` (of VerticalCutDepth) and `crop` (fractions of height and width, or None) are the
    probability that a sample gets the transform. The colours vary as in GLPN (Kim et al. 2022): brightness and
    contrast by 20 %, gamma 0.8 to 1.2, and hue, saturation, value by 20, 30, 20 of 255 (hue: of 180).
    """

    cutdepth: float = 0.0
    cutdepth_width: float = 0.75
    crop: Sequence[float] | None = None
    flip: float = 0.0
    brightness_contrast: float = 0.0
    gamma: float = 0.0
    hue: float = 0.0

    def pipeline(self, size: Sequence[int] | None, max_depth: float, frame_crop: FrameTransform | None = None) -> Pipeline:
        """CutDepth on the full frame, `frame_crop` (of a benchmark), resize to `size` (height, width), random crop,
        flip, colours. `max_depth` in metres is what CutDepth paints white."""
        return Pipeline(list(self._transforms(size, max_depth, frame_crop)))

    def _transforms(
        self, size: Sequence[int] | None, max_depth: float, frame_crop: FrameTransform | None
    ) -> Iterator[A.BasicTransform]:
        if self.cutdepth:
            yield VerticalCutDepth(p=self.cutdepth, width=self.cutdepth_width, max_depth=max_depth)
        if frame_crop is not None:
            yield frame_crop
        if size is not None:
            yield Resize(*size)
        if self.crop is not None:
            yield RandomCrop(fraction=self.crop)
        if self.flip:
            yield HorizontalFlip(p=self.flip)
        if self.brightness_contrast:
            yield A.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.2, p=self.brightness_contrast)
        if self.gamma:
            yield A.RandomGamma(gamma_limit=(80, 120), p=self.gamma)
        if self.hue:
            yield A.HueSaturationValue(hue_shift_limit=20, sat_shift_limit=30, val_shift_limit=20, p=self.hue)


def evaluation_pipeline(size: Sequence[int] | None, frame_crop: FrameTransform | None = None) -> Pipeline:
    """`frame_crop` (of a benchmark) of everything, then the image alone to `size` (height, width): never random."""
    crop = [] if frame_crop is None else [frame_crop]
    return Pipeline(crop if size is None else [*crop, ResizeImage(*size)])
