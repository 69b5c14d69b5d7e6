"""`liaison ops trace` on the real engines: what one case went through, and nothing of what it or another one says."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.access.alerts import make_alert
from pipeline.access.audit import ShownCase, ShownForm
from pipeline.access.requester import Grounds, Purpose
from pipeline.settings import Settings
from pipeline.streams.audit.audit_tail import read_entries
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from support.access.requesters import make_requester
from support.docs.how_to_pages import HowToPage
from support.installation.command import LIAISON, RunLiaison
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.installation.status_ports import STAGES
from support.ports import own_ports
from support.processes.starting import started
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

VERSIONS = 10_000


async def last_act(settings: Settings) -> Any:
    """The last act of the audit trail that names what was done."""
    return [entry async for entry in read_entries(settings) if entry.object][-1]


async def write_alert(settings: Settings, question: str) -> None:
    grounds = Grounds(Purpose.INVESTIGATION, "2026/1")
    made = make_alert(uuid.uuid4().hex, question, "", make_requester("nl-np"), grounds, datetime.now(UTC))
    async with DecisionLog(settings) as log:
        await log.write(topics.SUBSCRIPTIONS, made.id, made)


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
    asyncio.run(write_alert(installation.settings, "Ivan Petrovskij born:1980-05-14 phone:+33612345678"))
    wait_for(installation.at_rest, deadline_s=60)

    def links_and_matches() -> bool:
        told = json.loads(liaison("trace", "fr-pj:one", "--json").stdout)
        return bool(told["follows"] + told["watched_by"] == 2)

    wait_for(links_and_matches, deadline_s=60)  # the link, and the match of the alert
    done = liaison("trace", "fr-pj:one", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["state"], found["version"]) == ("active", 2)
    assert found["outcomes"] == {"accepted": 2, "duplicate": 1, "rejected (stale_version)": 1}
    assert [one["version"] for one in found["receipts"]] == [1, 2, 2, 1]
    assert sum(one["keys"] for one in found["postings"]) == found["keys"]
    assert all((one["version"], one["keys"]) == (2, one["due"]) for one in found["postings"])
    assert found["prunings"]["abroad"] == 1, "be-fp:other, and not the alert, which meets the case as a notice"
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


PAGE = HowToPage("debug-a-slow-case")
WITHOUT_VALUES = (
    (r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "TIME"),
    (r"\b[0-9a-f]{12}([0-9a-f]{20})?\b", "ID"),
    (r"\d+(\.\d+)?", "N"),
)


def forms_of(lines: Iterable[str]) -> list[str]:
    """Lines without their times, ids and numbers, sorted: lanes of two partitions run side by side."""
    forms = []
    for line in lines:
        for pattern, name in WITHOUT_VALUES:
            line = re.sub(pattern, name, line)
        forms.append(line)
    return sorted(forms)


def test_what_the_page_on_slow_cases_shows_is_what_its_commands_print(
    records: RecordMaker,
    installation: Installation,
    engine_environment: dict[str, str],
    tmp_path: Path,
    wait_for: WaitFor,
    liaison: RunLiaison,
) -> None:
    lag, trace, slowest = (
        shlex.split(PAGE.block("sh", words))[2:] for words in ("ops lag", "ops trace fr-pj", "--slowest")
    )
    workers = [shlex.split(line) for line in PAGE.block("sh", "liaison worker").splitlines()]
    assert [command[-1] for command in workers] == list(STAGES)
    agency, case_id = trace[-1].split(":")
    engine_environment["LIAISON_METRICS_PORT"] = str(own_ports(len(STAGES)).start)
    sought = records.person()
    with started(LIAISON, engine_environment, tmp_path) as start:
        for setting, program, *words in workers:
            assert program == "liaison"
            name, _, value = setting.partition("=")
            engine_environment[name] = value
            start(*words)
        installation.push([records.message("be-fp", "other", people=[sought]), records.message(agency, case_id)])
        wait_for(lambda: installation.at_rest() and installation.accounting().decided == 2, deadline_s=100)
        installation.push([records.message(agency, case_id, 2, people=[sought])])
        wait_for(lambda: installation.at_rest() and installation.accounting().decided == 3, deadline_s=100)
        waiting, traced, slow = liaison(*lag), liaison(*trace), liaison(*slowest)
        found = json.loads(liaison(*trace, "--json").stdout)
    assert [done.returncode for done in (waiting, traced, slow)] == [0, 0, 0], (traced.stderr, slow.stderr)

    namespace = installation.settings.namespace
    shown = PAGE.block("text", "case\t").splitlines()
    assert forms_of(shown) == forms_of(traced.stdout.replace(namespace, "").splitlines())
    slow_forms = set(forms_of(slow.stdout.splitlines()))
    assert slow_forms >= set(forms_of(PAGE.block("text", "waited").splitlines()))

    positions = [
        found["receipts"][-1]["position"],
        *(record["position"] for record in (found["accepted"], found["fingerprint"])),
        *(claim["record"]["position"] for claim in found["claims"]),
    ]
    logged = [line for log in tmp_path.glob("*.log") for line in log.read_text(encoding="utf-8").splitlines()]
    told = [f" {place}: " for place in positions] + [": met ", " pairs, ", f": link {found['claims'][0]['link']} is "]
    of_case = [line.replace(namespace, "") for line in logged if any(words in line for words in told)]
    assert forms_of(PAGE.block("text", "DEBUG").splitlines()) == forms_of(of_case)
