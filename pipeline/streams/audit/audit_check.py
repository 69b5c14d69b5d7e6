"""Verifies the audit trail while the server runs: in the background, from where the last check had come to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from pipeline.access.audit_verification import TrailFinding, TrailVerifier
from pipeline.settings import Settings
from pipeline.streams.audit.audit_tail import entries_from

FRESH: Final = timedelta(minutes=1)
"""A check of this age is not made again: each checkpoint, by which one sees that an end is missing, takes as long."""


class TrailStatus(msgspec.Struct, frozen=True):
    """How the trail stands: `entries` have been read, `at` is when its end was last reached; None before it was."""

    entries: int = 0
    findings: tuple[TrailFinding, ...] = ()
    at: datetime | None = None
    running: bool = False


class TrailCheck:
    """One check at a time; whoever asks meanwhile waits for the same. What was read is not read again."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings, self._clock = settings, clock
        self._verification = TrailVerifier()
        self._next = 0
        self._done = TrailStatus()
        self._task: asyncio.Task[None] | None = None

    async def check_trail(self, patience_s: float) -> TrailStatus:
        """How the trail stands, made anew unless fresh; `running` where that takes longer than `patience_s`.

        Raises KafkaError and OSError where the trail can't be read.
        """
        if self._task is None and not self._is_fresh():
            self._task = asyncio.create_task(self._run_check())
        task = self._task
        if task is not None:
            await asyncio.wait([task], timeout=patience_s)
            if not task.done():
                return msgspec.structs.replace(self._done, entries=self._verification.entries, running=True)
            self._task = None if self._task is task else self._task
            task.result()
        return self._done

    def close(self) -> None:
        """End a check that is running."""
        if self._task is not None:
            self._task.cancel()

    def _is_fresh(self) -> bool:
        return self._done.at is not None and self._clock() - self._done.at < FRESH

    async def _run_check(self) -> None:
        async for offset, entry in entries_from(self._settings, self._next):
            self._verification.check_entry(entry)
            self._next = offset + 1
        at = self._clock()
        self._done = TrailStatus(self._verification.entries, tuple(self._verification.findings(at)), at)
