"""FORMS, SCORING and SHIPPED hold what they stand for: no change of forms, scores or weights without a new generation.

frozen_cases.ndjson holds cases of one {"country", "entities"} a line: each kind of entity, comparison and script, and
60 cases of the demo. It stays as it is: lines that are added change both digests, though no form or score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.access.hit_gate import exact_match
from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.matching import model as matching_model
from pipeline.matching.bands import Band, ExactMatch
from pipeline.matching.bounds import entity_bounds, sketches
from pipeline.matching.comparisons.catalogue import of_type
from pipeline.matching.comparisons.comparison import Comparison
from pipeline.matching.fingerprint import Entities, Fingerprint
from pipeline.matching.model import FORMS, SCORING, Model, load_model
from pipeline.matching.reference import SHIPPED, reference_model
from pipeline.matching.score.scoring import EACH_PAIR, judge_cases, weigh_evidence
from pipeline.records.entity_types import normalise
from pipeline.records.model import Case

CASES = Path(__file__).with_name("frozen_cases.ndjson")

HELD_MODEL = ("2026.11-2", "46e3b13ef487eefc")
"""The name of the model that ships, and a hash of its weights."""

HELD = {"FORMS": (16, "c23a84d9ae985b8a"), "SCORING": (8, "33484c49e02aa542"), "LARGE": (8, "c8d3ec8cd96008a9")}
"""By what is held: the version that stands for it, and its digest. LARGE is of scores of large cases."""

TOGETHER = 25
"""Cases whose persons and things make a large one."""

COMPARISONS = (
    "name birth_date birth_date_partial birth_date_text identifier phone email address gender nationality birth_place "
    "vin plate make model colour calibre when_where method coordinates"
)
"""Those of the model that the digests are of. One that is added since makes a model of other content, which is another
generation by itself: neither version need be raised for it."""

ADDED_SINCE = "birth_country other_names"
"""Those whose weights name the model too, though the digests are made without them."""

ADVICE = """
{what} are not those of {name} {held}: under one generation, stores and links of two versions of the code would mix.
Where the change is meant: {name} = {now} in pipeline/matching/model.py, and in HELD "{row}": ({now}, "{digest}")."""

ADVICE_OF_WEIGHTS = """
The weights of the shipped model are not those of {held}. Where the change is meant: another name in SHIPPED
(pipeline/matching/reference.py), and HELD_MODEL = ("{name}", "{digest}")."""

ADVICE_OF_SCORES = """
Scores are not those of HELD, as the weights of the shipped model changed. SCORING = {held} stays, since another model
is another generation by itself: in HELD "{row}": ({held}, "{digest}")."""


def _of_type(entity_type: str) -> tuple[Comparison, ...]:
    return tuple(comparison for comparison in of_type(entity_type) if comparison.name in COMPARISONS.split())


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    """The shipped model without comparisons that were added since."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sketches, "of_type", _of_type)
        patch.setattr(matching_model, "of_type", _of_type)
        _forget_types()
        yield load_model()
    _forget_types()


def _forget_types() -> None:
    sketches.without_room.cache_clear()
    sketches._fields.cache_clear()
    entity_bounds.forget_sketches()


@pytest.fixture(scope="module")
def prints(model: Model) -> list[Fingerprint]:
    lines = CASES.read_text(encoding="utf-8").splitlines()
    cases = [_case(number, msgspec.json.decode(line)) for number, line in enumerate(lines, start=1)]
    return [make_fingerprint(case, normalise(case), model) for case in cases]


def _case(number: int, raw: dict[str, Any]) -> Case:
    head = {"case_id": f"{number}", "agency": raw["country"].lower(), "version": 1, "status": "active"}
    entities = [{"id": f"e{at}", **entity} for at, entity in enumerate(raw["entities"], start=1)]
    return msgspec.convert({**head, "country": raw["country"], "entities": entities}, Case)


def _hash_of_weights() -> str:
    found = reference_model("").comparisons
    weights = {name: found[name] for name in (*COMPARISONS.split(), *ADDED_SINCE.split())}
    return hashlib.blake2b(msgspec.json.encode(weights, order="sorted"), digest_size=8).hexdigest()


def test_the_shipped_model_is_named_anew_where_a_weight_changes() -> None:
    name, digest = HELD_MODEL
    here = _hash_of_weights()
    assert (SHIPPED, here) == (name, digest), ADVICE_OF_WEIGHTS.format(held=name, name=SHIPPED, digest=here)
    assert load_model().version == SHIPPED


def test_fingerprints_are_those_of_their_version(prints: list[Fingerprint]) -> None:
    _hold(
        "Fingerprints",
        "FORMS",
        FORMS,
        [(fingerprint.keys, fingerprint.entities, fingerprint.sketch) for fingerprint in prints],
    )


def test_scores_are_those_of_their_version(prints: list[Fingerprint], model: Model) -> None:
    judged = [judge_cases(a, b, model) for a, b in combinations(prints, 2)]
    assert {judgement.band for judgement in judged} == {Band.CERTAIN, Band.PROBABLE, Band.POSSIBLE, Band.NONE}
    equal = [exact_match(*sides, model) for a, b in combinations(prints, 2) for sides in _both_ways(a, b)]
    assert {ExactMatch.NONE, ExactMatch.NUMBER, ExactMatch.NAME} <= set(equal)
    _hold("Scores", "SCORING", SCORING, [[(judgement.score, judgement.band) for judgement in judged], equal])


def test_scores_of_large_cases_are_those_of_their_version(prints: list[Fingerprint], model: Model) -> None:
    large = [
        tuple(entity for fingerprint in prints[first : first + TOGETHER] for entity in fingerprint.entities)
        for first in range(0, 4 * TOGETHER, TOGETHER)
    ]
    found = [weigh_evidence(a, b, model) for a, b in combinations(large, 2)]
    assert all(one.each > EACH_PAIR for one in found)
    assert any(len(one.ties) > 1 for one in found)
    assert not any(one.partly for one in found)
    held = [{field: getattr(one, field) for field in ("ties", "attempts", "rebate", "each")} for one in found]
    _hold("Scores of large cases", "SCORING", SCORING, held, "LARGE")


def _both_ways(a: Fingerprint, b: Fingerprint) -> tuple[tuple[Entities, Entities], ...]:
    return (a.entities, b.entities), (b.entities, a.entities)


def _hold(what: str, name: str, version: int, found: object, row: str = "") -> None:
    digest = hashlib.blake2b(msgspec.json.encode(found), digest_size=8).hexdigest()
    row = row or name
    held, expected = HELD[row]
    now = max(version, held + 1)
    if name == "SCORING" and digest != expected and version == held and _hash_of_weights() != HELD_MODEL[1]:
        pytest.fail(ADVICE_OF_SCORES.format(held=held, row=row, digest=digest))
    assert (version, digest) == (held, expected), ADVICE.format(
        what=what, name=name, row=row, held=held, now=now, digest=digest
    )
