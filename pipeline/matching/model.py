"""The model that scores pairs: a model file compiled into tables, and the id of the generation that it makes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version as library_version
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import msgspec
import orjson

from pipeline.errors import LiaisonError
from pipeline.matching.alternatives import COMPANION_KINDS, STRANGERS, Bits
from pipeline.matching.comparisons.address import ADDRESS, carry_cities, carry_shared
from pipeline.matching.comparisons.catalogue import CATALOGUE, of_type
from pipeline.matching.comparisons.comparison import Compare, Comparison, Table
from pipeline.matching.model_file import (
    FORMAT,
    Calibration,
    ModelFile,
    Prior,
    WeightedComparison,
    WeightedLevel,
    encode_model,
)
from pipeline.matching.reference import SHIPPED, kinds_of, reference_model, renew_shipped
from pipeline.records.entity_types import ENTITY_TYPES, TYPES, EntityType

FORMS = 16
"""Version of the normalised and fingerprint forms; raised with any change that alters a record's fingerprint."""

SCORING = 8
"""Version of the rules by which fingerprints are scored, and of those by which one meets a hit-only record; raised with
any change that alters a pair's score, or what of it is equal, under one model file. A changed weight is another model,
so another generation by that: SCORING stays. tests/unit/matching/test_versions.py holds both."""

LIBRARIES = ("phonenumberslite", "pypinyin", "anyascii", "python-stdnum", "rapidfuzz")
"""Libraries whose data or code enters a fingerprint or a level."""

VENDORED = {"rigour": "2.6.1"}
"""Libraries whose tables ship with the package (pipeline/records/data), by the version that they are made of."""

E164 = re.compile(r"\+[0-9]{3,15}")
"""How a phone is normalised."""

Plan = tuple[tuple[Compare, Table], ...]


class Model:
    """A model file, compiled for scoring. Two models of the same content are interchangeable.

    `companions` gives for each entity type its kinds of companions, each with the hundredths of a bit by which such
    pairs are rarer than pairs of strangers. `curves` gives for each type the knots of its calibration, () if it has
    none. Comparisons across types use `tables`; those of two entities of one type use `tables_by_type`. `plans` gives
    for each type the comparisons to make, with their tables; `ceilings` does so with upper bounds in place of the
    comparisons that have one (Comparison.ceiling). `named_plans` are the parts of these that have one, `named_ceilings`
    their bounds, `plain_plans` the rest. The comparisons in `left_out` are not made.

    Raises ValueError or KeyError for a file whose levels or weights do not fit the comparisons of this version.
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
        self.ceilings: Mapping[str, Plan] = {
            kind: tuple(
                (one.ceiling or one.compare, self.tables_by_type[kind][one.name]) for one in self.comparisons[kind]
            )
            for kind in TYPES
        }
        both = {kind: tuple(zip(self.plans[kind], self.ceilings[kind], strict=True)) for kind in TYPES}
        self.plain_plans: Mapping[str, Plan] = {
            kind: tuple(made for made, bounded in both[kind] if made == bounded) for kind in TYPES
        }
        self.named_plans: Mapping[str, Plan] = {
            kind: tuple(made for made, bounded in both[kind] if made != bounded) for kind in TYPES
        }
        self.named_ceilings: Mapping[str, Plan] = {
            kind: tuple(bounded for made, bounded in both[kind] if made != bounded) for kind in TYPES
        }
        self._left_out, self._narrowed = left_out, dict[str, Model]()

    def without(self, name: str) -> Model:
        """The same model without the comparison of this name."""
        if name not in self._narrowed:
            self._narrowed[name] = Model(self.file, self._left_out | {name})
        return self._narrowed[name]

    def plan_without(self, entity_type: str, skipped: tuple[str, ...]) -> Plan:
        """The type's plan without the comparisons named in `skipped`."""
        tables, asked = self.tables_by_type[entity_type], self.comparisons[entity_type]
        return tuple((one.compare, tables[one.name]) for one in asked if one.name not in skipped)

    def _own_tables(self, entity_type: str) -> Mapping[str, Table]:
        own = self.file.own.get(entity_type)
        if not own:
            return self.tables
        if shared := [one.name for one in CATALOGUE if one.selector and one.name in own]:
            raise ValueError(f"{entity_type} has weights of its own for {', '.join(shared)}, which ties all types")
        return _make_tables(self.file, {**self.file.comparisons, **own})

    @cached_property
    def content_hash(self) -> str:
        """BLAKE2b-128 of the canonical file, as hex."""
        return hashlib.blake2b(encode_model(self.file, canonical=True), digest_size=16).hexdigest()


def load_model(path: Path | None = None) -> Model:
    """The model in the file `path`; without a path, the model that ships.

    The model that ships is the reference (docs/adr/0011-the-shipped-model-is-the-reference.md), so no file holds it.
    Raises LiaisonError, which says what is wrong with the file.
    """
    if path is None:
        return Model(reference_model(SHIPPED))
    try:
        raw = path.read_bytes()
        _check_format(msgspec.json.decode(raw, type=_Format).format)
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        if unknown := sorted(fields.keys() - set(ModelFile.__struct_fields__)):
            # people who edit the file misspell fields
            raise ValueError(f"no model has the field {', '.join(unknown)}")
        file = msgspec.json.decode(raw, type=ModelFile)
        _check_shared(file)
        return Model(file)
    except OSError as error:
        raise LiaisonError(f"can't read the model {path}: {error.strerror}") from error
    except (msgspec.DecodeError, ValueError, KeyError) as error:
        raise LiaisonError(f"invalid model {path}: {error}") from error


def take_on(file: ModelFile) -> Model:
    """The model of a generation, perhaps another version's, for one of this version (renew_shipped).

    Raises ValueError or KeyError for a model that was trained for the comparisons of another version.
    """
    renewed = renew_shipped(file)
    _check_format(renewed.format)
    return Model(renewed)


class _Format(msgspec.Struct):
    format: int = 1


def _check_format(found: int) -> None:
    if found < FORMAT:
        raise ValueError(
            f"it was made by an older version of Liaison (format {found}, this one reads {FORMAT}): train it again"
        )
    if found > FORMAT:
        raise ValueError(f"it was made by a newer version of Liaison (format {found}, this one reads {FORMAT})")


def _check_shared(file: ModelFile) -> None:
    """Raises ValueError for a shared value that no record's normalised one could equal, so that it would do nothing."""
    wrong = [phone for phone in file.shared_phones if not E164.fullmatch(phone)]
    wrong += [email for email in file.shared_emails if email != email.lower() or "@" not in email]
    if wrong:
        raise ValueError(f"{wrong[0]}: write shared phones as +33123456789, shared emails in small letters")


PROTOCOL = 2
"""Raised with every change of what partitions of the correlate stage send to each other (docs/streams.md)."""


def generation_id(model: Model, correlate_partitions: int) -> str:
    """The id of a generation: 12 hex digits, a hash of everything that decides fingerprints, scores and who judges.

    This covers the model's content, FORMS and SCORING, the data of the names package, the versions of LIBRARIES,
    PROTOCOL, and the number of partitions of `fingerprints`.
    """
    parts = {
        "model": model.content_hash,
        "forms": FORMS,
        "scoring": SCORING,
        "names": names_version(),
        "libraries": {**VENDORED, **{name: library_version(name) for name in LIBRARIES}},
        "protocol": PROTOCOL,
        "partitions": correlate_partitions,
    }
    return hashlib.blake2b(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS), digest_size=6).hexdigest()


def names_version() -> str:
    """A hash of the names package's data files, as 16 hex digits."""
    digest = hashlib.blake2b(digest_size=8)
    data = files("pipeline.matching.names") / "data"
    for traversable in sorted(data.iterdir(), key=lambda file: file.name) if data.is_dir() else ():
        if traversable.is_file():
            digest.update(traversable.name.encode() + b"\0" + traversable.read_bytes())
    return digest.hexdigest()


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
    if names != tuple(level.key for level in comparison.levels):
        raise ValueError(f"levels of {comparison.name} are {', '.join(names)}")
    bits = tuple(_bits(comparison, level) for level in weighted.levels)
    for kind, weights in zip(("strangers", *COMPANION_KINDS), zip(*bits, strict=True), strict=True):
        if any(stronger < weaker for stronger, weaker in pairwise(weights)):
            raise ValueError(f"weights of {comparison.name} against {kind} are not monotone")
    terms, shared = weighted.terms, _shared(comparison.name, file)
    if comparison is ADDRESS:
        terms, shared = carry_cities(terms), carry_shared(shared)
    return Table(bits, terms, weighted.rare, shared, weighted.curve)


def _bits(comparison: Comparison, level: WeightedLevel) -> Bits:
    """A level's bits against each alternative; a kind of companions that no compared entity has counts as strangers."""
    if lacking := sorted(kinds_of(comparison) - level.companions.keys()):
        raise ValueError(f"{comparison.name}: {level.level} lacks its bits against {', '.join(lacking)}")
    return level.bits, *(level.companions.get(kind, level.bits) for kind in COMPANION_KINDS)


def _shared(name: str, file: ModelFile) -> frozenset[str]:
    return frozenset(
        {"phone": file.shared_phones, "email": file.shared_emails, "address": file.shared_addresses}.get(name, ())
    )
