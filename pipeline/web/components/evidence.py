"""The evidence of a link: two sides compared field by field, the waterfall of its score, and what would change it.

The link's page and the inbox show the same parts: values, level, bits and rarity of each comparison; the waterfall from
the odds before any evidence, bar by bar, to the score, as a drawing and a table; a sentence for a layman; and the next
best candidate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import htpy
import msgspec

from pipeline.api.answers import EvidenceSide, LinkEvidenceAnswer, LinkSide, NextBestCandidate
from pipeline.matching.explain.breakdown import (
    LINES,
    Bar,
    EvidenceLine,
    PairBreakdown,
    ScoreBreakdown,
    bars,
    break_down,
    break_down_pair,
    count_as_companions,
    describe_companions,
)
from pipeline.matching.explain.explanation import EntityEvidence, Explanation, Item, mirrored
from pipeline.matching.explain.wording import (
    bits,
    companions_called,
    counterfactual,
    decimal,
    name_pair,
    not_one,
    percent,
    rarity,
    steady,
    token_level,
    value,
)
from pipeline.matching.explain.words import FIELDS, TYPES
from pipeline.web.addresses import case_path, link_path
from pipeline.web.components.agreement import (
    mark_date,
    mark_differences,
    render_agreement,
    render_names,
    render_parts,
)
from pipeline.web.components.badges import draw_band, draw_caveat, draw_handling_code
from pipeline.web.components.link_rows import name_thing
from pipeline.web.components.markup import box, link, static_html, text
from pipeline.web.components.reviews import draw_reviews
from pipeline.web.components.tables import render_table
from pipeline.web.components.terms import draw_help, render_legend
from pipeline.web.components.values import draw_name, draw_title, render_bits, render_name
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage

Countries = tuple[str, str]
"""Of the agencies of both sides, "" where it is not known."""

NAMED = frozenset(("name", "other_names"))
"""Comparisons whose values are names."""


def render_sides_comparison(words: Words, found: Explanation, a: EvidenceSide, b: EvidenceSide) -> htpy.Element:
    """The comparison of two sides, each with its agency and country."""
    sides = (words.agency_title(a.agency), words.agency_title(b.agency))
    return render_comparison(words, found, *sides, (a.country, b.country))


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
    shown = _render_values(words, item, countries)
    cell = htpy.td(".value" if item.field in NAMED else ".value.whole")
    return htpy.tr[
        htpy.th(scope="row")[words.label(FIELDS, item.field)],
        cell(data_column=titles[1])[shown[0]],
        htpy.td(".agreement", data_column=titles[2])[render_agreement(words, item), _render_token_pairs(words, item)],
        cell(data_column=titles[3])[shown[1]],
        htpy.td(class_=f"number {'against' if item.bits < 0 else 'for' if item.bits else 'quiet'}",
                data_column=titles[4])[render_bits(words, item.bits)],
        htpy.td(".number", data_column=titles[5])[rarity(item, words.language)],
    ]  # fmt: skip


def _render_values(words: Words, item: Item, countries: Countries) -> tuple[htpy.Node, htpy.Node]:
    """Both values, the characters marked in which they differ; of names in two scripts those of how they read.

    Dates are written as everywhere on pages.
    """
    if item.field in NAMED:
        return render_names(item.value_a, item.value_b, countries)
    if item.field == "birth_date":
        marked = mark_date(words, item.value_b, item.value_a), mark_date(words, item.value_a, item.value_b)
    else:
        marked = mark_differences(*(value(item.field, said, words.language) for said in (item.value_a, item.value_b)))
    return htpy.bdi(dir="auto")[render_parts(marked[0])], htpy.bdi(dir="auto")[render_parts(marked[1])]


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


class DrawnBar(NamedTuple):
    """A bar in per cent of the chart's width; `end` is where the next one begins, `kind` is for, against or total."""

    left: float
    width: float
    end: float
    kind: str


def draw_waterfall(words: Words, found: Explanation) -> None:
    """Draw the chart; the table beneath says the same in numbers."""
    steps = bars(found, words.language)
    zero, drawn = place_bars(steps)
    chart = [_render_step(words, bar, place, zero) for bar, place in zip(steps, drawn, strict=True)]
    static_html(chart, "figure", "waterfall", role="img", aria_label=_describe_steps(words, steps))
    columns = {words("Step"): "", words("Bits"): "number", words("Running total"): "number"}
    said = [(bar.label, render_bits(words, bar.end - bar.start), render_bits(words, bar.end)) for bar in steps]
    numbers = render_table(words("Score breakdown"), columns, said)
    static_html([htpy.summary[words("View as table")], numbers], "details", "table")


def _describe_steps(words: Words, steps: Sequence[Bar]) -> str:
    """What those hear who do not see the chart."""
    return words(
        "From starting odds of {start} bits to a score of {score} bits",
        start=bits(steps[0].end, words.language),
        score=bits(steps[-1].end, words.language),
    )


def place_bars(steps: Sequence[Bar]) -> tuple[float, list[DrawnBar]]:
    """Where zero is, and each bar's place."""
    ends = [0, *(end for bar in steps for end in (bar.start, bar.end))]
    lowest = min(ends)
    each = 100 / max(1, max(ends) - lowest)
    placed = []
    for bar in steps:
        first, last = sorted((bar.start, bar.end))
        kind = "total" if bar.kind == "score" else "for" if bar.end >= bar.start else "against"
        placed.append(DrawnBar((first - lowest) * each, (last - first) * each, (bar.end - lowest) * each, kind))
    return -lowest * each, placed


def _render_step(words: Words, bar: Bar, place: DrawnBar, zero: float) -> htpy.Element:
    return htpy.div(".step")[
        htpy.span(".label")[bar.label],
        htpy.span(".track")[
            htpy.i(".zero", style=f"left: {zero:.2f}%"),
            htpy.b(class_=place.kind, style=f"left: {place.left:.2f}%; width: {place.width:.2f}%"),
            place.kind != "total" and htpy.i(".next", style=f"left: {place.end:.2f}%"),
        ],
        htpy.span(".amount")[render_bits(words, bar.end - bar.start)],
    ]


WHOLE_FROM = 1000
"""Hundredths of a bit from which a difference is said in whole bits."""


def own_side_first(found: LinkEvidenceAnswer) -> tuple[EvidenceSide, EvidenceSide, Explanation]:
    """The own side, the other one, and the explanation with them in this order."""
    explanation = msgspec.convert(found.link.evidence, Explanation)
    a, b = found.sides
    return (a, b, explanation) if a.case == found.own else (b, a, mirrored(explanation))


def draw_sides(words: Words, own: EvidenceSide, other: EvidenceSide, explanation: Explanation) -> None:
    """Both sides and between them how strong the link is."""
    with box("div", "sides"):
        _draw_side(words, own)
        with box("div", "between"):
            with box("span", "row"):
                draw_band(words, explanation.band)
                draw_help(words, "band")
            text("strong", percent(explanation.probability, words.language), dir="ltr")
            with box("span", "quiet"):
                text("span", words("{bits} bits", bits=bits(explanation.score, words.language)), dir="ltr")
                draw_help(words, "bits")
        _draw_side(words, other)


def draw_summary(words: Words, found: LinkEvidenceAnswer) -> None:
    """The sentence for a layman, and who else could be meant."""
    text("p", found.link.summary, "summary")
    rival = found.next_best
    if rival is None:
        text("p", words("No other candidate you have access to."), "small quiet")
        return
    with box("p", "small"):
        text("span", _introduce_rival(words, rival) + " ")
        with link("", link_path(rival.link_id, found.own)):
            _draw_name(words, rival)
        text("span", ", " + _compare_bits(words, rival.bits))
    draw_caveat(words, rival)


def _introduce_rival(words: Words, rival: NextBestCandidate) -> str:
    """Who another candidate is to the one that is shown: nobody is a stronger candidate than themselves."""
    if rival.same:
        return words("The same again, in another record:")
    return words("Stronger candidate:") if rival.bits > 0 else words("Next:")


def draw_evidence(view: OpenPage, found: LinkEvidenceAnswer) -> None:
    """All of it, with the large parts folded, and behind it a mark that says whose evidence is drawn."""
    words = view.words
    own, other, explanation = own_side_first(found)
    draw_summary(words, found)
    draw_sides(words, own, other, explanation)
    if found.judged.reviews:
        draw_reviews(view, found.judged, undoable=False)
    static_html(render_sides_comparison(words, explanation, own, other), classes="scroll",
                tabindex="0", role="group", aria_label=words("Comparison"))  # fmt: skip
    static_html(render_legend(words))
    static_html(render_companions(words, explanation))
    static_html(render_counterfactuals(words, explanation))
    with box("details", "more"):
        text("summary", words("Score breakdown"))
        draw_waterfall(words, explanation)
    with box("p", "row"):
        link(words("Open the link's page"), link_path(found.link.link_id, found.own), "small")
    box("span", hidden=True, data_shown=found.link.link_id)


def _draw_side(words: Words, side: EvidenceSide) -> None:
    with box("div"):
        with box("p", "strong"):
            _draw_name(words, side)
        with link("", case_path(side.case), "small"):
            draw_title(words, side.title or side.case)
        with box("p", "row small"):
            text("span", side.case, "code")
            draw_handling_code(words, side.handling)
        version = words("version {number}", number=side.version)
        origin = " · ".join((words.agency_title(side.agency), words.country_name(side.country), version))
        text("p", origin, "small quiet")
        draw_caveat(words, side)


def _draw_name(words: Words, side: LinkSide) -> None:
    """A side's person or thing with the year of birth."""
    name, born = name_thing(words, side)
    draw_name(name, side.country)
    text("span", born)


def _compare_bits(words: Words, hundredths: int) -> str:
    """How much less, or more, another candidate scores."""
    if hundredths > 0:
        return words("{bits} bits more", bits=_count_bits(words, hundredths))
    return words("{bits} bits less", bits=_count_bits(words, -hundredths))


def _count_bits(words: Words, hundredths: int) -> str:
    """A difference of bits, from ten on without a decimal."""
    return decimal(f"{hundredths / 100:.{0 if hundredths >= WHOLE_FROM else 1}f}", words.language)
