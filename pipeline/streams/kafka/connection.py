"""How each Kafka client reaches the cluster: one place that turns settings into client options.

`check_login` asks whether Kafka takes them: its clients try for a minute, and then name another cause.
"""

from __future__ import annotations

import asyncio
import ssl
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, SaslAuthenticationFailed
from aiokafka.protocol.admin import ApiVersionRequest
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
    protocol: dict[str, object] = {"kafka_security_protocol": access.protocol}
    own = {
        "kafka_sasl_mechanism": MECHANISM,
        "kafka_username": access.username,
        "kafka_password": SecretStr(access.password),
    }
    return settings.model_copy(update=protocol if settings.kafka_username else protocol | own)


PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
SASL: Final = "SASL_"
SCRAM: Final = "SCRAM-"
OAUTH: Final = "OAUTHBEARER"
MECHANISMS: Final = ("SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN", OAUTH)

EVERYONE: Final = stat.S_IRWXO


def client_options(settings: Settings) -> dict[str, Any]:
    """What aiokafka's clients are given: addresses, security, credentials. Raises LiaisonError for settings that clash.

    kafka-python's take `blocking_options`.
    """
    return _options(settings, blocking=False)


def blocking_options(settings: Settings) -> dict[str, Any]:
    """The same for kafka-python's clients, which take tokens in another form."""
    return _options(settings, blocking=True)


def _options(settings: Settings, *, blocking: bool) -> dict[str, Any]:
    known = with_access(settings)
    protocol = known.kafka_security_protocol
    if protocol not in PROTOCOLS:
        raise LiaisonError(f"LIAISON_KAFKA_SECURITY_PROTOCOL: {protocol} is none of {', '.join(PROTOCOLS)}")
    return {
        "bootstrap_servers": bootstrap_servers(known),
        "security_protocol": protocol,
        "ssl_context": _encryption(known),
        **(_sasl_options(known, blocking=blocking) if protocol.startswith(SASL) else {}),
    }


def _sasl_options(settings: Settings, *, blocking: bool) -> dict[str, Any]:
    mechanism = settings.kafka_sasl_mechanism
    if mechanism not in MECHANISMS:
        raise LiaisonError(f"LIAISON_KAFKA_SASL_MECHANISM: {mechanism} is none of {', '.join(MECHANISMS)}")
    if mechanism == OAUTH:
        from pipeline.streams.kafka import tokens

        source = tokens.token_source(settings)
        provider = tokens.BlockingTokens(source) if blocking else tokens.AsyncTokens(source)
        return {"sasl_mechanism": mechanism, "sasl_oauth_token_provider": provider}
    return {
        "sasl_mechanism": mechanism,
        "sasl_plain_username": settings.kafka_username,
        "sasl_plain_password": settings.kafka_password.get_secret_value(),
    }


def _encryption(settings: Settings) -> ssl.SSLContext | None:
    """Whom to trust and what to show, where the protocol is one of TLS. Raises LiaisonError for files of no use."""
    certificate, key = settings.kafka_certificate_file, settings.kafka_key_file
    if (certificate is None) != (key is None):
        raise LiaisonError("LIAISON_KAFKA_CERTIFICATE_FILE and LIAISON_KAFKA_KEY_FILE go together: set both or none")
    if not settings.kafka_security_protocol.endswith("SSL"):
        if certificate is not None:
            raise LiaisonError(
                "a certificate is shown over TLS alone: set LIAISON_KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL"
            )
        return None
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file)
    except OSError as error:
        raise LiaisonError(f"LIAISON_KAFKA_CA_FILE: {settings.kafka_ca_file} holds no certificate to trust") from error
    if certificate is not None and key is not None:
        _show_certificate(context, certificate, key)
    return context


def _show_certificate(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    try:
        if key.stat().st_mode & EVERYONE:
            raise LiaisonError(f"every user of this machine can open {key}; run `chmod o= {key}`")
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except ssl.SSLError as error:
        raise LiaisonError(
            f"LIAISON_KAFKA_CERTIFICATE_FILE and LIAISON_KAFKA_KEY_FILE: {certificate} and {key} are no certificate and"
            " its key (PEM, without a passphrase)"
        ) from error
    except OSError as error:
        raise LiaisonError(f"{error.filename or certificate} can't be read: {error.strerror}") from error


def _no_passphrase() -> str:
    """Without it the terminal would be asked for one."""
    return ""


ANSWER_S: Final = 2.0
"""Brokers that have not answered by then are left to who connects next. SCRAM takes some 0.02 s, a refusal 0.3 s."""

AGAIN_S: Final = 1.0
"""A refused login is tried once more after this: a new user is known to all brokers a moment after it was made."""

_taken: set[bytes] = set()
"""The logins that were taken, by a hash: one that held is not asked for again, however often a client is made."""


class LoginRefusedError(LiaisonError):
    """Kafka does not take the user and password."""


def login_name(settings: Settings) -> str:
    """The user that this process is on Kafka, or what shows who it is; "" where it asks for none."""
    known = with_access(settings)
    if known.kafka_security_protocol.startswith(SASL):
        return known.kafka_username or ("of this token" if known.kafka_sasl_mechanism == OAUTH else "")
    return "of this certificate" if known.kafka_certificate_file else ""


def keeps_passwords(settings: Settings) -> bool:
    """Whether Kafka itself keeps the passwords by which it knows users (SCRAM), so that users can be made there."""
    known = with_access(settings)
    return known.kafka_security_protocol.startswith(SASL) and known.kafka_sasl_mechanism.startswith(SCRAM)


def asks_for_credentials(settings: Settings) -> bool:
    """Whether Kafka knows who connects, so that it can hold users to access lists and rates."""
    known = with_access(settings)
    return known.kafka_security_protocol.startswith(SASL) or known.kafka_certificate_file is not None


def principal_of(settings: Settings, user: str) -> str:
    """What Kafka calls a user, in access lists and rates.

    Whom it knows by a password, by that name; whom by a certificate, by its subject; whom by a token, by its `sub`.
    Raises LiaisonError for a LIAISON_KAFKA_PRINCIPAL without {user}.
    """
    if keeps_passwords(settings):
        return user
    by_certificate = not settings.kafka_security_protocol.startswith(SASL)
    pattern = settings.kafka_principal or ("CN={user}" if by_certificate else "{user}")
    if "{user}" not in pattern:
        raise LiaisonError("LIAISON_KAFKA_PRINCIPAL needs {user}, else all users would have the rights of each")
    return pattern.replace("{user}", user)


def check_login(settings: Settings) -> None:
    """Raise LoginRefusedError where a broker refuses the login; one that can't be reached raises nothing here.

    LiaisonError where there is no token to log in with. Blocks for at most twice ANSWER_S, and AGAIN_S.
    """
    if not asks_for_credentials(settings):
        return
    options, known = client_options(settings), with_access(settings)
    files = (known.kafka_certificate_file, known.kafka_token_file, known.kafka_token_url)
    told = (known.kafka_username, known.kafka_password.get_secret_value(), known.kafka_sasl_mechanism, *map(str, files))
    mark = blake2b(repr([options["bootstrap_servers"], *told]).encode()).digest()
    if mark in _taken:
        return
    if options.get("sasl_mechanism") == OAUTH:
        from pipeline.streams.kafka.tokens import token_source

        token_source(known).token()
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
                if known.get("sasl_mechanism") == OAUTH:
                    await _ask_anything(connection)
        except SaslAuthenticationFailed as error:
            raise LoginRefusedError(_explain_refusal(options)) from error
        except (KafkaError, OSError, ValueError) as error:
            if isinstance(error.__cause__, ssl.SSLError) and "ALERT" in str(error.__cause__):
                raise LoginRefusedError(
                    "Kafka does not take the certificate of LIAISON_KAFKA_CERTIFICATE_FILE, or asks for one: it must be"
                    " of an authority that the brokers trust, and hold now"
                ) from error
            continue
        closing = connection.close()
        if closing is not None:
            await closing
        return True
    return False


async def _ask_anything(connection: Any) -> None:
    """Raise SaslAuthenticationFailed where the broker does not answer the first request.

    aiokafka 0.14 takes its refusal of a token for an answer (RFC 7628, 3.2.3), and the connection for one that is open.
    """
    answer = await connection.send(ApiVersionRequest())
    if answer.error_code:
        raise SaslAuthenticationFailed


def _explain_refusal(options: dict[str, Any]) -> str:
    if options["sasl_mechanism"] == OAUTH:
        return "Kafka refused the token: it has ended, or is not of the issuer and audience that the broker takes"
    return (
        f"Kafka refused the login of {options['sasl_plain_username']}: its password is another, or the user is"
        " no longer there. Credentials come from `liaison ops agency add` or `liaison ops credentials`, new"
        " ones with --renew"
    )
