"""Reads an offline W&B run file: protobuf records in a LevelDB log, of which wandb itself has no Python reader any more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto import wandb_internal_pb2

BLOCK = 32768
FILE_HEADER = 7
RECORD_HEADER = 7  # checksum 4, length 2, type 1
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


def records(path: Path) -> Iterator[Any]:
    """Every record of a `.wandb` file."""
    data, place, parts = path.read_bytes(), FILE_HEADER, b""
    assert data[:4] == b":W&B"
    while place + RECORD_HEADER <= len(data):
        if BLOCK - place % BLOCK < RECORD_HEADER:
            place += BLOCK - place % BLOCK
            continue
        length, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        if kind == 0:
            return
        parts += data[place + RECORD_HEADER : place + RECORD_HEADER + length]
        place += RECORD_HEADER + length
        if kind in (FULL, LAST):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(parts)
            parts = b""
            yield record


def read_run(folder: Path) -> dict[str, Any]:
    """What the one offline run under a run folder holds: id, config, history, summary, exit code."""
    [path] = folder.glob("wandb/offline-run-*/run-*.wandb")
    run: dict[str, Any] = {
        "id": path.stem.removeprefix("run-"),
        "config": {},
        "history": [],
        "summary": {},
        "exit": None,
    }
    for record in records(path):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            run["group"], run["project"], run["tags"] = record.run.run_group, record.run.project, list(record.run.tags)
            run["config"] |= values(record.run.config.update)
        elif kind == "config":
            run["config"] |= values(record.config.update)
        elif kind == "history":
            run["history"].append(values(record.history.item))
        elif kind == "summary":
            run["summary"] |= values(record.summary.update)
        elif kind == "exit":
            run["exit"] = record.exit.exit_code
    return run


def values(items: Any) -> dict[str, Any]:
    """Keys and decoded values of a list of records; nested keys joined by a slash."""
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}
