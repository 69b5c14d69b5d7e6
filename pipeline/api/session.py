"""One request: who asks, on what grounds, in which language; the record of what was shown, and of what was decided."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import wraps
from typing import Concatenate, Final, NamedTuple, ParamSpec, TypeVar

import msgspec
import orjson

from pipeline.access.audit import MOST_COUNTED, Act, ActKind, RequestRule, ShownCase, ShownForm
from pipeline.access.hit_ledger import question_id
from pipeline.access.release import (
    HIT_VIEWS,
    UNSEEN,
    CaseMeta,
    Grant,
    LinkScope,
    LinkSight,
    LinkView,
    Rule,
    View,
    Viewer,
    decide,
    decide_link,
    find_access_end,
    narrow_links,
    passes_gate,
)
from pipeline.access.requester import Grounds, Requester, Role
from pipeline.access.text_limits import TextLimit, TooLongError, require_within
from pipeline.api import metrics
from pipeline.api.answering import RecordedAnswer
from pipeline.api.problems import (
    ConflictError,
    ForbiddenError,
    RequestTooLargeError,
    UnavailableError,
    UnprocessableError,
)
from pipeline.api.runtime import Runtime
from pipeline.index.decisions import NotEffectiveError
from pipeline.index.documents import CaseDocument, LinkDocument, case_meta
from pipeline.index.queries import Body, QueryLimits
from pipeline.locale import LANGUAGES, N_, SOURCE
from pipeline.streams.audit.audit_log import ActTooLargeError, AuditError
from pipeline.streams.audit.decision_log import DecisionError, NewValue, OvertakenError
from pipeline.streams.catalogues.topics import Topic

log = logging.getLogger(__name__)

RETRY_S = 30
"""Seconds after which the index may have caught up."""

MOST_WORDS: Final = 1 << 16
"""Bytes of what was asked that an act holds: a search with every filter full has 40,000. Each is kept for good."""

TOO_LONG: Final = N_("what is asked is too long to be logged; shorten it")

UNKNOWN: Final = datetime.fromtimestamp(0, UTC)
"""The moment that an answer is certain to be as of."""

OPENED: Final = frozenset({Rule.GRANTED, Rule.BREAK_GLASS})
"""Rules by which a case is read for a time: until then, or until its owner takes it back."""

FORMS = {View.FULL: ShownForm.FULL, View.HIT: ShownForm.HIT}


Computed = TypeVar("Computed")


class AnswerMoment(NamedTuple):
    """All that agencies had pushed by `as_of` is in the index (1970: it is not known); `time` is the answer's."""

    as_of: str
    time: str


class Session:
    """One requester's one request. `request_id` is in the answer and in the audit.

    With `file_form` what is read goes into a file of that form, which the record says: reads are recorded as exports,
    a search stays one, since the same follows from it as on a page.

    `note_shown` is called with each case that is shown, its rule and its handling code, so that whoever shows it can
    watch a grant, and say on paper how strictly it is to be handled.
    """

    def __init__(
        self,
        runtime: Runtime,
        requester: Requester,
        grounds: Grounds,
        language: str = "en",
        request_id: str = "",
        note_shown: Callable[[str, Rule, str], None] = lambda *_: None,
        file_form: str = "",
    ) -> None:
        self.runtime, self.requester, self.grounds = runtime, requester, grounds
        self.language = language if language in LANGUAGES else SOURCE
        self.request_id = request_id or uuid.uuid4().hex
        self.now: datetime = runtime.clock()
        self.file_form = file_form
        self.recorded: set[ActKind] = set()
        """What the audit has of the request so far; an answer leaves only with what its endpoint declares."""
        self._rules: dict[str, Rule] = {}
        self._codes: dict[str, str] = {}
        self._opened: tuple[str, ...] | None = None
        self.shown_codes: set[str] = set()
        """The handling codes of the cases that were shown so far."""
        self._note_shown = note_shown
        self.unended: set[RecordedAnswer] = set()
        """Answers that were begun and not recorded yet: with one of them nothing leaves."""

    def answer(
        self,
        kind: ActKind,
        query: Mapping[str, object] | None = None,
        about: str = "",
        rule: RequestRule | None = None,
    ) -> RecordedAnswer:
        """What one act shows, to be filled in an `async with`: see pipeline.api.answering."""
        return RecordedAnswer(self, kind, query, about, rule)

    async def record(
        self, kind: ActKind, query: Mapping[str, object] | None = None, about: str = "", rule: RequestRule | None = None
    ) -> None:
        """Record an act that shows nothing of any case. Raises as `RecordedAnswer.end`."""
        async with self.answer(kind, query, about, rule):
            pass

    def note_shown(self, case: str, rule: Rule, code: str) -> None:
        """Take note of a case that is shown."""
        self.shown_codes.add(code)
        self._note_shown(case, rule, code)

    def require_role(self, *roles: Role) -> None:
        """Raises ForbiddenError unless the requester has one of these roles, or is the installation's operator."""
        if not self.requester.operates and not self.requester.roles.intersection(roles):
            raise ForbiddenError()

    def hold_costly(self) -> AbstractContextManager[None]:
        """Count what the block does among the few costly things that a person has under way at a time.

        Raises TooManyRequestsError where there are as many already.
        """
        return self.runtime.costly.hold(self.requester.agency, self.requester.subject)

    def hold_stream(self) -> AbstractContextManager[None]:
        """Count a live stream for as long as the block lasts. Raises TooManyRequestsError beyond a person's."""
        return self.runtime.streams.hold(self.requester.agency, self.requester.subject)

    async def compute(self, work: Callable[[], Computed]) -> Computed:
        """What `work` returns, computed in a thread: the loop goes on, and a person computes one thing at a time."""
        async with self.runtime.computing.take(self.requester.agency, self.requester.subject):
            return await asyncio.to_thread(work)

    def require_reader(self) -> None:
        """Raises ForbiddenError unless they may read cases, UnavailableError while the index is too far behind."""
        self.require_role(Role.INVESTIGATOR, Role.SUPERVISOR)
        allowed = self.runtime.settings.max_index_lag
        held = self.runtime.indexed_as_of()
        if allowed and (held is None or (self.now - held).total_seconds() > allowed):
            raise UnavailableError("the search index is too far behind; try again later", RETRY_S)

    @property
    def moment(self) -> AnswerMoment:
        """What every answer says of itself (pipeline.api.answers.IndexAnswer)."""
        return AnswerMoment((self.runtime.as_of() or UNKNOWN).isoformat(), self.now.isoformat())

    @property
    def viewer(self) -> Viewer | None:
        """What narrows queries to this requester; None for the operator, who sees all."""
        who = self.requester
        return None if who.operates else Viewer(who.agency, who.country, self.grounds.purpose)

    async def limit_cases(self, *filters: Body) -> QueryLimits:
        """What a query of all cases that the requester reads is limited to, those under a grant among them."""
        viewer = self.viewer
        opened = () if viewer is None else await self._list_opened()
        return QueryLimits(self.now.date(), viewer, filters, opened=opened)

    async def scope_links(self) -> LinkScope | None:
        """What a query of links is narrowed to, those under a grant among them; None for the operator, who sees all."""
        return None if self.viewer is None else await self.scope_links_as(self.viewer)

    async def scope_links_as(self, viewer: Viewer) -> LinkScope:
        """The same for one who sees as `viewer` does, the operator too."""
        return narrow_links(viewer, await self._list_opened())

    async def _list_opened(self) -> tuple[str, ...]:
        if self._opened is None:
            self._opened = await self.runtime.grants.list_opened(self.requester, self.now)
        return self._opened

    async def decide_views(self, documents: Mapping[str, CaseDocument]) -> dict[str, View]:
        """How the requester sees each of these cases now, under the grants in force.

        Grants are read for hits alone: a case that is not shown at all makes no call to the index.
        """
        cases = {key: meta(document) for key, document in documents.items()}
        seen = self.decide_without_grants(documents)
        hits = [key for key, how in seen.items() if how is View.HIT]
        grants = (
            await self.runtime.grants.read_grants((cases[key].case for key in hits), self.requester) if hits else ()
        )
        return seen | {key: self.decide_view(cases[key], grants) for key in hits}

    async def decide_views_by_key(self, keys: Iterable[str], documents: Mapping[str, CaseDocument]) -> dict[str, View]:
        """How the requester sees each case that a request names, whether it is there or not, now.

        Grants are read for whatever they do not read without one: a hit-only case costs what none costs.
        """
        seen = self.decide_without_grants(documents)
        closed = [key for key in keys if seen.get(key) is not View.FULL]
        grants = await self.runtime.grants.read_grants(closed, self.requester) if closed else ()
        granted = {key: self.decide_view(meta(documents[key]), grants) for key in closed if key in documents}
        return dict.fromkeys(keys, View.NOTHING) | seen | granted

    async def read_access_ends(self, documents: Mapping[str, CaseDocument]) -> dict[str, str]:
        """Until when the requester reads those of these cases that a grant opened, in ISO format.

        Only of cases that are read under a grant is anything asked of the index.
        """
        opened = [key for key in documents if self._rules.get(key) in OPENED]
        grants = await self.runtime.grants.read_grants(opened, self.requester) if opened else ()
        ends = {key: find_access_end(meta(documents[key]), self.requester, self.now, grants) for key in opened}
        return {key: end.isoformat() for key, end in ends.items() if end is not None}

    def decide_without_grants(self, documents: Mapping[str, CaseDocument]) -> dict[str, View]:
        """The same without any grant, which asks the index nothing."""
        return {key: self.decide_view(meta(document)) for key, document in documents.items()}

    async def filter_readable(self, documents: Mapping[str, CaseDocument]) -> list[str]:
        """Which of these cases the requester sees in full now."""
        return [key for key, how in (await self.decide_views(documents)).items() if how is View.FULL]

    async def see_links(self, links: Sequence[LinkDocument], views: Mapping[str, View]) -> dict[str, LinkSight]:
        """How the requester sees each of these links, by link id, whose cases they see so.

        One with a hit-only side shows once the gate has answered the other side's present content.
        """
        seen = {
            document.link: decide_link(
                views[document.a.case], views[document.b.case], document.band, document.exact_a, document.exact_b
            )
            for document in links
        }
        asked = {
            document.link: hit_question(document, seen[document.link].view)
            for document in links
            if seen[document.link].view in HIT_VIEWS
        }
        admitted = await self.runtime.decisions.read_admitted(name for name, _ in asked.values()) if asked else {}
        return {
            link: sight if link not in asked or passes_gate(asked[link][1], admitted.get(asked[link][0])) else UNSEEN
            for link, sight in seen.items()
        }

    def decide_view(self, case: CaseMeta, grants: Iterable[Grant] = ()) -> View:
        """How the requester sees a case under these grants; the rule is kept for the record of what was shown."""
        rule = decide(case, self.requester, self.grounds.purpose, self.now, grants)
        self._rules[case.case], self._codes[case.case] = rule, case.handling.code
        return rule.view

    def make_shown(self, views: Mapping[str, View]) -> tuple[ShownCase, ...]:
        """The audit's words for cases that were shown so, each with the rule that decided since the last record.

        Raises UnavailableError where one was not decided on, or otherwise: then nothing leaves.
        """
        shown = {case: seen for case, seen in views.items() if seen in FORMS}
        rules = self._rules
        undecided = [case for case, seen in shown.items() if case not in rules or rules[case].view is not seen]
        if undecided:
            metrics.UNDECIDED_ANSWERS.inc()
            log.error("request %s: %d records were not decided on as shown", self.request_id, len(undecided))
            raise UnavailableError("access can't be logged right now, so nothing is shown; try again")
        for case in shown:
            self.note_shown(case, self._rules[case], self._codes[case])
        return tuple(ShownCase(case, FORMS[seen], self._rules[case]) for case, seen in shown.items())

    def make_counted(self, counted: Iterable[str], shown: Collection[str] = ()) -> tuple[ShownCase, ...]:
        """The audit's words for other agencies' records that a count was over, but for those that are `shown` besides.

        None where they are more than MOST_COUNTED. Each has the rule by which it was counted.
        """
        foreign = [case for case in dict.fromkeys(counted) if case.partition(":")[0] != self.requester.agency]
        if len(foreign) > MOST_COUNTED:
            return ()
        return tuple(
            ShownCase(case, ShownForm.COUNTED, self._rules.get(case, "")) for case in foreign if case not in shown
        )

    def make_reference(self, name: str) -> str:
        """The opaque name of a case or link for the requester's agency."""
        return self.runtime.opaque.make_reference(self.requester.agency, name)

    async def audit(
        self,
        kind: ActKind,
        query: Mapping[str, object] | None = None,
        shown: Iterable[ShownCase] = (),
        about: str = "",
        rule: RequestRule | None = None,
    ) -> None:
        """Record what was asked and shown; call it last, before the answer leaves.

        Raises UnavailableError, or RequestTooLargeError where what was asked is too long to be recorded.

        `query` is encrypted; `about` names what was acted on besides cases and is not. `rule` is why, if not by a role.
        """
        who = self.requester
        if self.file_form and kind in (ActKind.READ, ActKind.SEARCH):
            query = {**(query or {}), "form": self.file_form}
            kind, about = (ActKind.EXPORT, about) if kind is ActKind.READ else (kind, self.file_form)
        said = orjson.dumps(query) if query is not None else b""
        if len(said) > MOST_WORDS:
            raise RequestTooLargeError(TOO_LONG)
        sealed = self.runtime.cipher.encrypt(said.decode(), self.now) if said else ""
        act = Act(
            kind,
            subject=who.subject,
            agency=who.agency,
            country=who.country,
            roles=tuple(sorted(who.roles)),
            purpose=self.grounds.purpose,
            case_reference=self.grounds.case_reference,
            request=self.request_id,
            object=about,
            query=sealed,
            shown=tuple(shown),
            rule=rule or (RequestRule.OPERATOR if who.operates else RequestRule.ROLE),
        )
        self._rules.clear()
        try:
            await self.runtime.audit.write(act)
            self.recorded.add(kind)
        except ActTooLargeError as error:
            raise RequestTooLargeError(TOO_LONG) from error
        except AuditError as error:
            metrics.AUDIT_FAILURES.inc()
            raise UnavailableError("access can't be logged right now, so nothing is shown; try again") from error


Asked = ParamSpec("Asked")
Answered = TypeVar("Answered")


def costly(
    serve: Callable[Concatenate[Session, Asked], Awaitable[Answered]],
) -> Callable[Concatenate[Session, Asked], Awaitable[Answered]]:
    """Declare what a service does to cost much: it counts among a person's few costly things for as long as it lasts.

    The API and the pages go through the service, and `Endpoint.costly` tells of the operation. Raises
    TooManyRequestsError besides what it raises.
    """

    @wraps(serve)
    async def serve_counted(session: Session, /, *given: Asked.args, **named: Asked.kwargs) -> Answered:
        with session.hold_costly():
            return await serve(session, *given, **named)

    COSTLY.add(serve_counted)
    return serve_counted


COSTLY: Final[set[Callable[..., object]]] = set()
"""What was declared so."""

meta = case_meta
"""What the policy needs to know of a case document."""


def hit_question(link: LinkDocument, view: LinkView) -> tuple[str, str]:
    """The question that a link with a hit-only side is an answer to: its id, and the hash of what asks."""
    side = "a" if view is LinkView.HIT_B else "b"
    return question_id(link.link, side), link.a.hash if side == "a" else link.b.hash


def require_short(limit: TextLimit, text: str) -> None:
    """Raises UnprocessableError for a text that is too long to be kept; it names the field."""
    try:
        require_within(limit, text)
    except TooLongError as error:
        raise UnprocessableError(error, error.field) from error


async def record_decision(
    session: Session, topic: Topic, key: str, value: msgspec.Struct, replaces: msgspec.Struct | None = None
) -> None:
    """Keep a decision that was audited, and return once readers see it. Raises UnavailableError.

    Raises ConflictError where the key's value is not `replaces` any more, which the decision was made on.
    """
    await record_decisions(session, [NewValue(topic, key, value, replaces)])


async def record_decisions(session: Session, values: Sequence[NewValue], *, waits: bool = True) -> None:
    """Keep several that belong together, all or none. Raises as `record_decision` does.

    `waits`: return once readers see them, not as soon as they are kept.
    """
    runtime = session.runtime
    try:
        offsets = await runtime.decide.write_all(values)
        for topic in dict.fromkeys(one.topic for one in values) if waits else ():
            written = {one.key: at for one, at in zip(values, offsets, strict=True) if one.topic is topic}
            await runtime.decisions.wait_until_all_effective(topic.pattern, written)
    except OvertakenError as error:
        raise ConflictError(error) from error
    except (DecisionError, NotEffectiveError) as error:
        raise UnavailableError(error) from error
