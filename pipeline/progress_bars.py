"""Progress for people: a display on a terminal, nothing elsewhere (a script's log needs no control codes)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


def show_bars(console: Console | None = None) -> Progress:
    """A display to enter and to add tasks to, each with a known end."""
    return _display(console, TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def show_progress() -> Progress:
    """A display to enter and to add tasks to, each with rich's own columns."""
    return _display(None, *Progress.get_default_columns())


@contextmanager
def show_count(what: str) -> Iterator[Callable[[], None]]:
    """A count of what nobody knows the end of; yields the function to call for each thing done."""
    with _display(None, SpinnerColumn(), TextColumn("{task.completed:,} " + what), TimeElapsedColumn()) as display:
        task = display.add_task(what, total=None)
        yield lambda: display.advance(task)


def _display(console: Console | None, *columns: ProgressColumn) -> Progress:
    """On standard error unless a console is given; it goes when it is done."""
    shown = console or Console(stderr=True)
    return Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True)
