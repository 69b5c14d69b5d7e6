from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.matching.explain.breakdown import bars
from pipeline.matching.explain.explaining import explain_entities
from pipeline.matching.explain.wording import bits
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.model_file import Calibration
from pipeline.matching.score.scoring import (
    attempts_fee,
    judge_cases,
    least_score,
    probability_of,
    score_cases,
    weigh_entities,
)
from support.matching.prints import case_of
from support.records.builder import person

HALF = ((0, 0), (4000, 2000), (8000, 4000))
"""A calibration by which evidence is worth half of what it says."""

HOME: dict[str, Any] = {
    "addresses": [{"house": "12", "street": "Rue de la Paix", "postcode": "75002", "city": "Paris", "country": "FR"}],
    "phones": ["+33612345678"],
}


@pytest.fixture
def probability(model: Model) -> Any:
    def of(a: Any, b: Any) -> float:
        left, right = (one if isinstance(one, list) else [one] for one in (a, b))
        return judge_cases(case_of(*left), case_of(*right, country="DE"), model).probability

    return of


class TestHouseholdsTwinsAndNamesakes:
    def test_household_members_are_not_linked(self, probability: Any) -> None:
        marc = person(given="Marc", family="Lefebvre", birth_date="1980-05-03", **HOME)
        anne = person(given="Anne", family="Lefebvre", birth_date="1982-07-13", **HOME)
        assert probability(marc, anne) < 0.5

    def test_household_members_without_birth_dates_are_not_linked(self, probability: Any) -> None:
        assert (
            probability(
                person(given="Marc", family="Lefebvre", **HOME), person(given="Anne", family="Lefebvre", **HOME)
            )
            < 0.5
        )

    def test_twins_are_not_linked(self, probability: Any) -> None:
        marc = person(given="Marc", family="Lefebvre", birth_date="1990-05-03", **HOME)
        julien = person(given="Julien", family="Lefebvre", birth_date="1990-05-03", **HOME)
        assert probability(marc, julien) < 0.5

    def test_twins_with_unlabelled_names_are_not_linked(self, probability: Any) -> None:
        marc = person("Marc Lefebvre", birth_date="1990-05-03", **HOME)
        julien = person("Lefebvre Julien", birth_date="1990-05-03", **HOME)
        assert probability(marc, julien) < 0.5

    def test_father_and_son_with_one_name_are_not_linked(self, probability: Any) -> None:
        father = person(given="Marc", family="Lefebvre", birth_date="1960-05-03", **HOME)
        son = person(given="Marc", family="Lefebvre", birth_date="1991-11-24", **HOME)
        assert probability(father, son) < 0.5

    def test_twins_that_share_a_mailbox_too_are_not_linked(self, probability: Any) -> None:
        marc = person(given="Marc", family="Lefebvre", birth_date="1990-05-03", emails=["lefebvre@example.org"], **HOME)
        julien = person(
            given="Julien", family="Lefebvre", birth_date="1990-05-03", emails=["lefebvre@example.org"], **HOME
        )
        assert probability(marc, julien) < 0.5

    def test_companies_of_one_group_in_two_countries_are_not_linked(self, probability: Any) -> None:
        names = [[{"full": "Karvonen Exports"}, {"full": f"Karvonen Exports {where}"}] for where in ("India", "Spain")]
        india, spain = ({"type": "organisation", "names": some} for some in names)
        assert probability(india, spain) < 0.5
        assert probability(india, india) > 0.5

    def test_one_person_of_a_household_is_linked(self, probability: Any) -> None:
        marc = person(given="Marc", family="Lefebvre", birth_date="1980-05-03", **HOME)
        again = person(given="Marc", family="Lefèvre", birth_date="1980-05-03", **HOME)
        assert probability(marc, again) >= 0.9

    @pytest.mark.parametrize(
        ("name", "other"),
        [("Mohamed Ali", "Mohammed Ali"), ("Maria Garcia", "María García"), ("Wang Wei", "Wang Wei"),
         ("John Smith", "John Smith"), ("Wang Wei", "王伟")],
    )  # fmt: skip
    def test_a_common_name_alone_is_not_linked(self, probability: Any, name: str, other: str) -> None:
        assert probability(person(name), person(other)) < 0.5

    def test_a_common_name_with_another_birth_date_is_not_linked(self, probability: Any) -> None:
        assert (
            probability(
                person("Maria Garcia", birth_date="1980-05-03"), person("Maria Garcia", birth_date="1971-12-24")
            )
            < 0.1
        )

    def test_a_common_name_with_its_birth_date_is_linked(self, probability: Any) -> None:
        assert (
            probability(
                person("Maria Garcia", birth_date="1980-05-03"), person("María García", birth_date="1980-05-03")
            )
            >= 0.9
        )

    def test_companies_of_one_group_at_one_door_are_not_linked(self, probability: Any) -> None:
        shipping = {
            "type": "organisation",
            "names": [{"full": "Nordwind Shipping Ltd"}],
            "addresses": HOME["addresses"],
        }
        finance = {"type": "organisation", "names": [{"full": "Nordwind Finance Ltd"}], "addresses": HOME["addresses"]}
        assert probability(shipping, finance) < 0.5


class TestMixedEvidence:
    def test_weak_evidence_of_several_types_adds_up(self, probability: Any) -> None:
        phone_a, phone_b = ({"type": "phone", "number": number} for number in ("+33612345678", "+33612345679"))
        car_a = {"type": "vehicle", "plate": "AB12*", "make": "Renault", "model": "Clio", "colour": "red"}
        car_b = {"type": "vehicle", "plate": "AB-123-CD", "make": "Renault", "model": "Clio", "colour": "red"}
        half_a, half_b = person("Zbigniew"), person("Zbigniew Oczko")
        singles = [probability(phone_a, phone_b), probability(half_a, half_b)]
        assert all(single < 0.5 for single in singles)
        assert probability([phone_a, car_a, half_a], [phone_b, car_b, half_b]) > 0.9

    def test_a_persons_phone_meets_the_phone_of_another_case(self, probability: Any) -> None:
        owner = person("Zbigniew Oczko", phones=["+33612345678"])
        assert probability(owner, {"type": "phone", "number": "+33612345678"}) >= 0.5
        assert probability(owner, {"type": "phone", "number": "+33698765432"}) < 0.01

    def test_a_value_counts_once_however_many_entities_carry_it(self, model: Model) -> None:
        phone = {"type": "phone", "number": "+33612345678"}
        once = judge_cases(case_of(phone), case_of(phone, country="DE"), model)
        carried = (
            [phone, person("A. Bekker", phones=["+33612345678"])],
            [phone, person("C. Durand", phones=["+33612345678"])],
        )
        twice = judge_cases(case_of(*carried[0]), case_of(*carried[1], country="DE"), model)
        assert twice.score <= once.score

    def test_a_contradiction_only_removes_its_own_pairs_evidence(self, model: Model) -> None:
        car = {"type": "vehicle", "plate": "AB-123-CD", "plate_country": "FR"}
        strangers = (
            person("Zbigniew Oczko", birth_date="1960-01-02"),
            person("Aino Virtanen", birth_date="1999-08-07"),
        )
        with_strangers = judge_cases(case_of(car, strangers[0]), case_of(car, strangers[1], country="DE"), model)
        alone = judge_cases(case_of(car), case_of(car, country="DE"), model)
        assert with_strangers.score == alone.score - attempts_fee(2)

    def test_entities_are_assigned_one_to_one(self, model: Model) -> None:
        one = person("Zbigniew Oczko", birth_date="1980-05-03")
        single = judge_cases(case_of(one), case_of(one, country="DE"), model)
        doubled = judge_cases(case_of(one, one), case_of(one, country="DE"), model)
        assert doubled.score == single.score - attempts_fee(2)

    def test_cases_of_many_entities_pay_for_their_tie_what_cases_of_16_pairs_do(self, model: Model) -> None:
        same, strangers = person("Zbigniew Oczko", birth_date="1980-05-03"), _strangers(14)
        single = judge_cases(case_of(same), case_of(same, country="DE"), model)
        for count in (4, 5, 15):
            a, b = case_of(*strangers[0][: count - 1], same), case_of(*strangers[1][: count - 1], same, country="DE")
            assert judge_cases(a, b, model).score == single.score - attempts_fee(16)

    def test_further_ties_of_larger_cases_pay_for_all_pairs(self, model: Model) -> None:
        ours, theirs = _strangers(16)
        same = [person("Zbigniew Oczko", birth_date="1980-05-03"), person("Aino Virtanen", birth_date="1999-08-07")]
        sums = {
            count: judge_cases(
                case_of(*same, *ours[: count - 2]), case_of(*same, *theirs[: count - 2], country="DE"), model
            ).score
            for count in (4, 8, 16)
        }
        assert sums[4] - sums[8] == attempts_fee(64) - attempts_fee(16) == sums[8] - sums[16]


def _strangers(count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """As many persons of each side, none of whom is like another."""

    def make(consonants: str, year: int) -> list[dict[str, Any]]:
        names = [f"{x}a{y}o{x}" for x in consonants for y in consonants]
        return [person(f"{name} {name[::-1]}", birth_date=f"{year}-01-{at + 1:02d}") for at, name in enumerate(names)]

    return make("bdgkm", 1950)[:count], make("prstvz", 1990)[:count]


class TestBadInput:
    @pytest.mark.parametrize(
        "name", ["", "A", "Dr. Mr.", "unknown", "N/A", "inconnu", "😀 😀", "X X X X", "-", "\u200b"]
    )
    def test_names_that_name_nobody_link_nobody(self, probability: Any, name: str) -> None:
        assert probability(person(name), person(name)) < 0.01

    def test_placeholders_are_no_evidence(self, model: Model) -> None:
        empty: dict[str, Any] = {"phones": ["0000000000"], "identifiers": [{"type": "passport", "value": "000000000"}]}
        one = person("unknown", birth_date="1900-01-01", birth_place="n/a", emails=["unknown"], **empty)
        assert judge_cases(case_of(one), case_of(one, country="DE"), model).score == model.prior

    def test_a_letter_from_a_look_alike_alphabet_changes_nothing(self, probability: Any) -> None:
        assert probability(person("Ivаn Zarubin-Oczko"), person("Ivan Zarubin-Oczko")) >= 0.5

    def test_an_emoji_in_a_name_changes_nothing(self, model: Model) -> None:
        plain, adorned = (case_of(person(name)) for name in ("Zbigniew Oczko", "Zbigniew 😀 Oczko🙂"))
        other = case_of(person("Zbigniew Oczko"), country="DE")
        assert judge_cases(adorned, other, model) == judge_cases(plain, other, model)

    @pytest.mark.parametrize("aliases", [50, 500])
    def test_many_aliases_are_compared_up_to_the_records_limit(self, probability: Any, aliases: int) -> None:
        """A record of more than 50 is rejected; pairs held against each other by hand keep the first 50."""
        names = [{"full": "Zbigniew Oczko"}, *({"full": f"Zz Nummer{at:03d}"} for at in range(aliases - 1))]
        many = person(names=names)
        assert probability(many, person("Zbigniew Oczko")) >= 0.5
        assert probability(many, person("Aino Virtanen")) < 0.01

    def test_cases_without_entities_are_not_linked(self, model: Model) -> None:
        empty = Fingerprint("fr:1", 1, "", "fr", "FR"), Fingerprint("de:1", 1, "", "de", "DE")
        assert judge_cases(*empty, model).score == model.prior


def test_a_calibration_bends_the_evidence_of_its_type_and_not_the_prior(model: Model) -> None:
    bent = Model(msgspec.structs.replace(model.file, calibrations={"person": Calibration(HALF)}))
    someone = case_of(person("Zbigniew Oczko"))
    car = case_of({"type": "vehicle", "plate": "AB-123-CD", "plate_country": "FR"})
    taken, halved = (score_cases(someone.entities, someone.entities, one) - one.prior for one in (model, bent))
    assert halved == taken // 2
    assert score_cases(car.entities, car.entities, bent) == score_cases(car.entities, car.entities, model)


def test_an_explanation_of_calibrated_evidence_adds_up(model: Model) -> None:
    bent = Model(msgspec.structs.replace(model.file, calibrations={"person": Calibration(HALF)}))
    someone = case_of(person("Zbigniew Oczko", birth_date="1980-05-03"))
    found = explain_entities(someone.entities, someone.entities, bent)
    [part] = found.entities
    assert part.bits == sum(item.bits for item in part.items) + part.alternative + part.calibration
    assert part.calibration < 0
    assert bits(bars(found)[-2].end, "en") == bits(found.score, "en")
    assert found.score == score_cases(someone.entities, someone.entities, bent)


def test_knots_that_fall_are_refused(model: Model) -> None:
    falling = Calibration(((0, 100), (1000, 50)))
    with pytest.raises(ValueError, match="do not rise"):
        Model(msgspec.structs.replace(model.file, calibrations={"person": falling}))


def test_a_score_is_an_exact_integer_in_any_company(model: Model) -> None:
    people = [person(given="Marc", family="Lefebvre", birth_date=f"19{year}-05-03", **HOME) for year in range(60, 80)]
    prints = [case_of(one).entities[0] for one in people]
    alone = [[weigh_entities(a, b, model) for a in prints] for b in prints]
    again = [[weigh_entities(prints[i], prints[j], model) for i in reversed(range(20))] for j in range(20)]
    assert alone == [list(reversed(row)) for row in again]
    assert all(isinstance(bits, int) for row in alone for bits in row)


@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.99])
def test_the_least_score_is_the_first_that_reaches_the_threshold(threshold: float) -> None:
    least = least_score(threshold)
    assert probability_of(least) >= threshold > probability_of(least - 1)
