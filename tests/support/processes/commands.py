"""Commands that run a script, or a module of tests/support as a process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

TESTS = Path(__file__).parents[2]

Program = Path | str
"""A script by its path, or a module by its name (`support.web.server_process`)."""


def command_of(program: Program, *words: str) -> list[str]:
    """`python PROGRAM WORDS`."""
    chosen = [str(program)] if isinstance(program, Path) else ["-m", program]
    return [sys.executable, *chosen, *words]


def name_of(program: Program) -> str:
    """The last part of its name, without an ending."""
    return program.stem if isinstance(program, Path) else program.rpartition(".")[2]


def with_support(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that imports tests/support."""
    given = environment.get("PYTHONPATH")
    return {**environment, "PYTHONPATH": os.pathsep.join([str(TESTS), *([given] if given else [])])}
