"""The disclosure rules in Cedar (tests/cedar), asked about what pipeline.access.release decides for each way out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import cedarpy

from pipeline.access.release import CaseMeta, Grant
from pipeline.access.requester import Purpose, Requester

CEDAR = Path(__file__).parents[2] / "cedar"
TEXT = CEDAR / "disclosure.cedar"
WAYS_OUT = CEDAR / "ways_out.cedar"

PRECEDENCE = (
    "withdrawn", "expired", "operator", "reads_nothing", "owner", "not_released", "purpose", "released", "silent",
    "granted", "break_glass", "hit_only",
)  # fmt: skip
"""Which of the policies that hold is named as the reason: what ends all seeing first, then whose the case is."""


class AccessRequest(NamedTuple):
    """The arguments of a decision."""

    case: CaseMeta
    requester: Requester
    purpose: Purpose
    now: datetime
    grants: tuple[Grant, ...]


class CedarAnswer(NamedTuple):
    """How Cedar lets the case be seen (full, hit, nothing), and by which of its policies."""

    view: str
    rule: str


class CedarPolicies:
    """The Cedar engine over the disclosure rules."""

    def __init__(self, text: str = TEXT.read_text()) -> None:
        self._names = re.findall(r'^@id\("(\w+)"\)', text, re.MULTILINE)
        self._policies = cedarpy.PolicySet.from_str(text)

    def answers(self, requests: Sequence[AccessRequest]) -> list[CedarAnswer]:
        """The answer to each request."""
        asked = [(place, one) for place, request in enumerate(requests) for one in _questions(request)]
        found = cedarpy.is_authorized_batch([one for _, one in asked], self._policies, [])
        allowed: list[dict[str, set[str]]] = [{} for _ in requests]
        for (place, one), result in zip(asked, found, strict=True):
            assert not result.diagnostics.errors, result.diagnostics.errors
            action = one["action"]["id"] if result.allowed else "nothing"
            allowed[place].setdefault(action, set()).update(self._reasons(result))
        return [_answer(one) for one in allowed]

    def _reasons(self, result: cedarpy.AuthzResult) -> Iterator[str]:
        """Cedar numbers policies in the order of the text."""
        return (self._names[int(reason.removeprefix("policy"))] for reason in result.diagnostics.reasons)


class WayOut(NamedTuple):
    """What is asked of one way out: the actions, of which the first that is allowed is the answer, and the facts."""

    actions: tuple[str, ...]
    context: dict[str, Any]


class CedarWaysOut:
    """The Cedar engine over the rules of the ways out."""

    def __init__(self) -> None:
        self._policies = cedarpy.PolicySet.from_str(WAYS_OUT.read_text())

    def answers(self, asked: Sequence[WayOut]) -> list[str]:
        """The first action that is allowed of each, "nothing" where none is."""
        questions = [_question(action, way.context) for way in asked for action in way.actions]
        found = iter(cedarpy.is_authorized_batch(questions, self._policies, []))
        answers = []
        for way in asked:
            results = [next(found) for _ in way.actions]
            assert not any(result.diagnostics.errors for result in results), results[0].diagnostics.errors
            allowed = (action for action, result in zip(way.actions, results, strict=True) if result.allowed)
            answers.append(next(allowed, "nothing"))
        return answers


def _answer(by_action: dict[str, set[str]]) -> CedarAnswer:
    for action, view in (("read", "full"), ("learn", "hit"), ("nothing", "nothing")):
        if action in by_action:
            return CedarAnswer(view, min(by_action[action], key=PRECEDENCE.index))
    raise AssertionError("nothing was asked")


def _questions(request: AccessRequest) -> Iterable[dict[str, Any]]:
    """To learn that there is a case; to read it, under each grant if there is one."""
    plain = _context(request)
    yield _question("learn", plain)
    for context in [plain | {"grant": _grant(grant)} for grant in request.grants] or [plain]:
        yield _question("read", context)


def _question(action: str, context: dict[str, Any]) -> dict[str, Any]:
    return {
        "principal": {"type": "Person", "id": "requester"},
        "action": {"type": "Action", "id": action},
        "resource": {"type": "Case", "id": "case"},
        "context": context,
    }


def _context(request: AccessRequest) -> dict[str, Any]:
    case, who = request.case, request.requester
    handling = case.handling
    expiry = {"retain_until": _moment(f"{case.retain_until}T00:00:00.000Z")} if case.retain_until else {}
    return {
        "case": {
            "key": case.case, "agency": case.agency, "withdrawn": case.withdrawn, "code": handling.code,
            "releasable_to": list(handling.releasable_to), "purposes": list(handling.purposes), **expiry,
        },
        "agency": who.agency, "country": who.country, "subject": who.subject,
        "roles": [str(role) for role in who.roles],
        "purpose": str(request.purpose), "now": _moment(_text(request.now)),
    }  # fmt: skip


def _grant(grant: Grant) -> dict[str, Any]:
    under = grant.under
    return {
        "case": grant.case, "agency": grant.agency, "subject": grant.subject, "until": _moment(_text(grant.until)),
        "code": under.code, "releasable_to": list(under.releasable_to), "purposes": list(under.purposes),
    }  # fmt: skip


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _moment(text: str) -> dict[str, Any]:
    return {"__extn": {"fn": "datetime", "arg": text}}
