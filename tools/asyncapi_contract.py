"""Writes schemas/asyncapi.yaml, the contract for readers outside, from the topic catalogue.

    python tools/asyncapi_contract.py

tests/contract/test_schemas.py fails while the file is out of date.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

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
    Every Kafka topic of the case-correlation pipeline. Values are JSON; keys are UTF-8 text. An installation may put a
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


def make_contract() -> str:
    """The file's text."""
    parts = {
        "channels": {channel_name(topic): _channel(topic) for topic in CATALOGUE},
        "operations": {name: operation for topic in CATALOGUE for name, operation in _operations(topic).items()},
        "components": {"messages": {topic.schema: _message(topic) for topic in CATALOGUE if topic.schema}},
    }
    return HEAD + yaml.dump(parts, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def channel_name(topic: Topic) -> str:
    """The channel of a topic: its pattern without what differs."""
    return topic.pattern.partition(".")[0]


def _channel(topic: Topic) -> dict[str, Any]:
    settings = topic.configuration()
    channel: dict[str, Any] = {"address": topic.pattern, "description": topic.description}
    if topic.scope in PARAMETERS:
        channel["parameters"] = PARAMETERS[topic.scope]
    channel["messages"] = {topic.schema: _reference("components/messages", topic.schema)} if topic.schema else {}
    channel["bindings"] = _kafka({
        "topicConfiguration": {
            "cleanup.policy": [settings["cleanup.policy"]],
            "retention.ms": int(settings["retention.ms"]),
            "max.message.bytes": int(settings["max.message.bytes"]),
        }
    })  # fmt: skip
    channel |= {"x-partitions": topic.count.value, "x-personal-data": topic.personal}
    return channel | ({"x-erasure": topic.erasure} if topic.personal else {})


def _operations(topic: Topic) -> dict[str, Any]:
    """Who sends to the topic and who receives from it; one that holds no messages has neither."""
    if not topic.schema:
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
