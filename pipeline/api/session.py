"""One request: who asks, on what grounds, in which language; the record of what was shown, and of what was decided."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import wraps
from typing import Concatenate, Final, NamedTuple, ParamSpec, TypeVar

import msgspec

from pipeline.access.audit import ActKind, RequestRule
from pipeline.access.release import (
    LinkScope,
    Rule,
    Viewer,
    narrow_links,
)
from pipeline.access.requester import Grounds, Requester, Role
from pipeline.access.text_limits import TextLimit, TooLongError, require_within
from pipeline.api.answering import RecordedAnswer
from pipeline.api.problems import (
    ConflictError,
    ForbiddenError,
    UnavailableError,
    UnprocessableError,
)
from pipeline.api.runtime import Runtime
from pipeline.index.decisions import NotEffectiveError
from pipeline.index.queries import Body, QueryLimits
from pipeline.locale import LANGUAGES, SOURCE
from pipeline.streams.audit.audit_tail import AUDIT_TRAIL
from pipeline.streams.audit.decision_log import DecisionError, NewValue, OvertakenError
from pipeline.streams.catalogues.topics import Topic

log = logging.getLogger(__name__)

RETRY_S = 30
"""Seconds after which the index may have caught up."""

UNKNOWN: Final = datetime.fromtimestamp(0, UTC)
"""The moment that an answer is certain to be as of."""

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
        form: str = "",
    ) -> RecordedAnswer:
        """What one act shows, to be filled in an `async with`: see pipeline.api.answering."""
        return RecordedAnswer(self, kind, query, about, rule, form)

    async def record(
        self,
        kind: ActKind,
        query: Mapping[str, object] | None = None,
        about: str = "",
        rule: RequestRule | None = None,
        form: str = "",
    ) -> None:
        """Record an act that shows nothing of any case. Raises as `RecordedAnswer.end`."""
        async with self.answer(kind, query, about, rule, form):
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
        """Raises ForbiddenError unless they may read cases.

        UnavailableError while the index is too far behind, or where hits that other servers told can't be counted.
        """
        self.require_role(Role.INVESTIGATOR, Role.SUPERVISOR)
        if self.runtime.followers.why_stopped(AUDIT_TRAIL):
            raise UnavailableError("this server can't count what others have told; try again later", RETRY_S)
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

    def make_reference(self, name: str) -> str:
        """The opaque name of a case or link for the requester's agency."""
        return self.runtime.opaque.make_reference(self.requester.agency, name)


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
