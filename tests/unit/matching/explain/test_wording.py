"""Explanations in words: what a brief statement says of companions."""

from __future__ import annotations

import pytest

from pipeline.locale import LANGUAGES, translate
from pipeline.matching.explain.explanation import EntityEvidence, Item
from pipeline.matching.explain.wording import agreement, companions_called, reasons
from pipeline.matching.explain.words import COMPANIONS

KINDS = [(kind, companions) for kind, sentences in COMPANIONS.items() for companions in sentences]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "companions"), KINDS)
def test_a_brief_reason_says_whom_two_may_be_and_leaves_the_rest_to_the_bits(
    kind: str, companions: str, language: str
) -> None:
    part = EntityEvidence(kind, kind, "a", "b", (), 100, 0, -130, companions)
    [line] = reasons([part], language)
    said = line.partition("  ")[2]
    assert said == companions_called(part, language) == translate(COMPANIONS[kind][companions], language)
    assert ":" not in said


@pytest.mark.parametrize(
    ("a", "b", "english", "french"),
    [
        ("48.85000, 2.35000 @ 2026-03-01T10:00:00Z", "48.85117, 2.35000 @ 2026-03-01T10:08:00Z",
         "130 m and 8 minutes apart", "à 130 m et 8 minutes l'un de l'autre"),
        ("48.85000, 2.35000", "48.88000, 2.35000", "3.3 km apart", "à 3,3 km l'un de l'autre"),
        ("48.85000, 2.35000", "48.85000, 2.35000", "", ""),
        ("48.85000, 2.35000 @ 2026-03-01T10:00:00Z", " @ 2026-03-01T10:00:00Z", "", ""),
    ],
)  # fmt: skip
def test_places_say_how_far_apart_they_are(a: str, b: str, english: str, french: str) -> None:
    for language, gap in (("en", english), ("fr", french)):
        item = Item("when_where", "same_spot_and_hour", a, b, 100)
        assert agreement(item, language).endswith(gap)
        assert ("apart" in agreement(item, "en")) is bool(gap)
