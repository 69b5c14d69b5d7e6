"""Where a message that an operator sent again was first: a Kafka header that intake copies into its outcome.

It tells, it decides nothing but that a lower version is no rejection; so an agency that writes it itself gains nothing.
"""

from __future__ import annotations

from typing import Final

from aiokafka import ConsumerRecord

from pipeline.records.messages import Position

HEADER: Final = "liaison-origin"

Headers = list[tuple[str, bytes]]


def headers(origin: Position) -> Headers:
    """The headers of a message that is sent again."""
    return [(HEADER, str(origin).encode())]


def origin_of(record: ConsumerRecord) -> Position | None:
    """The first position of a message; None where it is its first, or where the header is not one of ours."""
    for name, value in record.headers:
        if name == HEADER:
            try:
                return Position.parse(value.decode())
            except (AttributeError, UnicodeDecodeError, ValueError):
                return None
    return None
