"""What an auditor is told of: their own people's acts, others' that showed their agency's records, and never more."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import msgspec
import orjson
import pytest

from pipeline.access.audit import Act, ActFacts, ActKind, Chain, ShownCase, ShownForm
from pipeline.access.audit_verification import TrailFault, TrailFinding
from pipeline.access.requester import Requester, Role
from pipeline.api.answers import AccessedRecord, ActRecord, ActRow
from pipeline.api.problems import ForbiddenError, UnavailableError, UnprocessableError
from pipeline.api.services.audit import ActFilter, export_acts, list_accesses, list_acts, verify_trail
from pipeline.api.services.search import Search, search
from pipeline.index.decisions import audit_document
from pipeline.streams.audit.audit_tail import TrailStatus
from pipeline.web.pages.records import LIMIT
from pipeline.web.pages.records import PAGE as RECORDS
from support.access.requesters import ANNA, BERT, DORA, make_requester
from support.api.runtime import NOW, Api
from support.index.documents import PureStages
from support.records.builder import person, record
from support.web.pages import opened

AUDITOR = make_requester("be-fp", Role.AUDITOR, subject="sofie")


@pytest.fixture
def done(api: Api) -> Api:
    """An installation that tells owners no references, with acts."""
    return with_acts(api)


def with_acts(api: Api) -> Api:
    """Bert of Belgium and Anna of France read each other's records, and Dora of Germany a French one."""
    api.hold(record("be-fp"), record("fr-pj"), record("fr-pj", "2", code="H2"), record("fr-pj", "3", to=("DE",)))
    shown = [
        (BERT, ActKind.SEARCH, ("be-fp:1", "fr-pj:1"), ShownForm.FULL),
        (BERT, ActKind.SEARCH, ("fr-pj:2",), ShownForm.HIT),
        (BERT, ActKind.READ, ("fr-pj:2", "fr-pj:3"), ShownForm.FULL),
        (ANNA, ActKind.READ, ("be-fp:1", "fr-pj:1"), ShownForm.FULL),
        (DORA, ActKind.READ, ("fr-pj:1",), ShownForm.FULL),
    ]
    chain = Chain("chain")
    for at, (who, kind, cases, form) in enumerate(shown):
        act = Act(kind, who.subject, who.agency, who.country, purpose="investigation", case_reference=f"ref {at}",
                  shown=tuple(
                      ShownCase(case, form, "hit_only" if form is ShownForm.HIT else "released") for case in cases
                  ),
                  rule="role", object="" if at else "xlsx")  # fmt: skip
        entry = chain.make_entry(act, NOW + timedelta(days=at))
        chain = chain.advance(entry)
        api.index.write([audit_document(msgspec.json.encode(entry), at)])
    return api


async def told(api: Api, wanted: ActFilter = ActFilter(), who: Requester = AUDITOR) -> list[ActRow]:  # noqa: B008
    return list((await list_acts(api.session(who), wanted)).acts)


def keys(row: ActRow) -> list[str | None]:
    return [one.case for one in row.shown]


async def test_own_people_are_named_and_others_by_their_agency_alone(done: Api) -> None:
    rows = await told(done)
    assert [(row.agency, row.subject, row.case_reference) for row in rows] == [
        ("fr-pj", None, None), ("be-fp", "bert", "ref 2"), ("be-fp", "bert", "ref 1"), ("be-fp", "bert", "ref 0"),
    ]  # fmt: skip
    assert keys(rows[0]) == ["be-fp:1"]
    assert [row.rule for row in rows] == [None, "role", "role", "role"]
    assert [row.file for row in rows] == [None, None, None, "xlsx"]
    assert done.audit.kinds() == [ActKind.READ]
    assert [row.file for row in (await list_accesses(done.session(ANNA))).accesses][-1] == "xlsx"


async def test_the_form_of_a_file_is_told_of_every_act_that_says_it(api: Api) -> None:
    shown = (ShownCase("fr-pj:1", ShownForm.FULL, "released"),)
    for at, facts in enumerate((None, ActFacts(), ActFacts(form="stix"))):
        act = Act(ActKind.EXPORT, BERT.subject, BERT.agency, BERT.country, object="f1", shown=shown, facts=facts)
        api.index.write([audit_document(msgspec.json.encode(Chain("chain", at).make_entry(act, NOW)), at)])
    assert [row.file for row in await told(api)] == ["stix", None, None]
    assert [row.file for row in (await list_accesses(api.session(ANNA))).accesses] == ["stix", None, None]


async def test_owners_see_references_where_the_installation_says_so(stages: PureStages, tmp_path: Path) -> None:
    api = with_acts(Api(stages, tmp_path, owners_see_references=True))
    assert [(row.agency, row.subject, row.case_reference) for row in await told(api)][:2] == [
        ("fr-pj", None, "ref 3"), ("be-fp", "bert", "ref 2"),
    ]  # fmt: skip
    accesses = (await list_accesses(api.session(BERT))).accesses
    assert [(row.agency, row.purpose, row.case_reference) for row in accesses] == [
        ("fr-pj", "investigation", "ref 3"), ("be-fp", "investigation", "ref 0"),
    ]  # fmt: skip
    said = (await opened(api, RECORDS, BERT)).said()
    assert "Investigation" in said
    assert "ref 3" in said


async def test_a_record_has_its_key_where_the_agency_reads_it_now(done: Api) -> None:
    _, opened, hit, read = await told(done)
    assert (keys(read), keys(hit), keys(opened)) == (["be-fp:1", "fr-pj:1"], [None], [None, None])
    reference = done.session(BERT).make_reference("fr-pj:2")
    assert hit.shown == (ActRecord("fr-pj", None, reference, "hit", "hit_only"),)
    done.hold(record("fr-pj", version=2, code="H3"), record("be-fp", version=2, status="withdrawn"))
    assert keys((await told(done))[3]) == ["be-fp:1", None]


async def test_acts_are_narrowed_by_person_agency_and_day(done: Api) -> None:
    for wanted, found in (
        (ActFilter(subject="bert"), ["ref 2", "ref 1", "ref 0"]),
        (ActFilter(subject="anna"), []),
        (ActFilter(agency="fr-pj"), [None]),
        (ActFilter(agency="de-bka"), []),
        (ActFilter(first="2026-11-25", last="2026-11-26"), ["ref 2", "ref 1"]),
        (ActFilter(subject="bert", agency="fr-pj"), []),
    ):
        assert [row.case_reference for row in await told(done, wanted)] == found


async def test_pages_follow_each_other(done: Api) -> None:
    first = await list_acts(done.session(AUDITOR), ActFilter(), 3)
    rest = await list_acts(done.session(AUDITOR), ActFilter(), 3, first.next)
    assert [row.case_reference for page in (first, rest) for row in page.acts] == [None, "ref 2", "ref 1", "ref 0"]
    with pytest.raises(UnprocessableError):
        await list_acts(done.session(AUDITOR), ActFilter(subject="bert"), 3, first.next)


async def test_a_file_holds_all_and_is_recorded_first(done: Api) -> None:
    answer = await done.get("/v1/audit/file?form=csv&agency=be-fp", AUDITOR)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["case_reference"] for row in rows] == ["ref 2", "ref 1", "ref 0"]
    assert done.audit.kinds() == [ActKind.EXPORT]
    answer = await done.get("/v1/audit/file", AUDITOR)
    assert [orjson.loads(line) for line in answer.content.splitlines()] == orjson.loads(
        msgspec.json.encode(await told(done))
    )
    done.audit.away = True
    with pytest.raises(UnavailableError):
        _ = [part async for part in export_acts(done.session(AUDITOR), ActFilter(), "csv")]


async def test_it_is_for_auditors_alone(done: Api) -> None:
    for who in (BERT, make_requester("be-fp", Role.SUPERVISOR), make_requester("be-fp", Role.OPS)):
        for attempt in (list_acts(done.session(who), ActFilter()), verify_trail(done.session(who))):
            with pytest.raises(ForbiddenError):
                await attempt
    assert (await done.get("/v1/cases/be-fp:1", AUDITOR)).status_code == 403
    assert (await done.get("/v1/audit?first=yesterday", AUDITOR)).status_code == 422


async def test_the_trail_tells_its_faults(done: Api) -> None:
    assert (await done.get("/v1/audit/trail", AUDITOR)).json() == {
        "entries": 3, "findings": [], "checked": NOW.isoformat(), "running": False,
    }  # fmt: skip
    done.trail.stands = TrailStatus(
        7, (TrailFinding("host 1", 4, TrailFault.MISSING, "entries 2 to 3 are not there"),), NOW
    )
    (found,) = (await verify_trail(done.session(AUDITOR))).findings
    assert (found.chain, found.sequence, found.fault) == ("host 1", 4, "missing")


KEY = "fr-pj:1"


def shown_to(who: Requester, sequence: int, *cases: ShownCase) -> bytes:
    act = Act(
        ActKind.READ, who.subject, who.agency, who.country, purpose="investigation", case_reference="x", shown=cases
    )
    return msgspec.json.encode(Chain("host", sequence).make_entry(act, NOW))


async def test_the_owner_sees_who_was_shown_its_records_and_of_others_the_agency_alone(api: Api) -> None:
    for at, who in enumerate((BERT, ANNA)):
        entry = shown_to(who, at, ShownCase(KEY, ShownForm.HIT), ShownCase("be-fp:1", ShownForm.FULL))
        api.index.write([audit_document(entry, at)])
    rows = (await list_accesses(api.session(ANNA))).accesses
    assert [(row.agency, row.subject, row.case_reference) for row in rows] == [
        ("fr-pj", "anna", "x"),
        ("be-fp", None, None),
    ]
    assert rows[0].shown == (AccessedRecord(KEY, "hit", None),)
    assert (await list_accesses(api.session(DORA))).accesses == ()


@pytest.mark.parametrize("role", [Role.OPS, Role.FEED, Role.AUDITOR])
async def test_who_may_not_read_cases_may_not(api: Api, role: Role) -> None:
    with pytest.raises(ForbiddenError):
        await list_accesses(api.session(make_requester("fr-pj", role)))


async def test_a_page_says_of_how_many_accesses_it_shows_some(api: Api) -> None:
    for at in range(LIMIT + 10):
        api.index.write([audit_document(shown_to(BERT, at, ShownCase(KEY, ShownForm.FULL)), at)])
    others = shown_to(ANNA, LIMIT + 10, ShownCase("be-fp:1", ShownForm.FULL))
    api.index.write([audit_document(others, LIMIT + 10)])
    page = await opened(api, RECORDS, ANNA)
    assert "1–50 of 60" in page.said()
    await page.press("Older")
    assert "51–60 of 60" in page.said()


async def test_a_search_for_a_silent_record_is_no_access_to_it(api: Api) -> None:
    """Its time and place among the others would tell the owner what the notice, a day later, leaves out."""
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
    api.hold(record("fr-pj", code="H3", entities=[man]))
    api.hold(record("nl-np", code="H0", to=("BE",), entities=[man]))
    found = await search(api.session(BERT), Search("ivan petrov born:1980-05-01"))
    assert [row.case for row in found.results] == ["nl-np:1"]
    entries = (Chain("host", at).make_entry(act, NOW) for at, act in enumerate(api.audit.acts))
    api.index.write([audit_document(msgspec.json.encode(entry), at) for at, entry in enumerate(entries)])
    none, one = [await list_accesses(api.session(make_requester(owner))) for owner in ("fr-pj", "nl-np")]
    assert (len(none.accesses), none.whole) == (0, 0)
    assert (len(one.accesses), one.whole) == (1, 1)
