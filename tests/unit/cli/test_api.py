"""`liaison allowances`, on the API's in-memory parts in place of the network."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.access.requester import Role
from pipeline.cli.main import build_cli
from support.access.requesters import make_requester
from support.api.runtime import Api

CHIEF = make_requester("fr-pj", Role.SUPERVISOR, subject="chief")
WHO = ("--token", "t", "--purpose", "investigation", "--case-ref", "2026/1")


async def run(*words: str) -> Result:
    """A command has an event loop of its own."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(build_cli(), ["allowances", *words]))


async def test_an_allowance_is_set_and_listed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def call(_: Any, __: Any, method: str, path: str, **more: Any) -> Any:
        return (await api.request(method, path, CHIEF, **more)).raise_for_status().json()

    monkeypatch.setattr("pipeline.cli.api.call_api", call)
    monkeypatch.setattr("pipeline.cli.api.now", api.runtime.clock)
    made = await run("set", "be-fp", "--daily", "5000", "--days", "7", *WHO)
    line = "be-fp\t5000 a day\tuntil 2026-12-01T12:00:00+00:00\tby chief\n"
    assert (made.exit_code, made.stdout) == (0, line), made.output
    listed = await run("list", *WHO)
    assert listed.stdout == f"{line}default for each other agency: 200 a day\n"
    assert '"daily":5000' in (await run("list", "--json", *WHO)).stdout


@pytest.mark.parametrize("wrong", [("--days", "32"), ("--daily", "0"), ("--daily", "100001")])
async def test_wrong_usage(wrong: tuple[str, str]) -> None:
    assert (await run("set", "be-fp", "--daily", "5000", *WHO, *wrong)).exit_code == 2


async def test_it_takes_a_token_as_no_operator_has_records() -> None:
    assert (await run("list")).exit_code == 2
