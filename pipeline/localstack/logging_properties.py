"""log4j settings that both engines share: one file, rolled by size."""

from __future__ import annotations

from pathlib import Path

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
