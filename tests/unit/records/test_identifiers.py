from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.records.identifier_types import BY_NAME, CATALOGUE, REGISTERS, IdentifierType
from pipeline.records.identifiers import identifier
from pipeline.records.normalised import NormalisedIdentifier

CASES = [
    ("Passport", "75 1234567", "RU", NormalisedIdentifier("passport", "751234567", "RU")),
    ("passeport", "AB-12", "", NormalisedIdentifier("passport", "AB12")),
    ("imei", "49-015420-323751-8", "", NormalisedIdentifier("imei", "490154203237518", "", True)),
    ("imei", "49015420323751", "", NormalisedIdentifier("imei", "490154203237518")),
    ("IMEISV", "4901542032375189", "", NormalisedIdentifier("imei", "490154203237518")),
    ("imei", "490154203237519", "", NormalisedIdentifier("imei", "490154203237519", "", False)),
    ("imei", "٤٩٠١٥٤٢٠٣٢٣٧٥١", "", NormalisedIdentifier("imei", "٤٩٠١٥٤٢٠٣٢٣٧٥١")),
    ("imsi", "208011234567890", "", NormalisedIdentifier("imsi", "208011234567890")),
    ("imsi", "999", "", NormalisedIdentifier("imsi", "999", "", False)),
    (
        "iban",
        "fr14 2004 1010 0505 0001 3M02 606",
        "",
        NormalisedIdentifier("iban", "FR1420041010050500013M02606", "FR", True),
    ),
    (
        "iban",
        "FR1420041010050500013M02607",
        "",
        NormalisedIdentifier("iban", "FR1420041010050500013M02607", "FR", False),
    ),
    ("imo", "IMO 9074729", "", NormalisedIdentifier("imo", "9074729", "", True)),
    ("mmsi", "227006760", "", NormalisedIdentifier("mmsi", "227006760")),
    ("mmsi", "22700676", "", NormalisedIdentifier("mmsi", "22700676", "", False)),
    ("container", "CSQU 305438-3", "", NormalisedIdentifier("container", "CSQU3054383", "", True)),
    ("vin", "1m8gdm9axkp042788", "", NormalisedIdentifier("vin", "1M8GDM9AXKP042788", "", True)),
    ("vin", "WVWZZZ1JZXW000001", "", NormalisedIdentifier("vin", "WVWZZZ1JZXW000001")),
    ("plate", "AB-123-C?", "FR", NormalisedIdentifier("plate", "AB123C?", "FR")),
    ("plate", "А123ВС 77", "RU", NormalisedIdentifier("plate", "A123BC77", "RU")),
    (
        "wallet",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "",
        NormalisedIdentifier("wallet", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "", True),
    ),
    (
        "wallet",
        "0xDE709F2102306220921060314715629080E2FB77",
        "",
        NormalisedIdentifier("wallet", "0xde709f2102306220921060314715629080e2fb77"),
    ),
    ("lei", "529900T8BM49AURSDO55", "", NormalisedIdentifier("lei", "529900T8BM49AURSDO55", "", True)),
    ("siren", "552 008 443", "FR", NormalisedIdentifier("company_number", "552008443", "FR", True)),
    ("siret", "55200844300018", "FR", NormalisedIdentifier("company_number", "55200844300018", "FR", False)),
    ("codice fiscale", "RCCMNL83S18D969H", "IT", NormalisedIdentifier("national_id", "RCCMNL83S18D969H", "IT", True)),
    ("pesel", "44051401359", "PL", NormalisedIdentifier("national_id", "44051401359", "PL", True)),
    ("national_id", "44051401358", "PL", NormalisedIdentifier("national_id", "44051401358", "PL", False)),
    ("national_id", "123", "ZZ", NormalisedIdentifier("national_id", "123", "ZZ")),
    ("vat", "FR 40303265045", "", NormalisedIdentifier("vat", "FR40303265045", "", True)),
    ("card", "4111 1111 1111 1111", "", NormalisedIdentifier("card", "4111111111111111", "", True)),
    ("Numéro interne", "a-1", "", NormalisedIdentifier("numéro_interne", "A1")),
    ("ssn", "428-6|-6375", "", NormalisedIdentifier("social_security", "428616375", "")),
    ("passport", "AB|CD", "", NormalisedIdentifier("passport", "ABCD", "")),
    ("passport", "паспорт № 1", "", NormalisedIdentifier("passport", "ПАСПОРТNO1")),
]


@pytest.mark.parametrize(("kind", "value", "country", "expected"), CASES, ids=[f"{row[0]} {row[1]}" for row in CASES])
def test_canonical_form_and_verdict(kind: str, value: str, country: str, expected: NormalisedIdentifier) -> None:
    assert identifier(kind, value, country) == expected


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: str(kind.name))
def test_every_type_is_found_by_its_name_and_has_a_sentence(kind: IdentifierType) -> None:
    assert BY_NAME[kind.name] is kind
    assert kind.sentence.endswith(".")


def test_no_alias_names_two_types() -> None:
    names = [name for kind in CATALOGUE for name in (kind.name, *kind.aliases)]
    assert len(names) == len(set(names))


@given(
    st.sampled_from(sorted(BY_NAME)),
    st.text(max_size=40),
    st.sampled_from(["", "FR", "DE", "PL", "CZ", "DK", "RU", "US"]),
)
@example("wallet", "T\u00a8", "")
@example("other", "\u0390", "")
@example("plate", "\u1100-\u1161", "")
def test_any_value_has_a_canonical_form(kind: str, value: str, country: str) -> None:
    found = identifier(kind, value, country)
    again = identifier(found.type, found.value, found.country)
    assert again.value == found.value


COUNTRIES = sorted({country for register in REGISTERS.values() for country in register})
NUMBERED = [*REGISTERS, "iban", "imei"]


@given(st.sampled_from(NUMBERED), st.text(alphabet="0123456789ABX-", max_size=20), st.sampled_from(COUNTRIES))
def test_every_register_gives_a_verdict_on_any_digits(kind: str, value: str, country: str) -> None:
    assert identifier(kind, value, country).valid in (True, False, None)
