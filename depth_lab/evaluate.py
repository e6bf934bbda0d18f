"""`python -m depth_lab.evaluate checkpoint=RUN data=…`: score a checkpoint on the test split of a data set."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from depth_lab.launch import command

if TYPE_CHECKING:
    from depth_lab.metrics import Protocol
    from depth_lab.metrics.store import PerImageStore

# AbsRel, RMSE, delta1 as the papers print them, under their own protocols.
PUBLISHED = {
    "nyu": {
        "DenseDepth": (0.123, 0.465, 0.846),
        "BTS DenseNet-161": (0.110, 0.392, 0.885),
        "AdaBins": (0.103, 0.364, 0.903),
        "GLPN": (0.098, 0.344, 0.915),
        "NeWCRFs": (0.095, 0.334, 0.922),
        "ZoeDepth-NK": (0.077, 0.282, 0.951),
        "Depth Anything V2 metric, L": (0.056, 0.206, 0.984),
        "Metric3D v2 g2, fine-tuned": (0.045, 0.187, 0.987),
    },
}


@command("evaluate")
def main(config: DictConfig) -> None:
    """Write `results.json` and `per_image.csv`, and print the table."""
    from hydra.utils import instantiate
    from rich.progress import track

    from depth_lab.checkpoint import load_network
    from depth_lab.tasks import score

    network, description = load_network(config.checkpoint)
    config.data.size = config.data.size or description["size"]
    if config.data.size is None:
        raise ValueError(
            f"{config.checkpoint} does not say at which size its network was trained: give data.size=[HEIGHT,WIDTH]."
        )
    data = instantiate(config.data, _convert_="all")
    protocols: list[Protocol] = list(instantiate(config.protocol, _convert_="all").values())
    data.prepare_data()
    data.setup("test")
    batches = track(data.test_dataloader(), "evaluating", transient=True)
    stores, skipped = score(network, batches, protocols, kind=data.kind, ground_truth=data.ground_truth)
    results = [
        {
            "protocol": store.protocol.id,
            "fingerprint": store.protocol.fingerprint(data.ground_truth),
            "ground_truth": data.ground_truth,
            "num_images": store.count,
            "metrics": store.metrics(),
        }
        for store in stores
    ]
    folder = Path(config.output) if config.output else run_folder(Path(config.checkpoint))
    write(folder, results, stores)
    report(results, skipped, PUBLISHED.get(data.kind, {}), folder)


def run_folder(checkpoint: Path) -> Path:
    """The folder of a checkpoint's run: itself, the one above `checkpoints/`, or simply where the file lies."""
    if checkpoint.is_dir():
        return checkpoint
    folder = checkpoint.resolve().parent
    return folder.parent if folder.name == "checkpoints" else folder


def write(folder: Path, results: list[dict[str, Any]], stores: list[PerImageStore]) -> None:
    """`results.json`, an entry a protocol, and `per_image.csv`, a row an image and protocol."""
    from depth_lab.io.files import write_text

    write_text(folder / "results.json", json.dumps(results, indent=2) + "\n")
    rows = [row for store in stores for row in store.rows()]
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]) if rows else ["name"], lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_text(folder / "per_image.csv", text.getvalue())


def report(
    results: list[dict[str, Any]], skipped: dict[str, str], published: Mapping[str, tuple[float, ...]], folder: Path
) -> None:
    """Our scores, and under them the published ones of that data set, marked as such."""
    from rich.console import Console
    from rich.table import Table

    table = Table("protocol", "images", "AbsRel", "RMSE", "delta1")
    for entry in results:
        scores = (f"{entry['metrics'][name]:.4f}" for name in ("abs_rel", "rmse", "delta1"))
        table.add_row(entry["protocol"], str(entry["num_images"]), *scores)
    table.add_section()
    for name, numbers in published.items():
        table.add_row(f"published: {name}", "", *(f"{number:.3f}" for number in numbers), style="dim")
    console = Console()
    console.print(table)
    for name, reason in skipped.items():
        console.print(f"skipped {name}: {reason}")
    console.print(f"{folder / 'results.json'}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main()
