from __future__ import annotations

from typing import Any

import pytest

from pipeline.matching.fingerprint import Entities, entity_print
from pipeline.matching.handling import Contact
from pipeline.matching.model import Model, load_model
from pipeline.matching.score.scoring import score_cases
from pipeline.records.dates import birth_date
from pipeline.records.names import normalise_name
from pipeline.records.normalised import NormalisedEntity, PartialDate
from pipeline.search import ranking
from pipeline.search.probes import make_probe
from pipeline.search.questions import parse_question
from pipeline.search.ranking import Candidate, CaseCard, Ranking, StatedHandling, rank_candidates


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


def candidate(key: str, name: str, score: float, *met: str, **fields: Any) -> Candidate:
    names = (normalise_name(name, "", "", "", "", "", "person"),)
    entities = (entity_print(NormalisedEntity("p1", "person", names=names, **fields)),)
    card = CaseCard(key, "fr-pj", "FR", 1, "h", StatedHandling(), Contact(), None, None, entities)
    return Candidate(card, entities, score, met)


def order(question: str, model: Model, *found: Candidate) -> list[str]:
    return [one.candidate.card.case for one in rank_candidates(make_probe(parse_question(question), ""), found, model)]


BORN = PartialDate(1980, 5, 1)


def test_the_matcher_ranks_whatever_the_index_scored(model: Model) -> None:
    near = candidate("a:1", "Ivan Petroff", 90.0, "name")
    exact = candidate("a:2", "Ivan Petrov", 10.0, "name", birth_date=BORN)
    assert order("ivan petrov 1980-05-01", model, near, exact) == ["a:2", "a:1"]


def test_a_question_finds_any_of_several_birth_dates(model: Model) -> None:
    dates = tuple(map(birth_date, ("1955", "1970/1972", "1980-05-01")))
    several = candidate("a:1", "Ivan Petrov", 10.0, "name", birth_dates=dates)
    other = candidate("a:2", "Ivan Petrov", 10.0, "name", birth_date=PartialDate(1991, 3, 4))
    for question in ("ivan petrov 1980-05-01", "ivan petrov 1955", "ivan petrov 1971"):
        assert order(question, model, several, other)[0] == "a:1"


def test_equals_stand_by_candidate_score_and_then_case_key(model: Model) -> None:
    scores = {"a:1": 5.0, "a:2": 9.0, "a:3": 5.0}
    cases = [candidate(key, "Ivan Petrov", score, "name") for key, score in scores.items()]
    assert order("ivan petrov", model, *cases) == ["a:2", "a:1", "a:3"]


def test_a_shared_birth_date_does_not_answer_a_question_for_another_name(model: Model) -> None:
    assert order("ivan petrov 1980-05-01", model, candidate("a:1", "Zhou Wen", 9.0, "key", birth_date=BORN)) == []


def test_a_certain_reason_answers_whatever_the_name(model: Model) -> None:
    assert order("ivan petrov fraude", model, candidate("a:1", "Zhou Wen", 9.0, "text")) == ["a:1"]


def test_what_cannot_be_among_the_first_is_not_judged(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [candidate(f"a:{at}", "Zbigniew Oczko", 5.0, "name", birth_date=BORN) for at in range(3)]
    found += [candidate(f"b:{at}", f"Zbigniew Petrov{'a' * at}", 9.0, "name") for at in range(3)]
    judged = []

    def score(a: Entities, b: Entities, model: Model) -> int:
        judged.append(b)
        return score_cases(a, b, model)

    monkeypatch.setattr(ranking, "score_cases", score)
    ranked = Ranking(make_probe(parse_question('name:"Zbigniew Oczko" 1980-05-01'), ""), found, model)
    first = ranked.first(2)
    assert [one.candidate.card.case for one in first] == ["a:0", "a:1"]
    assert len(judged) < len(found)
    assert ranked.all()[:2] == first


def test_what_changed_stands_where_it_belongs(model: Model) -> None:
    found = [candidate(f"a:{at}", "Ivan Petrov", 5.0, "name") for at in range(3)]
    probe = make_probe(parse_question("ivan petrov"), "")
    ranked = Ranking(probe, found, model)
    ranked.first(1)
    (other,) = rank_candidates(probe, [candidate("a:0", "Ivan Petrov", 1.0, "name")], model)
    ranked.replace_changed({"a:0": None}, [other])
    assert [one.candidate.card.case for one in ranked.all()] == ["a:1", "a:2", "a:0"]
