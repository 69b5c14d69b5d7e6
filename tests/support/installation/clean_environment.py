"""A virtual environment that pip alone has filled, and commands in it that see nothing of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

NO_NETWORK = ("NewConnectionError", "ConnectTimeout", "Temporary failure in name resolution", "ReadTimeout")
"""What pip says where there is no way to a package index."""


class Environment(NamedTuple):
    """A virtual environment with the wheel, where it was told to be, and how many seconds pip took."""

    folder: Path
    home: Path
    seconds: float
    said: str

    @property
    def packages(self) -> Path:
        """Where its packages lie."""
        (found,) = self.folder.glob("lib/python3*/site-packages")
        return found

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """`liaison WORDS` from an empty home, with nothing of the checkout on its path, and no compiler."""
        command = [str(self.folder / "bin" / "liaison"), *words]
        return subprocess.run(command, cwd=self.home, env=self.variables(**variables), capture_output=True, text=True)

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """Python's own word on some code, in the same surroundings."""
        command = [str(self.folder / "bin" / "python"), "-c", code]
        return subprocess.run(command, cwd=self.home, env=self.variables(), capture_output=True, text=True)

    def variables(self, **more: str) -> dict[str, str]:
        """The surroundings of a program."""
        return {"PATH": str(self.folder / "bin"), "HOME": str(self.home), "LANG": "C.UTF-8", **more}


def install(folder: Path, *wanted: str) -> Environment:
    """A clean environment with what is wanted, by the pip that Python brings, without a compiler on its path."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    home = folder.with_name(f"{folder.name}-home")
    home.mkdir()
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--only-binary=:all:", *wanted]
    known = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    known |= {"PATH": str(folder / "bin"), "HOME": os.environ.get("HOME", ""), "LANG": "C.UTF-8"}
    begun = time.monotonic()
    ran = subprocess.run(pip, env=known, cwd=home, capture_output=True, text=True)
    if ran.returncode and any(word in ran.stderr + ran.stdout for word in NO_NETWORK):
        pytest.skip("there is no way to a package index from here")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return Environment(folder, home, time.monotonic() - begun, ran.stdout)
