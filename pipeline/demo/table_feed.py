"""A feed made of records that nobody here wrote: an agency's table through a mapping kit, with the kit's truth."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
from rich.console import Console

from pipeline.demo.generator import DemoFeed
from pipeline.demo.messages import ACCEPTED, Message
from pipeline.demo.truth import TrueCase
from pipeline.errors import LiaisonError
from pipeline.feeds.kit import load_kit
from pipeline.feeds.mapping import MappedRow, Mapper
from pipeline.progress_bars import show_reading
from pipeline.records.agencies import Agency


def table_feed(table: Path, mapping: str, console: Console) -> DemoFeed:
    """Every row of the table as a message. Raises LiaisonError for a kit without truth or with one agency only."""
    kit = load_kit(mapping)
    if kit.truth is None or len(kit.agencies) < 2:
        raise LiaisonError(f"kit {kit.name} must deal the rows out to several agencies and name a truth column")
    mapper = Mapper(kit, lambda: datetime.now(UTC))
    with show_reading("Mapping", table.stat().st_size, console) as progress:
        mapped = [row for row in mapper.map_file(table, advance=progress.add_bytes) if row.event is not None]
    return DemoFeed(
        agencies=tuple(Agency(agency.name, agency.country) for agency in kit.agencies),
        messages=tuple(_make_message(row) for row in mapped),
        cases=tuple(_make_case(row) for row in mapped),
    )


def _make_message(row: MappedRow) -> Message:
    agency = row.case.split(":")[0]
    return Message(agency, row.case.encode(), orjson.dumps(row.event), ACCEPTED)


def _make_case(row: MappedRow) -> TrueCase:
    country = row.event["data"]["country"] if row.event else ""
    return TrueCase(row.case, country, frozenset({row.truth} if row.truth else ()))
