from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from network_tester import check
from transformers import (
    GLPNConfig,
    GLPNForDepthEstimation,
    SegformerConfig,
    SegformerForImageClassification,
    SegformerModel,
)

from depth_lab.networks import GLPN

B1 = {"hidden_sizes": [64, 128, 320, 512], "depths": [2, 2, 2, 2]}


@pytest.fixture(scope="module")
def glpn_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GLPN b0 with random weights that differ from their initial constants, as transformers saves it."""
    torch.manual_seed(0)
    model = GLPNForDepthEstimation(GLPNConfig(max_depth=10))
    for tensor in model.state_dict().values():
        if tensor.is_floating_point() and tensor.ndim == 1:
            tensor.add_(0.1 * torch.rand_like(tensor))
    folder = tmp_path_factory.mktemp("glpn")
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def segformer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("segformer")
    SegformerForImageClassification(SegformerConfig(num_labels=5)).save_pretrained(folder)
    return folder


def test_promises() -> None:
    torch.manual_seed(0)
    net = GLPN("b0", max_depth=7.25, min_depth=0.5, drop_path=0.2)
    check(net, maps=lambda image: net.encoder(image, output_hidden_states=True).hidden_states)


def test_equals_transformers(glpn_folder: Path) -> None:
    theirs = GLPNForDepthEstimation.from_pretrained(glpn_folder).eval()
    ours = GLPN(pretrained=str(glpn_folder)).eval()
    image = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        expected = theirs(image).predicted_depth[:, None].clamp(min=1e-3)
        torch.testing.assert_close(ours(image), expected, rtol=1e-5, atol=1e-5)


def test_max_depth_is_ours_and_may_be_fractional(glpn_folder: Path) -> None:
    theirs = GLPNForDepthEstimation.from_pretrained(glpn_folder).eval()
    ours = GLPN(pretrained=str(glpn_folder), max_depth=2.5).eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(image), theirs(image).predicted_depth[:, None] / 4, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["model", "classifier"])
def test_takes_the_encoder_of_a_segformer(kind: str, segformer_folder: Path, tmp_path: Path) -> None:
    theirs = SegformerModel.from_pretrained(segformer_folder).eval()
    folder = segformer_folder
    if kind == "model":
        theirs.save_pretrained(folder := tmp_path)
    ours = GLPN(pretrained=str(folder)).eval()
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        expected = theirs(image, output_hidden_states=True).hidden_states
        got = ours.encoder(image, output_hidden_states=True).hidden_states
    assert [m.shape[1] for m in got] == [32, 64, 160, 256]
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_size_comes_from_the_pretrained_network(tmp_path: Path, glpn_folder: Path) -> None:
    SegformerModel(SegformerConfig(**B1)).save_pretrained(tmp_path)
    assert GLPN(pretrained=str(tmp_path)).config["size"] == "b1"
    assert GLPN("b0", pretrained=str(glpn_folder)).config["size"] == "b0"
    with pytest.raises(ValueError, match=r"holds a b0; set the size to b0"):
        GLPN("b4", pretrained=str(glpn_folder))


@pytest.mark.parametrize("size", ["b0", pytest.param("b2", marks=pytest.mark.slow), pytest.param("b4", marks=pytest.mark.slow)])
def test_parameters_of_the_published_encoders(size: str) -> None:
    # Millions of parameters of the MiT encoders, Xie et al. 2021, table 1; without the final norms of early stages.
    published = {"b0": 3.4, "b2": 24.2, "b4": 60.8}
    millions = sum(p.numel() for p in GLPN(size).encoder.parameters()) / 1e6
    assert millions == pytest.approx(published[size], rel=0.03)


def edited(folder: Path, to: Path, **changes: object) -> Path:
    config = json.loads((folder / "config.json").read_text()) | changes
    (to / "config.json").write_text(json.dumps(config))
    (to / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    return to


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depths": [1, 2, 2, 2]}, "none of GLPN b0 to b5"),
        ({"sr_ratios": [4, 4, 2, 1]}, "none of GLPN b0 to b5"),
        ({"model_type": "dpt"}, "holds a 'dpt'"),
        (B1, "do not fit GLPN b1"),
        ({"model_type": "glpn"}, None),
    ],
)
def test_refuses_other_networks(changes: dict, message: str | None, glpn_folder: Path, tmp_path: Path) -> None:
    folder = str(edited(glpn_folder, tmp_path, **changes))
    if message is None:
        assert GLPN(pretrained=folder).size == "b0"
        return
    with pytest.raises(ValueError, match=message):
        GLPN(pretrained=folder)


def test_refuses_weights_with_a_hole(glpn_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = edited(glpn_folder, tmp_path)
    state = load_file(folder / "model.safetensors")
    del state["glpn.encoder.block.0.0.attention.self.query.weight"]
    save_file(state, folder / "model.safetensors")
    with pytest.raises(ValueError, match=r"block\.0\.0\.attention\.self\.query\.weight"):
        GLPN(pretrained=str(folder))


def test_refuses_unknown_sizes() -> None:
    with pytest.raises(ValueError, match="b0, b1, b2, b3, b4, b5"):
        GLPN("b7")


def test_without_a_connection_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ValueError, match=r"vinvino02/glpn-nyu.*a folder that save_pretrained wrote"):
        GLPN(pretrained="vinvino02/glpn-nyu")
