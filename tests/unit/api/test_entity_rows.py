"""Rows made of entities: of records, which hold nothing of them, and of FollowTheMoney files, told line by line."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
import pytest

from pipeline.api.entity_rows import (
    CLOSED,
    MOST_TIES,
    NO_ENTITY,
    NO_JSON,
    NOT_SEARCHED,
    NOTHING_ASKED,
    ask_entity,
    ask_values,
    fill_row,
    is_follow_the_money,
    parse_entities,
    rows_of_record,
)
from pipeline.api.list_planning import MOST_BYTES, MOST_ROWS, ListError, ListRow, ListTie
from pipeline.api.services.follow_the_money import case_entities
from pipeline.index.documents import CaseDocument, CaseRecord, case_document
from pipeline.search.questions import MAX_PARTS, MAX_QUESTION_CHARS, parse_question
from support.index.documents import PureStages
from support.records.builder import person, record, vehicle
from support.records.samples import example


def lines(*entities: Any) -> bytes:
    return b"\n".join(one if isinstance(one, bytes) else orjson.dumps(one) for one in entities)


def entity(id_: str, schema: str, **properties: Any) -> dict[str, Any]:
    return {"id": id_, "schema": schema, "properties": properties}


PETROV = entity(
    "a-1", "Person", name=["Ivan Petrov"], alias=["Vanya P."], birthDate=["1980-05-01"], nationality=["ru"],
    passportNumber=["YA1234567"],
)  # fmt: skip


def test_a_person_is_asked_with_all_that_tells_who_it_is() -> None:
    (row,) = parse_entities(lines(PETROV))
    assert (row.own, row.schema, row.line, row.problem) == ("a-1", "Person", 1, "")
    asked = parse_question(row.question)
    assert (asked.names, asked.types) == (("Ivan Petrov", "Vanya P."), ("person",))
    assert 'born:"1980-05-01"' in row.question
    assert 'number:"YA1234567"' in row.question
    assert 'nationality:"RU"' in row.question


@pytest.mark.parametrize(
    ("sent", "question"),
    [
        (entity("1", "Company", name="Nord Trade", leiCode=["5493001KJTIIGC8Y1R12"]),
         'type:"organisation" name:"Nord Trade" number:"5493001KJTIIGC8Y1R12"'),
        (entity("1", "LegalEntity", name=["Nord Trade"]), 'name:"Nord Trade"'),
        (entity("1", "Vehicle", registrationNumber=["AB-123-CD"]), 'plate:"AB-123-CD"'),
        (entity("1", "Airplane", registrationNumber=["RA-12345"]), 'number:"RA-12345"'),
        (entity("1", "BankAccount", iban=["BE71096123456769"]), 'number:"BE71096123456769"'),
        (entity("1", "CryptoWallet", publicKey=["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"]),
         'number:"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"'),
        (entity("1", "Phone", number=["+33612345678"]), 'phone:"+33612345678"'),
        (entity("1", "Person", firstName=["Ivan"], lastName=["Petrov"]), 'type:"person" name:"Ivan Petrov"'),
        (entity("1", "Person", name=["Ivan"], birthDate=["not a date", "1980"]),
         'type:"person" name:"Ivan" born:"1980"'),
    ],
)  # fmt: skip
def test_each_schema_is_asked_by_what_names_it(sent: Any, question: str) -> None:
    (row,) = parse_entities(lines(sent))
    assert row.question == question
    parse_question(row.question)


def test_relations_are_told_of_both_ends_and_are_no_rows() -> None:
    rows = parse_entities(
        lines(
            PETROV,
            entity("b-1", "Company", name=["Nord Trade"]),
            entity("r-1", "Directorship", director=["a-1"], organization=["b-1"]),
            entity("r-2", "Ownership", owner=[{"id": "a-1", "schema": "Person"}], asset=["b-1"]),
            entity("r-3", "Family", person=["a-1"], relative=["a-1"]),
        )
    )
    assert [row.ties for row in rows] == [
        (ListTie("Directorship", "organization", "b-1"), ListTie("Ownership", "asset", "b-1")),
        (ListTie("Directorship", "director", "a-1"), ListTie("Ownership", "owner", "a-1")),
    ]


def test_relations_in_a_circle_end() -> None:
    names = [f"c-{at}" for at in range(50)]
    ring = [entity(f"o-{at}", "Ownership", owner=[name], asset=[names[(at + 1) % 50]]) for at, name in enumerate(names)]
    hub = [entity(f"h-{at}", "Ownership", owner=["c-0"], asset=[name]) for at, name in enumerate(names)]
    rows = parse_entities(lines(*(entity(name, "Company", name=[name]) for name in names), *ring, *hub))
    assert len(rows) == 50
    assert len(rows[0].ties) == MOST_TIES


def test_numbers_of_documents_are_asked_of_their_holder() -> None:
    (row,) = parse_entities(lines(PETROV, entity("p", "Passport", holder=["a-1"], passportNumber=["C01X00T47"])))
    assert 'number:"C01X00T47"' in row.question


def test_what_comes_in_parts_is_one_entity() -> None:
    parts = (entity("a", "Person", name=["Ivan Petrov"]), entity("b", "Address", full=["Tver"]),
             entity("a", "Person", birthDate=["1980-05-01"]))  # fmt: skip
    first, second = parse_entities(lines(*parts))
    assert first.question == 'type:"person" name:"Ivan Petrov" born:"1980-05-01"'
    assert (second.problem, second.values, second.line) == (NOT_SEARCHED, {"schema": "Address"}, 2)


def test_each_bad_line_says_what_is_wrong_and_holds_up_no_other() -> None:
    bad = [b"{", b"[1]", b'"x"', b'{"id": 1}', orjson.dumps(entity("", "Person", name=["x"])), b"\xff\xfe",
           orjson.dumps({"id": "a", "schema": "Person", "properties": []}), b"[" * 100_000]  # fmt: skip
    rows = parse_entities(lines(PETROV, *bad, entity("z", "Person", name=["Anna Keller"])))
    assert [row.line for row in rows] == list(range(1, 11))
    assert [row.problem for row in rows] == ["", NO_JSON, NO_ENTITY, NO_ENTITY, NO_ENTITY, NO_ENTITY, NO_JSON,
                                             NO_ENTITY, NO_JSON, ""]  # fmt: skip


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"{\n", b"x" * (MOST_BYTES + 1)])
def test_a_file_without_an_entity_or_too_large_is_refused(raw: bytes) -> None:
    with pytest.raises(ListError):
        parse_entities(raw)


def test_more_rows_than_a_list_may_have_are_refused() -> None:
    many = [entity(str(at), "Person", name=["x"]) for at in range(MOST_ROWS + 1)]
    with pytest.raises(ListError, match="more than"):
        parse_entities(lines(*many))


def test_a_question_takes_what_fits_and_what_tells_most_first() -> None:
    names = [f"Name Number {at}" for at in range(100)]
    asked = ask_values({"alias": names, "name": ["Ivan Petrov"], "born": ["1980-05-01"]})
    assert asked.startswith('name:"Ivan Petrov" born:"1980-05-01"')
    assert len(asked) <= MAX_QUESTION_CHARS
    assert len(parse_question(asked).names) < MAX_PARTS
    assert ask_values({"type": ["person"], "nationality": ["RU"], "birthplace": ["Tver"]}) == ""
    assert ask_values({"name": ['a "quoted" name', " "]}) == 'name:"a  quoted  name"'


def test_a_files_kind_is_told_by_its_first_object() -> None:
    assert is_follow_the_money(lines(b"nonsense", PETROV))
    assert not is_follow_the_money(lines({"question": "ivan"}, PETROV))
    assert not is_follow_the_money(b"id,name\n1,x\n")
    assert not is_follow_the_money(b"")


def test_what_we_export_comes_in_again() -> None:
    """The people and things of an exported case are asked by what the case says of them."""
    row = CaseRecord("fr-pj:2026-004711", "fr-pj", "FR", 3, "", example()["data"], None)
    rows = parse_entities(lines(*case_entities(row)))
    schemas = {one.schema: one.question for one in rows if one.question}
    assert schemas.keys() >= {"Person", "Organization", "Vehicle"}
    assert "Иван Петров" in schemas["Person"]


def test_a_row_of_a_record_holds_its_names_alone_and_is_filled_from_the_record(stages: PureStages) -> None:
    man, event = person("Ivan Petrov", id="p1", birth_date="1980-05-01"), {"id": "e1", "type": "event", "method": "x"}
    held = record("fr-pj", entities=[man, vehicle("AB-123-CD", "FR", id="v1"), event])
    case = msgspec.json.decode(case_document(stages.accepted(held)).body, type=CaseDocument)
    rows = list(rows_of_record(case))
    assert rows == [
        ListRow("fr-pj:1 p1", country="FR", source="fr-pj:1", entity="p1"),
        ListRow("fr-pj:1 v1", country="FR", source="fr-pj:1", entity="v1"),
    ]
    assert fill_row(rows[0], case).question == 'type:"person" name:"Ivan Petrov" born:"1980-05-01"'
    closed = fill_row(rows[0], None)
    assert (closed.own, closed.question, closed.problem) == ("", "", CLOSED)
    gone = ListRow("fr-pj:1 e1", source="fr-pj:1", entity="e1")
    assert fill_row(gone, case).problem == NOTHING_ASKED
    own = ListRow("A1", "ivan petrov")
    assert fill_row(own, None) == own


def test_things_are_asked_by_their_numbers() -> None:
    assert ask_entity({"id": "t", "type": "phone", "number": "+33612345678"}) == 'phone:"+33612345678"'
    assert ask_entity({"id": "d", "type": "document", "number": "52NO43308"}) == 'number:"52NO43308"'
    wallet = {"id": "a", "type": "account", "iban": "BE71096123456769", "names": [{"full": "x", "kind": "alias"}]}
    assert ask_entity(wallet) == 'number:"BE71096123456769" alias:"x"'
    assert ask_entity({"id": "x", "type": "address", "full": "Tver"}) == ""
