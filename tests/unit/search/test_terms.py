from __future__ import annotations

import pytest

from pipeline.matching.fingerprint import entity_print
from pipeline.records.normalised import (
    NameToken,
    NormalisedAddress,
    NormalisedEntity,
    NormalisedIdentifier,
    NormalisedName,
    NormalisedPhone,
)
from pipeline.search.terms import case_terms, entity_terms, folded_text, search_terms


def terms(**fields: object) -> set[str]:
    return set(entity_terms(entity_print(NormalisedEntity("x", **({"type": "person"} | fields)))))  # type: ignore[arg-type]


def named(*words: str) -> tuple[NormalisedName, ...]:
    return (NormalisedName(" ".join(words), tuple(NameToken(word, "name") for word in words)),)


def test_a_name_in_another_script_shares_forms_and_sounds() -> None:
    cyrillic, latin = terms(names=named("иван", "петров")), terms(names=named("ivan", "petrov"))
    assert {"name:ivan", "name:petrov"} <= cyrillic & latin
    assert any(term.startswith("sound:") for term in cyrillic & latin)


def test_a_misspelt_name_shares_a_sound() -> None:
    assert any(one.startswith("sound:") for one in terms(names=named("youssef")) & terms(names=named("yusuf")))


def test_numbers_are_whole_and_plates_also_come_in_pieces() -> None:
    found = terms(
        type="vehicle", identifiers=(NormalisedIdentifier("plate", "AB123"), NormalisedIdentifier("vin", "WVWZZZ1"))
    )
    assert {"id:AB123", "id:WVWZZZ1", "piece:AB", "piece:B1", "piece:12", "piece:23"} <= found
    assert "piece:WV" not in found


def test_a_partial_plate_has_only_its_known_pieces() -> None:
    found = terms(type="vehicle", identifiers=(NormalisedIdentifier("plate", "AB?12*"),))
    assert {one for one in found if one.startswith(("piece", "id"))} == {"piece:AB", "piece:12"}


def test_a_case_is_found_by_its_own_number_with_and_without_its_agency() -> None:
    assert case_terms("fr-pj", "2026-0417") == ("case:20260417", "case:FRPJ20260417")


def test_phones_mails_and_places() -> None:
    found = terms(
        phones=(NormalisedPhone("+33612345678", "612345678"),),
        emails=("a@b.example",),
        addresses=(NormalisedAddress(city="Москва", postcode="75001"),),
    )
    assert {"phone:+33612345678", "phone:612345678", "email:a@b.example", "city:moskva", "postcode:75001"} <= found


def test_terms_stand_once_in_the_order_of_the_record() -> None:
    entity = entity_print(
        NormalisedEntity("x", "person", names=named("petrov", "ivan", "ivan"), emails=("a@b.example",))
    )
    found = search_terms([entity, entity])
    assert len(found) == len(set(found))
    assert found[0] == "name:petrov"
    assert found[-1] == "email:a@b.example"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Vol à Liège", "vol a liege"),
        ("STRASSE Straße", "strasse strasse"),
        ("Ёлка", "елка"),
        ("Е\u0308лка", "елка"),
        ("\u1112\u1161\u11ab", "한"),
        ("김정은", "김정은"),
        ("हिन्दी", "हिन्दी"),
        ("מְדִינָה", "מדינה"),
    ],
)
def test_free_text_is_folded(text: str, folded: str) -> None:
    assert folded_text(None, text, "") == folded
