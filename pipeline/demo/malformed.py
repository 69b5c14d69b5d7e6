"""Messages that must not get through, one short story for each kind, and those that only look odd and must.

Each story is told by a case of its own, so that its end does not depend on the other cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import orjson

from pipeline.demo.case_files import Version
from pipeline.demo.messages import ACCEPTED, Message, make_message
from pipeline.records.messages import Reason

NESTING = 10_000
LONG_NAME = 10_000
MESSAGE_BYTES = 2 << 20
"""Levels, characters and bytes far beyond what a record may have (docs/record.md); Kafka still takes the message."""

MakeMalformed = Callable[[Version], Sequence[Message]]
"""Makes the messages of one kind from a good first version."""


def _make_messages(good: Version, value: bytes | None, reason: Reason, **routing: Any) -> list[Message]:
    """One message with this value under the good version's key."""
    message = Message(good.agency, good.case.encode(), value, reason.value)
    return [msgspec.structs.replace(message, **routing)]


def _change_data(good: Version, **data: Any) -> bytes:
    return orjson.dumps({**good.event, "data": {**good.event["data"], **data}})


def _change_entities(good: Version, *entities: dict[str, Any]) -> bytes:
    """With these entities alone, and no relations, which could only be of those that were there."""
    return _change_data(good, entities=entities, relations=[])


def _make_person(**fields: Any) -> dict[str, Any]:
    return {"id": "p1", "type": "person", "names": [{"full": "Ana Neznámá"}], **fields}


def _deep_nesting(good: Version) -> list[Message]:
    deep = b"[" * NESTING + b"]" * NESTING
    value = _change_data(good, extensions={"deep": 0}).replace(b'"deep":0', b'"deep":' + deep)
    return _make_messages(good, value, Reason.NOT_JSON)


def _duplicate_keys(good: Version) -> list[Message]:
    value = good.value.replace(b'"version":1', b'"version":1,"version":2')
    return _make_messages(good, value, Reason.NOT_JSON)


def _not_a_number(good: Version) -> list[Message]:
    value = _change_data(good, extensions={"speed": 0}).replace(b'"speed":0', b'"speed":NaN')
    return _make_messages(good, value, Reason.NOT_JSON)


def _lower_version(good: Version) -> list[Message]:
    newer = _change_data(good, version=2)
    return [make_message(good, newer, ACCEPTED), make_message(good, good.value, Reason.STALE_VERSION.value)]


def _conflicting_version(good: Version) -> list[Message]:
    other = _change_data(good, title="another title under the same version")
    return [make_message(good, good.value, ACCEPTED), make_message(good, other, Reason.CONFLICTING_VERSION.value)]


def _odd_characters(good: Version) -> list[Message]:
    """Right-to-left marks and zero-width characters in a name: doubtful, but no reason to lose the case."""
    names = [{"full": "An\u200bna \u202eNeznámá\u202c\u2060"}]
    return [make_message(good, _change_entities(good, _make_person(names=names)), ACCEPTED)]


STORIES: dict[str, MakeMalformed] = {
    "empty message": lambda good: _make_messages(good, b"", Reason.NOT_JSON),
    "tombstone": lambda good: _make_messages(good, None, Reason.NOT_JSON),
    "invalid UTF-8": lambda good: _make_messages(
        good, good.value.replace(b'"title":"', b'"title":"\xff\xfe'), Reason.NOT_JSON
    ),
    "truncated JSON": lambda good: _make_messages(good, good.value[:-25], Reason.NOT_JSON),
    "2 MiB message": lambda good: _make_messages(
        good, _change_data(good, extensions={"x": "x" * MESSAGE_BYTES}), Reason.TOO_LARGE
    ),
    "nesting of 10,000": _deep_nesting,
    "duplicate keys": _duplicate_keys,
    "NaN": _not_a_number,
    "wrong agency's topic": lambda good: _make_messages(
        good, _change_data(good, agency="xx-other"), Reason.FOREIGN_AGENCY
    ),
    "lower version": _lower_version,
    "equal version, other content": _conflicting_version,
    "30 February": lambda good: _make_messages(
        good, _change_entities(good, _make_person(birth_date="1980-02-30")), Reason.DATE
    ),
    "name of 10,000 characters": lambda good: _make_messages(
        good, _change_entities(good, _make_person(names=[{"full": "a" * LONG_NAME}])), Reason.TOO_LARGE
    ),
    "entity type from the future": lambda good: _make_messages(
        good, _change_entities(good, {"id": "h1", "type": "hologram"}), Reason.SCHEMA
    ),
    "null key": lambda good: _make_messages(good, good.value, Reason.MISROUTED, key=None),
    "wrong key": lambda good: _make_messages(good, good.value, Reason.MISROUTED, key=b"somebody-else:1"),
    "wrong partition": lambda good: _make_messages(good, good.value, Reason.MISROUTED, shift=1),
    "right-to-left and zero-width characters": _odd_characters,
}
"""Every kind of bad input by name; the last is accepted with a warning."""
