"""Runs services from an image's own root filesystem, as its user, where no container engine is at hand.

`buildah run --isolation=chroot` gives a process the image's files, environment and user, a `/tmp` and the volumes, and
nothing of an engine: no network of its own, no limits, no capabilities taken away, no root that is read-only. So names
of compose.yaml's network become addresses of loopback, and ports become ports of the test's own.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import build_images
import psutil
import pytest

from support.images.compose import Service
from support.waiting import wait

USER: Final = 10001
HOME: Final = "/var/lib/liaison"
"""The image's volume."""

STARTER: Final = "buildah-chroot-exec"
"""What starts the container's first process."""

TERMINATED: Final = "subprocess exited on terminated"
"""What buildah says of a process that SIGTERM ended."""

SECONDS: Final = 120
"""What a command may take."""


def require_tools() -> None:
    """Skip where nobody could build: without buildah, or as another user than root."""
    missing = [tool for tool in ("buildah", "mmdebstrap") if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(
            f"images can't be built here: {'needs root' if not missing else ' and '.join(missing) + ' missing'}"
        )


def buildah(*words: str) -> str:
    """Run `buildah` to its end; what it printed."""
    done = subprocess.run(["buildah", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}\n{done.stderr}"
    return done.stdout.strip()


@contextmanager
def container(image: str) -> Iterator[str]:
    """The name of a working container of an image, which is removed at the end.

    buildah mounts a folder of its own at the image's volume, now and then over the one that it is told to mount there.
    """
    name = buildah("from", "--pull-never", image)
    try:
        buildah("config", "--volume", f"{HOME}-", name)
        yield name
    finally:
        buildah("rm", name)


@contextmanager
def mounted(name: str) -> Iterator[Path]:
    """The root filesystem of a working container."""
    path = Path(buildah("mount", name))
    try:
        yield path
    finally:
        buildah("umount", name)


@dataclass
class Running:
    """A service's container while it runs."""

    service: Service
    process: subprocess.Popen[bytes]
    log: Path
    prefix: Sequence[str]
    """The words before a command that is to run in it."""

    def main(self) -> psutil.Process:
        """The container's first process."""
        found = wait(self._main)
        assert found is not None
        return found

    def _main(self) -> psutil.Process | None:
        if self.process.poll() is not None:
            pytest.fail(f"{self.service.name} has ended:\n{self.output()}")
        return self._find_main()

    def _find_main(self) -> psutil.Process | None:
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                if child.cmdline()[:1] == [STARTER] and (started := child.children()):
                    return started[0]
        return None

    def end(self, number: int = signal.SIGTERM, patience_s: float = 60) -> bool:
        """Signal the first process, as an engine would; whether it then ended in order, or by that signal.

        One that ends by itself meanwhile needs no signal.
        """
        running = wait(lambda: self.process.poll() is not None or self._find_main())
        if isinstance(running, psutil.Process):
            with suppress(psutil.NoSuchProcess):
                running.send_signal(number)
        return self.process.wait(patience_s) == 0 or TERMINATED in self.output()

    def is_healthy(self) -> bool:
        """Whether the check that compose.yaml states for it succeeds."""
        assert self.service.health
        return subprocess.run([*self.prefix, *self.service.health], capture_output=True, check=False).returncode == 0

    def output(self) -> str:
        """What it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass
class Machine:
    """A machine with an image and volumes; `replaced` maps what compose.yaml says to what this machine has."""

    container: str
    folder: Path
    volumes: Path
    """A folder for each volume, and files of secrets beside them."""
    replaced: Mapping[str, str]
    environment: dict[str, str]
    running: list[Running] = field(default_factory=list)

    def prefix(self, service: Service, mounts: dict[Path, str]) -> list[str]:
        """The words of `buildah run` before a service's command."""
        environment = {name: self._here(value) for name, value in service.environment.items()} | self.environment
        given = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        all_mounts = {self.volume(name): place for name, place in service.volumes.items()} | mounts
        all_mounts |= {self.secret(name): f"/run/secrets/{name}" for name in service.secrets}
        volumes = [word for path, place in all_mounts.items() for word in ("--volume", f"{path}:{place}")]
        return ["buildah", "run", build_images.ISOLATION, "--user", str(USER), *given, *volumes, self.container, "--"]

    def volume(self, name: str) -> Path:
        """A volume's folder, its user's own, as an engine makes it from the image's."""
        path = self.volumes / name
        if not path.exists():
            path.mkdir(parents=True, mode=0o700)
            os.chown(path, USER, USER)
        return path

    def secret(self, name: str) -> Path:
        """A secret's file."""
        return self.volumes.parent / name

    def run(self, service: Service, *words: str, mounts: dict[Path, str] | None = None) -> str:
        """`docker compose run --rm SERVICE WORDS`, which must succeed; what it printed."""
        done = self.try_run(service, *words, mounts=mounts)
        assert done.returncode == 0, f"{service.name} {words}\n{done.stdout}{done.stderr}"
        return done.stdout

    def try_run(
        self, service: Service, *words: str, mounts: dict[Path, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The same, however it ends."""
        return subprocess.run(
            [*self.prefix(service, mounts or {}), *service.entrypoint, *(words or self._command(service))],
            capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip

    def start(self, service: Service, *, mounts: dict[Path, str] | None = None) -> Running:
        """`docker compose up SERVICE`, without waiting."""
        log = self.folder / f"{service.name}-{len(self.running)}.log"
        prefix = self.prefix(service, mounts or {})
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*prefix, *service.entrypoint, *self._command(service)], stdout=output, stderr=subprocess.STDOUT
            )
        here = replace(service, health=tuple(map(self._here, service.health)))
        self.running.append(Running(here, process, log, prefix))
        return self.running[-1]

    def end_all(self) -> None:
        """End what still runs, by force if need be."""
        for one in self.running:
            if one.process.poll() is None:
                try:
                    one.end(signal.SIGTERM, 30)
                except subprocess.TimeoutExpired:
                    one.end(signal.SIGKILL)

    def _command(self, service: Service) -> list[str]:
        return [self._here(word) for word in service.command]

    def _here(self, text: str) -> str:
        names = sorted(self.replaced, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, names)), lambda found: self.replaced[found.group()], text)
