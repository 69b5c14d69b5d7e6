"""The lines that a score is the sum of, as every surface shows them: charts, tables, texts and the command line.

Bits are shown with one decimal. Rounded one by one they would miss their total by a tenth here and there, so each sum
is rounded first, and its lines then so that they add up to it: those that were rounded most are moved by a tenth.
`svg` draws them as a waterfall, from the prior, bar by bar, to the score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final, NamedTuple

import msgspec

from pipeline.locale import LANGUAGES, N_, translate
from pipeline.matching.bands import Band, Basis
from pipeline.matching.explain.explaining import rarity
from pipeline.matching.explain.explanation import EntityEvidence, Explanation, Item
from pipeline.matching.explain.wording import (
    band,
    bits,
    companions_called,
    compared_thing,
    counterfactual,
    describe_item,
    label,
    not_one,
    one_in,
    origin,
    partly_compared,
    percent,
    shared_finding,
    steady,
)
from pipeline.matching.explain.words import FIELD_PHRASES, FIELDS, TYPES
from pipeline.matching.score.scoring import EACH_PAIR, counted_bits, judge_score

TENTH: Final = 10
"""Hundredths of a bit."""

LINES: Final = {
    "prior": N_("Starting odds"),
    "calibration": N_("Calibration"),
    "attempts": N_("Number of comparisons"),
    "floor": N_("Negative total counts as zero"),
    "score": N_("Score"),
}
"""What a line is called that is no comparison; that of companions bears their own name."""

COMPANIONS_LINE: Final = "alternative"

SHARED_THINGS: Final = {
    "name": N_("a family name"),
    "identifier": N_("a borrowed {number}"),
    "phone": N_("a phone"),
    "email": N_("an e-mail address"),
    "address": N_("an address"),
    "birth_date": N_("a date of birth"),
    "birth_place": N_("a place of birth"),
    "nationality": N_("a nationality"),
}
"""What relatives could have in common, by comparison; of other comparisons the field's name."""

PASSED_ON: Final = SHARED_THINGS | {"name": N_("the same name")}
"""The same of relatives who are named after each other."""

OF_BODIES: Final = PASSED_ON | {"identifier": N_("the same {number}")}
"""The same of branches or bodies, which lend each other no documents."""

OF_A_GROUP: Final = OF_BODIES | {"name": N_("the group's name")}
"""The same of companies of one group."""


class CompanionSentences(NamedTuple):
    """What is said of two who may be companions of a kind: what they could share, how rare all of it is, who they are.

    `things` names what they could share by comparison. `rare` and `often` are of such companions with all of it in
    common, `few` of such companions among all pairs.
    """

    things: Mapping[str, str]
    share: str
    rare: str
    often: str
    few: str


RELATIVES: Final = CompanionSentences(
    SHARED_THINGS,
    N_("If these were relatives, they could share {things}."),
    N_("Relatives with all of this in common are rare ({number})."),
    N_("Relatives often have all of this in common."),
    N_("Few pairs of records are relatives ({number})."),
)

SENTENCES: Final = {
    ("person", "household"): RELATIVES,
    ("person", "named_after"): RELATIVES._replace(
        things=PASSED_ON, few=N_("Few pairs of records are relatives of the same name ({number}).")
    ),
    ("organisation", "named_after"): CompanionSentences(
        OF_BODIES,
        N_("If these were two branches or bodies, they could share {things}."),
        N_("Branches or bodies with all of this in common are rare ({number})."),
        N_("Branches or bodies often have all of this in common."),
        N_("Few pairs of records are branches or bodies of the same name ({number})."),
    ),
    ("organisation", "group"): CompanionSentences(
        OF_A_GROUP,
        N_("If these were companies of one group, they could share {things}."),
        N_("Companies of one group with all of this in common are rare ({number})."),
        N_("Companies of one group often have all of this in common."),
        N_("Few pairs of records are companies of one group ({number})."),
    ),
}
"""By the type of the entities and the kind of companions (matching.alternatives)."""

RESULTS: Final = {
    Band.CERTAIN: N_("certain"),
    Band.PROBABLE: N_("probable"),
    Band.POSSIBLE: N_("possible"),
    Band.NONE: N_("no link"),
}
"""Bands as a result is called within a sentence."""

MOST_SHARED: Final = 3
"""Things named that companions could share, those first for which they take away most."""

LITTLE: Final = 100
"""Hundredths of a bit: what counts so much less against companions is something that they could share."""


class EvidenceLine(msgspec.Struct, frozen=True):
    """A line of a breakdown: `kind` is a comparison's field, COMPANIONS_LINE or one of LINES; hundredths of a bit.

    `item` is the comparison with the bits as shown.
    """

    kind: str
    label: str
    bits: int
    item: Item | None = None


class PairBreakdown(msgspec.Struct, frozen=True):
    """The lines of two entities, which add up to `bits`; less than nothing of it counts as zero."""

    part: EntityEvidence
    lines: tuple[EvidenceLine, ...]
    bits: int


class ScoreBreakdown(msgspec.Struct, frozen=True):
    """A score as a sum, in whole tenths of a bit: prior + what is positive of `pairs` + fees = score."""

    prior: int
    pairs: tuple[PairBreakdown, ...]
    fees: int
    score: int

    def lines(self, language: str) -> Iterator[EvidenceLine]:
        """All lines in their order, which add up to the score."""
        yield EvidenceLine("prior", label(LINES, "prior", language), self.prior)
        for pair in self.pairs:
            yield from pair.lines
            if pair.bits < 0:
                yield EvidenceLine("floor", label(LINES, "floor", language), -pair.bits)
        if self.fees:
            yield EvidenceLine("attempts", label(LINES, "attempts", language), self.fees)


def break_down(found: Explanation, language: str) -> ScoreBreakdown:
    """The lines of a score."""
    counted = [max(0, part.bits) for part in found.entities]
    score = _round(found.score)
    prior, fees, *subtotals = apportion([found.prior, found.fees, *counted], score)
    pairs = (
        break_down_pair(part, language, subtotal if part.bits > 0 else None)
        for part, subtotal in zip(found.entities, subtotals, strict=True)
    )
    return ScoreBreakdown(prior, tuple(pairs), fees, score)


def break_down_pair(part: EntityEvidence, language: str, total: int | None = None) -> PairBreakdown:
    """The lines of two entities, which add up to `total`; without one to their own sum, rounded."""
    total = _round(part.bits) if total is None else total
    *items, alternative, calibration = apportion(
        [*(item.bits for item in part.items), part.alternative, part.calibration], total
    )
    lines = [
        EvidenceLine(item.field, label(FIELDS, item.field, language), shown, msgspec.structs.replace(item, bits=shown))
        for item, shown in zip(part.items, items, strict=True)
    ]
    if part.alternative:
        lines.append(EvidenceLine(COMPANIONS_LINE, companions_called(part, language), alternative))
    if part.calibration:
        lines.append(EvidenceLine("calibration", label(LINES, "calibration", language), calibration))
    return PairBreakdown(part, tuple(lines), total)


def apportion(values: Sequence[int], total: int) -> list[int]:
    """The values rounded to tenths so that they add up to `total`, a multiple of TENTH that is near to their sum."""
    shown = [_round(value) for value in values]
    left = (total - sum(shown)) // TENTH
    step = TENTH if left > 0 else -TENTH
    by_error = sorted(range(len(values)), key=lambda at: (shown[at] - values[at]) * step)
    for turn in range(abs(left)):
        shown[by_error[turn % len(by_error)]] += step
    return shown


def _round(hundredths: int) -> int:
    """To tenths as wording.bits prints them, which is how totals stand in headings and lists."""
    return round(float(f"{hundredths / 100:.1f}") * 10) * TENTH


def describe_companions(part: EntityEvidence, found: Explanation | None, language: str) -> tuple[str, ...]:
    """What it would mean if two were companions, such as relatives, in sentences; none where that changes nothing.

    `found` is the explanation that they count in; None: in none.
    """
    sentences = SENTENCES.get((part.type_a, part.companions))
    if not part.alternative or sentences is None:
        return ()
    shared = sorted(
        (item for item in part.items if item.bits - item.companions >= LITTLE),
        key=lambda item: item.companions - item.bits,
    )
    things = [_name_shared(item, sentences.things, language) for item in shared[:MOST_SHARED]]
    said = [translate(sentences.share, language, things=_join_or(things, language))] if things else []
    together = sum(item.companions for item in part.items)
    if together > LITTLE:
        said.append(translate(sentences.rare, language, number=one_in(rarity(together), language)))
    else:
        said.append(translate(sentences.often, language))
    if part.companions_rarity > 0:
        said.append(translate(sentences.few, language, number=one_in(rarity(part.companions_rarity), language)))
    return tuple(said) if found is None else (*said, _tell_change(part, found, language))


def _join_or(things: Sequence[str], language: str) -> str:
    *others, last = things
    return translate("{things} or {last}", language, things=", ".join(others), last=last) if others else last


def _name_shared(item: Item, things: Mapping[str, str], language: str) -> str:
    if item.field not in things:
        return label(FIELD_PHRASES, item.field, language)
    return translate(things[item.field], language, number=compared_thing(item, language))


def _tell_change(part: EntityEvidence, found: Explanation, language: str) -> str:
    """Whether the result would be another one if the two could be no companions."""
    each = part.bits - part.counted if part.counted else EACH_PAIR
    alone = found.score - part.counted + counted_bits(part.bits - part.alternative, each)
    otherwise = judge_score(alone).band
    here, there = (label(RESULTS, band, language) for band in (found.band, otherwise))
    if otherwise == found.band:
        return translate("The result stays {band}.", language, band=here)
    return translate("Otherwise the result would be {other}, not {band}.", language, other=there, band=here)


def count_as_companions(part: EntityEvidence, language: str) -> str:
    """The sum if two were companions, beside that of strangers; "" where it is not known how rare companions are."""
    if not part.companions_rarity:
        return ""
    total = sum(item.companions for item in part.items) + part.companions_rarity
    shown = apportion([*(item.companions for item in part.items), part.companions_rarity], _round(total))
    names = [*(label(FIELDS, item.field, language) for item in part.items), translate("How rare they are", language)]
    lines = (f"{name} {bits(one, language)}" for name, one in zip(names, shown, strict=True))
    strangers = sum(item.bits for item in part.items)
    return translate(
        "{lines} = {companions} bits against {sum} for strangers. Both possibilities together leave {left}.",
        language,
        lines=", ".join(lines),
        companions=bits(_round(total), language),
        sum=bits(strangers, language),
        left=bits(strangers + part.alternative, language),
    )


def text(found: Explanation, language: str = "en") -> str:
    """The whole explanation, one statement a line. Raises KeyError for a language that is not in LANGUAGES."""
    if language not in LANGUAGES:
        raise KeyError(language)
    return "\n".join(_statements(found, language))


def _statements(found: Explanation, language: str) -> Iterator[str]:
    lines = break_down(found, language)
    yield _headline(found, language)
    yield translate("Starting odds: {bits} bits.", language, bits=bits(lines.prior, language))
    for pair in lines.pairs:
        yield from _pair(pair, found, language)
        if pair.bits < 0:
            yield translate("  These entities count as zero, not against the link.", language)
    if lines.fees:
        yield translate("Number of comparisons: {bits} bits.", language, bits=bits(lines.fees, language))
    yield from (counterfactual(change, found, language) for change in found.decisive)
    if found.counterfactuals and not found.decisive:
        yield steady(found, language)
    if found.as_one is not None:
        yield not_one(found.as_one, language)
        yield from _pair(break_down_pair(found.as_one.evidence, language), None, language)
    if found.partly:
        yield partly_compared(language)
    yield origin(found, language)


def _headline(found: Explanation, language: str) -> str:
    said = {
        "band": band(found.band, language),
        "probability": percent(found.probability, language),
        "bits": bits(found.score, language),
    }
    if found.basis is not Basis.SHARED:
        return translate("{band}: probability {probability} ({bits} bits).", language, **said)
    return translate(
        "{finding}. {band}: probability {probability} that the number is the same ({bits} bits).",
        language,
        finding=shared_finding(found, language),
        **said,
    )


def _pair(pair: PairBreakdown, found: Explanation | None, language: str) -> Iterator[str]:
    part = pair.part
    a, b = (label(TYPES, kind, language) for kind in (part.type_a, part.type_b))
    yield translate(
        "{a} and {b}: {bits} bits.",
        language,
        a=f"{a} {part.entity_a}",
        b=f"{b} {part.entity_b}",
        bits=bits(pair.bits, language),
    )
    for line in pair.lines:
        yield (
            f"  {bits(line.bits, language):>6}  {line.label}"
            if line.item is None
            else describe_item(line.item, language)
        )
    if said := " ".join(describe_companions(part, found, language)):
        yield f"  {said}"


ROW, LEFT, WIDTH, RIGHT, TOP = 26, 210, 420, 70, 16
"""Pixels: height of a row, width of the labels, of the bars and of the numbers, upper margin."""

UP, DOWN, TOTAL = "#2f7d5b", "#b3492f", "#3b5b8c"
"""For, against, sums: distinct in lightness too, so that they can be told apart without colour."""


class Bar(msgspec.Struct, frozen=True):
    """From `start` to `end`, in hundredths of a bit; `kind` is that of an EvidenceLine, or "score"."""

    kind: str
    label: str
    start: int
    end: int


def bars(found: Explanation, language: str = "en") -> list[Bar]:
    """The chart's data; the last bar runs from 0 to the score."""
    lines, result, at = break_down(found, language), list[Bar](), 0
    for line in lines.lines(language):
        result.append(Bar(line.kind, line.label, at, at + line.bits))
        at += line.bits
    return [*result, Bar("score", label(LINES, "score", language), 0, lines.score)]


def svg(found: Explanation, language: str = "en") -> str:
    """The chart as an SVG document; it needs nothing else."""
    rows = bars(found, language)
    lowest = min(0, *(min(bar.start, bar.end) for bar in rows))
    highest = max(0, *(max(bar.start, bar.end) for bar in rows))
    scale = WIDTH / max(1, highest - lowest)
    height = TOP + ROW * len(rows) + 8
    zero = LEFT - lowest * scale
    body = "".join(_row(number, bar, lowest, scale, language) for number, bar in enumerate(rows))
    title = escape(f"{label(LINES, 'score', language)} {bits(found.score, language)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" role="img"'
        f' font-family="sans-serif" font-size="12"><title>{title}</title>'
        f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="{TOP - 8}" y2="{height - 6}" stroke="#888" stroke-dasharray="3 3"/>'
        f"{body}</svg>"
    )


def _row(number: int, bar: Bar, lowest: int, scale: float, language: str) -> str:
    y, change = TOP + number * ROW, bar.end - bar.start
    x = LEFT + (min(bar.start, bar.end) - lowest) * scale
    length = max(1.0, abs(change) * scale)
    colour = TOTAL if bar.kind == "score" else (UP if change >= 0 else DOWN)
    return (
        f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end" fill="currentColor">{escape(bar.label)}</text>'
        f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{ROW - 9}" fill="{colour}"/>'
        f'<text x="{LEFT + WIDTH + 8}" y="{y + 12}" fill="currentColor">{bits(change, language)}</text>'
    )
