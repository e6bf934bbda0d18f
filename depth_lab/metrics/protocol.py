"""How a prediction is scored: which pixels count, what happens to the prediction first, how images are averaged.

The same prediction scores differently under different authors' code: a number is only comparable within one protocol.
Each protocol is a file in `conf/protocol`, a result carries its `id` and `fingerprint`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Literal, get_args, get_origin, get_type_hints

import torch
import torch.nn.functional as F
import yaml
from jaxtyping import Bool, Float
from torch import Tensor

from depth_lab.configs import config_folder
from depth_lab.metrics.align import align_least_squares, align_median
from depth_lab.metrics.crops import FRAMES, Crop, Window, crop_window
from depth_lab.metrics.functional import SILog, error_sums, errors_from_sums
from depth_lab.metrics.metric import DepthMetrics

DataKind = Literal["nyu", "kitti", "other"]
GroundTruthKind = Literal["raw", "filled", "lidar", "annotated"]
Cap = float | Float[Tensor, " b"]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """One way to score metric depth. Every field is explicit in `conf/protocol/<id>.yaml`, nothing is inherited."""

    id: str
    nyu_crop: Literal["none", "nyu_eigen", "densedepth"] | None
    """Pixels that count on NYU, 480 x 640; None: the protocol is not defined there. Likewise below."""
    kitti_crop: Literal["none", "garg", "eigen"] | None
    kitti_frame: Literal["full", "kb"]
    """The frame that `kitti_crop` takes fractions of: the whole image or the 352 x 1216 benchmark window."""
    other_crop: Literal["none"] | None
    ground_truth: Literal["any", "filled"]
    """filled: only on ground truth without holes."""
    valid: Literal["exclusive", "inclusive", "all"]
    """Ground truth that counts: min < g < max, min <= g <= max, or every pixel (an image with a hole is skipped)."""
    min_depth: float
    """Metres; lower bound of the valid ground truth, of the clamp, and what a NaN becomes under `nan: min`."""
    kitti_min_depth: float
    max_depth: float | None
    """Metres; None: the cap of the data set."""
    clamp: Literal["none", "before_resize", "after_resize", "after_alignment"]
    """When the prediction is clamped to [min, max]. Under test-time augmentation `before_resize` is before the mean."""
    inf: Literal["keep", "max"]
    nan: Literal["keep", "min", "max"]
    augmentation: Literal["none", "flip", "flip_edges"]
    """Test-time augmentation of the authors, see `merge_flip`."""
    resize: Literal["bilinear"]
    align_corners: bool
    alignment: Literal["none", "least_squares", "median"]
    average: Literal["image", "pooled"]
    silog: SILog
    relative_to: Literal["target", "pred"]
    """What the relative errors are divided by."""
    min_pixels: int
    """An image with fewer valid pixels is skipped."""

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self)).items():
            literals = [hint] if get_origin(hint) is Literal else [h for h in get_args(hint) if get_origin(h) is Literal]
            allowed = [value for literal in literals for value in get_args(literal)]
            allowed += [None] if type(None) in get_args(hint) else []
            if literals and getattr(self, name) not in allowed:
                raise ValueError(f"protocol {self.id}: {name} is {getattr(self, name)!r}, it must be one of {allowed}")

    @classmethod
    def named(cls, id: str) -> Protocol:
        """The protocol of `conf/protocol/<id>.yaml`, for those who do without Hydra."""
        files = {path.stem: path for path in (config_folder() / "protocol").glob("*.yaml") if path.stem != "all"}
        if id not in files:
            raise ValueError(f"there is no protocol {id!r}, but {', '.join(sorted(files))}")
        fields = yaml.safe_load(files[id].read_text(encoding="utf-8"))
        return cls(**{name: value for name, value in fields.items() if name != "_target_"})

    def fingerprint(self, ground_truth: GroundTruthKind) -> str:
        """Twelve hexadecimal digits that change with any field, and with the kind of ground truth."""
        fields = json.dumps({**dataclasses.asdict(self), "scored_on": ground_truth}, sort_keys=True)
        return hashlib.sha256(fields.encode()).hexdigest()[:12]

    def skip_reason(self, data: DataKind, size: tuple[int, int], ground_truth: GroundTruthKind) -> str | None:
        """Why this protocol does not apply to ground truth of that size (height, width) and kind; None if it does."""
        crop = self._crop(data)
        if crop is None:
            return f"{self.id} is not defined on {data} data"
        if self.ground_truth == "filled" and ground_truth != "filled":
            return f"{self.id} needs filled ground truth, this is {ground_truth}"
        return self._size_reason(data, size)

    def merge_flip(
        self,
        pred: Float[Tensor, "b 1 h w"],
        mirrored: Float[Tensor, "b 1 h w"],
        data: DataKind,
        max_depth: Cap,
    ) -> Float[Tensor, "b 1 h w"]:
        """The prediction that is scored, from those of an image and of its mirror image (not flipped back).

        `flip` takes the mean; `flip_edges` (NeWCRFs, after Godard et al. 2017) blends towards the view in which an edge
        of 5 % of the width was not at the left border.
        """
        if self.augmentation == "none":
            return pred
        if self.clamp == "before_resize":
            pred, mirrored = (self._clamp(x, data, max_depth) for x in (pred, mirrored))
        mirrored = mirrored.flip(-1)
        mean = (pred + mirrored) / 2
        if self.augmentation == "flip":
            return mean
        x = torch.linspace(0, 1, pred.shape[-1], device=pred.device, dtype=pred.dtype)
        left = 1 - (20 * (x - 0.05)).clamp(0, 1)
        right = left.flip(0)
        return right * pred + left * mirrored + (1 - left - right) * mean

    def prepare(
        self, pred: Float[Tensor, "b 1 h w"], target: Float[Tensor, "b 1 H W"], data: DataKind, max_depth: Cap
    ) -> tuple[Float[Tensor, "b 1 y x"], Float[Tensor, "b 1 y x"], Bool[Tensor, "b 1 y x"]]:
        """Prediction, ground truth and mask, cut to the protocol's window: what the errors are computed from.

        `target` has the size of its file, metres, 0 where unknown; `pred` covers the same view at any size. The mask is
        the protocol's own and does not look at the data set's `valid`. `max_depth`: the cap, of all or of each image.
        """
        size = (target.shape[-2], target.shape[-1])
        if (reason := self._size_reason(data, size)) is not None:
            raise ValueError(f"{reason}; choose another protocol (conf/protocol lists them)")
        pred = self._resize(pred.to(torch.promote_types(pred.dtype, torch.float32)), size, data, max_depth)
        top, bottom, left, right = self._window(data, size)
        pred, target = (x[..., top:bottom, left:right] for x in (pred, target))
        mask = self._mask(target, data, max_depth)
        return self._finish(pred, target, mask, data, max_depth), target.to(pred.dtype), mask

    def sums(
        self, pred: Float[Tensor, "b 1 h w"], target: Float[Tensor, "b 1 H W"], data: DataKind, max_depth: Cap
    ) -> Float[Tensor, "b sums"]:
        """The sums of each image under this protocol: what a per-image store keeps and `aggregate` averages."""
        return error_sums(*self.prepare(pred, target, data, max_depth), relative_to=self.relative_to)

    def score(
        self, pred: Float[Tensor, "b 1 h w"], target: Float[Tensor, "b 1 H W"], data: DataKind, max_depth: Cap
    ) -> dict[str, Float[Tensor, " b"]]:
        """The errors of each image; NaN for an image that the protocol skips."""
        return errors_from_sums(self.sums(pred, target, data, max_depth), self.silog)

    def aggregate(self, sums: Float[Tensor, "n sums"]) -> dict[str, Float[Tensor, ""]]:
        """The result over images, from their sums: also of a bootstrap draw, which is `sums[draw]`."""
        sums = sums[sums[:, -1] > 0]
        if self.average == "pooled":
            return errors_from_sums(sums.sum(0), self.silog)
        return {name: values.mean() for name, values in errors_from_sums(sums, self.silog).items()}

    def metric(self) -> DepthMetrics:
        """A metric that averages as this protocol does: `metric.update(*protocol.prepare(...))`."""
        return DepthMetrics(silog=self.silog, pool=self.average == "pooled", relative_to=self.relative_to)

    def _crop(self, data: DataKind) -> Crop | None:
        return {"nyu": self.nyu_crop, "kitti": self.kitti_crop, "other": self.other_crop}[data]

    def _window(self, data: DataKind, size: tuple[int, int]) -> Window:
        crop = self._crop(data)
        assert crop is not None
        return crop_window(crop, size, self.kitti_frame if data == "kitti" else "full")

    def _size_reason(self, data: DataKind, size: tuple[int, int]) -> str | None:
        if self._crop(data) is None:
            return f"{self.id} is not defined on {data} data"
        if data == "kitti" and self.kitti_frame == "full" and self.kitti_crop != "none" and size == FRAMES["kb"]:
            return f"{self.id} takes its crop from the full KITTI frame, this ground truth is cut to {size}"
        try:
            self._window(data, size)
        except ValueError as error:
            return f"{self.id}: {error}"
        return None

    def _range(self, x: Tensor, data: DataKind, max_depth: Cap) -> tuple[Tensor, Tensor]:
        low = self.kitti_min_depth if data == "kitti" else self.min_depth
        high = torch.as_tensor(max_depth if self.max_depth is None else self.max_depth, dtype=x.dtype, device=x.device)
        return torch.full_like(high, low).view(-1, 1, 1, 1), high.view(-1, 1, 1, 1)

    def _clamp(self, pred: Tensor, data: DataKind, max_depth: Cap) -> Tensor:
        low, high = self._range(pred, data, max_depth)
        return pred.clamp(low, high)

    def _resize(self, pred: Tensor, size: tuple[int, int], data: DataKind, max_depth: Cap) -> Tensor:
        if self.clamp == "before_resize":
            pred = self._clamp(pred, data, max_depth)
        if pred.shape[-2:] == size:
            return pred
        return F.interpolate(pred, size, mode=self.resize, align_corners=self.align_corners)

    def _mask(self, target: Tensor, data: DataKind, max_depth: Cap) -> Bool[Tensor, "b 1 y x"]:
        low, high = self._range(target, data, max_depth)
        if self.valid == "all":
            mask = (target > 0).all(dim=(1, 2, 3), keepdim=True).expand_as(target)
        elif self.valid == "inclusive":
            mask = (target >= low) & (target <= high)
        else:
            mask = (target > low) & (target < high)
        return mask & (mask.sum(dim=(1, 2, 3), keepdim=True) >= self.min_pixels)

    def _finish(self, pred: Tensor, target: Tensor, mask: Tensor, data: DataKind, max_depth: Cap) -> Tensor:
        """Align, clamp and replace what is not finite, in the order of the protocol."""
        low, high = self._range(pred, data, max_depth)
        if self.alignment == "least_squares":
            pred = align_least_squares(pred, target, mask)
        elif self.alignment == "median":
            pred = align_median(pred, target, mask, low)
        if self.clamp in ("after_resize", "after_alignment"):
            pred = pred.clamp(low, high)
        if self.inf == "max":
            pred = torch.where(pred.isinf(), high, pred)
        if self.nan != "keep":
            pred = torch.where(pred.isnan(), low if self.nan == "min" else high, pred)
        return pred
