"""Two implementations of the disclosure rules agree: access/release.py and the policies in Cedar (tests/cedar).

For each way out: cases, links, the words that narrow queries for both, hits, alerts, shared questions. The requests are
drawn so that every rule and every answer decides many of them; every loosening below is found by them.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import settings

from pipeline.access import release
from pipeline.access.release import CaseMeta, CaseScope, Grant, LinkView, Rule, View, Viewer
from pipeline.access.requester import Purpose, Requester, Role
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState
from pipeline.matching.bands import HIT_BAND, Band, ExactMatch
from pipeline.matching.handling import Handling, OwnerScope
from support.access.cedar import AccessRequest, CedarAnswer, CedarPolicies, CedarWaysOut, WayOut

pytestmark = pytest.mark.xdist_group("policy")  # Cedar is asked once for all tests here

REQUESTS = max(10_000, 20 * settings().max_examples)
"""10,000, and 100,000 in the long run; in every run a half of them."""

SEED = 14

LEAST_SHARE = 0.02
"""Of the requests, that each rule decides."""

COUNTRIES = {"fr-pj": "FR", "fr-dgsi": "FR", "be-fp": "BE", "de-bka": "DE"}
PURPOSES = (Purpose.INVESTIGATION, Purpose.PROSECUTION, Purpose.BORDER_CHECK)
SUBJECTS = ("anna", "ben")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ZONES = (UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12)))


def draw_request(rng: random.Random) -> AccessRequest:
    """Mostly a foreign reader's, mostly of a live case that is released: what decides is then the code and grants."""
    agency = rng.choice(tuple(COUNTRIES))
    roles = rng.choices([Role.INVESTIGATOR, Role.SUPERVISOR, Role.OPERATOR, Role.AUDITOR, Role.FEED], (9, 4, 1, 1, 1))
    more = rng.sample(sorted(Role), rng.choice((0, 0, 0, 0, 1)))
    who = Requester(rng.choice(SUBJECTS), agency, COUNTRIES[agency], frozenset((*roles, *more)))
    handling = draw_handling(rng)
    case = CaseMeta(
        "fr-pj:1",
        "fr-pj" if rng.random() < 0.8 else "be-fp",
        handling,
        withdrawn=rng.random() < 0.05,
        retain_until=rng.choices(("", "2031-01-01", "2026-11-25", "2026-11-24", "2026-11-23"), (6, 3, 2, 1, 1))[0],
    )
    at = NOW + rng.choice(
        (timedelta(), timedelta(), timedelta(), timedelta(hours=12), timedelta(hours=-12, seconds=-1))
    )
    grants = tuple(draw_grant(rng, handling, agency) for _ in range(rng.choice((0, 1, 1, 2, 2, 3))))
    return AccessRequest(case, who, rng.choice(PURPOSES), at.astimezone(rng.choice(ZONES)), grants)


def draw_handling(rng: random.Random) -> Handling:
    """Mostly H2, whose rules are the most."""
    code = rng.choices(("H0", "H1", "H2", "H3", "H9"), (2, 2, 8, 2, 1))[0]
    released = rng.choice((("*",), ("*",), ("BE", "DE"), ("BE", "FR", "DE"), ("FR", "DE"), ("*", "BE"), ()))
    purposes = rng.choice((PURPOSES, PURPOSES, PURPOSES, PURPOSES[:2], PURPOSES[:1], ()))
    return Handling(code, released, tuple(map(str, purposes)))


def draw_grant(rng: random.Random, handling: Handling, agency: str) -> Grant:
    """Mostly one that opens the case: for this agency, not over, under the present handling."""
    under = handling if rng.random() < 0.7 else draw_handling(rng)
    until = NOW + timedelta(hours=rng.choice((0, 1, 1, 12, 24, 24, -1)))
    whose = agency if rng.random() < 0.85 else rng.choice(tuple(COUNTRIES))
    case = "fr-pj:1" if rng.random() < 0.9 else "fr-pj:2"
    return Grant(case, whose, until, under, rng.choice(("", *SUBJECTS)))


def decide_all(module: ModuleType, requests: Sequence[AccessRequest]) -> Iterator[CedarAnswer]:
    for request in requests:
        rule = module.decide(*request)
        yield CedarAnswer(rule.view.value, rule.value)


@pytest.fixture(scope="module", params=["half", pytest.param("all", marks=pytest.mark.rare)])
def requests(request: pytest.FixtureRequest) -> list[AccessRequest]:
    rng = random.Random(SEED)
    return [draw_request(rng) for _ in range(REQUESTS if request.param == "all" else REQUESTS // 2)]


@pytest.fixture(scope="module")
def cedar_answers(requests: list[AccessRequest]) -> list[CedarAnswer]:
    policies, size = CedarPolicies(), 1000
    return [answer for at in range(0, len(requests), size) for answer in policies.answers(requests[at : at + size])]


def test_both_implementations_agree(requests: list[AccessRequest], cedar_answers: list[CedarAnswer]) -> None:
    for request, ours, cedars in zip(requests, decide_all(release, requests), cedar_answers, strict=True):
        assert ours == cedars, request


def test_every_rule_decides_often(cedar_answers: list[CedarAnswer]) -> None:
    shares = {
        rule: count / len(cedar_answers) for rule, count in Counter(answer.rule for answer in cedar_answers).items()
    }
    assert set(shares) == set(Rule)
    assert min(shares.values()) >= LEAST_SHARE, shares


LOOSENED = {
    "a withdrawn case is seen": ("if case.withdrawn:", "if False:"),
    "an expired case is seen": ("if is_expired(case.retain_until, now):", "if False:"),
    "retention ends for a day": ("is_expired(case.retain_until, now)", "case.retain_until == str(now.date())"),
    "every role reads": ("if not requester.reads:", "if False:"),
    "a compatriot is the owner": ("case.agency == requester.agency:", "case.agency[:2] == requester.agency[:2]:"),
    "every country is let in": ("if not is_released(handling.releasable_to, country):", "if False:"),
    "every purpose is allowed": ("if purpose not in handling.purposes:", "if False:"),
    "H2 is full content": ("if handling.code in FULL_CODES:", "if handling.code in FULL_CODES | {HIT_ONLY}:"),
    "H3 is hit-only": ("if handling.code == HIT_ONLY else", "if handling.code in (HIT_ONLY, SILENT) else"),
    "no code is hit-only": ("else Rule.SILENT", "else Rule.SILENT if handling.code == SILENT else Rule.HIT_ONLY"),
    "a grant opens all cases": ("grant.case == case.case", "True"),
    "a grant opens to all agencies": ("grant.agency == requester.agency", "True"),
    "a break-glass opens to the agency": ('grant.subject in ("", requester.subject)', "True"),
    "a grant lasts": ("now < grant.until", "True"),
    "a grant lasts a moment longer": ("now < grant.until", "now <= grant.until"),
    "stricter handling suspends nothing": ("not is_stricter(case.handling, grant.under)", "True"),
    "a stricter code suspends nothing": ("STRICTNESS.index(now.code) > STRICTNESS.index(before.code)", "False"),
    "fewer countries suspend nothing": ("not set(before.releasable_to) <= set(now.releasable_to)", "False"),
    "fewer purposes suspend nothing": ("not set(before.purposes) <= set(now.purposes)", "False"),
    "a break-glass is called a grant": ('Rule.GRANTED if "" in subjects else Rule.BREAK_GLASS', "Rule.GRANTED"),
}  # fmt: skip


def loosen(before: str, after: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    text = Path(release.__file__).read_text()
    assert text.count(before) == 1
    module = ModuleType("loosened_release")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(text.replace(before, after), module.__dict__)
    return module


@pytest.mark.parametrize("loosened", LOOSENED)
def test_a_loosened_rule_is_found(
    loosened: str, requests: list[AccessRequest], cedar_answers: list[CedarAnswer], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = loosen(*LOOSENED[loosened], monkeypatch)
    assert any(ours != cedars for ours, cedars in zip(decide_all(module, requests), cedar_answers, strict=True))


INVESTIGATOR = frozenset({Role.INVESTIGATOR})
EXACT = (ExactMatch.NONE, ExactMatch.NAME, ExactMatch.NUMBER)
BANDS = (Band.NONE, Band.POSSIBLE, Band.CERTAIN)


class Pair(NamedTuple):
    """Two cases that share a key, what is claimed of them, and who asks: all that a way out depends on."""

    a: AccessRequest
    b: AccessRequest
    claim: Claim
    scope: OwnerScope


def draw_pair(rng: random.Random) -> Pair:
    """Two cases that one asks for, of two agencies or one, mostly open to that one, and the claim about them."""
    asked = draw_request(rng)
    who = asked.requester if rng.random() < 0.1 else msgspec.structs.replace(asked.requester, roles=INVESTIGATOR)
    owners = rng.choice(((who.agency, "fr-pj"), ("fr-pj", who.agency), ("be-fp", "fr-pj"), ("fr-pj", "fr-pj")))
    first, second = (
        CaseMeta(f"fr-pj:{place}", owner, draw_open_handling(rng), withdrawn=rng.random() < 0.02)
        for place, owner in enumerate(owners, 1)
    )
    grants = tuple(draw_grant(rng, case.handling, who.agency) for case in (first, second) if rng.random() < 0.15)
    a, b = (
        ClaimSide(case.case, 1, hash="h", agency=case.agency, country=COUNTRIES[case.agency], handling=case.handling)
        for case in (first, second)
    )
    state = rng.choices(tuple(ClaimState), (8, 2))[0]
    claim = Claim("link", state, 0, "g", a, b, band=rng.choice(BANDS))
    claim = msgspec.structs.replace(claim, exact_a=rng.choice(EXACT), exact_b=rng.choice(EXACT))
    scope = OwnerScope(rng.choice(((), (), (), ("fr-pj",), ("de-bka",))), rng.choice(((), (), ("FR", "BE"), ("DE",))))
    request = AccessRequest(first, who, asked.purpose, NOW, grants)
    return Pair(request, request._replace(case=second), claim, scope)


def draw_open_handling(rng: random.Random) -> Handling:
    """Mostly released to all for every purpose, also that of hits: what decides is then the code."""
    code = rng.choices(("H0", "H1", "H2", "H3", "H9"), (3, 2, 8, 1, 1))[0]
    countries = rng.choice((("*",), ("*",), ("*",), ("BE", "FR", "DE"), ("FR", "DE"), ("DE",), ()))
    purposes = rng.choice((PURPOSES, PURPOSES, PURPOSES, PURPOSES[:2], ()))
    return Handling(code, countries, (*map(str, purposes), *(("correlation",) if rng.random() < 0.85 else ())))


def released(handling: Handling) -> dict[str, object]:
    return {"code": handling.code, "releasable_to": [*handling.releasable_to], "purposes": [*handling.purposes]}


def saved_search(pair: Pair) -> ClaimSide:
    who = pair.a.requester
    return ClaimSide("sub:1", 1, agency=who.agency, handling=Handling("H3", (who.country,), (pair.a.purpose.value,)))


def ask_cedar(pair: Pair, a: CedarAnswer, b: CedarAnswer) -> dict[str, WayOut]:
    """What Cedar is asked of each way out, from its own answers for both cases."""
    claim, query = pair.claim, saved_search(pair)
    linked, exact_a, exact_b = bool(claim.band), bool(claim.exact_a), bool(claim.exact_b)
    hit = {"retracted": claim.state is ClaimState.RETRACTED, "linked": linked, "exact": exact_a}
    return {
        "link": WayOut(
            ("link", "hit_a", "hit_b"),
            {"a": a.view, "b": b.view, "linked": linked, "exact_a": exact_a, "exact_b": exact_b},
        ),
        "hit": WayOut(
            ("tell", "tell_hit"),
            {**hit, **released(claim.b.handling), "own_purposes": [*claim.a.handling.purposes],
                "country": claim.a.country,},
        ),
        "alert": WayOut(
            ("alert", "alert_hit"),
            {
                **released(claim.b.handling), "own": query.agency == claim.b.agency, "linked": linked, "exact": exact_a,
                "country": pair.a.requester.country, "purpose": pair.a.purpose.value,
                "owner": claim.b.agency, "owner_country": claim.b.country,
                "scope_agencies": [*pair.scope.agencies], "scope_countries": [*pair.scope.countries],
            },
        ),
        "shared": WayOut(
            ("share",), {"asker": query.agency, "other": claim.b.agency, "exact": exact_a}
        ),
    }  # fmt: skip


def ask_release(module: ModuleType, pair: Pair) -> dict[str, str]:
    """The same of access/release.py, in Cedar's words."""
    claim = pair.claim
    views = (module.decide(*request).view for request in (pair.a, pair.b))
    sight = module.decide_link(*views, claim.band, claim.exact_a, claim.exact_b)
    assert sight.view == LinkView.NOTHING or sight.band is (claim.band if sight.view == LinkView.FULL else HIT_BAND)
    told = module.release_counterpart(claim, claim.a, claim.b)
    band = module.release_match(saved_search(pair), claim.b, claim.exact_a, claim.band, pair.scope)
    shared = module.release_shared_question(pair.a.requester.agency, claim.b.agency, claim.exact_a)
    hit = claim.b.handling.code == "H2" and pair.a.requester.agency != claim.b.agency
    return {
        "link": {LinkView.FULL: "link"}.get(sight.view, sight.view.value),
        "hit": "nothing" if told is None else "tell" if told.full else "tell_hit",
        "alert": "nothing" if not band else "alert_hit" if hit else "alert",
        "shared": "share" if shared else "nothing",
    }


class CedarPairs(NamedTuple):
    """Pairs, and what Cedar answers of both cases and of each way out."""

    pairs: list[Pair]
    cases: list[tuple[CedarAnswer, CedarAnswer]]
    ways: list[dict[str, str]]


@pytest.fixture(scope="module", params=["some", pytest.param("all", marks=pytest.mark.rare)])
def cedar_pairs(request: pytest.FixtureRequest) -> CedarPairs:
    rng = random.Random(SEED)
    pairs = [draw_pair(rng) for _ in range(REQUESTS // (2 if request.param == "all" else 8))]
    policies, ways, size = CedarPolicies(), CedarWaysOut(), 500
    cases: list[tuple[CedarAnswer, CedarAnswer]] = []
    answers: list[dict[str, str]] = []
    for at in range(0, len(pairs), size):
        some = pairs[at : at + size]
        found = policies.answers([case for pair in some for case in (pair.a, pair.b)])
        seen = list(zip(found[::2], found[1::2], strict=True))
        asked = [ask_cedar(pair, *views) for pair, views in zip(some, seen, strict=True)]
        told = iter(ways.answers([way for one in asked for way in one.values()]))
        cases += seen
        answers += [{name: next(told) for name in one} for one in asked]
    return CedarPairs(pairs, cases, answers)


def test_both_implementations_agree_on_each_way_out(cedar_pairs: CedarPairs) -> None:
    for pair, answers in zip(cedar_pairs.pairs, cedar_pairs.ways, strict=True):
        assert ask_release(release, pair) == answers, pair


def test_every_answer_of_each_way_out_is_given_often(cedar_pairs: CedarPairs) -> None:
    counts = Counter(item for answers in cedar_pairs.ways for item in answers.items())
    assert set(counts) == {
        *(("link", answer) for answer in ("link", "hit_a", "hit_b", "nothing")),
        *(("hit", answer) for answer in ("tell", "tell_hit", "nothing")),
        *(("alert", answer) for answer in ("alert", "alert_hit", "nothing")),
        *(("shared", answer) for answer in ("share", "nothing")),
    }
    assert min(counts.values()) >= LEAST_SHARE * len(cedar_pairs.pairs), counts


def brings(scope: CaseScope, case: CaseMeta) -> bool:
    """Whether a query that is narrowed so brings a live case, as index/queries.py says it to the index."""
    if case.agency == scope.agency:
        return scope.own
    handling = case.handling
    return (
        handling.code in scope.codes
        and not {*scope.countries}.isdisjoint(handling.releasable_to)
        and scope.purpose in handling.purposes
    )


def viewer_of(request: AccessRequest) -> Viewer:
    who = request.requester
    return Viewer(who.agency, who.country, request.purpose.value)


def find_narrowing_fault(module: ModuleType, pair: Pair, a: CedarAnswer, b: CedarAnswer, link: str) -> str:
    """What a narrowed query would leave out that is shown, or bring that no reader may see; "" where there is none.

    Of two cases of one agency the words of the link say what others may know of each, and so may leave out its own. Of
    what is no link they leave out who reads the side that asks under a grant alone.
    """
    cases = (pair.a.case, pair.b.case)
    if not pair.a.requester.reads or pair.a.requester.operates or any(case.withdrawn for case in cases):
        return ""
    viewer = viewer_of(pair.a)
    for request, answer in ((pair.a, a), (pair.b, b)):
        opened = answer.rule in ("granted", "break_glass")
        for view in (View.FULL, View.HIT):
            expected = View.HIT if opened else answer.view
            if brings(module.narrow_cases(viewer, view), request.case) != (view == expected):
                return f"brings or leaves out cases seen as {view}"
    claim = pair.claim
    words = set(module.link_audience(claim.a, claim.b, claim.exact_a, claim.exact_b, linked=bool(claim.band)))
    plain, granted = (bool(words & set(module.requester_words(viewer, granted=one))) for one in (False, True))
    shown, by_grant = link != "nothing", not {a.rule, b.rule}.isdisjoint({"granted", "break_glass"})
    if shown and not granted and claim.a.agency != claim.b.agency and (claim.band or not by_grant):
        return "leaves out a link that shows"
    if claim.band and not by_grant and plain > shown:
        return "brings a link that does not show"
    if claim.band and not by_grant and plain < shown and claim.a.agency != claim.b.agency:
        return "leaves out a link that shows without a grant"
    return ""


def test_narrowed_queries_bring_what_is_shown_and_nothing_else(cedar_pairs: CedarPairs) -> None:
    for pair, views, answers in zip(*cedar_pairs, strict=True):
        assert find_narrowing_fault(release, pair, *views, answers["link"]) == "", pair


LOOSENED_WAYS = {
    "a silent side shows": (
        "if View.NOTHING in (a, b) or (a, b) == (View.HIT, View.HIT):",
        "if (a, b) == (View.HIT, View.HIT):",
    ),
    "two hits show": ("if View.NOTHING in (a, b) or (a, b) == (View.HIT, View.HIT):", "if View.NOTHING in (a, b):"),
    "what is no link shows": (
        "return LinkSight(LinkView.FULL, band) if band else UNSEEN",
        "return LinkSight(LinkView.FULL, band)",
    ),
    "a likeness shows a hit": (
        "return LinkSight(view, HIT_BAND) if asks else UNSEEN",
        "return LinkSight(view, HIT_BAND)",
    ),
    "the wrong side asks": ("(LinkView.HIT_A, exact_b)", "(LinkView.HIT_A, exact_a)"),
    "a retraction tells": ("if claim.state is ClaimState.RETRACTED or not", "if not"),
    "any record asks": ("if Purpose.CORRELATION not in receiver.handling.purposes:", "if False:"),
    "a likeness tells of a hit": (
        "(rule is Rule.HIT_ONLY and bool(_asks_by(claim, receiver)))",
        "rule is Rule.HIT_ONLY",
    ),
    "what is no link is told": ("basis=claim.basis) if claim.band else None", "basis=claim.basis)"),
    "a search has no scope": ("if not scope.includes(case.agency, case.country):", "if False:"),
    "a likeness alerts of a hit": ("return HIT_BAND if exact else Band.NONE", "return HIT_BAND"),
    "an alert is of what is silent": ("return band if rule.view is View.FULL else Band.NONE", "return band"),
    "a likeness is shared": ("return asker != other and bool(exact)", "return asker != other"),
    "an agency is told of itself": ("return asker != other and bool(exact)", "return bool(exact)"),
    "hits are found as content": ("codes = (FULL_CODES if", "codes = (FULL_CODES | {HIT_ONLY} if"),
    "silence is found": (
        "({HIT_ONLY} if View.HIT in views else set())",
        "({HIT_ONLY, SILENT} if View.HIT in views else set())",
    ),
    "own cases are hits": ("viewer.agency, View.FULL in views)", "viewer.agency, True)"),
    "silent links have an audience": (
        "_SHOWN_CODES: Final = FULL_CODES | {HIT_ONLY}",
        "_SHOWN_CODES: Final = FULL_CODES | {HIT_ONLY, SILENT}",
    ),
    "the audience asks for nothing exact": ("(other.handling.code != HIT_ONLY or bool(exact))", "True"),
    "an owner needs no grant": ("if handling.code == HIT_ONLY and not exact else", "if False else"),
}  # fmt: skip


@pytest.mark.parametrize("loosened", LOOSENED_WAYS)
def test_a_loosened_way_out_is_found(loosened: str, cedar_pairs: CedarPairs, monkeypatch: pytest.MonkeyPatch) -> None:
    module = loosen(*LOOSENED_WAYS[loosened], monkeypatch)
    assert any(is_loose(module, pair, *views, answers) for pair, views, answers in zip(*cedar_pairs, strict=True))


def is_loose(module: ModuleType, pair: Pair, a: CedarAnswer, b: CedarAnswer, answers: dict[str, str]) -> bool:
    try:
        ours = ask_release(module, pair)
    except AssertionError:
        return True
    return ours != answers or bool(find_narrowing_fault(module, pair, a, b, answers["link"]))
