"""What a question that is nearly right finds, and that it finds nothing of hit-only records."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pipeline.access.audit import ShownForm
from pipeline.access.case_filters import Filters
from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.requester import Role, parse_grounds
from pipeline.api.answers import SearchAnswer, told
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.disclosures import grant_disclosure, request_disclosure, revoke_disclosure
from pipeline.api.services.search import JudgedSearch, Search, count_facets, search
from pipeline.index.filters import FacetCounts
from pipeline.search.understanding import SearchHintKind
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import person, record, vehicle


def _passport(value: str, **fields: Any) -> dict[str, Any]:
    return person("Zoltan Nagy", id="p1", identifiers=[{"type": "passport", "value": value, "country": "HU"}], **fields)


async def ask(api: Api, question: str) -> SearchAnswer:
    return await search(api.session(ANNA), Search(question, "FR"))


def found(answer: SearchAnswer) -> list[str]:
    return [row.case for row in answer.results]


def _score(answer: SearchAnswer, at: int) -> int:
    return told(answer.results[at].score) or 0


@pytest.mark.parametrize("typed", ["751234568", "715234567", "75123456", "7512345677", "number:751234568"])
async def test_a_number_with_one_slip_finds_its_case(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("751234567")]))
    answer = await ask(api, typed)
    assert found(answer) == ["be-fp:1"]
    assert answer.results[0].met == ("near",)
    assert "one character different" in (told(answer.results[0].why) or ())[0]


async def test_a_slip_weighs_less_than_another_name(api: Api) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("751234567")]))
    assert found(await ask(api, "zoltan nagy 751234568")) == ["be-fp:1"]
    assert found(await ask(api, "ivan petrov 751234568")) == []


async def test_the_right_number_comes_first(api: Api) -> None:
    api.hold(
        record("be-fp", "1", entities=[_passport("751234568")]), record("be-fp", "2", entities=[_passport("751234567")])
    )
    answer = await ask(api, "751234567")
    assert found(answer) == ["be-fp:2", "be-fp:1"]
    assert _score(answer, 0) > _score(answer, 1)


@pytest.mark.parametrize("typed", ["751234588", "75123", "851234568"])
async def test_two_slips_find_nothing(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("751234567")]))
    assert found(await ask(api, typed)) == []


async def test_a_number_whose_check_digit_is_right_is_another(api: Api) -> None:
    account = {"id": "a1", "type": "account", "iban": "FR7630006000011234567890189"}
    api.hold(record("be-fp", "1", entities=[account]))
    assert found(await ask(api, "FR7630006000011234567890198")) == ["be-fp:1"]


@pytest.mark.parametrize("typed", ["AB12", "plate:AB1", "B123C", "23CD", "ab-123-cd", "plate:ab-123-?d"])
async def test_a_part_of_a_plate_finds_the_car(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[vehicle("AB-123-CD", "FR", id="v1")]))
    assert found(await ask(api, typed)) == ["be-fp:1"]


@pytest.mark.parametrize("typed", ["AB13", "plate:BA1", "plate:AB"])
async def test_what_is_no_part_of_it_does_not(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[vehicle("AB-123-CD", "FR", id="v1")]))
    assert found(await ask(api, typed)) == []


@pytest.mark.parametrize("typed", ["751234568", "715234567", "number:75123456", "AB12", "plate:AB1", "plate:AB*"])
async def test_hit_only_records_answer_no_number_that_is_not_whole(api: Api, typed: str) -> None:
    before = await ask(api, typed)
    asked, api.engine.calls = [(call.kind, call.where) for call in api.engine.calls], []
    api.hold(record("be-fp", "1", "H2", entities=[_passport("751234567"), vehicle("AB-123-CD", "FR", id="v1")]))
    assert await ask(api, typed) == before
    assert [(call.kind, call.where) for call in api.engine.calls] == asked
    assert sum(len(call.ids) for call in api.engine.calls) == 0


async def test_hit_only_records_answer_whole_numbers_as_before(api: Api) -> None:
    api.hold(record("be-fp", "1", "H2", entities=[_passport("751234567"), vehicle("AB-123-CD", "FR", id="v1")]))
    for typed in ("751234567", "AB123CD"):
        answer = await ask(api, typed)
        assert (found(answer), len(answer.hits)) == ([], 1)


async def test_twenty_rows_and_the_cursor_of_a_next_page_are_small(api: Api) -> None:
    man = person("Ivan Sergeyevich Petrov", id="p1", birth_date="1980-05-01")
    api.hold(*(record("be-fp", f"2026-{number:06}", entities=[man]) for number in range(30)))
    answer = await api.post("/v1/search", {"question": 'name:"Ivan Petrov" 1980'})
    assert len(answer.json()["results"]) == 20
    assert len(answer.json()["next"]) < 280
    assert [part["words"] for part in answer.json()["understood"]] == ["1980"]
    beside = sum(len(str(row["why"]).encode()) for row in answer.json()["results"])
    assert len(answer.content) - beside < 4500, "what an answer takes beside its reasons"


async def test_a_row_names_no_title_or_caveat_where_there_is_none_unless_evidence_is_asked_for(api: Api) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("751234567")], title=None))
    brief = (await api.post("/v1/search", {"question": "751234567"})).json()["results"][0]
    whole = (await api.post("/v1/search", {"question": "751234567", "evidence": True})).json()["results"][0]
    assert {name for name in whole if name not in brief} == {"title", "caveat", "evidence", "about"}
    assert (whole["title"], whole["caveat"]) == (None, None)
    assert brief == {name: whole[name] for name in brief}


def hinted(answer: SearchAnswer) -> list[tuple[str, str]]:
    return [(hint.kind, hint.words) for hint in answer.hints]


async def test_an_empty_answer_says_which_part_nothing_has_and_what_to_try(api: Api) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("751234567")]))
    answer = await ask(api, "ivan petrov +33 6 12 34 56 78 number:999888777")
    assert hinted(answer) == [
        ("not_found", "ivan petrov"), ("not_found", "+33 6 12 34 56 78"), ("not_found", "number:999888777")
    ]  # fmt: skip
    assert all(hint.advice for hint in answer.hints)
    french = await search(api.session(ANNA, language="fr"), Search("ivan petrov", "FR"))
    assert french.hints[0].advice == "Essayez une autre graphie, moins de mots, ou une autre écriture."


async def test_a_partial_answer_says_which_part_nothing_has(api: Api) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("751234567")]))
    answer = await ask(api, "zoltan nagy 0612345678 a@b.example")
    assert found(answer) == ["be-fp:1"]
    assert hinted(answer) == [("not_found", "0612345678"), ("not_found", "a@b.example")]
    assert hinted(await ask(api, "zoltan nagy 751234568")) == []


async def test_a_hidden_record_moves_no_hint(api: Api) -> None:
    asked = "zoltan nagy 0612345678"
    before = hinted(await ask(api, asked))
    hidden = record("be-fp", "2", entities=[_passport("751234567", phones=["+33612345678"])])
    api.hold(hidden | {"handling": {"code": "H3", "releasable_to": ["*"]}})
    assert hinted(await ask(api, asked)) == before == [("not_found", "zoltan nagy"), ("not_found", "0612345678")]


@pytest.mark.parametrize("typed", ["offence:0501 city:Lyon", "offence:burglary Lyon", "Lyon iccs:0501"])
async def test_an_offence_narrows_who_is_at_a_place(api: Api, typed: str) -> None:
    for number, code in enumerate(("05012", "0601")):
        offences = [{"scheme": "ICCS", "code": code}]
        api.hold(record("be-fp", str(number), entities=[_living("Zoltan Nagy", "Lyon")], offences=offences))
    answer = await ask(api, typed)
    assert (found(answer), hinted(answer)) == (["be-fp:0"], [])
    assert answer.results[0].met == ("place",)


async def test_no_hint_says_of_a_narrowed_set_that_no_record_has_what_is_asked(api: Api) -> None:
    api.hold(record("be-fp", "1", entities=[_living("Zoltan Nagy", "Lyon")]))
    for asked in ("city:Lyon", "zoltan nagy", "Lyon 1980"):
        narrowed = Search(asked, "FR", filters=Filters(countries=("NL",)))
        assert (await search(api.session(ANNA), narrowed)).hints == ()
        answer = await ask(api, f"offence:0501 {asked}")
        assert (found(answer), hinted(answer)) == ([], [])


async def test_a_hint_never_says_that_no_record_has_a_name_or_place_that_another_part_kept_out(api: Api) -> None:
    api.hold(record("be-fp", "1", entities=[_living("Zoltan Nagy", "Lyon")]))
    assert hinted(await ask(api, "ivan petrov city:Lyon")) == [("not_together", "ivan petrov city:Lyon")]
    assert hinted(await ask(api, "born:1980-05 ivan city:Lyon")) == [("not_together", "born:1980-05 ivan city:Lyon")]
    assert hinted(await ask(api, "city:Nice")) == [("not_found", "city:Nice")]


def _living(name: str, city: str) -> dict[str, Any]:
    return person(name, id="p1", addresses=[{"city": city}])


@pytest.mark.parametrize("typed", ["52N043308", "passport:52NO43308", "pasport:52NO43308"])
async def test_a_passport_is_found_by_its_prefix_and_with_a_zero_for_an_o(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("52NO43308")]))
    assert found(await ask(api, typed)) == ["be-fp:1"]


async def test_a_vin_that_is_one_short_finds_its_car(api: Api) -> None:
    api.hold(record("be-fp", "1", entities=[vehicle("AB-123-CD", "FR", vin="WVWZZZ1JZXW000001", id="v1")]))
    assert found(await ask(api, "WVWZZZ1JZXW00001")) == ["be-fp:1"]
    assert found(await ask(api, "WVZZZ1JZXW000001")) == ["be-fp:1"]


@pytest.mark.parametrize("typed", ["Glock", "glock 17", "text:glock"])
async def test_things_are_found_by_their_words(api: Api, typed: str) -> None:
    weapon = {"id": "w1", "type": "weapon", "make": "Glock", "model": "17", "calibre": "9 mm"}
    api.hold(
        record("be-fp", "1", entities=[weapon]), record("be-fp", "2", entities=[vehicle("AB-123-CD", "FR", id="v1")])
    )
    assert found(await ask(api, typed)) == ["be-fp:1"]


async def test_words_alone_find_whoever_is_at_the_place_that_they_name(api: Api) -> None:
    living = person("Zoltan Nagy", id="p1", addresses=[{"city": "Lyon"}])
    named = person("Jeanne Lyon", id="p1", addresses=[{"city": "Nice"}])
    api.hold(record("be-fp", "1", entities=[living]), record("be-fp", "2", entities=[named]))
    answer = await ask(api, "Lyon")
    assert found(answer) == ["be-fp:2", "be-fp:1"]
    assert answer.results[1].met == ("place",)
    assert [reading.field for reading in answer.understood[0].readings] == ["name", "text", "city"]
    assert found(await ask(api, "Lyon 1980")) == ["be-fp:2"]


@pytest.mark.parametrize("typed", ["DROZDOV/NATALYA", "DROZDOV<<NATALYA", "ДРОЗДОВА/НАТАЛЬЯ"])
async def test_names_as_tickets_and_passports_write_them_are_found(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[person("Natalya Drozdova", id="p1")]))
    assert found(await ask(api, typed)) == ["be-fp:1"]


@pytest.mark.parametrize("typed", ["1980-05-03", "3 May 1980", "1980-05", "born:1980-05 type:person"])
async def test_a_date_of_birth_alone_finds_who_is_born_then(api: Api, typed: str) -> None:
    api.hold(
        record("be-fp", "1", entities=[person("Zoltan Nagy", birth_date="1980-05-03")]),
        record("be-fp", "2", entities=[person("Anna Kern", birth_date="1980-03-05")]),
        record("be-fp", "3", entities=[person("Hans Moser", birth_date="1981-05-03")]),
        record("be-fp", "4", entities=[person("Nikos Stavrou", birth_date="1980")]),
    )
    answer = await ask(api, typed)
    assert found(answer) == ["be-fp:1"]
    assert answer.hints == ()


@pytest.mark.parametrize("typed", ["1980-05-03", "1980-05", "born:1980-05-03 nationality:FR"])
async def test_no_hit_only_record_is_found_by_a_date_alone(api: Api, typed: str) -> None:
    """The answer is the same without the record, and nothing of it is counted."""
    without = await ask(api, typed)
    api.hold(record("nl-np", "1", "H2", entities=[person("Zoltan Nagy", birth_date="1980-05-03")]))
    answer = await ask(api, typed)
    assert answer == without
    assert (answer.results, answer.hits, answer.not_asked) == ((), (), "")
    assert answer.hints[0].kind is SearchHintKind.NOT_FOUND


async def test_a_date_alone_finds_so_many_and_says_where_there_are_more(api: Api) -> None:
    api.hold(
        *(record("be-fp", str(at), entities=[person("Zoltan Nagy", birth_date="1980-05-23")]) for at in range(101))
    )
    answer = await search(api.session(ANNA), Search("1980-05-23", limit=100))
    assert len(answer.results) == 100
    assert [hint.kind for hint in answer.hints] == [SearchHintKind.DATE_ALONE]
    assert answer.hints[0].advice.startswith("More people may be born then")


@pytest.mark.parametrize("typed", ["1980", "1978/1982", "1980~"])
async def test_a_year_alone_finds_nobody_and_says_so(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[person("Zoltan Nagy", birth_date="1980-05-03")]))
    answer = await ask(api, f"born:{typed}")
    assert found(answer) == []
    assert answer.hints[0].advice.startswith("A year or range of birth alone finds nobody")


async def _granted(api: Api, case: str, days: int = 12) -> str:
    """Anna's agency asks for a case of be-fp's, which grants it; the name of the request."""
    session = api.session(ANNA)
    ask = DisclosureAsk("the same passport", Urgency.ROUTINE, NOW + timedelta(days=1))
    asked = await request_disclosure(session, session.make_reference(case), ask)
    name = str(asked.disclosure.id)
    await grant_disclosure(api.session(BERT), name, NOW + timedelta(days=days))
    return name


async def test_a_granted_record_stands_in_its_place_with_its_name_its_reasons_and_its_end(api: Api) -> None:
    api.hold(
        record("be-fp", "1", entities=[person("Zoltan Nagy", id="p1")]),
        record("be-fp", "2", "H2", entities=[_passport("751234567", birth_date="1980-05-01")]),
        record("be-fp", "3", entities=[_passport("751234568", birth_date="1980-05-01")]),
    )
    question = Search("zoltan nagy 751234567 born:1980-05-01", "FR", evidence=True)
    before = await search(api.session(ANNA), question)
    assert (found(before), len(before.hits)) == (["be-fp:3", "be-fp:1"], 1)
    name = await _granted(api, "be-fp:2")
    answer = await search(api.session(ANNA), question)
    assert (found(answer), answer.hits) == (["be-fp:2", "be-fp:3", "be-fp:1"], ())
    row = answer.results[0]
    about = told(row.about)
    assert about
    assert (row.band, about.name, row.access_until) == (
        "certain",
        "Zoltan Nagy",
        (NOW + timedelta(days=12)).isoformat(),
    )
    assert _score(answer, 0) > _score(answer, 1)
    assert any("passport" in why for why in told(row.why) or ())
    assert all(told(other.access_until) is None for other in answer.results[1:])
    assert [shown.rule for shown in api.audit.acts[-1].shown if shown.case == "be-fp:2"] == ["granted"]
    await revoke_disclosure(api.session(BERT), name)
    after = await search(api.session(ANNA), question)
    assert (after.results, [hit.request and hit.request.state for hit in after.hits]) == (before.results, ["revoked"])


async def test_a_granted_record_that_another_part_speaks_against_is_found_by_its_number(api: Api) -> None:
    """As any record that is read in full: a number answers whatever the names say."""
    api.hold(record("be-fp", "2", "H2", entities=[_passport("751234567", birth_date="1980-05-01")]))
    await _granted(api, "be-fp:2")
    assert found(await ask(api, "ivan petrov 751234567 born:1944-02-03")) == ["be-fp:2"]


@pytest.mark.parametrize("typed", ["a" + "\u0301" * 999, "ivan petrov" + "\u0301" * 989, "e\u0301" * 500])
async def test_a_question_of_a_thousand_combining_marks_is_answered(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("751234567")]))
    answer = await ask(api, typed)
    assert found(answer) == []
    assert [hint.kind for hint in answer.hints] == ["not_found"]


async def test_marks_without_a_letter_are_refused_with_a_word(api: Api) -> None:
    with pytest.raises(UnprocessableError, match="nothing to search for"):
        await ask(api, "\u0301" * 1000)


def _held(api: Api) -> None:
    burglary, drugs = ([{"scheme": "ICCS", "code": code}] for code in ("0501", "0601"))
    api.hold(
        record("fr-pj", "1", opened="2026-01-02", offences=burglary, entities=[_man("Suspect"), vehicle("AB-1", "FR")]),
        record("fr-pj", "2", opened="2025-03-04", offences=drugs, entities=[_man("witness")]),
        record("be-fp", "3", opened="2025-12-31", offences=burglary, entities=[_man("suspect")]),
        record("be-fp", "4", "H2", opened="2025-05-05", offences=burglary, entities=[_man("victim")]),
        record("be-fp", "5", "H3", opened="2024-05-05", offences=burglary, entities=[_man("victim")]),
        record("nl-np", "6", to=["BE"], opened="2023-05-05", entities=[_man("missing")]),
        record("be-fp", "7", opened="2022-05-05", entities=[person("Anna Keller")]),
    )


def _man(role: str) -> dict[str, Any]:
    return person("Ivan Petrov", birth_date="1980-05-01", role=role)


async def counts(api: Api, question: str, **filters: Any) -> FacetCounts:
    return (await count_facets(api.session(ANNA), Search(question, "FR", filters=Filters(**filters)))).facets


def list_told(counted: FacetCounts, name: str) -> dict[str, int]:
    return {one.value: one.count for one in getattr(counted, name)}


async def test_a_questions_answers_are_counted_by_each_facet(api: Api) -> None:
    _held(api)
    found = await counts(api, "ivan petrov")
    assert found.cases == 3
    assert list_told(found, "countries") == {"FR": 2, "BE": 1}
    assert list_told(found, "agencies") == {"fr-pj": 2, "be-fp": 1}
    assert list_told(found, "types") == {"person": 3, "vehicle": 1}
    assert list_told(found, "roles") == {"suspect": 2, "witness": 1}
    assert list_told(found, "offences") == {"ICCS:0501": 2, "ICCS:0601": 1}
    assert list(list_told(found, "years").items()) == [("2026", 1), ("2025", 2)]


async def test_several_values_of_a_facet_can_be_chosen(api: Api) -> None:
    _held(api)
    found = await counts(api, "ivan petrov", roles=("suspect",))
    assert (found.cases, list_told(found, "roles")) == (2, {"suspect": 2, "witness": 1})
    assert list_told(found, "countries") == {"BE": 1, "FR": 1}
    assert list_told(found, "years") == {"2026": 1, "2025": 1}
    both = await counts(api, "ivan petrov", roles=("suspect", "witness"), years=(2025,))
    assert (both.cases, list_told(both, "countries")) == (2, {"FR": 1, "BE": 1})


@pytest.mark.parametrize("question", ["ivan petrov", ""])
@pytest.mark.parametrize(
    "filters",
    [{"countries": ("BE",)}, {"types": ("vehicle",)}, {"roles": ("suspect",), "years": (2025, 2026)},
     {"years": (2022,)}, {"offences": ("ICCS:0501",), "agencies": ("fr-pj", "be-fp")}],
)  # fmt: skip
async def test_as_many_are_counted_as_are_found(api: Api, question: str, filters: dict[str, Any]) -> None:
    _held(api)
    found = await search(api.session(ANNA), Search(question, "FR", 100, filters=Filters(**filters)))
    assert (await counts(api, question, **filters)).cases == len(found.results)


async def test_without_a_question_all_that_may_be_read_is_counted(api: Api) -> None:
    _held(api)
    found = await counts(api, "")
    assert (found.cases, list_told(found, "countries")) == (4, {"BE": 2, "FR": 2})
    assert (await counts(api, "offence:05")).cases == 2


async def test_what_is_counted_is_recorded(api: Api) -> None:
    _held(api)
    await counts(api, "ivan petrov")
    assert api.audit.acts[-1].kind == "read"


async def test_a_question_that_makes_no_sense_is_refused(api: Api) -> None:
    with pytest.raises(UnprocessableError):
        await counts(api, "born:nonsense")


def counted(api: Api) -> set[str]:
    """The records that the last act counted; it showed none in any other form."""
    shown = api.audit.acts[-1].shown
    assert {one.form for one in shown} <= {ShownForm.COUNTED}
    return {one.case for one in shown}


async def test_owners_are_told_of_the_few_records_that_are_counted(api: Api) -> None:
    """A number asked for gives country, role, offence and year of the one case that has it."""
    _held(api)
    await counts(api, "ivan petrov")
    assert counted(api) == {"be-fp:3"}, "own records and hit-only ones are not among them"
    assert {one.rule for one in api.audit.acts[-1].shown} == {"released"}
    await counts(api, "anna keller")
    assert counted(api) == {"be-fp:7"}
    await counts(api, "", roles=("suspect",))
    assert counted(api) == {"be-fp:3", "be-fp:7"}, "the roles are counted of all records"


async def test_counts_over_more_than_five_records_of_others_name_none(api: Api) -> None:
    api.hold(*(record("be-fp", str(number), entities=[_man("suspect")]) for number in range(5)))
    await counts(api, "ivan petrov")
    assert len(counted(api)) == 5
    api.hold(record("nl-np", "5", entities=[_man("suspect")]), record("fr-pj", "6", entities=[_man("witness")]))
    await counts(api, "ivan petrov")
    assert counted(api) == set()
    await counts(api, "ivan petrov", agencies=("nl-np",))
    assert counted(api) == {"nl-np:5"}, "one remains, whose other facets are counted alone"


async def test_counts_of_a_search_that_was_just_answered_join_its_access(api: Api) -> None:
    _held(api)
    asked = Search("ivan petrov", "FR")
    await search(api.session(ANNA), asked)
    await count_facets(api.session(ANNA), asked)
    assert counted(api) == set()
    elsewhere = api.session(ANNA)
    elsewhere.grounds = parse_grounds("investigation", "2026/2")
    for other in (api.session(make_requester("fr-pj", Role.INVESTIGATOR, subject="cleo")), elsewhere):
        await count_facets(other, asked)
        assert counted(api) == {"be-fp:3"}, "who did not search, or for another case, was shown nothing"
    await count_facets(api.session(ANNA), Search("ivan petrov", "BE"))
    assert counted(api) == {"be-fp:3"}
    api.now += timedelta(minutes=2)
    await count_facets(api.session(ANNA), asked)
    assert counted(api) == {"be-fp:3"}


async def test_counts_behind_a_search_judge_no_candidate_again(api: Api) -> None:
    _held(api)
    asked, judged = Search("ivan petrov", "FR", limit=1), JudgedSearch()
    alone = await count_facets(api.session(ANNA), asked)
    await search(api.session(ANNA), asked, judged=judged)
    api.index.calls.clear()
    assert (await count_facets(api.session(ANNA), asked, judged=judged)).facets == alone.facets
    assert [call.kind for call in api.index.calls] == ["get", "search"], "looked at now and counted, not selected"


async def test_counts_behind_a_search_leave_out_what_was_withdrawn_since(api: Api) -> None:
    _held(api)
    asked, judged = Search("ivan petrov", "FR"), JudgedSearch()
    await search(api.session(ANNA), asked, judged=judged)
    api.hold(record("be-fp", "3", "H3", version=2, entities=[_man("suspect")]))
    assert (await count_facets(api.session(ANNA), asked, judged=judged)).facets.cases == 2


@pytest.mark.parametrize(
    ("searched", "counted_"),
    [
        (Search("ivan petrov", "FR"), Search("anna keller", "FR")),
        (Search("ivan petrov", "FR", filters=Filters(agencies=("fr-pj",))), Search("ivan petrov", "FR")),
        (Search("ivan petrov", "FR", filters=Filters(agencies=("fr-pj",))),) * 2,
    ],
)
async def test_counts_of_another_search_or_by_a_facet_are_of_their_own(
    api: Api, searched: Search, counted_: Search
) -> None:
    _held(api)
    judged = JudgedSearch()
    await search(api.session(ANNA), searched, judged=judged)
    alone = await count_facets(api.session(ANNA), counted_)
    assert (await count_facets(api.session(ANNA), counted_, judged=judged)).facets == alone.facets


async def test_another_reader_is_counted_what_is_their_own(api: Api) -> None:
    _held(api)
    asked, judged = Search("ivan petrov", "FR"), JudgedSearch()
    await search(api.session(BERT), asked, judged=judged)
    assert (await count_facets(api.session(ANNA), asked, judged=judged)).facets.cases == 3


async def test_counts_cost_the_index_the_same_with_a_hidden_record(api: Api) -> None:
    _held(api)
    traces = []
    for _ in range(2):
        api.index.calls.clear()
        await counts(api, "ivan petrov")
        traces.append([(call.kind, call.where) for call in api.index.calls])
        api.hold(
            record("be-fp", "8", "H3", entities=[_man("suspect")]), record("be-fp", "9", "H2", entities=[_man("x")])
        )
    assert traces[0] == traces[1]
    assert counted(api) == {"be-fp:3"}
