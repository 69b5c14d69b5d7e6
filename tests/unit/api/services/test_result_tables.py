from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from pipeline.access.audit import ActKind
from pipeline.access.case_filters import Filters
from pipeline.access.requester import Role
from pipeline.api.list_store import STEP
from pipeline.api.list_worker import STEPS_A_TURN, run_round
from pipeline.api.problems import ForbiddenError, NotFoundError, UnprocessableError
from pipeline.api.result_files import ResultTable
from pipeline.api.services import result_tables
from pipeline.api.services.inbox import InboxFilter
from pipeline.api.services.links import CaseLinkFilter
from pipeline.api.services.result_tables import LinksPlace, ListPlace, tabulate
from pipeline.api.services.search import Search
from pipeline.api.session import Session
from pipeline.records.agencies import Agency
from support.access.requesters import ANNA, make_requester
from support.api.runtime import GROUNDS, Api
from support.records.builder import handling, person, record


def exporting(api: Api, who: Any = ANNA, language: str = "en") -> Session:
    session = api.session(who)
    return Session(session.runtime, who, session.grounds, language, file_form="xlsx")


async def made(api: Api, what: Any, place: msgspec.Struct, only: Any = (), language: str = "en") -> ResultTable:
    return await tabulate(exporting(api, language=language), what, msgspec.json.encode(place).decode(), only)


def column(table: ResultTable, name: str) -> list[object]:
    at = list(table.columns).index(name)
    return [row[at] for row in table.rows]


def hold(api: Api) -> str:
    """A case of ours, one of another agency, one that is hit only and one that is silent; the link of the first two."""
    passport = {"type": "passport", "value": "52NO43308", "country": "RU"}
    man = person("Иван Петров", id="p1", birth_date="1980-05-01", role="suspect", identifiers=[passport])
    caveat = handling("H1") | {"caveat": "Call first", "caveat_translations": {"fr": "Appeler d'abord"}}
    api.hold(
        record("fr-pj", title="Vol", entities=[man]),
        record("be-fp", title="Theft", opened="2026-02-03", entities=[man], handling=caveat),
        record("nl-np", code="H2", entities=[man]),
        record("de-bka", code="H3", entities=[man]),
    )
    for other in ("nl-np:1", "de-bka:1"):
        api.link("fr-pj:1", other)
    return api.link("fr-pj:1", "be-fp:1")


async def test_tables_name_agencies_in_full_and_translate_caveats(api: Api) -> None:
    hold(api)
    for name in ("be-fp", "nl-np"):
        api.agencies[name] = Agency(name, name[:2].upper(), title=f"Police {name}")
    asked: list[tuple[Any, msgspec.Struct]] = [
        ("search", Search("Иван Петров 1980-05-01 52NO43308", "FR")),
        ("inbox", InboxFilter()),
        ("links", LinksPlace("fr-pj:1")),
    ]
    for what, place in asked:
        table = await made(api, what, place, language="fr")
        rows = {row["Service"]: row for row in (dict(zip(table.columns, row, strict=True)) for row in table.rows)}
        assert rows["be-fp"]["Nom du service"] == "Police be-fp"
        assert (rows["be-fp"]["Réserve"], rows["be-fp"]["Réserve traduite"]) == ("Call first", "Appeler d'abord")
        if what != "inbox":
            assert (rows["nl-np"]["Nom du service"], rows["nl-np"]["Réserve"]) == ("Police nl-np", None)


async def test_a_search_is_a_table_with_columns_that_a_person_reads(api: Api) -> None:
    hold(api)
    table = await made(api, "search", Search("Иван Петров 1980-05-01 52NO43308", "FR"))
    assert sorted(map(str, column(table, "Record"))) == ["None", "be-fp:1", "fr-pj:1"]
    at = column(table, "Record").index("be-fp:1")
    told = {name: column(table, name)[at] for name in table.columns}
    assert told["In Latin letters"] == "Ivan Petrov"
    assert (told["Type"], told["Date of birth"], told["Role"]) == ("Person", "1980-05-01", "suspect")
    assert (told["Title"], told["Caveat"], told["Opened"], told["Band"]) == (
        "Theft",
        "Call first",
        "2026-02-03",
        "Certain",
    )
    assert told["Translated caveat"] is None
    assert isinstance(told["Bits"], Decimal)
    hit = column(table, "Agency").index("nl-np")
    assert column(table, "Access")[hit] == "Hit only: content on request"
    assert column(table, "Name")[hit] is None
    assert "de-bka" not in str(table)
    assert [(act.kind, act.object) for act in api.audit.acts] == [(ActKind.SEARCH, "xlsx")]
    shown = {one.case for one in api.audit.acts[0].shown}
    assert shown == {"fr-pj:1", "be-fp:1", "nl-np:1"}


async def test_filters_alone_list_and_ticked_rows_alone_are_kept(api: Api) -> None:
    api.hold(*(record("fr-pj", f"{number:03}") for number in range(120)))
    place = Search(filters=Filters(agencies=("fr-pj",)))
    assert len((await made(api, "search", place)).rows) == 120
    table = await made(api, "search", place, {"fr-pj:003", "fr-pj:110", "be-fp:9"})
    assert column(table, "Record") == ["fr-pj:003", "fr-pj:110"]


async def test_beyond_the_limit_rows_are_left_out_and_that_is_said(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_tables, "MOST_ROWS", 50)
    api.hold(*(record("fr-pj", f"{number:03}") for number in range(120)))
    table = await made(api, "search", Search(filters=Filters(agencies=("fr-pj",))))
    assert len(table.rows) == 50
    assert table.left_out == "The first 50 rows are here; others were left out. Narrow the list for the rest."


async def test_a_list_that_is_still_checked_says_how_many_of_its_rows_are_here(api: Api) -> None:
    sent = {**GROUNDS, "Content-Type": "text/csv"}
    rows = "\n".join(["name", *["Ivan Petrov"] * (STEP * STEPS_A_TURN + 10)])
    answer = await api.request("POST", "/v1/list-checks", ANNA, sent, content=rows.encode())
    place = ListPlace(answer.json()["list"]["id"])
    await run_round(api.runtime)
    table = await made(api, "list", place)
    assert len(table.rows) == STEP * STEPS_A_TURN
    asked = {"done": STEP * STEPS_A_TURN, "rows": STEP * STEPS_A_TURN + 10}
    assert table.left_out == "{done} of {rows} rows have been checked so far; the others are missing.".format(**asked)
    while await run_round(api.runtime):
        pass
    assert (await made(api, "list", place)).left_out == ""


async def test_an_inbox_and_the_links_of_a_case_are_tables(api: Api) -> None:
    link = hold(api)
    inbox = await made(api, "inbox", InboxFilter(), language="fr")
    assert (column(inbox, "Fiche"), column(inbox, "Catégorie")) == (["be-fp:1"], ["Certain"])
    links = await made(api, "links", LinksPlace("fr-pj:1"))
    assert column(links, "Record") == ["be-fp:1", None]
    assert column(links, "Ours")[0] == "Иван Петров"
    assert column(links, "Agency") == ["be-fp", "nl-np"]
    assert "de-bka" not in str((inbox, links))
    assert len((await made(api, "links", LinksPlace("fr-pj:1"), {link})).rows) == 1
    narrowed = await made(api, "links", LinksPlace("fr-pj:1", CaseLinkFilter(country="DE")))
    assert narrowed.rows == []
    assert {act.kind for act in api.audit.acts} == {ActKind.EXPORT}


async def test_what_may_not_be_read_is_not_there(api: Api) -> None:
    hold(api)
    for key in ("de-bka:1", "nl-np:1", "fr-pj:none"):
        with pytest.raises(NotFoundError):
            await made(api, "links", LinksPlace(key))
    with pytest.raises(NotFoundError):
        await made(api, "list", ListPlace("none"))
    with pytest.raises(ForbiddenError):
        await tabulate(exporting(api, make_requester("fr-pj", Role.AUDITOR)), "inbox", "{}")


@pytest.mark.parametrize("place", ["", "[]", '{"case": 1}', '{"nonsense": 1}'])
async def test_a_place_that_no_page_sends_is_refused(api: Api, place: str) -> None:
    with pytest.raises(UnprocessableError):
        await tabulate(exporting(api), "links", place)
