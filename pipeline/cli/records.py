"""Search results, cases and links as a person reads them in a terminal, from what the API answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.access.redaction import HitRow, ProvenanceRow
from pipeline.api.answers import CaseRow, LinkListRow, SearchAnswer, SearchRow, told
from pipeline.cli.case_view import LANGUAGE, case_view, new_table, plain, spell_out
from pipeline.locale import SOURCE
from pipeline.matching.bands import Band, Basis
from pipeline.matching.explain.breakdown import LINES, EvidenceLine, break_down, describe_companions
from pipeline.matching.explain.explanation import Explanation, Item, mirrored
from pipeline.matching.explain.wording import (
    agreement,
    label,
    not_one,
    partly_compared,
    percent,
    rarity,
    shared_finding,
)
from pipeline.matching.explain.words import FIELDS
from pipeline.matching.handling import Handling
from pipeline.search.understanding import SearchHint, lacking

BAND_STYLES: Final = {Band.CERTAIN: "bold green", Band.PROBABLE: "green", Band.POSSIBLE: "yellow", Band.NONE: ""}

MAX_REASONS: Final = 4
"""Reasons named in one line of a list; the link itself shows all."""


def bits(hundredths: int) -> str:
    """A match weight for people: signed, one decimal."""
    return f"{hundredths / 100:+.1f}"


def search(answer: SearchAnswer) -> RenderableType:
    """What a search found, best first, and behind it whom to ask about hit-only cases."""
    found = [_results(answer.results)] if answer.results else []
    return Group(*found, *(_hit(hit, hit.band) for hit in answer.hits))


def hints(rows: Iterable[SearchHint]) -> RenderableType:
    """What may not have been meant so, which words no record has, and what to try: a line each."""
    lines = []
    for row in rows:
        said = f"{lacking(row, SOURCE)} ".lstrip()
        meant = f" {row.question}" if row.question else ""
        lines.append(Text.assemble(said, plain(row.words, "bold"), f": {row.advice}", plain(meant)))
    return Group(*lines)


def _results(rows: Iterable[SearchRow]) -> RenderableType:
    table = new_table("#", "Case", "Title", "Bits", "Reasons")
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
    return "; ".join(said[:MAX_REASONS]) or "; ".join(f"{spell_out(met)} in the record" for met in told(row.met) or ())


def _values(item: Item) -> str:
    return item.value_b if item.value_a == item.value_b else f"{item.value_a} ≈ {item.value_b}"


def case(row: CaseRow) -> RenderableType:
    """One case: who owns it, how it may be handled, what it is about, whom and what it names."""
    return case_view(
        row.data,
        head=(row.case, f"  version {row.version}, {row.status}"),
        owner=f"{row.agency} ({row.country})",
        handling=row.handling or Handling(),
        translation=told(row.caveat_translation),
        contact=row.contact,
        kept_until=row.retain_until,
        source=_source(row.provenance),
        warnings=row.warnings,
    )


def _source(came: ProvenanceRow | None) -> str:
    """Where the record stands in Kafka, which is for its owner alone."""
    return f"{came.position}, received {came.ingested_at}" if came and came.position else ""


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
    table = new_table("", "Here", "There", "Agreement", "Bits")
    table.columns[0].min_width = len("Date of birth")
    table.columns[4].justify = "right"
    lines = break_down(evidence, LANGUAGE)
    for line in lines.lines(LANGUAGE):
        _add_line(table, line)
    table.add_row(label(LINES, "score", LANGUAGE), "", "", "", bits(lines.score), style="bold")
    said = [" ".join(describe_companions(pair.part, evidence, LANGUAGE)) for pair in lines.pairs]
    if evidence.partly:
        said.append(partly_compared(LANGUAGE))
    return Group(table, *(plain(sentences, "dim") for sentences in said if sentences))


def _add_line(table: Table, line: EvidenceLine) -> None:
    item = line.item
    if item is None:
        table.add_row(line.label, "", "", "", bits(line.bits), style="dim")
        return
    agreed = ", ".join(filter(None, (agreement(item, LANGUAGE), rarity(item, LANGUAGE))))
    style = "" if line.bits >= 0 else "red"
    table.add_row(line.label, item.value_a, item.value_b, agreed, bits(line.bits), style=style)
