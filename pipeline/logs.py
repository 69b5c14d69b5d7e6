"""The log of a process that runs for long: each line says when, how grave, and which process of which stage speaks.

What repeats itself is told once a minute: while an engine is away, each try of each part would say the same.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

AGAIN_AFTER_S: Final = 60.0
"""A line that repeats an earlier one is left out until then; the next one says how many were."""

MOST_HELD: Final = 1000
"""Different lines that are remembered: beyond, the minute begins anew for all, so that memory stays bounded."""

OURS: Final = "pipeline"

QUIET: Final = {
    "pipeline.streams.kafka.chunks": logging.WARNING,  # Faust's own words about our app
    "mode.timers": logging.ERROR,  # says that a slice of work took longer than a tick
}


FALSE_ALARMS: Final = {"kafka.net.sasl.scram": "Exchanging credentials in the clear during Sasl Authentication"}
"""What a library says without cause, by its logger: SCRAM sends no password, whatever it goes over."""


def set_up_logging(part: str, level: str, generation: str = "") -> None:
    """Log to standard error as `part` (a stage, `all` or `api`): our own words from `level`, libraries' from WARNING.

    No record content is ever logged.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_LineFormatter(part, generation))
    handler.addFilter(RepeatFilter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger(OURS).setLevel(level.upper())
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(quiet)
    for name in FALSE_ALARMS:
        logging.getLogger(name).addFilter(is_true)


def is_true(record: logging.LogRecord) -> bool:
    """Whether a line is none of FALSE_ALARMS."""
    return FALSE_ALARMS.get(record.name) != record.msg


class _LineFormatter(logging.Formatter):
    """Time (UTC, milliseconds), level, process, stage, generation, logger: what is said. Tracebacks follow."""

    def __init__(self, part: str, generation: str) -> None:
        who = f"pid={os.getpid()} stage={part} generation={generation or '-'}"
        super().__init__(f"%(asctime)s %(levelname)s {who} %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - the library's
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class RepeatFilter(logging.Filter):
    """Lets a warning or an error pass once in AGAIN_AFTER_S.

    Two of ours are the same where they say the same: a record that can't be read has its position in its line, and none
    is left out for another. Two of a library are the same where the same line of it speaks, be it of another node or
    try; it says what went wrong without its traceback, which shows the library alone.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._held: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line passes; one that others were left out before says how many."""
        if record.levelno < logging.WARNING:
            return True
        ours = record.name.partition(".")[0] == OURS
        key, now = (record.name, record.getMessage() if ours else str(record.msg)), self._clock()
        told_at, left_out = self._held.get(key, (float("-inf"), 0))
        if now - told_at < AGAIN_AFTER_S:
            self._held[key] = told_at, left_out + 1
            return False
        if len(self._held) >= MOST_HELD:
            self._held.clear()
        self._held[key] = now, 0
        if left_out:
            record.msg, record.args = f"{record.getMessage()} ({left_out} more like it since)", ()
        if not ours and record.exc_info:
            record.exc_info = record.exc_text = None
        return True
