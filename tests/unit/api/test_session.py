from __future__ import annotations

import pytest

from pipeline.access.audit import Act, ActKind
from pipeline.api.problems import RequestTooLargeError, UnavailableError
from pipeline.api.session import MOST_WORDS
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
