"""`liaison feed make-key`, `keys`, `verify-case`: an agency signs what it sends, and anyone checks what was signed."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
import orjson
import typer

from pipeline.command_settings import from_environment
from pipeline.feeds.signing import CaseSignature, SignatureVerdict, read_cases
from pipeline.feeds.signing import make_key as make
from pipeline.feeds.signing import verify_case as verify
from pipeline.ops.command_output import FAILED, JsonLinesOption
from pipeline.records.agency_keys import key_id, key_set, read_key_set
from pipeline.streams.registers.registry import read_agencies


def make_key(
    agency: Annotated[str, typer.Option("--agency", help="Your agency.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Output file for the private key (PEM, mode 600).")],
) -> None:
    """Make a signing key and print its public part (JWK), which the operator registers (ops agency key add).

    An Ed25519 key from elsewhere (openssl genpkey -algorithm ed25519) works as well.
    """
    key = make(output)
    kid = key_id(agency, key)
    typer.echo(orjson.dumps({"kid": kid, **key.as_dict(private=False)}))
    typer.echo(f"{output} is the private key; keep it secret. Key id: {kid}", err=True)


def keys() -> None:
    """Print the public keys of all agencies (a JSON Web Key Set), for verify-case.

    They come from Kafka: compare the ids with the agencies by another channel.
    """
    held = asyncio.run(read_agencies(from_environment())).values()
    typer.echo(key_set(key for agency in held for key in agency.signing.keys))


def verify_case(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Cases: an export, an API response or a signed feed.")
    ],
    keys: Annotated[
        Path, typer.Option("--keys", exists=True, dir_okay=False, help="Agencies' public keys (a JSON Web Key Set).")
    ],
    as_json: JsonLinesOption = False,
) -> None:
    """Check offline that each case is as its agency signed it; exit 1 if one is unsigned or altered.

    Get the keys from the agencies themselves, or compare their ids with them: no server is asked.
    """
    trusted = read_key_set(keys.read_bytes())
    counted: Counter[str] = Counter()
    for row in read_cases(file):
        found = verify(row, trusted)
        counted[found.verdict] += 1
        typer.echo(msgspec.json.encode(found) if as_json else _format_signature(found))
    typer.echo(", ".join(f"{count:,} {verdict}" for verdict, count in sorted(counted.items())) or "no cases", err=True)
    if not counted or set(counted) != {SignatureVerdict.GOOD}:
        raise typer.Exit(FAILED)


def _format_signature(found: CaseSignature) -> str:
    signed = f"signed {found.signed_at:%Y-%m-%dT%H:%MZ} with {found.kid}" if found.signed_at else ""
    details = "; ".join(filter(None, (signed, found.message)))
    return f"{found.case or '?'} version {found.version}: {found.verdict}{f': {details}' if details else ''}"
