"""Notes in names."""

from __future__ import annotations

import pytest

from pipeline.records.name_notes import find_renderings, part_body_names, remove_notes
from pipeline.records.names import normalise_name
from support.matching.prints import print_of


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("karim wali, born in kandahar on 01 jan.1967", "karim wali"),
        ("karim wali born 1963", "karim wali"),
        ("karim wali né à tunis", "karim wali"),
        ("karim wali (formerly ahmed)", "karim wali"),
        ("karim wali [previously listed as x]", "karim wali"),
        ("karim wali (كريم والي)", "karim wali"),
        ("propaganda and agitation department (pad)", "propaganda and agitation department"),
        ("ministry of armed forces logistics (mafl)", "ministry of armed forces logistics"),
    ],
)
def test_a_note_is_no_part_of_a_name(name: str, kept: str) -> None:
    assert remove_notes(name).split() == kept.split()


@pytest.mark.parametrize(
    "name",
    [
        "max born", "born in", "al-haramain (somalia)", "elizabeth (liz) smith", "(pad)", "(株)日立", "karim (",
        "bornholm in", "acme (uk)", "عبد الرحمن (أبو محمد)",
    ],
)  # fmt: skip
def test_other_words_stay(name: str) -> None:
    assert remove_notes(name) == name


def test_tokens_are_without_notes_and_the_text_is_as_it_came() -> None:
    name = normalise_name("Karim Wali, born in Kandahar", "", "", "", "", "", "person")
    assert [token.text for token in name.tokens] == ["karim", "wali"]
    assert name.text == "Karim Wali, born in Kandahar"


def test_a_name_in_another_script_in_brackets_is_a_name_of_its_own() -> None:
    assert find_renderings("Djaafar Abou Mohamed (جعفر ابو محمد)") == ["جعفر ابو محمد"]
    assert find_renderings("أنصار الشريعة (Ansar al Charia)") == ["Ansar al Charia"]
    assert find_renderings("حاجى مالك (Hajji Malik; Haji Malek)") == ["Hajji Malik", "Haji Malek"]
    assert find_renderings("Elizabeth (Liz) Müller") == []
    entity = print_of(type="person", names=[{"full": "Djaafar Abou Mohamed (جعفر ابو محمد)"}])
    assert sorted(name.tokens[0].script for name in entity.names) == ["Arabic", "Latin"]


@pytest.mark.parametrize(
    ("name", "rest", "other"),
    [
        ("KB Unmanned Helicopters (UAVHeli)", "KB Unmanned Helicopters", "UAVHeli"),
        ("People's Union (Narodny Soyuz)", "People's Union", "Narodny Soyuz"),
        ("Gunpowder Plant (Пороховой завод)", "Gunpowder Plant", "Пороховой завод"),
    ],
)
def test_a_brand_or_translation_in_brackets_is_another_name_of_a_body(name: str, rest: str, other: str) -> None:
    found, others = part_body_names(name)
    assert (found.strip(), others) == (rest, [other])


@pytest.mark.parametrize(
    "name",
    [
        "Bank Melli (London)", "BANK MELLI (LONDON)", "Acme (Overseas) Ltd", "Acme Trading (PVT)", "Alfa (Belarus)",
        "Acme (LLC)", "State Company (USA)", "Islamic State of Iraq (ISI)", "Acme (2)", "x ()", "(Acme)", "Acme (",
    ],
)  # fmt: skip
def test_other_brackets_make_no_name_of_a_body(name: str) -> None:
    assert part_body_names(name) == (name, [])


def test_a_body_has_the_name_in_brackets_and_its_text_as_it_came() -> None:
    names = [{"full": "KB Unmanned Helicopters (UAVHeli)"}]
    found = print_of(type="organisation", names=names).names
    assert sorted(tuple(token.text for token in name.tokens) for name in found) == [
        ("uavheli",),
        ("unmanned", "helicopters"),
    ]
