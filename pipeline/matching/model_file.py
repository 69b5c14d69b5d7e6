"""The file of a model: every number that scoring uses, and where it came from, as one JSON object."""

from __future__ import annotations

import msgspec
import orjson

FORMAT = 3
"""Raised when an older program cannot read a newer file, or a newer one an older file. 1: one kind of companions; 2:
one calibration, of the scores of case pairs."""

KEY_RARITY = 1500
"""Hundredths of a bit: for some hundred thousand cases (tests/benchmarks/accuracy/README.md)."""

SETTABLE = ("key_rarity", "shared_phones", "shared_emails", "shared_addresses")
"""Fields of a model that an operator sets by hand (docs/operations.md)."""

REFERENCE_PRIOR = -1700
"""Hundredths of a bit: of 131,000 pairs of entities of two cases that met, one is of one thing (before any evidence).
An investigator's view of a namesake: a full name that one person in 100,000 bears does not link by itself."""

COMPANION_PRIORS = {"household": -200, "named_after": 500, "group": -200}
"""Hundredths of a bit for each of COMPANION_KINDS, log2 of the pairs of one thing over those of such companions: for
each own record elsewhere a person has about four of a household, a company four of its group; one of 32 has a namesake
in the family, or a branch of the same name."""


class WeightedLevel(msgspec.Struct, frozen=True, omit_defaults=True):
    """The weights of one level of a comparison, in hundredths of a bit.

    `bits` is log2(m/u), the weight against strangers. `companions` holds log2(m/h) for each kind of companions
    (alternatives.COMPANION_KINDS) that the compared entities can have. `source` says where the numbers come from.
    """

    level: str
    bits: int
    companions: dict[str, int] = {}
    source: str = "reference"


class WeightedComparison(msgspec.Struct, frozen=True, omit_defaults=True):
    """The weights of one comparison; its levels go from the strongest agreement to the strongest contradiction.

    `terms` maps a value to the hundredths of a bit that agreeing on it adds to the weight (negative for common values);
    a value that is not listed adds `rare`. `curve` is for names alone: it maps the bits of the names package to the
    bits that count, by straight lines through its points, which ascend.
    """

    levels: tuple[WeightedLevel, ...]
    terms: dict[str, int] = {}
    rare: int = 0
    terms_source: str = ""
    curve: tuple[tuple[int, int], ...] = ()
    curve_source: str = ""


class Calibration(msgspec.Struct, frozen=True, omit_defaults=True):
    """A curve from evidence to calibrated evidence, learnt from labelled pairs.

    `knots` are points (evidence, calibrated evidence) in hundredths of a bit, ascending in both and joined by lines.
    """

    knots: tuple[tuple[int, int], ...]
    source: str = ""


class Prior(msgspec.Struct, frozen=True):
    """The starting odds, in hundredths of a bit.

    `bits` are the log odds that two entities that meet are the same. `companions` gives for each kind of companions
    log2 of the number of true pairs over the number of pairs of such companions (COMPANION_PRIORS).
    """

    bits: int = REFERENCE_PRIOR
    companions: dict[str, int] = msgspec.field(default_factory=lambda: dict(COMPANION_PRIORS))
    source: str = "reference"


class ModelFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """The file as it is on disk.

    `stop_keys` is the stop list: blocking keys that are too common to be useful.

    `own` gives for an entity type the comparisons whose weights were learnt from that type's own pairs; they replace
    those of `comparisons`.

    `calibrations` gives the calibration of an entity type; the evidence of a type without one counts as it is.

    `key_rarity` is how rare a blocking key must be, in hundredths of a bit. At 15 bits a key meets at most three cases
    in 100,000. A million cases need 19 bits, at which some of the weakest links are lost. Training chooses it by the
    number of records.
    """

    version: str
    comparisons: dict[str, WeightedComparison]
    own: dict[str, dict[str, WeightedComparison]] = {}
    format: int = FORMAT
    prior: Prior = Prior()
    stop_keys: tuple[int, ...] = ()
    key_rarity: int = KEY_RARITY
    shared_phones: tuple[str, ...] = ()
    shared_emails: tuple[str, ...] = ()
    shared_addresses: tuple[str, ...] = ()
    calibrations: dict[str, Calibration] = {}
    training: dict[str, msgspec.Raw] = {}


def encode_model(file: ModelFile, *, canonical: bool = False) -> bytes:
    """The file as JSON: sorted and without spaces if `canonical`, else indented for people.

    A `key_rarity` that was written out although it is the default one is left out as well: msgspec leaves out the very
    default, no equal number, and files that say the same must have one digest.
    """
    plain = {**orjson.loads(msgspec.json.encode(file)), "format": file.format}
    if file.key_rarity == KEY_RARITY:
        plain.pop("key_rarity", None)
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS if canonical else orjson.OPT_INDENT_2)


def encode_editable_model(file: ModelFile) -> bytes:
    """The file as JSON for people who change it: what an operator sets is there although it is as by default."""
    settable = {name: getattr(file, name) for name in SETTABLE}
    return orjson.dumps({**orjson.loads(encode_model(file)), **settable}, option=orjson.OPT_INDENT_2)
