from __future__ import annotations

from typing import Any

import pytest

from pipeline.feeds.record_shape import check_shape, suggest_word
from pipeline.feeds.rules import compile_fields

PERSON = {"id": "p1", "type": "person", "names": [{"full": "{NAME}"}]}


def check(**fields: Any) -> None:
    check_shape(compile_fields({"case_id": "{NO}", **fields}, "record"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"entites": [PERSON]}, "`record.entites`: a record has no such field here; did you mean entities?"),
        (
            {"entities": [PERSON | {"type": "persn"}]},
            "`record.entities[0].type`: 'persn' is none of person, organisation, vehicle, phone, account, document, ",
        ),
        (
            {"entities": [PERSON | {"birthdate": "{B}"}]},
            "`record.entities[0].birthdate`: a record has no such field here; did you mean birth_date?",
        ),
        (
            {"entities": [PERSON | {"names": [{"for": "rows", "ful": "{N}"}]}]},
            "`record.entities[0].names[0].ful`: a record has no such field here; did you mean full?",
        ),
        (
            {"handling": {"code": "H9"}},
            "`record.handling.code`: 'H9' is none of H0, H1, H2, H3",
        ),
        (
            {"handling": {"releasable_to": ["FRA"]}},
            "`record.handling.releasable_to[0]`: 'FRA' is not an ISO 3166-1 alpha-2 code in capitals, or * for ",
        ),
        (
            {"status": {"from": "S", "values": {"X": "withdrawn"}, "default": "activ"}},
            "`record.status`: 'activ' is none of active, corrected, withdrawn; did you mean active?",
        ),
        (
            {"entities": [{"id": "x", "type": {"from": "T", "values": {"P": "person", "A": "plane"}}}]},
            "`record.entities[0].type`: 'plane' is none of",
        ),
        ({"entities": PERSON}, "`record.entities` is a list: begin each of its items with `-`"),
        ({"handling": [{"code": "H1"}]}, "`record.handling` is one object, not a list of them"),
        ({"retain_until": "2030"}, "`record.retain_until`: '2030' is not a date of the calendar"),
    ],
)
def test_what_no_record_has_is_refused_by_name(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        check(**fields)
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize(("written", "meant"), [("persn", "person"), ("vehicl", "vehicle"), ("zzz", ""), ("ih", "")])
def test_the_word_that_was_meant_is_told_where_one_is_alike(written: str, meant: str) -> None:
    assert suggest_word(written, ("person", "vehicle", "id")) == (f"; did you mean {meant}?" if meant else "")


@pytest.mark.parametrize(
    "fields",
    [
        {"entities": [PERSON]},
        {"entities": [{"id": "x", "type": "{T}", "plate": "{P}", "names": [{"full": "{N}"}]}]},
        {"entities": [{"id": "x", "type": {"from": "T", "values": {"P": "person", "V": "vehicle"}}, "plate": "{P}"}]},
        {"extensions": {"whatever": {"is": ["{HERE}"]}}},
        {"version": {"from": "V", "as": "integer"}, "status": "corrected", "retain_until": "2030-01-01"},
    ],
)
def test_what_a_record_may_hold_passes(fields: dict[str, Any]) -> None:
    check(**fields)
