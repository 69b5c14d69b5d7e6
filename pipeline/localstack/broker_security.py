"""The settings by which the local Kafka asks every client who it is, and allows only what access lists say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.engines.credentials import MECHANISM, BrokerCredentials

LISTENER: Final = "SECURE"
CONTROLLER: Final = "CONTROLLER"

SCRAM: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"
STRONGER: Final = "SCRAM-SHA-512"
"""For users whose passwords are made so; the operator's is of the other kind."""
PLAIN_LOGIN: Final = "org.apache.kafka.common.security.plain.PlainLoginModule"


def secure_settings(
    settings: Mapping[str, object], access: BrokerCredentials, keystore: Path | None
) -> dict[str, object]:
    """The broker's settings with authentication and authorisation.

    The controller's listener can't take SCRAM, whose users are kept in the log that it leads; it knows the broker by
    the same password.
    """
    address = {key: str(settings[key]).replace("PLAINTEXT://", f"{LISTENER}://") for key in _ADDRESSES}
    listener, controller = f"listener.name.{LISTENER.lower()}", f"listener.name.{CONTROLLER.lower()}"
    own = f'username="{access.username}" password="{access.password}"'
    secure = {
        "listener.security.protocol.map": f"{LISTENER}:{access.protocol},{CONTROLLER}:SASL_PLAINTEXT",
        "inter.broker.listener.name": LISTENER,
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        "sasl.mechanism.controller.protocol": "PLAIN",
        f"{listener}.sasl.enabled.mechanisms": f"{MECHANISM},{STRONGER}",
        f"{listener}.{MECHANISM.lower()}.sasl.jaas.config": f"{SCRAM} required {own};",
        f"{listener}.{STRONGER.lower()}.sasl.jaas.config": f"{SCRAM} required;",
        f"{controller}.sasl.enabled.mechanisms": "PLAIN",
        f"{controller}.plain.sasl.jaas.config": (
            f'{PLAIN_LOGIN} required {own} user_{access.username}="{access.password}";'
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{access.username}",
        "allow.everyone.if.no.acl.found": "false",
    }
    # A PEM file of private key (PKCS #8) and certificate chain, which must name 127.0.0.1. The broker speaks to itself
    # over this listener too, and trusts what it shows.
    certificate = {
        f"{listener}.ssl.{store}.{key}": value
        for store in ("keystore", "truststore")
        for key, value in (("type", "PEM"), ("location", keystore))
    }
    return {**settings, **address, **secure, **(certificate if access.tls else {})}


_ADDRESSES: Final = ("listeners", "advertised.listeners")
