"""A case as people read it in a terminal: what `liaison case` shows, and what `feed map --preview` would make.

It needs nothing of matching or of the API, so that an agency's client has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.locale import SOURCE
from pipeline.matching.handling import Contact, Handling
from pipeline.records.caveats import CaveatTranslation
from pipeline.records.entity_types import ENTITY_TYPES
from pipeline.records.normalised import RecordWarning
from pipeline.records.offence_codes import find_offence

LANGUAGE: Final = "en"
"""The command line speaks English."""

_LABELS = {row.name: row.label for row in ENTITY_TYPES}


def case_view(
    data: Mapping[str, Any],
    *,
    head: tuple[str, str],
    owner: str,
    handling: Handling,
    contact: Contact,
    translation: CaveatTranslation | None = None,
    kept_until: str | None = None,
    source: str = "",
    warnings: Sequence[RecordWarning] = (),
) -> RenderableType:
    """A record's data, as its agency sent it, under a head of two parts: its key, and its version and state.

    Of a caveat that its owner has translated into English the `translation` stands first, then the caveat that binds.
    """
    key, state = head
    facts = fact_table(
        ("Title", data.get("title")),
        ("Summary", data.get("summary")),
        ("Owner", owner),
        ("Handling", _handling(handling)),
        *_caveat(handling.caveat, translation),
        ("Contact", ", ".join(filter(None, msgspec.structs.astuple(contact)))),
        ("Opened", data.get("opened")),
        ("Closed", data.get("closed")),
        ("Kept until", kept_until),
        ("Offences", ", ".join(map(_offence, data.get("offences") or ()))),
        ("Source", source),
    )
    doubts = [plain(f"! {doubt.pointer}: {doubt.message}", "yellow") for doubt in warnings]
    return Group(plain(key, "bold").append(state, "not bold"), facts, _entities(data.get("entities") or ()), *doubts)


def plain(text: str, style: str = "") -> Text:
    """Text of a record as it is: markup is not obeyed, and controls (escapes, direction marks) become blanks."""
    return Text("".join(char if char.isprintable() else " " for char in text), style)


def _handling(handling: Handling) -> str:
    released = ", ".join(handling.releasable_to) or "nobody else"
    purposes = f"; for {', '.join(handling.purposes)}" if handling.purposes else ""
    return f"{handling.code}, released to {released}{purposes}"


def _caveat(caveat: str, translation: CaveatTranslation | None) -> Iterator[tuple[str, str]]:
    yield "Caveat", translation.text if translation else caveat
    if translation:
        yield f"Original ({translation.original_language})" if translation.original_language else "Original", caveat


def _offence(offence: Mapping[str, Any]) -> str:
    """A code and its name, or the agency's words for it."""
    known = find_offence(offence["scheme"], offence["code"])
    name = known.name(SOURCE) if known else offence.get("description") or ""
    return f"{offence['scheme']}:{offence['code']} {name}".rstrip()


def fact_table(*facts: tuple[str, str | None]) -> Table:
    """Names and values in two columns; a fact without a value is left out."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        if value:
            table.add_row(name, plain(value))
    return table


def _entities(entities: Iterable[Mapping[str, Any]]) -> Table:
    table = new_table("Id", "Type", "Role", "Details")
    for entity in entities:
        details = {name: value for name, value in entity.items() if name not in ("id", "type", "role") and value}
        kind = _LABELS.get(entity["type"], entity["type"])
        table.add_row(*map(plain, (entity["id"], kind, entity.get("role") or "", _format_value(details))))
    return table


def _format_value(value: object) -> str:
    """Any part of a record in one line of plain words."""
    if isinstance(value, dict):
        return ", ".join(
            f"{spell_out(name)} {_format_value(inner)}" for name, inner in value.items() if inner not in (None, "", [])
        )
    if isinstance(value, list):
        return "; ".join(map(_format_value, value))
    return str(value)


def spell_out(name: str) -> str:
    """A field's name in words."""
    return name.replace("_", " ")


def new_table(*columns: str) -> Table:
    """A table whose columns fold what is long."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
