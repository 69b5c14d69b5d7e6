"""The code of version 0.3.0, from the history, for tests of what it makes of what this version writes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMIT = "6c97505a0d66e049b54b88104950fd7b7cf20137"


@dataclass(frozen=True)
class EarlierVersion:
    """A folder whose `pipeline` and `schemas` are those of 0.3.0."""

    folder: Path

    @classmethod
    def unpack(cls, folder: Path) -> EarlierVersion:
        """Skips the test where the history does not go back so far."""
        archive = subprocess.run(
            ["git", "-C", str(ROOT), "archive", COMMIT, "pipeline", "schemas"], capture_output=True, check=False
        )
        if archive.returncode:
            pytest.skip("0.3.0 is not in this clone's history (a shallow clone?): git fetch --unshallow")
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
        return cls(folder)

    def start_liaison(self, environment: Mapping[str, str], *words: str) -> subprocess.Popen[str]:
        """Its command `liaison` in an environment; whoever starts it ends it."""
        main = [sys.executable, "-c", "from pipeline.cli.main import main; main()", *words]
        environment = {**environment, "PYTHONPATH": str(self.folder)}
        return subprocess.Popen(
            main, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def liaison(self, environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
        """The same once it has ended."""
        with self.start_liaison(environment, *words) as process:
            printed, told = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, printed, told)

    def run(self, program: str, given: bytes) -> bytes:
        """What a program prints that is given some input."""
        words = [sys.executable, "-c", f"import pipeline; print(pipeline.__path__[0])\n{program}"]
        done = subprocess.run(
            words,
            input=given,
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert not done.returncode, done.stderr.decode()
        ran, printed = done.stdout.split(b"\n", 1)
        assert ran.decode() == str(self.folder / "pipeline")
        return printed
