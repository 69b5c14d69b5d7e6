from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.api.list_planning import COLUMNS, parse_rows
from pipeline.api.services.search import Search
from pipeline.errors import LiaisonError
from pipeline.records.dates import birth_date
from pipeline.records.limits import MAX_TOKENS
from pipeline.records.normalised import BirthDate
from pipeline.search.questions import (
    FIELDS,
    MAX_PARTS,
    MAX_QUESTION_CHARS,
    TYPED,
    Question,
    QuestionFields,
    TypedNumber,
    add_fields,
    parse_question,
)
from pipeline.web.pages.search import GUIDE


def dates(*texts: str) -> tuple[BirthDate, ...]:
    return tuple(map(birth_date, texts))


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Иван Петров", Question(names=("Иван Петров",), text="Иван Петров", place="Иван Петров")),
        ("ivan petrov 1980-05", Question(names=("ivan petrov",), born=(birth_date("1980-05"),), text="ivan petrov")),
        ("ivan 1980", Question(names=("ivan",), born=(birth_date("1980"),), text="ivan")),
        ("born:1980-05-01", Question(born=(birth_date("1980-05-01"),))),
        ("25/11/1982", Question(born=(birth_date("1982-11-25"),))),
        ("born:25.11.1982", Question(born=(birth_date("1982-11-25"),))),
        ("ivan 05-11-1982", Question(names=("ivan",), born=dates("1982-11-05", "1982-05-11"), text="ivan")),
        ("11/11/1982", Question(born=(birth_date("1982-11-11"),))),
        ("8 December 2001", Question(born=(birth_date("2001-12-08"),))),
        ("December 8, 2001 ivan", Question(names=("ivan",), born=(birth_date("2001-12-08"),), text="ivan")),
        ("Dupont 1er août 1980", Question(names=("Dupont",), born=(birth_date("1980-08-01"),), text="Dupont")),
        ("ivan 3 de mayo de 1980", Question(names=("ivan",), born=(birth_date("1980-05-03"),), text="ivan")),
        ("ivan 3rd of may 1980", Question(names=("ivan",), born=(birth_date("1980-05-03"),), text="ivan")),
        ("ivan 2001-Déc-08", Question(names=("ivan",), born=(birth_date("2001-12-08"),), text="ivan")),
        ('born:"8 févr. 2001" x', Question(names=("x",), born=(birth_date("2001-02-08"),), text="x")),
        ("May 1980", Question(names=("May",), born=(birth_date("1980"),), text="May")),
        ("+33 6 12 34 56 78 8 mai 2001", Question(phones=("+33 6 12 34 56 78",), born=(birth_date("2001-05-08"),))),
        ("passport:52NO43308", Question(typed=(TypedNumber("person", "passport", "52NO43308"),))),
        ("Drozdov -Natalya 1980", Question(names=("Drozdov",), born=(birth_date("1980"),), text="Drozdov")),
        ("ivan AND petrov 1980", Question(names=("ivan petrov",), born=(birth_date("1980"),), text="ivan petrov")),
        ("ivan NOT petrov 1980", Question(names=("ivan",), born=(birth_date("1980"),), text="ivan")),
        ("OR COHEN 1980", Question(names=("OR COHEN",), born=(birth_date("1980"),), text="OR COHEN")),
        ("Drozd* 1980", Question(names=("Drozd",), born=(birth_date("1980"),), text="Drozd")),
        ("31/31/1982", Question(numbers=("31311982",), cases=("31311982",), phones=("31311982",))),
        ("+33 6 12 34 56 78", Question(phones=("+33 6 12 34 56 78",))),
        ("0033612345678", Question(phones=("0033612345678",))),
        ("06 12 34 56 78", Question(phones=("0612345678",), numbers=("0612345678",), cases=("0612345678",))),
        ("AB-123-CD", Question(numbers=("AB123CD",), cases=("AB123CD",))),
        ("AB 123 CD", Question(numbers=("AB123CD",), cases=("AB123CD",))),
        ("АВ 123 СЕ", Question(numbers=("AB123CE",), cases=("AB123CE",))),
        ("ab-1?3-*", Question(plates=("AB1?3*",))),
        ("plate:ABC*", Question(plates=("ABC*",))),
        ("A@B.Example", Question(emails=("a@b.example",))),
        ('"Nord Trade" city:Лион', Question(names=("Nord Trade",), cities=("Лион",))),
        ('name:"al Omari" text:fraude', Question(names=("al Omari",), text="fraude")),
        ("number:12", Question(numbers=("12",))),
        ("fr-pj:2026-0417", Question(numbers=("FRPJ20260417",), cases=("FRPJ20260417",))),
        ("case:2026-0417", Question(cases=("20260417",))),
        ("x iccs:0501", Question(names=("x",), text="x", offences=("ICCS:0501",), place="x")),
        ('offence:"sexual violence" x', Question(names=("x",), text="x", offences=("ICCS:0301",), place="x")),
        ("offence:05 offence:natinf:7151", Question(offences=("ICCS:05", "natinf:7151"))),
        (
            "name:x +33 6 12 34 56 78 25/11/1982",
            Question(names=("x",), phones=("+33 6 12 34 56 78",), born=(birth_date("1982-11-25"),)),
        ),
        ("x , y ?", Question(names=("x y",), text="x y", place="x y")),
        ("王小明", Question(names=("王小明",), text="王小明", place="王小明")),
        ("ivan 1980 1981", Question(names=("ivan",), born=dates("1980", "1981"), text="ivan")),
        ("born:1978/1982 born:1980-05-01~ x", Question(names=("x",), born=dates("1978/1982", "1980-05-01~"), text="x")),
        (
            'type:person name:"Ivan Petrov" alias:"Vanya Petrov" nickname:Vanya nationality:Afghan nationality:af',
            Question(
                types=("person",),
                names=("Ivan Petrov", "Vanya Petrov"),
                nicknames=("Vanya",),
                nationalities=("AF",),
            ),
        ),
        (
            'type:Navire type:organisation name:Aurora birthplace:"Tver, Russia"',
            Question(types=("organisation", "vessel"), names=("Aurora",), birth_places=("Tver, Russia",)),
        ),
        ("iv\u200ban\tpetrov\x00", Question(names=("ivan petrov",), text="ivan petrov", place="ivan petrov")),
    ],
)
def test_a_question_is_taken_for_what_it_looks_like(text: str, question: Question) -> None:
    assert parse_question(text) == question


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\u200b",
        "x" * (MAX_QUESTION_CHARS + 1),
        "x " * (MAX_PARTS + 1),
        f'"{"ab " * (MAX_TOKENS + 1)}"',
        " ".join([f'"{"ab " * 30}"'] * 6),
        "born:1980-13",
        "born:31/31/1982",
        '""',
        "born:1982/1978",
        "nationality:Atlantis ivan",
        "type:gang ivan",
        "type:person",
        "nationality:FR",
        "birthplace:Paris type:person",
        "offence:gibberish ivan",
        "number:n/a",
        "? ,",
    ],
)
def test_what_cannot_be_asked_is_said_in_a_line(text: str) -> None:
    with pytest.raises(LiaisonError, match=r"^(?!.*\n).+$"):
        parse_question(text)


@given(st.text(max_size=200))
def test_any_text_is_a_question_or_an_expected_error(text: str) -> None:
    with suppress(LiaisonError):
        assert not parse_question(text).empty


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
