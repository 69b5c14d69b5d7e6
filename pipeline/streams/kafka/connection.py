"""How each Kafka client reaches the cluster: one place that turns settings into client options."""

from __future__ import annotations

import ssl
from typing import Any, Final

from pydantic import SecretStr

from pipeline.engines.credentials import MECHANISM
from pipeline.engines.endpoints import ELASTICSEARCH, KAFKA, engine_url, kafka_access
from pipeline.settings import Settings

LARGEST_REQUEST: Final = 32 << 20
"""Room for one message of the largest topic (16 MiB) with its batch around it."""

BATCH_BYTES: Final = 1 << 19
"""A record batch holds this much, or one larger message: brokers limit batches, not messages."""


def bootstrap_servers(settings: Settings) -> list[str]:
    """The cluster's addresses, host:port: the settings', else the local stack's. Raises LiaisonError without any."""
    return [server.strip() for server in engine_url(KAFKA, settings).split(",")]


def elasticsearch_url(settings: Settings) -> str:
    """Where the index is: the settings' address, else the local stack's. Raises LiaisonError without any."""
    return engine_url(ELASTICSEARCH, settings)


def with_access(settings: Settings) -> Settings:
    """The settings with what a local Kafka that asks for credentials needs.

    They are the operator's, unless the settings name a user: whoever may read this home's files operates it.
    """
    access = kafka_access(settings)
    if access is None:
        return settings
    own = {"kafka_username": access.username, "kafka_password": SecretStr(access.password)}
    protocol = {"kafka_security_protocol": access.protocol, "kafka_sasl_mechanism": MECHANISM}
    return settings.model_copy(update=protocol if settings.kafka_username else protocol | own)


def _tls_context(settings: Settings) -> ssl.SSLContext | None:
    if not settings.kafka_security_protocol.endswith("SSL"):
        return None
    return ssl.create_default_context(cafile=settings.kafka_ca_file)


def _sasl_options(settings: Settings) -> dict[str, Any]:
    if not settings.kafka_security_protocol.startswith("SASL"):
        return {}
    return {
        "sasl_mechanism": settings.kafka_sasl_mechanism,
        "sasl_plain_username": settings.kafka_username,
        "sasl_plain_password": settings.kafka_password.get_secret_value(),
    }


def client_options(settings: Settings) -> dict[str, Any]:
    """What kafka-python's and aiokafka's clients have in common: addresses, security, credentials."""
    known = with_access(settings)
    return {
        "bootstrap_servers": bootstrap_servers(known),
        "security_protocol": known.kafka_security_protocol,
        "ssl_context": _tls_context(known),
        **_sasl_options(known),
    }


def consumer_options(settings: Settings) -> dict[str, Any]:
    """For an aiokafka consumer without a group that reads what was committed, from explicit positions."""
    return client_options(settings) | {
        "isolation_level": "read_committed",
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
    }
