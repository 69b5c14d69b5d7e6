"""An entity of a record: its names in their own scripts, then what is known, as its agency sent it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.matching.words import TYPES
from pipeline.web.components.markup import box, foreign, text
from pipeline.web.components.panel import Fact, facts
from pipeline.web.i18n import N_, Words

Raw = dict[str, Any]

WORDS = {
    "birth_date": N_("Birth date"), "birth_date_text": N_("Birth date as read"), "birth_place": N_("Birth place"),
    "birth_country": N_("Birth country"), "death_date": N_("Death date"), "gender": N_("Gender"),
    "nationalities": N_("Nationalities"), "addresses": N_("Addresses"), "phones": N_("Phones"),
    "emails": N_("E-mail"), "occupation": N_("Occupation"), "country": N_("Country"), "legal_form": N_("Legal form"),
    "founded": N_("Founded"), "dissolved": N_("Dissolved"), "plate": N_("Plate"), "plate_country": N_("Plate country"),
    "vin": N_("VIN"), "make": N_("Make"), "model": N_("Model"), "colour": N_("Colour"), "year": N_("Year"),
    "category": N_("Category"), "number": N_("Number"), "imei": N_("IMEI"), "imsi": N_("IMSI"), "iccid": N_("ICCID"),
    "iban": N_("IBAN"), "bic": N_("BIC"), "institution": N_("Institution"), "wallet": N_("Wallet"),
    "network": N_("Network"), "document_type": N_("Kind of document"), "mrz": N_("Machine-readable zone"),
    "issued": N_("Issued"), "expires": N_("Expires"), "imo": N_("IMO number"), "mmsi": N_("MMSI"),
    "call_sign": N_("Call sign"), "flag": N_("Flag"), "serial": N_("Serial number"), "calibre": N_("Calibre"),
    "full": N_("Address"), "house": N_("House"), "street": N_("Street"), "unit": N_("Unit"),
    "postcode": N_("Postcode"), "city": N_("City"), "region": N_("Region"), "start": N_("From"), "end": N_("To"),
    "method": N_("Method"), "latitude": N_("Latitude"), "longitude": N_("Longitude"), "identifiers": N_("Identifiers"),
    "remark": N_("Remark"),
}  # fmt: skip
"""Fields in the order in which they are shown."""

ADDRESS_PARTS = ("street", "house", "unit", "postcode", "city", "region", "country")
NAME_PARTS = ("given", "middle", "patronymic", "family")


def entity(words: Words, raw: Raw) -> None:
    """One entity of a case."""
    with box("article", "entity", id=f"entity-{raw['id']}"):
        with box("p", "kind"):
            text("b", TYPES[words.language].get(raw["type"], raw["type"]))
            text("span", " ".join(filter(None, (raw["id"], raw.get("role")))))
        with box("div", "stack"):
            _names(raw)
            facts(list(_facts(words, raw)))


def _names(raw: Raw) -> None:
    if raw.get("names"):
        with box("p", "names"):
            for name in raw["names"]:
                with box("span"):
                    foreign(full_name(name))
                    if name.get("kind"):
                        text("small", f" {name['kind']}")


def full_name(name: Raw) -> str:
    """A name as one text."""
    return name.get("full") or " ".join(name[part] for part in NAME_PARTS if name.get(part))


def _facts(words: Words, raw: Raw) -> Iterator[Fact]:
    for field, word in WORDS.items():
        if said := [_said(one) for one in _listed(raw.get(field))]:
            yield words(word), _lines(said)


def _listed(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _said(value: Any) -> str:
    """A value as text: addresses and identifiers are made of parts."""
    if not isinstance(value, dict):
        return str(value)
    if "value" in value:
        return " ".join(filter(None, (value["type"], value["value"], value.get("country"))))
    return value.get("full") or ", ".join(str(value[part]) for part in ADDRESS_PARTS if value.get(part))


def _lines(said: list[str]) -> Any:
    def draw() -> None:
        for one in said:
            with box("div"):
                foreign(one)

    return draw
