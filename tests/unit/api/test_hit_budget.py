"""Hits count once and everywhere, whatever form a search is asked in, and its owners hear of it in all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from pipeline.access.alerts import make_alert
from pipeline.access.audit import (
    FACTS_FORMAT,
    MOST_SHOWN,
    PLAIN_FORMAT,
    Act,
    ActFacts,
    ActKind,
    AuditEntry,
    Chain,
    ShownCase,
    ShownForm,
    bind_acts,
    decode_entry,
    facts_of,
    in_format,
    split_act,
)
from pipeline.access.notices import Notice
from pipeline.access.requester import Grounds, Purpose
from pipeline.api.hit_budget import HitBudget
from pipeline.api.list_worker import run_round
from pipeline.api.services.list_results import ALL_ROWS, export_results
from pipeline.api.services.result_tables import ListPlace, tabulate
from pipeline.api.services.search import Search
from pipeline.api.session import Session
from pipeline.index.decisions import DecisionReader, alert_document
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from pipeline.streams.stages.notify import SharedQuestions, SharedSearches, SilentSearches, decode_search
from pipeline.web.pages.search import ASKED, PAGE
from support.access.requesters import ANNA, BERT
from support.api.runtime import GROUNDS, NOW, Api
from support.correlation.key_rings import RING
from support.records.builder import person, record
from support.web.pages import opened

QUESTION = "ivan petrov born:1980-05-01"
ONE, OTHER = "host-1|17|2026-11-24T08:00:00+00:00", "host-2|18|2026-11-24T08:00:00+00:00"
"""What the chains of two servers begin with."""


async def by_page(api: Api) -> None:
    await (await opened(api, PAGE, ANNA)).happen(ASKED, {"q": QUESTION})


async def by_json(api: Api) -> None:
    assert (await api.post("/v1/search", {"question": QUESTION})).status_code == 200


async def by_file(api: Api, form: str, asked: Search) -> None:
    session = api.session(ANNA)
    saving = Session(session.runtime, ANNA, session.grounds, file_form=form)
    await tabulate(saving, "search", msgspec.json.encode(asked).decode())


async def by_xlsx(api: Api) -> None:
    await by_file(api, "xlsx", Search(QUESTION))


async def by_csv(api: Api) -> None:
    await by_file(api, "csv", Search(QUESTION))


async def by_list(api: Api) -> None:
    """A list of one row, and all the files that its results can be saved in: these tell of no further hit."""
    headers = {**GROUNDS, "Content-Type": "text/csv"}
    answer = await api.request("POST", "/v1/list-checks", ANNA, headers, content=b"name,born\nIvan Petrov,1980-05-01\n")
    name = answer.json()["list"]["id"]
    while await run_round(api.runtime):
        pass
    session = api.session(ANNA)
    for form in ("csv", "excel", "ndjson", "ftm"):
        async for _ in export_results(session, name, form, ALL_ROWS):
            pass
    for form in ("xlsx", "csv"):
        saving = Session(session.runtime, ANNA, session.grounds, file_form=form)
        await tabulate(saving, "list", msgspec.json.encode(ListPlace(name)).decode())


FORMS = [by_page, by_json, by_xlsx, by_csv, by_list]
"""Every way in which a question comes to be put to hit-only records by the API."""


def entries_of(api: Api, writer: str = ONE, newest: int = FACTS_FORMAT) -> list[AuditEntry]:
    """What the topic has of a server's acts, as others read them. Of those with facts their kind tells nothing."""
    acts = [in_format(act, newest) for act in api.audit.acts]
    acts = [act if act.facts is None else msgspec.structs.replace(act, kind=ActKind.READ, object="") for act in acts]
    _, bound = bind_acts(Chain(f"{writer}|0"), [(act, NOW) for act in acts])
    return [decode_entry(msgspec.json.encode(entry)) for entry in bound]


def follow(entries: list[AuditEntry], daily: int, own: str) -> HitBudget:
    budget = HitBudget(daily, own)
    for entry in entries:
        budget.record_entry(entry)
    return budget


def hold(api: Api) -> None:
    """A hit-only case, a silent one, and one that all may read, of the same man."""
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
    api.hold(*(record(agency, code=code, entities=[man]) for agency, code in
               (("nl-np", "H2"), ("es-cnp", "H3"), ("be-fp", "H1"))))  # fmt: skip


FORMATS = pytest.mark.parametrize("newest", [PLAIN_FORMAT, FACTS_FORMAT])
"""Before every process is upgraded, and after it."""


@FORMATS
@pytest.mark.parametrize("ask", FORMS)
async def test_a_hit_is_spent_once_at_each_server_and_after_a_restart(
    api: Api, ask: Callable[[Api], Awaitable[None]], newest: int
) -> None:
    hold(api)
    await ask(api)
    left = api.settings.hit_budget - 1
    assert api.runtime.hits.remaining(ANNA, api.now) == left
    entries = entries_of(api, newest=newest)
    daily = api.settings.hit_budget
    other, restarted = follow(entries, daily, OTHER), follow(entries, daily, f"{ONE}0")
    assert other.remaining(ANNA, NOW) == restarted.remaining(ANNA, NOW) == left
    assert follow(entries, daily, ONE).remaining(ANNA, NOW) == daily, "its own were counted when they were given"
    assert other.remaining(BERT, NOW) == other.remaining(ANNA, NOW + timedelta(days=1)) == daily


@pytest.mark.parametrize("ask", FORMS)
async def test_an_act_says_what_it_did_and_an_earlier_one_leads_to_the_same(
    api: Api, ask: Callable[[Api], Awaitable[None]]
) -> None:
    """Its facts, however it was asked; what they are concluded from where there are none."""
    hold(api)
    await ask(api)
    (posed,) = [act for act in api.audit.acts if act.facts is not None and act.facts.posed]
    forms: dict[Callable[[Api], Awaitable[None]], str] = {by_xlsx: "xlsx", by_csv: "csv"}
    form = forms.get(ask, "")
    assert posed.facts == ActFacts(posed=True, asked=True, hits=1, form=form)
    assert facts_of(in_format(posed, PLAIN_FORMAT)) == posed.facts
    others = [act for act in api.audit.acts if act is not posed]
    assert [act for act in others if facts_of(act) != ActFacts(form=act.facts.form if act.facts else "")] == []


async def test_all_hits_of_an_act_in_parts_count_once_whether_or_not_it_says_how_many() -> None:
    shown = tuple(ShownCase(f"nl-np:{at}", ShownForm.HIT, "hit_only") for at in range(MOST_SHOWN + 2))
    act = Act(ActKind.SEARCH, ANNA.subject, ANNA.agency, query="sealed", shown=shown, facts=ActFacts(hits=len(shown)))
    for newest in (PLAIN_FORMAT, FACTS_FORMAT):
        parts = split_act(in_format(act, newest), f"{OTHER}|0") or []
        assert len(parts) == 2
        _, entries = bind_acts(Chain(f"{OTHER}|0"), [(part, NOW) for part in parts])
        assert follow(entries, 2 * len(shown), ONE).remaining(ANNA, NOW) == len(shown)


async def test_two_servers_and_all_forms_share_one_budget(api: Api) -> None:
    """Each asks once at either server: what both have given is what a third one knows of."""
    hold(api)
    daily = api.settings.hit_budget
    for writer in (ONE, OTHER):
        for ask in FORMS:
            await ask(api)
        entries = entries_of(api, writer)
        late = follow(entries, daily, "host-3|1|")
        assert late.remaining(ANNA, NOW) == api.runtime.hits.remaining(ANNA, NOW)
    assert late.remaining(ANNA, NOW) == daily - 2 * len(FORMS)


def test_days_that_have_ended_are_forgotten() -> None:
    """Yesterday is kept: another server's clock may not be past midnight yet. Entries of another year end no day."""
    budget = HitBudget(5)
    for day in range(400):
        now = NOW + timedelta(days=day)
        assert budget.remaining(ANNA, now) == 5
        assert budget.spend(ANNA, now, 3) == 3
        assert len(budget.days) <= 2
    act = Act(ActKind.SEARCH, ANNA.subject, ANNA.agency, shown=(ShownCase("nl-np:1", ShownForm.HIT),))
    for days in (0, 300, 800):
        budget.record_entry(Chain("host-9|1|").make_entry(act, NOW + timedelta(days=days)))
    assert budget.remaining(ANNA, now) == 2
    assert {day.year for day in budget.days} == {now.year, (NOW + timedelta(days=800)).year}


def list_searches(entries: list[AuditEntry]) -> list[AuditEntry]:
    """Those of the entries of `audit` that notify takes for searches."""
    values = map(msgspec.json.encode, entries)
    records: list[Any] = [
        SimpleNamespace(topic="audit", partition=0, offset=at, value=value) for at, value in enumerate(values)
    ]
    return [found for record in records if (found := decode_search(record)) is not None]


@FORMATS
@pytest.mark.parametrize("ask", FORMS)
async def test_owners_of_silent_records_hear_of_it(
    api: Api, ask: Callable[[Api], Awaitable[None]], newest: int
) -> None:
    hold(api)
    await ask(api)
    reader = IndexReader(api.index, Indices("", ""), lambda: NOW)
    silent = SilentSearches(reader, api.stages.model, api.runtime.cipher, RING, lambda: NOW)
    entries = entries_of(api, newest=newest)
    told = [notice for entry in list_searches(entries) async for notice in silent.notices(entry)]
    assert {(notice.agency, notice.other_agency) for notice in told} == {("es-cnp", "fr-pj")}
    assert len({notice.id for notice in told}) == 1


@FORMATS
@pytest.mark.parametrize("form", ["json", "xlsx", "csv"])
async def test_a_search_that_is_shared_meets_shared_alerts(api: Api, form: str, newest: int) -> None:
    asked = Search(QUESTION, share=True)
    why = Grounds(Purpose.INVESTIGATION, "BX/12")
    alert = make_alert("s1", QUESTION, "", BERT, why, NOW, shared=True)
    api.index.write([alert_document(msgspec.json.encode(alert), 0)])
    if form == "json":
        await api.post("/v1/search", msgspec.to_builtins(asked))
    else:
        await by_file(api, form, asked)
    decisions = DecisionReader(api.index, Indices("", "g1"), RING)
    finder = SharedSearches(SharedQuestions(decisions, api.stages.model), api.runtime.cipher)
    told: list[Notice] = []
    for entry in list_searches(entries_of(api, newest=newest)):
        told += [one.notice async for one in finder.find_questions(entry, 0) if one.notice is not None]
    assert {(one.agency, one.other_agency) for one in told} == {("fr-pj", "be-fp"), ("be-fp", "fr-pj")}
