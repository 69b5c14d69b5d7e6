"""Words of scripts that leave out vowels."""

from __future__ import annotations

import pytest

from pipeline.matching.names import levels
from support.matching.prints import compare_names


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("القحطاني", "القحطانى", levels.FOLDED),
        ("أحمد", "احمد", levels.FOLDED),
        ("فاطمة", "فاطمه", levels.FOLDED),
        ("کریم", "كريم", levels.FOLDED),
        ("قاضي", "قادي", levels.SOUND),
        ("الزهراني", "الزهراتي", levels.EDIT),
        ("محمد", "محمود", levels.NEAR),
        ("محمد", "أحمد", levels.DIFFERENT),
        ("سالم", "سليم", levels.DIFFERENT),
        ("יעקבסון", "יעקובסון", levels.EDIT),
    ],
)
def test_letters_that_are_exchanged_are_one_and_others_tell_names_apart(one: str, other: str, level: str) -> None:
    assert compare_names(one, other).level == level
    assert compare_names(other, one).level == level


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("هدايت الله عمر", "Hidayatullah Omar"),
        ("نصیر الدین حقانی", "Nasiruddin Haqqani"),
        ("عبدالجبار عمري", "Abdul Jabbar Omari"),
        ("عبد الجبار عمري", "Abduljabbar Omari"),
        ("عبد الجبار عمري", "عبدالجبار عمري"),
        ("نجيب الله", "نجيبالله"),
        ("احسان الحق", "Ehsan ul-Haq"),
        ("ډاکټر خالد", "ډاکټر خالد"),
    ],
)
def test_names_of_two_words_are_as_they_are_written_together(one: str, other: str) -> None:
    found = compare_names(one, other)
    assert found.bits > 1000
    assert found.level in (levels.SAME, levels.ALIGNED, levels.SOUND)


def test_a_word_without_vowels_abbreviates_nothing() -> None:
    found = compare_names("ضياء الحق خان", "Zia ul-Haq Khan")
    assert found.level == levels.ALIGNED
    assert len(found.pairs) == 3
