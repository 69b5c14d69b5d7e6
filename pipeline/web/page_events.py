"""What a browser tells an open page, read by types that say how much of it may come; nothing else reads an event.

A program may send what no page of ours would. So each event is measured before it is decoded, whatever it is of, and
what it says is then taken by a type with limits, at most those of the API's own requests.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta
from nicegui.events import GenericEventArguments

from pipeline.api.problems import RequestTooLargeError, UnprocessableError
from pipeline.locale import N_

T = TypeVar("T")

EVENT_CHARS: Final = 1 << 16
"""Of an event as it comes. The largest of our pages is a review of 100 links with its reason: some 12,000."""

MOST_FIELDS: Final = 256
"""Of one form or address. The largest form has a field for each of the 200 columns that a list may have.

What each may hold is its reader's matter, within EVENT_CHARS: a reason that is too long is said to be so.
"""

MOST_CHARACTERS: Final = 512
"""Of a value that an address states; a case key has no more."""

SocketMessage = dict[str, Any]
"""An event of NiceGUI's as a browser sends it; nothing in it is sure."""

Fields = Annotated[dict[Annotated[str, Meta(max_length=64)], str], Meta(max_length=MOST_FIELDS)]
"""A form as it is sent, or what an address states, by name."""


def measure_event(message: SocketMessage, most: int = EVENT_CHARS) -> None:
    """Raises RequestTooLargeError for an event of more characters, UnprocessableError for what is none."""
    sent = message.get("args", [])
    if not isinstance(sent, list) or not all(arg is None or isinstance(arg, str) for arg in sent):
        raise UnprocessableError(N_("the page sent what it should not; reload it"))
    if sum(len(arg) for arg in sent if arg is not None) > most:
        raise RequestTooLargeError(N_("that is too much at once; do it in parts"))


def read_event(event: GenericEventArguments, kind: type[T] | Any) -> T:
    """What an event tells, as a type with limits. Raises UnprocessableError."""
    try:
        read: T = msgspec.convert(event.args, kind)
    except msgspec.ValidationError as error:
        raise UnprocessableError(N_("the page sent what it should not; reload it")) from error
    return read


def read_place(event: GenericEventArguments) -> dict[str, str]:
    """What an address states, each value cut to what it may have. Raises UnprocessableError."""
    told: dict[str, str] = read_event(event, Fields)
    return {name: value[:MOST_CHARACTERS] for name, value in told.items()}
