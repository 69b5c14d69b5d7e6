from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable
from types import UnionType
from typing import Any, Final, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import model, schemas
from pipeline.records.doubts import MAX_WARNINGS, MESSAGES, Doubt
from pipeline.records.entity_types import (
    COMPANIONABLE,
    ENTITY_TYPES,
    ENTITY_TYPES_BY_NAME,
    OF_EVERY_TYPE,
    TYPES,
    EntityType,
    calibre,
    normalise,
)
from pipeline.records.model import Case
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

SCHEMA: Final = schemas.schema("case")["$defs"]
BRANCHES: Final = {branch["if"]["properties"]["type"]["const"]: branch["then"] for branch in SCHEMA["entity"]["allOf"]}

OF_ALL: Final = {"id", "type", "role", "names", "identifiers", "remark"}
"""Fields that entities of several types have, which no row need name."""

each_type = pytest.mark.parametrize("row", ENTITY_TYPES, ids=lambda row: str(row.name))


def _structs() -> dict[str, type[Any]]:
    """The structs of pipeline.records.model that are entities, by their tag."""
    found = (kind for _, kind in inspect.getmembers(model, inspect.isclass) if issubclass(kind, msgspec.Struct))
    return {str(kind.__struct_config__.tag): kind for kind in found if kind.__struct_config__.tag}


def _types_of_schema() -> list[str]:
    return list(SCHEMA["entity"]["properties"]["type"]["enum"])


def test_the_schema_says_the_same_of_a_type_in_all_four_places() -> None:
    listed = _types_of_schema()
    described = SCHEMA["entity"]["properties"]["type"]["description"]
    for name in [*listed, *(set(BRANCHES) - set(listed))]:
        advice = f"schemas/case.schema.json: `{name}` needs an entry of $defs, of the enum of entity.type, of its "
        advice += "description, and an if-then of entity.allOf"
        assert name in SCHEMA, advice
        assert name in listed, advice
        assert SCHEMA[name]["properties"]["type"] == {"const": name}, advice
        assert BRANCHES.get(name) == {"$ref": f"#/$defs/{name}"}, advice
    assert described == f"one of the entity types: {', '.join(listed)}", "schemas/case.schema.json: entity.type"


def test_every_type_of_the_schema_has_a_struct() -> None:
    structs = _structs()
    for name in _types_of_schema():
        assert name in structs, f'pipeline/records/model.py: `{name}` needs a struct with tag="{name}"'
        assert structs[name] in get_args(model.Entity), (
            f"pipeline/records/model.py: Entity lacks `{structs[name].__name__}`"
        )
    assert isinstance(model.Entity, UnionType)


def test_every_type_of_the_schema_has_a_row_and_no_other() -> None:
    for name in _types_of_schema():
        assert name in ENTITY_TYPES_BY_NAME, f"pipeline/records/entity_types.py: ENTITY_TYPES lacks a row for `{name}`"
    assert list(TYPES) == _types_of_schema(), "pipeline/records/entity_types.py: ENTITY_TYPES is in another order"


@each_type
def test_every_field_of_a_type_has_a_label(row: EntityType) -> None:
    labelled = {field for one in ENTITY_TYPES for field in one.fields}
    lacking = set(row.model.__struct_fields__) - OF_ALL - labelled
    assert not lacking, f"pipeline/records/entity_types.py: no row's `fields` has a label for {sorted(lacking)}"
    assert row.label


@each_type
def test_a_row_names_fields_that_there_are(row: EntityType) -> None:
    own, normalised = set(row.model.__struct_fields__), set(NormalisedEntity.__struct_fields__)
    assert set(row.fields) <= own
    assert all(set(schema.properties) | set(schema.only_with) <= own for schema in row.follow_the_money)
    assert {field for group in row.needs for field in group} <= normalised
    assert set(OF_EVERY_TYPE) <= set(row.comparisons)


def test_no_two_types_share_a_prefix() -> None:
    prefixes = [prefix for row in ENTITY_TYPES for prefix in row.prefixes]
    assert len(set(prefixes)) == len(prefixes)


HELD: Final = {
    "companions": "person organisation",
    "by name": "person organisation vessel",
    "bears numbers": "person document",
    "in STIX": "person organisation address",
    "in FollowTheMoney": "person organisation vehicle account vessel address",
}


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("companions", COMPANIONABLE),
        ("by name", [row.name for row in ENTITY_TYPES if row.by_name]),
        ("bears numbers", [row.name for row in ENTITY_TYPES if row.bears_numbers]),
        ("in STIX", [row.name for row in ENTITY_TYPES if row.stix]),
        ("in FollowTheMoney", [row.name for row in ENTITY_TYPES if row.follow_the_money]),
    ],
)
def test_the_first_ten_types_are_what_they_were(what: str, names: Iterable[str]) -> None:
    first = ENTITY_TYPES[:10]
    assert [name for name in names if name in {row.name for row in first}] == HELD[what].split()


def test_the_tables_that_derive_from_the_first_ten_types_are_what_they_were() -> None:
    """Digests of the tables: what a change does to them must be meant."""
    first = ENTITY_TYPES[:10]
    shapes = {
        row.name: [schema.name, dict(schema.properties)]
        for row in first
        for schema in row.follow_the_money
        if schema.name != "CryptoWallet"
    }
    assert _digest(shapes) == "7d048813f583f4c0"
    assert _digest({row.name: row.label for row in first}) == "067d4e7d251213d5"


def _digest(table: object) -> str:
    plain = msgspec.json.encode(table, order="sorted")
    return hashlib.blake2b(msgspec.json.format(plain, indent=0), digest_size=8).hexdigest()


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
    assert {*MESSAGES, Doubt.MANY_VALUES} == set(Doubt)


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9 mm Para", "9x19"),
        ("9x19", "9x19"),
        ("9х19", "9x19"),
        ("Cal. .22 LR", "22lr"),
        (".380 ACP", "9x17"),
        ("7,62 x 39", "7.62x39"),
        ("12/70", "12gauge"),
        ("4.6x30", "4.6x30"),
        ("", ""),
    ],
)
def test_calibres_in_one_spelling(text: str, expected: str) -> None:
    assert calibre(text) == expected
