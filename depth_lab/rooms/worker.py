"""A rendering process: `python -m depth_lab.rooms.worker` reads jobs from its input and answers on its output.

It ends when its input does, so it never outlives the process that started it, however that one ended.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from contextlib import suppress
from typing import BinaryIO

from depth_lab.rooms.render import render_room


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Answers each job `(room seed, views, size)` with `(views, None)`, or with `(None, traceback)`."""
    while True:
        try:
            seed, views, size = pickle.load(jobs)
        except EOFError:
            return
        try:
            answer = ([render_room(seed, size=size, view=view) for view in views], None)
        except Exception:  # told to the parent, which raises it
            answer = (None, traceback.format_exc())  # type: ignore[assignment]
        pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()


def main() -> None:
    # Whatever a library prints must not get between the answers.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers, suppress(BrokenPipeError):
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
