from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import LiaisonError
from pipeline.index.questions import MAX_PARTS, MAX_QUESTION_CHARS, Question, parse_question
from pipeline.records.normalised import PartialDate


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Иван Петров", Question(names=("Иван Петров",), text="Иван Петров")),
        ("ivan petrov 1980-05", Question(names=("ivan petrov",), born=PartialDate(1980, 5), text="ivan petrov")),
        ("ivan 1980", Question(names=("ivan",), born=PartialDate(1980), text="ivan")),
        ("born:1980-05-01", Question(born=PartialDate(1980, 5, 1))),
        ("+33 6 12 34 56 78", Question(phones=("+33 6 12 34 56 78",))),
        ("0033612345678", Question(phones=("0033612345678",))),
        ("06 12 34 56 78", Question(phones=("0612345678",), numbers=("0612345678",))),
        ("AB-123-CD", Question(numbers=("AB123CD",))),
        ("AB 123 CD", Question(numbers=("AB123CD",))),
        ("АВ 123 СЕ", Question(numbers=("AB123CE",))),
        ("ab-1?3-*", Question(plates=("AB1?3*",))),
        ("plate:ABC*", Question(plates=("ABC*",))),
        ("A@B.Example", Question(emails=("a@b.example",))),
        ('"Nord Trade" city:Лион', Question(names=("Nord Trade",), cities=("Лион",))),
        ('name:"al Omari" text:fraude', Question(names=("al Omari",), text="fraude")),
        ("number:12", Question(numbers=("12",))),
        ("王小明", Question(names=("王小明",), text="王小明")),
        ("iv\u200ban\tpetrov\x00", Question(names=("ivan petrov",), text="ivan petrov")),
    ],
)
def test_a_question_is_taken_for_what_it_looks_like(text: str, question: Question) -> None:
    assert parse_question(text) == question


@pytest.mark.parametrize(
    "text", ["", "   ", "\u200b", "x" * (MAX_QUESTION_CHARS + 1), "x " * (MAX_PARTS + 1), "born:1980-13", '""']
)
def test_what_cannot_be_asked_is_said_in_a_line(text: str) -> None:
    with pytest.raises(LiaisonError, match=r"^(?!.*\n).+$"):
        parse_question(text)


@given(st.text(max_size=200))
def test_any_text_is_a_question_or_an_expected_error(text: str) -> None:
    with suppress(LiaisonError):
        assert not parse_question(text).empty
