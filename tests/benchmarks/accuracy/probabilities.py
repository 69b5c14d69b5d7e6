"""How far the shipped model's probabilities can be trusted: Brier score, said against found by script, false links.

For each corridor, people of two names that were never trained on, with a birth date, in Latin and in the other script:
half of the pairs are one person, half share the birth date and one of the two names (the hard kind of stranger). False
links are counted over random pairs of records of different clusters, whether they share a key or not.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from model_building.transliteration_training import read_pairs, split_pairs

from benchmarks.accuracy.corridors import DATA
from benchmarks.accuracy.data_sets import fake_1000, historical
from benchmarks.accuracy.ours import prints
from benchmarks.lists.sets import agency_of, load_all_lists
from pipeline.matching.fingerprint import EntityPrint, entity_print
from pipeline.matching.model import Model, load_model
from pipeline.matching.names.transliteration.corridors import CORRIDORS
from pipeline.matching.score.scoring import judge_score, score_cases
from pipeline.matching.training.calibration import brier_score
from pipeline.records.names import normalise_name
from pipeline.records.normalised import NormalisedEntity, PartialDate
from support.matching.prints import print_of

PEOPLE = 1000
RANDOM_PAIRS = 300_000
EDGES = (0.5, 0.9, 0.99)
LIST = "us-ofac"
"""The longest of the lists: its entries are paired at random, people and organisations each among themselves."""

Judged = list[tuple[float, bool]]


def measure() -> Iterator[tuple[str, str]]:
    """(what, figures) for each line of the report."""
    for corridor in CORRIDORS:
        for source in corridor.sources:
            found = judged(split_pairs(read_pairs(DATA / f"{source}.tsv")).test, random.Random(1), load_model())
            yield f"probabilities, {source}", f"Brier {brier_score(found):.4f}; {reliability(found)}"
    for data in (historical(), fake_1000()):
        yield f"false links, {data.name}", told(*false_links(prints(data), data.clusters, random.Random(1)))
    for kind in ("person", "organisation"):
        own = entries(kind)
        yield f"false links, {LIST} {kind}s", told(*false_links(own, range(len(own)), random.Random(1)))


def told(links: int, pairs: int) -> str:
    """False links of random pairs."""
    return f"{1e6 * links / pairs:.1f} a million random pairs ({links} of {pairs:,})"


def entries(kind: str) -> list[EntityPrint]:
    """The entries of one list and type: each is another person or body, but for a few that it has twice."""
    own = [one for case, one in load_all_lists("lists").entities.items() if agency_of(case) == LIST]
    return [print_of(**one) for one in own if one["type"] == kind]


def judged(test: Sequence[tuple[str, str, int]], chance: random.Random, model: Model) -> Judged:
    """(probability, same person?) of pairs of people in two scripts."""
    found = []
    for _ in range(PEOPLE):
        (given, other_given, _), (family, other_family, _), (_, stranger, _) = chance.sample(test, 3)
        born = PartialDate(chance.randrange(1940, 2005), chance.randrange(1, 13), chance.randrange(1, 29))
        latin = person(f"{given} {family}", born)
        for name, same in ((f"{other_given} {other_family}", True), (f"{stranger} {other_family}", False)):
            bits = score_cases((latin,), (person(name, born),), model)
            found.append((judge_score(bits).probability, same))
    return found


def person(name: str, born: PartialDate) -> EntityPrint:
    known = normalise_name(name, "", "", "", "", "", "person")
    return entity_print(NormalisedEntity("p", "person", names=(known,), birth_date=born))


def reliability(found: Judged) -> str:
    """Said and found by band of probability."""
    parts = []
    for low, high in zip((0.0, *EDGES), (*EDGES, 1.01), strict=True):
        band = [(said, same) for said, same in found if low <= said < high]
        if band:
            said, true = (sum(one[at] for one in band) / len(band) for at in (0, 1))
            parts.append(f"said {said:.2f} found {true:.2f} ({len(band)})")
    return ", ".join(parts)


def false_links(entities: Sequence[EntityPrint], clusters: Sequence[object], chance: random.Random) -> tuple[int, int]:
    """Links among random pairs of records of different clusters, and the pairs judged."""
    model, links, pairs = load_model(), 0, 0
    while pairs < RANDOM_PAIRS:
        i, j = chance.randrange(len(entities)), chance.randrange(len(entities))
        if clusters[i] != clusters[j]:
            pairs += 1
            links += bool(judge_score(score_cases((entities[i],), (entities[j],), model)).band)
    return links, pairs
