"""The gate for hit-only records: nothing but equality meets one."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import cycle, islice
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from pipeline.access.hit_gate import exact_match
from pipeline.matching.bands import ExactMatch
from pipeline.matching.fingerprint import EntityPrint, Fingerprint, IdentifierPrint
from pipeline.matching.model import load_model
from pipeline.matching.names.alignment import align
from pipeline.matching.score.scoring import judge_score, score_cases
from pipeline.records.normalised import PartialDate
from support.access.slow_gate import slow_exact_match
from support.index.documents import PureStages
from support.records.builder import person, record

STAGES = PureStages(load_model())

NAMED: dict[str, Any] = {"names": [{"full": "Ivan Petrov"}]}
HELD: dict[str, Any] = {
    **NAMED, "birth_date": "1980-05-01", "phones": ["+33612345678"], "emails": ["ivan@example.org"],
    "birth_place": "Tver", "birth_date_text": "spring of 1980", "gender": "male", "nationalities": ["RU"],
    "identifiers": [{"type": "passport", "value": "C01X00T47", "country": "DE"}],
    "addresses": [{"street": "Nieuwe Gracht", "house": "7", "postcode": "9000", "city": "Gent"}],
}  # fmt: skip
VEHICLE = {"id": "v1", "type": "vehicle", "plate": "1-ABC-234", "plate_country": "BE"}


def entities(*given: dict[str, Any]) -> tuple[EntityPrint, ...]:
    accepted = STAGES.accepted(record("fr-pj", entities=list(given)))
    return msgspec.json.decode(accepted.fingerprint, type=Fingerprint).entities


NUMBER, NAME, NOTHING = ExactMatch.NUMBER, ExactMatch.NAME, ExactMatch.NONE


def match(*asking: dict[str, Any], held: tuple[dict[str, Any], ...] = (person(**HELD), VEHICLE)) -> ExactMatch:
    return exact_match(entities(*asking), entities(*held), STAGES.model)


BORN: dict[str, Any] = {**NAMED, "birth_date": "1980-05-01"}


@pytest.mark.parametrize(
    ("fields", "by"),
    [
        (BORN, NAME),
        ({"names": [{"full": "Иван Петров"}], "birth_date": "1980-05-01"}, NAME),
        ({"names": [{"full": "PETROV, Iván"}], "birth_date": "1980-05-01"}, NAME),
        ({"names": [{"full": "Ivan A. Petrov"}], "birth_date": "1980-05-01"}, NAME),
        ({**NAMED, "birth_date": "1980-01-05"}, NAME),
        ({"identifiers": HELD["identifiers"]}, NUMBER),
        ({"identifiers": [{"type": "other", "value": "C01X00T47"}]}, NUMBER),
        ({**BORN, "identifiers": HELD["identifiers"]}, NUMBER | NAME),
        ({**BORN, "identifiers": [{"type": "passport", "value": "X0000001"}]}, NAME),
        ({**BORN, "birth_dates": ["1980-05-01"]}, NAME),
        ({**BORN, "gender": "female", "nationalities": ["FR"], "birth_place": "Lyon"}, NAME),
    ],
)
def test_a_whole_name_with_its_date_or_a_whole_number_meets_it(fields: dict[str, Any], by: ExactMatch) -> None:
    assert match(person(**fields)) is by


NUMBERLESS = {name: value for name, value in HELD.items() if name not in ("phones", "emails", "identifiers")}


@pytest.mark.parametrize(
    "fields",
    [
        NAMED,
        {**NAMED, "birth_date": "1980"},
        {**NAMED, "birth_date": "1980-05"},
        {**NUMBERLESS, "birth_date": "1980-05"},
        {**NUMBERLESS, "birth_date": "1980", "identifiers": [{"type": "passport", "value": "X0000001"}]},
        {**NUMBERLESS, "birth_date": "1980", "phones": ["+33600000001"]},
        {**NAMED, "birth_dates": ["1980-05-01", "1980-05-02"]},
        {**NAMED, "birth_date": "1980-05-01", "birth_dates": ["1980-05-02"]},
        {**NAMED, "birth_dates": ["1980-05-01~"]},
        {**NAMED, "birth_dates": ["1980-05-01/1980-05-02"]},
        {**NUMBERLESS, "birth_dates": ["1980", "1980-05"]},
        {"names": [{"full": "Petrov"}], "birth_date": "1980-05-01"},
        {"names": [{"full": "I. Petrov"}], "birth_date": "1980-05-01"},
        {"names": [{"given": "I", "family": "Petrov"}], "birth_date": "1980-05-01"},
        {"birth_date": "1980-05-01"},
        {**NAMED, "birth_date_text": "spring of 1980"},
        {**NAMED, "addresses": HELD["addresses"]},
        {**NAMED, "identifiers": [{"type": "passport", "value": "C01X00T4"}]},
        {**NAMED, "identifiers": [{"type": "passport", "value": "CO1XOOT47", "country": "DE"}]},
        {**NAMED, "identifiers": [{"type": "passport", "value": "C01X00T47", "country": "FR"}]},
        {**NAMED, "identifiers": [{"type": "tax_id", "value": "C01X00T47", "country": "DE"}]},
        {**NAMED, "phones": ["+32612345678"]},
        {"phones": HELD["phones"]},
        {"names": [{"full": "Zbigniew Oczko"}], "birth_date": "1955-11-30"},
        {"names": [{"full": "Zbigniew Oczko"}], "birth_date": "1980-05-01"},
    ],
)
def test_anything_less_meets_nothing_however_well_the_rest_agrees(fields: dict[str, Any]) -> None:
    assert match(person(**fields)) is NOTHING


@pytest.mark.parametrize(
    "born",
    ["1979-05-01", "1981-05-01", "1980-05-02", "1980-04-01", "1980-06-01", "1980-05-10", "1980-05-11", "1908-05-01"],
)
def test_a_neighbouring_date_or_one_a_digit_away_is_another_date(born: str) -> None:
    """Each of them links the two records, so that a gradient would lead to the right one."""
    asking, held = person(**{**NUMBERLESS, "birth_date": born}), person(**NUMBERLESS)
    assert judge_score(score_cases(entities(asking), entities(held), STAGES.model)).band
    assert match(asking, held=(held,)) is NOTHING


@pytest.mark.parametrize(
    ("asked", "held", "by"),
    [
        ("Bill Smith", "William Smith", NAME),
        ("Cherif Ouarzazi", "شريف الورزازي", NAME),
        ("Abdul Rahman Wahid", "Abdulrahman Wahid", NAME),
        ("Hans Müller", "Hans Mueller", NAME),
        ("Ivan Petrov", "Ivan Sergeevich Petrov", NAME),
        ("Ivan Sergeevich Petrov", "Ivan Petrov", NOTHING),
        ("Ivan Xyz Petrov", "Ivan Petrov", NOTHING),
        ("Ivan Petrof", "Ivan Petrov", NOTHING),
        ("Iwan Petrow", "Ivan Petrova", NOTHING),
        ("Jan Kowalczik", "Jan Kowalczyk", NOTHING),
        ("Ivan Petrov Sidorov", "Ivan Petrov Kuznetsov", NOTHING),
        ("Maria J Garcia", "Maria Juana Garcia", NAME),
        ("Maria Juana Garcia", "Maria J Garcia", NOTHING),
    ],
)
def test_names_agree_where_each_asked_word_is_a_word_of_the_record(asked: str, held: str, by: ExactMatch) -> None:
    """A word that the record does not have makes another name: else it would make a new question of each guess."""
    one, other = (person(name, birth_date="1980-05-01") for name in (asked, held))
    assert match(one, held=(other,)) is by


def test_dates_that_do_not_exist_count_on_neither_side() -> None:
    """Validation refuses them, so that only a record which came past it could hold one."""
    real = entities(person(**BORN))
    never = tuple(msgspec.structs.replace(one, birth_date=PartialDate(1980, 2, 30)) for one in real)
    assert exact_match(never, never, STAGES.model) is NOTHING
    assert exact_match(real, real, STAGES.model) is NAME


def test_a_record_with_several_dates_is_met_by_none_of_them() -> None:
    several = person(**NAMED, birth_dates=["1980-05-01", "1981-05-01"])
    assert match(person(**BORN), held=(several,)) is NOTHING
    assert match(several, held=(several,)) is NOTHING


def test_a_plate_counts_only_where_all_of_it_is_read() -> None:
    partial = {**VEHICLE, "plate": "1?BC*"}
    assert match(VEHICLE) is NUMBER
    assert match(partial) is NOTHING
    assert match(partial, held=(partial,)) is NOTHING


ALIASES = [{"full": name} for name in ("Zbigniew Oczko", "Efstratios Papadakis", "Tancred Villeneuve")]


def test_several_names_are_guesses_of_which_one_counts() -> None:
    """They outweigh another birth date where records are compared in full; of a hit-only one they tell nothing."""
    asking, held = (entities(person(names=ALIASES, birth_date=date)) for date in ("1973-09-28", "1979-12-31"))
    assert judge_score(score_cases(asking, held, STAGES.model)).band
    assert exact_match(asking, held, STAGES.model) is NOTHING
    assert exact_match(held, held, STAGES.model) is NAME


def test_a_nickname_is_no_whole_name() -> None:
    names = [{"full": "Petrov"}, {"full": "Ivan Petrov", "kind": "nickname"}]
    assert match(person(names=names, birth_date="1980-05-01")) is NOTHING


LEAP_YEAR = [date(1980, 1, 1) + timedelta(at) for at in range(366)]
DAYS = [(day.month, day.day) for day in LEAP_YEAR]


def namesakes(*dates: str, name: str = "Ivan Petrov") -> list[dict[str, Any]]:
    return [person(name, id=f"p{at}", birth_date=date) for at, date in enumerate(dates)]


def test_persons_of_one_name_and_several_dates_are_one_with_several_dates() -> None:
    """Also where a word is spelt otherwise, another language writes it, or one of them has several dates himself."""
    assert match(*namesakes("1980-05-01", "1980-05-01")) is NAME
    assert match(*namesakes("1980-05-01", "1980-01-05")) is NAME
    assert match(person(**BORN), *namesakes("1955-11-30", name="Zbigniew Oczko")) is NAME
    for other in ("Ivan Petrov", "PETROV Ivan", "Иван Петров", "Iván Petrov"):
        assert match(person(**BORN), *namesakes("1981-05-01", name=other)) is NOTHING
    assert match(person(**BORN), person(**NAMED, id="q", birth_dates=["1981-05-01", "1982"])) is NOTHING


def test_of_the_days_of_81_years_the_equal_one_alone_answers() -> None:
    """A list check of all of them, 29,646 guesses: one is right, and one is it with day and month exchanged."""
    (asking,), held = entities(person(**NAMED, birth_date="1973-04-09")), entities(person(**BORN))
    days = (PartialDate(year, month, day) for year in range(1930, 2011) for month, day in DAYS)
    asked = ((day, (msgspec.structs.replace(asking, birth_date=day),)) for day in days)
    told = [day for day, question in asked if exact_match(question, held, STAGES.model)]
    assert told == [PartialDate(1980, 1, 5), PartialDate(1980, 5, 1)]


def test_thirteen_cases_of_thirty_namesakes_each_tell_nothing() -> None:
    """The days of a year, pushed by thirties: each case by itself would halve what is left."""
    days = [day.isoformat() for day in LEAP_YEAR]
    told = {match(*namesakes(*days[at : at + 30])) for at in range(0, 366, 30)}
    assert told == {NOTHING}


@pytest.mark.parametrize("last", ["Petrov", "Oczko"])
def test_a_case_of_five_hundred_namesakes_costs_an_alignment_each(last: str) -> None:
    """Each is held against the record's name and not against all others; a case has 200 entities at most anyway."""
    (first,) = entities(person(**BORN, identifiers=[{"type": "passport", "value": "75X000000"}]))
    (other,) = entities(person(f"Ivan {last}", birth_date="1981-05-01"))
    asking = (first, *(msgspec.structs.replace(other, id=f"q{at}") for at in range(499)))
    with patch("pipeline.access.hit_gate.align", wraps=align) as aligned:
        assert exact_match(asking, (first,), STAGES.model) is (NUMBER if last == "Petrov" else NUMBER | NAME)
    assert aligned.call_count <= len(asking)


def test_persons_of_one_name_have_at_most_three_numbers_of_one_type() -> None:
    """More are guesses, on one person as on several; numbers of other types, and other people's, are not counted."""
    number = HELD["identifiers"][0]["value"]

    def asked(*values: str, kind: str = "passport") -> list[dict[str, str]]:
        return [{"type": kind, "value": value} for value in values]

    made_up = [f"C0{at}X00T47" for at in range(2, 6)]
    assert match(person(**NAMED, identifiers=asked(number, *made_up[:2]))) is NUMBER
    assert match(person(**NAMED, identifiers=asked(number, *made_up[:3]))) is NOTHING
    assert match(person(**NAMED, identifiers=asked(number) + asked(*made_up, kind="tax_id"))) is NUMBER

    def persons(name: str) -> list[dict[str, Any]]:
        return [person(name, id=f"q{at}", identifiers=asked(value)) for at, value in enumerate(made_up)]

    asking = person(**NAMED, id="p1", identifiers=asked(number))
    assert match(asking, *persons("Petrov, Ivan")) is NOTHING
    assert match(asking, *persons("Zbigniew Oczko")) is NUMBER


def test_whether_parts_are_strong_enough_is_asked_of_the_question_alone() -> None:
    """A name and date that many share pass with no record, whatever else that record holds; and so do short numbers."""
    weak: dict[str, Any] = {"names": [{"full": "Ng Li"}], "birth_date": "1980-01-01"}
    assert match(person(**weak), held=(person(**weak),)) is NOTHING
    assert match(person(**{**NUMBERLESS, **weak}), held=(person(**{**HELD, **weak}),)) is NOTHING
    called = {**weak, "phones": HELD["phones"]}
    assert match(person(**called), held=(person(**called),)) is NAME
    assert match(person(**called), held=(person(**weak),)) is NOTHING
    short = [{"type": "passport", "value": "123", "country": "FR"}]
    assert match(person(**NAMED, identifiers=short), held=(person(**NAMED, identifiers=short),)) is NOTHING


VOWELS = ("a", "e", "i", "o", "u", "ei", "ie", "ou")
LIKE = [f"m{a}r{b}k{c}v" for a in VOWELS for b in VOWELS for c in VOWELS]
"""Words of which each is an edit from others, or sounds like them, and none is another."""

NUMBERS = 50
"""Of one entity: as many as are compared."""


def crowd(
    people: int, names: int, words: int, *, numbers: int = 2, born: str = "1980-05-01"
) -> tuple[EntityPrint, ...]:
    """A case of people with like names, each name other words, who state numbers of one type."""
    stock = cycle(LIKE)
    return entities(
        *(
            person(
                id=f"p{at}",
                names=[{"full": " ".join(islice(stock, words)).title()} for _ in range(names)],
                birth_date=born,
                identifiers=[{"type": "passport", "value": f"C{at:03}X{k:03}"} for k in range(numbers)],
            )
            for at in range(people)
        )
    )


@pytest.mark.parametrize(
    ("people", "names", "words"), [(10, 10, 40), (200, 2, 9), (200, 2, 3)], ids=["long names", "many people", "short"]
)
def test_like_names_are_told_apart_by_keys(people: int, names: int, words: int) -> None:
    """Of 10 persons of 10 names of 40 like words each is held against hardly any other; so is each of 200 persons."""
    asking = crowd(people, names, words)
    stranger = crowd(people, names, words, born="1981-05-01")
    with patch("pipeline.access.hit_gate.align", wraps=align) as aligned:
        assert exact_match(asking, asking, STAGES.model)
        assert aligned.call_count <= 3 * people * names
        aligned.reset_mock()
        assert exact_match(asking, stranger, STAGES.model) is NUMBER
        assert aligned.call_count <= people


def test_who_bears_whose_name_is_found_once_a_case() -> None:
    """Whatever the record holds of the case's numbers: each pair of its people is looked at once, not for each."""
    asking = crowd(20, 1, 3, numbers=3)
    alike = tuple(msgspec.structs.replace(one, names=asking[0].names) for one in asking)
    held = tuple(msgspec.structs.replace(one, names=(), birth_date=None) for one in asking)
    with patch("pipeline.access.hit_gate.align", wraps=align) as aligned:
        assert exact_match(alike, held, STAGES.model) is NOTHING
        assert aligned.call_count <= 20 * 19 // 2
        aligned.reset_mock()
        assert exact_match(asking, held, STAGES.model) is NUMBER
        assert aligned.call_count == 0


def test_two_hundred_entities_of_fifty_numbers_are_looked_up() -> None:
    """Each number by its value, type and country, whatever else the record holds."""
    (one,) = entities(person(**BORN))
    numbers = tuple(IdentifierPrint(f"kind{at}", "C01X00T47", "DE") for at in range(NUMBERS))
    asking = tuple(msgspec.structs.replace(one, id=f"p{at}", identifiers=numbers) for at in range(200))
    with patch("pipeline.access.hit_gate.align", wraps=align) as aligned:
        assert exact_match(asking, asking, STAGES.model) is NUMBER | NAME
        assert aligned.call_count == 1
    assert slow_exact_match(asking[:1], asking[:2], STAGES.model) is NUMBER | NAME
