"""Run the `liaison` command in a home of its own, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psutil

from support.ports import own_port

LIAISON = Path(sys.executable).with_name("liaison")

RunLiaison = Callable[..., subprocess.CompletedProcess[str]]
"""Runs `liaison WORDS` to its end."""

OURS = "LIAISON_"


@dataclass(frozen=True)
class Home:
    """A LIAISON_HOME and the environment of commands that work on it."""

    path: Path
    environment: dict[str, str]

    def start(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        """Start `liaison WORDS` with further LIAISON_<SETTING>s."""
        environment = self.environment | {f"{OURS}{name.upper()}": value for name, value in settings.items()}
        return subprocess.Popen(
            [LIAISON, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        with self.start(*words, **settings) as process:
            output, errors = process.communicate(timeout=200)
        return subprocess.CompletedProcess(words, process.returncode, output, errors)

    def up(self, **settings: str) -> dict[str, dict[str, Any]]:
        """`liaison up --json`, which must succeed: each engine's status by its name."""
        done = self.run("up", "--json", **settings)
        assert done.returncode == 0, done.stderr
        return by_name(done.stdout)

    def status(self) -> dict[str, dict[str, Any]]:
        """`liaison status --json`."""
        return by_name(self.run("status", "--json").stdout)

    def processes(self) -> list[psutil.Process]:
        """Every live process whose command line names this home."""
        return [p for p in psutil.process_iter(["cmdline"]) if str(self.path) in " ".join(p.info["cmdline"] or [])]


def by_name(output: str) -> dict[str, dict[str, Any]]:
    """The status list that --json prints, by engine."""
    return {entry["name"]: entry for entry in msgspec.json.decode(output)}


def new_home(path: Path) -> Home:
    """A home whatever the caller's environment says of engines; nobody takes its ports while one of them is dead."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    kept = {name: os.environ[name] for name in ("LIAISON_ENGINE_CACHE", "LIAISON_ENGINE_MIRROR") if name in os.environ}
    chosen = {
        "LIAISON_HOME": str(path),
        "LIAISON_KAFKA_PORT": str(own_port()),
        "LIAISON_ELASTICSEARCH_PORT": str(own_port()),
    }
    return Home(path, environment | kept | chosen)
