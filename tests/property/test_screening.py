"""Law of the screen: no pair scores above the bound that sketches give, so links are the same with it as without."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.matching.matcher import THRESHOLD, ModelMatcher
from pipeline.matching.model import Calibration, Model, load_model
from pipeline.matching.score.scoring import judge_cases
from pipeline.matching.screening.screening import Screen, join_sketches
from pipeline.matching.screening.sketches import make_sketch
from support.matching.entity_strategies import entities, fingerprint
from support.records.builder import person

pytestmark = pytest.mark.timeout(3600)
"""5,000 examples of one law take longer than a test may by default."""

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


@cache
def screen_of(under: Model) -> Screen:
    """Made once: its tables take as long as twenty examples."""
    return Screen(under, THRESHOLD)


@cache
def matcher() -> ModelMatcher:
    """Of the shipped model."""
    return ModelMatcher(model())


GIVEN = [
    "Jean",
    "Abdul",
    "Mohamed",
    "Muhammad",
    "Christophe",
    "Kristof",
    "JC",
    "B.",
    "Bob",
    "Robert",
    "Li",
    "Ng",
    "Иван",
]
FAMILY = [
    "Rahman", "Müller", "Mueller", "Muller", "van der Bilt", "Vanderbilt", "Ben Ali", "O'Brien", "Nguyen", "Łódź",
    "Strauß", "Hernández García", "García", "Garcia Lopez", "al-Rashid", "Петров", "Petrov", "Петрова",
]  # fmt: skip


@st.composite
def spelt(draw: st.DrawFn) -> str:
    """A name, some of whose letters are left out, doubled, exchanged or replaced, or whose words are joined."""
    text = draw(st.sampled_from(GIVEN)) + " " + draw(st.sampled_from(FAMILY))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text) - 1))
        middle = draw(st.sampled_from(["", text[at] * 2, text[at + 1 : at + 2] + text[at], "e", "z", " "]))
        text = text[:at] + middle + text[at + 1 + (len(middle) == 2 and middle[1:] == text[at] != middle[0]) :]
    return text.replace(" ", "", draw(st.integers(0, 1))) if draw(st.booleans()) else text


@st.composite
def numbered(draw: st.DrawFn, values: list[str]) -> str:
    """A number of some characters, one of which may be wrong, missing, or exchanged with the next."""
    text = draw(st.sampled_from(values))
    at = draw(st.integers(0, len(text) - 1))
    return draw(
        st.sampled_from(
            [
                text,
                text[:at] + text[at + 1 :],
                text[:at] + "7" + text[at + 1 :],
                text[:at] + text[at:][1::-1] + text[at + 2 :],
            ]
        )
    )


PLACES = [
    ("Lyon", "69001"),
    ("Lyons", "69002"),
    ("Villeurbanne", "69100"),
    ("Łódź", "90-001"),
    ("Lodz", "90-002"),
    ("", ""),
]


@st.composite
def address(draw: st.DrawFn) -> dict[str, str]:
    city, postcode = draw(st.sampled_from(PLACES))
    street = draw(st.sampled_from(["Rue de la Paix", "Rue de la Pais", "Avenue Foch", ""]))
    house = draw(st.sampled_from(["12", "12b", "14", ""]))
    found = {"city": city, "postcode": draw(st.sampled_from([postcode, ""])), "street": street, "house": house}
    return {key: value for key, value in found.items() if value}


@st.composite
def known(draw: st.DrawFn) -> dict[str, Any]:
    """A person of whom much is known, drawn from little, so that two often have nearly the same."""
    found: dict[str, Any] = {"type": "person"}
    found["names"] = [{"full": name} for name in draw(st.lists(spelt(), min_size=1, max_size=3))]
    year, month, day = draw(st.sampled_from([1979, 1980, 1890])), draw(st.integers(1, 12)), draw(st.integers(1, 28))
    found["birth_date"] = draw(
        st.sampled_from([f"{year}-{month:02d}-{day:02d}", f"{year}-{month:02d}", f"{year}", None])
    )
    several = [f"{year}-{month:02d}-{day:02d}", f"{year - 1}", f"{year}~", f"{year - 2}/{year}", "1980-05-03"]
    found["birth_dates"] = draw(st.lists(st.sampled_from(several), max_size=3))
    found["phones"] = ["+33" + one for one in draw(st.lists(numbered(["612345678", "698765432"]), max_size=2))]
    found["identifiers"] = [
        {"type": draw(st.sampled_from(["passport", "other", "national_id"])), "value": one}
        for one in draw(st.lists(numbered(["12AB34567", "99ZZ00001"]), max_size=2))
    ]
    found["addresses"] = draw(st.lists(address(), max_size=2))
    found["gender"] = draw(st.sampled_from(["male", "female", None]))
    found["nationalities"] = draw(st.lists(st.sampled_from(["FR", "DE", "PL"]), max_size=2))
    return {key: value for key, value in found.items() if value}


@st.composite
def vehicle(draw: st.DrawFn) -> dict[str, Any]:
    plate, vin = draw(numbered(["AB123CD", "AB12", "A?12*"])), draw(numbered(["WVWZZZ1JZXW000001", "VF1AAAAA", "VF1"]))
    return {
        "type": "vehicle",
        "plate": plate,
        "vin": vin,
        "make": draw(st.sampled_from(["Renault", "Renauld", "Fiat"])),
    }


@st.composite
def numbered_thing(draw: st.DrawFn) -> dict[str, Any]:
    """A ship or a company by its own number, right or wrong, and by a name that it may have changed."""
    found: dict[str, Any] = {"names": [{"full": draw(st.sampled_from(["Northern Star", "Aurora Bay", "Aurora"]))}]}
    if draw(st.booleans()):
        numbers = {"imo": st.sampled_from(["9074729", "9074720", "9074731"]), "mmsi": st.sampled_from(["351123000"])}
        return {"type": "vessel", **found, **{key: draw(one) for key, one in numbers.items() if draw(st.booleans())}}
    lei = draw(st.sampled_from(["529900T8BM49AURSDO55", "529900T8BM49AURSDO56"]))
    found["identifiers"] = [{"type": "lei", "value": lei}]
    found["phones"] = ["+33" + draw(numbered(["612345678", "698765432"]))]
    found["addresses"] = draw(st.lists(address(), max_size=2))
    return {"type": "organisation", **found}


many = st.lists(st.one_of(known(), known(), vehicle()), min_size=1, max_size=4)


def is_bounded(left: list[Any], right: list[Any], under: Model) -> bool:
    """Whether a pair that links is let through; as the bound is a sum, one of less is held to its own score."""
    a, b = fingerprint(left), fingerprint(right, "DE")
    sketches, other = join_sketches([make_sketch(a.entities)]), join_sketches([make_sketch(b.entities)])
    if not sketches.counts[0] or not other.counts[0]:
        return True
    screen = screen_of(under)
    return int(screen._bound_scores(sketches, other)[0]) >= min(judge_cases(a, b, under).score, screen._least)


@given(many | entities, many | entities)
def test_no_link_is_screened_out_whatever_its_basis(left: list[Any], right: list[Any]) -> None:
    a, b = fingerprint(left), fingerprint(right, "DE")
    sketches = (join_sketches([make_sketch(one.entities)]) for one in (a, b))
    assert matcher().may_link(*sketches)[0] or matcher().judge(a, b).probability < THRESHOLD


@given(many, many)
def test_no_pair_of_persons_or_vehicles_scores_above_its_bound(left: list[Any], right: list[Any]) -> None:
    assert is_bounded(left, right, model())


@given(many, many)
def test_no_pair_scores_above_its_bound_under_a_calibrated_model(left: list[Any], right: list[Any]) -> None:
    assert is_bounded(left, right, calibrated_model())


@given(many | st.lists(numbered_thing(), min_size=1), many | st.lists(numbered_thing(), min_size=1))
def test_no_pair_scores_above_its_bound_where_types_have_their_own_names(left: list[Any], right: list[Any]) -> None:
    assert is_bounded(left, right, own_model())


@given(entities, entities)
def test_no_pair_of_any_entities_scores_above_its_bound(left: list[Any], right: list[Any]) -> None:
    assert is_bounded(left, right, model())


@given(numbered_thing() | vehicle(), numbered_thing() | vehicle())
def test_no_thing_by_its_own_number_scores_above_its_bound(left: Any, right: Any) -> None:
    assert is_bounded([left], [right], model())


def test_a_pair_is_screened_alike_in_any_company() -> None:
    cases = [fingerprint([person(f"{one} {two}")]) for one in GIVEN for two in FAMILY[:6]]
    all_of = join_sketches([make_sketch(case.entities) for case in cases])
    left, right = (part.ravel() for part in np.indices((len(cases), len(cases))))
    screen = screen_of(model())
    together = screen._bound_scores(all_of.take_cases(left), all_of.take_cases(right)).reshape(len(cases), -1)
    for at in range(0, len(cases), 7):
        alone = screen._bound_scores(all_of.take_cases(np.full(len(cases), at)), all_of)
        assert (alone == together[at]).all()
