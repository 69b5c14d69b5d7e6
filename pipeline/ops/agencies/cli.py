"""`liaison ops agency` and `credentials`: who takes part, their keys, and what each may do on the broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pipeline.access.requester import ASKABLE
from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError
from pipeline.ops.agencies.removal import Removed, retire_agency
from pipeline.ops.command_output import JsonArrayOption
from pipeline.ops.operation import audit_operation, record_operation
from pipeline.private_files import write_private
from pipeline.records.agencies import Agency
from pipeline.records.agency_keys import agency_key, key_set, read_key
from pipeline.records.signing_policy import AgencyKey, SigningPolicy, with_key, with_revocation
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import ROLES, agency_grants, role_grants
from pipeline.streams.kafka.connection import (
    OAUTH,
    asks_for_credentials,
    bootstrap_servers,
    keeps_passwords,
    with_access,
)
from pipeline.streams.kafka.topic_plans import apply_plan
from pipeline.streams.provisioning import users
from pipeline.streams.provisioning.users import Credentials
from pipeline.streams.registers.registry import (
    change_agency,
    change_signing,
    check_agency,
    read_agencies,
    register_agency,
    trusted_agencies,
)
from pipeline.times import now, point_in_time

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
MOST_TITLE = 200
"""Characters of a full name."""
FullName = Annotated[
    str | None,
    typer.Option(
        "--title",
        help=f"Full name that pages show before the code, at most {MOST_TITLE} characters.",
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


def add_agency(
    name: Annotated[str, typer.Argument(help="1 to 32 of a-z, 0-9 and -; part of its topic names.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2 code.")],
    title: FullName = None,
    max_rate: MaxRate = None,
    require_signatures: Annotated[
        bool, typer.Option(SIGNED_ONLY, help="Accept only signed records; stays on once set.")
    ] = False,
    credentials: CredentialsFile = None,
    renew: Renew = False,
) -> None:
    """Register an agency, create its topics and, on a secured Kafka, its user; workers pick it up within seconds.

    Its credentials are shown once, as the variables it sets to use `liaison feed`.
    Example: liaison ops agency add fr-pj --country FR --title "Police judiciaire" --credentials fr-pj.env
    """
    settings = from_environment()
    if max_rate is not None:
        _check_rate(settings, max_rate)
    signing = SigningPolicy(required=require_signatures)
    agency = Agency(name, country, signing=signing, title=_check_title(title or ""))
    what = _rate_words(max_rate) + (f" {SIGNED_ONLY}" if require_signatures else "")
    created = asyncio.run(_register_agency(settings, agency, what))
    typer.echo(f"{name} ({country}) added; {created} topics created", err=True)
    typer.echo(_client_words(settings, name), err=True)
    if not asks_for_credentials(settings):
        written = f", so nothing was written to {credentials}" if credentials else ""
        typer.echo(f"this Kafka asks for no login: {name} has no credentials{written}", err=True)
    else:
        hand_out(settings, users.make_user(settings, name, agency_grants(settings, name), renew=renew), credentials)
    if max_rate is not None:
        users.limit_rate(settings, name, max_rate or None)


def _client_words(settings: Settings, name: str) -> str:
    """What a client of the agency's own has to know (docs/reference/topics.md)."""
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
    title: FullName = None,
) -> None:
    """Change an agency's name, sending rate, whether its records must be signed, or who is told of its searches.

    What exceeds the rate is delayed by Kafka, never lost. Whoever plants silent records is told by such notices what
    others work on: set --tell-silent-owners only where the agency asks for it, and watch the page Operations.
    Example: liaison ops agency set fr-pj --max-rate 300000 --require-signatures
    """
    settings = from_environment()
    if max_rate is None and require_signatures is None and not tell_owners and title is None:
        raise typer.BadParameter(f"nothing to set: give --title, --max-rate, {SIGNED_ONLY} or {TELL_OWNERS}")
    _check_title(title or "")
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
    if title is not None:
        what += f" --title {title}"
    asyncio.run(record_operation(settings, f"agency set {name}{what}"))
    if title is not None:
        asyncio.run(change_agency(settings, name, lambda agency: msgspec.structs.replace(agency, title=title)))
        typer.echo(f"{name}: {title or 'no full name'}", err=True)
    if max_rate is not None:
        users.limit_rate(settings, name, max_rate or None)
        typer.echo(f"{name}: {f'{max_rate:,} bytes/s' if max_rate else 'no limit'}", err=True)
    if require_signatures is not None:
        asyncio.run(_require_signatures(settings, name, required=require_signatures))
    if tell_owners:
        asyncio.run(_tell_owners(settings, name, purposes))


def _check_title(title: str) -> str:
    """A full name as it is kept. Raises BadParameter for one that is too long."""
    if len(title) > MOST_TITLE:
        raise typer.BadParameter(f"the full name has more than {MOST_TITLE} characters; shorten it")
    return title.strip()


def _check_purposes(given: list[str]) -> list[str]:
    """The purposes among what was given, none of them for `none`. Raises BadParameter for anything else."""
    known = {purpose.value for purpose in ASKABLE}
    if given == [NOBODY]:
        return []
    if unknown := [purpose for purpose in given if purpose not in known]:
        raise typer.BadParameter(f"{unknown[0]}: purposes are {', '.join(sorted(known))}; or {NOBODY} alone")
    return sorted(set(given))


async def _tell_owners(settings: Settings, name: str, purposes: list[str]) -> None:
    """Write for which purposes owners of silent records are told of an agency's searches."""
    await change_agency(settings, name, lambda agency: msgspec.structs.replace(agency, owners_told=tuple(purposes)))
    told = f"of its searches for {', '.join(purposes)}" if purposes else "of none of its searches"
    typer.echo(f"{name}: owners of silent records are told {told}", err=True)


async def _require_signatures(settings: Settings, name: str, *, required: bool) -> None:
    """Write what an agency asks for, and say so if it has no key yet."""
    agency = await change_signing(settings, name, lambda policy: msgspec.structs.replace(policy, required=required))
    keys = f"{len(agency.signing.keys)} keys registered" if agency.signing.keys else "no key registered yet"
    typer.echo(
        f"{name}: accepts {'only signed records' if required else 'signed and unsigned records'}; {keys}", err=True
    )


def _check_rate(settings: Settings, max_rate: int) -> None:
    """Raises LiaisonError for a rate that no push gets through, or where the broker can't tell agencies apart."""
    if 0 < max_rate < LEAST_RATE:
        raise typer.BadParameter(f"the least rate is {LEAST_RATE:,} bytes a second; 0 is no limit")
    if not asks_for_credentials(settings):
        raise LiaisonError(
            "this Kafka does not ask who sends, so it can't hold an agency to a rate: use a secured one"
            " (`liaison up --secure`). Without it, intake still serves all agencies in turn"
        )


def _rate_words(max_rate: int | None) -> str:
    """What the audit says of a rate."""
    return "" if max_rate is None else f" --max-rate {max_rate}"


async def _register_agency(settings: Settings, agency: Agency, rate: str) -> int:
    """Register an agency; the topic of the audit trail comes first. Returns how many topics were created."""
    check_agency(agency)
    made = apply_plan(settings, topics.plan_topics(settings, [], []))
    async with audit_operation(settings, f"agency add {agency.name} {agency.country}{rate}"):
        made += await register_agency(settings, agency)
    return len(made.created)


def remove_agency(
    name: Annotated[str, typer.Argument(help="A registered agency.")],
    timeout: Annotated[float, typer.Option(help="Seconds to wait for intake to process the withdrawals.")] = 600.0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Remove an agency: end its credentials, access requests and alerts, withdraw its cases; the audit trail stays.

    Intake must be running. Run it again to continue after an interruption.
    Example: liaison ops agency remove fr-pj --yes
    """
    if not yes:
        typer.confirm(f"Withdraw all cases of {name} and end its access?", abort=True, err=True)
    settings = from_environment()

    async def removed() -> Removed:
        async with audit_operation(settings, f"agency remove {name}"):
            return await retire_agency(settings, name, timeout, now)

    done = asyncio.run(removed())
    typer.echo(
        f"{name} has left: {done.cases:,} cases withdrawn, {done.disclosures:,} disclosures revoked,"
        f" {done.subscriptions:,} alerts and {done.folders:,} case folders ended"
    )


def make_credentials(
    role: Annotated[str, typer.Argument(help="A stage of `liaison worker`, or api.")],
    credentials: CredentialsFile = None,
    renew: Renew = False,
) -> None:
    """Create the Kafka user of a worker or the API, with only the rights it needs; the credentials are shown once.

    Example: liaison ops credentials intake --credentials intake.env
    """
    if role not in ROLES:
        raise typer.BadParameter(f"{role}: roles are {', '.join(ROLES)}")
    settings = from_environment()
    if not asks_for_credentials(settings):
        raise LiaisonError(
            "this Kafka has no users; set LIAISON_KAFKA_SECURITY_PROTOCOL (and LIAISON_KAFKA_CERTIFICATE_FILE, where it"
            " knows them by certificates), or start it with `liaison up --secure`"
        )
    asyncio.run(record_operation(settings, f"credentials {role}{' --renew' if renew else ''}"))
    hand_out(settings, users.make_user(settings, role, role_grants(settings, role), renew=renew), credentials)


def list_agencies(as_json: JsonArrayOption = False) -> None:
    """List the registered agencies, their rate in bytes per second (-: no limit), and what they ask for.

    That is, which must sign, and for which purposes owners of silent records are told of their searches.

    Example: liaison ops agency list --json
    """
    settings = from_environment()
    held, rates = asyncio.run(trusted_agencies(settings)).values(), users.read_limits(settings)
    if as_json:
        fields = [
            (a.name, a.country, a.state, rates.get(a.name), a.signing.required, a.owners_told, a.title) for a in held
        ]
        names = ("name", "country", "state", "max_rate", "require_signatures", "tell_silent_owners", "title")
        typer.echo(json.dumps([dict(zip(names, field, strict=True)) for field in fields]))
        return
    for agency in held:
        signed = "\tonly signed" if agency.signing.required else ""
        told = f"\ttells silent owners: {', '.join(agency.owners_told)}" if agency.owners_told else ""
        typer.echo(f"{agency.name}\t{agency.country}\t{agency.state}\t{rates.get(agency.name, '-')}{signed}{told}")


AgencyArgument = Annotated[str, typer.Argument(metavar="AGENCY", help="A registered agency.")]


def add_key(
    name: AgencyArgument,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Its public Ed25519 key: JWK or PEM.")],
    not_before: Annotated[str, typer.Option("--from", help="Valid from: 2026-11-24T10:00 (UTC); by default now.")] = "",
    not_after: Annotated[str, typer.Option("--until", help="Valid until; by default without end.")] = "",
) -> None:
    """Register an agency's public key; ask the agency itself to read you the id shown here.

    Example: liaison ops agency key add fr-pj fr-pj.jwk --until 2027-12-31
    """
    at, read = now(), read_key(file.read_bytes())
    if read.is_private:
        raise LiaisonError(f"{file} is the private key, which only its agency should have; use the public key")
    key = agency_key(
        name,
        read,
        point_in_time(not_before, at) if not_before else at,
        point_in_time(not_after, at) if not_after else None,
    )
    _change_signing(f"agency key add {key.kid}", name, lambda policy: with_key(policy, key))
    typer.echo(_format_key(key))


def revoke_key(
    name: AgencyArgument,
    kid: Annotated[str, typer.Argument(metavar="KEY", help="The key's id: agency, colon, thumbprint.")],
    at: Annotated[
        str,
        typer.Option("--at", help="Invalid since, such as when it was stolen: 2h, 2026-11-24T10:00; by default now."),
    ] = "",
) -> None:
    """Reject whatever a key signs from a time on; the key stays listed, so that earlier signatures can be checked.

    Accepted records stay.
    Example: liaison ops agency key revoke fr-pj fr-pj:nOTzYp… --at 2h
    """
    since = point_in_time(at, now()) if at else now()
    what = f"agency key revoke {kid} as of {since.isoformat(timespec='seconds')}"
    signing = _change_signing(what, name, lambda policy: with_revocation(policy, kid, since))
    typer.echo("".join(_format_key(key) for key in signing.keys if key.kid == kid))


def list_keys(
    name: Annotated[str, typer.Argument(metavar="AGENCY", help="Only this agency's.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON Web Key Set, for verify-case.")] = False,
) -> None:
    """List the agencies' keys, including ended and revoked ones.

    Example: liaison ops agency key list --json > keys.json
    """
    held = asyncio.run(trusted_agencies(from_environment()))
    if name and name not in held:
        raise LiaisonError(f"agency {name} is not registered; see `liaison ops agency list`")
    keys = [key for agency in held.values() if not name or agency.name == name for key in agency.signing.keys]
    typer.echo(key_set(keys).decode() if as_json else "\n".join(map(_format_key, keys)), nl=as_json or bool(keys))


def _change_signing(what: str, name: str, change: Callable[[SigningPolicy], SigningPolicy]) -> SigningPolicy:
    """Record the operation, then change what the registry says. Raises LiaisonError."""
    settings = from_environment()

    async def changed() -> SigningPolicy:
        held = (await trusted_agencies(settings)).get(name)
        if held is None:
            raise LiaisonError(f"agency {name} is not registered; see `liaison ops agency list`")
        change(held.signing)  # what can't be done is not recorded as done
        async with audit_operation(settings, what):
            return (await change_signing(settings, name, change)).signing

    return asyncio.run(changed())


def _format_key(key: AgencyKey) -> str:
    until = key.not_after.isoformat(timespec="seconds") if key.not_after else "-"
    revoked = f"revoked as of {key.revoked_at.isoformat(timespec='seconds')}" if key.revoked_at else ""
    return f"{key.kid}\t{key.not_before.isoformat(timespec='seconds')}\t{until}\t{revoked}".rstrip()


def format_environment(settings: Settings, credentials: Credentials) -> str:
    """What the user sets to be known to the broker, one assignment a line, as a shell or Compose reads it."""
    known = with_access(settings)
    variables = {
        "KAFKA_URL": ",".join(bootstrap_servers(settings)),
        "KAFKA_SECURITY_PROTOCOL": known.kafka_security_protocol,
        **(_login_variables(settings, credentials) if known.kafka_security_protocol.startswith("SASL") else {}),
        "KAFKA_CA_FILE": str(settings.kafka_ca_file or ""),
        "NAMESPACE": settings.namespace,
        "CASE_PARTITIONS": str(settings.case_partitions),
    }
    return "".join(f"LIAISON_{name}={value}\n" for name, value in variables.items() if value)


def _login_variables(settings: Settings, credentials: Credentials) -> dict[str, str]:
    if not keeps_passwords(settings):
        return {"KAFKA_SASL_MECHANISM": settings.kafka_sasl_mechanism, "KAFKA_TOKEN_URL": settings.kafka_token_url}
    return {
        "KAFKA_SASL_MECHANISM": users.password_mechanism(settings),
        "KAFKA_USERNAME": credentials.user,
        "KAFKA_PASSWORD": credentials.password,
    }


def hand_out(settings: Settings, credentials: Credentials, file: Path | None) -> None:
    """Write new credentials to a file that only its owner may read, or print them; they are shown nowhere again.

    Where Kafka keeps no passwords the variables name none: the user brings a certificate or tokens of its own.
    """
    if not keeps_passwords(settings):
        what = "a token (LIAISON_KAFKA_TOKEN_FILE, or LIAISON_KAFKA_TOKEN_URL with a client id and its secret)"
        if settings.kafka_sasl_mechanism != OAUTH or not settings.kafka_security_protocol.startswith("SASL"):
            what = "a certificate (LIAISON_KAFKA_CERTIFICATE_FILE, LIAISON_KAFKA_KEY_FILE)"
        typer.echo(f"Kafka knows this user as {credentials.user}, by {what}, which is not made here", err=True)
        if file is None:
            typer.echo(format_environment(settings, credentials), nl=False)
        else:
            write_private(file, format_environment(settings, credentials))
    elif not credentials.password:
        typer.echo(f"{credentials.user} already has credentials; use --renew for new ones", err=True)
    elif file is None:
        typer.echo(format_environment(settings, credentials), nl=False)
    else:
        write_private(file, format_environment(settings, credentials))
        typer.echo(f"credentials of {credentials.user} written to {file}", err=True)
