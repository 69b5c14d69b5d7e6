"""The model: one JSON file with every number that scoring uses and where it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from importlib.metadata import version as library_version
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import msgspec
import orjson

from pipeline.errors import LiaisonError
from pipeline.matching.comparisons.catalogue import CATALOGUE, of_type
from pipeline.matching.comparisons.levels import Compare, Comparison, Table, log2_cb
from pipeline.matching.monotone import project_companions
from pipeline.matching.score.alternatives import COMPANION_KINDS, STRANGERS, Bits
from pipeline.records.entity_types import ENTITY_TYPES, TYPES, EntityType

FORMAT = 3
"""Raised when an older program cannot read a newer file, or a newer one an older file. 1: one kind of companions; 2:
one calibration, of the scores of case pairs."""

FORMS = 10
"""Version of the normalised and fingerprint forms; raised with any change that alters a record's fingerprint."""

SCORING = 3
"""Version of the rules by which fingerprints are scored; raised with any change that alters a pair's score under one
model file. tests/unit/matching/test_versions.py holds both versions to what they stand for."""

LIBRARIES = ("rigour", "phonenumbers", "pypinyin", "anyascii", "python-stdnum", "rapidfuzz")
"""Libraries whose data or code enters a fingerprint or a level."""

SHIPPED = "2026.11-2"
"""Version of the model that ships; named anew with each change of a reference probability."""

REFERENCE_PRIOR = -1700
"""Hundredths of a bit: of 131,000 pairs of entities of two cases that met, one is of one thing (before any evidence).
An investigator's view of a namesake: a full name that one person in 100,000 bears does not link by itself."""

COMPANION_PRIORS = {"household": -200, "named_after": 500, "group": -200}
"""Hundredths of a bit for each of COMPANION_KINDS, log2 of the pairs of one thing over those of such companions: for
each own record elsewhere a person has about four of a household, a company four of its group; one of 32 has a namesake
in the family, or a branch of the same name."""


class WeightedLevel(msgspec.Struct, frozen=True, omit_defaults=True):
    """`bits` = log2(m/u), and for each kind of companions log2(m/h), in hundredths; `source` says where they come from.

    `companions` holds the kinds that entities have to which the comparison applies (alternatives.COMPANION_KINDS).
    """

    level: str
    bits: int
    companions: dict[str, int] = {}
    source: str = "reference"


class WeightedComparison(msgspec.Struct, frozen=True, omit_defaults=True):
    """Levels from the strongest agreement to the strongest contradiction.

    `terms`: value to hundredths of a bit added to the weight of agreeing on it (negative for common values); `rare` is
    for all others. `curve`: for names, pairs (bits of the names package, bits here), ascending, joined by lines.
    """

    levels: tuple[WeightedLevel, ...]
    terms: dict[str, int] = {}
    rare: int = 0
    terms_source: str = ""
    curve: tuple[tuple[int, int], ...] = ()
    curve_source: str = ""


class Calibration(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the evidence for two entities being one is worth, as labelled pairs tell.

    Knots (evidence, calibrated evidence), both in hundredths of a bit and ascending, joined by lines.
    """

    knots: tuple[tuple[int, int], ...]
    source: str = ""


class Prior(msgspec.Struct, frozen=True):
    """`bits` of any case pair; `companions` of a pair of companions of each kind, all in hundredths of a bit."""

    bits: int = REFERENCE_PRIOR
    companions: dict[str, int] = msgspec.field(default_factory=lambda: dict(COMPANION_PRIORS))
    source: str = "reference"


class ModelFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """The file as it is on disk.

    `stop_keys` is the stop list: blocking keys that are too common to be useful.

    `own`: by entity type, the comparisons that it weighs by what its own pairs taught, in place of `comparisons`.

    `calibrations`: by entity type; the evidence of a type without one is taken as it is.

    `key_rarity` is how rare a blocking key must be, in hundredths of a bit: at 15 bits a key meets three cases in
    100,000 at most; a million cases take 19, and lose some of the weakest links. Training sets it by what it was given.
    """

    version: str
    comparisons: dict[str, WeightedComparison]
    own: dict[str, dict[str, WeightedComparison]] = {}
    format: int = FORMAT
    prior: Prior = Prior()
    stop_keys: tuple[int, ...] = ()
    key_rarity: int = 1500
    shared_phones: tuple[str, ...] = ()
    shared_emails: tuple[str, ...] = ()
    shared_addresses: tuple[str, ...] = ()
    calibrations: dict[str, Calibration] = {}
    training: dict[str, msgspec.Raw] = {}


Plan = tuple[tuple[Compare, Table], ...]


class Model:
    """A model file, compiled for scoring. Two models of the same content are interchangeable.

    `companions`: for each type the kinds of companions that its entities have, each with the hundredths of a bit by
    which they are less frequent among pairs than strangers. `curves`: for each type the knots of its calibration, none
    where it has none. `tables` are what types share, `tables_by_type` what two of one type are compared by. `ceilings`:
    the plans by which no two entities score less (Comparison.ceiling). The comparisons `left_out` say nothing.
    """

    def __init__(self, file: ModelFile, left_out: frozenset[str] = frozenset()) -> None:
        self.file = file
        self.version = file.version
        self.stop_keys = frozenset(file.stop_keys)
        self.key_rarity = file.key_rarity
        self.prior = file.prior.bits
        self.companions = {row.name: _offsets(row, file.prior) for row in ENTITY_TYPES}
        self.curves = {kind: _curve(file.calibrations.get(kind)) for kind in TYPES}
        self.tables = _make_tables(file, file.comparisons)
        self.tables_by_type = {kind: self._own_tables(kind) for kind in TYPES}
        self.comparisons = {kind: tuple(one for one in of_type(kind) if one.name not in left_out) for kind in TYPES}
        self.plans: Mapping[str, Plan] = {kind: self.plan_without(kind, ()) for kind in TYPES}
        self.ceilings: Mapping[str, Plan] = {kind: self._ceilings(kind) for kind in TYPES}
        self._left_out, self._narrowed = left_out, dict[str, Model]()

    def without(self, name: str) -> Model:
        """The same model, by which one comparison says nothing."""
        if name not in self._narrowed:
            self._narrowed[name] = Model(self.file, self._left_out | {name})
        return self._narrowed[name]

    def plan_without(self, entity_type: str, skipped: tuple[str, ...]) -> Plan:
        """The type's plan without the comparisons that are `skipped` by name."""
        tables, asked = self.tables_by_type[entity_type], self.comparisons[entity_type]
        return tuple((one.compare, tables[one.name]) for one in asked if one.name not in skipped)

    def _own_tables(self, entity_type: str) -> Mapping[str, Table]:
        own = self.file.own.get(entity_type)
        if not own:
            return self.tables
        if shared := [one.name for one in CATALOGUE if one.selector and one.name in own]:
            raise ValueError(f"{entity_type} has weights of its own for {', '.join(shared)}, which ties all types")
        return _make_tables(self.file, {**self.file.comparisons, **own})

    def _ceilings(self, entity_type: str) -> Plan:
        tables, asked = self.tables_by_type[entity_type], self.comparisons[entity_type]
        return tuple((one.ceiling or one.compare, tables[one.name]) for one in asked)

    @cached_property
    def content_hash(self) -> str:
        """BLAKE2b-128 of the canonical file, as hex."""
        return hashlib.blake2b(encode_model(self.file, canonical=True), digest_size=16).hexdigest()


def load_model(path: Path | None = None) -> Model:
    """The model in `path`, or the one that ships; LiaisonError says what is wrong with the file.

    What ships is the reference (docs/adr/0011-the-shipped-model-is-the-reference.md), so no file holds it.
    """
    if path is None:
        return Model(reference_model(SHIPPED))
    try:
        raw = path.read_bytes()
        _check_format(msgspec.json.decode(raw, type=_Format).format)
        return Model(msgspec.json.decode(raw, type=ModelFile))
    except OSError as error:
        raise LiaisonError(f"can't read the model {path}: {error.strerror}") from error
    except (msgspec.DecodeError, ValueError, KeyError) as error:
        raise LiaisonError(f"invalid model {path}: {error}") from error


class _Format(msgspec.Struct):
    format: int = 1


def _check_format(found: int) -> None:
    if found < FORMAT:
        raise ValueError(
            f"it was made by an older version of Liaison (format {found}, this one reads {FORMAT}): train it again"
        )
    if found > FORMAT:
        raise ValueError(f"it was made by a newer version of Liaison (format {found}, this one reads {FORMAT})")


def encode_model(file: ModelFile, *, canonical: bool = False) -> bytes:
    """The file as JSON: sorted and without spaces if `canonical`, else indented for people."""
    plain = {**orjson.loads(msgspec.json.encode(file)), "format": file.format}
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS if canonical else orjson.OPT_INDENT_2)


def generation_id(model: Model, block_partitions: int) -> str:
    """12 hex digits of everything that decides what a fingerprint and a score are.

    That is the model's content, the versions of our forms and scoring and of the libraries whose data enter them, and
    the number of partitions of `blocks`.
    """
    parts = {
        "model": model.content_hash,
        "forms": FORMS,
        "scoring": SCORING,
        "names": names_version(),
        "libraries": {name: library_version(name) for name in LIBRARIES},
        "block_partitions": block_partitions,
    }
    return hashlib.blake2b(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS), digest_size=6).hexdigest()


def names_version() -> str:
    """A hash of the names package's data files."""
    digest = hashlib.blake2b(digest_size=8)
    data = files("pipeline.matching.names") / "data"
    for traversable in sorted(data.iterdir(), key=lambda file: file.name) if data.is_dir() else ():
        if traversable.is_file():
            digest.update(traversable.name.encode() + b"\0" + traversable.read_bytes())
    return digest.hexdigest()


def reference_model(version: str = "reference") -> ModelFile:
    """The model before any training: every level at its reference probabilities (comparisons/)."""
    return ModelFile(version, {comparison.name: reference_comparison(comparison) for comparison in CATALOGUE})


def reference_comparison(comparison: Comparison) -> WeightedComparison:
    """A comparison's levels at their reference probabilities."""
    levels = comparison.levels
    m = [level.m for level in levels]
    companions = weigh_companions(comparison, [level.weight for level in levels], m, m)
    return WeightedComparison(
        tuple(WeightedLevel(level.name, level.weight, found) for level, found in zip(levels, companions, strict=True))
    )


def weigh_companions(
    comparison: Comparison,
    bits: Sequence[int],
    m: Sequence[float],
    weights: Sequence[float],
    learnt: Mapping[str, Sequence[float]] = MappingProxyType({}),
) -> list[dict[str, int]]:
    """For each level its hundredths of a bit against each kind of companions that the comparison's entities have.

    log2(m/h), projected (monotone.project_companions): `bits` are the levels' weights against strangers, `m` the shares
    of true pairs in them, `weights` the pairs behind these; h is `learnt` of a kind, or the reference.
    """
    found: list[dict[str, int]] = [{} for _ in bits]
    for at, kind in enumerate(COMPANION_KINDS):
        if kind in kinds_of(comparison):
            h = learnt.get(kind) or [level.h[at] for level in comparison.levels]
            raw = [log2_cb(share, other) for share, other in zip(m, h, strict=True)]
            for level, value in zip(found, project_companions(raw, bits, weights), strict=True):
                level[kind] = value
    return found


def _offsets(row: EntityType, prior: Prior) -> tuple[tuple[int, int], ...]:
    if lacking := sorted(row.companions.keys() - prior.companions.keys()):
        raise ValueError(f"the prior lacks its bits of {', '.join(lacking)}")
    kinds = enumerate(COMPANION_KINDS, start=STRANGERS + 1)
    return tuple((at, prior.companions[kind] - prior.bits) for at, kind in kinds if kind in row.companions)


def _curve(calibration: Calibration | None) -> tuple[tuple[int, int], ...]:
    knots = calibration.knots if calibration else ()
    if any(x0 >= x1 or y0 > y1 for (x0, y0), (x1, y1) in pairwise(knots)):
        raise ValueError("the knots of a calibration do not rise")
    return knots


def _make_tables(file: ModelFile, comparisons: Mapping[str, WeightedComparison]) -> dict[str, Table]:
    tables = {one.name: _make_table(one, comparisons[one.name], file) for one in CATALOGUE}
    return tables | {one.name: replace(tables[one.name], beside=tables[one.beside]) for one in CATALOGUE if one.beside}


def _make_table(comparison: Comparison, weighted: WeightedComparison, file: ModelFile) -> Table:
    names = tuple(level.level for level in weighted.levels)
    if names != tuple(level.name for level in comparison.levels):
        raise ValueError(f"levels of {comparison.name} are {', '.join(names)}")
    bits = tuple(_bits(comparison, level) for level in weighted.levels)
    for kind, weights in zip(("strangers", *COMPANION_KINDS), zip(*bits, strict=True), strict=True):
        if any(stronger < weaker for stronger, weaker in pairwise(weights)):
            raise ValueError(f"weights of {comparison.name} against {kind} are not monotone")
    return Table(bits, weighted.terms, weighted.rare, _shared(comparison.name, file), weighted.curve)


def _bits(comparison: Comparison, level: WeightedLevel) -> Bits:
    """A level's bits against each alternative; a kind that no entity compared has is as good as strangers."""
    if lacking := sorted(kinds_of(comparison) - level.companions.keys()):
        raise ValueError(f"{comparison.name}: {level.level} lacks its bits against {', '.join(lacking)}")
    return level.bits, *(level.companions.get(kind, level.bits) for kind in COMPANION_KINDS)


@cache
def kinds_of(comparison: Comparison) -> frozenset[str]:
    """The kinds of companions of the entities to which a comparison applies."""
    return frozenset(kind for row in ENTITY_TYPES if comparison.name in row.comparisons for kind in row.companions)


def _shared(name: str, file: ModelFile) -> frozenset[str]:
    return frozenset(
        {"phone": file.shared_phones, "email": file.shared_emails, "address": file.shared_addresses}.get(name, ())
    )
