"""What vehicles, vessels and weapons look like, and how an event was done."""

from __future__ import annotations

from rapidfuzz import fuzz

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import Comparison, ComparisonLevel, ComparisonResult, Table
from pipeline.matching.fingerprint import EntityPrint

NEAR_WORD = 85
"""rapidfuzz ratio: one or two letters off."""


def compare_words(x: str, y: str, table: Table, levels: type[ComparisonLevel]) -> ComparisonResult | None:
    """Same, near if there is such a level, different."""
    if not x or not y:
        return None
    if x == y:
        return table.results[levels["SAME"]]
    near = "NEAR" in levels.__members__ and fuzz.ratio(x, y) >= NEAR_WORD
    return table.results[levels["NEAR" if near else "DIFFERENT"]]


class MakeLevel(ComparisonLevel):
    """How makes of two things agree."""

    SAME = 0.95, 0.08, 0.08
    NEAR = 0.02, 0.005, 0.005
    DIFFERENT = 0.03, 0.91, 0.91


def compare_makes(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Make of a vehicle, vessel or weapon: same, near (one or two letters off), different."""
    return compare_words(a.make, b.make, table, MakeLevel)


MAKE = Comparison(
    "make",
    "make",
    N_("Make"),
    N_("the make"),
    MakeLevel,
    (
        "m, u and h are judgement, not counts: records of one thing rarely differ in its make (3 of 100); strangers "
        "share one of a dozen common makes, and h is u, since companions' things are no more alike"
    ),
    compare_makes,
    lambda entity, _index: entity.make,
)


class ModelLevel(ComparisonLevel):
    """How models of two things agree."""

    SAME = 0.88, 0.02, 0.02
    NEAR = 0.06, 0.01, 0.01
    DIFFERENT = 0.06, 0.97, 0.97


def compare_models(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Model of a vehicle, vessel or weapon: same, near (one or two letters off), different."""
    return compare_words(a.model, b.model, table, ModelLevel)


MODEL = Comparison(
    "model",
    "model",
    N_("Model"),
    N_("the model"),
    ModelLevel,
    (
        "m, u and h are judgement, not counts: records of one thing name its model alike in 88 of 100 and misspell it "
        "in 6; strangers share 1 of 50 common models, and h is u, since companions' things are no more alike"
    ),
    compare_models,
    lambda entity, _index: entity.model,
)


class ColourLevel(ComparisonLevel):
    """How colours of two things agree."""

    SAME = 0.80, 0.16, 0.16
    DIFFERENT = 0.20, 0.84, 0.84


def compare_colours(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Colour: same or different; witnesses err, so the contradiction is weak."""
    return compare_words(a.colour, b.colour, table, ColourLevel)


COLOUR = Comparison(
    "colour",
    "colour",
    N_("Colour"),
    N_("the colour"),
    ColourLevel,
    (
        "m, u and h are judgement, not counts: witnesses err on a colour in 1 of 5; strangers share one of some six "
        "common colours, and h is u, since companions' things are no more alike"
    ),
    compare_colours,
    lambda entity, _index: entity.colour,
)


class CalibreLevel(ComparisonLevel):
    """How calibres of two weapons agree."""

    SAME = 0.95, 0.15, 0.15
    DIFFERENT = 0.05, 0.85, 0.85


def compare_calibres(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Calibre of a weapon: same or different; a wrong one is rarely written down."""
    return compare_words(a.calibre, b.calibre, table, CalibreLevel)


CALIBRE = Comparison(
    "calibre",
    "calibre",
    N_("Calibre"),
    N_("the calibre"),
    CalibreLevel,
    (
        "m, u and h are judgement, not counts: a wrong calibre is rarely written down (5 of 100); strangers share one "
        "of some seven common calibres, and h is u, since companions' weapons are no more alike"
    ),
    compare_calibres,
    lambda entity, _index: entity.calibre,
)


SIMILAR_SHARE = 0.5
"""Share of the method's words in common."""


class MethodLevel(ComparisonLevel):
    """How two ways of doing agree."""

    SAME = 0.30, 0.004, 0.004
    SIMILAR = 0.30, 0.03, 0.03
    WORD_IN_COMMON = 0.20, 0.12, 0.12
    DIFFERENT = 0.20, 0.85, 0.85


def compare_methods(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Method of an event: same words, half of them, one of them, none."""
    if not a.method or not b.method:
        return None
    common = len(set(a.method).intersection(b.method))
    if a.method == b.method:
        level = MethodLevel.SAME
    elif common >= SIMILAR_SHARE * max(len(a.method), len(b.method)):
        level = MethodLevel.SIMILAR
    else:
        level = MethodLevel.WORD_IN_COMMON if common else MethodLevel.DIFFERENT
    return table.results[level]


METHOD = Comparison(
    "method",
    "method",
    N_("Method"),
    N_("the method"),
    MethodLevel,
    (
        "m, u and h are judgement, not counts: officers word one event's method alike in 3 of 10 and share half of "
        "the words in 3 more; of strangers' events 15 of 100 share some word, and h is u"
    ),
    compare_methods,
    lambda entity, _index: ", ".join(entity.method),
)
