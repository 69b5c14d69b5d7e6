"""Progress for people: a bar on a terminal, nothing elsewhere (a log of a script needs no control codes)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress(console: Console | None = None) -> Iterator[Progress]:
    """A display on standard error, or on `console`, to add tasks to; it goes when it is done."""
    shown = console or Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True) as display:
        yield display
