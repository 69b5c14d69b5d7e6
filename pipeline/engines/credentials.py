"""The operator's credentials at the local Kafka, where it asks for them (`liaison up --secure`).

A home is secure or not for good: its Kafka's first start decides, and a later `up` without the word changes nothing.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

import msgspec

from pipeline.engines.layout import StackLayout
from pipeline.private_files import write_private

OPERATOR: Final = "liaison"
"""The broker's super user, which is also the broker itself."""

MECHANISM: Final = "SCRAM-SHA-256"
PLAIN: Final = "SASL_PLAINTEXT"
TLS: Final = "SASL_SSL"

PASSWORD_BYTES: Final = 24
"""192 random bits, which nobody finds by trying."""


class BrokerCredentials(msgspec.Struct, frozen=True):
    """How the local Kafka is spoken to: Kafka's `security.protocol`, a user and its password."""

    protocol: str
    username: str
    password: str

    @property
    def tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.protocol == TLS


def new_password() -> str:
    """One that nobody guesses, of letters, digits, - and _."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def read_operator_credentials(layout: StackLayout) -> BrokerCredentials | None:
    """The operator's access; None where this home's Kafka asks nobody."""
    try:
        return msgspec.json.decode(layout.access.read_bytes(), type=BrokerCredentials)
    except FileNotFoundError:
        return None


def make_operator_credentials(layout: StackLayout, keystore: Path | None) -> BrokerCredentials:
    """The operator's access for the next start, with TLS where there is a keystore; the password is made once."""
    before = read_operator_credentials(layout)
    password = before.password if before else new_password()
    access = BrokerCredentials(TLS if keystore else PLAIN, OPERATOR, password)
    write_private(layout.access, msgspec.json.encode(access).decode())
    return access
