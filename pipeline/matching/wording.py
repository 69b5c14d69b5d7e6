"""Explanations as text, in English and French, from the same structure; bits with one decimal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.matching.explanation import Counterfactual, EntityEvidence, Explanation, Item
from pipeline.matching.words import COMPANIONS, FIELDS, LEVELS, SENTENCES, TOKEN_LEVELS, TYPES

LANGUAGES = ("en", "fr")
MINUS = "\N{MINUS SIGN}"


def text(found: Explanation, language: str = "en") -> str:
    """The whole explanation, one statement a line. Raises KeyError for a language that is not in LANGUAGES."""
    return "\n".join(_statements(found, SENTENCES[language], language))


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
    if found.attempts:
        yield say["attempts"].format(bits=bits(-found.attempts, language))
    yield from (_counterfactual(one, found, say, language) for one in found.counterfactuals if one.band != found.band)
    if found.counterfactuals and all(one.band == found.band for one in found.counterfactuals):
        yield say["steady"]
    yield say["model"].format(model=found.model, hash=found.model_hash) + (
        f" ({found.generation})" if found.generation else ""
    )


def _entity(part: EntityEvidence, say: dict[str, str], language: str) -> Iterator[str]:
    kinds = (TYPES[language].get(kind, kind) for kind in (part.type_a, part.type_b))
    a, b = kinds
    yield say["entities"].format(a=f"{a} {part.entity_a}", b=f"{b} {part.entity_b}", bits=bits(part.bits, language))
    yield from (_item(item, say, language) for item in part.items)
    if part.alternative:
        yield "  " + COMPANIONS[language].get(part.type_a, "").format(bits=bits(part.alternative, language))


def _item(item: Item, say: dict[str, str], language: str) -> str:
    field, level = FIELDS[language].get(item.field, item.field), LEVELS[language].get(item.level, item.level)
    rare = (
        f"; {say['rarity'].format(number=grouped(item.rarity.removeprefix('1 in '), language))}" if item.rarity else ""
    )
    line = f"  {bits(item.bits, language):>6}  {field}: {level}{rare} | {item.value_a} ~ {item.value_b}"
    tokens = [pair for pair in item.tokens if pair.a != pair.b]
    said = (
        f"{pair.a or '∅'} ~ {pair.b or '∅'}: {TOKEN_LEVELS[language].get(pair.level, pair.level)}" for pair in tokens
    )
    return line + (f" ({'; '.join(said)})" if tokens else "")


def _counterfactual(one: Counterfactual, found: Explanation, say: dict[str, str], language: str) -> str:
    field = FIELDS[language].get(one.without, one.without)
    if not one.band and found.band:
        return say["without_none"].format(field=field)
    return say["without"].format(
        field=field, band=say[one.band or "none"], probability=percent(one.probability, language)
    )


def bits(hundredths: int, language: str) -> str:
    """Signed bits with one decimal: +12.3, in French +12,3."""
    sign = MINUS if hundredths < 0 else "+"
    return decimal(f"{sign}{abs(hundredths) / 100:.1f}", language)


def percent(probability: float, language: str) -> str:
    """A probability with as many digits as mean anything."""
    shown = f"{100 * probability:.1f}" if 0.001 < probability < 0.999 else f"{100 * probability:.3f}"
    return decimal(shown, language) + ("\N{NO-BREAK SPACE}%" if language == "fr" else "%")


def decimal(number: str, language: str) -> str:
    """The number with the language's decimal mark."""
    return number.replace(".", ",") if language == "fr" else number


def grouped(number: str, language: str) -> str:
    """The number with the language's grouping mark."""
    return number.replace(",", "\N{NARROW NO-BREAK SPACE}") if language == "fr" else number
