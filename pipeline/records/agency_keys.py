"""Reads and writes the public keys that agencies sign their records with (JOSE)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from pipeline.errors import LiaisonError
from pipeline.records.signing_policy import AgencyKey

CURVE: Final = "Ed25519"
"""RFC 8032; the one kind of key that is taken."""


def key_id(agency: str, key: OKPKey) -> str:
    """The id of an agency's key: its name, and the RFC 7638 thumbprint."""
    return f"{agency}:{key.thumbprint()}"


def read_key(material: bytes) -> OKPKey:
    """An Ed25519 key, public or private, from a JWK or PEM. Raises LiaisonError."""
    try:
        key = OKPKey.import_key(msgspec.json.decode(material) if material.lstrip().startswith(b"{") else material)
        if key.curve_name != CURVE:
            raise LiaisonError(f"the key is on the curve {key.curve_name}; use {CURVE}")
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise LiaisonError(f"not an {CURVE} key in JWK or PEM form") from error
    return key


def agency_key(
    agency: str,
    key: OKPKey,
    not_before: datetime,
    not_after: datetime | None = None,
    revoked_at: datetime | None = None,
) -> AgencyKey:
    """The registry's entry of a key, without its private part if it has one."""
    public = key.as_dict(private=False)
    return AgencyKey(key_id(agency, key), str(public["x"]), not_before, not_after, revoked_at)


@lru_cache(maxsize=256)
def verifying_key(x: str) -> OKPKey:
    """The key of these 32 bytes in base64url. Raises JoseError or ValueError for what is none."""
    return OKPKey.import_key({"kty": "OKP", "crv": CURVE, "x": x, "use": "sig"})


class _KeySet(msgspec.Struct, frozen=True):
    """A JSON Web Key Set, as far as it is read; `kty` and `crv` are in every key's thumbprint, hence in its id."""

    keys: tuple[AgencyKey, ...]


def as_jwk(key: AgencyKey) -> dict[str, Any]:
    """A key as a JSON Web Key (RFC 7517, 8037), with the times of its life beside it."""
    return {"kty": "OKP", "crv": CURVE, "use": "sig", **msgspec.to_builtins(key)}


def key_set(keys: Iterable[AgencyKey]) -> bytes:
    """Keys as a JSON Web Key Set: what `verify-case` reads."""
    return msgspec.json.encode({"keys": [as_jwk(key) for key in keys]})


def read_key_set(material: bytes) -> dict[str, AgencyKey]:
    """Keys by id. Raises LiaisonError for what is no key set, or where an id is not the key's own."""
    try:
        found = msgspec.json.decode(material, type=_KeySet).keys
        strangers = [key.kid for key in found if key_id(key.agency, verifying_key(key.x)) != key.kid]
    except (msgspec.MsgspecError, JoseError, ValueError) as error:
        raise LiaisonError("not a key set from `liaison ops agency key list --json`") from error
    if strangers:
        raise LiaisonError(f"the key set gives the id {strangers[0]} to another key")
    return {key.kid: key for key in found}
