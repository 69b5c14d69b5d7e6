"""Organisations as two lists call them, in two languages, scripts and forms; each with others that are not the same."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from pipeline.matching.bands import Band
from pipeline.matching.explain.explaining import explain
from pipeline.matching.model import load_model
from pipeline.matching.score.scoring import Judgement, judge_cases
from support.matching.prints import case_of

model = cache(load_model)


def body(*names: str, **fields: Any) -> dict[str, Any]:
    return {"type": "organisation", "names": [{"full": name} for name in names], **fields}


def judged(one: dict[str, Any], other: dict[str, Any]) -> Judgement:
    return judge_cases(case_of(one), case_of(other, country="DE"), model())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (body("Alrosa"), body("ALROSA")),
        (body("Atomflot", "Rosatomflot"), body("Atomflot", "Rosatomflot")),
        (body("PJSC Alrosa", "Spoločnosť Alrosa"), body("PJSC ALROSA", "ALROSA GROUP")),
        (body("Peleng Nyilvánosan Működő Részvénytársaság"), body("JSC Peleng")),
        (body("sociedad anónima pública Peleng"), body("Public Joint Stock Company Peleng")),
        (body("Kumpanija b'Responsabbiltà Limitata Old Vector"), body("Old Vector LLC")),
        (body("Spoločnosť s ručením obmedzeným Old Vector"), body("Limited Liability Company Old Vector")),
        (body("Тамбовский пороховой завод"), body("Tambov Gunpowder Plant")),
        (
            body("Boulangerie Dubois", addresses=[{"full": "12 rue de la Paix", "city": "Lyon", "postcode": "69002"}]),
            body("Boulangerie Dubois", addresses=[{"full": "12, rue de la Paix 69002 LYON FRANCE"}]),
        ),
    ],
)
def test_one_body_on_two_lists_is_a_probable_link(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert judged(one, other).band in (Band.PROBABLE, Band.CERTAIN)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("华为技术有限公司", "Huawei Technologies Co., Ltd."),
        ("Promtechnologiya", "Promtekhnologiya"),
        ("Оршанский авиаремонтный завод", "Orsha Aircraft Repair Plant"),
    ],
)
def test_a_name_in_another_spelling_is_a_possible_link(one: str, other: str) -> None:
    assert judged(body(one), body(other)).band in (Band.POSSIBLE, Band.PROBABLE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ハラ・カンパニー", "Hara Company"),
        ("شركة العربي للتجارة", "Al-Arabi Trading Company"),
        ("Ministère de la Défense", "Ministry of Defence"),
        ("Internet Research Agency", "Агентство Интернет Исследований"),
    ],
)
def test_what_many_bodies_may_be_called_agrees_and_is_no_link_alone(one: str, other: str) -> None:
    a, b = case_of(body(one)), case_of(body(other), country="DE")
    (item,) = [item for item in explain(a, b, model()).entities[0].items if item.field == "name"]
    assert item.level == "same"
    assert item.bits > 0
    assert judged(body(one), body(other)).band is Band.NONE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alrosa", "Alrosa-Nyurba"),
        ("Alfa-Bank", "Alfa-Bank Ukraine"),
        ("Alfa-Bank Kazakhstan", "Alfa-Bank Ukraine"),
        ("Ministère de la Défense de Russie", "Ministry of Defence of Iran"),
        ("ハラ・カンパニー", "Hana Company"),
        ("华为技术有限公司", "Huawei Energy Co., Ltd."),
        ("华为技术有限公司", "Huarui Technologies Co., Ltd."),
        ("شركة العربي للتجارة", "Arabian Trading Company"),
        ("Тамбовский пороховой завод", "Kazan Gunpowder Plant"),
        ("Тамбовский пороховой завод", "Tambov Machine Plant"),
        ("Promtechnologiya", "Promtekhnika"),
        ("Internet Research Agency", "Агентство Интернет Новостей"),
        ("Old Vector LLC", "New Vector LLC"),
        ("Peleng JSC", "Peleg JSC"),
    ],
)
def test_two_bodies_are_no_link(one: str, other: str) -> None:
    assert judged(body(one), body(other)).band is Band.NONE


def test_ministries_of_two_countries_are_no_link() -> None:
    assert judged(body("Ministère de la Défense", country="FR"), body("Ministry of Defence", country="IR")).band is (
        Band.NONE
    )
