"""Who or what a link is about, as a list names it."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.api.services.linked_things import LinkedThing, name_entity, name_side
from pipeline.index.documents import CaseDocument


@pytest.mark.parametrize(
    ("entity", "named"),
    [
        ({"names": [{"full": "Ivan Petrov"}], "birth_date": "1980-05-01"}, ("Ivan Petrov", "1980-05-01")),
        ({"names": [{}, {"given": "Ivan", "family": "Petrov"}]}, ("Ivan Petrov", None)),
        ({"type": "vehicle", "plate": "AB-123-CD", "vin": "WVWZZZ1JZXW000001"}, ("AB-123-CD", None)),
        ({"type": "phone", "number": "+33612345678"}, ("+33612345678", None)),
        ({"type": "event"}, (None, None)),
    ],
)
def test_a_thing_is_named_by_its_name_or_its_number(entity: dict[str, Any], named: tuple[str, str]) -> None:
    case = CaseDocument("fr-pj:1", "fr-pj", "FR", 1, "live", data={"title": "Vol", "entities": [{"id": "x", **entity}]})
    told = name_side(case, LinkedThing("x"), "en")
    assert (told.name, told.born) == named
    assert (told.case, told.title, told.entity) == ("fr-pj:1", "Vol", "x")


def test_of_many_names_none_is_looked_at_behind_the_one_that_is_told() -> None:
    names = iter([{}, {"full": "Ivan Petrov"}, {"full": "Jean Martin"}])
    assert name_entity({"names": names}) == "Ivan Petrov"
    assert next(names) == {"full": "Jean Martin"}


def test_an_entity_that_is_not_there_leaves_the_case() -> None:
    told = name_side(CaseDocument("fr-pj:1", "fr-pj", "FR", 1, "live"), LinkedThing("x"), "en")
    assert (told.case, told.title, told.name, told.type) == ("fr-pj:1", None, None, None)


def test_of_several_names_the_one_that_was_compared_is_told() -> None:
    names = [{"full": "Drozdov Victor"}, {"full": "Виктор ДРОЗДОВ"}]
    case = CaseDocument("fr-pj:1", "fr-pj", "FR", 1, "live", data={"entities": [{"id": "x", "names": names}]})
    assert name_side(case, LinkedThing("x", "виктор дроздов"), "en").name == "Виктор ДРОЗДОВ"
    assert name_side(case, LinkedThing("x"), "en").name == "Drozdov Victor"
