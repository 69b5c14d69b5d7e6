"""Commands about the keys that agencies sign their records with."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipeline.records.signing_policy import AgencyKey, SigningPolicy

AgencyArgument = Annotated[str, typer.Argument(metavar="AGENCY", help="A registered agency.")]


def register(agency: typer.Typer) -> None:
    """Add `key` to `liaison ops agency`."""
    key = typer.Typer(help="Agencies' signing keys.", no_args_is_help=True)
    key.command("add")(add_key)
    key.command("revoke")(revoke_key)
    key.command("list")(list_keys)
    agency.add_typer(key, name="key")


def add_key(
    name: AgencyArgument,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Its public Ed25519 key: JWK or PEM.")],
    not_before: Annotated[str, typer.Option("--from", help="Valid from: 2026-11-24T10:00 (UTC); by default now.")] = "",
    not_after: Annotated[str, typer.Option("--until", help="Valid until; by default without end.")] = "",
) -> None:
    """Register an agency's public key; ask the agency itself to read you the id shown here.

    Example: liaison ops agency key add fr-pj fr-pj.jwk --until 2027-12-31
    """
    from pipeline.records.agency_keys import agency_key, read_key
    from pipeline.records.signing_policy import with_key
    from pipeline.times import now, point_in_time

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
    from pipeline.records.signing_policy import with_revocation
    from pipeline.times import now, point_in_time

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
    from pipeline.records.agency_keys import key_set
    from pipeline.streams.registers.registry import trusted_agencies

    held = asyncio.run(trusted_agencies(from_environment()))
    if name and name not in held:
        raise LiaisonError(f"agency {name} is not registered; see `liaison ops agency list`")
    keys = [key for agency in held.values() if not name or agency.name == name for key in agency.signing.keys]
    typer.echo(key_set(keys).decode() if as_json else _format_keys(keys), nl=as_json or bool(keys))


def _change_signing(what: str, name: str, change: Callable[[SigningPolicy], SigningPolicy]) -> SigningPolicy:
    """Record the operation, then change what the registry says. Raises LiaisonError."""
    from pipeline.ops.operation import audit_operation
    from pipeline.streams.registers.registry import change_signing, trusted_agencies

    settings = from_environment()

    async def changed() -> SigningPolicy:
        held = (await trusted_agencies(settings)).get(name)
        if held is None:
            raise LiaisonError(f"agency {name} is not registered; see `liaison ops agency list`")
        change(held.signing)  # what can't be done is not recorded as done
        async with audit_operation(settings, what):
            return (await change_signing(settings, name, change)).signing

    return asyncio.run(changed())


def _format_keys(keys: Iterable[AgencyKey]) -> str:
    return "\n".join(map(_format_key, keys))


def _format_key(key: AgencyKey) -> str:
    until = key.not_after.isoformat(timespec="seconds") if key.not_after else "-"
    revoked = f"revoked as of {key.revoked_at.isoformat(timespec='seconds')}" if key.revoked_at else ""
    return f"{key.kid}\t{key.not_before.isoformat(timespec='seconds')}\t{until}\t{revoked}".rstrip()
