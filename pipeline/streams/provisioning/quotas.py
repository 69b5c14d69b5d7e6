"""How much a user of the broker may send a second: Kafka's own quotas, by principal; Kafka alone keeps them.

Whoever exceeds a rate is answered later by the broker, which every producer understands: nothing is refused or lost.
A rate holds for each broker, since each measures for itself what it is sent.
"""

from __future__ import annotations

from typing import Any, Final

from kafka.admin import KafkaAdminClient
from kafka.errors import for_code
from kafka.protocol.admin import (
    AlterClientQuotasRequest,
    DescribeClientQuotasRequest,
)

from pipeline.errors import LiaisonError

PRODUCER_RATE: Final = "producer_byte_rate"
USER: Final = "user"

ANY_NAMED: Final = 2
"""Match type of DescribeClientQuotas (KIP-546): every entity of the type that has a name."""


def set_rate(client: KafkaAdminClient, user: str, rate_bytes_s: int | None) -> None:
    """Let a user send at most so many bytes a second to each broker; None: as much as it likes. Raises LiaisonError."""
    entry = AlterClientQuotasRequest.EntryData
    change = entry(
        entity=[entry.EntityData(entity_type=USER, entity_name=user)],
        ops=[entry.OpData(key=PRODUCER_RATE, value=float(rate_bytes_s or 0), remove=rate_bytes_s is None)],
    )
    answer = _send_request(client, AlterClientQuotasRequest(entries=[change], validate_only=False))
    for entry in answer.entries:
        if entry.error_code:
            raise LiaisonError(f"Kafka refused the rate of {user}: {entry.error_message}")


def read_rates(client: KafkaAdminClient) -> dict[str, int]:
    """The rates that are set, in bytes a second, by user. Raises KafkaError."""
    component = DescribeClientQuotasRequest.ComponentData
    named = component(entity_type=USER, match_type=ANY_NAMED, match=None)
    answer = _send_request(client, DescribeClientQuotasRequest(components=[named], strict=True))
    if answer.error_code:
        raise for_code(answer.error_code)(f"Kafka did not report its rates: {answer.error_message}")
    return {
        entry.entity[0].entity_name: int(value.value)
        for entry in answer.entries or ()
        for value in entry.values
        if value.key == PRODUCER_RATE
    }


def _send_request(client: KafkaAdminClient, request: Any) -> Any:
    """The answer to a request for which kafka-python's admin client has a message and no call."""
    manager = client._manager  # noqa: SLF001 - pinned; tests/integration/streams/test_rights.py
    return manager.run(manager.send, request)
