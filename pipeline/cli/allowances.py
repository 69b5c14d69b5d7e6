"""`liaison allowances`: how many hit-only answers a day an owner allows other agencies' cases and alerts."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipeline.cli.reading import ask_api, print_json
from pipeline.ops.json_output import JsonOption

OwnerTokenOption = Annotated[str, typer.Option(help="Token of the owner agency; setting needs a supervisor's.")]
StatedPurposeOption = Annotated[str, typer.Option(help="Purpose, such as investigation.")]
StatedReferenceOption = Annotated[str, typer.Option("--case-ref", help="Your case reference.")]
Days = Annotated[int, typer.Option(min=1, max=31, help="Days from now.")]


WHO = '--token "$TOKEN" --purpose investigation --case-ref 2026/4711'


def register(root: typer.Typer) -> None:
    """Add `allowances list|set` to the root command."""
    allowances = typer.Typer(help="Daily quotas of hit-only answers for other agencies.", no_args_is_help=True)
    allowances.command("list", epilog=f"Example: liaison allowances list {WHO}")(list_allowances)
    allowances.command("set", epilog=f"Example: liaison allowances set be-fp --daily 5000 --days 14 {WHO}")(
        set_allowance
    )
    root.add_typer(allowances, name="allowances", rich_help_panel="For investigators")


def list_allowances(
    token: OwnerTokenOption,
    purpose: StatedPurposeOption,
    case_reference: StatedReferenceOption,
    as_json: JsonOption = False,
) -> None:
    """Show our hit quotas for other agencies, and the default."""
    found = ask_api(token, purpose, case_reference, "GET", "/v1/hit-allowances")
    if as_json:
        print_json(found["allowances"])
        return
    for row in found["allowances"]:
        typer.echo(_format_row(row))
    typer.echo(f"default for each other agency: {found['daily']} a day")


def set_allowance(
    agency: Annotated[str, typer.Argument(help="The agency that gets the higher quota, as for its initial load.")],
    daily: Annotated[int, typer.Option(min=1, max=100_000, help="Hit-only answers per day.")],
    token: OwnerTokenOption,
    purpose: StatedPurposeOption,
    case_reference: StatedReferenceOption,
    days: Days = 14,
    as_json: JsonOption = False,
) -> None:
    """Set a higher hit quota for an agency for a while; it replaces the earlier one. Needs a supervisor's token."""
    from datetime import timedelta

    from pipeline.times import now

    body = {"daily": daily, "until": (now() + timedelta(days=days)).isoformat()}
    path = f"/v1/hit-allowances/{agency}"
    row = ask_api(token, purpose, case_reference, "PUT", path, json=body)["allowance"]
    if as_json:
        print_json(row)
    else:
        typer.echo(_format_row(row))


def _format_row(row: dict[str, Any]) -> str:
    return (
        f"{row['agency']}\t{row['daily']} a day\t{'until' if row['active'] else 'ended'} {row['until']}\tby {row['by']}"
    )
