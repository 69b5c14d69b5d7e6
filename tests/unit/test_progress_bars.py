from __future__ import annotations

import io

from rich.console import Console

from pipeline.progress_bars import show_bars, show_reading


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
