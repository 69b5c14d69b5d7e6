"""`liaison ops accounting`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from pipeline.command_settings import from_environment
from pipeline.ops.command_output import FAILED, JsonObjectOption
from pipeline.progress_bars import table_console
from pipeline.streams.monitoring.accounting import Accounting, accounting_by_agency, sum_accounts, wait_for_intake

COUNTS: Final = (
    "consumed",
    "accepted",
    "duplicate",
    "rejected",
    "missing",
    "repeated",
    "contradicted",
    "set_aside",
    "waiting",
)


def show_accounting(
    as_json: JsonObjectOption = False,
    wait: Annotated[
        float, typer.Option(min=0.0, help="Seconds to wait until intake has processed everything pushed.")
    ] = 0.0,
) -> None:
    """Count the outcomes of all messages that Kafka still holds, by agency; exit 1 unless they balance.

    They balance when every message that intake has consumed has exactly one outcome, or is set aside: consumed =
    accepted + duplicate + rejected + set aside, and none is missing, repeated or contradictory. A message that is set
    aside ended intake's process twice; it has no outcome until it is replayed (`liaison ops aside replay`). Messages
    that intake has not consumed yet count as waiting, not as an error; workers may be running. All national topics and
    receipts are read: minutes for millions of messages.
    """
    counted = asyncio.run(_read_accounts(wait))
    whole = sum_accounts(counted.values())
    if as_json:
        agencies = {agency: account_figures(account) for agency, account in counted.items()}
        typer.echo(json.dumps({"balanced": whole.balanced, "total": account_figures(whole), "agencies": agencies}))
    else:
        _print_accounts(counted, whole)
    if not whole.balanced:
        raise typer.Exit(FAILED)


async def _read_accounts(wait_s: float) -> dict[str, Accounting]:
    settings = from_environment()
    console = Console(stderr=True)
    if wait_s:
        with console.status("Waiting for intake ..."):
            await wait_for_intake(settings, wait_s)
    with console.status("Reading national topics and receipts ..."):
        return await accounting_by_agency(settings)


def account_figures(account: Accounting) -> dict[str, Any]:
    """The account's figures by name; `rejected` by reason."""
    return {name: getattr(account, name) for name in COUNTS}


def accounting_table(counted: Mapping[str, Accounting], whole: Accounting) -> Table:
    """The accounts for a terminal: a row for each agency, one for all."""
    shown = Table("Agency", show_footer=True)
    shown.columns[0].footer = "All"
    for name in COUNTS:
        shown.add_column(name.capitalize().replace("_", " "), _format_figure(whole, name), justify="right")
    for agency, account in counted.items():
        shown.add_row(agency, *(_format_figure(account, name) for name in COUNTS))
    return shown


def _format_figure(account: Accounting, name: str) -> str:
    value = getattr(account, name)
    return f"{sum(value.values()) if isinstance(value, dict) else value:,}"


def _print_accounts(counted: Mapping[str, Accounting], whole: Accounting) -> None:
    console = table_console()
    console.print(accounting_table(counted, whole))
    for reason, rejected in whole.rejected.items():
        console.print(f"rejected: {reason} {rejected:,}", highlight=False)
    console.print("balanced" if whole.balanced else "NOT BALANCED", highlight=False)
