from __future__ import annotations

import pytest
import timm
import torch
from network_tester import check

from depth_lab.networks import Transfer

slow = pytest.mark.slow
ENCODERS = [
    "tf_efficientnet_lite0",
    "resnet50",
    pytest.param("densenet169", marks=slow),
    pytest.param("convnext_tiny", marks=slow),
    pytest.param("swin_tiny_patch4_window7_224", marks=slow),
]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_promises(encoder: str) -> None:
    torch.manual_seed(0)
    net = Transfer(encoder, pretrained=False, min_depth=0.5, max_depth=7.25, decoder_channels=64)
    check(net, maps=net.encoder)


def test_starts_at_a_quarter_of_the_range() -> None:
    torch.manual_seed(0)
    net = Transfer(pretrained=False, max_depth=8.0).train()
    assert net(torch.rand(2, 3, 96, 128)).median().item() == pytest.approx(2.0, rel=0.35)


def test_decoder_halves_its_width_and_never_under_16() -> None:
    net = Transfer("resnet50", pretrained=False, decoder_channels=64)
    widths = [module.weight.shape[0] for module in net.modules() if isinstance(module, torch.nn.Conv2d)][-9:]
    assert widths == [32, 32, 16, 16, 16, 16, 16, 16, 1]


def test_learns_one_image() -> None:
    torch.manual_seed(0)
    net = Transfer(pretrained=False, decoder_channels=64).train()
    image = torch.rand(2, 3, 64, 64)
    target = 1 + 6 * image.mean(dim=1, keepdim=True).cumsum(dim=-1) / 64
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    errors = []
    for _ in range(40):
        error = (net(image).log() - target.log()).abs().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert sum(errors[-5:]) < 0.35 * sum(errors[:5])


def test_groups_follow_the_maps_of_the_encoder() -> None:
    net = Transfer("resnet50", pretrained=False)
    full = timm.create_model("resnet50")
    expected = [[full.conv1, full.bn1], [full.layer1], [full.layer2], [full.layer3], [full.layer4]]
    sizes = [sum(p.numel() for module in stage for p in module.parameters()) for stage in expected]
    groups = net.layer_groups()
    assert [sum(p.numel() for p in group) for group in groups[:-1]] == sizes
