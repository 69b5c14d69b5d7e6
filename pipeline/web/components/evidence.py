"""Two sides compared field by field: values, level, bits, rarity, and what would change the decision."""

from __future__ import annotations

from collections.abc import Iterator

import htpy

from pipeline.access.redaction import Row
from pipeline.matching.explain.breakdown import (
    LINES,
    EvidenceLine,
    PairBreakdown,
    ScoreBreakdown,
    break_down,
    break_down_pair,
    count_as_companions,
    describe_companions,
)
from pipeline.matching.explain.explanation import EntityEvidence, Explanation, Item
from pipeline.matching.explain.wording import (
    agreement,
    companions_called,
    counterfactual,
    name_pair,
    not_one,
    rarity,
    steady,
    token_level,
    value,
)
from pipeline.matching.explain.words import FIELDS, TYPES
from pipeline.web.components.measures import render_bits
from pipeline.web.components.names import render_name
from pipeline.web.i18n import Words

Countries = tuple[str, str]
"""Of the agencies of both sides, "" where it is not known."""

NAMED = frozenset(("name", "other_names"))
"""Comparisons whose values are names."""


def render_sides_comparison(words: Words, found: Explanation, a: Row, b: Row) -> htpy.Element:
    """The comparison of two sides, each with its agency and country."""
    return render_comparison(words, found, a["agency"], b["agency"], (a["country"], b["country"]))


def render_comparison(
    words: Words, found: Explanation, side_a: str, side_b: str, countries: Countries = ("", "")
) -> htpy.Element:
    """The whole comparison as one table, a block of rows for each pair of entities."""
    titles = (words("Field"), side_a, words("Agreement"), side_b, words("Bits"), words("Rarity"))
    heads = (htpy.th(class_="number" if title in titles[4:] else None, scope="col")[title] for title in titles)
    lines = break_down(found, words.language)
    as_one = () if found.as_one is None else (break_down_pair(found.as_one.evidence, words.language),)
    return htpy.table(".folds.compare")[
        htpy.caption(".hidden-words")[words("Comparison field by field")],
        htpy.thead[htpy.tr[heads]],
        (htpy.tbody[_render_entity_pair(words, pair, titles, countries)] for pair in lines.pairs),
        htpy.tbody[_render_total(words, lines, titles)],
        (htpy.tbody[_render_entity_pair(words, pair, titles, countries)] for pair in as_one),
    ]


def _render_entity_pair(
    words: Words, pair: PairBreakdown, titles: tuple[str, ...], countries: Countries
) -> Iterator[htpy.Element]:
    part = pair.part
    kind = words.label(TYPES, part.type_a)
    a, b = name_pair(part)
    other = htpy.fragment[" = ", render_name(b, countries[1])] if a != b else None
    names = htpy.fragment[words(": "), render_name(a, countries[0]), other] if a else None
    yield htpy.tr(".pair")[
        htpy.th(scope="rowgroup", colspan="4")[kind, names],
        htpy.td(".number.strong", data_column=titles[4])[render_bits(words, pair.bits)],
        htpy.td,
    ]
    for line in pair.lines:
        yield (
            _render_line(words, line, titles)
            if line.item is None
            else _render_item(words, line.item, titles, countries)
        )


def _render_total(words: Words, lines: ScoreBreakdown, titles: tuple[str, ...]) -> Iterator[htpy.Element]:
    """What makes the score of the pairs' bits, and the score."""
    floors = sum(-pair.bits for pair in lines.pairs if pair.bits < 0)
    steps = (("prior", lines.prior), ("floor", floors), ("attempts", lines.fees))
    for kind, hundredths in steps:
        if hundredths:
            yield _render_line(words, EvidenceLine(kind, words.label(LINES, kind), hundredths), titles)
    yield htpy.tr(".pair.total")[
        htpy.th(scope="row", colspan="4")[words.label(LINES, "score")],
        htpy.td(".number.strong", data_column=titles[4])[render_bits(words, lines.score)],
        htpy.td,
    ]


def _render_line(words: Words, line: EvidenceLine, titles: tuple[str, ...]) -> htpy.Element:
    """A line that compares no two values."""
    explained = words("What such evidence is worth, as labelled pairs show") if line.kind == "calibration" else ""
    return htpy.tr[
        htpy.th(scope="row", colspan=None if explained else "4")[line.label],
        explained and htpy.td(colspan="3")[explained],
        htpy.td(class_=f"number {'against' if line.bits < 0 else 'for'}", data_column=titles[4])[
            render_bits(words, line.bits)
        ],
        htpy.td,
    ]


def render_companions(words: Words, found: Explanation) -> htpy.Fragment:
    """What it would mean if two of a link were relatives, or companies of one group: a block for each pair of them."""
    parts = ((part, found) for part in found.entities)
    as_one = () if found.as_one is None else ((found.as_one.evidence, None),)
    return htpy.fragment[(_render_companions(words, part, of) for part, of in (*parts, *as_one))]


def _render_companions(words: Words, part: EntityEvidence, found: Explanation | None) -> htpy.Node:
    said = describe_companions(part, found, words.language)
    if not said:
        return None
    counted = count_as_companions(part, words.language)
    return htpy.div(".companions.small")[
        htpy.p[htpy.strong[companions_called(part, words.language)]],
        htpy.p[" ".join(said)],
        counted and htpy.details(".more")[htpy.summary[words("In numbers")], htpy.p[counted]],
    ]


def _render_item(words: Words, item: Item, titles: tuple[str, ...], countries: Countries) -> htpy.Element:
    side = "for" if item.bits > 0 else "against" if item.bits < 0 else "quiet"
    return htpy.tr[
        htpy.th(scope="row")[words.label(FIELDS, item.field)],
        htpy.td(".value", data_column=titles[1])[_render_value(words, item.field, item.value_a, countries[0])],
        htpy.td(data_column=titles[2])[htpy.span[agreement(item, words.language)], _render_token_pairs(words, item)],
        htpy.td(".value", data_column=titles[3])[_render_value(words, item.field, item.value_b, countries[1])],
        htpy.td(class_=f"number {side}", data_column=titles[4])[render_bits(words, item.bits)],
        htpy.td(".number", data_column=titles[5])[rarity(item, words.language)],
    ]


def _render_value(words: Words, field: str, said: str, country: str) -> htpy.Node:
    if field in NAMED:
        return render_name(said, country)
    return _render_bidi_text(value(field, said, words.language))


def _render_token_pairs(words: Words, item: Item) -> Iterator[htpy.Element]:
    """Which words of two names were held to be which, where they are not written alike."""
    for pair in item.tokens:
        if pair.a != pair.b:
            level = token_level(pair, words.language)
            yield htpy.div(".tokens")[
                _render_bidi_text(pair.a or "∅"), " ~ ", _render_bidi_text(pair.b or "∅"), words(": ") + level
            ]


def _render_bidi_text(content: str) -> htpy.Element:
    """Text whose direction follows from its own letters."""
    return htpy.bdi(dir="auto")[content]


def render_counterfactuals(words: Words, found: Explanation) -> htpy.Element:
    """Without which field the link would change its band or vanish; of a shared number, why its holders are two."""
    if found.as_one is not None:
        return htpy.ul(".stack.small")[htpy.li[not_one(found.as_one, words.language)]]
    said = [counterfactual(change, found, words.language) for change in found.decisive]
    said = said or [steady(found, words.language)]
    return htpy.ul(".stack.small")[[htpy.li[sentence] for sentence in said]]
