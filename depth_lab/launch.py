"""Hydra at the door: what every command does before and around its work. No torch is imported here."""

from __future__ import annotations

import functools
import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError, MissingMandatoryValue, OmegaConfBaseException

from depth_lab.configs import config_folder

PATHS = re.compile(
    r"^(\+{0,2}(?:checkpoint|resume|init_from|input|output|hydra\.(?:run|sweep)\.dir|.*\.(?:root|pretrained|path|folder|\w+_list)))=(.+)$"
)
Work = Callable[[DictConfig], Any]
INTERRUPTED = 130
failed: list[str] = []
"""Jobs of this process's sweep that failed."""


def command(name: str) -> Callable[[Work], Callable[[], None]]:
    """Make a function of a config the command `name`, whose defaults list is `conf/<name>.yaml`."""

    def decorate(work: Work) -> Callable[[], None]:
        run = hydra.main(version_base="1.3", config_path=str(config_folder()), config_name=name)(sentences(work))

        @functools.wraps(work)
        def main() -> None:
            register_resolvers()
            failed.clear()
            with speaking():
                sys.argv[1:] = arguments(sys.argv[1:])
            run()
            if failed:
                print(f"{len(failed)} of the sweep's jobs failed: {', '.join(failed)}", file=sys.stderr)
                sys.exit(1)

        return main

    return decorate


def sentences(work: Work) -> Work:
    """The work with its errors said in a sentence. In a sweep a job that fails scores NaN, and the others go on."""

    @functools.wraps(work)
    def spoken(config: DictConfig) -> Any:
        try:
            with speaking():
                return work(config)
        except SystemExit as stop:
            job = HydraConfig.get()
            if job.mode != RunMode.MULTIRUN or stop.code == INTERRUPTED:
                raise
            failed.append(f"{job.job.num} ({job.job.override_dirname})")
            return math.nan

    return spoken


@contextmanager
def speaking() -> Iterator[None]:
    """Say an error that the user can mend in one sentence and exit with 1; others keep their traceback.

    HYDRA_FULL_ERROR=1 shows every traceback.
    """
    try:
        yield
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as error:
        cause = root_cause(error)
        if os.environ.get("HYDRA_FULL_ERROR") == "1" or not is_mendable(cause):
            raise
        print(f"error: {sentence(cause)}", file=sys.stderr)
        sys.exit(1)


def root_cause(error: BaseException) -> BaseException:
    """The error under Hydra's wrapping of what a constructor raised."""
    while type(error).__name__ == "InstantiationException" and is_mendable(error.__cause__):
        error = error.__cause__  # type: ignore[assignment]
    return error


def is_mendable(error: BaseException | None) -> bool:
    """Whether an error is about what the user gave: by convention a ValueError; the machine's own kinds; a library's."""
    theirs = ("MisconfigurationException", "ConfigCompositionException", "InstantiationException", "OutOfMemoryError")
    return isinstance(error, ValueError | OSError | ImportError | OmegaConfBaseException) or type(error).__name__ in theirs


def sentence(error: BaseException) -> str:
    """What an error says, without the traceback that a loader's worker puts into it, and without OmegaConf's footnotes."""
    if isinstance(error, MissingMandatoryValue | InterpolationToMissingValueError):
        key = getattr(error, "full_key", None) or str(error)
        return f"{key} is not set: add it to the command line as {key}=…"
    text = str(error)
    if "Original Traceback" in text:
        text = re.split(r"^[\w.]+: ", text, flags=re.MULTILINE)[-1]
    if type(error).__name__ == "OutOfMemoryError":
        text = f"{text.splitlines()[0]} Lower data.batch_size or data.size."
    return " ".join(re.split(r"\n\s*full_key:", text)[0].split())


def arguments(typed: list[str]) -> list[str]:
    """Command line arguments in Hydra's grammar: paths as typed, and `resume=` replays its run's arguments first."""
    sweep = bool({"-m", "--multirun"} & set(typed))
    quoted = [quote_path(word, sweep) for word in typed]
    resumed = [word.split("=", 1)[1] for word in typed if word.startswith("resume=")]
    return resume_arguments(Path(resumed[-1].strip("'\"")), quoted) if resumed and resumed[-1] != "null" else quoted


def quote_path(word: str, sweep: bool = False) -> str:
    """Quote the value of an argument that is a path, which Hydra's grammar refuses bare where it holds `=`, `(` or `,`."""
    match = PATHS.match(word)
    if match is None:
        return word
    key, value = match.groups()
    if value[0] in "'\"[$" or value in ("null", "true", "false") or (sweep and "," in value):
        return word
    return f"{key}={quote(value)}"


def quote(value: str) -> str:
    """A string in Hydra's quotes, which unescape a quotation mark and the backslashes before it, and nothing else."""
    return "'" + re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + ("\\'" if m[2] else ""), value) + "'"


def resume_arguments(folder: Path, typed: list[str]) -> list[str]:
    """The recorded arguments of a run, the typed ones after them, and the run's own folder.

    Recorded relative paths are of the folder in which the run was started. Weights that it started from are in its checkpoint.
    """
    record = folder / ".hydra" / "overrides.yaml"
    if not record.is_file():
        raise ValueError(f"{folder} is not a run folder: it has no .hydra/overrides.yaml; give resume= the folder of a run.")
    start = Path(OmegaConf.load(folder / ".hydra" / "hydra.yaml").hydra.runtime.cwd)
    again = {word.split("=", 1)[0] for word in typed} | {"resume", "init_from"}
    recorded = [rebased(str(word), start) for word in OmegaConf.load(record)]
    kept = [word for word in recorded if word.split("=", 1)[0] not in again]
    return [*kept, *typed, f"hydra.run.dir={quote(str(folder))}"]


def rebased(word: str, start: Path) -> str:
    """A recorded argument with a relative path that exists under `start` made absolute."""
    match = PATHS.match(word)
    if match is None:
        return word
    key, value = match[1], re.sub(r"\\(['\\])", r"\1", match[2].strip("'"))
    return f"{key}={quote(str(start / value))}" if (start / value).exists() else word


def register_resolvers() -> None:
    """What YAML files may ask for: a new run folder, and the fastest precision of the machine."""
    OmegaConf.register_new_resolver("new_folder", new_folder, replace=True)
    OmegaConf.register_new_resolver("best_precision", best_precision, replace=True)


@functools.cache
def new_folder(path: str) -> str:
    """Make a folder that nobody has, `path` or `path_2`, `path_3`, …; the same answer all through this process."""
    candidate, number = Path(path), 1
    while True:
        try:
            candidate.mkdir(parents=True)
            return str(candidate)
        except FileExistsError:
            number += 1
            candidate = Path(f"{path}_{number}")


def best_precision() -> str:
    """`bf16-mixed` where the device computes in bfloat16, GPU or CPU, else `32-true`."""
    import torch

    if torch.cuda.is_available():
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        fast = bool({"avx512_bf16", "amx_bf16"} & {name for name, has in torch.cpu.get_capabilities().items() if has})
    return "bf16-mixed" if fast else "32-true"
