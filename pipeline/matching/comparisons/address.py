"""Addresses: house, street, postcode and city as one joint comparison, since they depend on each other."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from pipeline.locale import N_
from pipeline.matching.comparisons.address_levels import (
    CITY,
    DIFFERENT,
    LEVELS,
    SOURCE,
    STREET,
    UNKNOWN,
    address_level,
    shared_city,
)
from pipeline.matching.comparisons.address_rows import may_share_door, most_bits, strongest_level
from pipeline.matching.comparisons.bounds import Bound
from pipeline.matching.comparisons.levels import SHARED_CAP, Comparison, ComparisonResult, Table, stronger_of
from pipeline.matching.comparisons.types import ALL
from pipeline.matching.fingerprint import AddressPrint, EntityPrint
from pipeline.records.addresses import address, city_name


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare addresses in one joint level; the best pair counts.

    Same door (house, street, and postcode or city), same street, same postcode (more in countries where it is that of a
    few doors), a postcode with one wrong character, same city (rarer ones say more), different. Parts that a side
    lacks, or whose letters can't be read, are unknown: two addresses without a part in common say nothing, and then no
    others are different. An address that the model lists as shared (a hostel, a prison, a head office) counts for
    little.
    """
    if not a.addresses or not b.addresses:
        return None
    best: ComparisonResult | None = None
    unknown = False
    for i, j in product(range(len(a.addresses)), range(len(b.addresses))):
        level = address_level(a.addresses[i], b.addresses[j])
        if level == UNKNOWN:
            unknown = True
            continue
        weight = _weight(table, level, a.addresses[i], b.addresses[j])
        best = stronger_of(table.result(level, weight, i, j), best)
    return None if unknown and best is not None and best.level == DIFFERENT else best


def _weight(table: Table, level: int, p: AddressPrint, q: AddressPrint) -> int:
    if level == CITY:
        return _city_weight(table, p, q)
    if level <= STREET and table.shared and (address_key(p) in table.shared or address_key(q) in table.shared):
        return min(table.weights[level], SHARED_CAP)
    if level < CITY and table.terms and shared_city(p, q):
        return max(table.weights[level], _city_weight(table, p, q))
    return table.weights[level]


def _city_weight(table: Table, p: AddressPrint, q: AddressPrint) -> int:
    """Of one city; a rare one may say more than any postcode, which within it says no less."""
    names = shared_city(p, q) or (p.city, q.city)
    return min(table.adjust_weight(CITY, name) for name in names)


def address_key(address: AddressPrint) -> str:
    """How the model's list of shared addresses names an address."""
    return f"{address.country}|{address.postcode or address.city}|{address.street or address.text}|{address.house}"


def carry_cities(terms: dict[str, int]) -> dict[str, int]:
    """A model's terms under the names that addresses give cities now; of several spellings the commonest counts."""
    found: dict[str, int] = {}
    for city, bits in terms.items():
        name = city_name(city) or city
        found[name] = min(bits, found.get(name, bits))
    return found


def carry_shared(keys: Iterable[str]) -> frozenset[str]:
    """A model's shared addresses, and those that were named after parts as they were read before."""
    found = set(keys)
    for key in keys:
        country, area, street, house = [*key.split("|"), "", "", ""][:4]
        code, city = (area, "") if any(map(str.isdigit, area)) else ("", area)
        read = address("", house, street, "", code, city, "", country.upper())
        found.add(address_key(AddressPrint(read.house, read.street, read.postcode, read.city, country)))
    return frozenset(found)


def address_value(entity: EntityPrint, index: int) -> str:
    """The address on one line."""
    found = entity.addresses[index]
    name = found.street or found.text
    parts = (found.house, found.building, found.way, name, found.unit, found.postcode, found.city, found.country)
    return " ".join(part for part in parts if part)


ADDRESS = Comparison(
    "address",
    "addresses",
    N_("Address"),
    N_("the address"),
    LEVELS,
    SOURCE,
    compare,
    address_value,
    bound=Bound(strongest_level, most_bits, "address"),
    bounded=ALL,
    may_share=may_share_door,
    selector=True,
)
