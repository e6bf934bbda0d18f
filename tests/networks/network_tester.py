"""What every depth network promises, as one function: `check(net)`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest
import torch

from depth_lab.networks import DepthNetwork

Maps = Callable[[torch.Tensor], Sequence[torch.Tensor]]
SIZES = [(64, 96), (65, 97), (33, 33), (1, 1)]


def check(net: DepthNetwork, maps: Maps | None = None) -> None:
    """Every promise of `DepthNetwork`, on a network with random weights; `maps` are its encoder's, finest first."""
    check_sizes_types_and_bounds(net)
    check_training_and_gradients(net)
    check_padding(net)
    check_rebuild(net)
    check_layer_groups(net)
    if maps:
        check_order(net, net.layer_groups(), maps)
    check_refusals(net)


def check_sizes_types_and_bounds(net: DepthNetwork) -> None:
    net.eval()
    for height, width in SIZES:
        for image in (
            torch.rand(2, 3, height, width),
            torch.zeros(1, 3, height, width),
            torch.ones(1, 3, height, width),
        ):
            with torch.no_grad():
                depth = net(image)
            assert depth.shape == (len(image), 1, height, width)
            assert depth.dtype == torch.float32
            assert depth.isfinite().all()
            assert depth.min() >= net.min_depth
            assert depth.max() <= net.max_depth


def check_training_and_gradients(net: DepthNetwork) -> None:
    """Under DistributedDataParallel a parameter without a gradient stops the training."""
    net.train()
    depth = net(torch.rand(2, 3, 65, 97))
    assert isinstance(depth, torch.Tensor)
    assert (depth.shape, depth.dtype) == ((2, 1, 65, 97), torch.float32)
    if not list(net.parameters()):
        return
    depth.log().mean().backward()
    without = [name for name, p in net.named_parameters() if p.requires_grad and p.grad is None]
    assert not without
    assert all(p.grad.isfinite().all() for p in net.parameters() if p.grad is not None)
    net.zero_grad()


def check_padding(net: DepthNetwork) -> None:
    """A size that fits the stride passes untouched; another equals padding by hand and cropping."""
    net.eval()
    fits = torch.rand(1, 3, 64, 96)
    odd = fits[..., :50, :70]
    repeated = odd[..., torch.arange(64).clamp(max=49), :][..., torch.arange(96).clamp(max=69)]
    with torch.no_grad():
        direct = net.depth((fits - net.mean) / net.std).clamp(net.min_depth, net.max_depth)
        torch.testing.assert_close(net(fits), direct)
        if net.stride > 1:
            torch.testing.assert_close(net(odd), net(repeated)[..., :50, :70], rtol=1e-4, atol=1e-5)


def check_rebuild(net: DepthNetwork) -> None:
    """The config survives JSON, and config and state dict are all of the network."""
    config = json.loads(json.dumps(net.config))
    assert config == net.config
    assert not config.get("pretrained")
    again = type(net)(**config).eval()
    again.load_state_dict(net.state_dict(), strict=True)
    assert again.config == net.config
    image = torch.rand(1, 3, 33, 65)
    with torch.no_grad():
        assert torch.equal(net.eval()(image), again(image))


def check_layer_groups(net: DepthNetwork) -> None:
    groups = net.layer_groups()
    ids = [id(p) for group in groups for p in group]
    assert sorted(ids) == sorted(id(p) for p in net.parameters())
    assert all(groups)
    if groups:
        assert {id(p) for p in net.decoder.parameters()} <= {id(p) for p in groups[-1]}
        assert {id(p) for p in net.head.parameters()} <= {id(p) for p in groups[-1]}


def check_order(net: DepthNetwork, groups: list[list[torch.nn.Parameter]], maps: Maps) -> None:
    """Group i serves the encoder's map i and finer ones do not need it: the gradient knows."""
    net.train()
    for i, feature in enumerate(maps(torch.rand(2, 3, 64, 96))):
        net.zero_grad()
        feature.sum().backward(retain_graph=True)
        needed = [[p.grad is not None for p in group] for group in groups]
        assert all(all(group) for group in needed[: i + 1])
        assert not any(any(group) for group in needed[i + 1 :])
    net.zero_grad()


def check_refusals(net: DepthNetwork) -> None:
    with pytest.raises(ValueError, match="255"):
        net(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))
    for shape in [(1, 1, 64, 64), (1, 4, 64, 64), (3, 64, 64), (1, 64, 64, 3)]:
        with pytest.raises(ValueError, match="needs a float image"):
            net(torch.rand(shape))
