"""`python -m depth_lab.predict checkpoint=RUN input=photo.jpg output=FOLDER`: depth in metres for photos."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from depth_lab.launch import command

if TYPE_CHECKING:
    from depth_lab.batch import Prediction
    from depth_lab.networks import DepthNetwork


@command("predict")
def main(config: DictConfig) -> None:
    """Predict every image of `input` and hand it to the writers."""
    import torch
    from hydra.utils import instantiate
    from rich.progress import track

    from depth_lab.checkpoint import load_network, resolve

    images = find_images(Path(config.input), Path(config.output))
    network, description = load_network(config.checkpoint)
    network.to("cuda" if torch.cuda.is_available() else "cpu")
    writers = [instantiate(writer, _convert_="all") for writer in config.writer.values()]
    output = Path(config.output)
    source = {
        "network": description["name"],
        "checkpoint_sha256": hashlib.sha256(resolve(config.checkpoint).read_bytes()).hexdigest(),
        "protocol": description["protocol"],
    }
    for name, path in track(images.items(), "predicting", transient=True):
        prediction = predict(network, path, name, description["size"], source)
        for writer in writers:
            writer(prediction, output)
    for writer in writers:
        writer.close()
    print(f"{len(images)} image{'s' * (len(images) != 1)} in {output}: {', '.join(config.writer)}")


def find_images(path: Path, output: Path) -> dict[str, Path]:
    """Names (relative, without suffix) and paths of the images that `path` is or holds, but for what lies in `output`."""
    from depth_lab.io.images import SUFFIXES

    if path.is_file():
        return {path.stem: path}
    if not path.is_dir():
        raise ValueError(f"There is no image or folder at {path}: check input=.")
    files = (file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and not file.name.startswith("."))
    found = sorted(file for file in files if output.resolve() not in file.resolve().parents)
    if not found:
        raise ValueError(f"{path} holds no image ({', '.join(SUFFIXES)}): check input=.")
    names: dict[str, Path] = {}
    for file in found:
        name = file.relative_to(path).with_suffix("").as_posix()
        if name in names:
            raise ValueError(f"{names[name]} and {file} would write the same output: rename one of them.")
        names[name] = file
    return names


def predict(network: DepthNetwork, path: Path, name: str, size: list[int] | None, source: dict[str, Any]) -> Prediction:
    """Depth of a photo at the photo's size; the network sees it at about the area it was trained at."""
    import torch
    from torch.nn.functional import interpolate

    from depth_lab.io.images import read_image
    from depth_lab.transforms import resize_image

    image = read_image(path)
    height, width = image.shape[:2]
    seen = trained_size((height, width), size)
    tensor = torch.from_numpy(resize_image(image, *seen).transpose(2, 0, 1).copy())[None].float() / 255
    with torch.inference_mode():
        depth = network(tensor.to(next(network.buffers()).device)).float().cpu()
        full = interpolate(depth, (height, width), mode="bilinear", align_corners=False)
    return {
        "name": name,
        "image": image,
        "depth": full[0, 0].numpy(),
        "source": {**source, "resize": list(seen)},
    }


def trained_size(image: tuple[int, int], trained: list[int] | None) -> tuple[int, int]:
    """The image's (height, width) scaled to the area of the trained size, so that no side is stretched against the other."""
    if trained is None:
        return image
    scale = (trained[0] * trained[1] / (image[0] * image[1])) ** 0.5
    return max(1, round(image[0] * scale)), max(1, round(image[1] * scale))


if __name__ == "__main__":
    main()
