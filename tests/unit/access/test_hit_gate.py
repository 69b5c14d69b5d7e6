"""The gate for hit-only records: only the exact parts of a question meet one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.access.hit_gate import exact_band, see_link
from pipeline.access.policy import LinkView
from pipeline.matching.bands import Band
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.model import load_model
from pipeline.matching.score.scoring import judge_score, score_cases
from support.index.documents import PureStages
from support.records.builder import person, record

STAGES = PureStages(load_model())

NAMED: dict[str, Any] = {"names": [{"full": "Ivan Petrov"}]}
HELD: dict[str, Any] = {
    **NAMED, "birth_date": "1980-05-01", "phones": ["+33612345678"], "emails": ["ivan@example.org"],
    "birth_place": "Tver", "birth_date_text": "spring of 1980", "gender": "male", "nationalities": ["RU"],
    "identifiers": [{"type": "passport", "value": "C01X00T47", "country": "DE"}],
    "addresses": [{"street": "Nieuwe Gracht", "house": "7", "postcode": "9000", "city": "Gent"}],
}  # fmt: skip
VEHICLE = {"id": "v1", "type": "vehicle", "plate": "1-ABC-234", "plate_country": "BE"}


def entities(*given: dict[str, Any]) -> tuple[EntityPrint, ...]:
    accepted = STAGES.accepted(record("fr-pj", entities=list(given)))
    return msgspec.json.decode(accepted.fingerprint, type=Fingerprint).entities


def band(*asking: dict[str, Any]) -> str:
    return exact_band(entities(*asking), entities(person(**HELD), VEHICLE), STAGES.model)


@pytest.mark.parametrize(
    "fields",
    [
        {**NAMED, "birth_date": "1980-05-01"},
        {"names": [{"full": "Иван Петров"}], "birth_date": "1980-05-01"},
        {"identifiers": HELD["identifiers"]},
        {**NAMED, "birth_date": "1980-05-01", "identifiers": [{"type": "passport", "value": "X0000001"}]},
        {**NAMED, "birth_date": "1980-05-01", "birth_dates": ["1980-05-01"]},
    ],
)
def test_a_whole_name_with_its_date_or_a_whole_number_meets_it(fields: dict[str, Any]) -> None:
    assert band(person(**fields)) in (Band.CERTAIN, Band.PROBABLE)


NUMBERLESS = {name: value for name, value in HELD.items() if name not in ("phones", "emails", "identifiers")}


@pytest.mark.parametrize(
    "fields",
    [
        NAMED,
        {**NAMED, "birth_date": "1980"},
        {**NAMED, "birth_date": "1980-05"},
        {**NUMBERLESS, "birth_date": "1980-05"},
        {**NUMBERLESS, "birth_date": "1980", "identifiers": [{"type": "passport", "value": "X0000001"}]},
        {**NUMBERLESS, "birth_date": "1980", "phones": ["+33600000001"]},
        {**NAMED, "birth_dates": ["1980-05-01", "1980-05-02"]},
        {**NAMED, "birth_date": "1980-05-01", "birth_dates": ["1980-05-02"]},
        {**NAMED, "birth_dates": ["1980-05-01~"]},
        {**NAMED, "birth_dates": ["1980-05-01/1980-05-02"]},
        {**NUMBERLESS, "birth_dates": ["1980", "1980-05"]},
        {"names": [{"full": "Petrov"}], "birth_date": "1980-05-01"},
        {"names": [{"full": "I. Petrov"}], "birth_date": "1980-05-01"},
        {"birth_date": "1980-05-01"},
        {**NAMED, "birth_date_text": "spring of 1980"},
        {**NAMED, "addresses": HELD["addresses"]},
        {**NAMED, "identifiers": [{"type": "passport", "value": "C01X00T4"}]},
        {**NAMED, "identifiers": [{"type": "passport", "value": "CO1XOOT47", "country": "DE"}]},
        {**NAMED, "phones": ["+32612345678"]},
        {"names": [{"full": "Zbigniew Oczko"}], "birth_date": "1955-11-30"},
    ],
)
def test_anything_less_meets_nothing_however_well_the_rest_agrees(fields: dict[str, Any]) -> None:
    assert band(person(**fields)) == ""


def test_a_plate_counts_only_where_all_of_it_is_read() -> None:
    partial = {**VEHICLE, "plate": "1?BC*"}
    assert band(VEHICLE) in (Band.CERTAIN, Band.PROBABLE)
    assert band(partial) == ""
    assert exact_band(entities(partial), entities(partial), STAGES.model) == ""


def test_what_is_not_exact_moves_no_band() -> None:
    """A guess at the address, the birthplace or another number beside exact parts learns nothing of them."""
    bare = person(**NAMED, birth_date="1980-05-01")
    guessed = person(**{**NUMBERLESS, "identifiers": [{"type": "passport", "value": "X0000001"}]})
    assert band(bare) == band(guessed)


ALIASES = [{"full": name} for name in ("Zbigniew Oczko", "Efstratios Papadakis", "Tancred Villeneuve")]


def test_several_names_are_guesses_of_which_one_counts() -> None:
    """They outweigh another birth date where records are compared in full; of a hit-only one they tell nothing."""
    asking, held = (entities(person(names=ALIASES, birth_date=date)) for date in ("1973-09-28", "1979-12-31"))
    assert judge_score(score_cases(asking, held, STAGES.model)).band
    assert exact_band(asking, held, STAGES.model) == ""
    assert exact_band(held, held, STAGES.model) == Band.CERTAIN


def test_a_nickname_is_no_whole_name() -> None:
    names = [{"full": "Petrov"}, {"full": "Ivan Petrov", "kind": "nickname"}]
    assert band(person(names=names, birth_date="1980-05-01")) == ""


@pytest.mark.parametrize("view", [LinkView.HIT_A, LinkView.HIT_B])
def test_a_link_to_a_hit_shows_in_the_exact_band_of_the_side_that_asks(view: LinkView) -> None:
    asks = {LinkView.HIT_B: (Band.PROBABLE, Band.NONE), LinkView.HIT_A: (Band.NONE, Band.PROBABLE)}
    assert see_link(view, Band.CERTAIN, *asks[view]) == (view, Band.PROBABLE)
    assert see_link(view, Band.CERTAIN, *reversed(asks[view])) == (LinkView.NOTHING, Band.NONE)


def test_a_link_seen_in_full_or_not_at_all_passes_as_it_is() -> None:
    assert see_link(LinkView.FULL, Band.POSSIBLE, Band.NONE, Band.NONE) == (LinkView.FULL, Band.POSSIBLE)
    assert see_link(LinkView.NOTHING, Band.CERTAIN, Band.CERTAIN, Band.CERTAIN).view is LinkView.NOTHING
