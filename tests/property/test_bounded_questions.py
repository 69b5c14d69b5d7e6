"""The law of a question's work: what it compares and looks up is bounded by the question alone, or it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import LiaisonError
from pipeline.matching.model import load_model
from pipeline.search.probes import MOST_VARIANTS, make_candidate_query, make_probe, make_strict_query
from pipeline.search.questions import MAX_QUESTION_CHARS, MAX_WORDS, NAMED, parse_question
from support.records.worst_cases import EXPANDING, LETTERS, LIKE, Size, like_words

MOST_CLAUSES: Final = 500
"""The worst has some 290: plates of unread characters, each with its pieces."""

MOST_TERMS: Final = 3_000
"""Beside MOST_VARIANTS numbers a slip away the worst has some 630: spellings and sounds of 110 words."""

MOST_ENTITIES: Final = 64


def _words(chance: Random) -> list[str]:
    return [word for script in LIKE for word in like_words(script, Size(1, 1, 1, chance.randrange(100)))]


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
