"""What can be asked is asked alike in words, by fields and in lists, as docs/searching.md says."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from pipeline.api.list_rows import COLUMNS, parse_rows
from pipeline.api.services.search import Search
from pipeline.index.question_fields import QuestionFields, add_fields
from pipeline.index.question_parts import FIELDS, TYPED
from pipeline.index.questions import parse_question
from pipeline.web.pages.search import GUIDE

PAGE = (Path(__file__).parents[3] / "docs" / "searching.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+):` \| [^|]+ \| (.+) \|$", re.MULTILINE)
ROWS = dict(ROW.findall(PAGE))
BLOCKS = dict(re.findall(r"```(\w+)\n(.+?)\n```", PAGE, re.DOTALL))


def test_fields_are_called_the_same_wherever_one_asks() -> None:
    plain = [field for field in FIELDS if field not in TYPED]
    assert list(QuestionFields.__struct_fields__) == plain == [field for field in ROWS if field not in TYPED]
    assert set(FIELDS) < set(COLUMNS)


@pytest.mark.parametrize("field", ROWS)
def test_the_pages_examples_ask_for_what_they_say(field: str) -> None:
    examples = re.findall("`([^`]+)`", ROWS[field])
    assert examples
    for example in examples:
        bare = parse_question(re.sub(rf'{field}:("[^"]*"|\S+)', "", example) + " name:other")
        assert parse_question(f"{example} name:other") != bare


@pytest.mark.parametrize("example", [example for _, example in GUIDE])
def test_the_search_pages_examples_can_be_asked(example: str) -> None:
    assert not parse_question(example).empty


def test_the_pages_fields_and_its_list_ask_the_same() -> None:
    asked = msgspec.convert(msgspec.json.decode(BLOCKS["json"]), Search).in_words
    first, second = parse_rows(BLOCKS["csv"].encode(), "csv")
    question, row = parse_question(asked.question), parse_question(first.question)
    assert msgspec.structs.replace(row, names=row.names[:1]) == question
    assert parse_question(second.question).types == ("organisation",)


def test_fields_stand_beside_words() -> None:
    fields = QuestionFields(name=('Ivan "Vanya" Petrov', " "), born=("1980",))
    assert add_fields("text:fraude", fields) == 'text:fraude name:"Ivan  Vanya  Petrov" born:"1980"'
    assert add_fields("", QuestionFields()) == ""
    assert Search("x", fields=fields).in_words.fields == QuestionFields()
