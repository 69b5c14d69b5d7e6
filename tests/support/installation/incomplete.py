"""An installation that lacks its schemas: the package by a link, in a folder where they are not beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pipeline

RUN = "from pipeline.cli.main import main; main()"


def without_schemas(folder: Path) -> None:
    """Put the package into an empty folder."""
    (folder / "pipeline").symlink_to(Path(pipeline.__file__).parent)


def run_there(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `liaison` with the package of that folder."""
    own = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run(
        [sys.executable, "-c", RUN, *words],
        cwd=folder,
        env=own,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
