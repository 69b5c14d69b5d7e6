"""Attempts at records that may have ended a process, as `progress` keeps them: pure.

A record is suspected once a process ended with it in hand. It is then taken alone, and before each attempt is begun
`progress` says so: whoever owns the partition next knows of it, on whatever machine. An attempt that comes to its end,
and one whose worker is told to end, is taken back. Two that did not set the record aside: its partition goes on, and it
waits for an operator's order to replay it, which gives it two attempts more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from aiokafka import TopicPartition

from pipeline.streams.runtime.transactions import REMOVED, Output, Progress, progress_key

MOST_ATTEMPTS: Final = 2
"""Ends of a process for which a record is set aside: one may have had another cause."""

ORDER: Final = "replay"
"""Begins the key of an order, behind which the key of the record's own entry follows."""


NO_TOPICS: Final[Mapping[str, str]] = {}


class Standing(StrEnum):
    """How a suspected record stands; what is only suspected has none."""

    ASIDE = "aside"
    """It is passed over until an operator orders its replay."""
    REPLAYING = "replaying"
    """Its replay was ordered, and has not come to an end."""


class Suspect(NamedTuple):
    """A record by its position."""

    source: TopicPartition
    offset: int


class SuspectBook:
    """The entries of one lane. Each change gives the record of `progress` that says it, and holds once it is noted."""

    def __init__(
        self, topic: str = "", partition: int = 0, prefix: str = "", topic_ids: Mapping[str, str] = NO_TOPICS
    ) -> None:
        """Of the topic `progress` and the lane's partition of it; `prefix` begins the keys of the lane's stage."""
        self._topic, self._partition, self._prefix, self._topic_ids = topic, partition, prefix, topic_ids
        self._held: dict[Suspect, Progress] = {}
        self.ordered: set[Suspect] = set()
        """What is set aside and to be replayed, but not begun to be."""

    def load(self, table: Mapping[bytes, bytes]) -> None:
        """Take what `progress` says in place of what was known."""
        self._held = dict(read_suspects(table, self._prefix, self._topic_ids))
        self.ordered = {one for one in self._held if self._order_key(one) in table}

    def __bool__(self) -> bool:
        return bool(self._held)

    def is_suspected(self, one: Suspect) -> bool:
        """Whether attempts at a record have been begun that did not come to an end."""
        return one in self._held

    def is_spent(self, one: Suspect) -> bool:
        """Whether a record has had its attempts."""
        held = self._held.get(one)
        return held is not None and held.attempts >= MOST_ATTEMPTS

    def standing(self, one: Suspect) -> str:
        """How a record stands."""
        held = self._held.get(one)
        return held.aside if held is not None else ""

    def set_aside(self) -> list[Suspect]:
        """What is passed over, also while it is replayed."""
        return sorted(one for one, held in self._held.items() if held.aside)

    def due(self) -> list[Suspect]:
        """What is set aside and has been ordered to be replayed."""
        return [one for one in self.set_aside() if one in self.ordered or self.standing(one) == Standing.REPLAYING]

    def begin_attempt(self, one: Suspect) -> list[Output]:
        """Another attempt is about to be begun."""
        held = self._held.get(one) or self._first(one)
        return self._keep(one, msgspec.structs.replace(held, attempts=held.attempts + 1))

    def take_back_attempt(self, one: Suspect) -> list[Output]:
        """The last attempt did not end the process."""
        held = self._held.get(one)
        if held is None:
            return []
        if held.attempts <= 1 and not held.aside:
            return self.forget(one)
        return self._keep(one, msgspec.structs.replace(held, attempts=max(0, held.attempts - 1)))

    def put_aside(self, one: Suspect, positions: int = 1) -> list[Output]:
        """Pass a record over, which stands for so many positions; one whose replay was tried in vain once more."""
        held = self._held.get(one) or self._first(one)
        return self._keep(one, msgspec.structs.replace(held, aside=Standing.ASIDE, records=held.records or positions))

    def begin_replay(self, one: Suspect) -> list[Output]:
        """Take an order up: the record has its attempts anew."""
        if one not in self.ordered:
            return []
        self.ordered.discard(one)
        kept = self._keep(one, msgspec.structs.replace(self._held[one], aside=Standing.REPLAYING, attempts=0))
        return [*kept, Output(self._topic, self._partition, self._order_key(one), REMOVED)]

    def forget(self, one: Suspect) -> list[Output]:
        """A record has been applied, or can't be found any more."""
        if self._held.pop(one, None) is None:
            return []
        return [Output(self._topic, self._partition, suspect_key(self._prefix, one), REMOVED)]

    def _first(self, one: Suspect) -> Progress:
        return Progress(one.offset, self._topic_ids[one.source.topic])

    def _keep(self, one: Suspect, value: Progress) -> list[Output]:
        self._held[one] = value
        key = suspect_key(self._prefix, one)
        return [Output(self._topic, self._partition, key, msgspec.json.encode(value))]

    def _order_key(self, one: Suspect) -> bytes:
        return order_key(suspect_key(self._prefix, one))


def suspect_key(prefix: str, one: Suspect) -> bytes:
    """Key of a suspected record's entry, in the form of progress keys."""
    return progress_key(prefix, TopicPartition(f"{one.source.topic}@{one.offset}", one.source.partition))


def order_key(key: bytes) -> bytes:
    """Key of the order to replay the record that has an entry under a key."""
    return f"{ORDER}|".encode() + key


class SuspectKey(NamedTuple):
    """What the key of an entry says."""

    prefix: str
    suspect: Suspect


def parse_suspect_key(key: bytes) -> SuspectKey | None:
    """What a key of `progress` says, where it is that of an entry."""
    parts = key.decode().rsplit("|", 2)
    if len(parts) < 3 or "@" not in parts[1] or parts[0].startswith(f"{ORDER}|"):
        return None
    topic, _, offset = parts[1].rpartition("@")
    return SuspectKey(parts[0], Suspect(TopicPartition(topic, int(parts[2])), int(offset)))


def read_suspects(
    table: Mapping[bytes, bytes], prefix: str, topic_ids: Mapping[str, str]
) -> Iterator[tuple[Suspect, Progress]]:
    """The entries of a stage in a table; those of topics that were deleted and made anew are left out."""
    for key, value in table.items():
        found = parse_suspect_key(key)
        if found is not None and found.prefix == prefix:
            held = msgspec.json.decode(value, type=Progress)
            if held.topic_id == topic_ids.get(found.suspect.source.topic):
                yield found.suspect, held
