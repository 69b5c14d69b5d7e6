"""Search results, cases and links as a person reads them in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.index.searching import SearchResult
from pipeline.matching.explain.explanation import EntityEvidence, Explanation, Item, mirrored
from pipeline.matching.explain.waterfall import OTHER
from pipeline.matching.explain.wording import agreement, label, percent, rarity
from pipeline.matching.explain.words import FIELDS, TYPES
from pipeline.matching.fingerprint import Handling

BAND_STYLE = {"certain": "bold green", "probable": "green", "possible": "yellow"}
LANGUAGE = "en"
"""The command line speaks English."""

REASONS = 4
"""Reasons named in one line of a list; the link itself shows all."""


def bits(hundredths: int) -> str:
    """A match weight for people: signed, one decimal."""
    return f"{hundredths / 100:+.1f}"


def plain(text: str, style: str = "") -> Text:
    """Text of a record as it is: markup is not obeyed, and controls (escapes, direction marks) become blanks."""
    return Text("".join(char if char.isprintable() else " " for char in text), style)


def results(found: Sequence[SearchResult]) -> RenderableType:
    """What a search found, best first."""
    table = _table("#", "Case", "Title", "Bits", "Reasons")
    table.columns[0].justify = table.columns[3].justify = "right"
    for number, one in enumerate(found, 1):
        title = (one.case.data or {}).get("title") or ""
        because = plain(_because(one))
        table.add_row(str(number), _case(one.case.case, one.case.country), plain(title), bits(one.score), because)
    return table


def _because(result: SearchResult) -> str:
    said = [f"{label(FIELDS, item.field, LANGUAGE)} {_values(item)}" for item in _agreements(result.evidence)]
    return "; ".join(said[:REASONS]) or "; ".join(f"{_words(met)} in the record" for met in result.met)


def _agreements(evidence: Iterable[EntityEvidence]) -> list[Item]:
    items = [item for entity in evidence for item in entity.items if item.bits > 0]
    return sorted(items, key=lambda item: (-item.bits, item.field))


def _values(item: Item) -> str:
    return item.value_b if item.value_a == item.value_b else f"{item.value_a} ≈ {item.value_b}"


def case(document: CaseDocument) -> RenderableType:
    """One case: who owns it, how it may be handled, what it is about, whom and what it names."""
    data = document.data or {}
    head = plain(document.case, "bold").append(f"  version {document.version}, {document.status}", "not bold")
    facts = _facts(
        ("Title", data.get("title")),
        ("Summary", data.get("summary")),
        ("Owner", f"{document.agency} ({document.country})"),
        ("Handling", _handling(document)),
        ("Caveat", document.handling.caveat if document.handling else None),
        ("Contact", ", ".join(filter(None, msgspec.structs.astuple(document.contact)))),
        ("Opened", document.opened),
        ("Closed", document.closed),
        ("Kept until", document.retain_until),
        ("Offences", ", ".join(document.offences)),
        ("Source", _source(document)),
    )
    warnings = [plain(f"! {one.pointer}: {one.message}", "yellow") for one in document.warnings]
    return Group(head, facts, _entities(data.get("entities") or ()), *warnings)


def _handling(document: CaseDocument) -> str:
    handling = document.handling or Handling()
    released = ", ".join(handling.releasable_to) or "nobody else"
    purposes = f"; for {', '.join(handling.purposes)}" if handling.purposes else ""
    return f"{handling.code}, released to {released}{purposes}"


def _source(document: CaseDocument) -> str:
    provenance = document.provenance
    return f"{provenance.position}, received {provenance.ingested_at}" if provenance else ""


def _facts(*facts: tuple[str, str | None]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        if value:
            table.add_row(name, plain(value))
    return table


def _entities(entities: Iterable[dict[str, Any]]) -> Table:
    table = _table("Id", "Type", "Role", "Details")
    for entity in entities:
        told = {name: value for name, value in entity.items() if name not in ("id", "type", "role") and value}
        table.add_row(
            *map(plain, (entity["id"], label(TYPES, entity["type"], LANGUAGE), entity.get("role") or "", _told(told)))
        )
    return table


def _told(value: object) -> str:
    """Any part of a record in one line of plain words."""
    if isinstance(value, dict):
        return ", ".join(
            f"{_words(name)} {_told(inner)}" for name, inner in value.items() if inner not in (None, "", [])
        )
    if isinstance(value, list):
        return "; ".join(map(_told, value))
    return str(value)


def links(key: str, found: Sequence[LinkDocument]) -> RenderableType:
    """The links of a case, strongest first, each with its reasons."""
    return Group(*(part for link in found for part in _link(key, link)))


def _link(key: str, link: LinkDocument) -> Iterator[RenderableType]:
    other = link.b if link.a.case == key else link.a
    yield Text.assemble(
        plain(other.case, "bold"),
        f" ({other.country})  " if other.country else "  ",
        (link.band, BAND_STYLE.get(link.band, "")),
        f"  probability {percent(link.probability, LANGUAGE)}, {bits(link.score)} bits  ",
        (f"link {link.link}", "dim"),
    )
    if link.evidence is not None:
        told = msgspec.convert(link.evidence, Explanation)
        yield explanation(mirrored(told) if link.b.case == key else told)


def explanation(told: Explanation) -> RenderableType:
    """The sum that makes a link, term by term, side a on the left."""
    table = _table("", "Here", "There", "Agreement", "Bits")
    table.columns[0].min_width = len("Date of birth")
    table.columns[4].justify = "right"
    for entity in told.entities:
        _add_entity(table, entity)
    table.add_row(label(OTHER, "prior", LANGUAGE), "", "", "", bits(told.prior), style="dim")
    table.add_row(label(OTHER, "attempts", LANGUAGE), "", "", "", bits(told.rebate - told.attempts), style="dim")
    return table


def _add_entity(table: Table, entity: EntityEvidence) -> None:
    for item in entity.items:
        agreed = ", ".join(filter(None, (agreement(item, LANGUAGE), rarity(item, LANGUAGE))))
        table.add_row(
            label(FIELDS, item.field, LANGUAGE),
            item.value_a,
            item.value_b,
            agreed,
            bits(item.bits),
            style="" if item.bits >= 0 else "red",
        )
    if entity.alternative:
        table.add_row(label(OTHER, "alternative", LANGUAGE), "", "", "", bits(entity.alternative), style="dim")
    if left_out := entity.counted - entity.bits:
        correction = label(OTHER, "floor", LANGUAGE) if left_out > 0 else "Pair correction"
        table.add_row(correction, "", "", "", bits(left_out), style="dim")


def _case(key: str, country: str) -> Text:
    return Text.assemble(plain(key, "bold"), (f" {country}", "dim"))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
