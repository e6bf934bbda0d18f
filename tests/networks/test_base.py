from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from depth_lab.networks import DepthNetwork


class Brightness(DepthNetwork):
    """Depth is the sum of the normalised channels; remembers the size that it saw."""

    def __init__(self, **options: object) -> None:
        super().__init__(stride=8, **options)  # type: ignore[arg-type]
        self.decoder, self.head = nn.Identity(), nn.Identity()

    def depth(self, image: Tensor) -> Tensor:
        self.seen = image.shape[-2:]
        return image.sum(dim=1, keepdim=True)


def test_normalises_with_mean_and_std() -> None:
    net = Brightness(min_depth=0.1, max_depth=9.0, mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 0.1))
    image = torch.tensor([0.6, 0.7, 0.8]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    torch.testing.assert_close(net(image), torch.full((1, 1, 8, 8), 1.0 + 2.0 + 5.0))


def test_bounds_are_metres_and_may_be_fractional() -> None:
    net = Brightness(min_depth=0.75, max_depth=2.5)
    image = torch.tensor([0.0, 0.5, 1.0]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    torch.testing.assert_close(net(image), torch.tensor([[[[0.75, 1.5, 2.5]]]]))


@pytest.mark.parametrize(("size", "seen"), [((8, 16), (8, 16)), ((9, 17), (16, 24)), ((1, 1), (8, 8)), ((3, 8), (8, 8))])
def test_pads_to_the_stride_and_crops_back(size: tuple[int, int], seen: tuple[int, int]) -> None:
    net = Brightness(min_depth=1e-3, max_depth=9.0)
    image = torch.rand(2, 3, *size)
    torch.testing.assert_close(net(image), image.sum(dim=1, keepdim=True).clamp(1e-3, 9.0))
    assert net.seen == seen


def test_normalisation_is_not_in_the_checkpoint() -> None:
    assert not Brightness(min_depth=0.1, max_depth=9.0, mean=(0.1, 0.2, 0.3), std=(0.5, 0.5, 0.5)).state_dict()


@pytest.mark.parametrize(("low", "high"), [(0.0, 10.0), (-1.0, 10.0), (2.0, 2.0), (5.0, 1.0)])
def test_refuses_bounds_out_of_order(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="0 < min_depth < max_depth"):
        Brightness(min_depth=low, max_depth=high)


def test_refuses_an_empty_image() -> None:
    with pytest.raises(ValueError, match=r"\(1, 3, 0, 4\)"):
        Brightness(min_depth=0.1, max_depth=9.0)(torch.rand(1, 3, 0, 4))
