from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.matching.explain.explanation import Item
from pipeline.web.components.agreement import (
    MOST_CHARS,
    SYMBOLS,
    Parts,
    mark_contradictions,
    mark_date,
    mark_differences,
    side_of,
)
from pipeline.web.i18n import load_words


def marked(a: str, b: str) -> tuple[str, str]:
    """Both values, what differs in brackets."""
    first, second = map(bracket, mark_differences(a, b))
    return first, second


def bracket(parts: Parts) -> str:
    """Parts as a text, what differs in brackets."""
    return "".join(f"[{part.text}]" if part.differs else part.text for part in parts)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("ivan petrov", "petrow ivan", ("ivan petro[v]", "petro[w] ivan")),
        ("52NO43308", "52NO43803", ("52NO43[3]0[8]", "52NO43[8]0[3]")),
        ("+33612345678", "+33612345679", ("+3361234567[8]", "+3361234567[9]")),
        ("3 May 1980", "3 Aug 1980", ("3 [May] 1980", "3 [Aug] 1980")),
        ("1980-05-01", "1980-05-02", ("1980-05-0[1]", "1980-05-0[2]")),
        ("jean", "jean-paul", ("jean", "jean-[paul]")),
        ("José", "Jose", ("Jos[é]", "Jos[e]")),
        ("Jose\N{COMBINING ACUTE ACCENT}", "Jose", ("Jos[e\N{COMBINING ACUTE ACCENT}]", "Jos[e]")),
        ("шукина", "щукина", ("[ш]укина", "[щ]укина")),
        ("الورزازي", "الورزازى", ("الورزاز[ي]", "الورزاز[ى]")),
        ("毛泽东", "毛澤东", ("毛[泽]东", "毛[澤]东")),
        ("παπαδόπουλος", "παπαδόπολος", ("παπαδόπο[υ]λος", "παπαδόπολος")),
        ("IVAN", "ivan", ("IVAN", "ivan")),
        ("Иван", "Ivan", ("Иван", "Ivan")),
        ("abc", "xyz", ("abc", "xyz")),
        ("", "ivan", ("", "ivan")),
    ],
)
def test_what_differs_is_marked_character_by_character(a: str, b: str, expected: tuple[str, str]) -> None:
    assert marked(a, b) == expected
    assert marked(b, a) == expected[::-1]


@pytest.mark.parametrize(
    ("asked", "held", "expected"),
    [
        ("lyon", "12 rue des tanneurs, 69003 lyon", "12 rue des tanneurs, 69003 lyon"),
        ("lyon", "lion", "l[i]on"),
        ("ivan petrov", "ivan sergeevich petrov", "ivan sergeevich petrov"),
        ("ivan petrov", "ivan savin", "ivan [savin]"),
    ],
)
def test_what_goes_beyond_a_question_is_not_marked(asked: str, held: str, expected: str) -> None:
    assert bracket(mark_contradictions(asked, held)) == expected


@pytest.mark.parametrize(
    ("asked", "held", "expected"),
    [
        ("1980", "1980-05-01", "1 May 1980"),
        ("1980-05", "1980-05-01", "1 May 1980"),
        ("1981", "1980-05-01", "1 May [1980]"),
        ("1980-06-01", "1980-05-01", "1 [May] 1980"),
        ("1980-05-01", "1980-05", "1980-05"),
        ("1980~", "1978/1982", "1978 – 1982"),
    ],
)
def test_of_a_date_what_contradicts_the_question_is_marked(asked: str, held: str, expected: str) -> None:
    assert bracket(mark_date(load_words("en"), asked, held)) == expected


@given(st.text(max_size=40), st.text(max_size=40))
def test_nothing_is_lost_and_no_mark_is_cut_from_its_letter(a: str, b: str) -> None:
    for value, parts in zip((a, b), mark_differences(a, b), strict=True):
        assert "".join(part.text for part in parts) == value
        assert not any(unicodedata.category(part.text[0]).startswith("M") for part in parts[1:])


def test_long_values_are_left_as_they_are() -> None:
    a, b = "ab " * MOST_CHARS, "ba " * MOST_CHARS
    assert marked(a, b) == (a, b)


@pytest.mark.parametrize(
    ("bits", "a", "b", "side"),
    [(5, "x", "x", "for"), (5, "x", "y", "near"), (-5, "x", "y", "against"), (0, "", "", "quiet")],
)
def test_each_side_has_a_symbol(bits: int, a: str, b: str, side: str) -> None:
    assert side_of(Item("name", "exact", a, b, bits)) == side
    assert SYMBOLS[side]
