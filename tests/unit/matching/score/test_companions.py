"""Frozen cases: who stays apart and who is one, by the shipped model and by models learnt on three populations."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.matching.score.scoring import judge_cases
from support.matching.populations import MODELS, model_of
from support.matching.prints import case_of
from support.records.builder import RawEntity, person

HOME: dict[str, Any] = {
    "addresses": [{"house": "12", "street": "Rue de la Paix", "postcode": "75002", "city": "Paris", "country": "FR"}],
    "phones": ["+33612345678"],
}
MAILBOX: dict[str, Any] = {"emails": ["lefebvre@example.org"]}
PASSPORT: dict[str, Any] = {"identifiers": [{"type": "passport", "value": "12AB34567", "country": "FR"}]}
NEXT_PASSPORT: dict[str, Any] = {"identifiers": [{"type": "passport", "value": "12AB34568", "country": "FR"}]}


def lefebvre(given: str, born: str = "", **fields: Any) -> RawEntity:
    return person(given=given, family="Lefebvre", **({"birth_date": born} if born else {}), **fields)


APART: dict[str, tuple[RawEntity, RawEntity]] = {
    "twins": (lefebvre("Marc", "1990-05-03", **HOME), lefebvre("Julien", "1990-05-03", **HOME)),
    "twins with one mailbox": (
        lefebvre("Marc", "1990-05-03", **HOME, **MAILBOX),
        lefebvre("Julien", "1990-05-03", **HOME, **MAILBOX),
    ),
    "twins with unlabelled names": (
        person("Marc Lefebvre", birth_date="1990-05-03", **HOME),
        person("Julien Lefebvre", birth_date="1990-05-03", **HOME),
    ),
    "spouses": (
        lefebvre("Marc", "1980-05-03", gender="male", **HOME, **MAILBOX),
        lefebvre("Anne", "1982-07-13", gender="female", **HOME, **MAILBOX),
    ),
    "spouses without birth dates": (lefebvre("Marc", **HOME, **MAILBOX), lefebvre("Anne", **HOME, **MAILBOX)),
    "mother and daughter": (lefebvre("Anne", "1960-05-03", **HOME), lefebvre("Julie", "1988-07-13", **HOME)),
    "father and son with one long name": (
        person(given="Juan Carlos Ignacio", family="Etxeberria Olaizola", birth_date="1955-05-03", **HOME),
        person(given="Juan Carlos Ignacio", family="Etxeberria Olaizola", birth_date="1980-11-24", **HOME),
    ),
    "grandfather and grandson of one Greek name": (
        person("Ευστράτιος Παπαγιαννόπουλος", birth_date="1931-02-11", nationalities=["GR"]),
        person("Efstratios Papagiannopoulos", birth_date="1989-09-30", nationalities=["GR"]),
    ),
    "brothers a letter apart": (
        lefebvre("Hasan", "1980-05-03", **HOME),
        lefebvre("Hasat", "1982-11-24", **HOME),
    ),
    "brothers with one passport office": (
        lefebvre("Marc", "1980-05-03", **HOME, **PASSPORT),
        lefebvre("Julien", "1982-11-24", **HOME, **NEXT_PASSPORT),
    ),
    "twins with one passport office": (
        lefebvre("Marc", "1990-05-03", **HOME, **PASSPORT),
        lefebvre("Julien", "1990-05-03", **HOME, **NEXT_PASSPORT),
    ),
    "a passport lent to a sister": (
        lefebvre("Marc", "1980-05-03", gender="male", **HOME, **PASSPORT),
        lefebvre("Julie", "1984-11-24", gender="female", **HOME, **PASSPORT),
    ),
    "a passport lent, of which nothing else is known": (lefebvre("Marc", **PASSPORT), lefebvre("Julie", **PASSPORT)),
    "a passport lent, with two genders": (
        lefebvre("Marc", gender="male", **PASSPORT),
        lefebvre("Julie", gender="female", **PASSPORT),
    ),
    "a child's number that is its mother's": (
        lefebvre("Anne", "1980-05-03", **HOME, **PASSPORT),
        lefebvre("Julie", "2009-11-24", **HOME, **PASSPORT),
    ),
    "a passport of somebody else's name": (
        person(given="Marc", family="Lefebvre", birth_date="1980-05-03", **PASSPORT),
        person(given="Julie", family="Solberg", birth_date="1991-11-13", **PASSPORT),
    ),
    "a common name": (person("Maria Garcia", birth_date="1980-05-03"), person("María García", birth_date="1971-12-24")),
}
ONE: dict[str, tuple[RawEntity, RawEntity]] = {
    "one of a household": (lefebvre("Marc", "1980-05-03", **HOME), lefebvre("Marc", "1980-05-03", **HOME)),
    "a passport and a misspelt given name": (lefebvre("Julien", **PASSPORT), lefebvre("Julein", **PASSPORT)),
    "a passport and a family name by marriage": (
        person(given="Julie", family="Lefebvre", birth_date="1980-05-03", gender="female", **PASSPORT),
        person(given="Julie", family="Solberg", birth_date="1980-05-03", gender="female", **PASSPORT),
    ),
    "a misspelt given name": (lefebvre("Julien", "1980-05-03", **HOME), lefebvre("Julein", "1980-05-03", **HOME)),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("case", APART)
def test_companions_stay_apart(case: str, model: str) -> None:
    a, b = APART[case]
    assert judge_cases(case_of(a), case_of(b, country="DE"), model_of(model)).probability < 0.5


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("case", ONE)
def test_one_person_is_linked(case: str, model: str) -> None:
    a, b = ONE[case]
    assert judge_cases(case_of(a), case_of(b, country="DE"), model_of(model)).probability >= 0.5


def test_a_rare_name_of_three_words_two_years_apart_is_one_person() -> None:
    """With a wrong date; a model learnt where dates do not err that much knows better."""
    early, late = (
        person("Zbigniew Wincenty Apolinary Oczko", birth_date=born) for born in ("1955-05-03", "1957-11-24")
    )
    assert score(early, late) > 0


def score(a: RawEntity, b: RawEntity) -> int:
    return judge_cases(case_of(a), case_of(b, country="DE"), model_of("shipped")).score


@pytest.mark.parametrize("more", [{"phones": ["+33612345678"]}, {"birth_place": "Kirkuk"}, HOME])
def test_one_more_agreement_makes_a_family_name_by_marriage_probable(more: dict[str, Any]) -> None:
    before, after = (
        person(given="Catherine", family=family, birth_date="1984-03-11", gender="female", **more)
        for family in ("Lefebvre", "Solberg")
    )
    judged = judge_cases(case_of(before), case_of(after, country="DE"), model_of("shipped"))
    assert judged.probability >= 0.9


def test_branches_of_one_body_stay_apart() -> None:
    kenya, chad = (
        {"type": "organisation", "names": [{"full": f"Karvonen Relief Fund {at}"}]} for at in ("Kenya", "Chad")
    )
    assert score(kenya, chad) < 0
    assert score(kenya, kenya) > 0


def test_names_that_are_equal_but_for_more_words_need_other_evidence() -> None:
    body, branch = ({"type": "organisation", "names": [{"full": name}]} for name in ("Karvonen", "Karvonen Trading Oy"))
    assert score(body, branch) < 0


def test_one_more_rare_alias_that_agrees_takes_nothing_away() -> None:
    """10.45 bits fell to 6.67 while the best of several names was chosen by strangers' bits alone."""
    fields: dict[str, Any] = {"birth_date": "1980-05-03", "addresses": [{"postcode": "75002", "city": "Paris"}]}
    names = [{"full": "Maria Garcia"}, {"full": "Oczkowska Zbigniewa"}]
    alone, more = person("Maria Garcia", **fields), person(names=names, **fields)
    assert score(more, more) >= score(alone, alone)


def test_addresses_that_agree_more_count_more() -> None:
    """One postcode and city made 4.1 bits of a name, the city 4.4, another city and a near postcode 6.0."""
    at = [{"postcode": "75002", "city": "Paris"}, {"city": "Paris"}, {"postcode": "75003", "city": "Lyon"}]
    both = person("Zbigniew Oczko", addresses=[at[0]])
    scores = [score(both, person("Zbigniew Oczko", addresses=[other])) for other in at]
    assert scores[0] == max(scores)


def test_perfect_pairs_rank_above_others() -> None:
    """With an equal birth date, names no longer end at one cap."""
    short = person(given="Anne", family="Lefebvre", birth_date="1980-05-03")
    long = person(given="Anne Zbigniewa", family="Lefebvre", birth_date="1980-05-03")
    assert score(long, long) > score(short, short) > score(person("Anne Lefebvre"), person("Anne Lefebvre"))
