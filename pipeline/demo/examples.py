"""Links that show what the demo found: across scripts, by a thing in other hands, and one that only just suffices."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

import msgspec

from pipeline.index.documents import LinkDocument
from pipeline.locale import translate
from pipeline.matching.bands import Basis
from pipeline.matching.explain.explanation import Explanation, Item
from pipeline.matching.explain.wording import label, shared_finding
from pipeline.matching.explain.words import TYPES

THINGS: Final = "things"

MAX_EXAMPLES: Final = 3
"""As many as fit a screen below the demo's figures."""


def choose_examples(links: Sequence[LinkDocument], language: str = "en") -> dict[str, LinkDocument]:
    """At most MAX_EXAMPLES links by title, one of each kind; where a kind has none left, the next takes its place.

    Of a link by things the title says which, in the words of `language`.
    """
    ordered = sorted(links, key=lambda link: (-link.score, link.link))
    picked: dict[str, LinkDocument] = {}
    for kind, candidates in (
        ("Across scripts", [link for link in ordered if _has_name_in_two_scripts(explanation_of(link))]),
        (THINGS, [link for link in ordered if _rests_on_things(explanation_of(link))]),
        ("Weakest", ordered[::-1]),
        ("Strongest", ordered),
        ("In the middle", ordered[len(ordered) // 2 :]),
    ):
        chosen = next((link for link in candidates if link not in picked.values()), None)
        if chosen is not None and len(picked) < MAX_EXAMPLES:
            picked[_title_things(explanation_of(chosen), language) if kind == THINGS else kind] = chosen
    return picked


def _title_things(found: Explanation, language: str) -> str:
    """What a link of things is that no person counts for: "Same vessel, no person in common"."""
    if found.basis is Basis.SHARED:
        return shared_finding(found, language)
    best = max(found.entities, key=lambda part: part.counted)
    thing = label(TYPES, best.type_a, language).lower()
    return translate("Same {thing}, no person in common", language, thing=thing)


def explanation_of(link: LinkDocument) -> Explanation:
    """The link's explanation."""
    return msgspec.convert(link.evidence, Explanation)


def _has_name_in_two_scripts(explanation: Explanation) -> bool:
    return any(
        item.field == "name" and item.bits > 0 and crosses_scripts(item)
        for entity in explanation.entities
        for item in entity.items
    )


def crosses_scripts(item: Item) -> bool:
    """Whether two values are written in two scripts."""
    return _script(item.value_a) != _script(item.value_b)


def _script(text: str) -> str:
    """The script of a text's first letter, as Unicode names it."""
    return next((unicodedata.name(letter, "?").split()[0] for letter in text if letter.isalpha()), "")


def _rests_on_things(explanation: Explanation) -> bool:
    """Whether no person counts for the link."""
    return all("person" not in (entity.type_a, entity.type_b) for entity in explanation.entities if entity.counted > 0)
