"""One person or thing across cases: what each says of it, where they agree and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Final, NamedTuple

import htpy

from pipeline.api.answers import EntityAnswer, EntityAppearance, EntityFact, EntityRelation
from pipeline.api.services.entities import resolve_entity
from pipeline.index.documents import AsSent
from pipeline.locale import N_
from pipeline.matching.explain.words import TYPES
from pipeline.records.names import full_name
from pipeline.web.addresses import case_path, entity_path
from pipeline.web.components.badges import badge, draw_band, draw_caveat_badge
from pipeline.web.components.entity import (
    FIELDS,
    describe_relation,
    entity_place,
    format_period,
    format_values,
    name_entity,
)
from pipeline.web.components.markup import bidi_text, box, link, static_html, text
from pipeline.web.components.rows import entity_mark
from pipeline.web.components.tables import TableColumn, draw_table, panel, render_table
from pipeline.web.components.values import draw_name, render_name
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit

MANY: Final = frozenset(
    {
        "names", "role", "birth_dates", "birth_places", "nationalities", "addresses", "phones", "emails", "identifiers",
        "occupation", "remark",
    }
)  # fmt: skip
"""Fields of which somebody may well have several values, so that two of them are no contradiction."""


RELATIONS: Final = 40
"""Relations in sight; the others are folded."""


class StatedValue(NamedTuple):
    """A value of a field and the cases that state it; `first` of its field; `differs` where not all can be true."""

    field: str
    value: str
    cases: tuple[str, ...]
    first: bool
    differs: bool


async def load(visit: Visit, parameters: Parameters) -> EntityAnswer:
    """The thing, computed now from what this visitor reads. Raises NotFoundError."""
    return await resolve_entity(visit.new_session(), parameters["key"], parameters["entity"])


def draw(view: OpenPage, found: EntityAnswer) -> None:
    """What is said, and where."""
    words, key = view.words, view.parameters["key"]
    _draw_heading(words, found, key)
    with panel(words("Known details"), words("with their source records"), tight=True):
        draw_table(words("Known details"), _statement_columns(words), collect_statements(words, found.facts))
    if found.relations:
        with panel(words("Relations"), words("as its records say"), tight=True):
            static_html(_render_relations(words, found.relations[:RELATIONS]))
            if rest := found.relations[RELATIONS:]:
                with box("details", "more onward"):
                    text("summary", words.plural("{count} more", "{count} more", len(rest)))
                    static_html(_render_relations(words, rest))
    extent = words.plural("{count} record", "{count} records", len(found.appearances))
    if not found.complete:
        extent = words("{records}, and more not checked", records=extent)
    with panel(words("Appears in"), extent, tight=True):
        draw_table(words("Appears in"), _appearance_columns(words), found.appearances)


def _draw_heading(words: Words, found: EntityAnswer, key: str) -> None:
    with box("div", "heading", data_keep=entity_mark(key, found.appearances[0].entity["id"])):
        with box("p", "trail"):
            link(key, case_path(key), data_up="")
            text("span", f" · {words.label(TYPES, found.type)}")
        first = found.appearances[0]
        with box("div", "row apart"):
            draw_name(name_entity(words, first.entity), first.country, "h1")
            text("button", words("Add to folder"), "button slight", type="button", data_keep_button="")
        text("p", words("Combined from all linked records. Computed on request, not stored."), "small quiet")


def _render_relations(words: Words, rows: Sequence[EntityRelation]) -> htpy.Element:
    """Each relation with whom it is to, which leads to all records of them, and the record that says it."""
    columns = dict.fromkeys((words("Relation"), words("Person or thing"), words("Dates"), words("Record")), "")
    return render_table(words("Relations"), columns, (_render_relation(words, row) for row in rows))


def _render_relation(words: Words, row: EntityRelation) -> tuple[htpy.Node, ...]:
    other = row.other
    return (
        describe_relation(words, row.type, outgoing=row.outgoing),
        htpy.a(href=entity_path(row.case, other["id"]))[render_name(name_entity(words, other), row.country)],
        htpy.span[format_period(words, row.start, row.end)],
        htpy.a(".code", href=entity_place(row.case, other))[row.case],
    )


def collect_statements(words: Words, facts: Sequence[EntityFact]) -> list[StatedValue]:
    """The facts in the order in which fields are shown."""
    order = {field: at for at, field in enumerate(FIELDS)}
    known = sorted((fact for fact in facts if fact.field in order), key=lambda fact: order[fact.field])
    found = []
    for field, held in groupby(known, key=lambda fact: fact.field):
        stated = list(held)
        values = [(_format_value(words, field, fact.value), tuple(fact.cases)) for fact in stated]
        differs = field not in MANY and _has_contradiction([str(fact.value) for fact in stated])
        found += [StatedValue(field, value, cases, at == 0, differs) for at, (value, cases) in enumerate(values)]
    return found


def _has_contradiction(values: Sequence[str]) -> bool:
    """Whether two values cannot both be true: 1980-05 says less than 1980-05-14, and nothing else."""
    return any(not b.startswith(a) for a, b in pairwise(sorted(value.casefold() for value in values)))


def _format_value(words: Words, field: str, value: object) -> str:
    return (
        full_name(value)
        if field == "names" and isinstance(value, dict)
        else ", ".join(format_values(words, field, value))
    )


def _statement_columns(words: Words) -> list[TableColumn[StatedValue]]:
    return [
        TableColumn(  # seen once, heard with each value
            words("Field"),
            lambda value: text("span", words(FIELDS[value.field]), "" if value.first else "hidden-words"),
        ),
        TableColumn(words("Value"), lambda value: _draw_statement(words, value)),
        TableColumn(words("Records"), _draw_cases),
    ]


def _draw_statement(words: Words, value: StatedValue) -> None:
    with box("span", "row"):
        draw_name(value.value) if value.field == "names" else bidi_text(value.value)
        if value.differs and value.first:
            badge(words("records disagree"), "warn")


def _draw_cases(value: StatedValue) -> None:
    with box("span", "row"):
        for case in value.cases:
            link(case, case_path(case), "code")


def _appearance_columns(words: Words) -> list[TableColumn[EntityAppearance]]:
    return [
        TableColumn(words("Record"), lambda row: _draw_record(words, row)),
        TableColumn(words("Country"), lambda row: text("span", words.country_name(row.country))),
        TableColumn(words("Names"), lambda row: _draw_names(row.entity, row.country)),
        TableColumn(
            words("Role"), lambda row: text("span", ", ".join(format_values(words, "role", row.entity.get("role"))))
        ),
        TableColumn(words("Band"), lambda row: draw_band(words, row.band)),
    ]


def _draw_record(words: Words, row: EntityAppearance) -> None:
    with box("span", "row"):
        link(row.case, case_path(row.case), "code", data_open="")
        draw_caveat_badge(words, row)


def _draw_names(raw: AsSent, country: str) -> None:
    with box("span", "row"):
        for name in raw.get("names") or ():
            draw_name(full_name(name), country)


PAGE = Page("/entities/{entity}/of/{key:path}", N_("All linked records"), "search", load, draw)
