"""Access tokens for Kafka (OAUTHBEARER, RFC 7628): from a file that another program renews, or by client credentials.

A token that was asked for is used until a minute before its end. Each new connection asks here; a connection that is
open goes on with the token that it was opened with.
"""

from __future__ import annotations

import asyncio
import time
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import msgspec
from aiokafka.abc import AbstractTokenProvider as AsyncTokenProvider
from aiokafka.errors import KafkaConnectionError as AsyncConnectionError
from kafka.errors import KafkaConnectionError as BlockingConnectionError
from kafka.net.sasl.oauth import AbstractTokenProvider as BlockingTokenProvider

from pipeline.errors import LiaisonError
from pipeline.settings import Settings

ANSWER_TIMEOUT_S: Final = 5.0
"""For an answer of the token endpoint: connections wait for it, and are tried again."""

EARLY_S: Final = 60.0
"""A token is used until so long before its end: clocks differ, and the broker takes its time."""

SHORTEST_S: Final = 10.0
"""How long a token is used whose end the endpoint does not tell, or that ends sooner than it should."""


class _Answer(msgspec.Struct):
    """What a token endpoint answers (RFC 6749, 5.1)."""

    access_token: str
    expires_in: float = 0.0


class TokenSource:
    """Where this process's tokens come from; for any number of threads."""

    def __init__(self, file: Path | None, url: str, client: tuple[str, str], scope: str) -> None:
        self._file, self._url, self._client, self._scope = file, url, client, scope
        self._lock = Lock()
        self._held, self._until = "", 0.0

    def token(self) -> str:
        """A token that holds now. Blocks for ANSWER_TIMEOUT_S at most. Raises LiaisonError."""
        if self._file is not None:
            return _read_token(self._file)
        with self._lock:
            if time.monotonic() >= self._until:
                answer = self._ask()
                self._held = answer.access_token
                self._until = time.monotonic() + max(SHORTEST_S, answer.expires_in - EARLY_S)
            return self._held

    def _ask(self) -> _Answer:
        import httpx

        asked = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        try:
            answer = httpx.post(self._url, data=asked, auth=self._client, timeout=ANSWER_TIMEOUT_S)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LiaisonError(
                f"LIAISON_KAFKA_TOKEN_URL does not answer ({type(error).__name__}); check its address"
            ) from error
        if answer.is_error:
            raise LiaisonError(
                f"LIAISON_KAFKA_TOKEN_URL refused {self._client[0]} a token (HTTP {answer.status_code});"
                " check LIAISON_KAFKA_USERNAME and LIAISON_KAFKA_PASSWORD"
            )
        try:
            return msgspec.json.decode(answer.content, type=_Answer)
        except msgspec.MsgspecError as error:
            raise LiaisonError("LIAISON_KAFKA_TOKEN_URL answers with no token; is it a token endpoint?") from error


def _read_token(file: Path) -> str:
    try:
        token = file.expanduser().read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LiaisonError(f"LIAISON_KAFKA_TOKEN_FILE: the token in {file} can't be read") from error
    if not token or not token.isprintable() or " " in token:
        raise LiaisonError(f"LIAISON_KAFKA_TOKEN_FILE: {file} must hold one token and nothing else")
    return token


_source_of = cache(TokenSource)


def token_source(settings: Settings) -> TokenSource:
    """This process's source, the same for all its clients. Raises LiaisonError where the settings name none."""
    from pipeline.access.token_keys import is_protected  # it loads what only an API server has otherwise

    if settings.kafka_token_file is None and not settings.kafka_token_url:
        raise LiaisonError("OAUTHBEARER takes tokens: set LIAISON_KAFKA_TOKEN_FILE or LIAISON_KAFKA_TOKEN_URL")
    if settings.kafka_token_file is not None and settings.kafka_token_url:
        raise LiaisonError("set LIAISON_KAFKA_TOKEN_FILE or LIAISON_KAFKA_TOKEN_URL, not both")
    if settings.kafka_token_url and not is_protected(settings.kafka_token_url):
        raise LiaisonError("LIAISON_KAFKA_TOKEN_URL must be https: the client's secret goes there")
    client = (settings.kafka_username, settings.kafka_password.get_secret_value())
    return _source_of(settings.kafka_token_file, settings.kafka_token_url, client, settings.kafka_token_scope)


class AsyncTokens(AsyncTokenProvider):  # type: ignore[misc] # aiokafka is not typed
    """For aiokafka: a source that can't be had is a connection that failed, so it is tried again."""

    def __init__(self, source: TokenSource) -> None:
        super().__init__()
        self._source = source

    async def token(self) -> str:
        """A token that holds now."""
        try:
            return await asyncio.to_thread(self._source.token)
        except LiaisonError as error:
            raise AsyncConnectionError(str(error)) from error


class BlockingTokens(BlockingTokenProvider):  # type: ignore[misc] # kafka-python is not typed
    """The same for kafka-python."""

    def __init__(self, source: TokenSource, **config: Any) -> None:
        super().__init__(**config)
        self._source = source

    def token(self) -> str:
        """A token that holds now."""
        try:
            return self._source.token()
        except LiaisonError as error:
            raise BlockingConnectionError(str(error)) from error
