from __future__ import annotations

import pytest

from pipeline.matching.bands import Band, Basis
from pipeline.matching.entity_pairs import NameAgreement, PairError, explain_pair, names_alone, read_pair
from pipeline.matching.model import Model


def test_raw_entities_are_judged_as_in_cases(model: Model) -> None:
    found = explain_pair(
        b'{"a": {"type": "person", "names": [{"full": "Zbigniew Oczko"}], "birth_date": "1980-05"},'
        b' "b": {"type": "person", "names": [{"given": "Zbigniew", "family": "Oczko"}], "birth_date": "1980"}}',
        model,
    )
    assert found.band == Band.CERTAIN
    assert {item.field for part in found.entities for item in part.items} == {"name", "birth_date_partial"}


def test_what_speaks_against_a_pair_is_shown_too(model: Model) -> None:
    found = explain_pair(
        b'{"a": {"type": "person", "birth_date": "1980-05-03"}, "b": {"type": "person", "birth_date": "1999-07-22"}}',
        model,
    )
    assert found.score == model.prior
    assert [item.level for part in found.entities for item in part.items] == ["different"]


def test_two_people_with_one_number_are_explained_by_it(model: Model) -> None:
    passport = b'"identifiers": [{"type": "passport", "value": "12AB34567", "country": "FR"}]'
    two = b'{"a": {"type": "person", "names": [{"full": "Ivan Petrov"}], %b}, "b": {"type": "person", %b}}'
    anna = b'"names": [{"full": "Anna Keller"}], ' + passport
    assert explain_pair(two % (passport, anna), model).basis is Basis.SHARED
    ivan = b'"names": [{"full": "Ivan Petrov"}], ' + passport
    assert explain_pair(two % (passport, ivan), model).basis is Basis.SAME
    nobody = b'"names": [{"full": "Anna Keller"}]'
    assert explain_pair(two % (passport, nobody), model).basis is Basis.SAME


def test_names_alone_are_judged_by_the_best_of_them() -> None:
    alike = b'{"a": {"type": "vessel", "names": [{"full": "Hope"}, {"full": "Sea Star"}]},'
    alike += b' "b": {"type": "vessel", "names": [{"full": "Sea Star"}]}}'
    assert names_alone(*read_pair(alike)) == NameAgreement(100, same=True)
    assert names_alone(*read_pair(b'{"a": {"type": "person"}, "b": {"type": "person"}}')) is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[1]", 'an object with "a" and "b"'),
        (b'{"a": {"type": "person"}}', 'an object with "a" and "b"'),
        (b'{"a": 1, "b": {"type": "person"}}', "/a: an entity is an object"),
        (b'{"a": {"type": "person"}, "b": {"type": "ghost"}}', "/b"),
        (b'{"a": {"type": "person", "birth_date": "30 February"}, "b": {"type": "person"}}', "/a"),
    ],
)
def test_other_lines_are_refused_with_the_place(model: Model, line: bytes, words: str) -> None:
    with pytest.raises(PairError, match=words):
        explain_pair(line, model)
