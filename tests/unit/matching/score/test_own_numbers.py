"""Things renamed: a number that a thing bears for life, and no other in the world, outweighs what else differs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.matching.bounds.entity_bounds import OddsBound
from pipeline.matching.bounds.sketches import SketchRows, join_sketches, make_sketch
from pipeline.matching.comparisons.number_ends import may_share_number
from pipeline.matching.explain.explaining import explain_entities
from pipeline.matching.model import Model
from pipeline.matching.score.resolution import are_apart
from pipeline.matching.score.scoring import judge_cases, odds_by_alternative, weigh_entities
from support.matching.populations import MODELS, model_of
from support.matching.prints import case_of, print_of
from support.records.builder import RawEntity

IMO, OTHER_IMO, WRONG_IMO = "9074729", "9074731", "9074720"
LEI = "529900T8BM49AURSDO55"
VIN, EUROPEAN_VIN, WRONG_VIN = "1M8GDM9AXKP042788", "WVWZZZ1JZXW000001", "1M8GDM9A1KP042788"
HERE = [{"house": "12", "street": "Rue de la Paix", "postcode": "75002", "city": "Paris", "country": "FR"}]
THERE = [{"house": "3", "street": "Storgata", "postcode": "9008", "city": "Tromsø", "country": "NO"}]


def ship(name: str, imo: str = IMO, **fields: Any) -> RawEntity:
    return {"type": "vessel", "names": [{"full": name}], "imo": imo, **fields}


def firm(name: str, lei: str = LEI, **fields: Any) -> RawEntity:
    return {
        "type": "organisation",
        "names": [{"full": name}],
        "identifiers": [{"type": "lei", "value": lei}],
        **fields,
    }


def car(vin: str = VIN, **fields: Any) -> RawEntity:
    return {"type": "vehicle", "vin": vin, **fields}


ONE: dict[str, tuple[RawEntity, RawEntity]] = {
    "a ship renamed": (ship("Northern Star"), ship("Aurora Bay")),
    "a ship renamed and flagged anew": (
        ship("Northern Star", flag="PA", call_sign="3FAB2", mmsi="351123000"),
        ship("Aurora Bay", flag="IR", call_sign="EPAB7", mmsi="422123000"),
    ),
    "a ship whose number two countries state": (
        ship("Northern Star", identifiers=[{"type": "imo", "value": IMO, "country": "PA"}], imo=""),
        ship("Aurora Bay", identifiers=[{"type": "imo", "value": IMO, "country": "IR"}], imo=""),
    ),
    "a company renamed and moved": (
        firm("Karvonen Trading Oy", addresses=HERE, phones=["+33612345678"]),
        firm("Solberg Shipping AS", addresses=THERE, phones=["+4722334455"]),
    ),
    "a car painted and plated anew": (
        car(plate="AB123CD", colour="red", make="Renault", model="Clio"),
        car(plate="ZZ987XY", colour="blue", make="Volvo", model="V70"),
    ),
    "a car without a check digit": (
        car(EUROPEAN_VIN, plate="AB123CD", colour="red", make="Renault"),
        car(EUROPEAN_VIN, plate="ZZ987XY", colour="blue", make="Volvo"),
    ),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("case", ONE)
def test_a_thing_that_keeps_its_number_is_one(case: str, model: str) -> None:
    a, b = ONE[case]
    judged = judge_cases(case_of(a), case_of(b, country="DE"), model_of(model))
    assert judged.probability >= 0.9
    assert judge_cases(case_of(b), case_of(a, country="DE"), model_of(model)) == judged


@pytest.mark.parametrize("case", ONE)
def test_its_records_are_not_told_apart(case: str, model: Model) -> None:
    a, b = (print_of(**raw) for raw in ONE[case])
    assert not are_apart(a, b, model)


@pytest.mark.parametrize("case", ONE)
def test_the_explanation_adds_up(case: str, model: Model) -> None:
    a, b = (print_of(**raw) for raw in ONE[case])
    (part,) = explain_entities((a,), (b,), model).entities
    assert part.bits == weigh_entities(a, b, model) == sum(item.bits for item in part.items) + part.alternative
    assert all(item.bits >= 0 for item in part.items if item.field not in ("identifier", "vin"))


def test_no_alternative_exceeds_its_bound(model: Model) -> None:
    """Doors and phones that differ take from the bound as little as from the score."""
    names = [key for key in ONE if key.startswith("a company")]
    pairs = [tuple({**raw, "names": []} for raw in ONE[key]) for key in names] + list(ONE.values())
    for a, b in (tuple(print_of(**raw) for raw in pair) for pair in pairs):
        sketches = (join_sketches([make_sketch((one,))]) for one in (a, b))
        one, other = (SketchRows(side.words, side.starts, np.zeros(1, np.int64)) for side in sketches)
        bound = OddsBound(model).bound_odds(one, other, may_share_number(one, other))[:, 0]
        assert (bound >= odds_by_alternative(a, b, model.plans[a.type])).all()


def bits(a: RawEntity, b: RawEntity, model: Model) -> int:
    return weigh_entities(print_of(**a), print_of(**b), model)


@pytest.mark.parametrize("name", ["Northern Star", "Ocean Jewel", "Iran Sahand"])
def test_things_of_one_name_with_numbers_of_their_own_are_two(name: str, model: Model) -> None:
    another = "9187629"
    assert bits(ship(name, flag="PA"), ship(name, another, flag="PA"), model) + model.prior < 0
    assert bits(ship(name), ship(name, WRONG_IMO), model) > bits(ship(name), ship(name, another), model)


def test_a_number_whose_check_digit_fails_does_not_decide(model: Model) -> None:
    assert bits(ship("Northern Star", WRONG_IMO), ship("Aurora Bay", WRONG_IMO), model) + model.prior < 0
    plates = {"plate": "AB123CD", "colour": "red"}, {"plate": "ZZ987XY", "colour": "blue"}
    right, wrong = (bits(car(vin, **plates[0]), car(vin, **plates[1]), model) for vin in (VIN, WRONG_VIN))
    assert right > wrong


def test_part_of_a_number_does_not_decide(model: Model) -> None:
    plates = {"plate": "AB123CD"}, {"plate": "ZZ987XY"}
    part = bits(car("1M8GDM9AXKP*", **plates[0]), car("1M8GDM9AXKP*", **plates[1]), model)
    assert part < bits(car(**plates[0]), car(**plates[1]), model)


def test_the_number_of_a_thing_that_somebody_else_bears_does_not_decide(model: Model) -> None:
    """An owner's record may hold the ship's number."""
    number = [{"type": "imo", "value": IMO}]
    marc, anne = (
        {"type": "person", "names": [{"full": name}], "identifiers": number, "gender": gender}
        for name, gender in (("Marc Lefebvre", "male"), ("Anne Solberg", "female"))
    )
    without = {key: value for key, value in marc.items() if key != "gender"}
    assert bits(marc, anne, model) < bits(without, anne, model)


def test_numbers_that_contradict_each_other_still_count(model: Model) -> None:
    mine, theirs = (
        firm(
            "Karvonen Oy",
            identifiers=[{"type": "lei", "value": LEI}, {"type": "company_number", "value": siren, "country": "FR"}],
        )
        for siren in ("732829320", "552081317")
    )
    assert bits(mine, theirs, model) < bits(firm("Karvonen Oy"), firm("Karvonen Oy"), model)


def test_a_name_that_agrees_more_never_counts_less(model: Model) -> None:
    names = ("Aurora Bay", "Northern Stream", "Northern Start", "Northern Star")
    for own, scores in (
        (imo, [bits(ship("Northern Star", IMO), ship(name, imo), model) for name in names]) for imo in (IMO, OTHER_IMO)
    ):
        assert scores == sorted(scores), own


def test_without_its_number_a_thing_is_told_by_its_name(model: Model) -> None:
    a, b = (print_of(**one) for one in ONE["a ship renamed"])
    assert weigh_entities(a, b, model, ("identifier",)) <= 0


@pytest.mark.parametrize("kind", ["vessel", "organisation"])
def test_agreement_on_the_number_never_lowers(kind: str, model: Model) -> None:
    make = ship if kind == "vessel" else firm
    numbers = (OTHER_IMO, WRONG_IMO, IMO) if kind == "vessel" else ("529900T8BM49AURSDO56", LEI)
    for name in ("Northern Star", "Aurora Bay"):
        held = make("Northern Star", numbers[-1])
        scores = [bits(held, make(name, number), model) for number in numbers]
        assert max(scores) == scores[-1]
