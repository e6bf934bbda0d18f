"""Checkpoints that explain themselves: weights, a class name and built-ins, read without running code from the file."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, TypedDict

import torch

from depth_lab import networks
from depth_lab.networks import DepthNetwork

PREFIX = "network."
EXPORTED = {name: getattr(networks, name) for name in networks.__all__ if name != "DepthNetwork"}
NOT_WEIGHTS = ("min_depth", "max_depth", "drop_path", "pretrained")


class Description(TypedDict):
    """What a checkpoint says of its network, under the key `network`."""

    name: str
    config: dict[str, Any]
    size: list[int] | None
    protocol: str


def describe(network: DepthNetwork, *, size: tuple[int, int] | None, protocol: str) -> Description:
    """The network in built-ins: its class, what rebuilds it, the (height, width) of its training, the protocol of its scores."""
    return {
        "name": type(network).__name__,
        "config": network.config,
        "size": None if size is None else list(size),
        "protocol": protocol,
    }


def load_network(path: Path | str) -> tuple[DepthNetwork, Description]:
    """The network of a checkpoint in eval mode on the CPU, and its description. Never downloads.

    Raises ValueError where the file is missing, cut off, of another program, holds pickled objects, or names a class that
    `depth_lab.networks` does not export.
    """
    content = read(path)
    description: Description = content["network"]
    kind = EXPORTED.get(description["name"])
    if kind is None:
        raise ValueError(
            f"{path} holds a network of class {description['name']}, this version knows {', '.join(EXPORTED)}: update depth_lab."
        )
    config = description["config"]
    try:
        network = kind(**{**config, **({"pretrained": None} if "pretrained" in config else {})})
    except TypeError as error:
        raise ValueError(f"{path} was written by another version of depth_lab ({error}): update it.") from None
    _load(network, weights(content), path)
    return network.eval(), description


def load_weights(network: DepthNetwork, path: Path | str) -> None:
    """Start `network` from a checkpoint of the same architecture, trained perhaps on other data with another `max_depth`.

    Raises ValueError where the checkpoint is of another network.
    """
    content = read(path)
    theirs, ours = ({k: v for k, v in c.items() if k not in NOT_WEIGHTS} for c in (content["network"]["config"], network.config))
    if content["network"]["name"] != type(network).__name__ or theirs != ours:
        raise ValueError(
            f"{path} holds {_short(content['network']['name'], theirs)}, but the network to start is "
            f"{_short(type(network).__name__, ours)}: choose the same model, or another checkpoint."
        )
    _load(network, weights(content), path)


def weights(content: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The network's own state out of a run's checkpoint."""
    return {key[len(PREFIX) :]: value for key, value in content["state_dict"].items() if key.startswith(PREFIX)}


def read(path: Path | str) -> dict[str, Any]:
    """What a checkpoint of a run holds, checked to be one."""
    path = resolve(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises nearly anything on a file that is cut off
        if isinstance(error, pickle.UnpicklingError) and "Unsupported" in str(error):
            raise ValueError(
                f"{path} holds pickled objects that are not weights: it was refused, because loading it could run code; save its "
                "weights alone, or train it here."
            ) from None
        raise ValueError(f"{path} cannot be read as a checkpoint: it may be cut off, or be something else.") from error
    described = isinstance(content, dict) and isinstance(content.get("network"), dict) and "state_dict" in content
    if not described or not Description.__required_keys__ <= content["network"].keys():
        raise ValueError(f"{path} is not a checkpoint of depth_lab: it lacks the description of its network.")
    return content


def resolve(path: Path | str) -> Path:
    """The checkpoint file; a run folder stands for its best one."""
    path = Path(path)
    file = path / "checkpoints" / "best.ckpt" if path.is_dir() else path
    if not file.is_file():
        raise ValueError(
            f"There is no checkpoint at {file}: give a .ckpt file, or the run folder that holds checkpoints/best.ckpt."
        )
    return file


def _load(network: DepthNetwork, state: dict[str, torch.Tensor], path: Path | str) -> None:
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"The weights in {path} do not fit its network: {_first_mismatch(error)}") from None


def _short(name: str, config: dict[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in config.items())})"


def _first_mismatch(error: RuntimeError) -> str:
    """What torch names first, under its own headline."""
    lines = str(error).strip().splitlines()
    return lines[min(1, len(lines) - 1)].strip()
