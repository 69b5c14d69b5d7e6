"""Links that show what the demo found: across scripts, by a thing in other hands, and one that only just suffices."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import msgspec

from pipeline.index.documents import LinkDocument
from pipeline.matching.explain.explanation import Explanation, Item

MAX_EXAMPLES = 3
"""As many as fit a screen below the demo's figures."""


def choose_examples(links: Sequence[LinkDocument]) -> dict[str, LinkDocument]:
    """At most MAX_EXAMPLES links by title, one of each kind; where a kind has none left, the next takes its place."""
    ordered = sorted(links, key=lambda link: (-link.score, link.link))
    picked: dict[str, LinkDocument] = {}
    for title, candidates in (
        ("Across scripts", [link for link in ordered if _has_name_in_two_scripts(explanation_of(link))]),
        ("Same thing, different people", [link for link in ordered if _rests_on_things(explanation_of(link))]),
        ("Weakest", ordered[::-1]),
        ("Strongest", ordered),
        ("In the middle", ordered[len(ordered) // 2 :]),
    ):
        chosen = next((link for link in candidates if link not in picked.values()), None)
        if chosen is not None and len(picked) < MAX_EXAMPLES:
            picked[title] = chosen
    return picked


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
