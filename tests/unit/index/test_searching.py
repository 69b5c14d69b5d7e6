from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.index.documents import CaseDocument
from pipeline.index.probes import probe
from pipeline.index.questions import parse
from pipeline.index.reading import Candidate
from pipeline.index.searching import rank
from pipeline.matching.fingerprint import Fingerprint, entity_print
from pipeline.matching.model import Model, load_model
from pipeline.records.names import normalise_name
from pipeline.records.normalised import Entity, PartialDate


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


def held(key: str, name: str, **fields: Any) -> CaseDocument:
    names = (normalise_name(name, "", "", "", "", "", "person"),)
    entity = entity_print(Entity("p1", "person", names=names, **fields))
    print_ = Fingerprint(key, 1, "h", "fr-pj", "FR", entities=(entity,))
    return CaseDocument(key, "fr-pj", "FR", 1, "live", fingerprint=msgspec.to_builtins(print_))


def order(question: str, model: Model, *found: tuple[CaseDocument, float, tuple[str, ...]]) -> list[str]:
    documents = {case.case: case for case, _, _ in found}
    candidates = [Candidate(case.case, score, met) for case, score, met in found]
    return [one.document.case for one in rank(probe(parse(question), ""), candidates, documents, model)]


BORN = PartialDate(1980, 5, 1)


def test_the_matcher_ranks_whatever_the_index_scored(model: Model) -> None:
    near, exact = held("a:1", "Ivan Petroff"), held("a:2", "Ivan Petrov", birth_date=BORN)
    assert order("ivan petrov 1980-05-01", model, (near, 90.0, ("name",)), (exact, 10.0, ("name",))) == ["a:2", "a:1"]


def test_equals_stand_by_candidate_score_and_then_case_key(model: Model) -> None:
    cases = [held(key, "Ivan Petrov") for key in ("a:1", "a:2", "a:3")]
    scored = zip(cases, (5.0, 9.0, 5.0), strict=True)
    assert order("ivan petrov", model, *((case, score, ("name",)) for case, score in scored)) == ["a:2", "a:1", "a:3"]


def test_a_shared_birth_date_does_not_answer_a_question_for_another_name(model: Model) -> None:
    assert order("ivan petrov 1980-05-01", model, (held("a:1", "Zhou Wen", birth_date=BORN), 9.0, ("key",))) == []


def test_a_certain_reason_answers_whatever_the_name(model: Model) -> None:
    assert order("ivan petrov fraude", model, (held("a:1", "Zhou Wen"), 9.0, ("text",))) == ["a:1"]


def test_a_candidate_that_has_gone_since_is_left_out(model: Model) -> None:
    assert rank(probe(parse("ivan petrov"), ""), [Candidate("a:1", 1.0, ("name",))], {}, model) == []
