"""`liaison ops trace` on the real engines: what one case went through, and nothing of what it or another one says."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pipeline.access.audit import ShownCase, ShownForm
from pipeline.settings import Settings
from pipeline.streams.audit.audit_tail import read_entries
from support.installation.command import RunLiaison
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

VERSIONS = 10_000


async def last_act(settings: Settings) -> Any:
    """The last act of the audit trail that names what was done."""
    return [entry async for entry in read_entries(settings) if entry.object][-1]


def test_a_trace_tells_what_happened_to_a_case_and_no_value(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor, liaison: RunLiaison
) -> None:
    petrov = records.person(
        names=[{"given": "Ivan", "family": "Petrovskij"}], birth_date="1980-05-14", phones=["+33612345678"]
    )
    amended = records.message("fr-pj", "one", 2, people=[petrov, records.person()])
    feed = [
        records.message("fr-pj", "one", people=[records.person()]),
        records.message("be-fp", "other", people=[petrov]),
        amended,
        amended,
        records.message("fr-pj", "one", 1, people=[records.person()]),
        records.message("fr-pj", "gone", people=[petrov]),
        records.message("fr-pj", "gone", 2, status="withdrawn"),
        *(records.message("fr-pj", "many", version, people=[petrov]) for version in range(1, VERSIONS + 1)),
    ]
    start_all()
    installation.push(feed)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=200)

    done = liaison("trace", "fr-pj:one", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["state"], found["version"]) == ("active", 2)
    assert found["outcomes"] == {"accepted": 2, "duplicate": 1, "rejected (stale_version)": 1}
    assert [one["version"] for one in found["receipts"]] == [1, 2, 2, 1]
    assert len(found["blocks"]) == installation.settings.block_partitions, "a later version goes to every partition"
    assert found["prunings"]["judged"] >= 1
    assert sum(found["prunings"]["bands"].values()) == found["prunings"]["judged"]
    assert {(one["state"], one["band"]) for one in found["claims"]} == {("live", "certain")}
    assert found["documents"] == {"state": "live", "version": 4, "due": 4, "links": 1}
    assert [one["kind"] for one in found["hits"]] == ["new"]
    steps = {one["name"]: one["seconds"] for one in found["steps"]}
    assert 0 <= steps["accepted to first claim"] < 200
    text = liaison("trace", "fr-pj:one").stdout
    for told in (text, done.stdout):
        assert "be-fp:" not in told
        assert not [value for value in ("Petrovskij", "1980", "345678") if value in told]
    entry = asyncio.run(last_act(installation.settings))
    assert (entry.object, entry.shown) == ("trace", (ShownCase("fr-pj:one", ShownForm.COUNTED, "operator"),))

    erased = json.loads(liaison("trace", "fr-pj:gone", "--json").stdout)
    assert (erased["state"], erased["version"], erased["keys"], erased["prunings"]) == ("withdrawn", 2, 0, None)
    assert (erased["documents"]["version"], erased["documents"]["links"]) == (4, 0)

    many = json.loads(liaison("trace", "fr-pj:many", "--json").stdout)
    assert (many["version"], many["outcomes"]) == (VERSIONS, {"accepted": VERSIONS})
    assert [one["version"] for one in many["receipts"]] == list(range(VERSIONS - 19, VERSIONS + 1))
    assert (many["documents"]["version"], many["documents"]["links"]) == (2 * VERSIONS, 1)

    nothing = liaison("trace", "fr-pj:nowhere")
    assert nothing.returncode == 1
    assert nothing.stderr.startswith("liaison: nothing is held of fr-pj:nowhere: ")
    unknown = liaison("trace", "xx-no:1")
    assert (unknown.returncode, unknown.stderr) == (
        1,
        "liaison: agency xx-no is not registered; see `liaison ops agency list`\n",
    )
