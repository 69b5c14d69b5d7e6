"""An entity of a record: its names in their own scripts, then what is known, as its agency sent it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.locale import N_
from pipeline.matching.explain.words import GENDERS, IDENTIFIER_TYPES, TYPES, describe_birth_date
from pipeline.records.entity_types import ENTITY_TYPES
from pipeline.records.stated_names import full_name
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.names import draw_name
from pipeline.web.components.panel import Fact, draw_facts
from pipeline.web.i18n import Words
from pipeline.web.vocabulary import NAME_KINDS, PARTS

Raw = dict[str, Any]

WORDS = {field: label for row in ENTITY_TYPES for field, label in row.fields.items()} | {
    "identifiers": N_("Identifiers"), "remark": N_("Remark"),
}  # fmt: skip
"""Fields in the order in which they are shown."""

COUNTRIES = frozenset({"birth_country", "nationalities", "country", "plate_country", "flag"})
TIMES = frozenset({"start", "end"})
CODES = {"gender": GENDERS, "document_type": IDENTIFIER_TYPES, "role": PARTS}

FIELDS = {"names": N_("Name"), "role": N_("Role")} | WORDS
"""All that is said of an entity, with its word."""

ADDRESS_PARTS = ("street", "house", "unit", "postcode", "city", "region", "country")


def draw_entity(words: Words, raw: Raw, across: str, country: str = "") -> None:
    """One entity of a case; `across` is its page that shows it in all records, `country` that of its agency."""
    with box("article", "entity", id=f"entity-{raw['id']}"):
        with box("p", "kind"):
            text("b", words.label(TYPES, raw["type"]))
            text("span", " ".join(filter(None, (raw["id"], words.label(PARTS, raw.get("role") or "")))))
            person = raw["type"] == "person"
            link(words("All records of this person") if person else words("All linked records"), across)
        with box("div", "stack"):
            _draw_names(words, raw, country)
            draw_facts(list(_entity_facts(words, raw)))


def _draw_names(words: Words, raw: Raw, country: str) -> None:
    if raw.get("names"):
        with box("p", "names"):
            for name in raw["names"]:
                with box("span"):
                    draw_name(full_name(name), country)
                    if name.get("kind"):
                        text("small", f" {words.label(NAME_KINDS, name['kind'])}")


def _entity_facts(words: Words, raw: Raw) -> Iterator[Fact]:
    for field, word in WORDS.items():
        if held := format_values(words, field, raw.get(field)):
            yield words(word), _make_lines_drawer(held)


def format_values(words: Words, field: str, value: Any) -> list[str]:
    """The values of a field as people read them: codes of countries and closed lists in words, the rest as sent."""
    return [_format_value(words, field, item) for item in _as_list(value)]


def _as_list(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _format_value(words: Words, field: str, value: Any) -> str:
    """A value as text: addresses and identifiers are made of parts."""
    if not isinstance(value, dict):
        return _format_scalar(words, field, value)
    if "value" in value:
        country = f"({value['country']})" if value.get("country") else None
        return " ".join(filter(None, (words.label(IDENTIFIER_TYPES, value["type"]), value["value"], country)))
    return value.get("full") or ", ".join(str(value[part]) for part in ADDRESS_PARTS if value.get(part))


def _format_scalar(words: Words, field: str, value: Any) -> str:
    if field in COUNTRIES:
        return words.country_name(str(value))
    if field == "birth_dates":
        return describe_birth_date(str(value), words.language)
    if field in TIMES and "T" in str(value):
        return words.format_minute(value)
    return words.label(CODES[field], value) if field in CODES else str(value)


def _make_lines_drawer(held: list[str]) -> Any:
    def draw() -> None:
        for line in held:
            with box("div"):
                bidi_text(line)

    return draw
