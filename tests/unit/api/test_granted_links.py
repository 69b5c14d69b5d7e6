"""What a grant opens shows in every list alike: a case's links, exports, statistics, the inbox; and in none without."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import orjson
import pytest

from pipeline.access.audit import ActKind, ShownCase, ShownForm
from pipeline.access.break_glass import GlassReason
from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.requester import Requester, Role
from pipeline.api.services.break_glass import open_alone
from pipeline.api.services.disclosures import grant_disclosure, request_disclosure, revoke_disclosure
from pipeline.api.services.exports import ExportFormat, What, export_records
from pipeline.api.services.inbox import InboxFilter, count_inbox, list_inbox
from pipeline.api.services.links import list_case_links, list_links
from pipeline.api.services.statistics import count_statistics, find_nearby_cases
from pipeline.index import decisions
from support.access.requesters import BERT, make_requester
from support.api.runtime import GROUNDS, NOW, Api, look
from support.records.builder import person, record

DAY = timedelta(days=1)
OWNER = make_requester("nl-np")
OTHER = make_requester("lu-pg")
CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")
KEY = "nl-np:1"

HELD = person("Ivan Petrov", id="p1", birth_date="1980-05-01", identifiers=[{"type": "passport", "value": "X0000001"}])
NEAR = HELD | {"birth_date": "1980-05"}
EVENT = {"id": "e1", "type": "event", "start": "2026-11-05T22:00:00Z", "latitude": 51.0, "longitude": 3.7}
FORMS: tuple[ExportFormat, ...] = ("ndjson", "csv", "excel", "ftm", "stix")


class Lists(NamedTuple):
    """What one person is shown of links, in each list; of files the case keys in them."""

    of_case: frozenset[str]
    by_entity: int
    exported: tuple[bool, ...]
    cases: tuple[bool, ...]
    statistics: tuple[int, int, dict[str, int]]
    inbox: frozenset[str]
    inbox_of_case: frozenset[str]
    counted: int
    near: frozenset[str]


@pytest.fixture
def asked(api: Api) -> str:
    """A hit-only case that no other asks for exactly, linked to one of Bert's agency and to one that all read.

    The reference by which Bert's agency knows it.
    """
    asking = [NEAR | {"identifiers": []}, EVENT]
    api.hold(
        record("nl-np", code="H2", entities=[HELD, EVENT]),
        record("be-fp", entities=asking),
        record("de-bka", entities=asking),
    )
    for other in ("be-fp:1", "de-bka:1"):
        api.link(other, KEY)
    api.link("be-fp:1", "de-bka:1")
    return api.session(BERT).make_reference(KEY)


async def grant(api: Api, reference: str, days: int = 9) -> None:
    ask = DisclosureAsk("the same man", Urgency.URGENT, NOW + DAY)
    name = (await request_disclosure(api.session(BERT), reference, ask)).disclosure.id
    await grant_disclosure(api.session(OWNER), name, NOW + days * DAY)


async def lists(api: Api, who: Requester = BERT, key: str = "be-fp:1") -> Lists:
    session = api.session(who)
    files = [await exported(api, who, "links", form) for form in FORMS]
    statistics = await count_statistics(session)
    inbox, of_case = await list_inbox(session), await list_inbox(session, InboxFilter(case=KEY))
    return Lists(
        frozenset(row.case_a for row in (await list_links(session, key)).links)
        | frozenset(row.case_b or "" for row in (await list_links(session, key)).links),
        (await list_case_links(session, key)).whole,
        tuple(KEY.encode() in one for one in files),
        tuple([KEY.encode() in await exported(api, who, "cases", form) for form in FORMS]),
        (statistics.cases, statistics.links, statistics.country_pairs),
        frozenset(case for row in inbox.links for case in (row.case_a, row.case_b)),
        frozenset(case for row in of_case.links for case in (row.case_a, row.case_b)),
        (await look(session, count_inbox, 50)).to_review.count,
        frozenset(row.case for row in (await find_nearby_cases(session, key)).cases),
    )


async def exported(api: Api, who: Requester, what: What, form: ExportFormat) -> bytes:
    return b"".join([part async for part in export_records(api.session(who), what, form)])


async def test_a_grant_opens_links_in_every_list_and_its_end_closes_them_in_every_one(api: Api, asked: str) -> None:
    before = await lists(api)
    assert KEY not in before.of_case | before.inbox | before.inbox_of_case | before.near
    assert not any(before.exported + before.cases)
    assert (before.by_entity, before.statistics, before.counted) == (1, (2, 1, {"BE-DE": 1}), 1)
    await grant(api, asked)
    opened = await lists(api)
    assert KEY in opened.of_case & opened.inbox & opened.inbox_of_case & opened.near
    assert all(opened.exported + opened.cases)
    assert (opened.by_entity, opened.counted) == (2, 2)
    assert opened.statistics == (3, 3, {"BE-DE": 1, "BE-NL": 1, "DE-NL": 1})
    await revoke_disclosure(api.session(OWNER), asked)
    assert await lists(api) == before


@pytest.mark.parametrize("ends", ["date", "handling", "withdrawal"])
async def test_links_leave_every_list_when_a_grant_holds_no_more(api: Api, asked: str, ends: str) -> None:
    before = await lists(api)
    await grant(api, asked, 3)
    assert all((await lists(api)).exported)
    if ends == "date":
        api.now = NOW + 3 * DAY
    elif ends == "handling":
        stricter = {"code": "H2", "releasable_to": ["BE"], "purposes": ["investigation"]}
        api.hold(record("nl-np", version=2, entities=[HELD, EVENT], handling=stricter))
    else:
        api.hold(record("nl-np", version=2, code="H3", entities=[HELD, EVENT]))
    assert await lists(api) == before


async def test_a_break_glass_opens_them_to_its_supervisor_alone(api: Api, asked: str) -> None:
    before = await lists(api)
    await open_alone(api.session(CHIEF), asked, GlassReason("a life", 8))
    assert all((await lists(api, CHIEF)).exported)
    assert KEY in (await lists(api, CHIEF)).inbox
    assert await lists(api) == before


async def test_who_has_no_grant_reads_the_same_bytes_by_the_same_calls(api: Api, asked: str) -> None:
    """Neither another's grant nor a hit-only record that is not asked for exactly changes what is read for them."""
    await grant(api, asked)
    api.hold(record("lu-pg", entities=[NEAR | {"identifiers": []}]))
    api.link("lu-pg:1", KEY)
    with_it = await observed(api, OTHER)
    bare = Api(api.stages, api.runtime.settings.home / "bare")
    bare.hold(*(record(agency, entities=[NEAR | {"identifiers": []}, EVENT]) for agency in ("be-fp", "de-bka")))
    bare.hold(record("lu-pg", entities=[NEAR | {"identifiers": []}]))
    bare.link("be-fp:1", "de-bka:1")
    assert with_it == await observed(bare, OTHER)


async def observed(api: Api, who: Requester) -> list[tuple[Any, ...]]:
    """Answers, and the calls to the index by which each came."""
    found = []
    paths = [f"/v1/export/{what}?form={form}" for what in ("links", "cases") for form in FORMS]
    for path in (*paths, "/v1/statistics", "/v1/inbox", "/v1/work", "/v1/links?case=lu-pg:1"):
        api.engine.calls.clear()
        answer = await api.request("GET", path, who, GROUNDS | {"X-Request-ID": "the-same-1"})
        assert answer.status_code == 200, path
        found.append((path, answer.content, list(api.engine.calls)))
    return found


async def test_what_a_grant_shows_is_in_the_audit_with_the_rule(api: Api, asked: str) -> None:
    await grant(api, asked)
    shown = ShownCase(KEY, ShownForm.FULL, "granted")
    for path in ("/v1/export/links", "/v1/export/cases", "/v1/inbox"):
        await api.get(path, BERT)
        assert shown in api.audit.acts[-1].shown, path
    await api.get("/v1/statistics", BERT)
    assert ShownCase(KEY, ShownForm.COUNTED, "granted") in api.audit.acts[-1].shown
    assert api.audit.acts[-1].kind is ActKind.READ


async def test_a_link_between_two_granted_cases_shows(api: Api, asked: str) -> None:
    """Also in the inbox: not, where neither is of the agency."""
    api.hold(record("es-cnp", code="H2", entities=[NEAR | {"identifiers": []}]))
    api.link("es-cnp:1", KEY)
    for reference, owner in ((asked, OWNER), (api.session(BERT).make_reference("es-cnp:1"), make_requester("es-cnp"))):
        rows = [orjson.loads(line) for line in (await exported(api, BERT, "links", "ndjson")).splitlines()]
        assert ("es-cnp:1", KEY) not in {(row["case_a"], row["case_b"]) for row in rows}
        ask = DisclosureAsk("the same man", Urgency.URGENT, NOW + DAY)
        name = (await request_disclosure(api.session(BERT), reference, ask)).disclosure.id
        await grant_disclosure(api.session(owner), name, NOW + DAY)
    rows = [orjson.loads(line) for line in (await exported(api, BERT, "links", "ndjson")).splitlines()]
    assert ("es-cnp:1", KEY) in {(row["case_a"], row["case_b"]) for row in rows}
    assert "es-cnp:1" not in (await lists(api)).inbox


async def test_of_more_grants_than_a_query_takes_the_latest_count(
    api: Api, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await grant(api, asked)
    monkeypatch.setattr(decisions, "MOST_OPENED", 2)
    monkeypatch.setattr(decisions, "PAGE", 2)
    names = [f"nl-np:{number}" for number in range(2, 6)]
    for key in names:
        api.hold(record("nl-np", key.partition(":")[2], code="H2", entities=[HELD]))
        await grant(api, api.session(BERT).make_reference(key))
    opened = await api.runtime.grants.list_opened(BERT, api.now)
    assert opened == ("nl-np:5", "nl-np:4")
    assert await api.runtime.grants.list_opened(OTHER, api.now) == ()
