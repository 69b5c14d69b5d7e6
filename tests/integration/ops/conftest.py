"""The fixtures of a whole installation, and the command line on it."""

from __future__ import annotations

import subprocess

import pytest

from support.installation.command import RunLiaison
from support.installation.fixtures import installation, make_installation, ports, records, start_all, start_stage
from support.processes import warm

__all__ = ["installation", "make_installation", "ports", "records", "start_all", "start_stage"]


@pytest.fixture
def liaison(engine_environment: dict[str, str]) -> RunLiaison:
    """Run `liaison ops WORDS` on this test's installation, to its end."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return warm.run(["ops", *words], engine_environment)

    return run
