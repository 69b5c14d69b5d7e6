from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import LiaisonError
from pipeline.records.field_words import fields_called
from pipeline.search.questions import ASKED_AS, MAX_PARTS, TYPED, Question, nearest_field, parse_question
from pipeline.search.understanding import (
    SearchHint,
    SearchHintKind,
    UnderstoodPart,
    find_hints,
    leave_out,
    settle_reading,
    suggest_readings,
    understand_looks,
    understand_question,
)
from pipeline.web.pages.search import GUIDE

WORDS = (
    "ivan", "Петров", "王小明", "AB", "123", "CD", "45", "1980", "1980-05-01", "03/04/1982", "3/4/82", "0612345678",
    "06 12 34 56 78", "+33 6 12 34 56 78", "fr-pj:2026-0417", "AB-1?3*", "a@b.example", "iccs:0501",
    'name:"Ivan Petrov"', "alias:vanya", "nickname:V", "born:1978/1982", "born:04/03/1982", "type:person",
    "nationality:Latvian", "birthplace:Tver", "city:Lyon", 'text:"vol aggravé"', "number:52NO43308", "plate:AB*",
    "case:7", "offence:05", '"Nord Trade"', ",", "?",
)  # fmt: skip
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join)


def read(text: str, country: str = "FR") -> dict[str, list[tuple[str, str]]]:
    return {
        part.words: [(reading.field, reading.value) for reading in part.readings]
        for part in understand_question(text, country)
    }


def test_each_part_is_told_with_all_that_it_is_taken_for() -> None:
    assert read('ivan 03/04/1982 petrov 06 12 34 56 78 city:"Saint Malo" fr-pj:2026-0417') == {
        "ivan petrov": [("name", "ivan petrov"), ("text", "ivan petrov")],
        "03/04/1982": [("born", "1982-04-03"), ("born", "1982-03-04")],
        "06 12 34 56 78": [("number", "0612345678"), ("phone", "+33612345678"), ("case", "0612345678")],
        'city:"Saint Malo"': [("city", "Saint Malo")],
        "fr-pj:2026-0417": [("case", "fr-pj:2026-0417"), ("number", "FRPJ20260417")],
    }


def test_a_question_of_loose_words_alone_may_be_a_place() -> None:
    assert read("Saint Malo") == {
        "Saint Malo": [("name", "Saint Malo"), ("text", "Saint Malo"), ("city", "Saint Malo")]
    }
    assert ("city", "ivan") not in read("ivan 1980")["ivan"]


def test_a_year_of_two_digits_is_all_that_it_may_be() -> None:
    assert read("ivan 3/4/82")["3/4/82"] == [("born", "1982-04-03"), ("born", "1982-03-04")]
    assert read("25.4.05")["25.4.05"] == [("born", "1905-04-25"), ("born", "2005-04-25")]
    assert read("12/34/56")["12/34/56"][0] == ("number", "123456")
    assert read("3/4-82")["3/4-82"][0] == ("number", "3482")
    assert read("+352 26-12-34")["+352 26-12-34"] == [("phone", "+352261234")]


def test_what_is_left_out_has_no_reading() -> None:
    assert read("Drozdov -Natalya AND Ivan") == {
        "Drozdov Ivan": [("name", "Drozdov Ivan"), ("text", "Drozdov Ivan"), ("city", "Drozdov Ivan")],
        "-Natalya": [],
        "AND": [],
    }


def test_what_would_be_too_long_can_not_be_settled() -> None:
    (part,) = understand_question("a" * 997, "")
    assert settle_reading("a" * 997, 0, part.readings[0]) is None
    assert settle_reading("a" * 995, 0, part.readings[0]) is not None
    assert leave_out("12 " + "a" * 990 + " 34", 0) is not None


def test_values_are_those_that_are_searched_for() -> None:
    assert read("nationality:Latvian type:navire offence:0501 ab-1?3* A@B.example born:1980~ number:ab-1") == {
        "nationality:Latvian": [("nationality", "LV")],
        "type:navire": [("type", "vessel")],
        "offence:0501": [("offence", "ICCS:0501")],
        "ab-1?3*": [("plate", "AB1?3*")],
        "A@B.example": [("email", "a@b.example")],
        "born:1980~": [("born", "1980~")],
        "number:ab-1": [("number", "AB1")],
    }
    for prefix in TYPED:
        assert read(f"{prefix}:AB-123") == {f"{prefix}:AB-123": [(prefix, "AB123")]}


@pytest.mark.parametrize("example", [example for _, example in GUIDE])
def test_the_guides_examples_are_understood(example: str) -> None:
    assert understand_question(example, "FR")


def _question(text: str) -> Question | None:
    try:
        return parse_question(text)
    except LiaisonError:
        return None


@given(texts)
def test_what_is_left_out_goes_and_the_rest_stays_as_it_was(text: str) -> None:
    parts = understand_question(text, "FR")
    for at in range(len(parts)):
        left = understand_question(leave_out(text, at) or "", "FR")
        assert _sorted(left) == _sorted((*parts[:at], *parts[at + 1 :]))


def _sorted(parts: Iterable[UnderstoodPart]) -> list[UnderstoodPart]:
    """The parts without loose words' reading as a place, which they have where nothing else is asked."""
    bare = [
        UnderstoodPart(part.words, tuple(reading for reading in part.readings if reading.field != "city"))
        if part.readings[0].field == "name" and len(part.readings) > 1
        else part
        for part in parts
    ]
    return sorted(bare, key=str)


@given(texts)
def test_a_part_can_be_settled_on_each_of_its_readings(text: str) -> None:
    parts = understand_question(text, "FR")
    for at, part in enumerate(parts):
        for reading in part.readings:
            settled = understand_question(settle_reading(text, at, reading) or "", "FR")
            assert any(one.readings == (reading,) for one in settled)
            assert len(settled) == len(parts)


@given(texts, st.integers(0, 8))
def test_the_parts_understood_are_the_question_that_is_asked(text: str, at: int) -> None:
    question = _question(text)
    parts: tuple[UnderstoodPart, ...] = understand_question(text, "")
    if question is None:
        return
    told = {reading.value for part in parts for reading in part.readings}
    assert {*question.numbers, *question.plates, *question.cities, *question.nationalities} <= told
    assert len(parts) <= MAX_PARTS


def test_what_is_stated_needs_no_telling() -> None:
    told = understand_looks('ivan name:"Petrov" born:1980 "Nord Trade" petrov 1980 city:Lyon', "")
    assert [part.words for part in told] == ["ivan petrov", "1980"]


def test_the_last_part_leaves_nothing() -> None:
    assert leave_out("ivan petrov", 0) == ""
    assert understand_question("", "") == ()


TODAY = date(2026, 12, 2)


def told(question: str) -> list[tuple[SearchHintKind, str, str]]:
    return [(hint.kind, hint.words, hint.question) for hint in find_hints(question, TODAY)]


@pytest.mark.parametrize(
    ("question", "hints"),
    [
        ("ivan petrov 1980", []),
        ("ivan pasport:52NO43308", [(SearchHintKind.PREFIX, "pasport:52NO43308", "ivan passport:52NO43308")]),
        ('nom:"Jean Dupont" 1980', [(SearchHintKind.PREFIX, 'nom:"Jean Dupont"', 'name:"Jean Dupont" 1980')]),
        ("Drozdov -Natalya", [(SearchHintKind.EXCLUDED, "-Natalya", "")]),
        ("ivan NOT petrov", [(SearchHintKind.OPERATOR, "NOT", ""), (SearchHintKind.EXCLUDED, "petrov", "")]),
        ("ivan OR petrov", [(SearchHintKind.OPERATOR, "OR", "")]),
        ("OR COHEN", []),
        ("ivan OR", []),
        ("Drozd*", [(SearchHintKind.WILDCARD, "Drozd*", "")]),
        ("plate:AB*", []),
        ("8 December 2001", []),
        ("2001-12", []),
        ("born:1978/1982", [(SearchHintKind.DATE_ALONE, "born:1978/1982", "")]),
        ("born:1980 nationality:RU", [(SearchHintKind.DATE_ALONE, "born:1980 nationality:RU", "")]),
        ("1980 ivan", []),
        ("fr-pj:2026-0417", []),
        ("police:2026", []),
        ("burglary", []),
        ("name:theft Lyon", []),
        ("offence:theft Lyon", []),
        ("March in Lyon", []),
    ],
)
def test_what_may_not_be_meant_so_is_told(question: str, hints: list[tuple[SearchHintKind, str, str]]) -> None:
    assert told(question) == hints


MARCH = ("2026-03-01", "2026-03-31")


@pytest.mark.parametrize(
    ("question", "offered"),
    [
        (
            "burglaries in Lyon in March",
            [
                ("offence", "burglaries", "offence:burglary Lyon March"),
                ("place", "Lyon", "city:Lyon burglaries March"),
                ("month", "March", "burglaries Lyon", *MARCH),
                ("sentence", "burglaries in Lyon in March", "offence:burglary city:Lyon", *MARCH),
            ],
        ),
        (
            "cambriolage Lyon mars",
            [
                ("offence", "cambriolage", "offence:cambriolage Lyon mars"),
                ("place", "Lyon", "city:Lyon cambriolage mars"),
                ("month", "mars", "cambriolage Lyon", *MARCH),
                ("sentence", "cambriolage Lyon mars", "offence:cambriolage city:Lyon", *MARCH),
            ],
        ),
        (
            "robos en Madrid en marzo",
            [
                ("offence", "robos", "offence:robo Madrid marzo"),
                ("place", "Madrid", "city:Madrid robos marzo"),
                ("month", "marzo", "robos Madrid", *MARCH),
                ("sentence", "robos en Madrid en marzo", "offence:robo city:Madrid", *MARCH),
            ],
        ),
        (
            "cambriolage à Saint Malo",
            [
                ("offence", "cambriolage", "offence:cambriolage Saint Malo"),
                ("place", "Saint Malo", 'city:"Saint Malo" cambriolage'),
                ("sentence", "cambriolage à Saint Malo", 'offence:cambriolage city:"Saint Malo"'),
            ],
        ),
        ("offence:burglary Lyon March", [
            ("place", "Lyon", "city:Lyon offence:burglary March"),
            ("month", "March", "offence:burglary Lyon", *MARCH),
            ("sentence", "offence:burglary Lyon March", "city:Lyon offence:burglary", *MARCH),
        ]),
        ("offence:burglary city:Lyon March", [("month", "March", "offence:burglary city:Lyon", *MARCH)]),
        ("Petrov in March", [("month", "March", "Petrov", *MARCH)]),
        ("March Petrov", []),
        ("May Jones 1980", []),
        ("offence:theft Lyon", []),
    ],
)  # fmt: skip
def test_offence_place_and_month_of_a_sentence_are_offered_each_alone_and_together(
    question: str, offered: list[tuple[str, ...]]
) -> None:
    hints = suggest_readings(question, TODAY)
    assert [_tell(hint) for hint in hints] == offered


def _tell(hint: SearchHint) -> tuple[str, ...]:
    days = (hint.opened_from, hint.opened_to) if hint.opened_from else ()
    return (hint.kind.value, hint.words, hint.question, *days)


@pytest.mark.parametrize(
    ("months", "day", "days"),
    [
        ("in December", TODAY, ("2026-12-01", "2026-12-31")),
        ("in December", date(2026, 11, 30), ("2025-12-01", "2025-12-31")),
        ("in February", date(2024, 2, 1), ("2024-02-01", "2024-02-29")),
        ("in March 2025", TODAY, ("2025-03-01", "2025-03-31")),
        ("in March and April", TODAY, ("2026-03-01", "2026-04-30")),
        ("en août 2024", TODAY, ("2024-08-01", "2024-08-31")),
    ],
)
def test_a_month_is_the_latest_that_has_begun_or_of_the_year_behind_it(
    months: str, day: date, days: tuple[str, str]
) -> None:
    whole = suggest_readings(f"theft in Lyon {months}", day)[-1]
    assert (whole.question, whole.opened_from, whole.opened_to) == ("offence:theft city:Lyon", *days)


def test_a_hint_says_what_to_try() -> None:
    found = find_hints("Drozd* AND -x pasport:123456", TODAY)
    assert all(isinstance(hint, SearchHint) and hint.advice for hint in found)


@pytest.mark.parametrize(
    ("prefix", "field"),
    [("pasport", "passport"), ("nationalty", "nationality"), ("ville", "city"), ("Passeport", "passport"),
     ("vin", "number"), ("police", ""), ("frpj", ""), ("http", ""), ("a", ""),
     ("nombre", "name"), ("Teléfono", "phone"), ("telefono", "phone"), ("nacionalidad", "nationality"),
     ("Vorname", "name"), ("Geburtsdatum", "born"), ("Staatsangehoerigkeit", "nationality"), ("kennzeichen", "plate"),
     ("cognome", "name"), ("città", "city"), ("nascita", "born"), ("имя", ""), ("град", "city"), ("né", "born"),
     ("nie", "number"), ("rua", ""), ("nr", ""), ("be", "")],
)  # fmt: skip
def test_the_field_that_a_prefix_names_in_any_language_or_resembles(prefix: str, field: str) -> None:
    assert nearest_field(prefix) == field


def test_a_prefix_is_read_in_the_reader_s_language_first() -> None:
    assert [nearest_field("kraj", language) for language in ("", "pl", "sl")] == ["nationality", "nationality", "city"]
    by_language = [find_hints("kraj:Bled", TODAY, language=language)[0].question for language in ("pl", "sl")]
    assert by_language == ["nationality:Bled", "city:Bled"]


@pytest.mark.parametrize("other", sorted(set(ASKED_AS.values())))
def test_a_field_s_own_name_is_a_word_of_no_other_field(other: str) -> None:
    assert {ASKED_AS.get(field, other) for field in fields_called(other)} <= {other}
