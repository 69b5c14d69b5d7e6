"""Tables as rich prints them, read back."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table

from benchmarks.against.tables import Place, find_figure, read_tables


def printed(*tables: Table, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width)
    for table in tables:
        console.print("words between", table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def stream(title: str, cost: str) -> Table:
    table = Table("a case costs, by cases held", "10,000", "100,000", title=title)
    table.add_row("us all", cost, "9")
    table.add_row("us all of links", "1", "2")
    return table


def rates(*first: str) -> Table:
    """Of servers and users, in one column or in two."""
    table = Table(*first, "failed", "all", "cores busy")
    for servers, users, all_, busy in (("1", "4", "19.60", "1.9"), ("1", "16", "18.40", "")):
        load = (servers, users) if len(first) == 2 else (f"{servers}, {users}",)
        table.add_row(*load, "0", all_, busy)
    return table


def test_a_number_stands_in_its_row_and_column() -> None:
    tables = read_tables(printed(stream("made-up", "1,104")))
    assert find_figure(tables, Place("a case", "us all", "10,000")) is None
    assert find_figure(tables, Place("a case costs, by cases held", "us all", "10,000")) == 1104
    assert find_figure(tables, Place("a case costs, by cases held", "us all", "100,000")) == 9


def test_of_several_tables_with_the_same_headings_the_last_counts() -> None:
    tables = read_tables(printed(stream("made-up", "1,104"), stream("lists", "6,737")))
    assert find_figure(tables, Place("a case costs, by cases held", "us all", "10,000")) == 6737


@pytest.mark.parametrize("first", [("servers, users",), ("servers", "users")])
def test_rows_and_headings_are_known_whether_in_one_cell_or_two(first: tuple[str, ...]) -> None:
    tables = read_tables(printed(stream("made-up", "1"), rates(*first)))
    assert find_figure(tables, Place("servers, users", "1, 16", "all")) == 18.4
    assert find_figure(tables, Place("servers, users", "1, 4", "all")) == 19.6


def test_a_heading_of_two_lines_is_one() -> None:
    tables = read_tables(printed(rates("servers, users"), width=44))
    assert tables[0].headings == ["servers, users", "failed", "all", "cores busy"]
    assert find_figure(tables, Place("servers, users", "1, 4", "cores busy")) == 1.9


def test_a_rows_name_of_several_lines_is_one() -> None:
    table = Table("by", "all")
    table.add_row("names, a date of birth", "40.1")
    table.add_row("all fields", "27.4")
    tables = read_tables(printed(table, width=18))
    assert [row[0] for row in tables[0].rows] == ["names, a date of birth", "all fields"]
    assert find_figure(tables, Place("by", "names, a date of birth", "all")) == 40.1


@pytest.mark.parametrize(
    "place",
    [
        Place("servers, users", "2, 16", "all"),
        Place("servers, users", "1, 4", "bytes"),
        Place("servers, users", "1, 16", "cores busy"),
        Place("UN's entries by", "one name", "all"),
    ],
)
def test_what_is_not_told_is_none(place: Place) -> None:
    assert find_figure(read_tables(printed(rates("servers, users"))), place) is None
    assert find_figure([], place) is None
