"""`liaison token` and the commands that ask the API."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.access.requester import Role
from pipeline.cli import allowances as allowance_commands
from pipeline.cli import export as export_command
from pipeline.cli import reading as reading_commands
from pipeline.command_settings import from_environment


def register(root: typer.Typer) -> None:
    """Add `search`, `case`, `links`, `export`, `allowances` and `token` to the root command."""
    root.command(epilog='Example: liaison search "иван петров 1980-05"', rich_help_panel="For investigators")(
        reading_commands.search
    )
    root.command(epilog="Example: liaison case fr-pj:2026-004711", rich_help_panel="For investigators")(
        reading_commands.case
    )
    root.command(epilog="Example: liaison links fr-pj:2026-004711 --json", rich_help_panel="For investigators")(
        reading_commands.links
    )
    root.command(
        epilog="Example: liaison export links --format ndjson -o links.ndjson", rich_help_panel="For investigators"
    )(export_command.export)
    allowance_commands.register(root)
    root.command(
        epilog="Example: liaison token --subject anna --agency fr-pj --country FR --role supervisor",
        rich_help_panel="For investigators",
    )(token)


def token(
    subject: Annotated[str, typer.Option(help="The user (`sub`).")] = "developer",
    agency: Annotated[str, typer.Option(help="The user's agency.")] = "",
    country: Annotated[str, typer.Option(help="The agency's country, ISO 3166-1 alpha-2.")] = "",
    role: Annotated[list[Role] | None, typer.Option(help="Repeatable; investigator by default.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 30, help="Validity.")] = 8.0,
) -> None:
    """Print a development token, signed with this machine's own key."""
    from datetime import UTC, datetime, timedelta

    from pipeline.access.requester import Requester
    from pipeline.access.token_keys import issue_token

    roles = frozenset(role or [Role.INVESTIGATOR])
    if Role.OPERATOR not in roles and not (agency and country):
        raise typer.BadParameter("--agency and --country are needed for every role but operator")
    requester = Requester(subject, agency, country.upper(), roles)
    typer.echo(issue_token(from_environment(), requester, datetime.now(UTC), timedelta(hours=hours)))
