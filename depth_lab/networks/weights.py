"""Pretrained weights: from the Hugging Face hub to a local folder, and from a file to tensors."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import Tensor

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


def hub_folder(repository: str, advice: str) -> Path:
    """Folder with `config.json` and the weights of a hub repository, downloaded once, then taken from the cache.

    Without a connection it fails at once: `snapshot_download` asks one time, where the libraries' own loaders retry for
    most of a minute. `advice` ends the error: what to do instead.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        for name in WEIGHT_FILES:
            folder = Path(snapshot_download(repository, allow_patterns=["config.json", name]))
            if (folder / name).is_file():
                return folder
    except (OSError, HFValidationError) as error:  # no connection, no such repository, not a repository's name
        raise ValueError(
            f"cannot get the weights of {repository!r} from the Hugging Face hub ({type(error).__name__}); "
            f"it needs a connection, or a copy in the hub's cache: {advice}"
        ) from error
    raise ValueError(
        f"the hub, or its cache without a connection, has no {' or '.join(WEIGHT_FILES)} of {repository!r}: {advice}"
    )


def weight_file(folder: Path) -> Path:
    """The file of weights in a folder that `save_pretrained` wrote, or that came from the hub."""
    for name in WEIGHT_FILES:
        if (folder / name).is_file():
            return folder / name
    raise ValueError(f"no weights in {folder}: it needs {' or '.join(WEIGHT_FILES)}, as save_pretrained writes them")


def read_weights(file: Path) -> dict[str, Tensor]:
    """Tensors by name, on the CPU; reads safetensors and `torch.save`, and never runs code from the file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        state = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        raise ValueError(f"cannot read weights from {file}: it needs a state_dict as safetensors or torch.save") from error
    if isinstance(state, dict):
        state = state.get("state_dict", state)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{file} holds no state_dict (a dict of tensors): save net.state_dict() and give that file")
    return dict(state)
