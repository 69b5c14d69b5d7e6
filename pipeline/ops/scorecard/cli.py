"""`liaison ops scorecard`; heavy imports live inside the functions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.command_settings import from_environment
from pipeline.ops.json_output import print_json

if TYPE_CHECKING:
    from pipeline.ops.scorecard.policy import QualityScore, Scorecard


def register(ops: typer.Typer) -> None:
    """Add `scorecard` to `ops`."""
    ops.command("scorecard", epilog="Example: liaison ops scorecard --agency fr-pj --since 7d")(show_scorecard)


def show_scorecard(
    agency: Annotated[list[str] | None, typer.Option(help="Only this agency; repeatable.")] = None,
    since: Annotated[str, typer.Option(help="Since: 2026-11-24, or 7d (30d are kept).")] = "30d",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, with counts.")] = False,
) -> None:
    """Show each agency's data quality by day: shares of records rejected, repeated or with warnings.

    `missing` is the share of cases with an entity that lacks what a match needs, such as a person without a date of
    birth.
    """
    from rich.console import Console

    from pipeline.ops.scorecard.run import read_scorecards
    from pipeline.progress_bars import table_console
    from pipeline.times import WITH_WEEKS, now, point_in_time

    with Console(stderr=True).status("Reading receipts and cases ..."):
        cards = asyncio.run(read_scorecards(from_environment(), agency or (), point_in_time(since, now(), WITH_WEEKS)))
    if as_json:
        print_json({name: scorecard_document(card) for name, card in cards.items()})
        return
    table_console().print(scorecard_table(cards))


def scorecard_document(card: Scorecard) -> dict[str, Any]:
    """A scorecard for scripts: all counts and rates, of the whole time and of each day."""
    return {
        "all": _score_numbers(card.sum_days()),
        "days": {day: _score_numbers(score) for day, score in card.by_day().items()},
    }


def _score_numbers(score: QualityScore) -> dict[str, Any]:
    import msgspec

    return {**msgspec.to_builtins(score), "rates": score.rates()}


def scorecard_table(cards: dict[str, Scorecard]) -> Any:
    """Scorecards for a terminal: a line for each agency and, below it, one for each day."""
    from rich.table import Table

    from pipeline.ops.scorecard.policy import QualityScore

    shown = Table("Agency", "Day")
    for column in ("Records", "Cases", *(name.capitalize() for name in QualityScore().rates())):
        shown.add_column(column, justify="right")
    for name, card in cards.items():
        for label, day, score in [(name, "all", card.sum_days()), *(("", d, s) for d, s in card.by_day().items())]:
            rates = ("" if rate is None else f"{rate:.1%}" for rate in score.rates().values())
            shown.add_row(label, day, f"{score.records:,}", f"{score.cases:,}", *rates)
        shown.add_section()
    return shown
