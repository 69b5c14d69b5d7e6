from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from pipeline.matching.bands import Band
from pipeline.matching.explain.breakdown import bars, svg, text
from pipeline.matching.explain.explaining import explain, rarity
from pipeline.matching.explain.explanation import Explanation, mirrored
from pipeline.matching.explain.wording import bits, percent, reasons
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import judge_cases
from support.matching.prints import case_of
from support.records.builder import person


@pytest.fixture
def cases() -> tuple[Fingerprint, Fingerprint]:
    a = [
        person("Иван Зарубин", birth_date="1980-05-03", phones=["+33612345678"]),
        {"type": "vehicle", "plate": "AB-123-CD", "make": "Renault"},
    ]
    b = [
        {"type": "vehicle", "plate": "AB-124-CD", "make": "Renault"},
        person("Ivan Zarubin", birth_date="1980-03-05", phones=["+33612345678"]),
        {"type": "phone", "number": "+33612345678"},
    ]
    return case_of(*a), case_of(*b, country="DE")


def test_reasons_tell_in_brief_what_the_record_has(cases: tuple[Fingerprint, Fingerprint], model: Model) -> None:
    found = explain(*cases, model).entities
    said = reasons(found)
    assert next(line for line in said if "Name: " in line).endswith("| ivan zarubin")
    assert not any("~" in line or "иван" in line for line in said)
    told = [item for part in found for item in part.items]
    assert len(said) == len(told) + sum(part.alternative <= -50 for part in found)


def test_what_companions_hardly_take_away_is_no_reason(cases: tuple[Fingerprint, Fingerprint], model: Model) -> None:
    (part, *_) = explain(*cases, model).entities
    taken, hardly = (msgspec.structs.replace(part, alternative=bits) for bits in (-50, -49))
    assert len(reasons([taken])) == len(reasons([hardly])) + 1


def test_it_explains_exactly_the_judgement(cases: tuple[Fingerprint, Fingerprint], model: Model) -> None:
    for a, b in (cases, cases[::-1]):
        found, judged = explain(a, b, model), judge_cases(a, b, model)
        assert (found.score, found.probability, found.band) == (judged.score, judged.probability, judged.band)
        parts = sum(part.counted for part in found.entities)
        assert found.score == found.prior + parts + found.rebate - found.attempts
        for part in found.entities:
            assert part.bits == sum(item.bits for item in part.items) + part.alternative


def test_a_and_b_are_those_of_the_call(cases: tuple[Fingerprint, Fingerprint], model: Model) -> None:
    a, b = cases
    found = explain(a, b, model)
    assert mirrored(explain(b, a, model)) == found
    person = next(part for part in found.entities if part.type_a == "person")
    assert (person.entity_a, person.entity_b) == ("e0", "e1")
    assert next(item for item in person.items if item.field == "birth_date").value_a == "1980-05-03"


def test_values_levels_rarity_and_shares(cases: tuple[Fingerprint, Fingerprint], model: Model) -> None:
    found = explain(*cases, model=model)
    items = {(part.type_a, item.field): item for part in found.entities for item in part.items}
    date = items["person", "birth_date"]
    assert (date.level, date.value_a, date.value_b) == ("day_month_swapped", "1980-05-03", "1980-03-05")
    assert date.rarity.startswith("1 in ")
    assert sum(item.share for item in items.values()) == pytest.approx(1, abs=0.01)
    assert items["person", "name"].tokens


def test_counterfactuals_say_what_would_change(cases: tuple[Fingerprint, Fingerprint], model: Model) -> None:
    found = explain(*cases, model=model)
    assert [counterfactual.score for counterfactual in found.counterfactuals] == sorted(
        counterfactual.score for counterfactual in found.counterfactuals
    )
    against = {(part.entity_a, item.field) for part in found.entities for item in part.items if item.bits < 0}
    for counterfactual in found.counterfactuals:
        assert (
            counterfactual.score >= found.score
            if (counterfactual.entity_a, counterfactual.without) in against
            else counterfactual.score <= found.score
        )
    assert {counterfactual.without for counterfactual in found.counterfactuals} >= {"name", "birth_date", "phone"}


def test_a_counterfactual_is_the_judgement_without_the_field(model: Model) -> None:
    def case(country: str, **fields: Any) -> Any:
        return case_of(person("Zbigniew Oczko", **fields), country=country)

    known = {"birth_date": "1980-05-03", "phones": ["+33612345678"]}
    found = explain(case("FR", **known), case("DE", **known), model)
    without = next(counterfactual for counterfactual in found.counterfactuals if counterfactual.without == "phone")
    bare = {"birth_date": "1980-05-03"}
    assert without.score == judge_cases(case("FR", **bare), case("DE", **bare), model).score


def test_a_contradiction_that_decides_is_said_where_there_is_no_link(model: Model) -> None:
    a = case_of(person("Anna Kowalska", birth_date="1980-05-03"))
    b = case_of(person("Anna Kowalska", birth_date="1962-11-20"), country="DE")
    bare = case_of(person("Anna Kowalska"), country="DE")
    found, without = explain(a, b, model), judge_cases(a, bare, model)
    assert (found.band, without.band) == (Band.NONE, Band.POSSIBLE)
    (counterfactual,) = found.decisive
    assert (counterfactual.without, counterfactual.score, counterfactual.band) == (
        "birth_date",
        without.score,
        without.band,
    )
    assert "Without the date of birth: Possible link" in text(found)
    assert "Sans la date de naissance\xa0: Lien possible" in text(found, "fr")


def test_without_anything_for_it_a_contradiction_alone_is_explained(model: Model) -> None:
    a = case_of(person("Anna Kowalska"))
    b = case_of(person("Zbigniew Oczko"), country="DE")
    found = explain(a, b, model)
    assert found.entities[0].bits < 0
    assert [counterfactual.score for counterfactual in found.counterfactuals] == [found.score] == [model.prior]
    assert "count as zero" in text(found)


def test_the_text_adds_up_with_each_share_of_the_total(cases: tuple[Fingerprint, Fingerprint], model: Model) -> None:
    found = explain(*cases, model=model)
    lines = text(found).splitlines()
    shares = [int(line.split()[1].rstrip("%")) for line in lines if line.startswith("  ") and "%" in line]
    assert sum(shares) == pytest.approx(100, abs=len(shares))
    fee = next(line for line in lines if line.startswith("Number of comparisons: "))
    assert found.score == found.prior + sum(part.bits for part in found.entities) + found.fees
    assert bits(found.fees, "en") in fee


def test_whose_field_decides_is_said_where_several_have_it(model: Model) -> None:
    phone, plate = {"type": "phone", "number": "+33612345678"}, {"type": "vehicle", "plate": "AB-123-CD"}
    found = explain(case_of(phone, plate), case_of(phone, {**plate, "plate": "AB-124-CD"}, country="DE"), model)
    assert found.decisive
    assert "the phone number of Phone +33612345678" in text(found)
    assert "le numéro de téléphone de Téléphone +33612345678" in text(found, "fr")


def test_a_script_without_a_model_is_said_to_count_for_less(model: Model) -> None:
    def told(name: str) -> str:
        a = case_of(person(name))
        b = case_of(person("Nikos Papadopoulos"), country="DE")
        return text(explain(a, b, model))

    assert "(simple romanisation, counts less)" in told("Νίκος Παπαδόπουλος")
    assert "simple romanisation" not in told("Никос Пападопулос")


def test_greek_names_end_in_their_own_sigma(model: Model) -> None:
    a = case_of(person("Νίκος Σταύρου", birth_place="Σέρρες"))
    b = case_of(person("Nikos Stavrou", birth_place="Σέρρες"), country="DE")
    (part,) = explain(a, b, model).entities
    assert [item.value_a for item in part.items] == ["νίκος σταύρου", "σέρρες"]
    assert part.items[0].tokens[0].a == "νίκος"


def test_codes_are_words(model: Model) -> None:
    known = {
        "type": "person",
        "gender": "male",
        "nationalities": ["FR", "PL"],
        "identifiers": [{"type": "passport", "value": "12AB34567", "country": "FR"}],
    }
    found = explain(case_of(known), case_of(known, country="DE"), model)
    assert "passport 12AB34567 (FR)" in text(found)
    assert "passeport 12AB34567 (FR)" in text(found, "fr")
    assert "masculin ~ masculin" in text(found, "fr")
    assert "FR, PL ~ FR, PL" in text(found)


def test_a_name_that_agrees_word_by_word_is_not_called_the_same(model: Model) -> None:
    a = case_of(person("Jean Dupont"))
    b = case_of(person("J. Dupond"), country="DE")
    found = explain(a, b, model)
    assert "Name: all words agree; " in text(found)
    assert "Nom\xa0: tous les mots concordent\u202f; " in text(found, "fr")
    assert "without any one of them there would still be no link" in text(found)
    assert "toujours aucun lien" in text(found, "fr")


def test_the_texts_say_the_same_in_both_languages(cases: tuple[Fingerprint, Fingerprint], model: Model) -> None:
    found = explain(*cases, model=model, generation="0123456789ab")
    english, french = text(found), text(found, "fr")
    assert english.count("\n") == french.count("\n")
    assert "Certain link" in english
    assert "Lien certain" in french
    assert "day and month swapped" in english
    assert "jour et mois inversés" in french
    assert "0123456789ab" in english


def test_what_decides_is_said(model: Model) -> None:
    a = case_of(person("Maria Garcia", birth_date="1980-05-03"))
    b = case_of(person("María García", birth_date="1980-05-03"), country="DE")
    found = explain(a, b, model)
    assert "Without the date of birth: below the threshold, no link." in text(found)
    assert "Sans la date de naissance\xa0: sous le seuil, aucun lien." in text(found, "fr")


def test_the_waterfall_runs_from_the_prior_to_the_score(cases: tuple[Fingerprint, Fingerprint], model: Model) -> None:
    found = explain(*cases, model=model)
    steps = bars(found)
    assert steps[0].start == 0
    assert steps[0].end == model.prior
    assert all(before.end == after.start for before, after in pairwise(steps[:-1]))
    assert steps[-2].end == steps[-1].end
    assert bits(steps[-1].end, "en") == bits(found.score, "en")
    root = ElementTree.fromstring(svg(found, "fr"))
    assert len(root.findall("{http://www.w3.org/2000/svg}rect")) == len(steps)


def test_evidence_is_plain_json(cases: tuple[Fingerprint, Fingerprint], model: Model) -> None:
    found = explain(*cases, model=model)
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
    assert percent(0.99991, "fr") == "99,991\xa0%"
    assert (bits(1234, "es"), percent(0.9876, "es")) == ("+12,3", "98,8\xa0%")
    assert (percent(0.9999999, "en"), percent(0.0, "en")) == ("> 99.999%", "< 0.001%")
