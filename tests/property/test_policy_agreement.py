"""Two implementations of the disclosure rules agree: `decide`, and the policies in Cedar (tests/cedar).

The requests are drawn so that every rule decides many of them; every loosening of `decide` below is found by them.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

from pipeline.access import policy
from pipeline.access.policy import CaseMeta, Grant, Rule
from pipeline.access.requester import Purpose, Requester, Role
from pipeline.matching.fingerprint import Handling
from support.access.cedar import AccessRequest, CedarAnswer, CedarPolicies

pytestmark = pytest.mark.xdist_group("policy")  # Cedar is asked once for all tests here

REQUESTS = 20 * settings().max_examples
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
    for request, ours, cedars in zip(requests, decide_all(policy, requests), cedar_answers, strict=True):
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
    "every country is let in": ("if not is_released(handling.releasable_to, requester.country):", "if False:"),
    "every purpose is allowed": ("if purpose not in handling.purposes:", "if False:"),
    "H2 is full content": ("if handling.code in FULL_CODES:", "if handling.code in FULL_CODES | {HIT_ONLY}:"),
    "H3 is hit-only": ("if handling.code != HIT_ONLY:", "if handling.code not in (HIT_ONLY, SILENT):"),
    "no code is hit-only": ("return Rule.SILENT", "return Rule.SILENT if handling.code == SILENT else Rule.HIT_ONLY"),
    "a grant opens all cases": ("grant.case == case.case", "True"),
    "a grant opens to all agencies": ("grant.agency == requester.agency", "True"),
    "a break-glass opens to the agency": ('grant.subject in ("", requester.subject)', "True"),
    "a grant lasts": ("now < grant.until", "True"),
    "a grant lasts a moment longer": ("now < grant.until", "now <= grant.until"),
    "stricter handling suspends nothing": ("not is_stricter(case.handling, grant.under)", "True"),
    "a stricter code suspends nothing": ("STRICTNESS.index(now) > STRICTNESS.index(before)", "False"),
    "fewer countries suspend nothing": ("_is_narrower(now.releasable_to, before.releasable_to)", "False"),
    "fewer purposes suspend nothing": ("not set(before.purposes) <= set(now.purposes)", "False"),
    "a break-glass is called a grant": ('Rule.GRANTED if "" in subjects else Rule.BREAK_GLASS', "Rule.GRANTED"),
}  # fmt: skip


@pytest.mark.parametrize("loosened", LOOSENED)
def test_a_loosened_rule_is_found(
    loosened: str, requests: list[AccessRequest], cedar_answers: list[CedarAnswer], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = LOOSENED[loosened]
    text = Path(policy.__file__).read_text()
    assert text.count(before) == 1
    module = ModuleType("loosened_policy")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(text.replace(before, after), module.__dict__)
    assert any(ours != cedars for ours, cedars in zip(decide_all(module, requests), cedar_answers, strict=True))
