"""Receipts and hits as an agency reads them, from the workers of a whole installation."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.client import FeedClient
from pipeline.streams.registers import registry
from support.installation.command import LIAISON
from support.installation.installation import Installation
from support.installation.records import Message, RecordMaker
from support.processes import warm

pytestmark = pytest.mark.engines


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return warm.run(words, environment)


@pytest.fixture
def feed(records: RecordMaker) -> list[Message]:
    """A case, the same again, a later version, an earlier one, and one that is no record."""
    later = records.message("fr-pj", "1", 2)
    first = records.message("fr-pj", "1", 1)
    return [first, first, later, first, Message("fr-pj", None, b'{"data": 1}')]


def test_push_waits_for_the_receipt_of_every_line(
    installation: Installation,
    feed: list[Message],
    start_stage: Callable[..., object],
    engine_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    start_stage("intake")
    file = tmp_path / "feed.ndjson"
    file.write_bytes(b"\n".join(message.value or b"" for message in feed))
    words = ("feed", "push", str(file), "--agency", "fr-pj", "--no-validate", "--wait", "--timeout", "60", "--json")
    first, again = run(engine_environment, *words), run(engine_environment, *words)
    assert (first.returncode, again.returncode) == (1, 1), first.stderr
    sent, counted, hint = first.stderr.splitlines()
    assert (sent, counted) == ("5 lines sent to fr-pj", "2 accepted, 1 duplicate, 2 rejected")
    assert "in the file" in hint
    assert "0 lines sent to fr-pj, 5 had been sent before" in again.stderr
    told = [json.loads(line) for line in first.stdout.splitlines()]
    assert sorted(told, key=str) == sorted((json.loads(line) for line in again.stdout.splitlines()), key=str)
    assert sorted((one["outcome"], one.get("reason", "")) for one in told) == [
        ("accepted", ""),
        ("accepted", ""),
        ("duplicate", ""),
        ("rejected", "schema"),
        ("rejected", "stale_version"),
    ]
    chosen = run(engine_environment, "feed", "receipts", "--agency", "fr-pj", "--outcome", "rejected")
    assert chosen.returncode == 0
    assert sorted(line.split()[1] for line in chosen.stdout.splitlines()) == ["rejected", "rejected"]


@pytest.mark.rare
def test_rejected_lines_are_sent_again_after_what_was_wrong_outside_them_is_mended(
    installation: Installation,
    records: RecordMaker,
    start_stage: Callable[..., object],
    engine_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    settings, file = installation.settings, tmp_path / "feed.ndjson"
    messages = [records.message("fr-pj", str(number)) for number in range(6)]
    file.write_bytes(b"\n".join(message.value or b"" for message in messages))
    words = ("feed", "push", str(file), "--agency", "fr-pj", "--wait", "--timeout", "60")

    def require_signatures(*, required: bool) -> None:
        change = partial(msgspec.structs.replace, required=required)
        asyncio.run(registry.change_signing(settings, "fr-pj", change))

    start_stage("intake")
    with FeedClient("fr-pj", settings) as client:
        list(client.receipts_of(client.push("before", [messages[0].value or b""]), timeout_s=60))
    require_signatures(required=True)
    unsigned = run(engine_environment, *words)
    assert (unsigned.returncode, unsigned.stderr.splitlines()[1]) == (1, "1 duplicate, 5 rejected")
    assert "--again rejected" in run(engine_environment, *words).stderr
    require_signatures(required=False)
    again = run(engine_environment, *words, "--again", "rejected")
    assert (again.returncode, again.stderr.splitlines()) == (0, ["5 lines sent to fr-pj", "5 accepted"])
    done = run(engine_environment, *words, "--again", "rejected")
    assert (done.returncode, done.stderr.splitlines()[0]) == (0, "0 lines sent to fr-pj")
    assert installation.accounting().balanced


def test_waiting_ends_in_time_where_nobody_takes_in(installation: Installation, feed: list[Message]) -> None:
    with FeedClient("fr-pj", installation.settings) as client:
        pushed = client.push("x", [feed[0].value or b""])
        with pytest.raises(LiaisonError, match="receipts still missing after 1 s"):
            list(client.receipts_of(pushed, timeout_s=1))


def test_receipts_since_a_time_leave_out_earlier_ones(
    installation: Installation, records: RecordMaker, start_stage: Callable[..., object]
) -> None:
    start_stage("intake")
    with FeedClient("fr-pj", installation.settings) as client:
        for upload in ("1", "2"):
            between = datetime.now(UTC)
            list(client.receipts_of(client.push(upload, [records.message("fr-pj", upload).value or b""]), timeout_s=60))
        assert [receipt.case for receipt in client.receipts(since=between)] == ["fr-pj:2"]
        assert sorted(receipt.case for receipt in client.receipts()) == ["fr-pj:1", "fr-pj:2"]
        assert list(client.receipts(since=datetime.now(UTC) + timedelta(hours=1))) == []


def test_a_follower_is_told_of_a_hit_as_it_comes(
    installation: Installation,
    records: RecordMaker,
    start_all: Callable[[], Any],
    engine_environment: dict[str, str],
) -> None:
    start_all()
    words = ["feed", "hits", "--agency", "fr-pj", "--follow", "--limit", "1", "--json"]
    with subprocess.Popen([LIAISON, *words], env=engine_environment, stdout=subprocess.PIPE, text=True) as follower:
        person = records.person()
        for agency in ("fr-pj", "be-fp"):
            with FeedClient(agency, installation.settings) as client:
                client.push("x", [records.message(agency, "1", people=[person]).value or b""])
        told, _ = follower.communicate(timeout=90)
    assert follower.returncode == 0
    hit = json.loads(told)
    assert (hit["kind"], hit["case"], hit["agency"]) == ("new", "fr-pj:1", "be-fp")
    assert "be-fp:1" not in told
