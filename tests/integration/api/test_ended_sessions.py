"""Sessions ended at one server: over at others that run, and at those that start later before their first answer."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta

import pytest

from pipeline.access.requester import Requester
from pipeline.access.token_keys import issue_token
from pipeline.access.tokens import TokenError
from pipeline.api import runtime as runtimes
from pipeline.api.runtime import Runtime, open_runtime
from pipeline.settings import Settings
from pipeline.streams.registers.revocations import requester_now
from pipeline.times import now
from support.access.requesters import ANNA, make_requester
from support.api.index import beside
from support.installation.command import LIAISON
from support.waiting import PATIENCE_S

pytestmark = pytest.mark.engines


async def holds(runtime: Runtime, token: str) -> bool:
    try:
        await runtime.requester(token)
    except TokenError:
        return False
    return True


async def until_over(runtime: Runtime, token: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await holds(runtime, token):
            await asyncio.sleep(0.05)


def token_of(settings: Settings, who: Requester, issued: datetime | None = None, hours: int = 1) -> str:
    return issue_token(settings, who, issued or now(), timedelta(hours=hours))


async def test_a_session_that_ended_is_over_at_every_server_and_after_a_restart(
    runtime: Runtime, engine_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = (ANNA, make_requester("fr-pj"), make_requester("xx-none", country="FR"))
    token, other, unknown = (token_of(engine_settings, who) for who in people)
    another = beside(engine_settings)
    async with open_runtime(another) as second:
        assert await holds(runtime, token)
        assert await holds(second, token)
        await runtime.end_session(token)
        assert not await holds(runtime, token)
        await until_over(second, token)
    with pytest.raises(TokenError, match="has ended"):
        await requester_now(engine_settings, token, now)
    assert await requester_now(engine_settings, other, now) == people[1]

    async def never(_: Runtime) -> None:
        await asyncio.Event().wait()

    for follow in ("_follow_revocations", "_follow_agencies"):
        monkeypatch.setattr(runtimes, follow, never)
    async with open_runtime(another) as restarted:
        assert not await holds(restarted, token), "the deny-list is read before the first answer"
        assert await holds(restarted, other)
        assert not await holds(restarted, unknown)


async def test_all_of_a_persons_sessions_end_at_once(
    runtime: Runtime, engine_settings: Settings, engine_environment: dict[str, str]
) -> None:
    before = now() - timedelta(minutes=5)
    tokens = [token_of(engine_settings, ANNA, before, hours) for hours in (1, 2)]
    other = token_of(engine_settings, make_requester("fr-pj", subject="carl"), before)
    words = ("ops", "sessions", "end", "--subject", ANNA.subject, "--agency", ANNA.agency)
    command = await asyncio.create_subprocess_exec(sys.executable, LIAISON, *words, env=engine_environment)
    assert await command.wait() == 0
    for token in tokens:
        await until_over(runtime, token)
    assert await holds(runtime, other)
    assert await holds(runtime, token_of(engine_settings, ANNA, now() + timedelta(seconds=2)))
