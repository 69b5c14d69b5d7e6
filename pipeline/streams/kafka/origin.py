"""Where a message that an operator sent again was first: a Kafka header that intake copies into its outcome.

It tells, it decides nothing but that a lower version is no rejection; so an agency that writes it itself gains nothing,
and one that names a position of another agency's topic has its message rejected (pipeline.records.intake).
"""

from __future__ import annotations

import re
from typing import Final

from aiokafka import ConsumerRecord

from pipeline.records.messages import Position

HEADER: Final = "liaison-origin"

_POSITION = re.compile(rb"[A-Za-z0-9._-]{1,249}-[0-9]{1,9}-[0-9]{1,18}")
"""What Kafka takes for a topic's name, and numbers that fit its types: anyone who may write to the topic may write the
header, and a receipt that can't be written would stop intake."""

Headers = list[tuple[str, bytes]]


def origin_headers(origin: Position) -> Headers:
    """The headers of a message that is sent again."""
    return [(HEADER, str(origin).encode())]


def origin_of(record: ConsumerRecord) -> Position | None:
    """The first position of a message; None where it is its first, or where the header is not one of ours."""
    for name, value in record.headers:
        if name == HEADER:
            return Position.parse(value.decode()) if value and _POSITION.fullmatch(value) else None
    return None
