from __future__ import annotations

import msgspec
import numpy as np
import pytest

from pipeline.matching.bands import Basis
from pipeline.matching.bounds.sketches import make_sketch
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model
from pipeline.matching.names import name_pairs
from pipeline.matching.names.comparison import NameComparison, compare
from pipeline.matching.names.joined_words import BOTH_WAYS
from pipeline.matching.names.prints import NamePrint
from pipeline.matching.score.scoring import least_score
from pipeline.matching.screening.screening import Screen
from support.matching.prints import case_of

NAMES = [{"full": name} for name in ("Ivan Petrov", "Ivan Petroff", "Vanya Petrov", "Иван Петров")]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[NamePrint, NamePrint]]:
    """Pairs of names that are compared, in turn."""
    found: list[tuple[NamePrint, NamePrint]] = []

    def note(a: NamePrint, b: NamePrint, *, joined: int = BOTH_WAYS) -> NameComparison:
        found.append((a, b))
        return compare(a, b, joined=joined)

    monkeypatch.setattr(name_pairs, "compare", note)
    return found


def test_a_bound_below_the_score_is_noticed(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    man = {"type": "person", "birth_date": "1980-05-14", "names": NAMES}
    a, b = (
        msgspec.structs.replace(made, sketch=make_sketch(made.entities))
        for made in (case_of(man, country="BE"), case_of(man, country="FR"))
    )
    matcher = ModelMatcher(model)
    assert not matcher.exceeds_bound(a, b)
    assert not matcher.exceeds_bound(a, msgspec.structs.replace(b, sketch=b""))
    monkeypatch.setattr(Screen, "bound_scores", lambda _screen, _a, _b: [least_score(0.5) - 1])
    assert matcher.exceeds_bound(a, b)
    monkeypatch.undo()
    monkeypatch.setattr(Screen, "__call__", lambda _screen, _a, _b: np.zeros(1, np.bool_))
    assert matcher.exceeds_bound(a, b)


@pytest.mark.parametrize("count", [2, 4])
def test_a_link_is_explained_by_the_names_that_were_compared_to_find_it(
    count: int, model: Model, compared: list[tuple[NamePrint, NamePrint]]
) -> None:
    man = {"type": "person", "birth_date": "1980-05-14", "names": NAMES[:count]}
    a, b = case_of(man, country="BE"), case_of(man, country="FR")
    matcher = ModelMatcher(model)
    matcher.meet([(b, a)])
    assert matcher.find_link(a, b) is not None
    assert compared
    before = len(compared)
    explained = matcher.explain(a, b, Basis.SAME)
    assert len(compared) == before
    del matcher
    assert explained == ModelMatcher(model).explain(a, b, Basis.SAME)
    assert len(compared) > before
