"""Law of the screen: no pair scores above the bound that sketches give, so links are the same with it as without."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pipeline.access.hit_gate import exact_match
from pipeline.matching.bounds.sketches import join_sketches, make_sketch
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import THRESHOLD, ModelMatcher
from pipeline.matching.model import Model, load_model
from pipeline.matching.model_file import Calibration
from pipeline.matching.score.scoring import judge_cases
from pipeline.matching.screening.screening import Screen
from support.matching.entity_strategies import entities, fingerprint
from support.records.builder import person

pytestmark = pytest.mark.timeout(3600)
"""5,000 examples of one law take longer than a test may by default."""

SHARE = 4
"""One in so many of the examples elsewhere, of what takes long to draw."""

model = cache(load_model)

CURVE = ((-3000, -1000), (500, 400), (1500, 2900), (4000, 2900), (6000, 5000))
"""Flat, steep and shifting."""


@cache
def calibrated_model() -> Model:
    """The shipped model with people and vehicles calibrated."""
    curves = dict.fromkeys(("person", "vehicle"), Calibration(CURVE))
    return Model(msgspec.structs.replace(load_model().file, calibrations=curves))


@cache
def own_model() -> Model:
    """The shipped model with names that people and vessels weigh by themselves."""
    file = load_model().file
    bent = {"name": msgspec.structs.replace(file.comparisons["name"], curve=CURVE)}
    return Model(msgspec.structs.replace(file, own=dict.fromkeys(("person", "vessel"), bent)))


MODELS = {"shipped": model, "calibrated": calibrated_model, "own names": own_model}


@cache
def screen_of(under: Model) -> Screen:
    """Made once: its tables take as long as twenty examples."""
    return Screen(under, THRESHOLD)


@cache
def matcher() -> ModelMatcher:
    """Of the shipped model."""
    return ModelMatcher(model())


GIVEN = [
    "Jean", "Abdul", "Mohamed", "Muhammad", "Christophe", "Kristof", "JC", "B.", "Bob", "Robert", "Li", "Ng", "Иван",
]  # fmt: skip
FAMILY = [
    "Rahman", "Müller", "Mueller", "Muller", "van der Bilt", "Vanderbilt", "Ben Ali", "O'Brien", "Nguyen", "Łódź",
    "Strauß", "Hernández García", "García", "Garcia Lopez", "al-Rashid", "Петров", "Petrov", "Петрова",
]  # fmt: skip

place = st.integers(0, 60)
"""Of a letter, counted on from a text's end at its beginning."""


def misspell(text: str, at: int, edit: str | None) -> str:
    """With a letter left out, doubled, exchanged with the next one, or replaced; None changes nothing."""
    at %= len(text)
    if edit is None:
        return text
    if edit == "twice":
        return text[:at] + text[at] + text[at:]
    if edit == "exchanged":
        return text[:at] + text[at:][1::-1] + text[at + 2 :]
    return text[:at] + edit + text[at + 1 :]


def spell(name: str, edits: list[tuple[int, str]], spaces: int) -> str:
    """A name with these edits, from which so many spaces are left out."""
    for at, edit in edits:
        name = misspell(name, at, edit) or name
    return name.replace(" ", "", spaces)


def numbered(values: list[str]) -> st.SearchStrategy[str]:
    """A number of some characters, one of which may be wrong, missing, or exchanged with the next."""
    return st.builds(misspell, st.sampled_from(values), place, st.sampled_from([None, "", "7", "exchanged"]))


spelt = st.builds(
    spell,
    st.builds("{} {}".format, st.sampled_from(GIVEN), st.sampled_from(FAMILY)),
    st.lists(st.tuples(place, st.sampled_from(["", "twice", "exchanged", "e", "z", " "])), max_size=3),
    st.sampled_from([0, 0, 0, 1]),
)
"""A name, some of whose letters are wrong, or whose words are joined."""

PLACES = [
    ("Lyon", "69001"),
    ("Lyons", "69002"),
    ("Villeurbanne", "69100"),
    ("Łódź", "90-001"),
    ("Lodz", "90-002"),
    ("", ""),
]


def known_parts(found: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty, as records have it."""
    return {key: value for key, value in found.items() if value}


def at_place(place: tuple[str, str], whole: bool, street: str, house: str) -> dict[str, Any]:
    city, postcode = place
    return known_parts({"city": city, "postcode": postcode if whole else "", "street": street, "house": house})


address = st.builds(
    at_place,
    st.sampled_from(PLACES),
    st.booleans(),
    st.sampled_from(["Rue de la Paix", "Rue de la Pais", "Avenue Foch", ""]),
    st.sampled_from(["12", "12b", "14", ""]),
)
phones = numbered(["612345678", "698765432"]).map("+33{}".format)


def born(year: int, month: int, day: int, known: int, others: list[int]) -> dict[str, Any]:
    """A date of which so many parts are known, and others near it."""
    parts = (f"{year}", f"{month:02d}", f"{day:02d}")
    several = ["-".join(parts), f"{year - 1}", f"{year}~", f"{year - 2}/{year}", "1980-05-03"]
    return {"birth_date": "-".join(parts[:known]), "birth_dates": [several[other] for other in others]}


births = st.builds(
    born,
    st.sampled_from([1979, 1980, 1890]),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 3),
    st.lists(st.integers(0, 4), max_size=3),
)
known = st.builds(
    lambda birth, more: known_parts({"type": "person", **birth, **more}),
    births,
    st.fixed_dictionaries(
        {
            "names": st.lists(st.fixed_dictionaries({"full": spelt}), min_size=1, max_size=3),
            "phones": st.lists(phones, max_size=2),
            "identifiers": st.lists(
                st.fixed_dictionaries(
                    {
                        "type": st.sampled_from(["passport", "other", "national_id"]),
                        "value": numbered(["12AB34567", "99ZZ00001"]),
                    }
                ),
                max_size=2,
            ),
            "addresses": st.lists(address, max_size=2),
            "gender": st.sampled_from(["male", "female", None]),
            "nationalities": st.lists(st.sampled_from(["FR", "DE", "PL"]), max_size=2),
        }
    ),
)
"""A person of whom much is known, drawn from little, so that two often have nearly the same."""

vehicle = st.fixed_dictionaries(
    {
        "type": st.just("vehicle"),
        "plate": numbered(["AB123CD", "AB12", "A?12*"]),
        "vin": numbered(["WVWZZZ1JZXW000001", "VF1AAAAA", "VF1"]),
        "make": st.sampled_from(["Renault", "Renauld", "Fiat"]),
    }
)
changed_name = st.sampled_from(["Northern Star", "Aurora Bay", "Aurora"]).map(lambda name: [{"full": name}])
ship = st.fixed_dictionaries(
    {"type": st.just("vessel"), "names": changed_name},
    optional={"imo": st.sampled_from(["9074729", "9074720", "9074731"]), "mmsi": st.just("351123000")},
)
company = st.fixed_dictionaries(
    {
        "type": st.just("organisation"),
        "names": changed_name,
        "identifiers": st.sampled_from(["529900T8BM49AURSDO55", "529900T8BM49AURSDO56"]).map(
            lambda lei: [{"type": "lei", "value": lei}]
        ),
        "phones": st.lists(phones, min_size=1, max_size=1),
        "addresses": st.lists(address, max_size=2),
    }
)
numbered_thing = ship | company
"""A ship or a company by its own number, right or wrong, and by a name that it may have changed."""

many = st.lists(st.one_of(known, known, vehicle), min_size=1, max_size=4)
several = many | st.lists(numbered_thing, min_size=1)


def is_bounded(a: Fingerprint, b: Fingerprint, under: Model) -> bool:
    """Whether a pair that links is let through; as the bound is a sum, one of less is held to its own score."""
    sketches, other = join_sketches([make_sketch(a.entities)]), join_sketches([make_sketch(b.entities)])
    if not sketches.counts[0] or not other.counts[0]:
        return True
    screen = screen_of(under)
    return int(screen._bound_scores(sketches, other, screen._bound.odds.bound_odds)[0]) >= min(
        judge_cases(a, b, under).score, screen._least
    )


def is_let_through(left: list[Any], right: list[Any]) -> bool:
    """Whether a pair passes the screen, or is no link."""
    a, b = fingerprint(left), fingerprint(right, "DE")
    sketches = (join_sketches([make_sketch(one.entities)]) for one in (a, b))
    return bool(matcher().may_link(*sketches)[0]) or matcher().judge(a, b).probability < THRESHOLD


@settings(max_examples=settings().max_examples // SHARE)
@given(many | entities, many | entities)
def test_no_link_is_screened_out_whatever_its_basis(left: list[Any], right: list[Any]) -> None:
    assert is_let_through(left, right)


@pytest.mark.rare
@given(many | entities, many | entities)
def test_no_link_is_screened_out_wherever_one_looks(left: list[Any], right: list[Any]) -> None:
    assert is_let_through(left, right)


@pytest.mark.rare
@given(several, several)
def test_no_pair_scores_above_its_bound_under_any_model(left: list[Any], right: list[Any]) -> None:
    """Drawn once for all models: drawing takes longer than scoring."""
    a, b = fingerprint(left), fingerprint(right, "DE")
    assert [name for name, under in MODELS.items() if not is_bounded(a, b, under())] == []


@given(entities, entities)
def test_no_pair_of_any_entities_scores_above_its_bound(left: list[Any], right: list[Any]) -> None:
    assert is_bounded(fingerprint(left), fingerprint(right, "DE"), model())


@settings(max_examples=settings().max_examples // SHARE)
@given(numbered_thing | vehicle, numbered_thing | vehicle)
def test_no_thing_by_its_own_number_scores_above_its_bound(left: Any, right: Any) -> None:
    assert is_bounded(fingerprint([left]), fingerprint([right], "DE"), model())


def test_a_pair_is_screened_alike_in_any_company() -> None:
    cases = [fingerprint([person(f"{one} {two}")]) for one in GIVEN for two in FAMILY[:6]]
    all_of = join_sketches([make_sketch(case.entities) for case in cases])
    left, right = (part.ravel() for part in np.indices((len(cases), len(cases))))
    screen = screen_of(model())
    odds = screen._bound.odds.bound_odds
    together = screen._bound_scores(all_of.take_cases(left), all_of.take_cases(right), odds).reshape(len(cases), -1)
    for at in range(0, len(cases), 7):
        alone = screen._bound_scores(all_of.take_cases(np.full(len(cases), at)), all_of, odds)
        assert (alone == together[at]).all()


EQUAL_PARTS = (("names", "birth_date"), ("identifiers",), ("phones", "emails"))
emails = st.lists(st.sampled_from(["a.oczko@example.org", "b@mail.example"]), max_size=2)


met_by_hit = given(
    st.lists(known, min_size=1, max_size=3), st.lists(known, min_size=1, max_size=3), emails, st.booleans()
)


@settings(max_examples=settings().max_examples // SHARE)
@met_by_hit
def test_nothing_that_meets_a_hit_only_case_exactly_is_screened_out(
    left: list[Any], right: list[Any], mails: list[str], swapped: bool
) -> None:
    """However much contradicts; a case that is not hit-only is screened as ever."""
    check_exact_meetings(left, right, mails, swapped=swapped)


@pytest.mark.rare
@met_by_hit
def test_nothing_that_meets_a_hit_only_case_exactly_is_screened_out_wherever_one_looks(
    left: list[Any], right: list[Any], mails: list[str], swapped: bool
) -> None:
    check_exact_meetings(left, right, mails, swapped=swapped)


def exact_meetings(
    left: list[Any], right: list[Any], mails: list[str], *, swapped: bool
) -> Iterator[tuple[Fingerprint, Fingerprint]]:
    """Cases of which one meets the other exactly in one of EQUAL_PARTS."""
    left[0] = known_parts(left[0] | {"emails": mails})
    for parts in EQUAL_PARTS:
        alike = right[0] | {part: left[0][part] for part in parts if part in left[0]}
        date = alike.get("birth_date", "").split("-")
        if swapped and len(date) == 3 and int(date[2]) <= 12:
            alike["birth_date"] = "-".join((date[0], date[2], date[1]))
        a, b = fingerprint(left), fingerprint([alike, *right[1:]], "DE")
        if exact_match(a.entities, b.entities, model()) or exact_match(b.entities, a.entities, model()):
            event(f"{parts} equal")
            yield a, b


def check_exact_meetings(left: list[Any], right: list[Any], mails: list[str], *, swapped: bool) -> None:
    """The screen lets through what is equal in one of EQUAL_PARTS, from either side."""
    for a, b in exact_meetings(left, right, mails, swapped=swapped):
        open_side, hidden = (join_sketches([make_sketch(one.entities, hit_only=one is b)]) for one in (a, b))
        for sides in ((open_side, hidden), (hidden, open_side)):
            assert matcher().may_link(*sides)[0]
        plain = join_sketches([make_sketch(b.entities)])
        assert not matcher().may_link(open_side, plain)[0] or matcher().may_link(open_side, hidden)[0]
