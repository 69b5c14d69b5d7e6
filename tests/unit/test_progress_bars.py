from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table

from pipeline.progress_bars import show_bars, show_reading, table_console


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=120)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_reading_shows_how_far_it_is_and_its_rows_with_their_rate() -> None:
    console = terminal()
    with show_reading("Mapping", 2_000, console) as progress:
        assert list(progress.count("abc")) == ["a", "b", "c"]
        progress.add_bytes(1_000)
    assert "Mapping" in shown(console)
    assert "50%" in shown(console)
    assert "3 rows, " in shown(console)
    assert "/s" in shown(console)


def test_no_rate_is_shown_before_the_first_row() -> None:
    console = terminal()
    with show_reading("Mapping", 2_000, console) as progress:
        progress.add_bytes(1_000)
    assert "50%" in shown(console)
    assert "rows" not in shown(console)


def test_bars_show_a_rate_and_go_when_they_are_done() -> None:
    console = terminal()
    with show_bars(console) as display:
        assert list(display.track([1, 2, 3], total=3, description="Checking")) == [1, 2, 3]
        display.refresh()
    assert "3/3" in shown(console)
    assert "/s" in shown(console)


def test_a_log_has_no_bars() -> None:
    console = Console(file=io.StringIO())
    with show_reading("Mapping", 10, console) as progress:
        progress.add_bytes(10)
    assert shown(console) == ""


def test_a_table_in_a_pipe_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Rich takes a pipe for a terminal of 80 characters, and cuts cells to fit."""
    table, cells = Table("Group", "Topic", "Behind"), ("liaison-demo-project-" + "g" * 60, "t" * 60, "1,234")
    table.add_row(*cells)
    table_console().print(table)
    [row] = [line for line in capsys.readouterr().out.splitlines() if "1,234" in line]
    assert all(cell in row for cell in cells)
