"""Records of topics of our own that a later version of Liaison wrote.

What is none of ours (damaged, or written by somebody else) is told in the log and counts for nothing: it says nothing
of what anybody did. What a later version wrote says something, only not to this one. A reader that shows what there is
may pass over it; one that others rely on (budget, guesses, audit log, verification) stops there until it is upgraded.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Generic, TypeVar

import msgspec
from aiokafka import ConsumerRecord

from pipeline.errors import LiaisonError

log = logging.getLogger(__name__)

T = TypeVar("T", bound=msgspec.Struct)


class LaterVersionError(LiaisonError):
    """A later version of Liaison wrote a record, which this one can't read whole."""

    def __init__(self, position: str, kind: str) -> None:
        super().__init__(
            f"{position} is {kind} of a later version of Liaison, which this one can't read; upgrade this process"
        )


class OwnRecords(Generic[T]):
    """Reads records of one struct. `marks` are members that each version writes, by which a record shows as ours."""

    def __init__(self, struct: type[T], kind: str, marks: Collection[str]) -> None:
        self._kind, self._named = kind, f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
        self._marks, self._known = frozenset(marks), frozenset(struct.__struct_encode_fields__)
        self._decoder = msgspec.json.Decoder(struct)

    def decode(self, record: ConsumerRecord) -> T | None:
        """What a record says; None where it is none of ours, which the log says. Raises LaterVersionError."""
        position = f"{record.topic}-{record.partition}-{record.offset}"
        try:
            members = frozenset(_members.decode(record.value or b""))
        except msgspec.MsgspecError:
            members = frozenset()
        if not self._marks <= members:
            log.error("%s is no %s", position, self._kind)
            return None
        if not members <= self._known:
            raise LaterVersionError(position, self._named)
        try:
            return self._decoder.decode(record.value)
        except msgspec.MsgspecError as error:
            raise LaterVersionError(position, self._named) from error


_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
