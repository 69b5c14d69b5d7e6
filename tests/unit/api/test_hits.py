"""Hit-only cases are no oracle: what may meet them, how often, and that they leave no other trace."""

from __future__ import annotations

from datetime import timedelta
from itertools import count, islice
from typing import Any, Final

import pytest

from pipeline.access.audit import ShownForm
from pipeline.access.case_filters import Filters
from pipeline.api.answers import FoundHit, SearchAnswer
from pipeline.api.services.search import Search, count_facets, search
from pipeline.correlation.key_ring import digest_name
from pipeline.index.documents import order_key_of, place_equals
from pipeline.index.queries import QueryLimits
from pipeline.index.searching import find_hits
from pipeline.matching.bands import HIT_BAND
from pipeline.matching.handling import Contact
from pipeline.search.questions import QuestionFields, parse_question
from support.access.requesters import ANNA, BERT, OPERATOR
from support.api.runtime import Api
from support.records.builder import RawCase, RawEntity, named, person, record


def hidden(**fields: Any) -> RawCase:
    man = person(
        "Ivan Petrov",
        id="p1",
        birth_date="1980-05-01",
        phones=["+33 6 12 34 56 78"],
        identifiers=[{"type": "passport", "value": "C01X00T47", "country": "DE"}],
        addresses=[{"city": "Gent"}],
    )
    car = {"id": "v1", "type": "vehicle", "plate": "1-ABC-234", "plate_country": "BE"}
    return record("nl-np", code="H2", title="Fraude", entities=[man, car], **fields)


async def ask(api: Api, question: str) -> SearchAnswer:
    return await search(api.session(ANNA), Search(question))


@pytest.mark.parametrize("question", ["Иван Петров 1980-05-01", "ivan petrov 1980-05-01 C01X00T47"])
async def test_a_whole_name_with_a_birth_date_tells_of_a_hit(api: Api, question: str) -> None:
    api.hold(hidden())
    answer = await ask(api, question)
    assert answer.results == ()
    (row,) = answer.hits
    reference = api.session(ANNA).make_reference("nl-np:1")
    assert row == FoundHit("hit", reference, "nl-np", Contact("desk of nl-np"), HIT_BAND, request=None)
    assert [(case.case, case.form) for case in api.audit.acts[-1].shown] == [("nl-np:1", ShownForm.HIT)]


@pytest.mark.parametrize(
    "question",
    ["ivan petrov", "ivan petrov 1980-05", "petrov 1980-05-01", "born:1980-05-01", "plate:1?BC*", "text:fraude",
     "city:Gent", "C01X00T4", "*BC-234", "ivan petrov 1955-01-02",
     "ivan petrov born:1980-05-01 born:1980-05-02", "ivan petrov born:1980-05-01~",
     "ivan petrov born:1980-05-01/1980-05-02", 'nickname:"Ivan Petrov" born:1980-05-01',
     'type:person ivan petrov born:1980 nationality:RU birthplace:Tver city:Gent',
     "type:organisation ivan petrov 1980-05-01"],
)  # fmt: skip
async def test_anything_less_tells_of_nothing(api: Api, question: str) -> None:
    api.hold(hidden())
    assert (await ask(api, question)).hits == ()
    assert api.audit.acts[-1].shown == ()


async def test_what_else_a_question_says_moves_no_hit(api: Api) -> None:
    """Neither a right guess nor a wrong one of what the record holds tells of it, in words or by fields."""
    api.hold(hidden())
    narrow = await ask(api, "ivan petrov 1980-05-01")
    right, wrong = (
        f"ivan petrov 1980-05-01 type:person nationality:{country} birthplace:{place} nickname:{short} city:{place}"
        for country, place, short in (("RU", "Gent", "Vanya"), ("PT", "Faro", "Zbigniew"))
    )
    assert narrow.hits
    assert (await ask(api, right)).hits == (await ask(api, wrong)).hits == narrow.hits
    fields = QuestionFields(name=("Ivan Petrov",), born=("1980-05-01",), nationality=("RU",), birthplace=("Gent",))
    assert (await search(api.session(ANNA), Search(fields=fields))).hits == narrow.hits


NEAR = [
    *(f"{year}-05-01" for year in range(1971, 1990)),
    *(f"1980-05-{day:02}" for day in range(1, 32)),
    *(f"1980-{month:02}-01" for month in range(1, 13)),
]


async def test_of_all_dates_the_equal_one_alone_answers_and_nothing_leads_to_it(api: Api) -> None:
    """Without the count of dates asked with one name, which would end this; and all that passes looks the same."""
    api.hold(hidden())
    session = api.session(ANNA)
    limits = QueryLimits(session.now.date(), session.viewer)
    asked = {date: parse_question(f"ivan petrov born:{date}") for date in NEAR}
    told = [
        date
        for date, question in asked.items()
        if await find_hits(api.runtime.unsealed, question, "", api.runtime.model, limits)
    ]
    assert told == ["1980-05-01"]
    (row,) = (await ask(api, "ivan petrov born:1980-05-01")).hits
    assert row.band == HIT_BAND
    assert (await ask(api, "ivan petrov born:1980-01-05")).hits == (row,)
    assert (await ask(api, "ivan petrov C01X00T47")).hits == (row,)
    assert (await ask(api, "ivan petrov born:1980-05-01 C01X00T47")).hits == (row,)


async def test_a_crowd_of_namesakes_keeps_no_equal_record_out(api: Api) -> None:
    """More of them than candidates are ranked, each nearer to the question by all words than the one that is equal."""
    crowd = [
        record(
            "nl-np", str(at), code="H2", entities=[person("Alexander Oczko", birth_date=f"1980-05-{1 + at % 30:02}")]
        )
        for at in range(130)
        if at % 30
    ]
    equal = record("nl-np", "999", code="H2", entities=[person("Sasha Oczko", birth_date="1980-05-01")])
    api.hold(*crowd, equal)
    (row,) = (await ask(api, "alexander oczko born:1980-05-01")).hits
    assert row.reference == api.session(ANNA).make_reference("nl-np:999")


async def test_a_name_without_blanks_is_a_whole_name(api: Api) -> None:
    api.hold(record("nl-np", code="H2", entities=[person("王小明", birth_date="1980-05-14")]))
    assert len((await ask(api, "王小明 born:1980-05-14")).hits) == 1
    assert (await ask(api, "王小明 born:1980-05-15")).hits == ()


async def test_filters_list_no_hit(api: Api) -> None:
    api.hold(hidden(), record("be-fp"))
    answer = await search(api.session(ANNA), Search(filters=Filters(countries=("NL", "BE"))))
    assert ([row.case for row in answer.results], answer.hits) == (["be-fp:1"], ())


async def test_a_spent_budget_hides_hits_and_says_so_alike_for_all(api: Api) -> None:
    api.hold(hidden())
    session = api.session(ANNA)
    assert api.runtime.hits.spend(ANNA, api.now, 199) == 199
    question = Search("ivan petrov 1980-05-01")
    assert (await search(session, question)).hits_left == 0
    spent = await search(session, question)
    assert (spent.hits, spent.hits_left) == ((), 0)
    assert (await search(session, Search("zbigniew oczko"))).hits_left == 0
    assert len((await search(api.session(BERT), question)).hits) == 1
    api.now += timedelta(days=1)
    assert len((await search(api.session(ANNA), question)).hits) == 1


@pytest.mark.parametrize(
    ("question", "told"),
    [("ivan petrov 1980-05-01", "budget"), ("zbigniew oczko 1970-01-01", "budget"), ("C01X00T47", "budget"),
     ("ivan petrov", ""), ("city:Gent", "")],
)  # fmt: skip
async def test_a_spent_budget_is_said_of_each_question_that_could_have_met_a_hit(
    api: Api, question: str, told: str
) -> None:
    """It follows from the question and from the asker's own spending: the same with and without the record."""
    before = (await ask(api, question)).not_asked
    api.runtime.hits.spend(ANNA, api.now, api.settings.hit_budget)
    without = await ask(api, question)
    api.hold(hidden())
    assert (before, without.not_asked, without.hits) == ("", told, ())
    assert await ask(api, question) == without


async def test_the_last_hit_of_a_day_is_told_and_that_no_more_are(api: Api) -> None:
    """With one hit left the answer is the same whether one hit-only record or two would have answered."""
    api.hold(hidden())
    api.runtime.hits.spend(ANNA, api.now, api.settings.hit_budget - 1)
    answer = await ask(api, "ivan petrov 1980-05-01")
    assert (len(answer.hits), answer.hits_left, answer.not_asked) == (1, 0, "budget")


async def test_the_owner_and_the_operator_read_it_instead(api: Api) -> None:
    api.hold(hidden())
    answer = await search(api.session(OPERATOR), Search("ivan petrov 1980-05-01"))
    assert ([row.case for row in answer.results], answer.hits) == (["nl-np:1"], ())


async def test_a_silent_or_unreleased_case_is_no_hit(api: Api) -> None:
    api.hold(record("nl-np", "s", code="H3"), record("nl-np", "d", code="H2", to=("DE",)))
    assert (await ask(api, "ivan petrov 1980-05-01")).hits == ()


CROWD: Final = 110
"""More than candidates of one owner are looked at."""

NUMBER: Final = "C01X00T47"
NAME: Final = "Ivan Sergeevich Petrov"
WORDS: Final = NAME.split()
HELD: Final = person(
    NAME, id="p1", birth_date="1980-05-01", phones=["+33 6 12 34 56 78"], emails=["ivan@example.org"],
    identifiers=[{"type": "passport", "value": NUMBER, "country": "DE"}],
)  # fmt: skip
VICTIM: Final = max((f"nl-np:{at}" for at in range(500)), key=digest_name)
BORN: Final = {"birth_date": "1980-05-01"}


HIDING: Final = {
    "all words, of several names": ([named("Ivan Petrov", "Ivan Sergeevich", "Sergeevich Petrov", **BORN)], NAME),
    "all words, of several persons": ([person("Ivan Petrov", **BORN), person("Anna Sergeevich")], NAME),
    "all words, of persons born on that day": (
        [person(name, **BORN) for name in ("Ivan Petrov", "Ivan Sergeevich", "Sergeevich Petrov")], NAME
    ),
    "the name, of persons with another date": ([person(NAME, birth_date="1981-05-01"), person("A B", **BORN)], NAME),
    "more names than are told apart": ([named(*(f"{a} {b}" for a in WORDS for b in WORDS), **BORN)], NAME),
    "a name in another script": ([named("Иван Сергеевич Петрович", **BORN)], NAME),
    "the number, of another type": ([person("Anna B", identifiers=[{"type": "file", "value": NUMBER}])], ""),
    "the number, of no type": ([person("Anna B", identifiers=[{"type": "other", "value": NUMBER}])], ""),
    "the number of two": ([HELD | {"id": "p2"}, HELD], ""),
    "the phone and e-mail": ([person(NAME, phones=HELD["phones"], emails=HELD["emails"], birth_date="1980")], NAME),
    "all of it": ([HELD], NAME),
}  # fmt: skip
"""What each case of a crowd holds, and the name that is asked with the birth date, without one the number alone."""


@pytest.mark.parametrize(("crowd", "name"), HIDING.values(), ids=HIDING)
async def test_no_crowd_of_one_owner_hides_another_owners_equal_record(
    api: Api, crowd: list[RawEntity], name: str
) -> None:
    """Not by any key that a question has, nor by numbers of cases that come first where keys are equal."""
    first = (f"c{at}" for at in count() if digest_name(f"de-lka:c{at}") < digest_name(VICTIM))
    for at in islice(first, CROWD):
        api.hold(record("de-lka", at, code="H2", entities=[one | {"id": f"p{n}"} for n, one in enumerate(crowd)]))
    api.hold(record("nl-np", VICTIM.partition(":")[2], code="H2", entities=[HELD]))
    question = f"{name} 1980-05-01 +33612345678 ivan@example.org" if name else f"passport:{NUMBER}"
    for asked in (question, f"{name} 1980-05-01" if name else NUMBER):
        rows = (await ask(api, asked)).hits
        assert api.session(ANNA).make_reference(VICTIM) in {row.reference for row in rows}, asked


async def test_the_last_hits_of_a_day_are_told_of_each_agency_in_turn(api: Api) -> None:
    """Whoever holds many equal records uses up no more of a budget than another who holds one."""
    first = (f"c{at}" for at in count() if api.session(ANNA).make_reference(f"de-lka:c{at}") < "f")
    api.hold(*(record("de-lka", at, code="H2", entities=[HELD]) for at in islice(first, 20)))
    api.hold(record("nl-np", VICTIM.partition(":")[2], code="H2", entities=[HELD]))
    api.runtime.hits.spend(ANNA, api.now, api.settings.hit_budget - 2)
    answer = await ask(api, NUMBER)
    assert sorted(row.agency for row in answer.hits) == ["de-lka", "nl-np"]
    assert (answer.hits_left, answer.not_asked) == (0, "budget")


@pytest.mark.parametrize(
    "question", [f"{NAME} 1980-05-01", NUMBER, f"passport:{NUMBER}", "ivan petrov born:1980-05-01"]
)
async def test_no_crowd_that_all_may_read_hides_another_owners_equal_record(api: Api, question: str) -> None:
    """Neither from the results nor from the counts of facets."""
    key = order_key_of(api.runtime.opaque.ring)
    last = place_equals(VICTIM, key)
    first = (f"c{at}" for at in count() if place_equals(f"de-lka:c{at}", key) < last)
    api.hold(*(record("de-lka", at, entities=[HELD, HELD | {"id": "p2"}]) for at in islice(first, 130)))
    api.hold(record("nl-np", VICTIM.partition(":")[2], entities=[HELD]))
    session = api.session(ANNA)
    found, cursor = set(), ""
    while True:
        answer = await search(session, Search(question, limit=100, cursor=cursor))
        found |= {row.case for row in answer.results}
        if answer.next is None:
            break
        cursor = answer.next
    assert VICTIM in found
    facets = await count_facets(session, Search(question))
    assert {count.value: count.count for count in facets.facets.agencies}["nl-np"] == 1
