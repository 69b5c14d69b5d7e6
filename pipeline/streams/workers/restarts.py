"""How often a worker was started anew, by reason: handed on in the environment, which outlives its process.

A worker that executes itself again begins its metrics from nothing, and so does one that its supervisor starts again:
without this a crash loop would look like a worker that has just started.
"""

from __future__ import annotations

import os
import re
from enum import StrEnum
from typing import Final

from pipeline.streams.catalogues import metrics

VARIABLE: Final = "LIAISON_WORKER_RESTARTS"
"""No setting: processes of ours write it for their successors, as `crashed=2,died=1`."""

_COUNT: Final = re.compile(r"([a-z]+)=(\d{1,9})")


class RestartReason(StrEnum):
    """Why a worker was started anew."""

    CHANGED = "changed"
    """What it stands on did: an agency or a generation came or went."""
    FENCED = "fenced"
    """Another worker took a partition over."""
    CRASHED = "crashed"
    """An exception left the stage."""
    DIED = "died"
    """The process ended, and its supervisor started another."""


def count_restarts() -> dict[RestartReason, int]:
    """How often this worker was started anew, for every reason; what is not ours in the variable is left out."""
    held = dict(_COUNT.findall(os.environ.get(VARIABLE, "")))
    return {reason: int(held.get(reason, 0)) for reason in RestartReason}


def note_restart(reason: RestartReason) -> None:
    """Count a restart that follows, by this very process executing itself again."""
    os.environ[VARIABLE] = _encode_counts(count_restarts() | {reason: count_restarts()[reason] + 1})


def environment_of_successor(deaths: int) -> dict[str, str]:
    """The environment for a process that takes the place of others, which have died so often."""
    return os.environ | {VARIABLE: _encode_counts({RestartReason.DIED: deaths})}


def show_restarts(stage: str) -> None:
    """Export the counts, 0 included: a counter that only appears once it is 1 has no increase."""
    for reason, count in count_restarts().items():
        metrics.RESTARTS.labels(stage, reason).inc(count)


def _encode_counts(counts: dict[RestartReason, int]) -> str:
    return ",".join(f"{reason}={count}" for reason, count in counts.items())
