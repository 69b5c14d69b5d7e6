"""An agency signs the lines of a feed with its private key, before they leave its machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson
from joserfc.jwk import OKPKey

from pipeline.errors import LiaisonError
from pipeline.feeds.checking import CheckedLine, Checker, LineProblem
from pipeline.private_files import create_private
from pipeline.records import signatures
from pipeline.records.agency_keys import CURVE, key_id, read_key
from pipeline.records.messages import Reason
from pipeline.records.signatures import SignatureError

NAMED_BY: Final = 12
"""Characters of a key's thumbprint by which an upload differs from that of the same file under another key."""


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
