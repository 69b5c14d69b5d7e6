"""`pip install "liaison-pipeline[server,local]" && liaison demo --exit`, as somebody does who has no checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.settings import Settings
from support.installation.clean_environment import install

MOST_SECONDS = 300


@pytest.mark.timeout(900)
def test_the_demo_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    installed = install(tmp_path / "venv", f"{wheel}[server,local]")
    assert "Building wheel" not in installed.said
    assert installed.seconds < MOST_SECONDS
    cache = Settings().engine_cache  # the engines' jars, which need not be fetched once more
    ran = installed.run("demo", "--exit", LIAISON_HOME=str(tmp_path / "liaison"), LIAISON_ENGINE_CACHE=str(cache))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = installed.run("status", LIAISON_HOME=str(tmp_path / "liaison"))
    assert told.returncode == 1, "the engines have ended with the demo"
