"""Korean syllables in Latin letters."""

from __future__ import annotations

import pytest

from pipeline.matching.names import levels
from pipeline.matching.names.korean import are_other_syllables
from support.matching.prints import compare_names


@pytest.mark.parametrize(("one", "other"), [("kyong", "yong"), ("kim", "gil"), ("chol", "chon"), ("pak", "paek")])
def test_syllables_that_no_romanisation_writes_alike_are_two(one: str, other: str) -> None:
    assert are_other_syllables(one, other)
    assert are_other_syllables(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("jong", "chong"), ("jung", "jeong"), ("ryong", "yong"), ("ri", "i"), ("ro", "no"), ("chul", "chol"),
     ("kil", "gil"), ("hyon", "hyun"), ("smith", "smyth"), ("kyong", "smith")],
)  # fmt: skip
def test_spellings_of_one_syllable_and_other_words_are_left_alone(one: str, other: str) -> None:
    assert not are_other_syllables(one, other)


def test_a_syllable_that_differs_is_another_given_name() -> None:
    assert compare_names("Ri Kyong Ho", "Ri Yong Ho").level == levels.DIFFERENT
    assert compare_names("Kim Jong Chol", "Kim Chong-chol").level != levels.DIFFERENT
