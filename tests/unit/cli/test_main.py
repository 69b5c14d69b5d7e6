"""The command line as a whole: what a script relies on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from pipeline.cli.main import build_cli

LIAISON = Path(sys.executable).with_name("liaison")


def _commands(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, child in getattr(command, "commands", {}).items():
        if getattr(child, "commands", None):
            yield from _commands(child, (*path, name))
        else:
            yield (*path, name), child


COMMANDS = dict(_commands(typer.main.get_command(build_cli())))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(path: tuple[str, ...]) -> None:
    explained = f"{COMMANDS[path].help}\n{COMMANDS[path].epilog}"
    assert f"liaison {' '.join(path)}" in explained


@pytest.mark.parametrize(
    "path",
    [
        "up", "down", "status", "demo", "search", "case", "links",
        "topics apply", "worker", "export", "ops agency add", "ops agency list",
        "ops agency key add", "ops agency key revoke", "ops agency key list",
        "feed validate", "feed push", "feed map", "feed make-key", "feed keys", "feed verify-case",
        "batch correlate", "batch compare", "batch train", "batch blocking-report", "batch explain",
    ],
)  # fmt: skip
def test_the_contract_names_the_command(path: str) -> None:
    assert tuple(path.split()) in COMMANDS


@pytest.mark.parametrize(
    "start", ["pipeline.cli.main", "pipeline.correlation.batch, pipeline.correlation.line_reading"]
)
def test_neither_help_nor_work_on_files_waits_for_what_it_does_not_use(start: str) -> None:
    heavy = "aiokafka elasticsearch faust fastapi joserfc kafka nicegui pydantic_settings"
    told = f"import sys, {start}; print(*({set(heavy.split())} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_wrong_usage_exits_with_2() -> None:
    assert subprocess.run([LIAISON, "no-such-command"], capture_output=True, check=False).returncode == 2


def test_an_expected_failure_is_one_line_and_exits_with_1(tmp_path: Path) -> None:
    ran = subprocess.run(
        [LIAISON, "batch", "correlate", tmp_path / "missing.ndjson", "-o", tmp_path / "links.ndjson"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (1, 2)
    assert "Traceback" not in ran.stderr
