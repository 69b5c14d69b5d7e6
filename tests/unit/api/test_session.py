from __future__ import annotations

import pytest

from pipeline.access.audit import Act, ActKind
from pipeline.access.release import CaseMeta, View
from pipeline.api import metrics
from pipeline.api.problems import RequestTooLargeError, UnavailableError
from pipeline.api.session import MOST_WORDS
from pipeline.matching.fingerprint import Handling
from pipeline.streams.audit.audit_log import ActTooLargeError
from support.access.requesters import ANNA
from support.api.runtime import Api


async def test_more_words_than_an_act_holds_are_told_as_what_they_are_and_not_recorded(api: Api) -> None:
    await api.session(ANNA).audit(ActKind.READ, {"x": "x" * (MOST_WORDS - 10)})
    with pytest.raises(RequestTooLargeError):
        await api.session(ANNA).audit(ActKind.READ, {"x": "x" * MOST_WORDS})
    assert len(api.audit.acts) == 1


async def test_an_act_that_is_too_large_is_no_outage(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_: Act) -> None:
        raise ActTooLargeError("too large")

    monkeypatch.setattr(api.audit, "write", refuse)
    with pytest.raises(RequestTooLargeError) as raised:
        await api.session(ANNA).audit(ActKind.READ)
    assert not isinstance(raised.value, UnavailableError)


async def test_an_answer_with_a_record_that_nobody_decided_on_is_refused_and_counted(api: Api) -> None:
    """Also with one that would be shown otherwise than it was decided: content of what is only a hit."""

    def counted() -> float:
        return metrics.REGISTRY.get_sample_value("liaison_undecided_answers_total") or 0.0

    before, session = counted(), api.session(ANNA)
    case = CaseMeta("xx-police:1", "xx-police", Handling("H2", ("*",), ("investigation",)))
    with pytest.raises(UnavailableError):
        session.make_shown({case.case: View.FULL})
    assert session.decide_view(case) is View.HIT
    with pytest.raises(UnavailableError):
        session.make_shown({case.case: View.FULL})
    assert counted() == before + 2
    (shown,) = session.make_shown({case.case: View.HIT, "xx-police:2": View.NOTHING})
    assert (shown.case, shown.form.value, shown.rule) == (case.case, "hit", "hit_only")
