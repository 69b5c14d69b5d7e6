"""Progress and tables for people: a display on a terminal; elsewhere tables alone, whole and without control codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

T = TypeVar("T")


PIPE_WIDTH: Final = 10_000
"""Characters of a line where no terminal bounds it: a table is as wide as what it holds, and no cell is cut."""


def table_console() -> Console:
    """Prints on standard output: as wide as a terminal, and whole in a pipe or file, where rich would cut at 80."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def show_bars(console: Console | None = None) -> Progress:
    """A display to enter and to add tasks to, each with a known end."""
    columns = (BarColumn(), MofNCompleteColumn(), _RateColumn(), TimeRemainingColumn())
    return _display(console, TextColumn("{task.description}"), *columns)


def show_progress() -> Progress:
    """A display to enter and to add tasks to, each with rich's own columns."""
    return _display(None, *Progress.get_default_columns())


@contextmanager
def show_count(what: str) -> Iterator[Callable[[], None]]:
    """A count of what nobody knows the end of; yields the function to call for each thing done."""
    with _display(None, SpinnerColumn(), TextColumn("{task.completed:,} " + what), TimeElapsedColumn()) as display:
        task = display.add_task(what, total=None)
        yield lambda: display.advance(task)


class ReadingProgress:
    """The progress of reading a file whose rows nobody has counted: how far by its bytes, how fast by its rows."""

    def __init__(self, display: Progress, task: TaskID) -> None:
        self._display = display
        self._task = task
        self._rows = 0

    def count(self, rows: Iterable[T]) -> Iterator[T]:
        """The rows, counted; the count is shown with the next bytes."""
        for row in rows:
            self._rows += 1
            yield row

    def add_bytes(self, size: int) -> None:
        """So many bytes more were read."""
        self._display.update(self._task, advance=size, rows=self._rows)


class _RateColumn(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


class _RowsColumn(ProgressColumn):
    """How many rows, and how many a second; nothing before the first, while joined or grouped rows are gathered."""

    def render(self, task: Task) -> Text:
        rows, elapsed = task.fields.get("rows", 0), task.elapsed or 0
        if not rows:
            return Text("")
        return Text(f"{rows:,} rows, {rows / elapsed if elapsed else 0:,.0f}/s")


@contextmanager
def show_reading(what: str, size_bytes: int, console: Console | None = None) -> Iterator[ReadingProgress]:
    """A bar for a file of that size, with rows, rows a second and the time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        _RowsColumn(),
        TimeRemainingColumn(),
    )
    with _display(console, *columns) as display:
        yield ReadingProgress(display, display.add_task(what, total=size_bytes, rows=0))


def _display(console: Console | None, *columns: ProgressColumn) -> Progress:
    """On standard error unless a console is given; it goes when it is done."""
    shown = console or Console(stderr=True)
    return Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True)
