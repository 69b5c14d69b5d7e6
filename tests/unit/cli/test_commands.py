"""The table of commands and the functions that it names."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import metadata

import pytest

from pipeline.cli.commands import COMMANDS, EXTRAS, Command, Group, extra_of
from pipeline.cli.main import load_command

ROWS = [row for row in COMMANDS if isinstance(row, Command)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path)
def test_a_row_says_what_the_function_says_of_itself(row: Command) -> None:
    own = load_command(row).help or ""
    assert " ".join(own.partition("\n\n")[0].split()) == row.help


def test_a_group_stands_before_what_it_holds() -> None:
    known = {""}
    for row in COMMANDS:
        assert row.path.rpartition(" ")[0] in known
        if isinstance(row, Group):
            known.add(row.path)


def test_each_command_needs_an_extra_that_the_package_has() -> None:
    offered = {*metadata("liaison-pipeline").get_all("Provides-Extra", ())}
    assert {extra_of(row.path) for row in ROWS} - {""} <= offered
    assert {row.path.partition(" ")[0] for row in ROWS} >= EXTRAS.keys()


def test_help_imports_no_commands_module() -> None:
    targets = {row.target.partition(":")[0] for row in ROWS}
    code = (
        "import sys; from typer.testing import CliRunner; from pipeline.cli.main import build_cli\n"
        "for words in ([], ['ops'], ['ops', 'agency'], ['feed'], ['batch']):\n"
        "    assert CliRunner().invoke(build_cli(), [*words, '--help']).exit_code == 0\n"
        "print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(ran.stdout.split()) & targets == set()
