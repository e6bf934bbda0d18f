"""Renders jobs in several processes. They are plain programs, not forks and not multiprocessing's children: they never
import torch, need no guard in the caller's script, and end with their input, so that none is left behind."""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import depth_lab
from depth_lab.rooms.render import View


class Job(NamedTuple):
    """Some views of one room."""

    seed: int
    views: Sequence[int]
    size: tuple[int, int]


Answer = tuple[int, list[View] | None, str | None]


def default_workers() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def render_jobs(jobs: Sequence[Job], workers: int) -> Generator[tuple[int, list[View]], None, None]:
    """Pairs of a job's index and its views, in the order in which they are done. Closing it ends the workers."""
    waiting: queue.SimpleQueue[tuple[int, Job]] = queue.SimpleQueue()
    for entry in enumerate(jobs):
        waiting.put(entry)
    done: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(min(workers, len(jobs))):
            processes.append(_start())
            threading.Thread(target=_feed, args=(processes[-1], waiting, done), daemon=True).start()
        for _ in jobs:
            index, views, error = done.get()
            if views is None:
                raise ValueError(f"rendering room {jobs[index].seed} failed: {error}")
            yield index, views
    finally:
        _stop(processes)


def _start() -> subprocess.Popen[bytes]:
    path = [str(Path(depth_lab.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, "-P", "-m", "depth_lab.rooms.worker"]
    # In a session of its own, Ctrl-C reaches only the parent, which then ends its workers in order.
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True)


def _feed(process: subprocess.Popen[Any], waiting: queue.SimpleQueue[tuple[int, Job]], done: queue.SimpleQueue[Answer]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    while not waiting.empty():
        try:
            index, job = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            pickle.dump(tuple(job), process.stdin)
            process.stdin.flush()
            views, error = pickle.load(process.stdout)
        except (OSError, ValueError, EOFError, pickle.UnpicklingError):
            code = process.wait()
            views, error = None, f"a rendering process ended with code {code}; was it killed for want of memory?"
        done.put((index, views, error))
        if views is None:
            return


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # a job that it never read
                pipe.close()  # type: ignore[union-attr]
