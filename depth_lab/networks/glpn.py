"""GLPN (Kim et al. 2022, arXiv:2201.07436): a Mix Transformer encoder and a decoder with selective feature fusion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from depth_lab.networks.base import DepthNetwork
from depth_lab.networks.weights import hub_folder, read_weights, weight_file

# Mix Transformer, b0 to b5: widths and numbers of layers of the four stages (Xie et al. 2021, arXiv:2105.15203).
WIDTHS = {"b0": (32, 64, 160, 256)} | dict.fromkeys(("b1", "b2", "b3", "b4", "b5"), (64, 128, 320, 512))
DEPTHS = {
    "b0": (2, 2, 2, 2),
    "b1": (2, 2, 2, 2),
    "b2": (3, 4, 6, 3),
    "b3": (3, 4, 18, 3),
    "b4": (3, 8, 27, 3),
    "b5": (3, 6, 40, 3),
}
# What all sizes share; weights of a network that differs here would load and mean something else.
COMMON = {
    "num_attention_heads": [1, 2, 5, 8],
    "sr_ratios": [8, 4, 2, 1],
    "mlp_ratios": [4, 4, 4, 4],
    "patch_sizes": [7, 3, 3, 3],
    "strides": [4, 2, 2, 2],
}
STRIDE = 32
ADVICE = (
    "give model.network.pretrained a folder that save_pretrained wrote, or null for random weights "
    "(on the hub: vinvino02/glpn-nyu, vinvino02/glpn-kitti, or an encoder alone such as nvidia/mit-b4)"
)


class GLPN(DepthNetwork):
    """The layers of transformers' `GLPNForDepthEstimation`, with our padding, bounds and a fractional `max_depth`.

    Args:
        size: of the encoder, b0 to b5; None for that of `pretrained`, or b0 without it.
        pretrained: local folder or hub name of a GLPN, or of a SegFormer, whose encoder then is used.
        max_depth: scale of the sigmoid, in metres; it wins over that of the pretrained network.
        drop_path: rate of stochastic depth at the last layer, rising linearly from 0 at the first.
    """

    def __init__(
        self,
        size: str | None = None,
        *,
        pretrained: str | None = None,
        min_depth: float = 1e-3,
        max_depth: float = 10.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__(min_depth=min_depth, max_depth=max_depth, stride=STRIDE)
        folder = _folder(pretrained) if pretrained else None
        self.size = _size(size, folder)
        self.drop_path = float(drop_path)
        self.encoder, self.decoder, self.head = _layers(self.size, self.drop_path)
        if folder:
            self._load(folder)

    @property
    def config(self) -> dict[str, Any]:
        return {"size": self.size, "pretrained": None, "drop_path": self.drop_path, **super().config}

    def layer_groups(self) -> list[list[nn.Parameter]]:
        lists: list[Any] = [self.encoder.patch_embeddings, self.encoder.block, self.encoder.layer_norm]
        stages = [[p for part in stage for p in part.parameters()] for stage in zip(*lists, strict=True)]
        return [*stages, [*self.decoder.parameters(), *self.head.parameters()]]

    def depth(self, image: Float[Tensor, "b 3 H W"]) -> Float[Tensor, "b 1 H W"]:
        maps = self.encoder(image, output_hidden_states=True).hidden_states
        # On a CPU this layout halves the time of the head, the largest part of a training step of b0; same to 1e-6.
        maps = [m.contiguous(memory_format=torch.channels_last) for m in maps]
        # The sigmoid is ours: under autocast it stays in float32, and transformers' max_depth is an integer.
        logit = self.head(self.decoder(maps)[-1]).to(image.dtype)
        return self.max_depth * logit.sigmoid()

    def _load(self, folder: Path) -> None:
        """All weights of a GLPN, or the encoder's of a SegFormer; nothing may be missing and nothing left over."""
        state = {_rename(name): value for name, value in read_weights(weight_file(folder)).items()}
        target: nn.Module = self
        if _read_config(folder)["model_type"] == "segformer":
            target = self.encoder
            state = {k.removeprefix("encoder."): v for k, v in state.items() if k.startswith("encoder.")}
        try:
            target.load_state_dict(state)
        except RuntimeError as error:
            raise ValueError(f"the weights in {folder} do not fit GLPN {self.size}: {error}; {ADVICE}") from error


def _layers(size: str, drop_path: float) -> tuple[nn.Module, nn.Module, nn.Module]:
    from transformers import GLPNConfig, GLPNForDepthEstimation

    config = GLPNConfig(hidden_sizes=WIDTHS[size], depths=DEPTHS[size], drop_path_rate=drop_path, **COMMON)
    model = GLPNForDepthEstimation(config)
    return model.glpn.encoder, model.decoder, model.head.head


def _rename(name: str) -> str:
    """Names on disk, which GLPN and SegFormer share for the encoder, to those of this module."""
    return name.removeprefix("glpn.").removeprefix("segformer.").replace("head.head.", "head.")


def _folder(pretrained: str) -> Path:
    return Path(pretrained) if Path(pretrained).is_dir() else hub_folder(pretrained, ADVICE)


def _read_config(folder: Path) -> dict[str, Any]:
    if not (folder / "config.json").is_file():
        raise ValueError(f"no config.json in {folder}: {ADVICE}")
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config.get("model_type") not in ("glpn", "segformer"):
        raise ValueError(f"{folder} holds a {config.get('model_type')!r}; GLPN needs a glpn or a segformer: {ADVICE}")
    return config


def _size(wanted: str | None, folder: Path | None) -> str:
    """The size that was asked for, checked; or that of the pretrained network."""
    if wanted is not None and wanted not in DEPTHS:
        raise ValueError(f"model.network.size is {wanted!r}; GLPN needs one of {', '.join(DEPTHS)}")
    if folder is None:
        return wanted or "b0"
    config = _read_config(folder)
    shape = tuple(config["hidden_sizes"]), tuple(config["depths"])
    found = next((size for size in DEPTHS if (WIDTHS[size], DEPTHS[size]) == shape), None)
    if found is None or any(list(config[key]) != value for key, value in COMMON.items()):
        raise ValueError(f"the network in {folder} (widths, depths: {shape}) is none of GLPN b0 to b5: {ADVICE}")
    if wanted not in (None, found):
        raise ValueError(f"model.network.size is {wanted!r}, but {folder} holds a {found}; set the size to {found} or to null")
    return found
