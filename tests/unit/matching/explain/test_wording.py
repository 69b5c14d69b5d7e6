"""Explanations in words: what is said of companions, in brief and in sentences."""

from __future__ import annotations

import pytest

from pipeline.locale import LANGUAGES, translate
from pipeline.matching.explain.breakdown import SENTENCES, describe_companions
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


@pytest.mark.parametrize(
    ("companions", "english", "french"),
    [
        (
            ("person", "household"),
            "If these were relatives, they could share a borrowed passport, a family name or an address.",
            (
                "S'il s'agissait de proches, ils pourraient avoir en commun "
                "un numéro emprunté (passeport), un nom de famille ou une adresse."
            ),
        ),
        (
            ("person", "named_after"),
            "If these were relatives, they could share a borrowed passport, the same name or an address.",
            (
                "S'il s'agissait de proches, ils pourraient avoir en commun "
                "un numéro emprunté (passeport), le même nom ou une adresse."
            ),
        ),
        (
            ("organisation", "named_after"),
            (
                "If these were two branches or bodies, they could share "
                "the same legal entity identifier, the same name or an address."
            ),
            (
                "S'il s'agissait de deux branches ou entités, elles pourraient avoir en commun "
                "le même numéro (identifiant d'entité juridique), le même nom ou une adresse."
            ),
        ),
        (
            ("organisation", "group"),
            (
                "If these were companies of one group, they could share "
                "the same legal entity identifier, the group's name or an address."
            ),
            (
                "S'il s'agissait de sociétés d'un même groupe, elles pourraient avoir en commun "
                "le même numéro (identifiant d'entité juridique), le nom du groupe ou une adresse."
            ),
        ),
    ],
    ids=["household", "named after", "branches", "group"],
)
def test_companions_share_what_such_companions_have(companions: tuple[str, str], english: str, french: str) -> None:
    kind, whom = companions
    number = {"person": "passport 12AB34567", "organisation": "lei 969500T6FEWUB4O4UE40"}[kind]
    items = (
        Item("identifier", "same", number, number, 2000, companions=300),
        Item("name", "same", "severin", "severin", 1500, companions=0),
        Item("address", "same_door", "1 quai", "1 quai", 900, companions=0),
    )
    part = EntityEvidence(kind, kind, "a", "b", items, 100, 0, -130, whom)
    for language, said in (("en", english), ("fr", french)):
        assert describe_companions(part, None, language)[0] == said


def test_every_kind_of_companions_has_its_sentences() -> None:
    assert set(SENTENCES) == set(KINDS)
