"""Signatures of records: an agency signs the lines of a feed, and whoever gets a case checks it offline.

An agency signs with its private key, before the lines leave its machine. An exported or disclosed case is checked by a
file and the keys of those who may have signed it. Nothing of an installation is trusted, as long as the keys are: a
key's id holds its thumbprint, so that one that an agency reads out by telephone is enough.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson
from joserfc.jwk import OKPKey

from pipeline.errors import LiaisonError
from pipeline.feeds.checking import CheckedLine, Checker, LineProblem
from pipeline.private_files import create_private
from pipeline.records import signatures
from pipeline.records.agency_keys import CURVE, key_id, read_key
from pipeline.records.messages import Reason
from pipeline.records.model import case_key
from pipeline.records.signatures import ProtectedHeader, SignatureError
from pipeline.records.signing_policy import AgencyKey

NAMED_BY: Final = 12
"""Characters of a key's thumbprint by which an upload differs from that of the same file under another key."""

_SIGNED_LAST: Final = re.compile(rb',"signature":"([A-Za-z0-9_-]+)\.\.[A-Za-z0-9_-]{86}"}\s*')
"""How `RecordSigner.sign` ends a line."""

_header: Final = msgspec.json.Decoder(ProtectedHeader).decode


class RecordSigner:
    """Signs an agency's records with one key, all as of one time: that of the push, to the minute.

    A time for each would tell whoever sees two of them how many hidden records were signed in between.
    """

    def __init__(self, agency: str, key: OKPKey, now: datetime) -> None:
        """Raises LiaisonError for a public key."""
        if not key.is_private:
            raise LiaisonError("this is the public key; sign with the private key")
        self.kid = key_id(agency, key)
        self._key = key
        self._at = now.replace(second=0, microsecond=0)

    @property
    def mark(self) -> str:
        """What tells uploads under this key from others, for their names."""
        return self.kid.partition(":")[2][:NAMED_BY]

    def sign(self, raw: bytes) -> bytes:
        """The line with its signature as last attribute; what is no record stays as it is, for others to refuse.

        Nothing else of it changes. Raises SignatureError for a record that can't be signed.
        """
        try:
            event = orjson.loads(raw)
            data = event["data"] | {}
        except (ValueError, TypeError, KeyError):
            return raw
        if "signature" in event:
            raise SignatureError("it is already signed")
        signature = signatures.sign(signatures.signed_data(data), self._key, self.kid, self._at)
        return raw.rstrip()[:-1] + b',"signature":"' + signature.encode() + b'"}'


def line_content(raw: bytes) -> bytes:
    """What tells a line from others: its bytes, of a signature at its end the key alone.

    The same line signed once more by the same key, a minute later, is the same content.
    """
    at = raw.rfind(b',"signature":"')
    signed = _SIGNED_LAST.fullmatch(raw, at) if at >= 0 else None
    if signed is None:
        return raw
    try:
        header = _header(urlsafe_b64decode(signed[1] + b"=" * (-len(signed[1]) % 4)))
    except (ValueError, msgspec.MsgspecError):
        return raw
    return raw[:at] + b"," + header.kid.encode()


def checked_lines(
    lines: Iterable[tuple[int, bytes]], checker: Checker | None, signer: RecordSigner | None
) -> Iterator[CheckedLine]:
    """Numbered lines as they are to be sent: signed if there is a signer, with their problems if there is a checker."""
    for number, raw in lines:
        try:
            line = signer.sign(raw) if signer else raw
        except SignatureError as fault:
            problem = LineProblem(number, Reason.BAD_SIGNATURE, "/signature", f"can't be signed: {fault}")
            yield CheckedLine(number, raw, (problem,))
            continue
        yield from checker.check_lines([(number, line)]) if checker else [CheckedLine(number, line)]


def signed_lines(lines: Iterable[tuple[int, bytes]], signer: RecordSigner) -> Iterator[bytes]:
    """Numbered lines signed, each with its line feed. Raises LiaisonError for the first that can't be signed."""
    for number, raw in lines:
        try:
            yield signer.sign(raw) + b"\n"
        except SignatureError as fault:
            raise LiaisonError(f"line {number} can't be signed: {fault}") from fault


def read_signer(agency: str, file: Path, now: datetime) -> RecordSigner:
    """A signer with the private key in a file, JWK or PEM. Raises LiaisonError."""
    return RecordSigner(agency, read_key(file.read_bytes()), now)


def make_key(file: Path) -> OKPKey:
    """Make a private key in a file that its owner alone may read (PEM). Raises LiaisonError where there is a file."""
    key = OKPKey.generate_key(CURVE)
    if not create_private(file, key.as_pem(private=True)):
        raise LiaisonError(f"{file} already exists; keys are never overwritten, choose another file")
    return key


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
        if (row.get("case", case), row.get("version", found.version)) != (case, found.version):
            raise SignatureError("the file gives the record the name or version of another")
        own = {kid: key for kid, key in keys.items() if key.agency == agency}
        verified = signatures.verify(signature, signatures.signed_data(data), own.get)
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


def _check_times(verified: signatures.VerifiedSignature, provenance: Any) -> None:
    arrived_ms = provenance.get("arrived_ms") if isinstance(provenance, dict) else None
    if isinstance(arrived_ms, int):
        signatures.check_times(verified, arrived_ms)
    else:
        signatures.check_signed(verified)


def _text_or_empty(value: object) -> str:
    return value if isinstance(value, str) else ""
