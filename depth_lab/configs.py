"""Where the YAML files are."""

from __future__ import annotations

from pathlib import Path


def config_folder() -> Path:
    """`conf` beside the package in a working copy, inside it in an installed wheel."""
    package = Path(__file__).parent
    beside = package.parent / "conf"
    return beside if (beside / "train.yaml").is_file() else package / "conf"
