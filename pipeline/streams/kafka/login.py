"""Asks Kafka whether it takes the settings' login: its clients try for a minute, and then name another cause."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, SaslAuthenticationFailed

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.kafka.connection import client_options

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
        await _disconnect(connection)
        return True
    return False


async def _disconnect(connection: Any) -> None:
    closing = connection.close()
    if closing is not None:
        await closing
