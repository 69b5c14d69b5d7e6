"""The law of evidence: more agreement never gives a lower score, by the shipped model and by learnt ones.

Of two entities, one value is replaced by one that agrees more, or one is added that agrees; rarity is held. Whatever
the other fields say, the bits for one thing never fall. Years between birth dates are left out: they tell a brother
from a father. So is the total of cases, which pays for each pair that is tried.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.matching.score.scoring import weigh_entities
from support.matching.entity_strategies import persons
from support.matching.populations import MODELS, model_of
from support.matching.prints import print_of
from support.records.builder import RawEntity, person


def at(house: str, street: str, postcode: str, city: str) -> list[dict[str, str]]:
    return [{"house": house, "street": street, "postcode": postcode, "city": city, "country": "NO"}]


def passport(number: str) -> list[dict[str, str]]:
    return [{"type": "passport", "value": number, "country": "NO"}]


def named(*names: str) -> list[dict[str, str]]:
    return [{"full": name} for name in names]


LADDERS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "name, a word misspelt": (
        "names",
        tuple(map(named, ("Per Hansen", "Per Olav Solberg", "Karin Elisabet Solberg", "Karin Elisabeth Solberg"))),
    ),
    "name, words missing": (
        "names",
        tuple(map(named, ("Per Hansen", "Solberg", "Karin Solberg", "Karin Elisabeth Solberg"))),
    ),
    "names, more of them": (
        "names",
        tuple(
            named(*("Karin Elisabeth Solberg", "Tove Brandvold", "Siri Aune Haugland")[:count]) for count in (1, 2, 3)
        ),
    ),
    "birth date": ("birth_date", ("1962-11-03", "1962-07-03", "1962-07-18", "1962-07-19")),
    "partial birth date": ("birth_date", ("1962-11", "1962-07")),
    "birth place": ("birth_place", ("Faro", "Tromsø by", "Tromso", "Tromsø")),
    "gender": ("gender", ("male", "female")),
    "nationalities": ("nationalities", (["PT"], ["NO"], ["NO", "PT"])),
    "identifiers": ("identifiers", tuple(map(passport, ("PT0099818", "77KL20932", "77KL20931")))),
    "phones": ("phones", (["+4733999888"], ["+4722334456"], ["+4622334455"], ["+4722334455"])),
    "emails": (
        "emails",
        (["zz@example.pt"], ["k.solberg@mail.example"], ["k.solbrg@example.no"], ["k.solberg@example.no"]),
    ),
    "addresses": (
        "addresses",
        (
            at("88", "Rua Nova", "8000", "Faro"),
            at("88", "Kirkegata", "9255", "Tromsø"),
            at("88", "Kirkegata", "9009", "Tromsø"),
            at("88", "Kirkegata", "9008", "Tromsø"),
            at("", "Storgata", "9008", "Tromsø"),
            at("3", "Storgata", "9008", "Tromsø"),
        ),
    ),
}  # fmt: skip
"""By name: the field, and values of one side, from the least agreement with the last, the other side's, to that."""

STEPS = [(name, *rungs) for name, (_, values) in LADDERS.items() for rungs in combinations(range(len(values)), 2)]

each_model = pytest.mark.parametrize("model", MODELS)

FEWER = max(20, settings().max_examples // 8)
"""Of each of four models."""


def bits(left: RawEntity, right: RawEntity, model: str) -> int:
    return weigh_entities(print_of(**left), print_of(**right), model_of(model))


def without(raw: RawEntity, field: str) -> RawEntity:
    return {key: value for key, value in raw.items() if key not in (field, "birth_date_text")}


@each_model
@given(left=persons, right=persons, step=st.sampled_from(STEPS))
@settings(max_examples=FEWER)
def test_a_value_that_agrees_more_never_lowers_the_score(left: Any, right: Any, step: Any, model: str) -> None:
    name, less, more = step
    field, rungs = LADDERS[name]
    held = {**without(left, field), field: rungs[-1]}
    before, after = ({**without(right, field), field: rungs[at]} for at in (less, more))
    assert bits(held, before, model) <= bits(held, after, model)


SEVERAL = ("names", "identifiers", "phones", "emails", "addresses", "nationalities")


@each_model
@given(left=persons, right=persons, field=st.sampled_from(SEVERAL))
@settings(max_examples=FEWER)
def test_one_more_value_that_agrees_never_lowers_the_score(left: Any, right: Any, field: str, model: str) -> None:
    value = next(rungs[-1] for of, rungs in LADDERS.values() if of == field)
    more_left, more_right = ({**one, field: [*(one.get(field) or []), *value]} for one in (left, right))
    if left.get(field) and right.get(field):
        assert bits(left, right, model) <= bits(more_left, more_right, model)


THING_LADDERS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "name": ("names", tuple(map(named, ("Aurora Bay", "Northern Stream", "Northern Start", "Northern Star")))),
    "IMO number": ("imo", ("9074731", "9074729")),
    "call sign": ("call_sign", ("3FAB2", "EPAB71")),
    "MMSI": ("mmsi", ("422123000", "351123000")),
}
"""The same of vessels, whose valid IMO number settles what differs otherwise."""


@each_model
@given(
    data=st.data(),
    step=st.sampled_from(
        [(name, *rungs) for name, (_, values) in THING_LADDERS.items() for rungs in combinations(range(len(values)), 2)]
    ),
)
@settings(max_examples=FEWER)
def test_a_things_value_that_agrees_more_never_lowers_the_score(data: st.DataObject, step: Any, model: str) -> None:
    name, less, more = step
    others = {field: values for of, (field, values) in THING_LADDERS.items() if of != name}
    one, other = (
        {"type": "vessel"}
        | {field: data.draw(st.sampled_from(values)) for field, values in others.items() if data.draw(st.booleans())}
        for _ in range(2)
    )
    field, rungs = THING_LADDERS[name]
    held = {**one, field: rungs[-1]}
    assert bits(held, {**other, field: rungs[less]}, model) <= bits(held, {**other, field: rungs[more]}, model)


GIVEN = ("Marc", "Julien", "Anne", "Hugo", "Claire", "Odile", "Zbigniew", "Efstratios")
SHARED: dict[str, Any] = {
    "birth_date": "1990-05-03", "phones": ["+33612345678"], "emails": ["lefebvre@example.org"],
    "addresses": at("12", "Rue de la Paix", "75002", "Paris"), "nationalities": ["FR"], "birth_place": "Paris",
    "gender": "male",
}  # fmt: skip


@each_model
@given(
    given=st.lists(st.sampled_from(GIVEN), min_size=2, max_size=2, unique=True),
    family=st.sampled_from(("Lefebvre", "Papagiannopoulos", "Smith")),
    fields=st.sets(st.sampled_from(sorted(SHARED))),
    labelled=st.booleans(),
)
@settings(max_examples=FEWER)
def test_nothing_that_a_household_shares_outweighs_given_names_in_conflict(
    given: list[str], family: str, fields: set[str], labelled: bool, model: str
) -> None:
    """Twins of one door, phone and mailbox are two people."""
    shared = {field: SHARED[field] for field in sorted(fields)}
    one, other = (
        person(given=name, family=family, **shared) if labelled else person(f"{name} {family}", **shared)
        for name in given
    )
    assert bits(one, other, model) + model_of(model).prior < 0
