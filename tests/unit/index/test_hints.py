from __future__ import annotations

import pytest

from pipeline.index.hints import SearchHint, SearchHintKind, find_hints
from pipeline.index.question_parts import nearest_field


def told(question: str) -> list[tuple[SearchHintKind, str, str]]:
    return [(hint.kind, hint.words, hint.question) for hint in find_hints(question)]


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
    ],
)
def test_what_may_not_be_meant_so_is_told(question: str, hints: list[tuple[SearchHintKind, str, str]]) -> None:
    assert told(question) == hints


def test_a_hint_says_what_to_try() -> None:
    assert all(isinstance(hint, SearchHint) and hint.advice for hint in find_hints("Drozd* AND -x pasport:123456"))


@pytest.mark.parametrize(
    ("prefix", "field"),
    [("pasport", "passport"), ("nationalty", "nationality"), ("ville", "city"), ("Passeport", "passport"),
     ("vin", "number"), ("police", ""), ("frpj", ""), ("http", ""), ("a", "")],
)  # fmt: skip
def test_the_field_that_a_prefix_resembles(prefix: str, field: str) -> None:
    assert nearest_field(prefix) == field
