"""Commands about who takes part, and who may do what on the broker."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import LiaisonError
from pipeline.settings import settings as from_environment

if TYPE_CHECKING:
    from pipeline.records.agencies import Agency
    from pipeline.settings import Settings

CredentialsFile = Annotated[
    Path | None, typer.Option("--credentials", help="Write them to this file (mode 600) instead of printing them.")
]
Renew = Annotated[bool, typer.Option("--renew", help="Make a new password; the old one ends.")]


def register(ops: typer.Typer) -> None:
    """Add `agency` and `credentials` to `liaison ops`."""
    agency = typer.Typer(help="The agencies that take part.", no_args_is_help=True)
    agency.command("add")(add_agency)
    agency.command("list")(list_agencies)
    agency.command("remove")(remove_agency)
    ops.add_typer(agency, name="agency")
    ops.command("credentials")(make_credentials)


def add_agency(
    name: Annotated[str, typer.Argument(help="1 to 32 of a-z, 0-9 and -; its topics bear it.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2 code.")],
    credentials: CredentialsFile = None,
    renew: Renew = False,
) -> None:
    """Register an agency, create its topics and, where Kafka asks who one is, its user; workers soon take it in.

    Its credentials are shown once, as the variables that it sets to use `liaison feed`.
    Example: liaison ops agency add fr-pj --country FR --credentials fr-pj.env
    """
    from pipeline.ops.credentials import hand_out
    from pipeline.records.agencies import Agency
    from pipeline.streams import users
    from pipeline.streams.rights import agency_grants

    settings = from_environment()
    created = asyncio.run(_add(settings, Agency(name, country)))
    typer.echo(f"{name} ({country}) takes part; {created} topics created", err=True)
    if users.asks(settings):
        hand_out(settings, users.make(settings, name, agency_grants(settings, name), renew=renew), credentials)


async def _add(settings: Settings, agency: Agency) -> int:
    """Register an agency; the topic of the audit trail comes first. Returns how many topics were created."""
    from pipeline.ops.operation import audited
    from pipeline.streams import admin, topics
    from pipeline.streams.registry import add, check

    check(agency)
    made = admin.apply(settings, topics.plan(settings, [], []))
    async with audited(settings, f"agency add {agency.name} {agency.country}"):
        made += await add(settings, agency)
    return len(made.created)


def remove_agency(
    name: Annotated[str, typer.Argument(help="A registered agency.")],
    timeout: Annotated[float, typer.Option(help="Seconds that intake has for the withdrawals.")] = 600.0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether this is meant.")] = False,
) -> None:
    """Take an agency out: end credentials, disclosures and standing queries, withdraw its cases; the audit stays.

    Intake must be running. Run again, it goes on where it was cut off. Example: liaison ops agency remove fr-pj --yes
    """
    from pipeline.ops.operation import audited
    from pipeline.ops.removal import Removed, remove
    from pipeline.times import now

    if not yes:
        typer.confirm(f"Withdraw all cases of {name} and end its access?", abort=True, err=True)
    settings = from_environment()

    async def removed() -> Removed:
        async with audited(settings, f"agency remove {name}"):
            return await remove(settings, name, timeout, now)

    done = asyncio.run(removed())
    typer.echo(
        f"{name} has left: {done.cases:,} cases withdrawn, {done.disclosures:,} disclosures revoked,"
        f" {done.subscriptions:,} standing queries ended"
    )


def make_credentials(
    role: Annotated[str, typer.Argument(help="A stage of `liaison worker`, or api.")],
    credentials: CredentialsFile = None,
    renew: Renew = False,
) -> None:
    """Make the Kafka user of a worker or the API, with just the rights that it needs, and show its credentials once.

    Example: liaison ops credentials intake --credentials intake.env
    """
    from pipeline.ops.credentials import hand_out
    from pipeline.ops.operation import recorded
    from pipeline.streams import users
    from pipeline.streams.rights import ROLES, role_grants

    if role not in ROLES:
        raise typer.BadParameter(f"{role}: roles are {', '.join(ROLES)}")
    settings = from_environment()
    if not users.asks(settings):
        raise LiaisonError("this Kafka has no users: set LIAISON_KAFKA_SECURITY_PROTOCOL, or `liaison up --secure`")
    asyncio.run(recorded(settings, f"credentials {role}{' --renew' if renew else ''}"))
    hand_out(settings, users.make(settings, role, role_grants(settings, role), renew=renew), credentials)


def list_agencies(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False) -> None:
    """List the registered agencies. Example: liaison ops agency list --json"""
    from pipeline.streams.registry import agencies

    held = asyncio.run(agencies(from_environment())).values()
    if as_json:
        typer.echo(json.dumps([{"name": a.name, "country": a.country, "state": a.state} for a in held]))
        return
    for agency in held:
        typer.echo(f"{agency.name}\t{agency.country}\t{agency.state}")
