"""Organisations against companies of one group."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.matching.alternatives import GROUP
from pipeline.matching.comparisons.name.comparison import compare
from pipeline.matching.comparisons.name.name_levels import NameLevel
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model, load_model
from pipeline.matching.names.rarity import CEILING
from pipeline.matching.score.scoring import judge_score, weigh_entities
from support.matching.prints import print_of


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


def organisation(*names: str, **fields: Any) -> EntityPrint:
    return print_of(type="organisation", names=[{"full": name} for name in names], **fields)


def against_group(one: str, other: str, model: Model) -> int:
    found = compare(organisation(one), organisation(other), model.tables["name"])
    assert found is not None
    return found.bits[GROUP]


def band_of(a: EntityPrint, b: EntityPrint, model: Model) -> str:
    return judge_score(model.prior + weigh_entities(a, b, model)).band


def is_linked(a: EntityPrint, b: EntityPrint, model: Model) -> bool:
    return bool(band_of(a, b, model))


def test_a_longer_and_a_rarer_name_says_more(model: Model) -> None:
    names = ("Peleng", "Peleng Trading", "Peleng Trading Bank", "Peleng Vostochnoye Trading Bank")
    bits = [against_group(name, name, model) for name in names]
    assert bits == sorted(bits)
    assert len(set(bits)) == len(bits)
    assert against_group("Peleng Trading", "Peleng Trading", model) < against_group(
        "Peleng Zvezda", "Peleng Zvezda", model
    )


@pytest.mark.parametrize(
    "longer",
    ["Al-Haramain Foundation Somalia", "Al-Haramain Foundation Services", "Al-Haramain Foundation Zvezda"],
)
def test_further_words_make_another_body(longer: str, model: Model) -> None:
    whole = organisation("Al-Haramain Foundation")
    assert is_linked(whole, whole, model)
    assert not is_linked(whole, organisation(longer), model)


def test_at_one_door_or_phone_a_name_may_be_longer(model: Model) -> None:
    place: dict[str, Any] = {
        "addresses": [{"street": "Gartenstrasse 5", "city": "Zug", "postcode": "6300", "country": "CH"}]
    }
    phone: dict[str, Any] = {"phones": ["+41791234567"]}
    for fields in (place, phone):
        a, b = organisation("Peleng Zvezda", **fields), organisation("Peleng Zvezda Services", **fields)
        found = compare(a, b, model.tables["name"])
        assert found is not None
        assert found.level == NameLevel.LONGER
        assert is_linked(a, b, model)


def test_branches_that_share_the_name_of_all_are_two(model: Model) -> None:
    a = organisation("Ansar Charia", "Ansar Charia Derna")
    b = organisation("Ansar Charia", "Ansar Charia Bengasi")
    found = compare(a, b, model.tables["name"])
    assert found is not None
    assert found.level == NameLevel.CONFLICT
    assert not is_linked(a, b, model)
    assert is_linked(a, organisation("Ansar Charia", "Ansar Charia Darna"), model)


def test_a_coined_word_alone_is_probable_and_a_known_one_needs_a_city(model: Model) -> None:
    coined, known = organisation("Alrosa"), organisation("Orion")
    placed = organisation("Orion", addresses=[{"city": "Mirny", "country": "RU"}])
    assert band_of(coined, coined, model) == "probable"
    assert not band_of(known, known, model)
    assert band_of(placed, placed, model)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("PJSC Alrosa", "Spoločnosť Alrosa"), ("PJSC ALROSA", "ALROSA GROUP"), True),
        (("Alrosa",), ("Alrosa Nyurba",), False),
        (("Alfa-Bank",), ("Alfa-Bank Ukraine",), False),
        (("Alfa-Bank", "Alfa-Bank Kazakhstan"), ("Alfa-Bank", "Alfa-Bank Ukraine"), False),
        (("Ansar al-Sharia", "Ansar al-Sharia Derna"), ("Ansar al-Sharia", "Ansar al-Sharia Benghazi"), False),
        (("Peleng Nyilvánosan Működő Részvénytársaság",), ("sociedade anónima pública Peleng",), True),
        (("Kumpanija b'Responsabbiltà Limitata Mostotrest",), ("Spoločnosť s ručením obmedzeným Mostotrest",), True),
    ],
)
def test_further_names_part_only_bodies_of_two_places_or_activities(
    one: tuple[str, ...], other: tuple[str, ...], same: bool, model: Model
) -> None:
    assert bool(band_of(organisation(*one), organisation(*other), model)) == same


def test_two_coined_names_in_common_say_more_than_one(model: Model) -> None:
    one, two = organisation("Atomflot"), organisation("Atomflot", "Rosatomflot")
    assert weigh_entities(two, two, model) > weigh_entities(one, one, model) + 100


def test_a_coined_word_is_no_rarer_as_the_name_of_a_ship(model: Model) -> None:
    ship = print_of(type="vessel", names=[{"full": "Mostotrest"}])
    found = compare(ship, ship, model.tables["name"])
    assert found is not None
    assert found.bits[0] == CEILING


def test_one_more_longer_alias_takes_nothing_from_an_equal_name(model: Model) -> None:
    a, b = organisation("Peleng Trading"), organisation("Peleng Trading", "Peleng Zvezda Sever Vostok")
    longer = organisation("Peleng Trading", "Peleng Zvezda Sever")
    assert weigh_entities(longer, b, model) >= weigh_entities(a, b, model)


def test_names_that_agree_with_nothing_are_tries_and_others_none(model: Model) -> None:
    alone = organisation("Peleng Trading")
    others = [f"{word} Sever" for word in ("Zvezda", "Kometa", "Luna")]
    tried = [weigh_entities(alone, organisation("Peleng Trading", *others[:count]), model) for count in range(4)]
    assert tried == sorted(tried, reverse=True)
    assert len(set(tried)) == len(tried)
    many = organisation("Peleng Trading", *others)
    assert weigh_entities(many, many, model) >= weigh_entities(alone, alone, model)


@pytest.mark.parametrize(
    ("written", "latin", "band", "mirror"),
    [
        ("Алроса", "ALROSA", "probable", "ALROMA"),
        ("Атомфлот", "Atomflot", "probable", "Atomprom"),
        ("华为技术有限公司", "Huawei Technologies Co., Ltd.", "possible", "Hongwei Technologies Co., Ltd."),
        ("ハラ・カンパニー", "Hara Company", "", "Kara Company"),
    ],
)
def test_a_body_of_one_word_in_two_scripts_is_linked_as_rarity_and_alignment_say(
    written: str, latin: str, band: str, mirror: str, model: Model
) -> None:
    assert band_of(organisation(written), organisation(latin), model) == band
    assert not band_of(organisation(written), organisation(mirror), model)
