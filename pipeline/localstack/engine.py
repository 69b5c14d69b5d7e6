"""What the stack needs to know of an engine to run it, and the log4j settings that both engines share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.engines.endpoints import EngineAddress
from pipeline.engines.layout import StackLayout
from pipeline.settings import Settings


@dataclass(frozen=True)
class EngineLaunch:
    """One start of an engine: where, with what, on which port."""

    layout: StackLayout
    settings: Settings
    jars: Sequence[Path]
    port: int
    secure: bool = False
    """Whether `--secure` was asked for now; a home that was secure before is so without it."""


class LocalServer(Protocol):
    """A server that runs as one child process."""

    address: EngineAddress

    def preferred_port(self, settings: Settings) -> int:
        """The port to take if it is free."""
        ...

    def prepare_files(self, launch: EngineLaunch) -> None:
        """Write its settings and, the first time, its data folder."""
        ...

    def launch_command(self, launch: EngineLaunch) -> list[str]:
        """The command line that runs it; it contains the home's path, by which the process is recognised."""
        ...

    def has_lost_port(self, port: int, layout: StackLayout) -> bool:
        """Whether the one of this home, which has ended, was given a port that another program has taken since."""
        ...

    def is_serving(self, port: int, layout: StackLayout, settings: Settings) -> bool:
        """Whether the one of this home, which listens on this port, serves requests now."""
        ...


MAX_LOG_MB = 20
KEPT_LOGS = 3
"""With MAX_LOG_MB, at most 80 MB an engine."""


def rolling_log(path: Path) -> str:
    """log4j2 properties that send everything from INFO up to `path`."""
    return f"""status = error
appender.rolling.type = RollingFile
appender.rolling.name = rolling
appender.rolling.fileName = {path}
appender.rolling.filePattern = {path}.%i
appender.rolling.layout.type = PatternLayout
appender.rolling.layout.pattern = %d{{ISO8601}} %-5p %c{{1.}} %m%n
appender.rolling.policies.type = Policies
appender.rolling.policies.size.type = SizeBasedTriggeringPolicy
appender.rolling.policies.size.size = {MAX_LOG_MB}MB
appender.rolling.strategy.type = DefaultRolloverStrategy
appender.rolling.strategy.max = {KEPT_LOGS}
rootLogger.level = info
rootLogger.appenderRef.rolling.ref = rolling
"""
