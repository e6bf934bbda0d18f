"""Where the YAML files are."""

from __future__ import annotations

from pathlib import Path


def config_folder() -> Path:
    """`conf` beside the package in a working copy, inside it in an installed wheel."""
    inside = Path(__file__).parent / "conf"
    return inside if inside.is_dir() else inside.parent.parent / "conf"
