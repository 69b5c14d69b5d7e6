"""Search results, cases and links as a person reads them in a terminal, from what the API answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.access.redaction import HitRow, ProvenanceRow
from pipeline.api.answers import CaseRow, LinkListRow, SearchAnswer, SearchRow, told
from pipeline.index.documents import AsSent
from pipeline.locale import SOURCE
from pipeline.matching.bands import Band, Basis
from pipeline.matching.explain.breakdown import LINES, EvidenceLine, break_down, describe_companions
from pipeline.matching.explain.explanation import Explanation, Item, mirrored
from pipeline.matching.explain.wording import agreement, label, not_one, percent, rarity, shared_finding
from pipeline.matching.explain.words import FIELDS, TYPES
from pipeline.matching.fingerprint import Handling
from pipeline.records.offence_codes import find_offence
from pipeline.search.understanding import SearchHint

BAND_STYLES: Final = {Band.CERTAIN: "bold green", Band.PROBABLE: "green", Band.POSSIBLE: "yellow", Band.NONE: ""}
LANGUAGE: Final = "en"
"""The command line speaks English."""

MAX_REASONS: Final = 4
"""Reasons named in one line of a list; the link itself shows all."""


def bits(hundredths: int) -> str:
    """A match weight for people: signed, one decimal."""
    return f"{hundredths / 100:+.1f}"


def plain(text: str, style: str = "") -> Text:
    """Text of a record as it is: markup is not obeyed, and controls (escapes, direction marks) become blanks."""
    return Text("".join(char if char.isprintable() else " " for char in text), style)


def search(answer: SearchAnswer) -> RenderableType:
    """What a search found, best first, and behind it whom to ask about hit-only cases."""
    found = [_results(answer.results)] if answer.results else []
    return Group(*found, *(_hit(hit, hit.band) for hit in answer.hits))


def hints(rows: Iterable[SearchHint]) -> RenderableType:
    """What may not have been meant so, which words no record has, and what to try: a line each."""
    lines = []
    for row in rows:
        said = "No record that you can read has " if row.kind == "not_found" else ""
        meant = f" {row.question}" if row.question else ""
        lines.append(Text.assemble(said, plain(row.words, "bold"), f": {row.advice}", plain(meant)))
    return Group(*lines)


def _results(rows: Iterable[SearchRow]) -> RenderableType:
    table = _table("#", "Case", "Title", "Bits", "Reasons")
    table.columns[0].justify = table.columns[3].justify = "right"
    for number, row in enumerate(rows, 1):
        title = told(row.title)
        case = Text.assemble(plain(row.case, "bold"), (f" {row.country}", "dim"))
        table.add_row(str(number), case, plain(title or ""), bits(told(row.score) or 0), plain(_because(row)))
    return table


def _because(row: SearchRow) -> str:
    agreeing = [item for entity in told(row.evidence) or () for item in entity.items if item.bits > 0]
    agreeing.sort(key=lambda item: (-item.bits, item.field))
    said = [f"{label(FIELDS, item.field, LANGUAGE)} {_values(item)}" for item in agreeing]
    return "; ".join(said[:MAX_REASONS]) or "; ".join(f"{_words(met)} in the record" for met in told(row.met) or ())


def _values(item: Item) -> str:
    return item.value_b if item.value_a == item.value_b else f"{item.value_a} ≈ {item.value_b}"


def case(row: CaseRow) -> RenderableType:
    """One case: who owns it, how it may be handled, what it is about, whom and what it names."""
    data: AsSent = row.data
    handling = row.handling or Handling()
    head = plain(row.case, "bold").append(f"  version {row.version}, {row.status}", "not bold")
    facts = fact_table(
        ("Title", data.get("title")),
        ("Summary", data.get("summary")),
        ("Owner", f"{row.agency} ({row.country})"),
        ("Handling", _handling(handling)),
        ("Caveat", handling.caveat),
        ("Contact", ", ".join(filter(None, msgspec.structs.astuple(row.contact)))),
        ("Opened", data.get("opened")),
        ("Closed", data.get("closed")),
        ("Kept until", row.retain_until),
        ("Offences", ", ".join(map(_offence, data.get("offences") or ()))),
        ("Source", _source(row.provenance)),
    )
    warnings = [plain(f"! {doubt.pointer}: {doubt.message}", "yellow") for doubt in row.warnings]
    return Group(head, facts, _entities(data.get("entities") or ()), *warnings)


def _handling(handling: Handling) -> str:
    released = ", ".join(handling.releasable_to) or "nobody else"
    purposes = f"; for {', '.join(handling.purposes)}" if handling.purposes else ""
    return f"{handling.code}, released to {released}{purposes}"


def _offence(offence: AsSent) -> str:
    """A code and its name, or the agency's words for it."""
    known = find_offence(offence["scheme"], offence["code"])
    name = known.name(SOURCE) if known else offence.get("description") or ""
    return f"{offence['scheme']}:{offence['code']} {name}".rstrip()


def _source(came: ProvenanceRow | None) -> str:
    """Where the record stands in Kafka, which is for its owner alone."""
    return f"{came.position}, received {came.ingested_at}" if came and came.position else ""


def fact_table(*facts: tuple[str, str | None]) -> Table:
    """Names and values in two columns; a fact without a value is left out."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        if value:
            table.add_row(name, plain(value))
    return table


def _entities(entities: Iterable[AsSent]) -> Table:
    table = _table("Id", "Type", "Role", "Details")
    for entity in entities:
        details = {name: value for name, value in entity.items() if name not in ("id", "type", "role") and value}
        kind = label(TYPES, entity["type"], LANGUAGE)
        table.add_row(*map(plain, (entity["id"], kind, entity.get("role") or "", _format_value(details))))
    return table


def _format_value(value: object) -> str:
    """Any part of a record in one line of plain words."""
    if isinstance(value, dict):
        return ", ".join(
            f"{_words(name)} {_format_value(inner)}" for name, inner in value.items() if inner not in (None, "", [])
        )
    if isinstance(value, list):
        return "; ".join(map(_format_value, value))
    return str(value)


def links(key: str, rows: Sequence[LinkListRow]) -> RenderableType:
    """The links of a case, strongest first, each with its reasons; of a hit-only side whom to ask."""
    return Group(*(part for row in rows for part in _link(key, row)))


def _link(key: str, row: LinkListRow) -> Iterator[RenderableType]:
    if row.hit:
        yield _hit(row.hit, row.band)
        return
    other = row.case_b if row.case_a == key else row.case_a
    yield Text.assemble(
        plain(other or "", "bold"),
        "  ",
        _band(row.band),
        *(("  ", ("shared number", "magenta")) if row.basis == Basis.SHARED else ()),
        f"  probability {percent(row.probability or 0.0, LANGUAGE)}, {bits(row.score or 0)} bits  ",
        (f"link {row.link_id}", "dim"),
    )
    if row.evidence is not None:
        evidence = mirrored(row.evidence) if row.case_b == key else row.evidence
        if evidence.as_one is not None:
            yield plain(f"{shared_finding(evidence, LANGUAGE)}. {not_one(evidence.as_one, LANGUAGE)}")
        yield explanation(evidence)


def _hit(row: HitRow, band: Band) -> Text:
    """Whom to ask."""
    contact = ", ".join(filter(None, msgspec.structs.astuple(row.contact)))
    return Text.assemble(
        ("hit ", "dim"), _band(band), "  ", plain(row.reference, "bold"), f"  {row.agency}  ", plain(contact, "dim")
    )


def _band(band: Band) -> Text:
    return Text(band, BAND_STYLES[band])


def explanation(evidence: Explanation) -> RenderableType:
    """The sum that makes a link, line by line, side a on the left; beneath it what it means if two are relatives."""
    table = _table("", "Here", "There", "Agreement", "Bits")
    table.columns[0].min_width = len("Date of birth")
    table.columns[4].justify = "right"
    lines = break_down(evidence, LANGUAGE)
    for line in lines.lines(LANGUAGE):
        _add_line(table, line)
    table.add_row(label(LINES, "score", LANGUAGE), "", "", "", bits(lines.score), style="bold")
    said = [" ".join(describe_companions(pair.part, evidence, LANGUAGE)) for pair in lines.pairs]
    return Group(table, *(plain(sentences, "dim") for sentences in said if sentences))


def _add_line(table: Table, line: EvidenceLine) -> None:
    item = line.item
    if item is None:
        table.add_row(line.label, "", "", "", bits(line.bits), style="dim")
        return
    agreed = ", ".join(filter(None, (agreement(item, LANGUAGE), rarity(item, LANGUAGE))))
    style = "" if line.bits >= 0 else "red"
    table.add_row(line.label, item.value_a, item.value_b, agreed, bits(line.bits), style=style)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
