from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

import pipeline.web
from pipeline.access.case_filters import Filters
from pipeline.access.requester import Grounds, Purpose
from pipeline.api.answers import SearchAnswer
from pipeline.api.past_searches import seal_search
from pipeline.api.services.search import JudgedSearch, Search, search
from pipeline.api.session import Session
from pipeline.streams.audit.audit_log import AuditError
from pipeline.web.page import OpenPage
from pipeline.web.page_events import EVENT_CHARS
from pipeline.web.page_sockets import MESSAGE_BYTES
from pipeline.web.pages.search import ASKED, MOST_HELD, PAGE
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import person, record, vehicle
from support.web.pages import RenderedPage, opened


async def asked(api: Api, question: str, language: str = "en", **filters: str) -> RenderedPage:
    page = await opened(api, PAGE, ANNA, language)
    await page.happen(ASKED, {"q": question, **filters})
    return page


def addresses(page: RenderedPage, word: str) -> list[dict[str, list[str]]]:
    """What the links ask whose text or label begins with a word."""
    return [
        parse_qs(attributes["href"].partition("#")[2])
        for tag, said, attributes in page.drawn()
        if tag == "a" and (said or attributes.get("aria-label", "")).startswith(word)
    ]


def chips(drawn: list[tuple[str, str, dict[str, Any]]]) -> list[tuple[str, str, dict[str, Any]]]:
    """What stands between the words before the chips and what follows: hints, a result, the word that there is none."""
    start = [what for _, what, _ in drawn].index("Compris comme")
    ends = (
        at
        for at, (tag, _, told) in enumerate(drawn)
        if tag == "section" or "data-state" in told or told.get("role") == "status"
    )
    end = next(at for at in ends if at > start)
    return drawn[start:end]


async def test_a_date_that_can_be_two_is_shown_as_both_and_can_be_settled(api: Api) -> None:
    page = await asked(api, "ivan petrov 03/04/1982", country="BE")
    assert "Understood as" in page.said()
    assert "Date of birth 3 Apr 1982 or 4 Mar 1982" in page.said()
    assert "Name or text ivan petrov" in page.said()
    assert addresses(page, "Only: Date of birth") == [
        {"q": ["ivan petrov born:1982-04-03"], "country": ["BE"]},
        {"q": ["ivan petrov born:1982-03-04"], "country": ["BE"]},
    ]
    assert addresses(page, "Remove 03/04/1982") == [{"q": ["ivan petrov"], "country": ["BE"]}]


def sealed(api: Api, question: str, reference: str, **filters: Any) -> str:
    session = api.session(ANNA)
    session.grounds = Grounds(Purpose.INVESTIGATION, reference)
    made = seal_search(session, question, Filters(**filters))
    assert made is not None
    return made.text


async def test_past_searches_stand_by_case_reference_until_they_are_forgotten(api: Api) -> None:
    other = sealed(api, "иван", "2026/2")
    api.now += timedelta(hours=1)
    held = [sealed(api, "petrov", "2026/1", roles=("suspect",)), sealed(api, "", "2026/2", countries=("BE",)), other]
    page = await opened(api, PAGE, ANNA)
    await page.happen(ASKED, {"past": json.dumps(held)})
    said = page.said()
    assert said.index("2026/1") < said.index("petrov") < said.index("2026/2") < said.index("Search tips")
    links = [parse_qs(told["href"].partition("#")[2]) for tag, _, told in page.drawn() if tag == "a"]
    assert links[:3] == [{"q": ["petrov"], "role": ["suspect"]}, {"country": ["BE"]}, {"q": ["иван"]}]
    await page.press("Forget")
    assert "2026/1" not in page.said().partition("Search tips")[0].replace("recorded for 2026/1", "")
    await page.press("Forget all")
    assert "Recent searches" not in page.said()
    assert "Search tips" in page.said()


@pytest.mark.parametrize("told", ["", "no JSON", "{}", '["nonsense"]', "[]"])
async def test_what_no_browser_of_the_viewer_holds_is_no_past_search(api: Api, told: str) -> None:
    page = await opened(api, PAGE, ANNA)
    await page.happen(ASKED, {"past": told})
    assert "Recent searches" not in page.said()
    assert "Search tips" in page.said()


async def test_chips_follow_from_the_question_alone(api: Api) -> None:
    before = (await asked(api, "иван 0612345678", "fr")).drawn()
    api.hold(record("fr-pj", "0612345678"))
    page = await asked(api, "иван 0612345678", "fr")
    assert "Affair" in page.said()
    assert chips(page.drawn()) == chips(before) != []


async def test_an_offence_narrows_and_alone_lists(api: Api) -> None:
    api.hold(
        record("fr-pj", "1", offences=[{"scheme": "ICCS", "code": "05012"}]),
        record("fr-pj", "2", offences=[{"scheme": "ICCS", "code": "0601"}]),
    )
    for question in ("offence:0501", "ivan petrov iccs:0501", "offence:burglary"):
        said = (await asked(api, question)).said()
        assert "Affair 1" in said
        assert "Affair 2" not in said
    assert "Offence ICCS 0501 · Burglary" in (await asked(api, "offence:0501")).said()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the page's script was told to open."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(OpenPage, "call_script", lambda _, *call: calls.append(call) if call[0] == "open" else None)
    return calls


def _passport(value: str) -> dict[str, Any]:
    return person("Zoltan Nagy", id="p1", identifiers=[{"type": "passport", "value": value, "country": "HU"}])


@pytest.mark.parametrize(
    "question", ["2026-0417", "be-fp:2026-0417", "case:2026-0417", "751234567", "number:751234567"]
)
async def test_enter_opens_a_single_exact_one(api: Api, told: list[Any], question: str) -> None:
    api.hold(
        record("be-fp", "2026-0417", entities=[_passport("751234567")]),
        record("be-fp", "2", entities=[_passport("751234568")]),
        record("be-fp", "3", entities=[_passport("20260418")]),
    )
    await asked(api, question, enter="1")
    assert told == [("open", "/cases/be-fp:2026-0417")]


@pytest.mark.parametrize("question", ["751234567", "75123456", "ivan petrov", "751234567 zoltan", "2026-0417"])
async def test_enter_opens_nothing_else(api: Api, told: list[Any], question: str) -> None:
    api.hold(
        record("be-fp", "1", entities=[_passport("751234567")]),
        record("be-fp", "2", entities=[_passport("751234567")]),
        record("fr-pj", "2026-0417"),
        record("be-fp", "4", "H2", entities=[_passport("20260417")]),
    )
    page = await asked(api, question, enter="1")
    assert told == []
    assert "Understood as" in page.said()


async def test_a_link_or_the_way_back_opens_nothing(api: Api, told: list[Any]) -> None:
    api.hold(record("be-fp", "2026-0417"))
    assert "Affair 2026-0417" in (await asked(api, "2026-0417")).said()
    assert told == []


def _man(agency: str, number: str, role: str, year: int) -> dict[str, Any]:
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01", role=role)
    return record(agency, number, entities=[man], opened=f"{year}-02-03")


async def test_several_values_of_a_facet_can_be_chosen_and_let_go(api: Api) -> None:
    api.hold(
        _man("fr-pj", "1", "suspect", 2025), _man("be-fp", "2", "Witness", 2026), _man("be-fp", "3", "suspect", 2026)
    )
    page = await asked(api, "ivan petrov", role="suspect")
    assert "Role 1 suspect 2 witness 1" in " ".join(page.said().split())
    assert "Affair 2" not in page.said()
    by_role, kept = (
        [query for query in addresses(page, "") if query.get("role") == roles] for roles in (["suspect,witness"], None)
    )
    assert by_role == [{"q": ["ivan petrov"], "role": ["suspect,witness"]}]
    assert {"q": ["ivan petrov"]} in kept
    assert {"q": ["ivan petrov"], "role": ["suspect"], "year": ["2026"]} in addresses(page, "")
    both = await asked(api, "ivan petrov", role="suspect,witness", country="BE,NL")
    assert "Country Belgium Country Netherlands Role suspect Role witness Clear" in " ".join(both.said().split())
    assert "2 records" in both.said()


async def test_all_that_filters_leave_is_counted(api: Api) -> None:
    api.hold(*(_man("be-fp", str(number), "suspect", 2026) for number in range(30)), record("be-fp", "x", "H3"))
    said = (await asked(api, "", country="BE")).said()
    assert "30 records in all" in said
    assert "Records 1–25 of 30" in said


async def test_a_result_says_whom_it_is_about(api: Api) -> None:
    several: dict[str, Any] = {"names": [{"full": "Ivan Petrov"}, {"full": "Борис Савин", "kind": "alias"}]}
    man = person("", id="p2", birth_date="1980-05-01", role="suspect", **several)
    api.hold(record("fr-pj", "1", title="Vol", opened="2026-10-28", entities=[person("Anna Keller", id="p1"), man]))
    said = " ".join((await asked(api, "boris savin")).said().split())
    assert "Ivan Petrov Theft Vol born 1 May 1980 suspect fr-pj:1 France 28 Oct 2026" in said
    assert "борис савин" in said, "the name that was compared is a reason"
    by_number = " ".join((await asked(api, "case:1")).said().split())
    assert "Anna Keller Theft Vol fr-pj:1 France" in by_number


@pytest.mark.parametrize(
    ("question", "language", "said"),
    [
        ("+33 6 12 34 56 78", "en", "Exact number"),
        ("06 12 34 56 78", "en", "Exact number"),
        ("52NO43308", "fr", "Numéro exact"),
        ("i.petrov@mail.example", "en", "Exact e-mail address"),
        ("city:Lyon", "en", "In this city"),
        ("Lyon", "es", "En esta ciudad"),
        ("offence:0501 city:Lyon", "en", "In this city"),
        ("3 May 1980", "en", "Born then"),
        ("fr-pj:1", "en", "Exact number"),
    ],
)
async def test_what_was_looked_up_is_told_as_what_it_is_and_nothing_else_is_marked(
    api: Api, question: str, language: str, said: str
) -> None:
    """The very phone was "Possible", typed nationally "Weak"; of the very city street and house number were marked."""
    _hold_resident(api)
    page = await asked(api, question, language)
    assert said in page.said()
    rows = page.markup('class="result"')
    assert 'class="band"' not in rows
    assert "<mark>" not in rows


@pytest.mark.parametrize(
    ("question", "language", "chips_"),
    [
        ("burglaries in Lyon in March", "en", ["Offence: burglaries?", "City: Lyon?", "March: 1–31 Mar 2026?"]),
        ("cambriolage Lyon mars", "fr",
         ["Infraction\xa0: cambriolage\u202f?", "Ville\xa0: Lyon\u202f?", "mars\xa0: 1–31 mars 2026\u202f?"]),
        ("robos en Lyon en marzo", "es", ["Delito: ¿robos?", "Ciudad: ¿Lyon?", "marzo: ¿1–31 mar 2026?"]),
    ],
)  # fmt: skip
async def test_what_a_sentence_may_mean_is_offered_as_chips_and_never_applied_unasked(
    api: Api, question: str, language: str, chips_: list[str]
) -> None:
    before = await asked(api, question, language)
    _hold_resident(api)
    page = await asked(api, question, language, country="FR", to="2020-01-01")
    assert "fr-pj:1" not in page.said()
    page = await asked(api, question, language)
    assert page.said() == before.said(), "what is offered follows from the question and the day alone"
    offered = _offers(page)
    assert [said for said, _ in offered[:-1]] == chips_
    address = parse_qs(offered[-1][1].partition("#")[2])
    assert (address["from"], address["to"]) == (["2026-03-01"], ["2026-03-31"])
    applied = await asked(api, address["q"][0], language)
    assert "fr-pj:1" in applied.said()
    narrowed = await asked(api, address["q"][0], language, **{"from": "2026-03-01", "to": "2026-03-31"})
    assert "fr-pj:1" not in narrowed.said(), "it was opened in another month"


def _offers(page: RenderedPage) -> list[tuple[str, str]]:
    """The chips that offer something, and where each leads."""
    drawn, found = page.drawn(), []
    for at, (tag, _, told) in enumerate(drawn):
        if tag == "a" and "q=" in told.get("href", "") and drawn[at + 1][0] == "b":
            said = [word for inner, word, _ in drawn[at + 1 : at + 3] if inner in ("b", "bdi")]
            found.append((" ".join(said), told["href"]))
    return found


def _hold_resident(api: Api) -> None:
    home = {
        "street": "12 rue de la République",
        "postcode": "69002",
        "city": "Lyon",
        "country": "FR",
    }
    passport = {"type": "passport", "value": "52NO43308", "country": "RU"}
    man = person(
        "Ivan Petrov", id="p1", birth_date="1980-05-03", addresses=[home], identifiers=[passport],
        phones=["+33612345678"], emails=["i.petrov@mail.example"],
    )  # fmt: skip
    api.hold(record("fr-pj", "1", entities=[man], offences=[{"scheme": "ICCS", "code": "0501"}]))


async def test_only_what_contradicts_a_question_is_marked_and_dates_have_one_form(api: Api) -> None:
    _hold_resident(api)
    for question in ("ivan petrov 1980", "ivan petrov 1980-05 city:Lyon"):
        page = await asked(api, question)
        assert "<mark>" not in page.markup('class="result"')
        assert page.said().count("3 May 1980") == 2, "in the row and among its reasons"
        assert "1980-05-03" not in page.said()
        assert "Exact" not in page.said()
    apart = await asked(api, "ivan petrov 52NO43308 3 Mar 1980")
    assert "3 <mark>May</mark> 1980" in apart.markup('class="result"')


async def test_a_thing_is_told_as_what_it_is(api: Api) -> None:
    api.hold(record("fr-pj", "1", title="Vol", entities=[vehicle("AB-123-CD", "FR", id="v1", role="stolen")]))
    assert "AB-123-CD Theft Vol Vehicle stolen fr-pj:1" in " ".join((await asked(api, "AB-123-CD")).said().split())


@pytest.mark.parametrize("fails", [False, True])
async def test_an_answer_that_comes_after_a_later_question_is_not_shown(
    api: Api, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    api.hold(record("fr-pj", "1", title="Early"), record("fr-pj", "2", title="Late"))
    answered = asyncio.Event()

    async def slow_for_early(session: Session, asking: Search, judged: JudgedSearch) -> SearchAnswer:
        if asking.question == "Early":
            await answered.wait()
            if fails:
                raise AuditError("away")
        return await search(session, asking, judged=judged)

    monkeypatch.setattr("pipeline.web.pages.search.search", slow_for_early)
    page = await opened(api, PAGE, ANNA)
    early = asyncio.create_task(page.happen(ASKED, {"q": "Early"}))
    await asyncio.sleep(0)
    await page.happen(ASKED, {"q": "Late"})
    shown = page.drawn()
    answered.set()
    await early
    assert "Late" in page.said()
    assert page.drawn() == shown


async def test_that_hit_only_records_were_not_asked_is_said_beside_results_and_where_there_are_none(
    api: Api, told: list[tuple[Any, ...]]
) -> None:
    """A page that opened the only result at once would leave it unsaid."""
    passport = {"type": "passport", "value": "C01X00T47", "country": "FR"}
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1", identifiers=[passport])]))
    api.runtime.hits.spend(ANNA, api.now, api.settings.hit_budget)
    said = "Hit-only records not asked: today's hits are used up"
    for question in ("C01X00T47", "zbigniew oczko 1970-01-01"):
        page = await opened(api, PAGE, ANNA)
        await page.happen(ASKED, {"q": question, "enter": "1"})
        assert said in page.said()
        assert told == []
    assert said not in (await asked(api, "ivan petrov")).said()


async def test_what_nothing_has_and_what_may_be_meant_stand_above_the_results(api: Api) -> None:
    page = await asked(api, "Drozdov -Natalya pasport:123456", "en")
    said = page.said()
    assert "Left out" in said
    assert "No record that you can read has" in said
    assert "Silent records" not in said
    assert addresses(page, "Drozdov")[-1]["q"] == ["Drozdov -Natalya passport:123456"]


@pytest.mark.parametrize(
    "question",
    ["a" * 996, "a" * 997, "a" * 1000, "a" + "\u0301" * 999, "a " + "b" * 998],
    ids=["fits", "settled too long", "longest", "marks", "two words"],
)
async def test_a_question_of_a_thousand_characters_is_answered(api: Api, question: str) -> None:
    assert "No record that you can read has" in (await asked(api, question)).said()


async def test_a_longer_one_is_refused_with_a_word(api: Api) -> None:
    assert "longer than 1000 characters" in (await asked(api, "a" * 1001)).said()


async def test_agencies_whose_latest_records_are_held_up_are_named(api: Api) -> None:
    assert "may be missing" not in (await asked(api, "ivan petrov")).said()
    api.without = ("be-fp", "nl-np")
    assert "Recent records may be missing from: be-fp, nl-np" in (await asked(api, "ivan petrov")).said()


async def test_while_the_index_is_away_the_page_asks_again_by_itself_with_the_same_search(api: Api) -> None:
    api.hold(record("fr-pj", "1"))
    api.index.away = True
    page = await asked(api, "fr-pj:1", country="FR")
    assert "The search index does not answer We try again. Missing from this print Try again" in page.said()
    for inside in ("Elastic", "Kafka", "internal", "ConnectionError"):
        assert inside not in page.said()
    await page.wait_again()
    assert "We try again." in page.said()
    api.index.away = False
    await page.wait_again()
    assert "1 record" in page.said()
    assert "Affair 1" in page.said()


async def test_try_again_keeps_the_question(api: Api) -> None:
    api.hold(record("fr-pj", "1"))
    api.index.away = True
    page = await asked(api, "fr-pj:1", "fr")
    assert "L'index de recherche ne répond pas Nous réessayons." in page.said()
    api.index.away = False
    await page.press("Réessayer")
    assert "Affair 1" in page.said()


def test_what_a_browser_holds_of_past_searches_fits_into_one_message() -> None:
    script = (Path(pipeline.web.__file__).parent / "static" / "searches.js").read_text(encoding="utf-8")
    assert f"MOST_CHARACTERS = {MOST_HELD};" in script
    assert MOST_HELD + EVENT_CHARS < MESSAGE_BYTES
