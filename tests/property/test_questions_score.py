"""One scorer: what is known of somebody scores the same as a record, in a search, in a list and as an alert.

And of a hit-only record nothing that a question says besides its exact parts tells anything.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.access.alerts import make_alert
from pipeline.access.hit_gate import exact_match
from pipeline.access.requester import Grounds, Purpose
from pipeline.api.list_planning import parse_rows
from pipeline.matching.bands import ExactMatch
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import load_model
from pipeline.matching.score.scoring import score_cases
from pipeline.search.probes import adapt_probe, fingerprint_of, make_probe
from pipeline.search.questions import QuestionFields, add_fields, parse_question
from support.access.requesters import ANNA
from support.matching.entity_strategies import NAMES, firms, persons
from support.matching.prints import case_of

MODEL = load_model()
WHY = Grounds(Purpose.INVESTIGATION, "2026/1")

Fields = dict[str, list[str]]
NAMED = ("name", "alias", "nickname")
MORE_NAMES = [*NAMES, "Efstratios Papadakis", "Tancred Villeneuve", "Ben Ali (Бен Али)", "daughter of", "Abu Omar"]

some_names = st.lists(st.sampled_from(MORE_NAMES), max_size=3)
dates = st.sampled_from(["1980-05-03", "1980-03-05", "1980-05", "1980", "1979/1981", "1981~", "1900-01-01"])
known_persons = st.fixed_dictionaries(
    {"name": some_names.filter(bool)},
    optional={
        "alias": some_names,
        "nickname": some_names,
        "born": st.lists(dates, max_size=3, unique=True),
        "birthplace": st.lists(st.sampled_from(["Kazan", "Kasan", "Lyon", "unknown"]), max_size=2),
        "nationality": st.lists(st.sampled_from(["FR", "German", "россия"]), max_size=2),
        "email": st.lists(st.sampled_from(["a.oczko@example.org", "b@mail.example"]), max_size=2),
        "city": st.lists(st.sampled_from(["Paris", "Lyon"]), max_size=2),
    },
)
known_bodies = st.fixed_dictionaries(
    {"name": st.lists(st.sampled_from(["Nordwind Ltd", "ООО Гамма", "Vent du Nord", "Les Sentinelles"]), min_size=1)},
    optional={"nickname": st.just(["Nordwind"]), "city": st.just(["Paris"])},
)


def as_record(fields: Fields, entity_type: str) -> tuple[EntityPrint, ...]:
    """The entity as an agency's record has it."""
    kinds = {"name": "primary", "alias": "alias", "nickname": "nickname"}
    raw: dict[str, Any] = {
        "type": entity_type,
        "names": [{"full": one, "kind": kinds[kind]} for kind in NAMED for one in fields.get(kind, ())],
        "addresses": [{"city": city} for city in fields.get("city", ())],
    }
    if entity_type == "person":
        raw |= {
            "birth_dates": fields.get("born", []),
            "birth_places": fields.get("birthplace", []),
            "nationalities": fields.get("nationality", []),
            "emails": fields.get("email", []),
        }
    return case_of(raw).entities


def as_search(fields: Fields, record: tuple[EntityPrint, ...]) -> tuple[EntityPrint, ...]:
    """The entity as a search asks for it, of one record."""
    asked = msgspec.convert(fields, QuestionFields)
    return adapt_probe(make_probe(parse_question(add_fields("", asked)), ""), record)


def as_list_row(fields: Fields, record: tuple[EntityPrint, ...]) -> tuple[EntityPrint, ...]:
    (row,) = parse_rows(msgspec.json.encode(fields), "ndjson")
    return adapt_probe(make_probe(parse_question(row.question), row.country), record)


def as_saved_search(fields: Fields) -> tuple[EntityPrint, ...]:
    asked = add_fields("", msgspec.convert(fields, QuestionFields))
    now = datetime(2026, 11, 24, tzinfo=UTC)
    return fingerprint_of(make_alert("s1", asked, "", ANNA, WHY, now), MODEL).entities


def hold_equal(fields: Fields, entity_type: str, record: tuple[EntityPrint, ...]) -> None:
    in_the_stream = score_cases(as_record(fields, entity_type), record, MODEL)
    for typed in ({**fields, "type": [entity_type]}, fields):
        assert score_cases(as_search(typed, record), record, MODEL) == in_the_stream
        assert score_cases(as_list_row(typed, record), record, MODEL) == in_the_stream
        assert score_cases(as_saved_search(typed), record, MODEL) == in_the_stream


@given(fields=known_persons, held=persons)
def test_a_person_scores_the_same_however_they_are_asked_for(fields: Fields, held: Any) -> None:
    hold_equal(fields, "person", case_of(held).entities)


@given(fields=known_bodies, held=firms)
def test_a_body_scores_the_same_however_it_is_asked_for(fields: Fields, held: Any) -> None:
    hold_equal(fields, "organisation", case_of(held).entities)


@given(fields=known_persons, other=known_persons, held=persons)
def test_what_is_not_exact_tells_nothing_of_a_hit_only_record(fields: Fields, other: Fields, held: Any) -> None:
    """Whatever else is said, the answer is that of the names and the one whole date, or no hit at all."""
    record = case_of(held).entities
    narrow = {"name": fields["name"], "born": fields.get("born", [])}
    more = {**other, **narrow}
    more.pop("alias", None)
    more.pop("email", None)
    found = {exact_match(as_search(asked, record), record, MODEL) for asked in (narrow, more)}
    assert len(found) == 1
    if len(set(narrow["born"])) != 1 or len(narrow["born"][0]) != len("1980-05-03"):
        assert found == {ExactMatch.NONE}


MOST_ASKED = 8
ASKED_NAMES = ["Ivan Petrov", "Иван Петров", "Petrov Ivan", "Iwan Petrow", "Ivan Petrof", "Zbigniew Oczko", "I. Petrov"]
HELD_NAMES = ["Ivan Petrov", "Ivan Sergeevich Petrov", "Zbigniew Oczko", "Maria Keller"]
born = st.dates(date(1980, 1, 1), date(1980, 3, 31)).map(date.isoformat)
passports = st.integers(0, 12).map(lambda number: f"75X{number:06}")
asked_persons = st.fixed_dictionaries({"name": st.sampled_from(ASKED_NAMES), "born": born, "passport": passports})
histories = st.lists(st.lists(asked_persons, min_size=1, max_size=4), min_size=1, max_size=MOST_ASKED)
untold = st.fixed_dictionaries({
    "gender": st.sampled_from(["male", "female"]),
    "birth_place": st.sampled_from(["Kazan", "Lyon"]),
    "nationalities": st.sampled_from([["FR"], ["RU"]]),
    "phones": st.sampled_from([[], ["+33612345678"]]),
})  # fmt: skip


def stated(given: dict[str, Any]) -> dict[str, Any]:
    number = {"type": "passport", "value": given["passport"], "country": "FR"}
    return {"type": "person", "names": [{"full": given["name"]}], "birth_date": given["born"], "identifiers": [number]}


def readings(day: str) -> set[str]:
    """A date, and with day and month exchanged."""
    year, month, last = day.split("-")
    return {day, f"{year}-{last}-{month}"}


@settings(max_examples=150)
@given(
    history=histories,
    name=st.sampled_from(HELD_NAMES),
    pairs=st.tuples(born, born, passports, passports, untold, untold),
)
def test_a_history_of_questions_and_pushes_tells_of_what_was_asked_exactly_alone(
    history: list[list[dict[str, Any]]], name: str, pairs: tuple[str, str, str, str, Fields, Fields]
) -> None:
    """Two records that differ only in what nobody asked for exactly give the same answers, one after the other."""
    day, other_day, number, other_number, more, other_more = pairs
    persons_asked = [one for question in history for one in question]
    dates = {reading for one in persons_asked for reading in readings(one["born"])}
    numbers = {one["passport"] for one in persons_asked}
    other_day = day if {day, other_day} & dates else other_day
    other_number = number if {number, other_number} & numbers else other_number
    asked = [case_of(*map(stated, question)).entities for question in history]
    held, other = (
        case_of(stated({"name": name, "born": one, "passport": two}) | rest).entities
        for one, two, rest in ((day, number, more), (other_day, other_number, other_more))
    )
    answers = [exact_match(question, held, MODEL) for question in asked]
    assert answers == [exact_match(question, other, MODEL) for question in asked]
    for question, answer in zip(history, answers, strict=True):
        assert (ExactMatch.NUMBER in answer) <= (number in {one["passport"] for one in question})
        assert (ExactMatch.NAME in answer) <= bool(readings(day) & {one["born"] for one in question})
