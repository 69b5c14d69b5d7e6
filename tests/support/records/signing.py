"""Keys of fr-pj and of others, and records signed with them."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from pipeline.records import signatures
from pipeline.records.agencies import Agency
from pipeline.records.agency_keys import agency_key, key_id
from pipeline.records.signing_policy import AgencyKey, SigningPolicy
from pipeline.times import unix_ms

START = datetime(2026, 10, 1, tzinfo=UTC)
SIGNED = datetime(2026, 11, 1, 10, tzinfo=UTC)
ARRIVED = SIGNED + timedelta(minutes=1)
ARRIVED_MS = unix_ms(ARRIVED)


def private_key(seed: int) -> OKPKey:
    """One of many private keys, always the same."""
    d = urlsafe_b64encode(bytes([seed]) * 32).rstrip(b"=").decode()
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "d": d, "x": _public(seed)})


def _public(seed: int) -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    raw = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32).public_key().public_bytes_raw()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


KEY, NEXT_KEY, STRANGE_KEY = (private_key(seed) for seed in (1, 2, 3))
KID, NEXT_KID, STRANGE_KID = (key_id("fr-pj", key) for key in (KEY, NEXT_KEY, STRANGE_KEY))


def public(key: OKPKey = KEY, **times: Any) -> AgencyKey:
    """fr-pj's entry of a key, in force from START on."""
    return agency_key("fr-pj", key, **{"not_before": START, **times})


def signing_agency(*keys: AgencyKey, required: bool = True) -> Agency:
    """fr-pj with these keys."""
    return Agency("fr-pj", "FR", signing=SigningPolicy(keys or (public(),), required))


def signed(raw: bytes, key: OKPKey = KEY, kid: str = KID, at: datetime = SIGNED) -> bytes:
    """The event with its signature."""
    event = orjson.loads(raw)
    return orjson.dumps({**event, "signature": signatures.sign(signatures.signed_data(event["data"]), key, kid, at)})


def with_signature(raw: bytes, change: Callable[[str], str]) -> bytes:
    """The signed event with its signature changed."""
    event = orjson.loads(raw)
    return orjson.dumps({**event, "signature": change(event["signature"])})


def with_header(raw: bytes, header: bytes) -> bytes:
    """The event, signed by KEY under a protected header that no signer of ours would write."""
    event = orjson.loads(raw)
    segment = urlsafe_b64encode(header).rstrip(b"=")
    payload = urlsafe_b64encode(signatures.signed_data(event["data"])).rstrip(b"=")
    private = KEY.get_op_key("sign")
    assert isinstance(private, Ed25519PrivateKey)
    signature = urlsafe_b64encode(private.sign(segment + b"." + payload)).rstrip(b"=")
    return orjson.dumps({**event, "signature": (segment + b".." + signature).decode()})
