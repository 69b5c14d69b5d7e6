"""Rejections listed, shown and sent again, and whole feeds sent again, on the real engines."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.access.requester import Requester, Role
from pipeline.access.token_keys import issue_token
from pipeline.api.sealed import SealedReader
from pipeline.index.engine import connect_for_reading
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from pipeline.ops.replay.preview import preview_replay
from pipeline.ops.replay.rejections import RejectionFilter
from pipeline.records.hashing import partition_of
from pipeline.settings import Settings
from support.installation.command import RunLiaison
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]

CANARY = "Canary Kanarienvogel"


def settled(installation: Installation, wait_for: WaitFor, count: int) -> None:
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == count, deadline_s=120)


def token(settings: Any, agency: str, country: str) -> str:
    requester = Requester("anna", agency, country, frozenset({Role.FEED}))
    return issue_token(settings, requester, datetime.now(UTC), timedelta(hours=1))


async def previewed(settings: Settings) -> dict[tuple[str, str, str], int]:
    """What a replay of all rejections would change, by agency, change and reason."""
    async with connect_for_reading(settings) as client:
        known = SealedReader(IndexReader(client, Indices(settings.namespace, ""))).read_versions
        found = await preview_replay(settings, RejectionFilter(), known, datetime.now(UTC))
    return {(one.agency, one.change, one.reason): one.messages for one in found.outcomes}


@pytest.mark.timeout(300)
def test_what_was_rejected_is_told_and_accepted_once_when_its_cause_is_mended(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor, liaison: RunLiaison
) -> None:
    """The cause here is the sender's partitioner, as of a librdkafka client left at its default."""
    good = records.message("fr-pj", "good")
    strayed = records.message("fr-pj", "strayed", title=CANARY)
    broken = records.message("be-fp", "broken")._replace(value=b'{"canary": "' + CANARY.encode())
    partitions = installation.settings.case_partitions
    elsewhere = (partition_of(strayed.case.encode(), partitions) + 1) % partitions
    positions = installation.push([good, strayed._replace(partition=elsewhere), broken])
    start_all()
    settled(installation, wait_for, 3)

    listed = json.loads(liaison("rejected", "list", "--json").stdout)
    assert {one["position"]: one["reason"] for one in listed} == {positions[1]: "misrouted", positions[2]: "not_json"}
    broken_ones = json.loads(liaison("rejected", "list", "--reason", "not_json", "--json").stdout)
    assert [one["agency"] for one in broken_ones] == ["be-fp"]
    assert liaison("rejected", "list", "--until", "1h").stdout == "0 rejections\n"

    shown = liaison("rejected", "show", positions[1])
    assert "misrouted" in shown.stdout
    assert CANARY not in shown.stdout + shown.stderr
    own, other = (token(installation.settings, *of) for of in (("fr-pj", "FR"), ("be-fp", "BE")))
    assert CANARY in liaison("rejected", "show", positions[1], "--token", own).stdout
    foreign = liaison("rejected", "show", positions[1], "--token", other)
    nowhere = liaison("rejected", "show", "cases.fr-pj-0-999", "--token", other)
    assert foreign.returncode == nowhere.returncode == 1
    assert foreign.stderr.replace(positions[1], "") == nowhere.stderr.replace("cases.fr-pj-0-999", "")

    assert json.loads(liaison("rejected", "replay", "--dry-run", "--json").stdout)["sent"] == {"fr-pj": 1, "be-fp": 1}
    assert asyncio.run(previewed(installation.settings)) == {
        ("fr-pj", "new", ""): 1,
        ("be-fp", "rejected", "not_json"): 1,
    }
    for again in (1, 2):
        sent = liaison("rejected", "replay", "--reason", "misrouted", "--json")
        assert json.loads(sent.stdout)["sent"] == {"fr-pj": 1}, sent.stderr
        settled(installation, wait_for, 3 + again)
    outcomes = Counter(
        (receipt.outcome, str(receipt.origin) if receipt.origin else "") for receipt in installation.receipts().values()
    )
    assert outcomes["accepted", positions[1]] == 1
    assert outcomes["duplicate", positions[1]] == 1
    assert installation.accounting().balanced
    assert installation.cases(["fr-pj:strayed"]) == {"fr-pj:strayed": 1}
    changes = asyncio.run(previewed(installation.settings))
    assert changes == {("fr-pj", "duplicate", ""): 1, ("be-fp", "rejected", "not_json"): 1}

    later = liaison("rejected", "replay", positions[2], "--json")
    assert json.loads(later.stdout)["sent"] == {"be-fp": 1}
    settled(installation, wait_for, 6)
    latest = json.loads(liaison("rejected", "list", "--reason", "not_json", "--json").stdout)[0]
    assert latest["origin"] == positions[2]


@pytest.mark.timeout(300)
def test_a_feed_sent_again_contradicts_nothing(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor, liaison: RunLiaison
) -> None:
    feed = [
        records.message("fr-pj", "one"),
        records.message("fr-pj", "one", 2),
        records.message("fr-pj", "two"),
        records.message("fr-pj", "two", 2, status="withdrawn"),
        records.message("be-fp", "three"),
    ]
    before = datetime.now(UTC) - timedelta(minutes=1)
    first = installation.push(feed)
    start_all()
    settled(installation, wait_for, 5)
    links = installation.visible_links()

    assert json.loads(liaison("replay", "--from", before.isoformat(), "--dry-run", "--json").stdout)["sent"] == {
        "fr-pj": 4,
        "be-fp": 1,
    }
    assert json.loads(liaison("replay", "--from", "1h", "--agency", "fr-pj", "--json").stdout)["sent"] == {"fr-pj": 4}
    settled(installation, wait_for, 9)
    assert json.loads(liaison("replay", "--from", "1h", "--json").stdout)["sent"] == {"fr-pj": 4, "be-fp": 1}
    settled(installation, wait_for, 14)

    receipts = installation.receipts()
    assert {receipts[position].outcome for position in first} == {"accepted"}
    again = [receipt for position, receipt in receipts.items() if position not in first]
    assert {receipt.outcome for receipt in again} == {"duplicate"}
    assert {str(receipt.origin) for receipt in again} == set(first)
    assert installation.accounting().balanced
    assert installation.cases(["fr-pj:one", "fr-pj:two", "be-fp:three"]) == {"fr-pj:one": 2, "be-fp:three": 1}
    assert installation.visible_links() == links
    unknown = liaison("replay", "--from", "1h", "--agency", "nobody")
    assert (unknown.returncode, unknown.stderr) == (1, "liaison: not registered: nobody\n")
