"""Why two who are not one are linked: the number that both bear, and why they are taken for two."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.matching.bands import Basis
from pipeline.matching.explain.breakdown import text
from pipeline.matching.explain.explaining import explain_shared_number
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.explain.wording import shared_finding
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import judge_cases
from support.matching.prints import case_of
from support.records.builder import person

PASSPORT: dict[str, Any] = {"identifiers": [{"type": "passport", "value": "12AB34567", "country": "FR"}]}
MARC = case_of(person(given="Marc", family="Lefebvre", birth_date="1980-05-03", **PASSPORT))
JULIE = case_of(person(given="Julie", family="Solberg", birth_date="1991-11-13", **PASSPORT), country="DE", case_id="2")


@pytest.fixture
def found(model: Model) -> Explanation:
    return ModelMatcher(model, generation="g").explain(JULIE, MARC, Basis.SHARED)


def test_it_adds_up_to_the_judgement(found: Explanation, model: Model) -> None:
    judged = ModelMatcher(model).judge(MARC, JULIE)
    assert (found.score, found.probability, found.band, found.basis) == (
        judged.score, judged.probability, judged.band, Basis.SHARED,
    )  # fmt: skip
    assert found.score == found.prior + sum(part.counted for part in found.entities) + found.rebate - found.attempts


def test_it_says_why_they_are_two(found: Explanation, model: Model) -> None:
    assert found.as_one is not None
    one = judge_cases(MARC, JULIE, model)
    assert (found.as_one.score, found.as_one.probability) == (one.score, one.probability)
    assert {item.field for item in found.as_one.evidence.items if item.bits < 0} == {"name", "birth_date"}
    assert found.counterfactuals == ()


def test_sides_are_those_of_the_call(found: Explanation, model: Model) -> None:
    other = ModelMatcher(model, generation="g").explain(MARC, JULIE, Basis.SHARED)
    assert found.as_one is not None
    assert other.as_one is not None
    names = [next(item for item in one.as_one.evidence.items if item.field == "name") for one in (found, other)]  # type: ignore[union-attr]
    assert names[0].value_a == names[1].value_b != names[0].value_b


def test_its_words(found: Explanation) -> None:
    said = text(found)
    assert said.startswith("Same passport, two people. Probable link: probability 97.2% that the number is the same")
    assert "Taken as one, all evidence together gives" in said
    french = text(found, "fr")
    assert french.startswith("Même passeport, deux personnes. Lien probable")
    assert shared_finding(found, "fr") == "Même passeport, deux personnes"


def test_it_is_the_same_once_written_and_read(found: Explanation) -> None:
    assert msgspec.json.decode(msgspec.json.encode(found), type=Explanation) == found


def test_without_a_number_in_common_there_is_nothing_to_explain(model: Model) -> None:
    with pytest.raises(ValueError, match="no number in common"):
        explain_shared_number(MARC, case_of(person("Julie Solberg"), country="DE"), model)
