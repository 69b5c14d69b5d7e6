"""Prints: what is computed once of a name."""

from __future__ import annotations

import msgspec

from pipeline.matching.names import NamePrint, sound_keys
from support.matching.prints import name_print


def test_a_print_survives_the_wire() -> None:
    prints = [name_print(text) for text in ("Иван bin Петров", "Abdul Rahman", "N/A", "김정은")]
    assert msgspec.json.decode(msgspec.json.encode(prints), type=list[NamePrint]) == prints


def test_digits_within_a_word_are_the_letters_they_look_like() -> None:
    assert [token.forms[0] for token in name_print("Ig0r Sech1n").tokens] == ["igor", "sechin"]
    assert name_print("Witness12").tokens[0].forms == ("witness12",)


def test_umlauts_have_both_spellings() -> None:
    assert name_print("Müller").tokens[0].forms == ("muller", "mueller")


def test_particles_are_kept_for_joining_only() -> None:
    found = name_print("Pieter van der Bilt")
    assert [token.text for token in found.tokens] == ["pieter", "bilt"]
    assert found.glue == ("", "vander")


def test_sound_keys_put_the_rarest_token_first_and_leave_initials_out() -> None:
    keys = sound_keys(name_print("John B. Oczko"))
    assert [key.rarity for key in keys] == sorted((key.rarity for key in keys), reverse=True)
    assert len(keys) == 2


def test_spellings_in_two_scripts_share_a_key() -> None:
    for one, other in (("Петров", "Petrov"), ("محمد", "Mohamed"), ("オバマ", "Obama"), ("Youssef", "Yusuf")):
        first, second = (set(sound_keys(name_print(text))[0].sounds) for text in (one, other))
        assert first & second


def test_keys_of_a_token_are_few() -> None:
    for text in ("Petrov", "Александровский", "利文斯顿", "ヴィッサリオン"):
        assert all(1 <= len(key.sounds) <= 6 for key in sound_keys(name_print(text)))


def test_a_word_without_a_latin_form_says_nothing() -> None:
    assert name_print("+:𔓨", "organisation").tokens == ()
    found = name_print("𔓨 van der Berg 🙂")
    assert [token.text for token in found.tokens] == ["berg"]
    assert len(found.glue) == 1
