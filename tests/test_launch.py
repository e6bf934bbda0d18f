from __future__ import annotations

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from omegaconf.errors import ConfigKeyError

from depth_lab import launch


@pytest.mark.parametrize(
    "path", ["/a b/c", "x (1)/y", "k=v/=", "it's", r"c:\new\it's", "end\\", "a,b", "[x", "ünïcode #1", "{a: b}", "~/d"]
)
@pytest.mark.parametrize("key", ["data.root", "checkpoint", "input", "output", "init_from", "model.network.pretrained"])
def test_hydra_reads_a_path_as_it_was_typed(key: str, path: str) -> None:
    if path[0] == "[":
        pytest.skip("a leading bracket is a list")
    override = OverridesParser.create().parse_override(launch.quote_path(f"{key}={path}"))
    assert override.value() == path


@pytest.mark.parametrize(
    "word", ["seed=3", "runs=[a,b]", "resume=null", "model.network.pretrained=true", "-m", "data.root='a b'"]
)
def test_other_arguments_stay_as_they_are(word: str) -> None:
    assert launch.quote_path(word) == word


def test_a_sweep_over_paths_stays_a_sweep() -> None:
    assert launch.arguments(["-m", "data.root=a,b"]) == ["-m", "data.root=a,b"]


def test_resume_replays_the_recorded_arguments_under_the_typed_ones(tmp_path: Path) -> None:
    folder = tmp_path / "run (1)=x"
    (folder / ".hydra").mkdir(parents=True)
    OmegaConf.save(
        OmegaConf.create(["model=transfer", "trainer.max_epochs=5", "data.root='a b'"]),
        folder / ".hydra" / "overrides.yaml",
    )
    OmegaConf.save(OmegaConf.create({"hydra": {"runtime": {"cwd": str(tmp_path)}}}), folder / ".hydra" / "hydra.yaml")
    (tmp_path / "a b").mkdir()
    words = launch.arguments([f"resume={folder}", "trainer.max_epochs=9"])
    parser = OverridesParser.create()
    values = {override.key_or_group: override.value() for override in parser.parse_overrides(words)}
    assert values == {
        "model": "transfer",
        "data.root": str(tmp_path / "a b"),
        "resume": str(folder),
        "trainer.max_epochs": 9,
        "hydra.run.dir": str(folder),
    }


def test_resume_of_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a run folder"):
        launch.arguments([f"resume={tmp_path}"])


def test_two_runs_of_one_second_get_two_folders(tmp_path: Path) -> None:
    wanted = str(tmp_path / "12-00-00_glpn_rooms")
    folders = []
    for _ in range(3):
        launch.new_folder.cache_clear()  # another process
        folders.append(launch.new_folder(wanted))
    assert folders == [wanted, f"{wanted}_2", f"{wanted}_3"]
    assert launch.new_folder(wanted) == folders[-1]


def raising(error: BaseException) -> None:
    with launch.speaking():
        raise error


def chained(outer: Exception, cause: Exception) -> Exception:
    outer.__cause__ = cause
    return outer


WORKER_ERROR = """Caught ValueError in DataLoader worker process 0.
Original Traceback (most recent call last):
  File
ValueError: a.png is broken: do x"""


class InstantiationException(Exception):
    """Hydra's, by name."""


@pytest.mark.parametrize(("error", "said"), [
    (ValueError("no folder x: do y"), "error: no folder x: do y"),
    (chained(InstantiationException("Error in call to target"), ValueError("the cause")), "error: the cause"),
    (ValueError(WORKER_ERROR), "error: a.png is broken: do x"),
    (PermissionError(13, "Permission denied", "/x"), "error: [Errno 13] Permission denied: '/x'"),
    (ConfigKeyError("Key 'a' is not in struct\n    full_key: a"), "error: Key 'a' is not in struct"),
])  # fmt: skip
def test_an_error_that_the_user_can_mend_is_a_sentence(error: Exception, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        raising(error)
    assert stop.value.code == 1
    assert capsys.readouterr().err.strip() == said


def test_a_missing_value_names_its_key(capsys: pytest.CaptureFixture[str]) -> None:
    config = OmegaConf.create({"data": {"root": "???"}})
    with pytest.raises(SystemExit), launch.speaking():
        OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    assert "data.root is not set: add it to the command line as data.root=" in capsys.readouterr().err


def test_a_defect_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(AssertionError):
        raising(AssertionError("ours"))


def test_full_errors_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(ValueError, match="x"):
        raising(ValueError("x"))


def test_an_interrupt_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        raising(KeyboardInterrupt())
    assert stop.value.code == 130
    assert "Interrupted" in capsys.readouterr().err
