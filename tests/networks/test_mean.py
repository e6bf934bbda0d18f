from __future__ import annotations

import pytest
import torch
from network_tester import check

from depth_lab.networks import MeanDepth


def batch(depth: torch.Tensor, valid: torch.Tensor) -> dict:
    return {"depth": depth, "valid": valid}


def test_promises() -> None:
    net = MeanDepth(4, 6, min_depth=0.5, max_depth=7.5)
    net.depth_map.uniform_(1, 7)
    check(net)


def test_says_its_map_resized_for_every_image() -> None:
    net = MeanDepth(1, 2, max_depth=10.0)
    net.depth_map.copy_(torch.tensor([[[[2.0, 6.0]]]]))
    # Bilinear with pixel centres: the four columns lie at -0.25, 0.25, 0.75, 1.25 of the map.
    expected = torch.tensor([2.0, 3.0, 5.0, 6.0]).expand(3, 1, 2, 4)
    torch.testing.assert_close(net(torch.rand(3, 3, 2, 4)), expected)


def test_fit_is_the_mean_over_valid_pixels() -> None:
    nan = float("nan")
    one = batch(torch.tensor([[[[1.0, 2.0, nan]]], [[[3.0, 0.0, 9.0]]]]), torch.tensor([[[[1, 1, 0]]], [[[1, 0, 0]]]]).bool())
    two = batch(torch.tensor([[[[5.0, 4.0, 9.0]]]]), torch.tensor([[[[1, 1, 0]]]]).bool())
    net = MeanDepth(1, 3).fit([one, two])
    # The third pixel is never valid: it gets the mean of the others.
    torch.testing.assert_close(net.depth_map, torch.tensor([[[[3.0, 3.0, 3.0]]]]))
    net.fit([two])
    torch.testing.assert_close(net.depth_map, torch.tensor([[[[5.0, 4.0, 4.5]]]]))


def test_fit_pools_larger_targets() -> None:
    depth = torch.tensor([[[[1.0, 3.0, 5.0, 0.0], [1.0, 3.0, 0.0, 0.0]]]])
    net = MeanDepth(1, 2).fit([batch(depth, depth > 0)])
    torch.testing.assert_close(net.depth_map, torch.tensor([[[[2.0, 5.0]]]]))


def test_fit_refuses_data_without_a_valid_pixel() -> None:
    with pytest.raises(ValueError, match="no batch has a valid pixel"):
        MeanDepth(2, 2).fit([batch(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2).bool())])
