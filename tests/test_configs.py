"""Every YAML mirrors one constructor, every combination composes, and the wheel holds them all."""

from __future__ import annotations

import inspect
import itertools
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

from depth_lab.configs import config_folder
from depth_lab.launch import register_resolvers

CONF = config_folder()
GROUPS = {folder.name: sorted(file.stem for file in folder.glob("*.yaml")) for folder in CONF.iterdir() if folder.is_dir()}


def composed(command: str, *overrides: str) -> DictConfig:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(
            command,
            overrides=[*overrides, "data.root=somewhere", "output=run"] if command != "predict" else list(overrides),
        )


def targets(node: Any) -> list[dict[str, Any]]:
    """Every mapping with a `_target_` in a config, at any depth."""
    if isinstance(node, dict):
        return [node] * ("_target_" in node) + [found for value in node.values() for found in targets(value)]
    return [found for value in node for found in targets(value)] if isinstance(node, list) else []


def parameters(target: Any) -> set[str] | None:
    """Names that a constructor takes, following `**options` up the classes; None where it takes any."""
    if not inspect.isclass(target):
        return set(inspect.signature(target).parameters)
    names: set[str] = set()
    for cls in target.__mro__[:-1]:
        if "__init__" not in vars(cls):
            continue
        signature = inspect.signature(vars(cls)["__init__"])
        names |= set(signature.parameters)
        if not any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
            break
    return names


def group_choices() -> list[str]:
    return [
        f"{group}={name}"
        for group in GROUPS
        for name in GROUPS[group]
        if group not in ("protocol", "logger", "callbacks", "writer", "hydra")
    ]


@pytest.mark.parametrize(
    "choice", [*group_choices(), "protocol=all", "logger=[csv,wandb,tensorboard]", "callbacks=[default,early_stopping]"]
)
def test_every_key_is_an_argument_of_its_target(choice: str) -> None:
    config = composed("train", choice)
    raw = OmegaConf.to_container(config, resolve=False)
    check_keys(raw)


@pytest.mark.parametrize("words", [("evaluate", "data=nyu", "protocol=all"), ("predict", "writer=[depth,npz,colour]")])
def test_every_key_of_the_other_commands_is_an_argument(words: tuple[str, ...]) -> None:
    check_keys(OmegaConf.to_container(composed(*words), resolve=False))


def check_keys(raw: Any) -> None:
    found = targets(raw)
    assert found
    for mapping in found:
        target = get_object(mapping["_target_"])
        unknown = {key for key in mapping if not key.startswith("_")} - parameters(target)
        assert not unknown, f"{mapping['_target_']} takes no {unknown}"


@pytest.mark.parametrize(("model", "data"), itertools.product(GROUPS["model"], GROUPS["data"]))
def test_every_model_trains_on_every_data_set_with_its_own_recipe(model: str, data: str) -> None:
    config = composed("train", f"model={model}", f"data={data}")
    assert config.model.network.max_depth == config.data.max_depth
    assert config.model.loss == config.loss
    assert config.data.augment == config.augment


def test_published_recipes() -> None:
    """Kim et al. 2022, section 4.2; Alhashim & Wonka 2018, section 3."""
    glpn = composed("train", "model=glpn", "data=nyu")
    assert glpn.loss._target_.endswith("SILog")
    assert glpn.loss.variance_focus == 0.5
    assert (glpn.optimizer._target_, glpn.optimizer.lr) == ("torch.optim.Adam", 1e-4)
    assert glpn.scheduler._target_.endswith("polynomial_up_down")
    assert (glpn.scheduler.start_factor * glpn.optimizer.lr, glpn.scheduler.power) == (pytest.approx(3e-5), 0.9)
    assert (glpn.trainer.max_epochs, glpn.data.batch_size) == (25, 12)
    assert (glpn.augment.cutdepth, glpn.augment.cutdepth_width) == (0.25, 0.75)
    assert list(glpn.data.size) == [480, 640]
    transfer = composed("train", "model=transfer", "data=nyu")
    assert (transfer.optimizer._target_, transfer.optimizer.lr) == ("torch.optim.Adam", 1e-4)
    assert transfer.model.layer_decay == 0.9
    assert transfer.augment.cutdepth == 0
    assert transfer.trainer.max_epochs == 20


def test_the_command_line_wins_over_a_recipe() -> None:
    config = composed(
        "train", "model=glpn", "loss=berhu", "augment=none", "optimizer.lr=0.5", "optimizer=sgd", "protocol=[plain]"
    )
    assert config.loss._target_.endswith("BerHu")
    assert config.optimizer._target_ == "torch.optim.SGD"
    assert config.optimizer.lr == 0.5
    assert "cutdepth" not in config.augment
    assert composed("train", "loss=densedepth", "data=nyu", "data.max_depth=80.0").loss.max_depth == 80


def test_nyu_is_scored_under_bts_unless_told_otherwise() -> None:
    assert list(composed("train", "data=nyu").protocol) == ["bts"]
    assert list(composed("evaluate", "data=nyu").protocol) == ["bts"]
    assert list(composed("evaluate", "data=nyu", "protocol=[glpdepth,plain]").protocol) == ["glpdepth", "plain"]
    assert list(composed("train", "data=rooms").protocol) == ["plain"]


def test_evaluate_takes_the_trained_size_unless_told_otherwise() -> None:
    assert composed("evaluate", "data=nyu").data.size is None
    assert list(composed("evaluate", "data=nyu", "data.size=[48,64]").data.size) == [48, 64]


def test_the_configs_are_found_beside_the_package() -> None:
    assert Path(CONF, "train.yaml").is_file()
