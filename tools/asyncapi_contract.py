"""Writes schemas/asyncapi.yaml, the contract for readers outside, from the topic catalogue.

    python tools/asyncapi_contract.py

tests/contract/test_schemas.py fails while the file is out of date.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from pipeline.correlation.postings import WORD_BYTES
from pipeline.matching.screening.small_sketch import SMALL_SKETCH_WORDS
from pipeline.records import schemas
from pipeline.streams.catalogues.topics import CATALOGUE, Process, Scope, Topic

CONTRACT: Final = Path(__file__).parents[1] / "schemas" / "asyncapi.yaml"

HEAD: Final = """\
# Made by tools/asyncapi_contract.py from pipeline/streams/catalogues/topics.py: change that instead.
asyncapi: 3.0.0
info:
  title: Liaison
  version: 1.0.0
  description: |
    Every Kafka topic of the case-correlation pipeline. Values are JSON and keys UTF-8 text, but where a message's
    content type is application/octet-stream: there both are bytes, as its description says. An installation may put a
    namespace in front of every topic's name. Readers use isolation level read_committed.
  license:
    name: Apache-2.0
defaultContentType: application/json
servers:
  kafka:
    host: localhost:9092
    protocol: kafka
    description: The local stack; LIAISON_KAFKA_URL points at any other cluster.
"""

PARAMETERS: Final = {
    Scope.AGENCY: {"agency": {"description": "Name of the agency."}},
    Scope.GENERATION: {
        "generation": {"description": "Twelve hexadecimal digits: a hash of the model and all that scores depend on."}
    },
}

BINDING: Final = "0.5.0"

BINARY: Final = "application/octet-stream"


class LayoutPart(NamedTuple):
    """Some bytes of a binary key or value; `size` 0 is all the rest. Whole numbers are little-endian."""

    size: int
    content: str
    repeated: bool = False

    def tell(self) -> str:
        """In words."""
        unit = "1 byte" if self.size == 1 else f"{self.size} bytes"
        return (f"{unit} each: " if self.repeated else f"{unit}: " if self.size else "") + self.content


class BinaryLayout(NamedTuple):
    """A message of bytes."""

    description: str
    key: tuple[LayoutPart, ...]
    value: tuple[LayoutPart, ...]


CASE_ID: Final = LayoutPart(16, "the case id, 128 bits of BLAKE2b over the case key")
PAIR: Final = (
    LayoutPart(16, "the case id of A, the lower of the two"),
    LayoutPart(16, "the case id of B"),
)
ORDER: Final = "twice the version, plus 1 for an expiry mark"

LAYOUTS: Final = {
    "postings": {
        "posting": BinaryLayout(
            "What a home tells the partition that owns some keys of a case. One without keys is its first 8 bytes "
            "alone, without a country: the case is under no key of the partition any more.",
            (CASE_ID,),
            (
                LayoutPart(8, f"1,024 times the version's order ({ORDER}), plus the country's number (1 + 26 x its "
                           "first letter + its second, A being 0; 0 for none)"),
                LayoutPart(WORD_BYTES * SMALL_SKETCH_WORDS, "the small sketch, as "
                           "pipeline/matching/screening/small_sketch.py lays it out"),
                LayoutPart(8, "the blocking keys of the case that the partition owns, ascending", repeated=True),
            ),
        ),
    },
    "pairs": {
        "ask": BinaryLayout(
            "The home of B is to send B's fingerprint to the home of A. An order is that of the version which the "
            f"sender knows: {ORDER}; 0 if it knows none.",
            (LayoutPart(1, "the kind, which is 1, or 2 for a pair of the sample that checks the screens"), *PAIR),
            (LayoutPart(8, "the order of A"), LayoutPart(8, "the order of B")),
        ),
        "answer": BinaryLayout(
            "The last version of B, for the home of A to judge the pair.",
            (LayoutPart(1, "the kind, which is 3, or 4 if the ask was of the sample"), *PAIR),
            (LayoutPart(0, "B's fingerprint, the JSON of fingerprint.schema.json"),),
        ),
    },
    "watches": {
        "watch": BinaryLayout(
            "Whether the home of B is to send later versions of B to the home of A.",
            (LayoutPart(1, "the kind, which is 5"), *PAIR),
            (LayoutPart(1, "1 for on, 0 for off"), LayoutPart(8, f"the order of B that was judged ({ORDER})")),
        ),
        "follow": BinaryLayout(
            "Whether the home of A has claimed the link and not retracted it; its note to itself.",
            (LayoutPart(1, "the kind, which is 6"), *PAIR),
            (LayoutPart(1, "1 for on, 0 for off"),),
        ),
    },
}  # fmt: skip
"""The messages of topics of bytes, by the topic's layout. tests/contract/test_schemas.py holds them to what is sent."""


def make_contract() -> str:
    """The file's text."""
    messages = {topic.schema: _message(topic) for topic in CATALOGUE if topic.schema}
    messages |= {name: _binary_message(name, one) for layout in LAYOUTS.values() for name, one in layout.items()}
    parts = {
        "channels": {channel_name(topic): _channel(topic) for topic in CATALOGUE},
        "operations": {name: operation for topic in CATALOGUE for name, operation in _operations(topic).items()},
        "components": {"messages": messages},
    }
    return HEAD + yaml.dump(parts, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def message_names(topic: Topic) -> list[str]:
    """The messages that a topic holds; none of one that holds no messages."""
    if topic.layout:
        return list(LAYOUTS[topic.layout])
    return [topic.schema] if topic.schema else []


def channel_name(topic: Topic) -> str:
    """The channel of a topic: its pattern without what differs."""
    return topic.pattern.partition(".")[0]


def _channel(topic: Topic) -> dict[str, Any]:
    settings = topic.configuration()
    channel: dict[str, Any] = {"address": topic.pattern, "description": topic.description}
    if topic.scope in PARAMETERS:
        channel["parameters"] = PARAMETERS[topic.scope]
    channel["messages"] = {name: _reference("components/messages", name) for name in message_names(topic)}
    channel["bindings"] = _kafka({
        "topicConfiguration": {
            "cleanup.policy": [settings["cleanup.policy"]],
            "retention.ms": int(settings["retention.ms"]),
            "max.message.bytes": int(settings["max.message.bytes"]),
        }
    })  # fmt: skip
    channel |= {"x-partitions": topic.count.value, "x-personal-data": topic.personal}
    if topic.purged:
        channel["x-purged"] = "Its consumer deletes what it has applied; nobody reads it again."
    return channel | ({"x-erasure": topic.erasure} if topic.personal else {})


def _operations(topic: Topic) -> dict[str, Any]:
    """Who sends to the topic and who receives from it; one that holds no messages has neither."""
    if not message_names(topic):
        return {}
    channel = _reference("channels", channel_name(topic))
    sending = {
        f"{process}-sends-{channel_name(topic)}": {"action": "send", "channel": channel} for process in topic.writers
    }
    receiving = {
        f"{process}-receives-{channel_name(topic)}": {"action": "receive", "channel": channel}
        for process in Process
        if topic.is_read_by(process)
    }
    return sending | receiving


def _message(topic: Topic) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": topic.schema,
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"{topic.schema}{schemas.SUFFIX}"},
        },
        "bindings": _kafka({"key": {"type": "string", "description": topic.key}}),
    }
    return message | ({"description": topic.note} if topic.note else {})


def _binary_message(name: str, layout: BinaryLayout) -> dict[str, Any]:
    value = {"type": "string", "format": "binary", "description": _tell_parts(layout.value)}
    return {
        "name": name,
        "contentType": BINARY,
        "payload": value,
        "bindings": _kafka({"key": {"type": "string", "format": "binary", "description": _tell_parts(layout.key)}}),
        "description": layout.description,
    }


def _tell_parts(parts: Sequence[LayoutPart]) -> str:
    return "; ".join(part.tell() for part in parts)


def _kafka(binding: dict[str, Any]) -> dict[str, Any]:
    return {"kafka": {"bindingVersion": BINDING, **binding}}


def _reference(where: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/{where}/{name}"}


class _Dumper(yaml.SafeDumper):
    """Lists on one line, and nothing said by reference to an earlier line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    list, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)

if __name__ == "__main__":
    CONTRACT.write_text(make_contract(), encoding="utf-8")
