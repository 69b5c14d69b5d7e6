"""Explanations as text, in each of LANGUAGES, from the same structure; bits with one decimal.

`plain_summary` says a link in one sentence for somebody who is no analyst: what is the same, how the names agree, what
speaks against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from babel import dates

from pipeline.locale import LANGUAGES, N_, translate, translate_plural
from pipeline.matching.bands import Band, Basis
from pipeline.matching.comparisons.positions import distance_m, read_where
from pipeline.matching.explain.explanation import AsOne, Counterfactual, EntityEvidence, Explanation, Item
from pipeline.matching.explain.words import (
    COMPANIONS,
    FIELD_PHRASES,
    FIELDS,
    GENDERS,
    HOLDERS,
    IDENTIFIER_TYPES,
    LEVELS,
    NAME_LEVELS,
    TOKEN_LEVELS,
    TYPES,
    describe_birth_date,
)
from pipeline.matching.names import TokenPair, levels
from pipeline.matching.names.token_levels import is_learnt
from pipeline.records.scripts import script_of

CodeT = TypeVar("CodeT", bound=str)

CODED = {"gender": GENDERS, "identifier": IDENTIFIER_TYPES}
"""Fields whose values are codes, or begin with one."""

PLACED = frozenset({"when_where", "coordinates"})
"""Fields whose values are coordinates."""

KILOMETRE_M, TEN_KM_M = 1_000.0, 10_000.0
"""Metres from which a distance is said in kilometres, and in whole ones."""

CEILING = 0.99999
_LITTLE = 50
"""Hundredths of a bit below which what companions take away is no reason of its own."""
MINUS = "\N{MINUS SIGN}"

BANDS = {
    Band.CERTAIN: N_("Certain link"),
    Band.PROBABLE: N_("Probable link"),
    Band.POSSIBLE: N_("Possible link"),
    Band.NONE: N_("No link"),
}

LEGEND = N_(
    "Each line: bits for (+) or against (−) the link; its share of all evidence for the link; how well the two values "
    "agree; 1 in N: how rare such agreement is between strangers; both values as compared."
)


def legend(language: str) -> str:
    """How to read the lines of a text."""
    return translate(LEGEND, language)


def reasons(parts: Iterable[EntityEvidence], language: str = "en") -> tuple[str, ...]:
    """What speaks for and against a record that answers a question, in brief, one statement a line.

    Of the values only the record's are told (`b`): who asks knows what was asked for.
    """
    return tuple(line for part in parts for line in _entity_in_brief(part, language))


def label(names: Mapping[CodeT, str], code: CodeT, language: str) -> str:
    """What a code of a table of words.py is called; the code itself where the table lacks it."""
    return translate(names[code], language) if code in names else code


def shared_finding(found: Explanation, language: str) -> str:
    """What a shared number is: "Same passport, two people"."""
    (part,) = found.entities
    kind = part.items[0].value_a.partition(" ")[0]
    return translate(
        "Same {number}, {holders}",
        language,
        number=label(IDENTIFIER_TYPES, kind, language),
        holders=label(HOLDERS, part.type_a, language) if part.type_a in HOLDERS else translate("two records", language),
    )


def not_one(found: AsOne, language: str) -> str:
    """Why two who share a number are not taken for one."""
    return translate(
        "Taken as one, all evidence together gives {bits} bits, probability {probability}: not enough.",
        language,
        bits=bits(found.score, language),
        probability=percent(found.probability, language),
    )


def origin(found: Explanation, language: str) -> str:
    """Which model the explanation is by, and in which generation it was computed."""
    if not found.generation:
        return translate("Model {model} ({hash}).", language, model=found.model, hash=found.model_hash)
    return translate(
        "Model {model} ({hash}), generation {generation}.",
        language,
        model=found.model,
        hash=found.model_hash,
        generation=found.generation,
    )


def band(name: Band | None, language: str) -> str:
    """A band in words, also that of no link."""
    return label(BANDS, name or Band.NONE, language)


def _entity_in_brief(part: EntityEvidence, language: str) -> Iterator[str]:
    for item in part.items:
        between, rare = translate("; ", language), rarity(item, language)
        said = between.join(filter(None, (_agreed(item, language), rare)))
        yield f"{bits(item.bits, language)}  {said} | {value(item.field, item.value_b, language)}"
    if abs(part.alternative) >= _LITTLE:
        yield f"{bits(part.alternative, language)}  {companions_called(part, language)}"


def companions_called(part: EntityEvidence, language: str) -> str:
    """What the line is called by which companions, such as relatives, lower the evidence of two entities."""
    return label(COMPANIONS.get(part.type_a, {}), part.companions, language)


def describe_item(item: Item, language: str) -> str:
    """A comparison in one line: bits, share, how well the values agree, how rare that is, both values."""
    percent_sign = LANGUAGES[language].percent
    share = f"{100 * item.share:.0f}{percent_sign}" if item.share else ""
    agreed = _agreed(item, language)
    said = [f"  {bits(item.bits, language):>6} {share:>{len('100') + len(percent_sign)}}  {agreed}"]
    if rare := rarity(item, language):
        said.append(rare)
    values = f"{value(item.field, item.value_a, language)} ~ {value(item.field, item.value_b, language)}"
    tokens = [_token(pair, language) for pair in item.tokens if pair.a != pair.b]
    between = translate("; ", language)
    return between.join(said) + f" | {values}" + (f" ({between.join(tokens)})" if tokens else "")


def _agreed(item: Item, language: str) -> str:
    return translate(
        "{field}: {level}", language, field=label(FIELDS, item.field, language), level=agreement(item, language)
    )


def _token(pair: TokenPair, language: str) -> str:
    return translate(
        "{a} ~ {b}: {level}", language, a=pair.a or "∅", b=pair.b or "∅", level=token_level(pair, language)
    )


def rarity(item: Item, language: str) -> str:
    """Such as "1 in 3,400"; empty for what does not speak for the pair."""
    return one_in(item.rarity, language) if item.rarity else ""


def one_in(said: str, language: str) -> str:
    """Write "1 in 3,400" in a language."""
    return translate("1 in {number}", language, number=grouped(said.removeprefix("1 in "), language))


def agreement(item: Item, language: str) -> str:
    """How well two values agree; of two places also how far apart they are, which no reader sees in coordinates."""
    own = NAME_LEVELS if item.field == "name" and item.level in NAME_LEVELS else LEVELS
    said = label(own, item.level, language)
    apart = _describe_gap(item, language) if item.field in PLACED else ""
    return translate("{level}: {gap}", language, level=said, gap=apart) if apart else said


def _describe_gap(item: Item, language: str) -> str:
    """How far apart two places and times are, such as "130 m and 8 minutes apart"; "" for one, or one unknown."""
    a, b = read_where(item.value_a), read_where(item.value_b)
    if a is None or b is None or a == b:
        return ""
    metres = distance_m(a[0], b[0])
    near = metres < KILOMETRE_M
    far = decimal(f"{metres / KILOMETRE_M:.0f}" if metres >= TEN_KM_M else f"{metres / KILOMETRE_M:.1f}", language)
    length = f"{round(metres, -1 if metres >= 10 else 0):.0f} m" if near else f"{far} km"
    if a[1] is None or b[1] is None:
        return translate("{length} apart", language, length=length)
    span = dates.format_timedelta(abs(a[1] - b[1]), threshold=1.5, locale=language)
    return translate("{length} and {span} apart", language, length=length, span=span)


def name_pair(part: EntityEvidence) -> tuple[str, str]:
    """By what a reader knows two entities, as it was compared: their names, else what says most for them; or ""."""
    named = next((item for item in part.items if item.field == "name"), None)
    said = [item for item in part.items if item.bits > 0 and item.field not in PLACED]
    best = named or max(said, key=lambda item: item.bits, default=None)
    return (best.value_a, best.value_b) if best else ("", "")


def value(field: str, said: str, language: str) -> str:
    """A value as compared, what is a code in words."""
    if field == "birth_date":
        return describe_birth_date(said, language)
    if field not in CODED:
        return said
    code, blank, rest = said.partition(" ")
    return label(CODED[field], code, language) + blank + rest


def finding(item: Item, language: str) -> str:
    """How two values agree; of names also which words are not written alike, and how those agree."""
    tokens = [_token(pair, language) for pair in item.tokens if pair.a != pair.b]
    return agreement(item, language) + (f" ({translate('; ', language).join(tokens)})" if tokens else "")


def token_level(pair: TokenPair, language: str) -> str:
    """How two words of names agree; of a script without a learnt model also that."""
    said = label(TOKEN_LEVELS, pair.level, language)
    scripts = {script_of(pair.a), script_of(pair.b)} if pair.a and pair.b else set()
    if pair.level == levels.DIFFERENT or len(scripts) < 2 or all(map(is_learnt, scripts)):
        return said
    return translate("{level} (simple romanisation, counts less)", language, level=said)


def counterfactual(change: Counterfactual, found: Explanation, language: str) -> str:
    """What would be without one field; whose it is where several entities have it."""
    field = label(FIELD_PHRASES, change.without, language)
    if len(found.entities) > 1:
        part = next(part for part in found.entities if part.entity_a == change.entity_a)
        kind = label(TYPES, part.type_a, language)
        entity = name_pair(part)[0] or change.entity_a
        field = translate("{field} of {kind} {entity}", language, field=field, kind=kind, entity=entity)
    if not change.band:
        return translate("Without {field}: below the threshold, no link.", language, field=field)
    return translate(
        "Without {field}: {band}, probability {probability}.",
        language,
        field=field,
        band=band(change.band, language),
        probability=percent(change.probability, language),
    )


def steady(found: Explanation, language: str) -> str:
    """What is said where no single field decides."""
    if found.band:
        return translate("No single field decides: without any one of them the result would be the same.", language)
    return translate("No single field decides: without any one of them there would still be no link.", language)


def bits(hundredths: int, language: str) -> str:
    """Signed bits with one decimal: +12.3, in French +12,3."""
    sign = MINUS if hundredths < 0 else "+"
    return decimal(f"{sign}{abs(hundredths) / 100:.1f}", language)


def percent(probability: float, language: str) -> str:
    """A probability with as many digits as mean anything; never a certainty that nobody has."""
    digits = 1 if 0.001 < probability < 0.999 else 3
    bound = "> " if probability > CEILING else "< " if probability < 1 - CEILING else ""
    said = 100 * min(CEILING, max(1 - CEILING, probability))
    return bound + decimal(f"{said:.{digits}f}", language) + LANGUAGES[language].percent


def decimal(number: str, language: str) -> str:
    """The number with the language's decimal mark."""
    return number.replace(".", LANGUAGES[language].decimal)


def grouped(number: str, language: str) -> str:
    """The number with the language's grouping mark."""
    return number.replace(",", LANGUAGES[language].grouping)


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


def partly_compared(language: str) -> str:
    """That two cases say more than is compared."""
    return translate("Both records say so much that only what is likeliest to agree was compared.", language)


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
    sentence = translate("; ", language).join(said)
    return f"{sentence[:1].upper()}{sentence[1:]}."


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
