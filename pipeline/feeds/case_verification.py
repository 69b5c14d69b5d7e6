"""Checks the signatures of exported and disclosed cases offline: a file, and the keys of those who may have signed it.

Nothing of an installation is trusted, as long as the keys are: a key's id holds its thumbprint, so that one that an
agency reads out by telephone is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import orjson

from pipeline.errors import LiaisonError
from pipeline.records import signatures
from pipeline.records.model import case_key
from pipeline.records.signatures import SignatureError
from pipeline.records.signing_policy import AgencyKey


class SignatureVerdict(StrEnum):
    """What a case's signature comes to."""

    GOOD = "good"
    UNSIGNED = "unsigned"
    BAD = "bad_signature"


class CaseSignature(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one case of a file: key and version are those that its record names, and so those signed."""

    case: str
    version: int
    verdict: SignatureVerdict
    message: str = ""
    kid: str = ""
    signed_at: datetime | None = None


def read_cases(file: Path) -> Iterator[Mapping[str, Any]]:
    """The cases of a file: an export (JSON lines), an answer of the API or of `liaison case --json`, a signed feed.

    Raises LiaisonError for what is no JSON, or holds something else.
    """
    content = file.read_bytes()
    try:
        found = [orjson.loads(content)]
    except orjson.JSONDecodeError:
        found = list(_read_lines(file, content))
    if len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    for item in found:
        row = item.get("case") if isinstance(item, dict) and isinstance(item.get("case"), dict) else item
        if not isinstance(row, dict):
            raise LiaisonError(f"{file} contains something that is not a case record")
        yield row


def _read_lines(file: Path, content: bytes) -> Iterator[Any]:
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise LiaisonError(f"{file}:{number}: not valid JSON") from error


def verify_case(row: Mapping[str, Any], keys: Mapping[str, AgencyKey]) -> CaseSignature:
    """Check one case, as an export, a disclosure or a feed holds it, by the keys that are trusted, by id.

    Its key must have been in force when it signed, by the signer's word, and when the record arrived, if the file says
    when (to its owner alone). A later revocation is named and changes nothing.
    """
    data, signature = row.get("data"), row.get("signature")
    if not isinstance(data, dict):
        return CaseSignature(_text_or_empty(row.get("case")), 0, SignatureVerdict.UNSIGNED, "holds no record")
    agency, version = _text_or_empty(data.get("agency")), data.get("version")
    case = case_key(agency, _text_or_empty(data.get("case_id")))
    found = CaseSignature(case, version if isinstance(version, int) else 0, SignatureVerdict.UNSIGNED)
    if not isinstance(signature, str):
        return found
    try:
        _check_names(row, found)
        verified = signatures.verify(signature, signatures.signed_data(data), _keys_of(agency, keys).get)
        _check_times(verified, row.get("provenance"))
    except SignatureError as fault:
        return msgspec.structs.replace(found, verdict=SignatureVerdict.BAD, message=str(fault))
    return msgspec.structs.replace(
        found,
        verdict=SignatureVerdict.GOOD,
        message="its key was revoked after it signed" if verified.key.revoked_at else "",
        kid=verified.key.kid,
        signed_at=signatures.signed_at(verified),
    )


def _check_names(row: Mapping[str, Any], found: CaseSignature) -> None:
    """The file's own words about a case must be the record's. Raises SignatureError."""
    if row.get("case", found.case) != found.case or row.get("version", found.version) != found.version:
        raise SignatureError("the file gives the record the name or version of another")


def _check_times(verified: signatures.VerifiedSignature, provenance: Any) -> None:
    arrived_ms = provenance.get("arrived_ms") if isinstance(provenance, dict) else None
    if isinstance(arrived_ms, int):
        signatures.check_times(verified, arrived_ms)
    else:
        signatures.check_signed(verified)


def _keys_of(agency: str, keys: Mapping[str, AgencyKey]) -> dict[str, AgencyKey]:
    return {kid: key for kid, key in keys.items() if key.agency == agency}


def _text_or_empty(value: object) -> str:
    return value if isinstance(value, str) else ""
