from __future__ import annotations

import base64
from pathlib import Path

from pipeline.localstack.kafka import MAX_MESSAGE_BYTES, new_cluster_id, server_settings
from pipeline.streams.catalogues.topics import CATALOGUE


def properties(port: int = 9092) -> dict[str, str]:
    return {key: str(value) for key, value in server_settings(port, 9999, Path("/data/kafka")).items()}


def test_a_cluster_id_is_sixteen_random_bytes_and_never_looks_like_an_option() -> None:
    ids = {new_cluster_id() for _ in range(300)}
    assert len(ids) == 300
    assert all(len(base64.urlsafe_b64decode(text + "==")) == 16 and not text.startswith("-") for text in ids)


def test_both_listeners_are_on_loopback() -> None:
    assert properties(1234)["listeners"] == "PLAINTEXT://127.0.0.1:1234,CONTROLLER://127.0.0.1:9999"


def test_the_broker_takes_the_largest_message_of_any_topic() -> None:
    largest = max(topic.max_bytes for topic in CATALOGUE)
    held = properties()
    assert largest <= MAX_MESSAGE_BYTES == int(held["message.max.bytes"]) == int(held["replica.fetch.max.bytes"])
    assert int(held["socket.request.max.bytes"]) > largest
    assert int(held["log.cleaner.io.buffer.size"]) >= largest
