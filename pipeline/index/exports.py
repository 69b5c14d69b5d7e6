"""What leaves the index as files: one JSON object a line, keys in a fixed order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson

from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.index.queries import Limits
from pipeline.index.reading import Reader


def link_row(link: LinkDocument) -> dict[str, Any]:
    """A visible link; case_a < case_b, `score` in hundredths of a bit, `evidence` the whole explanation."""
    return {
        "link_id": link.link,
        "case_a": link.a.case,
        "case_b": link.b.case,
        "version_a": link.a.version,
        "version_b": link.b.version,
        "probability": link.probability,
        "score": link.score,
        "band": link.band,
        "evidence": link.evidence,
    }


def case_row(case: CaseDocument) -> dict[str, Any]:
    """A live case; `data` is the record as its agency sent it."""
    return {
        "case": case.case,
        "agency": case.agency,
        "country": case.country,
        "version": case.version,
        "hash": case.hash,
        "data": case.data,
    }


async def link_rows(reader: Reader) -> AsyncIterator[dict[str, Any]]:
    """All visible links, by link id."""
    async for link in reader.every_link():
        yield link_row(link)


async def case_rows(reader: Reader, limits: Limits) -> AsyncIterator[dict[str, Any]]:
    """All live cases, by case key."""
    async for case in reader.every_case(limits):
        yield case_row(case)


async def write_lines(rows: AsyncIterator[dict[str, Any]], write: Callable[[bytes], object]) -> int:
    """Write each row as a line of JSON; returns how many."""
    count = 0
    async for row in rows:
        write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        count += 1
    return count
