from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records.doubts import MAX_WARNINGS, MESSAGES, Doubt
from pipeline.records.model import Case
from pipeline.records.normalisation import normalise
from pipeline.records.normalised import (
    GeoPoint,
    NormalisedEntity,
    NormalisedIdentifier,
    NormalisedPhone,
    PartialDate,
    TimeSpan,
)
from pipeline.records.validation import read
from support.records.samples import message, only


def one(entity: dict[str, Any]) -> tuple[NormalisedEntity, list[tuple[str, str]]]:
    """The normalised entity, and the codes and places (below the entity) of its warnings."""
    found = normalise(read(only(entity)).case)
    [normalised] = found.entities
    prefix = "/data/entities/0"
    assert all(warning.pointer.startswith(prefix) for warning in found.warnings)
    return normalised, [(warning.code, warning.pointer.removeprefix(prefix)) for warning in found.warnings]


def test_the_example() -> None:
    found = normalise(read(message()).case)
    assert [warning.pointer for warning in found.warnings] == ["/data/entities/5/country"]
    person, company, car, line, account, document, ship, gun, place, event = found.entities
    assert [name.text for name in person.names] == ["Иван Петров", "Ivan Petrov"]
    assert person.birth_date == PartialDate(1980, 5)
    assert person.phones == (NormalisedPhone("+33612345678", "612345678"),) == line.phones
    assert person.emails == ("ivan@mail.example",)
    assert person.nationalities == ("RU",)
    assert company.nationalities == ("DE",)
    assert car.identifiers[0] == NormalisedIdentifier("plate", "AB123CD", "FR")
    assert (car.make, car.model, car.colour) == ("volkswagen", "golf", "black")
    assert {number.type for number in line.identifiers} == {"imei", "imsi"}
    assert {number.type for number in account.identifiers} == {"iban", "wallet"}
    assert document.identifiers == (NormalisedIdentifier("passport", "L898902C3", "", True),)
    assert ship.identifiers[0] == NormalisedIdentifier("imo", "9074729", "", True)
    assert gun.identifiers == (NormalisedIdentifier("serial", "AB12345"),)
    assert gun.calibre == "9x19"
    assert (place.addresses[0].postcode, place.place) == ("13002", GeoPoint(43.3, 5.36))
    assert event.span == TimeSpan(1793138400, 1793140200)


PLACEHOLDERS: list[tuple[dict[str, Any], str]] = [
    ({"type": "person", "names": [{"full": "unknown"}]}, "/names/0/full"),
    ({"type": "person", "names": [{"given": "N/A"}]}, "/names/0/given"),
    ({"type": "person", "birth_date": "1900-01-01"}, "/birth_date"),
    ({"type": "person", "birth_place": "inconnu"}, "/birth_place"),
    ({"type": "person", "phones": ["0000000000"]}, "/phones/0"),
    ({"type": "person", "phones": ["n/a"]}, "/phones/0"),
    ({"type": "person", "emails": ["unknown"]}, "/emails/0"),
    ({"type": "person", "nationalities": ["unbekannt"]}, "/nationalities/0"),
    ({"type": "person", "identifiers": [{"type": "passport", "value": "XXXXXXXX"}]}, "/identifiers/0/value"),
    ({"type": "person", "addresses": [{"full": "sans objet"}]}, "/addresses/0/full"),
    ({"type": "person", "birth_dates": ["1900-01-01"]}, "/birth_dates/0"),
    ({"type": "person", "birth_dates": ["1900/1980"]}, "/birth_dates/0"),
    ({"type": "person", "birth_places": ["unknown"]}, "/birth_places/0"),
    ({"type": "vehicle", "plate": "???"}, "/plate"),
    ({"type": "vehicle", "vin": "00000000000000000"}, "/vin"),
    ({"type": "vehicle", "make": "неизвестно"}, "/make"),
    ({"type": "phone", "imei": "000000000000000"}, "/imei"),
    ({"type": "weapon", "serial": "123456789"}, "/serial"),
]


@pytest.mark.parametrize(("entity", "place"), PLACEHOLDERS, ids=[f"{row[0]['type']}{row[1]}" for row in PLACEHOLDERS])
def test_placeholders_are_no_evidence_and_warn(entity: dict[str, Any], place: str) -> None:
    found, warnings = one(entity)
    assert warnings == [("placeholder", place)]
    assert found == NormalisedEntity(id="x1", type=entity["type"])


def test_a_placeholder_within_a_name_leaves_the_rest_of_it() -> None:
    found, warnings = one({"type": "person", "names": [{"given": "Unknown", "family": "Petrov"}]})
    assert warnings == [("placeholder", "/names/0/given")]
    assert [token.text for token in found.names[0].tokens] == ["petrov"]
    found, warnings = one({"type": "person", "names": [{"full": "N/A", "given": "Ivan", "family": "Petrov"}]})
    assert warnings == [("placeholder", "/names/0/full")]
    assert found.names[0].text == "Ivan Petrov"


def test_unknown_gender_is_an_ordinary_answer() -> None:
    assert one({"type": "person", "gender": "unknown"}) == (NormalisedEntity(id="x1", type="person"), [])


@pytest.mark.parametrize(
    ("text", "expected"), [("M", "male"), ("Femme", "female"), ("жен.", "female"), ("X", "other"), ("2", "female")]
)
def test_genders(text: str, expected: str) -> None:
    assert one({"type": "person", "gender": text})[0].gender == expected


DOUBTED: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "person", "names": [{"given": "Iv\u200ban"}]}, "invisible_characters", "/names/0/given"),
    ({"type": "person", "names": [{"full": "Ivаn Petrov"}]}, "mixed_script", "/names/0/full"),
    ({"type": "person", "phones": ["+33 6 12 34"]}, "phone", "/phones/0"),
    ({"type": "person", "phones": ["call me"]}, "phone", "/phones/0"),
    ({"type": "person", "emails": ["ivan at mail"]}, "email", "/emails/0"),
    ({"type": "person", "gender": "yes"}, "gender", "/gender"),
    ({"type": "person", "nationalities": ["RU", "Atlantis"]}, "country", "/nationalities/1"),
    ({"type": "person", "birth_country": "Atlantis"}, "country", "/birth_country"),
    ({"type": "vehicle", "plate": "AB123CD", "plate_country": "Atlantis"}, "country", "/plate_country"),
    ({"type": "account", "bic": "nonsense"}, "form", "/bic"),
    ({"type": "vessel", "mmsi": "12"}, "form", "/mmsi"),
    ({"type": "document", "mrz": "P<UTO"}, "mrz", "/mrz"),
    ({"type": "address", "latitude": 48.85}, "place", "/latitude"),
    ({"type": "address", "longitude": 2.35}, "place", "/longitude"),
    ({"type": "event", "latitude": 0, "longitude": 0.0}, "place", "/latitude"),
    ({"type": "event", "start": "2026-10-28", "end": "2026-10-27"}, "span", "/end"),
]


@pytest.mark.parametrize(("entity", "code", "place"), DOUBTED, ids=[f"{row[1]}{row[2]}" for row in DOUBTED])
def test_what_is_doubtful_warns_with_its_place(entity: dict[str, Any], code: str, place: str) -> None:
    assert one(entity)[1] == [(code, place)]


def test_letters_of_a_look_alike_alphabet_are_put_back() -> None:
    [name] = one({"type": "person", "names": [{"full": "Ivаn Petrov"}]})[0].names
    assert [token.text for token in name.tokens] == ["ivan", "petrov"]
    assert name.flags == ("mixed_script",)


def test_a_bank_alone_is_no_evidence() -> None:
    assert one({"type": "account", "bic": "PSSTFRPPPAR"}) == (NormalisedEntity(id="x1", type="account"), [])


def test_a_vin_gives_the_make_that_was_not_stated() -> None:
    assert one({"type": "vehicle", "vin": "WVWZZZ1JZXW000001"})[0].make == "volkswagen"
    assert one({"type": "vehicle", "vin": "WVWZZZ1JZXW000001", "make": "Audi"})[0].make == "audi"


MRZ = "P<D<<MUSTERFRAU<<ERIKA<<<<<<<<<<<<<<<<<<<<<<C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"


def test_a_machine_readable_zone_speaks_for_its_document_and_holder() -> None:
    found, warnings = one({"type": "document", "mrz": MRZ})
    assert warnings == []
    assert found.identifiers == (NormalisedIdentifier("passport", "C01X00T47", "DE", True),)
    assert [(token.text, token.kind) for token in found.names[0].tokens] == [
        ("erika", "given"),
        ("musterfrau", "family"),
    ]
    assert (found.birth_date, found.gender, found.nationalities) == (PartialDate(1964, 8, 12), "female", ("DE",))


def test_a_number_that_contradicts_its_zone_is_kept_beside_it() -> None:
    found, warnings = one({"type": "document", "document_type": "passport", "number": "C01X00T48", "mrz": MRZ})
    assert warnings == [("mrz_mismatch", "/number")]
    assert [number.value for number in found.identifiers] == ["C01X00T47", "C01X00T48"]


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        ("2026-10-27T22:00:00Z", None, TimeSpan(1793138400, 1793138400)),
        (None, "1970-01-01", TimeSpan(0, 86399)),
        ("1970", "1970-01-02", TimeSpan(0, 172799)),
    ],
)
def test_spans_of_whole_and_partial_times(start: str | None, end: str | None, span: TimeSpan) -> None:
    assert one({"type": "event", "start": start, "end": end})[0].span == span


def test_country_of_the_case_completes_phone_numbers() -> None:
    case = read(only({"type": "person", "phones": ["030 901820"]}, country="DE", agency="de-bka")).case
    assert normalise(case).entities[0].phones == (NormalisedPhone("+4930901820", "30901820"),)


def test_warnings_are_bounded() -> None:
    person = {"type": "person", "names": [{"full": "unknown"}] * 50}
    entities = [{"id": f"p{at}", **person} for at in range(10)]
    found = normalise(read(message(entities=entities, relations=...)).case)
    assert len(found.warnings) == MAX_WARNINGS + 1
    assert found.warnings[-1].code == Doubt.MORE


def test_every_doubt_has_its_sentence() -> None:
    assert set(MESSAGES) == set(Doubt)


texts = st.none() | st.text(max_size=30) | st.text(alphabet="0123456789+-/ ABCXYZ<?*", max_size=44)


@given(st.data())
def test_any_texts_are_normalised(data: st.DataObject) -> None:
    free = {
        "person": ("birth_place", "gender", "birth_date_text"),
        "vehicle": ("plate", "plate_country", "vin", "make", "model", "colour"),
        "phone": ("number", "country", "imei", "imsi", "iccid"),
        "account": ("iban", "bic", "number", "wallet", "country"),
        "document": ("document_type", "number", "country", "mrz"),
        "vessel": ("imo", "mmsi", "call_sign", "flag"),
        "weapon": ("serial", "make", "model", "calibre"),
        "address": ("full", "house", "street", "postcode", "city", "country"),
        "event": ("method",),
        "organisation": ("country", "legal_form"),
    }
    kind = data.draw(st.sampled_from(sorted(free)))
    fields: dict[str, Any] = {field: data.draw(texts) for field in free[kind]}
    if kind in ("person", "organisation"):
        fields |= {field: [data.draw(texts) or ""] for field in ("phones", "emails")}
        fields["names"] = [{"full": data.draw(texts), "family": data.draw(texts)}]
    case: Case = read(only({"type": kind, **fields})).case
    found = normalise(case)
    assert found == normalise(case)
    assert [each.type for each in found.entities] == [kind]
