"""What a row of the topic catalogue (streams/catalogues/topics.py) says, and the configuration that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

MIB: Final = 1 << 20
KAFKA_DEFAULT_BYTES: Final = MIB
"""Messages without free text stay far below Kafka's own default."""

DAY_MS: Final = "86400000"
"""What a later version replaced is gone from a compacted topic within about two days: one to roll, one to compact."""

HOUR_MS: Final = "3600000"
"""A stage that is less than this behind reads every version, so that its store and the hits it sends miss none."""


class Count(StrEnum):
    """What a topic's partition count follows."""

    CASES = "case_partitions"
    BLOCKS = "block_partitions"
    PROGRESS = "progress"
    ONE = "one"


class Scope(StrEnum):
    """What a topic exists once for."""

    INSTALLATION = "installation"
    AGENCY = "agency"
    GENERATION = "generation"


class Process(StrEnum):
    """Who uses topics: the stages in the order of the flow, the API, agencies, and the operator's commands."""

    INTAKE = "intake"
    DERIVE = "derive"
    CORRELATE = "correlate"
    PROJECT = "project"
    NOTIFY = "notify"
    ATTEST = "attest"
    API = "api"
    AGENCY = "agency"
    OPERATIONS = "operations"


OF_A_GENERATION: Final = (Process.DERIVE, Process.CORRELATE, Process.PROJECT)
"""Stages of which each generation has its own; derive works only for one that is not active."""


@dataclass(frozen=True)
class Topic:
    """One kind of topic. `pattern` is its name without the namespace; `retention` None keeps it for good.

    One that holds no messages has neither key nor schema.
    """

    pattern: str
    key: str
    schema: str
    count: Count
    description: str
    """What it holds, for readers outside (schemas/asyncapi.yaml)."""
    note: str = ""
    """What else they must know of its messages."""
    writers: tuple[Process, ...] = ()
    consumers: tuple[Process, ...] = ()
    """Stages that work through it: what they have not reached yet is their lag."""
    readers: tuple[Process, ...] = ()
    """Who else may read it: whole at every start, or what somebody asks for."""
    watchers: tuple[Process, ...] = ()
    """Who may see how far it has come, and how far all stages have, without reading it."""
    open_to_agencies: bool = False
    """Every agency that may read it reads those of all agencies."""
    in_every_index: bool = False
    """Each generation's index holds it by itself: every generation's project stage consumes it, not just the active's.
    """
    max_bytes: int = KAFKA_DEFAULT_BYTES
    compacted: bool = False
    retention: timedelta | None = None
    quick: bool = False
    """Read whole at every assignment: rolled and compacted in small segments so that this stays quick."""
    stamped: bool = False
    """Its messages bear the broker's time of arrival, not one of their sender's choice."""
    backed_up: bool = False
    """A backup copies it: nothing else that is kept says what it holds."""
    personal: bool = False
    erasure: str = ""
    """How personal data leaves it; "" where it holds none."""

    @property
    def scope(self) -> Scope:
        """What it exists once for, by the placeholder in its name."""
        if "{agency}" in self.pattern:
            return Scope.AGENCY
        return Scope.GENERATION if "{generation}" in self.pattern else Scope.INSTALLATION

    def is_read_by(self, process: Process) -> bool:
        """Whether a process may read it."""
        return process in self.consumers or process in self.readers

    def configuration(self) -> dict[str, str]:
        """The topic's settings as Kafka names them, every value a string."""
        config = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "max.message.bytes": str(self.max_bytes),
            "retention.ms": str(_milliseconds(self.retention)),
        }
        if self.compacted and self.personal:
            config |= {"segment.ms": DAY_MS, "max.compaction.lag.ms": DAY_MS, "min.compaction.lag.ms": HOUR_MS}
        if self.stamped:
            config["message.timestamp.type"] = "LogAppendTime"
        if self.quick:
            config |= {"segment.bytes": str(MIB), "segment.ms": "600000", "min.cleanable.dirty.ratio": "0.1"}
        return config


def _milliseconds(span: timedelta | None) -> int:
    return -1 if span is None else int(span.total_seconds() * 1000)
