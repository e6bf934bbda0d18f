from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from depth_lab import networks
from depth_lab.checkpoint import describe, load_network, load_weights
from depth_lab.networks import GLPN, MeanDepth, Transfer


def save(path: Path, of: networks.DepthNetwork, **changes: Any) -> Path:
    """A checkpoint as a run writes it, without what only Lightning needs."""
    state = {f"network.{key}": value for key, value in of.state_dict().items()}
    content = {"network": describe(of, size=(48, 64), protocol="plain"), "state_dict": state, **changes}
    torch.save(content, path)
    return path


def transfer(**options: Any) -> Transfer:
    return Transfer("tf_efficientnet_lite0", pretrained=None, decoder_channels=32, **options)


@pytest.mark.parametrize(
    "network", [MeanDepth(6, 8), transfer(max_depth=7.5), GLPN("b0", max_depth=2.5)], ids=["mean", "transfer", "glpn"]
)
def test_a_checkpoint_rebuilds_its_network_without_help(network: networks.DepthNetwork, tmp_path: Path) -> None:
    image = torch.rand(1, 3, 40, 56, generator=torch.Generator().manual_seed(0))
    loaded, description = load_network(save(tmp_path / "a.ckpt", network))
    assert type(loaded) is type(network)
    assert description["size"] == [48, 64]
    assert not loaded.training
    with torch.no_grad():
        assert torch.equal(loaded(image), network.eval()(image))


def test_a_run_folder_stands_for_its_best_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    save(tmp_path / "checkpoints" / "best.ckpt", MeanDepth(6, 8))
    assert isinstance(load_network(tmp_path)[0], MeanDepth)


class Evil:
    """Would make a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_foreign_pickled_objects_are_refused_and_not_run(tmp_path: Path) -> None:
    path = save(tmp_path / "a.ckpt", MeanDepth(6, 8), hyper_parameters=Evil(tmp_path / "owned"))
    with pytest.raises(ValueError, match="holds pickled objects that are not weights"):
        load_network(path)
    assert not (tmp_path / "owned").exists()


def test_only_exported_classes_are_built(tmp_path: Path) -> None:
    network = MeanDepth(6, 8)
    for name in ("Module", "load_network", "__import__", "DepthNetwork"):
        description: dict[str, Any] = {**describe(network, size=None, protocol="plain"), "name": name}
        with pytest.raises(ValueError, match=rf"class {name}, this version knows .*GLPN"):
            load_network(save(tmp_path / "a.ckpt", network, network=description))


def test_what_is_no_checkpoint_of_ours_is_said(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.ckpt", MeanDepth(6, 8)).read_bytes()
    (tmp_path / "cut.ckpt").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.ckpt").write_text("hello")
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    for name, sentence in {
        "cut.ckpt": "cannot be read as a checkpoint",
        "text.ckpt": "cannot be read as a checkpoint",
        "other.ckpt": "is not a checkpoint of depth_lab",
        "none.ckpt": "There is no checkpoint at",
    }.items():
        with pytest.raises(ValueError, match=sentence):
            load_network(tmp_path / name)


def test_a_description_never_makes_it_download_or_open_another_file(tmp_path: Path) -> None:
    network = transfer()
    description = describe(network, size=None, protocol="plain")
    description["config"]["pretrained"] = "vinvino02/glpn-nyu"
    assert isinstance(load_network(save(tmp_path / "a.ckpt", network, network=description))[0], Transfer)


@pytest.mark.parametrize("content", [{"weight": torch.zeros(1)}, torch.zeros(1), "GLPN"])
def test_a_foreign_network_key_is_said(content: Any, tmp_path: Path) -> None:
    path = save(tmp_path / "a.ckpt", MeanDepth(6, 8), network=content)
    with pytest.raises(ValueError, match="is not a checkpoint of depth_lab"):
        load_network(path)


def test_a_config_of_another_version_is_said(tmp_path: Path) -> None:
    description = describe(MeanDepth(6, 8), size=None, protocol="plain")
    description["config"]["depths"] = 3
    with pytest.raises(ValueError, match="was written by another version"):
        load_network(save(tmp_path / "a.ckpt", MeanDepth(6, 8), network=description))


def test_weights_that_do_not_fit_are_said(tmp_path: Path) -> None:
    network = transfer()
    path = save(tmp_path / "a.ckpt", network, network=describe(GLPN("b0"), size=None, protocol="plain"))
    with pytest.raises(ValueError, match="do not fit its network"):
        load_network(path)


def test_a_run_starts_from_another_data_set_with_another_cap(tmp_path: Path) -> None:
    path = save(tmp_path / "kitti.ckpt", transfer(max_depth=80.0))
    network = transfer(max_depth=10.0)
    load_weights(network, path)
    outdoor, _ = load_network(path)
    assert network.max_depth == 10
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(network.eval()(image) * 8, outdoor(image), rtol=1e-5, atol=1e-5)


def test_a_run_does_not_start_from_another_network(tmp_path: Path) -> None:
    path = save(tmp_path / "a.ckpt", GLPN("b0"))
    with pytest.raises(ValueError, match=r"holds GLPN\(size='b0'.*but the network to start is Transfer\("):
        load_weights(transfer(), path)
    with pytest.raises(ValueError, match=r"holds GLPN\(size='b0'.*is GLPN\(size='b1'"):
        load_weights(GLPN("b1"), path)
