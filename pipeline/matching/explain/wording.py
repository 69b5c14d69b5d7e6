"""Explanations as text, in English and French, from the same structure; bits with one decimal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.matching.explain.explanation import Counterfactual, EntityEvidence, Explanation, Item
from pipeline.matching.explain.words import (
    COMPANIONS,
    FIELDS,
    LEVELS,
    NAME_LEVELS,
    SENTENCES,
    TOKEN_LEVELS,
    TYPES,
    VALUES,
)
from pipeline.matching.names import TokenPair, levels
from pipeline.matching.names.token_levels import is_learnt
from pipeline.records.scripts import script_of

LANGUAGES = ("en", "fr")
CODED = frozenset({"gender", "identifier"})
"""Fields whose values are codes, or begin with one."""

CEILING = 0.99999
PERCENT = {"en": "%", "fr": "\N{NO-BREAK SPACE}%"}
MINUS = "\N{MINUS SIGN}"


def text(found: Explanation, language: str = "en") -> str:
    """The whole explanation, one statement a line. Raises KeyError for a language that is not in LANGUAGES."""
    return "\n".join(_statements(found, SENTENCES[language], language))


def legend(language: str) -> str:
    """How to read the lines of a text."""
    return SENTENCES[language]["reading"]


def reasons(parts: Iterable[EntityEvidence], language: str = "en") -> tuple[str, ...]:
    """What speaks for and against each pair of entities, one statement a line."""
    return tuple(line.strip() for part in parts for line in _entity(part, SENTENCES[language], language))


def _statements(found: Explanation, say: dict[str, str], language: str) -> Iterator[str]:
    band = say[found.band or "none"]
    yield say["verdict"].format(
        band=band, probability=percent(found.probability, language), bits=bits(found.score, language)
    )
    yield say["prior"].format(bits=bits(found.prior, language))
    for part in found.entities:
        yield from _entity(part, say, language)
        if part.bits < 0:
            yield say["floor"]
    if found.fees:
        yield say["attempts"].format(bits=bits(found.fees, language))
    yield from (counterfactual(one, found, language) for one in found.decisive)
    if found.counterfactuals and not found.decisive:
        yield steady(found, language)
    yield say["generation" if found.generation else "model"].format(
        model=found.model, hash=found.model_hash, generation=found.generation
    )


def _entity(part: EntityEvidence, say: dict[str, str], language: str) -> Iterator[str]:
    a, b = (TYPES[language].get(kind, kind) for kind in (part.type_a, part.type_b))
    yield say["entities"].format(a=f"{a} {part.entity_a}", b=f"{b} {part.entity_b}", bits=bits(part.bits, language))
    yield from (_item(item, say, language) for item in part.items)
    if part.alternative:
        said = COMPANIONS[language].get(part.type_a, "").format(bits=f"{bits(part.alternative, language):>6}")
        yield "  " + said


def _item(item: Item, say: dict[str, str], language: str) -> str:
    said = [
        say["item"].format(
            bits=bits(item.bits, language),
            share=f"{100 * item.share:.0f}{PERCENT[language]}" if item.share else "",
            field=FIELDS[language].get(item.field, item.field),
            level=agreement(item, language),
        )
    ]
    if rare := rarity(item, language):
        said.append(rare)
    values = f"{value(item.field, item.value_a, language)} ~ {value(item.field, item.value_b, language)}"
    tokens = [
        say["token"].format(a=pair.a or "∅", b=pair.b or "∅", level=token_level(pair, language))
        for pair in item.tokens
        if pair.a != pair.b
    ]
    return say["and"].join(said) + f" | {values}" + (f" ({say['and'].join(tokens)})" if tokens else "")


def rarity(item: Item, language: str) -> str:
    """Such as "1 in 3,400"; empty for what does not speak for the pair."""
    if not item.rarity:
        return ""
    return SENTENCES[language]["rarity"].format(number=grouped(item.rarity.removeprefix("1 in "), language))


def agreement(item: Item, language: str) -> str:
    """How well two values agree."""
    own = NAME_LEVELS[language] if item.field == "name" else {}
    return own.get(item.level) or LEVELS[language].get(item.level, item.level)


def value(field: str, said: str, language: str) -> str:
    """A value as compared, what is a code in words."""
    if field not in CODED:
        return said
    code, blank, rest = said.partition(" ")
    return VALUES[language].get(code, code) + blank + rest


def token_level(pair: TokenPair, language: str) -> str:
    """How two words of names agree; of a script without a learnt model also that."""
    said = TOKEN_LEVELS[language].get(pair.level, pair.level)
    scripts = {script_of(pair.a), script_of(pair.b)} if pair.a and pair.b else set()
    if pair.level == levels.DIFFERENT or len(scripts) < 2 or all(map(is_learnt, scripts)):
        return said
    return SENTENCES[language]["plainly"].format(level=said)


def counterfactual(one: Counterfactual, found: Explanation, language: str) -> str:
    """What would be without one field; whose it is where several entities have it."""
    say, field = SENTENCES[language], FIELDS[language].get(one.without, one.without)
    if len(found.entities) > 1:
        part = next(part for part in found.entities if part.entity_a == one.entity_a)
        field = say["of"].format(field=field, kind=TYPES[language].get(part.type_a, part.type_a), entity=one.entity_a)
    if not one.band:
        return say["without_none"].format(field=field)
    return say["without"].format(field=field, band=say[one.band], probability=percent(one.probability, language))


def steady(found: Explanation, language: str) -> str:
    """What is said where no single field decides."""
    return SENTENCES[language]["steady" if found.band else "steady_none"]


def bits(hundredths: int, language: str) -> str:
    """Signed bits with one decimal: +12.3, in French +12,3."""
    sign = MINUS if hundredths < 0 else "+"
    return decimal(f"{sign}{abs(hundredths) / 100:.1f}", language)


def percent(probability: float, language: str) -> str:
    """A probability with as many digits as mean anything; never a certainty that nobody has."""
    digits = 1 if 0.001 < probability < 0.999 else 3
    bound = "> " if probability > CEILING else "< " if probability < 1 - CEILING else ""
    said = 100 * min(CEILING, max(1 - CEILING, probability))
    return bound + decimal(f"{said:.{digits}f}", language) + PERCENT[language]


def decimal(number: str, language: str) -> str:
    """The number with the language's decimal mark."""
    return number.replace(".", ",") if language == "fr" else number


def grouped(number: str, language: str) -> str:
    """The number with the language's grouping mark."""
    return number.replace(",", "\N{NARROW NO-BREAK SPACE}") if language == "fr" else number
