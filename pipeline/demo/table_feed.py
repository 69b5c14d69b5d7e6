"""A feed made of records that nobody here wrote: agencies' tables and public lists through mapping kits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from rich.console import Console

from pipeline.demo.generator import DemoFeed
from pipeline.demo.list_truth import TrueListPair
from pipeline.demo.messages import ACCEPTED, Message
from pipeline.demo.truth import TrueCase
from pipeline.errors import LiaisonError
from pipeline.feeds.checking import Checker
from pipeline.feeds.kit import RecognisedTable
from pipeline.feeds.mapping import MappedRow, Mapper
from pipeline.progress_bars import show_reading
from pipeline.records.agencies import Agency


def table_feed(
    tables: Sequence[RecognisedTable], console: Console, list_truth: Sequence[TrueListPair] = ()
) -> DemoFeed:
    """Every case of the tables as a message, with the outcome that it will have. Raises LiaisonError for none."""
    mapped = [found for table in tables for found in _map_table(table, console)]
    if not mapped:
        raise LiaisonError("no case in " + ", ".join(str(table.path) for table in tables))
    agencies = {agency.name: agency.country for table in tables for agency in table.kit.agencies}
    checkers = {name: Checker(name, country) for name, country in agencies.items()}
    return DemoFeed(
        agencies=tuple(Agency(name, country) for name, country in agencies.items()),
        messages=tuple(_make_message(row, checkers) for row, _ in mapped),
        cases=tuple(
            TrueCase(row.case, data["country"], frozenset({row.truth} if row.truth else ())) for row, data in mapped
        ),
        is_labelled=all(table.kit.truth is not None for table in tables),
        list_truth=tuple(list_truth),
        types={row.case: next((each["type"] for each in data.get("entities", ())), "") for row, data in mapped},
    )


def _map_table(table: RecognisedTable, console: Console) -> Iterator[tuple[MappedRow, dict[str, Any]]]:
    """The rows that became cases, each with its case's data."""
    mapper = Mapper(table.kit, lambda: datetime.now(UTC))
    with show_reading(f"Mapping {table.path.name}", mapper.measure_file(table.path), console) as progress:
        for row in progress.count(mapper.map_file(table.path, advance=progress.add_bytes)):
            if row.event is not None:
                yield row, row.event["data"]


def _make_message(row: MappedRow, checkers: dict[str, Checker]) -> Message:
    agency, value = row.case.split(":")[0], orjson.dumps(row.event)
    (checked,) = checkers[agency].check_lines([(row.line, value)])
    outcome = checked.problems[0].reason if checked.problems else ACCEPTED
    return Message(agency, row.case.encode(), value, outcome)
