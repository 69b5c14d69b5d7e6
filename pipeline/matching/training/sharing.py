"""Values that many people share: a call centre's number, an office's mailbox, a hostel's door."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from pipeline.matching.comparisons.address import address_key
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import sound_keys

MIN_HOLDERS = 6
"""Holders with different names from which a value is more than a household's; a large family shares one family name."""

SHARED_VALUES: dict[str, Callable[[EntityPrint], Iterable[str]]] = {
    "phone": lambda entity: [phone.e164 for phone in entity.phones],
    "email": lambda entity: entity.emails,
    "address": lambda entity: [
        address_key(address) for address in entity.addresses if address.house and address.street
    ],
}


def shared_values(field: str, prints: Sequence[EntityPrint]) -> tuple[str, ...]:
    """Values of persons and organisations with at least MIN_HOLDERS holders whose rarest name tokens all differ."""
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for entity in prints:
        rarest = next((token.sounds[0] for name in entity.names for token in sound_keys(name)), "")
        if rarest:
            for value in SHARED_VALUES[field](entity):
                holders[value].add(rarest)
    return tuple(sorted(value for value, names in holders.items() if len(names) >= MIN_HOLDERS))
