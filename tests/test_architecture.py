"""The directions of imports, and what the entry points may not cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import depth_lab

PACKAGE = Path(depth_lab.__file__).parent
ENTRY_POINTS = {"__main__", "train", "evaluate", "predict"}
ALLOWED = {
    "batch": set(),
    "geometry": {"batch"},
    "io": {"batch", "geometry"},
    "rooms": {"geometry"},
    "transforms": {"batch", "geometry"},
    "data": {"batch", "geometry", "io", "transforms", "rooms"},
    "networks": {"batch"},
    "losses": {"batch"},
    "metrics": {"batch", "geometry", "configs"},
    "checkpoint": {"networks"},
    "visualize": {"batch", "io"},
    "loggers": {"io"},
    "tasks": {"batch", "networks", "losses", "metrics", "checkpoint"},
    "callbacks": {"batch", "io", "visualize"},
    "writers": {"batch", "io", "geometry", "visualize"},
    "launch": {"configs"},
    "configs": set(),
}
LIGHTNING = {"data", "tasks", "callbacks", "loggers"} | ENTRY_POINTS
HYDRA = {"launch"} | ENTRY_POINTS


def imports() -> list[tuple[Path, str, str]]:
    """(file, its module under depth_lab, imported module) for every import of the package."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        module = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"depth_lab.{alias.name}" for alias in node.names] if node.module == "depth_lab" else [node.module]
                found += [(path, module, name) for name in names]
            elif isinstance(node, ast.Import):
                found += [(path, module, alias.name) for alias in node.names]
    return found


def test_imports_inside_the_package_keep_their_directions() -> None:
    wrong = []
    for path, module, name in imports():
        parts = name.split(".")
        if parts[0] != "depth_lab" or len(parts) < 2 or module in ENTRY_POINTS | {"__init__", parts[1]}:
            continue
        if parts[1] not in ALLOWED[module]:
            wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert wrong == []


def test_nobody_imports_an_entry_point() -> None:
    assert [str(path) for path, _, name in imports() if name.removeprefix("depth_lab.") in ENTRY_POINTS] == []


def test_lightning_and_hydra_stay_where_they_belong() -> None:
    wrong = []
    for path, module, name in imports():
        top = name.split(".")[0]
        if (top == "lightning" and module not in LIGHTNING) or (top in ("hydra", "omegaconf") and module not in HYDRA):
            wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert wrong == []


def test_every_module_says_what_it_is_for_and_stays_small() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
        assert len(text.splitlines()) <= 300, f"{path} is longer than 300 lines"


def test_commands_answer_without_importing_torch() -> None:
    modules = ", ".join(f"depth_lab.{name}" for name in sorted(ENTRY_POINTS | {"rooms"}))
    program = f"import sys, {modules}; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
