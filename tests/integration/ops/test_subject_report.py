"""A person asks one agency what it holds of them: its own records and who saw them, nothing of anybody else's."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.access.audit import Act, ActKind, ShownCase, ShownForm
from pipeline.access.disclosure_threads import Disclosure, Move, ThreadStep
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import audit_log
from pipeline.streams.audit.audit_tail import read_entries
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from pipeline.times import now
from support.installation.command import RunLiaison
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

WHO = "Ivan Petrov 1980-05-14"
SILENT = {"code": "H3", "releasable_to": [], "purposes": ["investigation"]}


async def happen(settings: Settings) -> None:
    """Two agencies were shown cases of fr-pj, one of them by a disclosure; another case was shown to somebody too."""
    seen = ShownCase("fr-pj:one", ShownForm.FULL)
    async with audit_log(settings, now) as log:
        await log.write(Act(ActKind.READ, "bert", "be-fp", "BE", purpose="investigation", shown=(seen,)))
        others = (ShownCase("fr-pj:two", ShownForm.HIT), ShownCase("be-fp:secret", ShownForm.FULL))
        await log.write(Act(ActKind.SEARCH, "anna", "fr-pj", "FR", purpose="prevention", shown=others))
        await log.write(Act(ActKind.READ, "dora", "de-bk", "DE", shown=(ShownCase("be-fp:secret", ShownForm.HIT),)))
    until = datetime.now(UTC) + timedelta(days=1)
    async with DecisionLog(settings) as log:
        for case, owner in (("fr-pj:one", "fr-pj"), ("be-fp:secret", "be-fp")):
            step = ThreadStep(Move.GRANT, owner, "someone", datetime.now(UTC), until=until)
            await log.write(topics.DISCLOSURES, case, Disclosure(case, case, owner, "de-bk", steps=(step,)))


def test_the_report_holds_what_the_agency_holds_of_him_and_nothing_of_others(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor, liaison: RunLiaison
) -> None:
    petrov = {"names": [{"given": "Ivan", "family": "Petrov"}], "birth_date": "1980-05-14"}
    feed = [
        records.message("fr-pj", "one", people=[records.person(**petrov), records.person()]),
        records.message("fr-pj", "two", people=[records.person(**petrov)], handling=SILENT),
        records.message("fr-pj", "another"),
        records.message("fr-pj", "gone", people=[records.person(**petrov)]),
        records.message("fr-pj", "gone", 2, status="withdrawn"),
        records.message("be-fp", "secret", people=[records.person(**petrov)], handling=SILENT),
        records.message("be-fp", "open", people=[records.person(**petrov)]),
    ]
    start_all()
    installation.push(feed)
    asyncio.run(happen(installation.settings))
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=120)

    done = liaison("subject-report", WHO, "--agency", "fr-pj", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["complete"]
    found = {one["case"]: one for one in report["records"]}
    assert found.keys() == {"fr-pj:one", "fr-pj:two"}
    assert [one["names"] for one in found["fr-pj:one"]["entities"]] == [petrov["names"]], "not the other person"
    seen = {(one["agency"], one["form"], one["subject"]) for held in found.values() for one in held["accesses"]}
    assert seen == {("be-fp", "full", None), ("fr-pj", "hit", "anna")}
    assert [(one["agency"], one["state"]) for one in found["fr-pj:one"]["disclosures"]] == [("de-bk", "granted")]
    assert "be-fp:" not in done.stdout
    assert "be-fp:" not in liaison("subject-report", WHO, "--agency", "fr-pj").stdout

    entry = asyncio.run(last(installation.settings))
    assert (entry.object, {one.case for one in entry.shown}) == ("subject-report fr-pj", set(found))
    assert entry.query
    assert "Petrov" not in entry.query
    assert (
        json.loads(liaison("subject-report", "Nobody Known 1999-01-01", "--agency", "fr-pj", "--json").stdout)[
            "records"
        ]
        == []
    )
    unknown = liaison("subject-report", WHO, "--agency", "xx-no")
    assert (unknown.returncode, unknown.stderr) == (
        1,
        "liaison: agency xx-no is not registered; see `liaison ops agency list`\n",
    )
    explain_policy(installation.settings, liaison)


def explain_policy(settings: Settings, liaison: RunLiaison) -> None:
    """The installation also tells who could see a case; a test of its own would take one of its own."""
    done = liaison("policy", "explain", "fr-pj:two", "--handling", "H0", "--releasable-to", "BE", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    rules = {(one["agency"], one["rule"], one["changed_rule"]) for one in found["agencies"]}
    assert {("", "operator", "operator"), ("be-fp", "not_released", "released"), ("fr-pj", "owner", "owner")} <= rules
    entry = asyncio.run(last(settings))
    assert (entry.object, entry.rule) == ("policy explain", "command")
    assert entry.shown == (ShownCase("fr-pj:two", ShownForm.FULL, "operator"),)
    gone = liaison("policy", "explain", "fr-pj:gone")
    assert (gone.returncode, gone.stderr) == (1, "liaison: there is no live case fr-pj:gone\n")


async def last(settings: Settings) -> Any:
    """The last act of the audit trail that names what was done."""
    return [entry async for entry in read_entries(settings) if entry.object][-1]
