"""Registry entries that say how an agency signs, or who is told of its searches, bear the installation's seal.

Whoever holds Kafka can't write one. A seal covers the whole entry and when it was made. Pure: the ring and the clock
are given.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from pipeline.correlation.key_ring import KeyRing, KeyUse
from pipeline.records.agencies import Agency, Registry
from pipeline.records.agency_keys import SigningPolicy
from pipeline.streams.registers.seals import is_seal_of, make_seal

NO_KEYS: Final = SigningPolicy(required=True)
"""How an entry is taken that can't be trusted: nothing of its agency is accepted until an operator writes it anew."""


def seal_agency(agency: Agency, ring: KeyRing, now: datetime) -> Agency:
    """The entry under a new seal, made now, and later than the one before."""
    before = agency.signing.changed_at
    changed_at = now if before is None else max(now, before + timedelta(milliseconds=1))
    unsealed = _with_signing(agency, msgspec.structs.replace(agency.signing, changed_at=changed_at, seal=""))
    seal = make_seal(unsealed, ring, KeyUse.REGISTRY)
    return _with_signing(unsealed, msgspec.structs.replace(unsealed.signing, seal=seal))


def is_sealed(agency: Agency, ring: KeyRing) -> bool:
    """Whether an entry is as the installation sealed it, under any of its secrets."""
    unsealed = _with_signing(agency, msgspec.structs.replace(agency.signing, seal=""))
    return agency.signing.changed_at is not None and is_seal_of(agency.signing.seal, unsealed, ring, KeyUse.REGISTRY)


def _with_signing(agency: Agency, signing: SigningPolicy) -> Agency:
    return msgspec.structs.replace(agency, signing=signing)


class TrustedEntries(NamedTuple):
    """What intake goes by of a registry; `pins` are the last sealed entries seen, `doubted` the names replaced."""

    registry: Registry
    pins: Registry
    doubted: tuple[str, ...]


def judge_registry(entries: Registry, pins: Registry, ring: KeyRing) -> TrustedEntries:
    """Judge a registry as Kafka gives it by what was seen of it before.

    An agency that was ever seen sealed stays so: an entry without a good seal, or with an older one, is somebody's
    attempt to take its requirement back or to bring a revoked key back, and the last good one holds.
    """
    found = {name: _judge_entry(entry, pins.get(name), ring) for name, entry in entries.items()}
    held = {name: entry for name, entry in found.items() if entry.signing.seal}
    doubted = tuple(name for name, entry in entries.items() if found[name] != entry)
    return TrustedEntries(found, {**pins, **held}, doubted)


def _judge_entry(entry: Agency, pin: Agency | None, ring: KeyRing) -> Agency:
    if pin is not None:
        return entry if is_sealed(entry, ring) and not _is_older(entry, pin) else pin
    if not entry.needs_seal or is_sealed(entry, ring):
        return entry
    untold = msgspec.structs.replace(entry, owners_told=())
    return _with_signing(untold, NO_KEYS) if entry.signing != SigningPolicy() else untold


def _is_older(entry: Agency, pin: Agency) -> bool:
    made, pinned = entry.signing.changed_at, pin.signing.changed_at
    return made is None or (pinned is not None and made < pinned)
