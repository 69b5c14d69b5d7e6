"""The public keys that agencies sign their records with, and the policy by which the registry lists them (JOSE).

A key that ended or was revoked stays listed, so that what was signed while it was in force can be checked for good.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from pipeline.errors import LiaisonError
from pipeline.times import unix_ms

LEEWAY: Final = timedelta(minutes=5)
"""By which the clocks of an agency, an operator and Kafka may differ: what Kerberos allows (RFC 4120, section 5.10)."""

MAX_KEYS: Final = 100
"""Keys listed for one agency; all that were ever in use are."""


Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time that says its offset from UTC."""


class AgencyKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """A public key: `x` is its 32 bytes in base64url (RFC 8037). In force from `not_before` and before `not_after`.

    `kid` is `<agency>:<thumbprint>` (RFC 7638), so that no two keys share an id and none can be replaced under it.
    From `revoked_at` on nothing that it signs is taken; that may lie before the day when it was revoked.
    """

    kid: str
    x: str
    not_before: Instant
    not_after: Instant | None = None
    revoked_at: Instant | None = None

    @property
    def agency(self) -> str:
        """Whose key it is, by its id."""
        return self.kid.partition(":")[0]


class SigningPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an agency has asked for: `required`, that intake takes none of its records unsigned; and its keys.

    `seal` is the installation's own mark on the registry's entry, as it was at `changed_at`.
    """

    keys: tuple[AgencyKey, ...] = ()
    required: bool = False
    changed_at: Instant | None = None
    seal: str = ""

    def key(self, kid: str) -> AgencyKey | None:
        """The key of this id."""
        return next((key for key in self.keys if key.kid == kid), None)


def with_key(policy: SigningPolicy, key: AgencyKey) -> SigningPolicy:
    """The policy with one more key. Raises LiaisonError for one that is listed, whatever became of it."""
    if policy.key(key.kid):
        raise LiaisonError(f"the key {key.kid} is already registered")
    if len(policy.keys) == MAX_KEYS:
        raise LiaisonError(f"{key.agency} already has {MAX_KEYS} keys, the maximum")
    if key.not_after is not None and key.not_after <= key.not_before:
        raise LiaisonError("a key must end after it begins")
    return msgspec.structs.replace(policy, keys=(*policy.keys, key))


def with_revocation(policy: SigningPolicy, kid: str, at: datetime) -> SigningPolicy:
    """The policy with a key revoked as of a time, or of an earlier one than before; never of a later one.

    Raises LiaisonError for a key that is not listed.
    """
    key = policy.key(kid)
    if key is None:
        raise LiaisonError(f"no key {kid}; see `liaison ops agency key list`")
    earliest = at if key.revoked_at is None else min(at, key.revoked_at)
    revoked = msgspec.structs.replace(key, revoked_at=earliest)
    return msgspec.structs.replace(policy, keys=tuple(revoked if held is key else held for held in policy.keys))


LEEWAY_MS: Final = int(LEEWAY.total_seconds() * 1000)


def out_of_force(key: AgencyKey, at_ms: int) -> str:
    """Why a key is not in force at a time (Unix milliseconds); "" where it is.

    Both ends of its life are read with LEEWAY. A revocation is not: it may be the last defence against a thief.
    """
    if at_ms < unix_ms(key.not_before) - LEEWAY_MS:
        return f"not in force before {_written(key.not_before)}"
    if key.not_after is not None and at_ms >= unix_ms(key.not_after) + LEEWAY_MS:
        return f"in force until {_written(key.not_after)}"
    if key.revoked_at is not None and at_ms >= unix_ms(key.revoked_at):
        return f"revoked as of {_written(key.revoked_at)}"
    return ""


def _written(time: datetime) -> str:
    return time.isoformat(timespec="seconds")


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
