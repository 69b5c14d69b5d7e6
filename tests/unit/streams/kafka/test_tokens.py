"""Tokens from a file and by client credentials: when they are asked for, and what is said where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from aiokafka.errors import KafkaConnectionError as AsyncConnectionError
from kafka.errors import KafkaConnectionError as BlockingConnectionError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.kafka.tokens import AsyncTokens, BlockingTokens, TokenSource, token_source

URL = "https://identity.example/token"


def source(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], httpx.Response]) -> tuple[TokenSource, list[object]]:
    """One that asks an endpoint with these answers, and what it was asked."""
    asked: list[object] = []

    def post(url: str, **given: object) -> httpx.Response:
        asked.append((url, given["data"], given["auth"]))
        return answer()

    monkeypatch.setattr(httpx, "post", post)
    return TokenSource(None, URL, ("intake", "secret"), "kafka"), asked


def test_a_token_is_asked_for_once_while_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    own, asked = source(monkeypatch, lambda: httpx.Response(200, json={"access_token": "t", "expires_in": 600}))
    assert [own.token(), own.token()] == ["t", "t"]
    assert asked == [(URL, {"grant_type": "client_credentials", "scope": "kafka"}, ("intake", "secret"))]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(401, json={}), r"refused intake a token \(HTTP 401\)"),
        (httpx.Response(200, text="<html>"), "answers with no token"),
        (httpx.Response(200, json={"token": "t"}), "answers with no token"),
    ],
)
def test_what_is_no_token_is_told(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response, said: str) -> None:
    own, _ = source(monkeypatch, lambda: answer)
    with pytest.raises(LiaisonError, match=said):
        own.token()
    with pytest.raises(BlockingConnectionError, match=said):
        BlockingTokens(own).token()
    with pytest.raises(AsyncConnectionError, match=said):
        asyncio.run(AsyncTokens(own).token())


def test_a_file_is_read_each_time_and_must_hold_one_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    own = TokenSource(file, "", ("", ""), "")
    with pytest.raises(LiaisonError, match="can't be read"):
        own.token()
    for content in ("", "two tokens", "a\nb"):
        file.write_text(content)
        with pytest.raises(LiaisonError, match="one token and nothing else"):
            own.token()
    for content in ("first\n", "second"):
        file.write_text(content)
        assert own.token() == content.strip()


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "set LIAISON_KAFKA_TOKEN_FILE or LIAISON_KAFKA_TOKEN_URL"),
        ({"kafka_token_file": Path("x"), "kafka_token_url": URL}, "not both"),
        ({"kafka_token_url": "http://identity.example/token"}, "must be https"),
    ],
)
def test_settings_that_name_no_source_or_two_or_an_open_one_are_refused(known: dict[str, object], said: str) -> None:
    with pytest.raises(LiaisonError, match=said):
        token_source(Settings(**known))  # type: ignore[arg-type]
