"""Each file of `conf/loss` mirrors one constructor."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from omegaconf import OmegaConf

import depth_lab.losses

FILES = sorted((Path(__file__).parents[1] / "conf" / "loss").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_key_is_an_argument(path: Path) -> None:
    config = OmegaConf.create({"data": {"max_depth": 80.0}, "loss": OmegaConf.load(path)})
    fields = OmegaConf.to_container(config, resolve=True)["loss"]  # type: ignore[call-overload,index]
    module, _, name = fields.pop("_target_").rpartition(".")
    assert module == "depth_lab.losses"
    constructor = getattr(depth_lab.losses, name)
    assert set(fields) == set(inspect.signature(constructor).parameters)
    loss = constructor(**fields)
    assert getattr(loss, "max_depth", 80.0) == 80.0


def test_there_are_three() -> None:
    assert [path.stem for path in FILES] == ["berhu", "densedepth", "silog"]
