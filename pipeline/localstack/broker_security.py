"""The settings by which the local Kafka asks every client who it is, and allows only what access lists say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.engines.credentials import MECHANISM, BrokerCredentials

LISTENER: Final = "SECURE"
CONTROLLER: Final = "CONTROLLER"

SCRAM: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"
PLAIN_LOGIN: Final = "org.apache.kafka.common.security.plain.PlainLoginModule"


def secure_settings(
    settings: Mapping[str, object], access: BrokerCredentials, keystore: Path | None
) -> dict[str, object]:
    """The broker's settings with authentication and authorisation.

    The controller's listener can't take SCRAM, whose users are kept in the log that it leads; it knows the broker by
    the same password.
    """
    address = {key: str(settings[key]).replace("PLAINTEXT://", f"{LISTENER}://") for key in _ADDRESSES}
    return (
        dict(settings)
        | address
        | _authentication_settings(access)
        | _authorisation_settings(access)
        | _certificate_settings(access, keystore)
    )


_ADDRESSES: Final = ("listeners", "advertised.listeners")


def _authentication_settings(access: BrokerCredentials) -> dict[str, object]:
    listener, controller = f"listener.name.{LISTENER.lower()}", f"listener.name.{CONTROLLER.lower()}"
    own = f'username="{access.username}" password="{access.password}"'
    return {
        "listener.security.protocol.map": f"{LISTENER}:{access.protocol},{CONTROLLER}:SASL_PLAINTEXT",
        "inter.broker.listener.name": LISTENER,
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        "sasl.mechanism.controller.protocol": "PLAIN",
        f"{listener}.sasl.enabled.mechanisms": MECHANISM,
        f"{listener}.{MECHANISM.lower()}.sasl.jaas.config": f"{SCRAM} required {own};",
        f"{controller}.sasl.enabled.mechanisms": "PLAIN",
        f"{controller}.plain.sasl.jaas.config": (
            f'{PLAIN_LOGIN} required {own} user_{access.username}="{access.password}";'
        ),
    }


def _authorisation_settings(access: BrokerCredentials) -> dict[str, object]:
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{access.username}",
        "allow.everyone.if.no.acl.found": "false",
    }


def _certificate_settings(access: BrokerCredentials, keystore: Path | None) -> dict[str, object]:
    """A PEM file of private key (PKCS #8) and certificate chain, which must name 127.0.0.1."""
    if not access.tls:
        return {}
    listener = f"listener.name.{LISTENER.lower()}"
    return {
        f"{listener}.ssl.keystore.type": "PEM",
        f"{listener}.ssl.keystore.location": keystore,
        # The broker speaks to itself over this listener too, and trusts what it shows.
        f"{listener}.ssl.truststore.type": "PEM",
        f"{listener}.ssl.truststore.location": keystore,
    }
