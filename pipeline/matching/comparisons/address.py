"""Addresses: house, street, postcode and city as one joint comparison, since they depend on each other."""

from __future__ import annotations

from itertools import product

from pipeline.locale import N_
from pipeline.matching.comparisons.address_levels import CITY, LEVELS, SOURCE, STREET, address_level, same_city
from pipeline.matching.comparisons.address_rows import may_share_door, strongest_level
from pipeline.matching.comparisons.bounds import bound_by_level
from pipeline.matching.comparisons.levels import SHARED_CAP, Comparison, ComparisonResult, Table, stronger_of
from pipeline.matching.comparisons.types import ALL
from pipeline.matching.fingerprint import AddressPrint, EntityPrint


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare addresses in one joint level; the best pair counts.

    Same door (house, street, and postcode or city), same street, same postcode (more in countries where it is that of a
    few doors), a postcode with one wrong character, same city (rarer ones say more), different. An address that the
    model lists as shared (a hostel, a prison, a head office) counts for little.
    """
    if not a.addresses or not b.addresses:
        return None
    best: ComparisonResult | None = None
    for i, j in product(range(len(a.addresses)), range(len(b.addresses))):
        level = address_level(a.addresses[i], b.addresses[j])
        weight = _weight(table, level, a.addresses[i], b.addresses[j])
        best = stronger_of(table.result(level, weight, i, j), best)
    return best


def _weight(table: Table, level: int, p: AddressPrint, q: AddressPrint) -> int:
    if level == CITY:
        return _city_weight(table, p, q)
    if level <= STREET and table.shared and (address_key(p) in table.shared or address_key(q) in table.shared):
        return min(table.weights[level], SHARED_CAP)
    if level < CITY and table.terms and p.city and q.city and same_city(p.city, q.city):
        return max(table.weights[level], _city_weight(table, p, q))
    return table.weights[level]


def _city_weight(table: Table, p: AddressPrint, q: AddressPrint) -> int:
    """Of one city; a rare one may say more than any postcode, which within it says no less."""
    return min(table.adjust_weight(CITY, p.city), table.adjust_weight(CITY, q.city))


def address_key(address: AddressPrint) -> str:
    """How the model's list of shared addresses names an address."""
    return f"{address.country}|{address.postcode or address.city}|{address.street or address.text}|{address.house}"


def address_value(entity: EntityPrint, index: int) -> str:
    """The address on one line."""
    found = entity.addresses[index]
    return " ".join(
        part for part in (found.house, found.street or found.text, found.postcode, found.city, found.country) if part
    )


ADDRESS = Comparison(
    "address",
    "addresses",
    N_("Address"),
    N_("the address"),
    LEVELS,
    SOURCE,
    compare,
    address_value,
    bound=bound_by_level(strongest_level, "address"),
    bounded=ALL,
    may_share=may_share_door,
    selector=True,
)
