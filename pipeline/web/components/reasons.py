"""Why a search result is there: what agreed, how well, and how rare that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.locale import N_
from pipeline.matching.explain.explanation import EntityEvidence, Item
from pipeline.matching.explain.wording import agreement, rarity
from pipeline.matching.explain.words import FIELDS
from pipeline.web.components.markup import bidi_text, box, text
from pipeline.web.components.measures import tell_bits
from pipeline.web.i18n import Words

MET = {
    "case": N_("the case number"),
    "number": N_("the same number"),
    "near": N_("a number that differs in one digit"),
    "phone": N_("the same phone number"),
    "email": N_("the same e-mail address"),
    "piece": N_("parts of the plate"),
    "place": N_("the same place"),
    "born": N_("the date of birth"),
    "text": N_("words in the title or summary"),
    "sound": N_("a similar-sounding name"),
    "name": N_("part of the name"),
    "key": N_("name together with another detail"),
}
"""The clauses of a question that a case can meet, said only where the matcher has no better reason."""

SHOWN = 5
"""Reasons beside a hit, the strongest; all are on the link's page."""


def draw_reasons(words: Words, evidence: Sequence[EntityEvidence], met: Iterable[str]) -> None:
    """The strongest reasons first; without any of the matcher's, the clauses that were met."""
    items = sorted((item for part in evidence for item in part.items), key=lambda item: -abs(item.bits))
    with box("div", "why"):
        for item in items[:SHOWN]:
            _draw_reason(words, item)
        if not items:
            text("span", ", ".join(words.label(MET, reason) for reason in met if reason in MET), "reason")


def _draw_reason(words: Words, item: Item) -> None:
    with box("span", "reason", title=tell_bits(words, item.bits)):
        text("b", words.label(FIELDS, item.field))
        text("span", " ")
        bidi_text(item.value_b)
        rare = rarity(item, words.language)
        text("span", f" {agreement(item, words.language)}" + (f" · {rare}" if rare else ""), "quiet")
