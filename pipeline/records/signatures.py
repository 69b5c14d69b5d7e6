"""A record's signature: a detached JWS over its canonical content, made by its agency and checked by whoever has keys.

The CloudEvents attribute `signature` is a JWS in compact form whose payload is left out (RFC 7515, appendix F):
`<protected header>..<signature>`. Its payload is the canonical JSON (RFC 8785) of the record's `data` as the agency
sent it, so it is bound to agency, case, version and status; of a withdrawal it is the five fields that are kept of one.
The protected header has `alg`, `kid`, `typ` and `iat`, and nothing else. It travels in the record and not in a Kafka
header, so that files, the gateway, the topic `rejected` and whatever is sent again carry it unasked.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
import orjson
import rfc8785
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from pipeline.records import hashing
from pipeline.records.agency_keys import CURVE, verifying_key
from pipeline.records.model import RECORD_TYPE, Case
from pipeline.records.signing_policy import LEEWAY, LEEWAY_MS, AgencyKey, out_of_force

TYPE: Final = f"{RECORD_TYPE}+jws"
"""The header's `typ`: what the same key has signed for another purpose is no record's signature."""

ALGORITHM: Final = CURVE
"""RFC 9864. Its former name, EdDSA (RFC 8037), means the same with such a key, and is taken too."""

MARK_FIELDS: Final = ("agency", "case_id", "country", "status", "version")
"""What is kept, and so what is signed, of a withdrawal's data."""

_FORM: Final = re.compile(r"[A-Za-z0-9_-]{1,680}\.\.[A-Za-z0-9_-]{86}")
_HEADER_QUOTES: Final = 14
"""Of four names and three texts: more of them, and a name is there twice."""

_ODD_NUMBER: Final = re.compile(rb"[:,\[][-0-9][0-9]*[.eE]|[:,\[]-?[0-9]{16}")
_BEYOND_BMP: Final = bytes(range(0xF0, 0xF5))
"""Where sorted JSON may differ from RFC 8785: a number with a point or exponent, or beyond 2^53; the order of names
with characters beyond U+FFFF, by how these begin in UTF-8. In a text they are found too, which only costs time."""


_MINUTES: Final = LEEWAY // timedelta(minutes=1)


class SignatureError(Exception):
    """A signature that is not good; the message says why, and repeats nothing of the record."""


LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999."""


class ProtectedHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JWS header of a record's signature; `iat` is when it was signed, by the signer's clock, in Unix seconds."""

    alg: Literal["Ed25519", "EdDSA"]
    kid: str
    typ: Literal["org.liaison.case.v1+jws"]
    iat: Annotated[int, msgspec.Meta(ge=0, le=LAST_SECOND)]


class VerifiedSignature(msgspec.Struct, frozen=True):
    """A signature that fits its record: by which key, and when it was made by the signer's own word, in Unix ms."""

    key: AgencyKey
    signed_ms: int


class _Algorithms(jws.JWSRegistry):
    """One algorithm under both of its names."""

    def get_alg(self, name: str) -> Any:  # joserfc exports no name for what it is
        return super().get_alg(ALGORITHM)


_ALGORITHMS: Final = _Algorithms(algorithms=[ALGORITHM], strict_check_header=False)
_header = msgspec.json.Decoder(ProtectedHeader)


def canonical(data: bytes) -> bytes:
    """RFC 8785's form of a record's data, given as hashing.canonical_json of it.

    Raises SignatureError for an integer beyond 2^53-1 either way, which has none.
    """
    if not _ODD_NUMBER.search(data) and len(data.translate(None, _BEYOND_BMP)) == len(data):
        return data
    try:
        return rfc8785.dumps(orjson.loads(data))
    except rfc8785.CanonicalizationError as error:
        raise SignatureError("a number is larger than 2^53-1; send it as text") from error


def signed_data(data: Mapping[str, Any]) -> bytes:
    """The payload that a record's data is signed as. Raises SignatureError as `canonical`."""
    withdrawn = data.get("status") == Case.WITHDRAWN
    kept = {name: data[name] for name in MARK_FIELDS if name in data} if withdrawn else data
    return canonical(hashing.canonical_json(kept))


def sign(payload: bytes, key: OKPKey, kid: str, at: datetime) -> str:
    """The signature of `signed_data` with a private key, made at a time (whole seconds of it)."""
    header = {"alg": ALGORITHM, "kid": kid, "typ": TYPE, "iat": int(at.timestamp())}
    return jws.detach_content(jws.serialize_compact(header, payload, key, registry=_ALGORITHMS))


def verify(signature: str, payload: bytes, key_of: Callable[[str], AgencyKey | None]) -> VerifiedSignature:
    """Check a signature against `signed_data`, by the key that its `kid` names; times are judged by `check_times`.

    Raises SignatureError.
    """
    if not _FORM.fullmatch(signature):
        raise SignatureError("no detached JWS in compact form (RFC 7515, appendix F), signed with Ed25519")
    header = _read_header(signature.partition(".")[0])
    key = key_of(header.kid)
    if key is None:
        raise SignatureError("its `kid` is not a registered key of this agency")
    try:
        jws.deserialize_compact(signature, verifying_key(key.x), registry=_ALGORITHMS, payload=payload)
    except (JoseError, ValueError) as error:
        raise SignatureError("invalid signature: made with another key, or for other data") from error
    return VerifiedSignature(key, header.iat * 1000)


def _read_header(segment: str) -> ProtectedHeader:
    try:
        raw = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))  # 4n+1 characters are no bytes' base64
        header = _header.decode(raw)
    except (binascii.Error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SignatureError(_HEADER_FAULT) from error
    if raw.count(b'"') != _HEADER_QUOTES:
        raise SignatureError(_HEADER_FAULT)
    return header


_HEADER_FAULT: Final = (
    f"its protected header must have alg ({ALGORITHM}), kid, typ ({TYPE}) and iat (Unix seconds), each once,"
    " and nothing else"
)


def check_times(found: VerifiedSignature, arrived_ms: int) -> None:
    """Check that the key was in force when it signed and when the record arrived (Kafka's time, Unix ms).

    The signer's word alone would let a thief of an old key choose the time. Raises SignatureError.
    """
    check_signed(found)
    if fault := out_of_force(found.key, arrived_ms):
        raise SignatureError(f"its key was out of force when the record arrived: {fault}")
    if found.signed_ms > arrived_ms + LEEWAY_MS:
        raise SignatureError(f"signed after it arrived: the signer's clock is over {_MINUTES} min ahead of Kafka's")


def check_signed(found: VerifiedSignature) -> None:
    """Check that the key was in force when it signed, by the signer's word. Raises SignatureError."""
    if fault := out_of_force(found.key, found.signed_ms):
        raise SignatureError(f"its key was out of force when it was signed: {fault}")


def signed_at(found: VerifiedSignature) -> datetime:
    """When it was signed, by the signer's word."""
    return datetime.fromtimestamp(found.signed_ms / 1000, UTC)
