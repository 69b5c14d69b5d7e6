"""An entity of a record: its names in their own scripts, what is known of it, and how it is related to others.

All as its agency sent it: relations are owner, driver, member and others that a record states.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import htpy

from pipeline.api.services.export_words import PARTS
from pipeline.api.services.linked_things import NUMBERS
from pipeline.index.documents import AsSent
from pipeline.locale import N_
from pipeline.matching.explain.words import GENDERS, IDENTIFIER_TYPES, TYPES
from pipeline.records.entity_types import ENTITY_TYPES
from pipeline.records.names import full_name
from pipeline.web.addresses import case_path, entity_path
from pipeline.web.components.rows import Cell, SortableRow, SortColumn, draw_rows, entity_mark
from pipeline.web.components.tables import render_facts
from pipeline.web.components.tabs import tab_address
from pipeline.web.components.values import format_moment, render_name
from pipeline.web.i18n import Words
from pipeline.web.vocabulary import NAME_KINDS

Shown = tuple[str, htpy.Node]
"""A word and its value."""

WORDS = {field: label for row in ENTITY_TYPES for field, label in row.fields.items()} | {
    "identifiers": N_("Identifiers"), "remark": N_("Remark"),
}  # fmt: skip
"""Fields in the order in which they are shown."""

COUNTRIES = frozenset({"birth_country", "nationalities", "country", "plate_country", "flag"})
MOMENTS = frozenset({"birth_date", "birth_dates", "death_date", "start", "end"})
CODES = {"gender": GENDERS, "document_type": IDENTIFIER_TYPES, "role": PARTS}

FIELDS = {"names": N_("Name"), "role": N_("Role")} | WORDS
"""All that is said of an entity, with its word."""

LOOKS = ("make", "model", "colour")
"""What a thing is called by, beside its number."""

ADDRESS_PARTS = ("street", "house", "unit", "postcode", "city", "region", "country")


def name_entity(words: Words, raw: AsSent) -> str:
    """What a list calls an entity: its first name, else the number, place or method that stands for it, else its id."""
    named = next((said for name in raw.get("names") or () if (said := full_name(name))), "")
    return named or _describe_nameless(words, raw) or f"{words.label(TYPES, raw['type'])} {raw['id']}"


def _describe_nameless(words: Words, raw: AsSent) -> str:
    number = next((str(raw[field]) for field in NUMBERS if raw.get(field)), "")
    looks = " ".join(str(raw[field]) for field in LOOKS if raw.get(field))
    return " · ".join(filter(None, (looks, number))) or raw.get("method") or _format_value(words, "addresses", raw)


MOST_SEEN = 2
"""Values of one cell; all are in what the row unfolds to."""


class EntityColumn(NamedTuple):
    """A column of a table of entities: its word, and the fields of which it shows the values."""

    word: str
    fields: tuple[str, ...]


COLUMNS = (
    EntityColumn(N_("Type"), ("type",)),
    EntityColumn(N_("Date of birth"), ("birth_date", "birth_dates")),
    EntityColumn(N_("Role"), ("role",)),
    EntityColumn(N_("Nationalities"), ("nationalities",)),
    EntityColumn(N_("Identifiers"), ("identifiers", *NUMBERS)),
    EntityColumn(N_("Phones"), ("phones",)),
    EntityColumn(N_("Addresses"), ("addresses",)),
)
"""What stands beside an entity's name; a column in which none of a table's entities has a value is left out."""


def draw_entities(
    words: Words,
    title: str,
    case: str,
    country: str,
    held: Sequence[AsSent],
    related: RelatedEntities,
    sought: str = "",
) -> None:
    """Entities of a case as a table whose rows unfold; `country` is of the agency that wrote them.

    Few rows are unfolded, and the one with the id `sought`.
    """
    shown = [column for column in COLUMNS if _has_values(column, held)]
    columns = [SortColumn(words("Name")), *(SortColumn(words(column.word)) for column in shown)]
    rows = (
        SortableRow(
            [Cell(render_name(name_entity(words, raw), country), name_entity(words, raw)),
             *(_make_cell(words, column, raw) for column in shown)],
            name_entity(words, raw), entity_mark(case, raw["id"]),
            unfolds=render_entity(words, raw, country, entity_path(case, raw["id"]), related.render(raw["id"])),
            mark=f"entity-{raw['id']}", unfolded=len(held) <= UNFOLDED or raw["id"] == sought,
        )
        for raw in held
    )  # fmt: skip
    draw_rows(words, title, columns, rows, "entities")


UNFOLDED = 2
"""A table with no more rows than this shows them unfolded."""


def _has_values(column: EntityColumn, held: Sequence[AsSent]) -> bool:
    """Whether any entity has one; their type is told only where they are not all people."""
    if column.fields == ("type",):
        return any(raw["type"] != "person" for raw in held)
    return any(raw.get(field) for raw in held for field in column.fields)


def _make_cell(words: Words, column: EntityColumn, raw: AsSent) -> Cell:
    if column.fields == ("type",):
        said = words.label(TYPES, raw["type"])
        return Cell(said, said)
    values = [(field, value) for field in column.fields for value in _list_values(raw.get(field))]
    texts = [_format_value(words, *value) for value in values]
    more = len(texts) - MOST_SEEN
    lines = [htpy.bdi(".line", dir="auto")[line] for line in texts[:MOST_SEEN]]
    return Cell([lines, more > 0 and htpy.span(".quiet")[f"+{words.format_number(more)}"]],
                str(values[0][1]) if values and isinstance(values[0][1], str) else "".join(texts[:1]))  # fmt: skip


def _list_values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value not in (None, "") else []


def render_entity(words: Words, raw: AsSent, country: str, across: str, ties: Iterable[Shown] = ()) -> htpy.Element:
    """All that a record says of an entity, `ties` how it is related, and `across` its page of all records.

    `country` is that of the agency that wrote it.
    """
    leads = words("All records of this person") if raw["type"] == "person" else words("All linked records")
    facts: list[Shown] = []
    for field, word in WORDS.items():
        if held := format_values(words, field, raw.get(field)):
            facts.append((words(word), [htpy.bdi(".line", dir="auto")[line] for line in held]))
    return htpy.div(".stack.close")[
        _render_names(words, raw, country),
        render_facts([*facts, *ties]),
        htpy.a(".small", href=across)[leads],
    ]


def describe_entity(words: Words, raw: AsSent) -> str:
    """What stands beside an entity's name: role and date of birth of people, the type of whatever else."""
    role = words.label(PARTS, raw["role"]) if raw.get("role") else ""
    kind = "" if raw["type"] == "person" else words.label(TYPES, raw["type"])
    born = next((str(date) for date in (raw.get("birth_date"), *(raw.get("birth_dates") or ())) if date), "")
    return " · ".join(filter(None, (kind, role, format_moment(words, born) if born else "")))


def _render_names(words: Words, raw: AsSent, country: str) -> htpy.Node:
    names = raw.get("names") or ()
    if len(names) < 2 and not any(name.get("kind") for name in names):
        return None
    return htpy.p(".names")[
        (
            htpy.span[
                render_name(full_name(name), country),
                name.get("kind") and htpy.small[f" {words.label(NAME_KINDS, name['kind'])}"],
            ]
            for name in names
        )
    ]


def format_values(words: Words, field: str, value: Any) -> list[str]:
    """The values of a field as people read them: codes of countries and closed lists in words, the rest as sent."""
    if value is None or value == "":
        return []
    return [_format_value(words, field, item) for item in (value if isinstance(value, list) else [value])]


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
    if field in MOMENTS:
        return format_moment(words, str(value))
    return words.label(CODES[field], value) if field in CODES else str(value)


RELATIONS: Final = {
    "owner": (N_("Owner of"), N_("Owner")),
    "beneficial owner": (N_("Beneficial owner of"), N_("Beneficial owner")),
    "driver": (N_("Driver of"), N_("Driver")),
    "passenger": (N_("Passenger in"), N_("Passenger")),
    "user": (N_("User of"), N_("User")),
    "holder": (N_("Holder of"), N_("Holder")),
    "account holder": (N_("Account holder of"), N_("Account holder")),
    "member": (N_("Member of"), N_("Member")),
    "director": (N_("Director of"), N_("Director")),
    "employee": (N_("Employee of"), N_("Employee")),
    "employer": (N_("Employer of"), N_("Employer")),
    "associate": (N_("Associate of"), N_("Associate")),
    "relative": (N_("Relative of"), N_("Relative")),
    "spouse": (N_("Spouse of"), N_("Spouse")),
    "parent": (N_("Parent of"), N_("Parent")),
    "child": (N_("Child of"), N_("Child")),
    "sibling": (N_("Sibling of"), N_("Sibling")),
    "resident": (N_("Resident at"), N_("Resident")),
}
"""By what agencies send: what the one is of the other, and what the other's field is called that names the one.

Agencies send other words as well; those stay as sent.
"""


def describe_relation(words: Words, sent: str, *, outgoing: bool) -> str:
    """What an entity is of another one (`outgoing`), or what the other one is of it."""
    known = RELATIONS.get(" ".join(sent.casefold().replace("_", " ").replace("-", " ").split()))
    if known is None:
        return f"{sent} →" if outgoing else f"← {sent}"
    return words(known[0] if outgoing else known[1])


class RelatedEntities:
    """The relations of a case, each to be read from either of its two entities; `country` is of its agency."""

    def __init__(self, words: Words, data: AsSent, country: str) -> None:
        self._words, self._country = words, country
        self._entities: dict[str, AsSent] = {entity["id"]: entity for entity in data.get("entities", ())}
        self._of: defaultdict[str, list[tuple[str, AsSent, str]]] = defaultdict(list)
        for relation in data.get("relations", ()):
            self._of[relation["from"]].append((relation["to"], relation, self._describe(relation, outgoing=True)))
            self._of[relation["to"]].append((relation["from"], relation, self._describe(relation, outgoing=False)))

    def _describe(self, relation: AsSent, *, outgoing: bool) -> str:
        return describe_relation(self._words, relation["type"], outgoing=outgoing)

    def render(self, entity: str) -> Iterator[Shown]:
        """By what it is to them or they to it, whom an entity is related to; each leads to where the other stands."""
        by_word: defaultdict[str, list[htpy.Element]] = defaultdict(list)
        for other, relation, word in self._of[entity]:
            by_word[word].append(self._render_other(other, relation))
        yield from by_word.items()

    def _render_other(self, other: str, relation: AsSent) -> htpy.Element:
        raw = self._entities[other]
        place = tab_address("people" if raw["type"] == "person" else "things", entity=other)
        period = format_period(self._words, relation.get("start"), relation.get("end"))
        name = render_name(name_entity(self._words, raw), self._country)
        return htpy.div[htpy.a(href=place)[name], period and f" · {period}"]


def format_period(words: Words, start: str | None, end: str | None) -> str:
    """From when to when a relation held, as far as it is known; "" where nothing is."""
    first, last = (words.format_date(day) if day else "" for day in (start, end))
    if first and last:
        return words("from {first} to {last}", first=first, last=last)
    if first:
        return words("since {time}", time=first)
    return words("until {time}", time=last) if last else ""


def entity_place(key: str, raw: AsSent) -> str:
    """Where an entity stands on the page of its case."""
    return case_path(key) + tab_address("people" if raw["type"] == "person" else "things", entity=raw["id"])
