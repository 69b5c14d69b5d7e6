"""The law of a question's work: what it compares and looks up is bounded by the question alone, or it is refused.

What it compares with a case, as a search, a row of a list or an alert, takes no more than a pair of cases may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.access.alerts import make_alert, saved_search_print
from pipeline.access.requester import Grounds, Purpose
from pipeline.errors import LiaisonError
from pipeline.matching.explain.explaining import entities_evidence
from pipeline.matching.handling import Contact
from pipeline.matching.model import load_model
from pipeline.matching.operations import operations_done
from pipeline.search.probes import (
    MOST_VARIANTS,
    adapt_probe,
    make_candidate_query,
    make_probe,
    make_query_probe,
    make_strict_query,
)
from pipeline.search.questions import MAX_QUESTION_CHARS, MAX_WORDS, NAMED, Question, parse_question
from pipeline.search.ranking import Candidate, CaseCard, Ranking, StatedHandling
from property.test_pair_work import MOST, count_operations, pair_of
from support.access.requesters import ANNA
from support.api.runtime import NOW
from support.records.worst_cases import EXPANDING, LETTERS, LIKE, like_words

GROUNDS: Final = Grounds(Purpose.INVESTIGATION, "2026/1")

MOST_CLAUSES: Final = 500
"""The worst has some 290: plates of unread characters, each with its pieces."""

MOST_TERMS: Final = 3_000
"""Beside MOST_VARIANTS numbers a slip away the worst has some 630: spellings and sounds of 110 words."""

MOST_ENTITIES: Final = 64


def _words(chance: Random) -> list[str]:
    return [word for script in LIKE for word in like_words(script, chance.randrange(100))]


def _foreign(chance: Random) -> str:
    script = LETTERS[chance.choice(sorted(LETTERS))]
    return "".join(chance.choices(script, k=chance.randrange(2, 40)))


WORST: Final[Mapping[str, Callable[[Random], str]]] = {
    "names": lambda chance: " ".join(f'name:"{" ".join(chance.choices(_words(chance), k=14))}"' for _ in range(9)),
    "loose words": lambda chance: " ".join(chance.choices(_words(chance), k=40)),
    "short words": lambda chance: 'name:"' + "ab " * chance.randrange(1, 300) + '"',
    "foreign words": lambda chance: " ".join(_foreign(chance) for _ in range(chance.randrange(1, 41))),
    "brackets": lambda chance: f'name:"мирко ({";".join(chance.choices(_words(chance), k=chance.randrange(1, 80)))})"',
    "expanding signs": lambda chance: f'name:"{EXPANDING * chance.randrange(1, 900)}" born:1980-05-01',
    "numbers": lambda chance: " ".join(f"number:{chance.randrange(10**12)}" for _ in range(40)),
    "dates": lambda chance: "ivan petrov " + " ".join(f"born:{chance.randrange(1940, 1999)}~" for _ in range(38)),
    "plates": lambda chance: " ".join("plate:" + "".join(chance.choices("AB12?*", k=17)) for _ in range(40)),
    "e-mails": lambda chance: " ".join(f"{chance.choice(_words(chance))}@a{at}.example" for at in range(30)),
    "cities": lambda chance: " ".join(f'city:"{" ".join(chance.choices(_words(chance), k=4))}"' for _ in range(30)),
}


@pytest.mark.parametrize("kind", WORST)
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_a_question_is_bounded_or_refused(kind: str, seed: int) -> None:
    text = WORST[kind](Random(seed))[:MAX_QUESTION_CHARS]
    try:
        question = parse_question(text)
    except LiaisonError:
        return
    model, probe = load_model(), make_probe(question, "FR")
    whole = make_candidate_query(question, probe, model.stop_keys, model.key_rarity)
    words = sum(len(name.tokens) for entity in probe.entities for name in entity.names)
    assert words <= MAX_WORDS * len(NAMED)
    assert len(probe.entities) <= MOST_ENTITIES
    for query in (whole, make_strict_query(question, probe)):
        assert len(query.clauses) <= MOST_CLAUSES
        assert sum(len(clause.terms) for clause in query.clauses) <= MOST_TERMS + MOST_VARIANTS


SHAPES: Final = ("like names of three scripts", "organisations", "addresses", "numbers", "plates")
"""Of worst cases, by each kind of value that a question has."""


def largest(kind: str) -> Question:
    """The largest question of a kind that is not refused."""
    text = WORST[kind](Random(1))[:MAX_QUESTION_CHARS]
    while True:
        try:
            return parse_question(text)
        except LiaisonError:
            text = text[: len(text) * 3 // 4]


LONG: Final = {"names", "short words", "numbers"}
"""Kinds that take 10 s and more, which `make test-rare` asks; other kinds are as many words or numbers."""


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=[pytest.mark.rare] * (kind in LONG)) for kind in WORST])
def test_a_question_and_a_worst_case_take_what_a_pair_may(kind: str) -> None:
    question, model = largest(kind), load_model()
    probe = make_probe(question, "FR")
    alert = saved_search_print(make_alert("s1", "", "", ANNA, GROUNDS, NOW), (1,), make_query_probe(question, "FR"))
    for shape in SHAPES:
        case = pair_of(shape)[0]
        assert count_operations(alert, case) <= MOST, "an alert"
        card = CaseCard(case.case, "fr-pj", "FR", 1, "", StatedHandling("H0"), Contact(), None, None, None)
        before = operations_done()
        found = Ranking(probe, [Candidate(card, case.entities, 1.0, ("number",))], model).all()
        assert operations_done() - before <= MOST, "a search, or a row of a list"
        for one in found:
            entities_evidence(adapt_probe(probe, one.candidate.entities), one.candidate.entities, model)
        assert operations_done() - before <= 2 * MOST, "with its reasons"
