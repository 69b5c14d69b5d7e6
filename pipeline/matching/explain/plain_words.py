"""A link in one sentence for somebody who is no analyst: what is the same, how the names agree, what speaks against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.locale import N_, translate, translate_plural
from pipeline.matching.basis import Basis
from pipeline.matching.explain.explanation import EntityEvidence, Explanation, Item
from pipeline.matching.explain.wording import agreement, label, shared_finding
from pipeline.matching.explain.words import FIELDS, IDENTIFIER_TYPES, TYPES
from pipeline.matching.names import levels
from pipeline.records.scripts import script_of

WHOLLY: Final = frozenset({"same", "agrees", "same_national", "same_first_january", "same_door", "same_spot"})
"""Levels at which a layman calls two values the same."""

SCRIPTS: Final = {
    "Arabic": N_("Arabic"),
    "Armenian": N_("Armenian"),
    "Bengali": N_("Bengali"),
    "Cyrillic": N_("Cyrillic"),
    "Devanagari": N_("Devanagari"),
    "Georgian": N_("Georgian"),
    "Greek": N_("Greek"),
    "Han": N_("Chinese characters"),
    "Hangul": N_("Korean"),
    "Hebrew": N_("Hebrew"),
    "Hiragana": N_("Japanese"),
    "Katakana": N_("Japanese"),
    "Thai": N_("Thai"),
}
"""Scripts as they are called in running text; others by their name in Unicode."""

NAME_FINDINGS: Final = (
    (frozenset({levels.DIFFERENT}), N_("the names agree in part")),
    (frozenset({levels.NEAR, levels.EDIT}), N_("the name is spelled slightly differently")),
    (frozenset({levels.VARIANT}), N_("one name is a short form or variant of the other")),
    (frozenset({levels.TRANSLATION}), N_("one name translates the other")),
    (frozenset({levels.ALIGNED, levels.SOUND, levels.FAINT}), N_("the name is the same in another spelling")),
    (frozenset({levels.ACRONYM}), N_("one name is an acronym of the other")),
    (frozenset({levels.INITIAL, levels.MISSING}), N_("part of the name is missing or an initial")),
)
"""What is said of a name whose words agree at one of these levels, the weakest first."""

READ: Final = frozenset({levels.ALIGNED, levels.SOUND, levels.FAINT, levels.VARIANT, levels.SAME, levels.FOLDED})
"""Levels of words in two scripts that are one word read from one of them."""


def strongest_pair(found: Explanation) -> EntityEvidence | None:
    """The two entities that speak most for a link."""
    return max(found.entities, key=lambda part: part.bits, default=None)


def agreeing_things(part: EntityEvidence, language: str) -> tuple[str, ...]:
    """What two entities have in common, the strongest first: "passport", "date of birth"."""
    found = sorted((item for item in part.items if item.bits > 0), key=lambda item: -item.bits)
    return tuple(dict.fromkeys(compared_thing(item, language) for item in found))


def plain_summary(found: Explanation, language: str) -> str:
    """Such as "Same passport and date of birth; the name is the same word read from Arabic."."""
    part = strongest_pair(found)
    if part is None:
        return ""
    if found.basis is Basis.SHARED:
        said = [shared_finding(found, language)]
    else:
        said = [*_clauses(part, language), *_other_things(found, part, language)]
    return _as_sentence(translate("; ", language).join(said))


def _clauses(part: EntityEvidence, language: str) -> Iterator[str]:
    agreeing = sorted((item for item in part.items if item.bits > 0), key=lambda item: -item.bits)
    names = [item for item in agreeing if item.field == "name"]
    said = [finding for item in names if (finding := _name_finding(item, language))]
    same = [item for item in agreeing if item.level in WHOLLY and not (item.field == "name" and said)]
    if same:
        things = list(dict.fromkeys(compared_thing(item, language) for item in same))
        yield translate_plural("same {things}", "same {things}", len(things), language).format(
            things=_list_words(things, language)
        )
    yield from said
    for item in agreeing:
        if item.field != "name" and item.level not in WHOLLY:
            yield f"{compared_thing(item, language)} ({agreement(item, language)})"
    if against := [item for item in part.items if item.bits < 0]:
        things = list(dict.fromkeys(compared_thing(item, language) for item in against))
        yield translate("against it: {things}", language, things=_list_words(things, language))


def _other_things(found: Explanation, strongest: EntityEvidence, language: str) -> Iterator[str]:
    """What else both cases have in common, such as a car, by type."""
    others = [part for part in found.entities if part is not strongest and part.bits > 0]
    if others:
        things = list(dict.fromkeys(lower_label(label(TYPES, part.type_a, language)) for part in others))
        yield translate("also in common: {things}", language, things=_list_words(things, language))


def _name_finding(item: Item, language: str) -> str:
    """How a name that agrees does so; empty where it is the same word by word."""
    apart = [pair for pair in item.tokens if pair.a != pair.b]
    if apart and all(pair.level in READ for pair in apart):
        read = [script for pair in apart if (script := _foreign_script(pair.a, pair.b))]
        if len(read) == len(apart):
            return translate_plural(
                "the name is the same word read from {script}",
                "the names are the same words read from {script}",
                len(read),
                language,
            ).format(script=label(SCRIPTS, read[0], language))
    held = {pair.level for pair in apart}
    return next((translate(word, language) for some, word in NAME_FINDINGS if held & some), "")


def _foreign_script(a: str, b: str) -> str:
    """Of two words in two scripts, the script that is not Latin; empty for words in one script."""
    scripts = [script_of(a), script_of(b)]
    if not all(scripts) or scripts[0] == scripts[1]:
        return ""
    return next(script for script in scripts if script != "Latin")


def compared_thing(item: Item, language: str) -> str:
    """What an item compares as it is called within a sentence; a number by its type on side b."""
    if item.field == "identifier":
        kind = item.value_b.partition(" ")[0]
        return label(IDENTIFIER_TYPES, kind, language)
    return lower_label(label(FIELDS, item.field, language))


def lower_label(word: str) -> str:
    """A label as it is written within a sentence; abbreviations stay as they are."""
    return word if word[:2].isalpha() and word[:2].isupper() else word[:1].lower() + word[1:]


def _list_words(things: Sequence[str], language: str) -> str:
    """Words joined as in running text: "passport, phone number and date of birth"."""
    if len(things) == 1:
        return things[0]
    return translate("{first} and {last}", language, first=", ".join(things[:-1]), last=things[-1])


def _as_sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}."
