"""The API's answers as a person reads them in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.text import Text

from pipeline.access.redaction import Row
from pipeline.correlation.claims import ClaimSide, ClaimState
from pipeline.index import terminal
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.index.searching import SearchResult
from pipeline.index.terminal import plain
from pipeline.matching.explain.explanation import EntityEvidence

CONTENT = ("case", "agency", "country", "version", "status", "handling", "contact", "retain_until", "warnings")


def search(answer: dict[str, Any]) -> RenderableType:
    """What was found, best first, and behind it whom to ask about hit-only cases."""
    results = [_result(row) for row in answer["results"]]
    told: list[RenderableType] = [terminal.results(results)] if results else []
    return Group(*told, *(_hit(row, row["band"]) for row in answer["hits"]))


def _result(row: Row) -> SearchResult:
    document = CaseDocument(row["case"], row["agency"], row["country"], 0, "", data={"title": row["title"]})
    evidence = msgspec.convert(row["evidence"], tuple[EntityEvidence, ...])
    return SearchResult(document, row["score"], tuple(row["met"]), evidence)


def case(row: Row) -> RenderableType:
    """One case."""
    data, provenance = row["data"], row["provenance"] or {}
    told = {name: row[name] for name in (*CONTENT, "data")} | {
        "state": "live",
        "provenance": provenance if provenance.get("position") else None,
        "opened": data.get("opened"),
        "closed": data.get("closed"),
        "offences": [f"{one['scheme']}:{one['code']}" for one in data.get("offences", ())],
    }
    return terminal.case(msgspec.convert(told, CaseDocument))


def links(key: str, rows: Sequence[Row]) -> RenderableType:
    """The links of a case, strongest first, each with its reasons; of a hit-only side whom to ask."""
    return Group(*(_hit(row["hit"], row["band"]) if row["hit"] else terminal.links(key, [_link(row)]) for row in rows))


def _link(row: Row) -> LinkDocument:
    sides = (ClaimSide(row[f"case_{side}"], row[f"version_{side}"]) for side in "ab")
    a, b = sides
    return LinkDocument(
        row["link_id"], ClaimState.LIVE, "", (a.case, b.case), a, b,
        score=row["score"], probability=row["probability"], band=row["band"], evidence=row["evidence"],
    )  # fmt: skip


def _hit(row: Row, band: str) -> Text:
    """Whom to ask; a granted case stands among the hits with its key."""
    contact = ", ".join(filter(None, (row.get("contact") or {}).values()))
    name = row.get("case") or row["reference"]
    return Text.assemble(
        ("hit ", "dim"), (band, terminal.BAND_STYLE.get(band, "")), "  ", plain(name, "bold"),
        f"  {row['agency']}  ", plain(contact, "dim"),
    )  # fmt: skip
