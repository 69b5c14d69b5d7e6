"""What a pushed case tells its agency of a hit-only record follows from what is equal, and from nothing else."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest

from pipeline.access.hit_gate import exact_match
from pipeline.access.release import release_counterpart
from pipeline.correlation.claims import Claim
from pipeline.correlation.key_kinds import kind_of
from pipeline.correlation.keys import EXACT
from pipeline.correlation.lone_partition import LonePartition
from pipeline.correlation.projection import UNCLAIMED, advance_link
from pipeline.matching.bands import Band, ExactMatch
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from support.correlation.key_rings import RING
from support.index.documents import PureStages
from support.records.builder import person, record

MALE_CANADIAN: dict[str, Any] = {"gender": "male", "nationalities": ["CA"], "birth_place": "Toronto"}
PASSPORT = {"type": "passport", "value": "12AB34567", "country": "FR"}
OTHER_PASSPORT = {"type": "passport", "value": "99ZZ00001", "country": "FR"}
HELD = person(
    "John Smith",
    birth_date="1980-05-02",
    identifiers=[PASSPORT],
    addresses=[{"street": "Rue de la Paix", "house": "12", "postcode": "75002", "city": "Paris", "country": "FR"}],
    **MALE_CANADIAN,
)
NAMED = person("John Smith", birth_date="1980-05-02")
CONTRADICTED: dict[str, Any] = {
    "gender": "female",
    "nationalities": ["PT"],
    "birth_place": "Lisboa",
    "identifiers": [OTHER_PASSPORT],
    "addresses": [
        {"street": "Avenida Grande", "house": "3", "postcode": "1000-001", "city": "Lisboa", "country": "PT"}
    ],
    "phones": ["+351912345678"],
}
OTHERS = [
    person(f"{given} Nguyen", birth_date=f"19{50 + at}-0{at + 1}-11", gender="female")
    for at, given in enumerate(["Thi", "Van", "Duc", "Hoa", "Linh", "Minh", "Quang"])
]


@cache
def stages() -> PureStages:
    return PureStages(load_model())


def fingerprint(agency: str, *entities: dict[str, Any], code: str = "H0", version: int = 1) -> Fingerprint:
    numbered = [{"id": f"p{at}", **entity} for at, entity in enumerate(entities)]
    accepted = stages().accepted(record(agency, code=code, version=version, entities=numbered))
    return msgspec.json.decode(accepted.fingerprint, type=Fingerprint)


def claims(*received: Fingerprint) -> list[Claim]:
    one = LonePartition.in_memory(ModelMatcher(stages().model, find_exact_match=exact_match))
    return [judged.claim for print_ in received for judged in one.take([print_])]


def told(*asking: dict[str, Any], held: dict[str, Any] = HELD, pushed_last: bool = True) -> list[tuple[Any, ...]]:
    """What the asking agency is told, and by what; its own content aside, which the gate holds the question by."""
    cases = [fingerprint("nl-np", held, code="H2"), fingerprint("fr-pj", *asking)]
    found = []
    seen = UNCLAIMED
    for claim in claims(*(cases if pushed_last else reversed(cases))):
        step = advance_link(seen, claim, RING, release_counterpart)
        seen = step.seen
        found += [(hit.kind, hit.band, hit.agency, hit.reference, hit.basis, hit.contact) for hit in step.hits
                  if hit.receiver == "fr-pj"]  # fmt: skip
    view = seen.told_a
    return [*found, () if view is None else (view.band, view.full, view.exact)]


@pytest.mark.parametrize("contradicting", [*CONTRADICTED, "everything"])
@pytest.mark.parametrize("pushed_last", [True, False])
def test_what_contradicts_changes_nothing_of_a_hit_by_name_and_date(contradicting: str, pushed_last: bool) -> None:
    """Who has a hit already pushed again with a guess, and the hit that was gone told that it was wrong."""
    more = CONTRADICTED if contradicting == "everything" else {contradicting: CONTRADICTED[contradicting]}
    plain = told(NAMED, pushed_last=pushed_last)
    assert plain[-1] == (Band.PROBABLE, False, ExactMatch.NAME)
    assert told(NAMED | more, pushed_last=pushed_last) == plain


def test_whom_else_a_case_speaks_of_changes_nothing_of_a_hit() -> None:
    plain = told(NAMED)
    assert told(NAMED | CONTRADICTED, *OTHERS) == plain
    assert told(NAMED | CONTRADICTED, *OTHERS, *OTHERS, *OTHERS) == plain, "more than a sketch has rows for"


def test_what_contradicts_changes_nothing_of_a_hit_by_number() -> None:
    numbered = person("Gertrud Lindqvist", identifiers=[PASSPORT])
    plain = told(numbered)
    assert plain[-1] == (Band.PROBABLE, False, ExactMatch.NUMBER)
    assert told(numbered | {"birth_date": "1955-01-17", "gender": "female", "nationalities": ["PT"]}) == plain


def test_such_a_pair_is_no_link_and_says_nothing_of_its_score() -> None:
    held, pushed = fingerprint("nl-np", HELD, code="H2"), fingerprint("fr-pj", NAMED | CONTRADICTED)
    assert ModelMatcher(stages().model).find_link(held, pushed) is None
    (claim,) = claims(held, pushed)
    assert (claim.band, claim.score, claim.probability, bytes(claim.evidence)) == (Band.NONE, 0, 0, b"null")
    assert (claim.exact_a, claim.exact_b) == (ExactMatch.NAME, ExactMatch.NONE)


def test_without_a_hit_only_side_nothing_is_claimed_of_it() -> None:
    assert claims(fingerprint("nl-np", HELD), fingerprint("fr-pj", NAMED | CONTRADICTED)) == []


def test_a_record_that_others_may_read_loses_the_hit() -> None:
    """And gets it again when it is hit-only once more."""
    held = [fingerprint("nl-np", HELD, code=code, version=at) for at, code in enumerate(("H2", "H0", "H2"), start=1)]
    found = claims(fingerprint("fr-pj", NAMED | CONTRADICTED), *held)
    assert [claim.state for claim in found] == ["live", "retracted", "live"]


NAMES = [
    ("Ivan Petrov", "Иван Петров"), ("William Jones", "Bill Jones"), ("Mohamed Ali", "محمد علي"),
    ("Müller Jürgen", "Mueller Juergen"), ("José Núñez", "Jose Nunez"),
    ("Ivan Petrov", "Petrov Ivan Sergeevich"), ("Wang Wei", "王伟"), ("Giorgos Papadopoulos", "Γιώργος Παπαδόπουλος"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "held"), NAMES)
@pytest.mark.parametrize("date", ["1980-05-02", "1980-02-05"])
def test_who_has_a_name_and_date_in_common_shares_a_key_whatever_else_they_have(
    asked: str, held: str, date: str
) -> None:
    """A pair without a key in common is never held against each other."""
    aliases = [{"full": f"Alias{at:c} Name{at:c}"} for at in range(ord("a"), ord("r"))]
    one = fingerprint("fr-pj", person(names=[{"full": asked}, *aliases], birth_date="1980-05-02", **CONTRADICTED))
    other = fingerprint("nl-np", person(held, birth_date=date, **MALE_CANADIAN), code="H2")
    assert {kind_of(key) for key in set(one.keys) & set(other.keys)} & EXACT


@pytest.mark.parametrize(("asked", "held"), [*NAMES, ("Юлия Жукова", "Yuliya Zhukova")])
def test_so_do_names_whose_initials_are_romanised_otherwise_or_who_were_born_on_1_january(
    asked: str, held: str
) -> None:
    """Such a date has no key with an initial."""
    one = fingerprint("fr-pj", person(asked, birth_date="1980-01-01", **CONTRADICTED))
    assert set(one.keys) & set(fingerprint("nl-np", person(held, birth_date="1980-01-01"), code="H2").keys)
