"""Keys of cases never pass for those of alerts, whatever agencies and case ids are called."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from pipeline.access.alerts import is_saved_search, match_notice, match_question, saved_search_print
from pipeline.access.alerts import make_alert as make
from pipeline.access.release import release_counterpart
from pipeline.access.requester import Grounds, Purpose
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState, link_id
from pipeline.correlation.projection import advance_link
from pipeline.matching.bands import Band
from pipeline.matching.handling import Handling, OwnerScope
from support.access.requesters import BERT
from support.correlation.key_rings import RING

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MANY = Handling("H2", ("BE", "FR", "NL"), ("investigation", "prosecution", "correlation"))
KEYS = ["sub:1", f"sub:{'0' * 32}", "sub:a:b", "a:sub:1", "a::", "a:|", "a:b|a", "a:" + ":" * 64, "sub::sub:"]


def side(key: str) -> ClaimSide:
    return ClaimSide(key, 1, hash=f"hash of {key}", agency=key.partition(":")[0], country="FR", handling=MANY)


@pytest.mark.parametrize("key", KEYS)
def test_a_case_of_any_key_is_a_case(key: str) -> None:
    """One of an agency called `sub` was taken for an alert, which has one country and one purpose."""
    other = ClaimSide("nl-np:1", 1, hash="h", agency="nl-np", country="NL", handling=MANY)
    a, b = sorted((side(key), other), key=lambda one: one.case)
    claim = Claim(link_id(a.case, b.case), ClaimState.LIVE, 0, "g", a, b, 700, 0.95, Band.CERTAIN, msgspec.Raw(b"{}"))
    claim = msgspec.structs.replace(claim, exact_a=Band.CERTAIN, exact_b=Band.CERTAIN)
    assert not is_saved_search(a)
    assert not is_saved_search(b)
    assert {hit.receiver for hit in advance_link(None, claim, RING, release_counterpart).hits} == {a.agency, b.agency}


def test_a_saved_search_is_one_beside_cases_of_any_key() -> None:
    made = saved_search_print(make("0" * 32, "x", "", BERT, Grounds(Purpose.INVESTIGATION, "1"), NOW), (1,), ())
    asked = ClaimSide(made.case, 1, hash="q", agency=made.agency, country=made.country, handling=made.handling)
    assert is_saved_search(made)
    for key in KEYS:
        a, b = sorted((asked, side(key)), key=lambda one: one.case)
        claim = Claim("link", ClaimState.LIVE, 0, "g", a, b, 700, 0.95, Band.CERTAIN, msgspec.Raw(b"{}"))
        claim = msgspec.structs.replace(claim, exact_a=Band.CERTAIN, exact_b=Band.CERTAIN)
        notice = match_notice(claim, OwnerScope(), RING, NOW)
        assert notice is not None
        assert (notice.agency, notice.subscription) == ("be-fp", "0" * 32)
        assert match_question(claim, notice, NOW) is not None
        alone = msgspec.structs.replace(claim, score=0, probability=0.0, band=Band.NONE)
        assert match_notice(alone, OwnerScope(), RING, NOW) == notice, "the same of a hit that is no link"
        own = [msgspec.structs.replace(one, agency="be-fp") for one in (a, b)]
        assert match_notice(msgspec.structs.replace(alone, a=own[0], b=own[1]), OwnerScope(), RING, NOW) is None
