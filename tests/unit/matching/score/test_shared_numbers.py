"""Numbers in two hands: what makes one, how strong it is, and what does not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.matching.bands import Band, Basis
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import judge_cases
from pipeline.matching.score.shared_numbers import judge_shared_number
from support.matching.populations import MODELS, model_of
from support.matching.prints import case_of
from support.records.builder import RawEntity, person, vehicle

PASSPORT = {"type": "passport", "value": "12AB34567", "country": "FR"}
CONFUSABLE = {**PASSPORT, "value": "12A834567"}
IBAN = {"type": "iban", "value": "FR7630006000011234567890189"}


def marc(*numbers: dict[str, str], **fields: Any) -> RawEntity:
    return person(given="Marc", family="Lefebvre", birth_date="1980-05-03", identifiers=list(numbers), **fields)


def julie(*numbers: dict[str, str], **fields: Any) -> RawEntity:
    return person(given="Julie", family="Solberg", birth_date="1991-11-13", identifiers=list(numbers), **fields)


def firm(name: str, *numbers: dict[str, str], **fields: Any) -> RawEntity:
    return {"type": "organisation", "names": [{"full": name}], "identifiers": list(numbers), **fields}


def pair(a: RawEntity | list[RawEntity], b: RawEntity | list[RawEntity]) -> tuple[Fingerprint, Fingerprint]:
    left, right = (one if isinstance(one, list) else [one] for one in (a, b))
    return case_of(*left), case_of(*right, country="DE", case_id="2")


SIREN = {"type": "company_number", "value": "732829320", "country": "FR"}
OTHER_SIREN = {"type": "company_number", "value": "552081317", "country": "FR"}
LEI = {"type": "lei", "value": "529900T8BM49AURSDO55"}

SHARED: dict[str, tuple[Any, Any]] = {
    "a passport": (marc(PASSPORT), julie(PASSPORT)),
    "an account": (marc(IBAN), julie(IBAN)),
    "a passport, though each has one more number": (
        marc(PASSPORT, {"type": "national_id", "value": "180057512345632", "country": "FR"}),
        julie(PASSPORT, {"type": "national_id", "value": "291117812345608", "country": "FR"}),
    ),
    "a passport, between others": ([vehicle("AB-123-CD", "FR"), marc(PASSPORT)], [julie(PASSPORT), julie()]),
    "a passport, within a family": (
        person(given="Marc", family="Lefebvre", identifiers=[PASSPORT]),
        person(given="Julie", family="Lefebvre", identifiers=[PASSPORT]),
    ),
    "a register number": (
        firm("Karvonen Trading Oy", SIREN, phones=["+33612345678"]),
        firm("Solberg Shipping AS", SIREN, phones=["+4722334455"]),
    ),
    "a LEI of two bodies in one register": (
        firm("Karvonen Oy", LEI, SIREN), firm("Solberg Shipping AS", LEI, OTHER_SIREN),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SHARED)
def test_two_who_bear_one_number_are_linked_by_it(case: str, model: Model) -> None:
    a, b = pair(*SHARED[case])
    judged = ModelMatcher(model).judge(a, b)
    assert judged.basis is Basis.SHARED
    assert judged.band is not Band.NONE
    assert judge_cases(a, b, model).band is Band.NONE
    assert ModelMatcher(model).judge(b, a) == judged


@pytest.mark.parametrize("case", SHARED)
def test_the_order_of_entities_makes_no_difference(case: str, model: Model) -> None:
    a, b = SHARED[case]
    turned = tuple(one[::-1] if isinstance(one, list) else one for one in (a, b))
    assert judge_shared_number(*pair(*turned), model) == judge_shared_number(*pair(a, b), model)


def band(a: Any, b: Any, model: Model) -> tuple[Basis, Band]:
    judged = ModelMatcher(model).judge(*pair(a, b))
    return judged.basis, judged.band


NOTHING = Basis.SAME, Band.NONE


def test_its_band_is_that_of_the_number_alone(model: Model) -> None:
    """A damaged number says less, one that fails its check digit nothing."""
    table = model.tables["identifier"]
    for number, level in ((PASSPORT, 0), (CONFUSABLE, 1)):
        judged = judge_shared_number(*pair(marc(PASSPORT), julie(number)), model)
        assert judged is not None
        assert judged.score == model.prior + table.weights[level]
    assert band(marc(PASSPORT), julie(PASSPORT), model) == (Basis.SHARED, Band.PROBABLE)
    assert band(marc(PASSPORT), julie(CONFUSABLE), model) == (Basis.SHARED, Band.POSSIBLE)
    wrong = {"type": "iban", "value": "FR7630006000011234567890180"}
    assert band(marc(wrong), julie(wrong), model) == NOTHING


@pytest.mark.parametrize(
    "number",
    [
        {"type": "document", "value": "12AB34567", "country": "FR"},
        {"type": "our_file", "value": "12AB34567"},
        {"type": "passport", "value": "12AB"},
    ],
)
def test_a_number_that_names_nobody_for_certain_is_no_finding(number: dict[str, str], model: Model) -> None:
    assert band(marc(number), julie(number), model) == NOTHING


@pytest.mark.parametrize("fields", [{"phones": ["+33612345678"]}, {"emails": ["office@example.org"]}])
def test_a_contact_in_common_is_no_finding(fields: dict[str, Any], model: Model) -> None:
    """Households, offices and call centres share phones and mailboxes."""
    assert band(marc(**fields), julie(**fields), model) == NOTHING


def test_a_number_one_character_off_is_another(model: Model) -> None:
    assert band(marc(PASSPORT), julie({**PASSPORT, "value": "12AB34568"}), model) == NOTHING


def test_one_person_with_one_number_is_one(model: Model) -> None:
    assert band(marc(PASSPORT), marc(PASSPORT), model) == (Basis.SAME, Band.CERTAIN)


def test_many_attempts_cost_it_too(model: Model) -> None:
    few = judge_shared_number(*pair(marc(PASSPORT), julie(PASSPORT)), model)
    many = judge_shared_number(*pair([marc(PASSPORT), marc(), marc()], [julie(PASSPORT), julie()]), model)
    assert few is not None
    assert many is not None
    assert many.score < few.score


@pytest.mark.parametrize("model", MODELS)
def test_every_model_finds_it(model: str) -> None:
    a, b = pair(marc(PASSPORT), julie(PASSPORT))
    judged = ModelMatcher(model_of(model)).judge(a, b)
    assert judged.basis is Basis.SHARED
    assert judged.band


def test_a_saved_search_lends_no_number(model: Model) -> None:
    """It has no country; a search answers by the same judgement."""
    a, b = pair(marc(PASSPORT), julie(PASSPORT))
    asked = msgspec.structs.replace(a, country="")
    assert ModelMatcher(model).judge(asked, b) == judge_cases(asked, b, model)


def test_a_threshold_above_it_leaves_it_out(model: Model) -> None:
    a, b = pair(marc(PASSPORT), julie(PASSPORT))
    assert ModelMatcher(model, threshold=0.99).judge(a, b).basis is Basis.SAME
    assert ModelMatcher(model, threshold=0.001).judge(a, b).basis is Basis.SHARED
