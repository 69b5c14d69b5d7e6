"""Commands about who takes part, and who may do what on the broker."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError
from pipeline.ops.agencies import keys_cli as agency_key_commands
from pipeline.ops.json_output import JsonArrayOption

if TYPE_CHECKING:
    from pipeline.records.agencies import Agency
    from pipeline.settings import Settings

CredentialsFile = Annotated[
    Path | None,
    typer.Option("--credentials", help="Write the credentials to this file (mode 600) instead of printing them."),
]
LEAST_RATE = 300_000
"""Bytes a second: a push sends up to 4 MiB in one transaction, which must be through within its 30 s."""

MaxRate = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="BYTES_PER_S",
        help=f"Bytes per second it may send to each broker, at least {LEAST_RATE:,}; 0: no limit.",
        show_default=False,
    ),
]
SIGNED_ONLY = "--require-signatures"
NOT_ONLY_SIGNED = "--no-require-signatures"
TELL_OWNERS = "--tell-silent-owners"
NOBODY = "none"
TellOwners = Annotated[
    list[str] | None,
    typer.Option(
        TELL_OWNERS,
        metavar="PURPOSE",
        help="Purpose of this agency's searches of which owners of silent (H3) records that it names by whole name and "
        "birth date are told, a day later; once for each, or none. By default no owner is told of any search.",
        show_default=False,
    ),
]
Renew = Annotated[bool, typer.Option("--renew", help="Make a new password; the old one stops working.")]


def register(ops: typer.Typer) -> None:
    """Add `agency` and `credentials` to `liaison ops`."""
    agency = typer.Typer(help="Add, list and remove agencies.", no_args_is_help=True)
    agency.command("add")(add_agency)
    agency.command("set")(set_agency)
    agency.command("list")(list_agencies)
    agency.command("remove")(remove_agency)
    agency_key_commands.register(agency)
    ops.add_typer(agency, name="agency")
    ops.command("credentials")(make_credentials)


def add_agency(
    name: Annotated[str, typer.Argument(help="1 to 32 of a-z, 0-9 and -; part of its topic names.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2 code.")],
    max_rate: MaxRate = None,
    require_signatures: Annotated[
        bool, typer.Option(SIGNED_ONLY, help="Accept only signed records; stays on once set.")
    ] = False,
    credentials: CredentialsFile = None,
    renew: Renew = False,
) -> None:
    """Register an agency, create its topics and, on a secured Kafka, its user; workers pick it up within seconds.

    Its credentials are shown once, as the variables it sets to use `liaison feed`.
    Example: liaison ops agency add fr-pj --country FR --max-rate 300000 --credentials fr-pj.env
    """
    from pipeline.ops.agencies.credentials import hand_out
    from pipeline.records.agencies import Agency
    from pipeline.records.signing_policy import SigningPolicy
    from pipeline.streams.catalogues.rights import agency_grants
    from pipeline.streams.provisioning import users

    settings = from_environment()
    if max_rate is not None:
        _check_rate(settings, max_rate)
    agency = Agency(name, country, signing=SigningPolicy(required=require_signatures))
    what = _rate_words(max_rate) + (f" {SIGNED_ONLY}" if require_signatures else "")
    created = asyncio.run(_register_agency(settings, agency, what))
    typer.echo(f"{name} ({country}) added; {created} topics created", err=True)
    typer.echo(_client_words(settings, name), err=True)
    if not users.asks_for_credentials(settings):
        written = f", so nothing was written to {credentials}" if credentials else ""
        typer.echo(f"this Kafka asks for no login: {name} has no credentials{written}", err=True)
    else:
        hand_out(settings, users.make_user(settings, name, agency_grants(settings, name), renew=renew), credentials)
    if max_rate is not None:
        users.limit_rate(settings, name, max_rate or None)


def _client_words(settings: Settings, name: str) -> str:
    """What a client of the agency's own has to know (docs/reference/topics.md)."""
    from pipeline.streams.catalogues import topics

    cases, receipts, hits = (
        topics.topic_name(settings, topic, agency=name) for topic in (topics.CASES, topics.RECEIPTS, topics.HITS)
    )
    return (
        f"its clients write {cases}, by the case key to partition murmur2(key) mod {settings.case_partitions}, read"
        f" {receipts} and {hits}, and name their groups and transactional ids"
        f" {topics.upload_prefix(settings, name)}...; docs/reference/topics.md has the options of each library"
    )


def set_agency(
    name: Annotated[str, typer.Argument(help="A registered agency.")],
    max_rate: MaxRate = None,
    require_signatures: Annotated[
        bool | None,
        typer.Option(
            f"{SIGNED_ONLY}/{NOT_ONLY_SIGNED}", help="Accept only signed records, or any.", show_default=False
        ),
    ] = None,
    tell_owners: TellOwners = None,
) -> None:
    """Change an agency's sending rate, whether its records must be signed, or who is told of its searches.

    What exceeds the rate is delayed by Kafka, never lost. Whoever plants silent records is told by such notices what
    others work on: set --tell-silent-owners only where the agency asks for it, and watch the page Operations.
    Example: liaison ops agency set fr-pj --max-rate 300000 --require-signatures
    """
    from pipeline.ops.operation import record_operation
    from pipeline.streams.provisioning import users
    from pipeline.streams.registers.registry import read_agencies

    settings = from_environment()
    if max_rate is None and require_signatures is None and not tell_owners:
        raise typer.BadParameter(f"nothing to set: give --max-rate, {SIGNED_ONLY} or {TELL_OWNERS}")
    purposes = _check_purposes(tell_owners or [])
    if max_rate is not None:
        _check_rate(settings, max_rate)
    if name not in asyncio.run(read_agencies(settings)):
        raise LiaisonError(f"agency {name} is not registered; see `liaison ops agency list`")
    what = _rate_words(max_rate)
    if require_signatures is not None:
        what += f" {SIGNED_ONLY if require_signatures else NOT_ONLY_SIGNED}"
    if tell_owners:
        what += "".join(f" {TELL_OWNERS} {purpose}" for purpose in purposes or [NOBODY])
    asyncio.run(record_operation(settings, f"agency set {name}{what}"))
    if max_rate is not None:
        users.limit_rate(settings, name, max_rate or None)
        typer.echo(f"{name}: {f'{max_rate:,} bytes/s' if max_rate else 'no limit'}", err=True)
    if require_signatures is not None:
        asyncio.run(_require_signatures(settings, name, required=require_signatures))
    if tell_owners:
        asyncio.run(_tell_owners(settings, name, purposes))


def _check_purposes(given: list[str]) -> list[str]:
    """The purposes among what was given, none of them for `none`. Raises BadParameter for anything else."""
    from pipeline.access.requester import ASKABLE

    known = {purpose.value for purpose in ASKABLE}
    if given == [NOBODY]:
        return []
    if unknown := [purpose for purpose in given if purpose not in known]:
        raise typer.BadParameter(f"{unknown[0]}: purposes are {', '.join(sorted(known))}; or {NOBODY} alone")
    return sorted(set(given))


async def _tell_owners(settings: Settings, name: str, purposes: list[str]) -> None:
    """Write for which purposes owners of silent records are told of an agency's searches."""
    import msgspec

    from pipeline.streams.registers.registry import change_agency

    await change_agency(settings, name, lambda agency: msgspec.structs.replace(agency, owners_told=tuple(purposes)))
    told = f"of its searches for {', '.join(purposes)}" if purposes else "of none of its searches"
    typer.echo(f"{name}: owners of silent records are told {told}", err=True)


async def _require_signatures(settings: Settings, name: str, *, required: bool) -> None:
    """Write what an agency asks for, and say so if it has no key yet."""
    import msgspec

    from pipeline.streams.registers.registry import change_signing

    agency = await change_signing(settings, name, lambda policy: msgspec.structs.replace(policy, required=required))
    keys = f"{len(agency.signing.keys)} keys registered" if agency.signing.keys else "no key registered yet"
    typer.echo(
        f"{name}: accepts {'only signed records' if required else 'signed and unsigned records'}; {keys}", err=True
    )


def _check_rate(settings: Settings, max_rate: int) -> None:
    """Raises LiaisonError for a rate that no push gets through, or where the broker can't tell agencies apart."""
    from pipeline.streams.provisioning import users

    if 0 < max_rate < LEAST_RATE:
        raise typer.BadParameter(f"the least rate is {LEAST_RATE:,} bytes a second; 0 is no limit")
    if not users.asks_for_credentials(settings):
        raise LiaisonError(
            "this Kafka does not ask who sends, so it can't hold an agency to a rate: use a secured one"
            " (`liaison up --secure`). Without it, intake still serves all agencies in turn"
        )


def _rate_words(max_rate: int | None) -> str:
    """What the audit says of a rate."""
    return "" if max_rate is None else f" --max-rate {max_rate}"


async def _register_agency(settings: Settings, agency: Agency, rate: str) -> int:
    """Register an agency; the topic of the audit trail comes first. Returns how many topics were created."""
    from pipeline.ops.operation import audit_operation
    from pipeline.streams.catalogues import topics
    from pipeline.streams.kafka import admin
    from pipeline.streams.registers.registry import check_agency, register_agency

    check_agency(agency)
    made = admin.apply_plan(settings, topics.plan_topics(settings, [], []))
    async with audit_operation(settings, f"agency add {agency.name} {agency.country}{rate}"):
        made += await register_agency(settings, agency)
    return len(made.created)


def remove_agency(
    name: Annotated[str, typer.Argument(help="A registered agency.")],
    timeout: Annotated[float, typer.Option(help="Seconds to wait for intake to process the withdrawals.")] = 600.0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Remove an agency: end its credentials, disclosures and alerts, withdraw its cases; the audit trail stays.

    Intake must be running. Run it again to continue after an interruption.
    Example: liaison ops agency remove fr-pj --yes
    """
    from pipeline.ops.agencies.removal import Removed, retire_agency
    from pipeline.ops.operation import audit_operation
    from pipeline.times import now

    if not yes:
        typer.confirm(f"Withdraw all cases of {name} and end its access?", abort=True, err=True)
    settings = from_environment()

    async def removed() -> Removed:
        async with audit_operation(settings, f"agency remove {name}"):
            return await retire_agency(settings, name, timeout, now)

    done = asyncio.run(removed())
    typer.echo(
        f"{name} has left: {done.cases:,} cases withdrawn, {done.disclosures:,} disclosures revoked,"
        f" {done.subscriptions:,} alerts ended"
    )


def make_credentials(
    role: Annotated[str, typer.Argument(help="A stage of `liaison worker`, or api.")],
    credentials: CredentialsFile = None,
    renew: Renew = False,
) -> None:
    """Create the Kafka user of a worker or the API, with only the rights it needs; the credentials are shown once.

    Example: liaison ops credentials intake --credentials intake.env
    """
    from pipeline.ops.agencies.credentials import hand_out
    from pipeline.ops.operation import record_operation
    from pipeline.streams.catalogues.rights import ROLES, role_grants
    from pipeline.streams.provisioning import users

    if role not in ROLES:
        raise typer.BadParameter(f"{role}: roles are {', '.join(ROLES)}")
    settings = from_environment()
    if not users.asks_for_credentials(settings):
        raise LiaisonError(
            "this Kafka has no users; set LIAISON_KAFKA_SECURITY_PROTOCOL, or start it with `liaison up --secure`"
        )
    asyncio.run(record_operation(settings, f"credentials {role}{' --renew' if renew else ''}"))
    hand_out(settings, users.make_user(settings, role, role_grants(settings, role), renew=renew), credentials)


def list_agencies(as_json: JsonArrayOption = False) -> None:
    """List the registered agencies, their rate in bytes per second (-: no limit), and what they ask for.

    That is, which must sign, and for which purposes owners of silent records are told of their searches.

    Example: liaison ops agency list --json
    """
    from pipeline.streams.provisioning import users
    from pipeline.streams.registers.registry import trusted_agencies

    settings = from_environment()
    held, rates = asyncio.run(trusted_agencies(settings)).values(), users.read_limits(settings)
    if as_json:
        fields = [(a.name, a.country, a.state, rates.get(a.name), a.signing.required, a.owners_told) for a in held]
        names = ("name", "country", "state", "max_rate", "require_signatures", "tell_silent_owners")
        typer.echo(json.dumps([dict(zip(names, field, strict=True)) for field in fields]))
        return
    for agency in held:
        signed = "\tonly signed" if agency.signing.required else ""
        told = f"\ttells silent owners: {', '.join(agency.owners_told)}" if agency.owners_told else ""
        typer.echo(f"{agency.name}\t{agency.country}\t{agency.state}\t{rates.get(agency.name, '-')}{signed}{told}")
