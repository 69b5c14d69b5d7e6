"""How each Kafka client reaches the cluster: one place that turns settings into client options.

`check_login` asks whether Kafka takes them: its clients try for a minute, and then name another cause.
"""

from __future__ import annotations

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, SaslAuthenticationFailed
from pydantic import SecretStr

from pipeline.engines.credentials import MECHANISM
from pipeline.engines.endpoints import KAFKA, engine_url, kafka_access
from pipeline.errors import LiaisonError
from pipeline.settings import Settings


def bootstrap_servers(settings: Settings) -> list[str]:
    """The cluster's addresses, host:port: the settings', else the local stack's. Raises LiaisonError without any."""
    return [server.strip() for server in engine_url(KAFKA, settings).split(",")]


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
    encrypted = known.kafka_security_protocol.endswith("SSL")
    return {
        "bootstrap_servers": bootstrap_servers(known),
        "security_protocol": known.kafka_security_protocol,
        "ssl_context": ssl.create_default_context(cafile=known.kafka_ca_file) if encrypted else None,
        **_sasl_options(known),
    }


ANSWER_S: Final = 2.0
"""Brokers that have not answered by then are left to who connects next. SCRAM takes some 0.02 s, a refusal 0.3 s."""

AGAIN_S: Final = 1.0
"""A refused login is tried once more after this: a new user is known to all brokers a moment after it was made."""

_taken: set[bytes] = set()
"""The logins that were taken, by a hash: one that held is not asked for again, however often a client is made."""


class LoginRefusedError(LiaisonError):
    """Kafka does not take the user and password."""


def login_name(settings: Settings) -> str:
    """The user that this process is on Kafka; "" where it asks for none."""
    return str(client_options(settings).get("sasl_plain_username") or "")


def check_login(settings: Settings) -> None:
    """Raise LoginRefusedError where a broker refuses the login; one that can't be reached raises nothing here.

    Blocks for at most twice ANSWER_S, and AGAIN_S.
    """
    options = client_options(settings)
    if "sasl_mechanism" not in options:
        return
    known = repr([options[name] for name in ("bootstrap_servers", "sasl_plain_username", "sasl_plain_password")])
    mark = blake2b(known.encode()).digest()
    if mark in _taken:
        return
    with ThreadPoolExecutor(1) as own:  # an event loop may run in this thread already
        if own.submit(asyncio.run, _try_twice(options)).result():
            _taken.add(mark)


async def _try_twice(options: dict[str, Any]) -> bool:
    with suppress(LoginRefusedError):
        return await _log_in(options)
    await asyncio.sleep(AGAIN_S)
    return await _log_in(options)


async def _log_in(options: dict[str, Any]) -> bool:
    """Whether the login was taken by the first broker that answers."""
    known = {name: value for name, value in options.items() if name != "bootstrap_servers"}
    for server in options["bootstrap_servers"]:
        host, _, port = server.rpartition(":")
        try:
            async with asyncio.timeout(ANSWER_S / len(options["bootstrap_servers"])):
                connection = await create_conn(host.strip("[]"), int(port), **known)
        except SaslAuthenticationFailed as error:
            raise LoginRefusedError(
                f"Kafka refused the login of {options['sasl_plain_username']}: its password is another, or the user is"
                " no longer there. Credentials come from `liaison ops agency add` or `liaison ops credentials`, new"
                " ones with --renew"
            ) from error
        except (KafkaError, OSError, ValueError):
            continue
        closing = connection.close()
        if closing is not None:
            await closing
        return True
    return False
