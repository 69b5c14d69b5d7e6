"""Sounds of Latin spellings."""

from __future__ import annotations

import re
from itertools import groupby, product

import pytest

from pipeline.matching.names.sounds import _CLUSTERS, reduce_to_sounds, skeleton_of, sound_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("nuristani", "nooristani"),
        ("lawrov", "lavrov"),
        ("szalom", "shalom"),
        ("kadhafi", "qadafi"),
        ("matthias", "mathias"),
    ],
)
def test_spellings_of_one_name_sound_alike(one: str, other: str) -> None:
    assert sound_of(one) == sound_of(other)
    assert skeleton_of(one) == skeleton_of(other)


def test_vowels_are_no_part_of_a_skeleton_but_at_its_start() -> None:
    assert skeleton_of("obama") == skeleton_of("abima") == "_bm"


def test_nothing_sounds_like_nothing() -> None:
    assert sound_of("") == skeleton_of("") == ""


def test_letters_that_are_replaced_after_clusters_are_in_no_sound_of_these() -> None:
    every = re.compile("|".join(sorted(_CLUSTERS, key=len, reverse=True)))
    for spelled in map("".join, product(_CLUSTERS, _CLUSTERS)):
        at_once = every.sub(lambda found: _CLUSTERS[found[0]], spelled)
        heard = re.sub("h(?![aiu])", "", at_once)
        assert reduce_to_sounds(spelled) == "".join(letter for letter, _ in groupby(heard))
