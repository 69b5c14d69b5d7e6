"""The messages of the demo's feed and what must become of each."""

from __future__ import annotations

from collections import Counter

import msgspec

from pipeline.demo.case_files import Version
from pipeline.streams.monitoring.accounting import Accounting

ACCEPTED, DUPLICATE = "accepted", "duplicate"


class Message(msgspec.Struct, frozen=True):
    """One Kafka message for `cases.<agency>`; `outcome` is accepted, duplicate or the reason of its rejection.

    `shift` is added to the partition that its key belongs in: anything but 0 is a mistake made on purpose.
    """

    agency: str
    key: bytes | None
    value: bytes | None
    outcome: str
    shift: int = 0


def make_message(version: Version, value: bytes, outcome: str) -> Message:
    """A message under its case's own key."""
    return Message(version.agency, version.case.encode(), value, outcome)


def outcomes(counted: Accounting) -> Counter[str]:
    """An accounting by outcome, rejections by their reason, as messages say what they expect."""
    return Counter({ACCEPTED: counted.accepted, DUPLICATE: counted.duplicate, **counted.rejected})
