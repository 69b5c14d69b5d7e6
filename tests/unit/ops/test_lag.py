"""The view of `liaison ops lag --watch`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from rich.console import Console, RenderableType

from pipeline.errors import LiaisonError
from pipeline.ops.lag import lag_table, render_views
from pipeline.streams.monitoring.lag import Lag

BEHIND = Lag("intake", "cases.fr-pj", 2, 1234)
DONE = Lag("intake", "cases.be-fp", 0, 0)


def printed(view: RenderableType) -> str:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(view)
    return captured.get()


def test_only_what_is_behind_has_a_row() -> None:
    shown = printed(lag_table([BEHIND, DONE]))
    assert "cases.fr-pj" in shown
    assert "1,234" in shown
    assert "cases.be-fp" not in shown
    assert "1234 records behind in all" in shown


def test_watching_goes_on_when_kafka_comes_back() -> None:
    answers: Iterator[Sequence[Lag] | None] = iter([[BEHIND], None, [DONE]])

    def look() -> Sequence[Lag]:
        answer = next(answers)
        if answer is None:
            raise LiaisonError("Kafka can't be reached")
        return answer

    first, second, third = map(printed, islice(render_views(look), 3))
    assert "1234 records" in first
    assert second == "Kafka can't be reached; looking again\n"
    assert "0 records" in third
