"""The laws of a search's ranking: who is judged late, or never, is where they would stand if all were judged."""

from __future__ import annotations

from functools import cache
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.matching.explain.explaining import entities_evidence
from pipeline.matching.fingerprint import Entities, EntityPrint, PhonePrint
from pipeline.matching.handling import Contact
from pipeline.matching.model import load_model
from pipeline.matching.names import compare
from pipeline.matching.score.scoring import score_cases
from pipeline.records.normalised import PartialDate
from pipeline.search.probes import QuestionProbe, adapt_probe
from pipeline.search.ranking import (
    CERTAIN_REASONS,
    Candidate,
    CaseCard,
    Place,
    RankedCandidate,
    Ranking,
    StatedHandling,
    rank_candidates,
)
from support.matching.several_names import several_names_pair

model = cache(load_model)
QUESTIONS = settings().max_examples // 10
CANDIDATES = 25
FEWER = max(10, settings().max_examples // 20)
PHONES = tuple(PhonePrint(f"+3361234567{at}", f"61234567{at}") for at in range(2))
MET = (("name",), ("sound", "key"), ("name", "phone"), ("text",), ())


def _question(random: Random) -> tuple[QuestionProbe, list[Candidate]]:
    """A question of one or two entities, and candidates of one to three, of which some share names with it."""
    types = random.choice((["person"], ["organisation"], ["person", "organisation"]))
    asked = [_with_more(several_names_pair(random, kind)[0], kind, random) for kind in types]
    probe = QuestionProbe(tuple(asked), frozenset(), frozenset({"612345670"} if random.random() < 0.3 else ()))
    return probe, [_candidate(at, asked, random) for at in range(random.randrange(CANDIDATES))]


def _candidate(at: int, asked: list[EntityPrint], random: Random) -> Candidate:
    held = []
    for number in range(random.choice((1, 1, 1, 2, 3))):
        like = random.choice(asked)
        _, other = several_names_pair(random, like.type)
        own = random.sample(like.names, random.randrange(len(like.names) + 1)) if random.random() < 0.6 else []
        names = tuple(sorted({*other.names, *own}))
        held.append(_with_more(msgspec.structs.replace(other, names=names), f"e{number}", random))
    card = CaseCard(f"a:{at}", "a", "FR", 1, "h", StatedHandling(), Contact(), None, None, tuple(held))
    return Candidate(card, tuple(held), float(random.randrange(3)), random.choice(MET))


def _with_more(entity: EntityPrint, name: str, random: Random) -> EntityPrint:
    born = PartialDate(1970 + random.randrange(2), random.choice((1, 2)), 3) if entity.type == "person" else None
    phones = (random.choice(PHONES),) if random.random() < 0.2 else ()
    return msgspec.structs.replace(entity, id=name, birth_date=born, phones=phones)


def _rank_all(probe: QuestionProbe, found: list[Candidate]) -> list[tuple[int, Place]]:
    """The definition: every candidate is judged, on names of its own that nobody holds."""
    places = []
    for candidate in found:
        entities = _copy(candidate.entities)
        bits = score_cases(adapt_probe(probe, entities), entities, model()) - model().prior
        certain = not CERTAIN_REASONS.isdisjoint(candidate.met)
        named = any(entity.names for entity in probe.entities)
        if certain or (bits > 0 and (not named or _agree(probe.entities, entities))):
            places.append((bits, (-bits, -candidate.score, candidate.card.case)))
    return sorted(places, key=lambda one: one[1])


def _agree(asked: Entities, held: Entities) -> bool:
    pairs = ((one, other) for one in asked for other in held if one.type == other.type)
    return any(compare(x, y).bits > 0 for one, other in pairs for x in one.names for y in other.names)


def _copy(entities: Entities) -> Entities:
    return tuple(msgspec.structs.replace(entity, names=(*entity.names,)) for entity in entities)


def _check(random: Random) -> int:
    probe, found = _question(random)
    expected = _rank_all(probe, found)
    most, after = random.randrange(1, 8), random.choice([None, *[place for _, place in expected]])
    ranking = Ranking(probe, found, model())
    behind = [one for one in expected if after is None or one[1] > after]
    first = ranking.first(most, after)
    assert [(one.score, one.place) for one in first] == behind[:most]
    assert [(one.score, one.place) for one in ranking.all()] == expected
    for one in rank_candidates(probe, found, model()):
        _check_reasons(one, probe)
    return len(expected)


def _check_reasons(one: RankedCandidate, probe: QuestionProbe) -> None:
    """What is told of a candidate is the same whether what was compared is held or not."""
    record = one.candidate.entities
    alone = _copy(record)
    told = entities_evidence(adapt_probe(probe, record), record, model())
    assert told == entities_evidence(adapt_probe(probe, alone), alone, model())


def test_the_order_is_that_of_judging_all() -> None:
    random = Random(1)
    assert sum(_check(random) for _ in range(QUESTIONS)) > QUESTIONS


@given(random=st.integers(0, 2**32 - 1).map(Random))
@settings(max_examples=FEWER)
def test_the_order_is_that_of_judging_all_wherever_one_looks(random: Random) -> None:
    _check(random)
