"""Where a LIAISON_HOME keeps its engines' settings, data, logs and run files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StackLayout:
    """The folders and files of one local stack; `home` is absolute."""

    home: Path

    @classmethod
    def of(cls, home: Path) -> StackLayout:
        """The layout under `home`, which need not exist."""
        return cls(home.expanduser().absolute())

    @property
    def lock(self) -> Path:
        """Held while engines are started or stopped."""
        return self.home / "engines" / "lock"

    @property
    def snapshots(self) -> Path:
        """Elasticsearch's path.repo."""
        return self.home / "data" / "snapshots"

    @property
    def access(self) -> Path:
        """The operator's credentials at a Kafka that asks for them; there is none where it asks nobody."""
        return self.home / "credentials" / "kafka.json"

    def run_file(self, engine: str) -> Path:
        """Process id, creation time and port of a started engine."""
        return self.home / "engines" / f"{engine}.run.json"

    def configuration(self, engine: str) -> Path:
        """Written anew at each start."""
        return self.home / "engines" / engine

    def data(self, engine: str) -> Path:
        """Kept between runs."""
        return self.home / "data" / engine

    def log(self, engine: str) -> Path:
        """The engine's own log, rolled by log4j."""
        return self.home / "logs" / f"{engine}.log"

    def console(self, engine: str) -> Path:
        """What the process of the last start wrote on its standard streams."""
        return self.home / "logs" / f"{engine}.console.log"
