"""How two people of a census-like region are related, to say whom a false link joins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.census.households import Household, Inhabitant


@dataclass
class Kinship:
    """People by key, with everyone whom they have shared a roof with."""

    people: dict[int, Inhabitant] = field(default_factory=dict)
    couples: set[frozenset[int]] = field(default_factory=set)
    housemates: set[frozenset[int]] = field(default_factory=set)

    def add_households(self, households: Iterable[Household]) -> None:
        """Take in the households of one day."""
        for household in households:
            self.people |= {one.key: one for one in household.members}
            keys = [one.key for one in household.members]
            self.housemates |= {frozenset((a, b)) for a in keys for b in keys if a != b}
            if household.couple is not None:
                self.couples.add(frozenset(one.key for one in household.couple))

    def relation(self, a: int, b: int) -> str:
        """The nearest relation of two different people, and whether they bear one given name."""
        x, y = self.people[a], self.people[b]
        parents, others = ({one.key for one in person.parents} for person in (x, y))
        namesake = " of one name" if x.given == y.given else ""
        if parents & others:
            return "twins" if x.born == y.born else f"siblings{namesake}"
        if frozenset((a, b)) in self.couples:
            return f"couple{namesake}"
        if a in others or b in parents:
            return f"parent and child{namesake}"
        if a in _grandparents(y) or b in _grandparents(x):
            return f"grandparent and grandchild{namesake}"
        return f"{'household' if frozenset((a, b)) in self.housemates else 'strangers'}{namesake}"


def _grandparents(person: Inhabitant) -> set[int]:
    return {old.key for parent in person.parents for old in parent.parents}
