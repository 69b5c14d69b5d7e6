"""What an agency asks of its signatures, and the public keys that the registry lists for it.

It reads no key, so that who works on files without signatures imports no cryptography. A key that ended or was revoked
stays listed, so that what was signed while it was in force can be checked for good.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec

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
