"""Explanations in words: what a brief statement says of companions."""

from __future__ import annotations

import pytest

from pipeline.locale import LANGUAGES, translate
from pipeline.matching.explain.explanation import EntityEvidence
from pipeline.matching.explain.wording import companions_called, reasons
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
