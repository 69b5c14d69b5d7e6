from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from pipeline.matching.explanation import Explanation, explain, mirrored, rarity
from pipeline.matching.model import Model
from pipeline.matching.scoring import judge
from pipeline.matching.waterfall import bars, svg
from pipeline.matching.wording import bits, percent, text


@pytest.fixture
def cases(case_of: Any) -> tuple[Any, Any]:
    a = [
        {"type": "person", "names": [{"full": "Иван Зарубин"}], "birth_date": "1980-05-03", "phones": ["+33612345678"]},
        {"type": "vehicle", "plate": "AB-123-CD", "make": "Renault"},
    ]
    b = [
        {"type": "vehicle", "plate": "AB-124-CD", "make": "Renault"},
        {"type": "person", "names": [{"full": "Ivan Zarubin"}], "birth_date": "1980-03-05", "phones": ["+33612345678"]},
        {"type": "phone", "number": "+33612345678"},
    ]
    return case_of(*a), case_of(*b, country="DE")


def test_it_explains_exactly_the_judgement(cases: Any, model: Model) -> None:
    for a, b in (cases, cases[::-1]):
        found, judged = explain(a, b, model), judge(a, b, model)
        assert (found.score, found.probability, found.band) == (judged.score, judged.probability, judged.band)
        parts = sum(part.counted for part in found.entities)
        assert found.score == found.prior + parts + found.rebate - found.attempts
        for part in found.entities:
            assert part.bits == sum(item.bits for item in part.items) + part.alternative


def test_a_and_b_are_those_of_the_call(cases: Any, model: Model) -> None:
    a, b = cases
    found = explain(a, b, model)
    assert mirrored(explain(b, a, model)) == found
    person = next(part for part in found.entities if part.type_a == "person")
    assert (person.entity_a, person.entity_b) == ("e0", "e1")
    assert next(item for item in person.items if item.field == "birth_date").value_a == "1980-05-03"


def test_values_levels_rarity_and_shares(cases: Any, model: Model) -> None:
    found = explain(*cases, model)
    items = {(part.type_a, item.field): item for part in found.entities for item in part.items}
    date = items["person", "birth_date"]
    assert (date.level, date.value_a, date.value_b) == ("day_month_swapped", "1980-05-03", "1980-03-05")
    assert date.rarity.startswith("1 in ")
    assert sum(item.share for item in items.values()) == pytest.approx(1, abs=0.01)
    assert items["person", "name"].tokens


def test_counterfactuals_say_what_would_change(cases: Any, model: Model) -> None:
    found = explain(*cases, model)
    assert [one.score for one in found.counterfactuals] == sorted(one.score for one in found.counterfactuals)
    assert all(one.score <= found.score for one in found.counterfactuals)
    assert {one.without for one in found.counterfactuals} >= {"name", "birth_date", "phone"}


def test_a_counterfactual_is_the_judgement_without_the_field(case_of: Any, model: Model) -> None:
    def case(country: str, **fields: Any) -> Any:
        return case_of({"type": "person", "names": [{"full": "Zbigniew Oczko"}], **fields}, country=country)

    known = {"birth_date": "1980-05-03", "phones": ["+33612345678"]}
    found = explain(case("FR", **known), case("DE", **known), model)
    without = next(one for one in found.counterfactuals if one.without == "phone")
    bare = {"birth_date": "1980-05-03"}
    assert without.score == judge(case("FR", **bare), case("DE", **bare), model).score


def test_the_texts_say_the_same_in_both_languages(cases: Any, model: Model) -> None:
    found = explain(*cases, model, generation="0123456789ab")
    english, french = text(found), text(found, "fr")
    assert english.count("\n") == french.count("\n")
    assert "Certain link" in english
    assert "Lien certain" in french
    assert "day and month swapped" in english
    assert "jour et mois inversés" in french
    assert "0123456789ab" in english


def test_what_decides_is_said(case_of: Any, model: Model) -> None:
    a = case_of({"type": "person", "names": [{"full": "Maria Garcia"}], "birth_date": "1980-05-03"})
    b = case_of({"type": "person", "names": [{"full": "María García"}], "birth_date": "1980-05-03"}, country="DE")
    found = explain(a, b, model)
    assert "Without the birth date it would be below the threshold." in text(found)
    assert "Sans la date de naissance, ce serait en dessous du seuil." in text(found, "fr")


def test_the_waterfall_runs_from_the_prior_to_the_score(cases: Any, model: Model) -> None:
    found = explain(*cases, model)
    steps = bars(found)
    assert steps[0].start == 0
    assert steps[0].end == model.prior
    assert all(before.end == after.start for before, after in pairwise(steps[:-1]))
    assert steps[-2].end == steps[-1].end == found.score
    root = ElementTree.fromstring(svg(found, "fr"))
    assert len(root.findall("{http://www.w3.org/2000/svg}rect")) == len(steps)


def test_evidence_is_plain_json(cases: Any, model: Model) -> None:
    found = explain(*cases, model)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Explanation) == found


@pytest.mark.parametrize(
    ("hundredths", "words"), [(0, ""), (-300, ""), (100, "1 in 2"), (1555, "1 in 48,000"), (700, "1 in 130")]
)
def test_rarity_in_words(hundredths: int, words: str) -> None:
    assert rarity(hundredths) == words


def test_numbers_are_rounded_for_people() -> None:
    assert bits(1234, "en") == "+12.3"
    assert bits(-50, "fr") == "\N{MINUS SIGN}0,5"
    assert percent(0.9876, "en") == "98.8%"
    assert percent(0.99991, "fr") == "99,991\N{NO-BREAK SPACE}%"
