"""Family names and patronymics that are made of a given name."""

from __future__ import annotations

import pytest

from pipeline.matching.names import levels
from pipeline.matching.names.derived import is_derived
from pipeline.matching.names.sounds import sound_of
from support.matching.prints import compare_names


@pytest.mark.parametrize(
    ("name", "derived"),
    [("Roman", "Romanovich"), ("Ivan", "Ivanov"), ("Suleyman", "Suleimanova"), ("Petros", "Petrosyan"),
     ("Jan", "Jansen"), ("Fernando", "Fernandez"), ("Ahmad", "Ahmadzai"), ("Nikita", "Nikitin")],
)  # fmt: skip
def test_a_name_and_what_is_made_of_it_are_two(name: str, derived: str) -> None:
    one, other = sound_of(name.lower()), sound_of(derived.lower())
    assert is_derived(one, other)
    assert is_derived(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ivan", "Ivana"),
        ("Romanov", "Romanova"),
        ("Juare", "Juarez"),
        ("Maria", "Marin"),
        ("Alex", "Alexander"),
        ("Li", "Lin"),
    ],
)
def test_other_endings_derive_nothing(one: str, other: str) -> None:
    assert not is_derived(sound_of(one.lower()), sound_of(other.lower()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Roman Borisovich", "Boris Romanovich"),
        ("Анна Сулейманова", "Anna Suleyman"),
        ("Boris Ivanovich Petrov", "Ivan Borisovich Petrov"),
        ("Muhammad bin Ahmad al-Zahrani", "Ahmad bin Muhammad al-Zahrani"),
        ("Heydar Ilham oglu Aliyev", "Ilham Heydar oglu Aliyev"),
    ],
)
def test_a_father_is_not_his_child(one: str, other: str) -> None:
    assert compare_names(one, other).level == levels.DIFFERENT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Boris Ivanovich Petrov", "Boris Petrov"),
        ("Muhammad bin Ahmad al-Zahrani", "Muhammad al-Zahrani"),
        ("Sidi Ould Haidalla Abdelaziz", "Sidi Abdelaziz"),
    ],
)
def test_a_patronymic_may_be_missing(one: str, other: str) -> None:
    found = compare_names(one, other)
    assert found.level == levels.MISSING
    assert min(pair.bits for pair in found.pairs) == -20


def test_a_father_without_his_particle_is_the_same_word() -> None:
    found = compare_names("Muhammad bin Ahmad al-Zahrani", "Muhammad Ahmad al-Zahrani")
    assert found.level == levels.SAME


def test_another_father_contradicts_with_and_without_particle() -> None:
    for other in ("Muhammad bin Khalid al-Zahrani", "Muhammad Khalid al-Zahrani"):
        assert compare_names("Muhammad bin Ahmad al-Zahrani", other).level == levels.DIFFERENT


def test_a_patronymic_alone_is_a_name() -> None:
    assert compare_names("Romanovich", "Romanovich").level == levels.SAME
    assert compare_names("bin", "bin").bits >= 0
