"""What every image scored under one protocol: of this, means, intervals and comparisons are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from depth_lab.metrics.functional import errors_from_sums
from depth_lab.metrics.protocol import Protocol


class PerImageStore:
    """The sums of each image by name, in float64; an image that comes twice counts once."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.sums: dict[str, Float[Tensor, " sums"]] = {}

    def add(self, names: Sequence[str], sums: Float[Tensor, "b sums"]) -> None:
        """Add a batch of `Protocol.sums`."""
        self.sums.update(zip(names, sums.double().cpu(), strict=True))

    @property
    def stacked(self) -> Float[Tensor, "n sums"]:
        """The sums in the order of the names."""
        return torch.stack([self.sums[name] for name in sorted(self.sums)])

    @property
    def count(self) -> int:
        """How many images had a pixel to score."""
        return int((self.stacked[:, -1] > 0).sum()) if self.sums else 0

    def metrics(self) -> dict[str, float]:
        """The result over images, averaged as the protocol does."""
        if self.count == 0:
            raise ValueError(
                f"protocol {self.protocol.id} found no pixel to score in {len(self.sums)} images: check data.max_depth, and that "
                "the split has ground truth"
            )
        return {name: float(value) for name, value in self.protocol.aggregate(self.stacked).items()}

    def rows(self) -> Iterator[dict[str, str | float]]:
        """A row an image: name, protocol, its metrics, its valid pixels."""
        errors = errors_from_sums(self.stacked, self.protocol.silog)
        for place, name in enumerate(sorted(self.sums)):
            scores = {metric: float(values[place]) for metric, values in errors.items()}
            yield {"name": name, "protocol": self.protocol.id, **scores, "valid_pixels": int(self.sums[name][-1])}
