"""The fixtures of a whole installation, and the command line on it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from liaison_command import LIAISON
from whole_installation import installation, make_installation, records, start_all, start_stage

__all__ = ["installation", "make_installation", "records", "start_all", "start_stage"]


@pytest.fixture
def liaison(engine_environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `liaison ops WORDS` on this test's installation, to its end."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [LIAISON, "ops", *words], env=engine_environment, capture_output=True, text=True, timeout=100
        )

    return run
