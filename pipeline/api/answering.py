"""What one act shows: the one way in which anything of a record leaves the services.

    async with session.answer(ActKind.READ, {"case": key}) as answer:
        cases = await answer.weigh((await session.runtime.reader.read_cases([key])).values())
        answer.show(cases)
        return make_rows(cases)

Whatever leaves has six duties: each record is decided on, redacted, and noted as shown or counted; hits are spent from
the budget; owners are told, which follows from what is noted; and the act is recorded before the answer leaves. A
`RecordedAnswer` does all six. The index is read under seal (pipeline.api.sealed), and only an answer opens a seal, for
those who see what is in it. What it has opened must be said to be shown, or counted, before the act is recorded: else
nothing leaves. The act is recorded at the end of the block, also where that is a `return`; not if it ends by an error.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol, Self, TypeVar

import msgspec
import orjson

from pipeline.access.audit import MOST_COUNTED, Act, ActFacts, ActKind, NotAsked, RequestRule, ShownCase, ShownForm
from pipeline.access.hit_ledger import question_id
from pipeline.access.redaction import HitRow, LinkEnds, LinkRow, hit_for, link_for
from pipeline.access.release import (
    HIT_VIEWS,
    UNSEEN,
    CaseMeta,
    Grant,
    LinkSight,
    LinkView,
    Rule,
    View,
    decide,
    decide_link,
    find_access_end,
    passes_gate,
)
from pipeline.api import metrics
from pipeline.api.problems import ProblemError, RequestTooLargeError, UnavailableError
from pipeline.api.sealed import Content, LinkHead, Sealed, SealedCase, SealedLink, seal_case, unseal
from pipeline.index.documents import CaseDocument, LinkDocument, link_row
from pipeline.index.engine import PointInTime
from pipeline.index.queries import QueryLimits
from pipeline.index.searching import Documents, FoundCases, PageRequest, Selected, find_cases
from pipeline.locale import N_
from pipeline.search.probes import QuestionProbe
from pipeline.search.questions import Question
from pipeline.search.ranking import Place
from pipeline.streams.audit.audit_log import ActTooLargeError, AuditError

if TYPE_CHECKING:
    from pipeline.api.session import Session

log = logging.getLogger(__name__)

OPENED: Final = frozenset({Rule.GRANTED, Rule.BREAK_GLASS})
"""Rules by which a case is read for a time: until then, or until its owner takes it back."""

UNDECIDED: Final = Rule.SILENT
"""What nobody has decided on is not seen."""

FORMS: Final = {View.FULL: ShownForm.FULL, View.HIT: ShownForm.HIT}

MOST_WORDS: Final = 1 << 16
"""Bytes of what was asked that an act holds: a search with every filter full has 40,000. Each is kept for good."""

TOO_LONG: Final = N_("what is asked is too long to be logged; shorten it")

ONCE: Final = "an answer is used once"
ENDED: Final = "an answer is used within its block, until its act is recorded"
OWED: Final = "something was opened, and nobody said what of it is shown"
TOLD: Final = "something is told, so it is recorded"
"""What its users did wrong."""


class RecordedAnswer:
    """What the answer of one act shows. Made by `Session.answer`, and used within its block, once.

    `query` is what was asked, which is recorded under encryption; `about` names what was acted on besides cases, and is
    not encrypted; `rule` is why it was answered, if not by a role. All three may be said until the act is recorded.
    `form` is that of the file in which it leaves.

    Every method raises RuntimeError before the block, and once the act is recorded.
    """

    def __init__(
        self,
        session: Session,
        kind: ActKind,
        query: Mapping[str, object] | None = None,
        about: str = "",
        rule: RequestRule | None = None,
        form: str = "",
    ) -> None:
        self.session = session
        self.query, self.about, self.rule = query, about, rule
        self._form = session.file_form or form
        self._facts = ActFacts(form=self._form)
        self._kind = kind
        self._is_new, self._is_open, self._has_parts = True, False, False
        self._rules: dict[str, Rule] = {}
        self._heads: dict[str, CaseMeta] = {}
        self._sights: dict[str, LinkSight] = {}
        self._opened: set[str] = set()
        self._shown: dict[str, ShownCase] = {}
        self._held: dict[str, ShownCase] = {}
        self._counted: dict[str, ShownCase] = {}
        self._owes = False
        """Whether something was opened of which nobody has said yet what is shown."""

    async def __aenter__(self) -> Self:
        if not self._is_new:
            raise RuntimeError(ONCE)
        self._is_new, self._is_open = False, True
        self.session.unended.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._close()
        elif self._is_open:
            await self.end()

    async def end(self) -> None:
        """Record the act here rather than at the end of the block, for what comes behind it: a decision that is kept.

        Raises UnavailableError, or RequestTooLargeError where what was asked is too long to be recorded.
        """
        self._require_open()
        self._close()
        self.show_later()
        if self._shown or self._counted or not self._has_parts:
            await self._record()

    async def record_part(self) -> None:
        """Record what the next part of a file shows, before it is sent. What was opened for it is forgotten."""
        self._require_open()
        await self._record()
        self._has_parts = True
        self._facts = ActFacts(form=self._form)
        self._rules.clear()
        self._heads.clear()
        self._sights.clear()
        self._opened.clear()
        self._shown.clear()
        self._counted.clear()

    def tell_nothing(self) -> None:
        """End without a record, where nothing of what was looked at is told: as where nobody has anything new.

        Raises RuntimeError where something was noted as shown or counted.
        """
        self._require_open()
        if self._shown or self._held or self._counted:
            raise RuntimeError(TOLD)
        self._close()

    async def refuse(
        self,
        error: ProblemError,
        query: Mapping[str, object] | None = None,
        *,
        kind: ActKind | None = None,
        about: str = "",
    ) -> NoReturn:
        """Raise an error for what is not there or not shown, once that is recorded as an act by itself."""
        self._require_open()
        facts = ActFacts(form=self._form)
        await self._write(kind or self._kind, query, (), about, RequestRule.NOT_SHOWN, facts)
        raise error

    async def _record(self) -> None:
        if self._owes:
            raise RuntimeError(OWED)
        counted = (one for case, one in self._counted.items() if case not in self._shown)
        shown = (*self._shown.values(), *counted)
        await self._write(self._kind, self.query, shown, self.about, self.rule, self._facts)

    async def _write(
        self,
        kind: ActKind,
        query: Mapping[str, object] | None,
        shown: tuple[ShownCase, ...],
        about: str,
        rule: RequestRule | None,
        facts: ActFacts,
    ) -> None:
        session, runtime, who = self.session, self.session.runtime, self.session.requester
        if session.file_form and kind in (ActKind.READ, ActKind.SEARCH):
            query = {**(query or {}), "form": session.file_form}
            kind, about = (ActKind.EXPORT, about) if kind is ActKind.READ else (kind, session.file_form)
        said = orjson.dumps(query) if query is not None else b""
        if len(said) > MOST_WORDS:
            raise RequestTooLargeError(TOO_LONG)
        act = Act(
            kind,
            subject=who.subject,
            agency=who.agency,
            country=who.country,
            roles=tuple(sorted(who.roles)),
            purpose=session.grounds.purpose,
            case_reference=session.grounds.case_reference,
            request=session.request_id,
            object=about,
            query=runtime.cipher.encrypt(said.decode(), session.now) if said else "",
            shown=shown,
            rule=rule or (RequestRule.OPERATOR if who.operates else RequestRule.ROLE),
            facts=facts,
        )
        try:
            await runtime.audit.write(act)
            session.recorded.add(kind)
        except ActTooLargeError as error:
            raise RequestTooLargeError(TOO_LONG) from error
        except AuditError as error:
            metrics.AUDIT_FAILURES.inc()
            raise UnavailableError("access can't be logged right now, so nothing is shown; try again") from error

    def _close(self) -> None:
        self._is_open = False
        self.session.unended.discard(self)

    def _require_open(self) -> None:
        if not self._is_open:
            raise RuntimeError(ENDED)

    def _require(self, is_decided: bool) -> None:
        """Nothing leaves where a record was not decided to be seen as it is to be shown, or is not any more."""
        self._require_open()
        if not is_decided:
            metrics.UNDECIDED_ANSWERS.inc()
            log.error("request %s: a record was not decided on as shown", self.session.request_id)
            raise UnavailableError("access can't be logged right now, so nothing is shown; try again")

    # ── decide ──

    async def decide(self, cases: Iterable[Sealed[CaseMeta, object]]) -> dict[str, View]:
        """How the requester sees each of these cases now, under the grants in force.

        Grants are read for hits alone: a case that is not shown at all makes no call to the index.
        """
        heads = {sealed.head.case: sealed.head for sealed in cases}
        rules = {case: self._judge(head) for case, head in heads.items()}
        hits = [case for case, rule in rules.items() if rule.view is View.HIT]
        grants = await self._read_grants(hits)
        return self._note(heads, rules | {case: self._judge(heads[case], grants) for case in hits})

    async def decide_named(self, keys: Iterable[str], cases: Mapping[str, SealedCase]) -> dict[str, View]:
        """How the requester sees each case that a request names, whether it is there or not, now.

        Grants are read for whatever they do not read without one: a hit-only case costs what none costs.
        """
        heads = {case: sealed.head for case, sealed in cases.items()}
        rules = {case: self._judge(head) for case, head in heads.items()}
        closed = [case for case in dict.fromkeys(keys) if rules.get(case, UNDECIDED).view is not View.FULL]
        grants = await self._read_grants(closed)
        granted = {case: self._judge(heads[case], grants) for case in closed if case in heads}
        return dict.fromkeys(closed, View.NOTHING) | self._note(heads, rules | granted)

    def decide_case(self, case: CaseMeta, grants: Iterable[Grant] = ()) -> View:
        """How the requester sees a case under these grants, which asks the index nothing."""
        return self._note({case.case: case}, {case.case: self._judge(case, grants)})[case.case]

    def _judge(self, case: CaseMeta, grants: Iterable[Grant] = ()) -> Rule:
        session = self.session
        return decide(case, session.requester, session.grounds.purpose, session.now, grants)

    def _note(self, heads: Mapping[str, CaseMeta], rules: Mapping[str, Rule]) -> dict[str, View]:
        """Keep what was decided, once all of it is: what else goes on meanwhile sees no half of it."""
        self._require_open()
        self._heads |= heads
        self._rules |= rules
        return {case: rule.view for case, rule in rules.items()}

    async def _read_grants(self, cases: Collection[str]) -> tuple[Grant, ...]:
        return await self.session.runtime.grants.read_grants(cases, self.session.requester) if cases else ()

    def view_of(self, case: str) -> View:
        """How a case was decided to be seen; not at all where nobody has decided on it."""
        return self._rules.get(case, UNDECIDED).view

    async def read_access_ends(self, cases: Iterable[str]) -> dict[str, str]:
        """Until when the requester reads those of these cases that a grant opened, in ISO format.

        Only of cases that are read under a grant is anything asked of the index.
        """
        opened = [case for case in cases if self._rules.get(case) in OPENED]
        grants, session = await self._read_grants(opened), self.session
        ends = {case: find_access_end(self._heads[case], session.requester, session.now, grants) for case in opened}
        return {case: end.isoformat() for case, end in ends.items() if end is not None}

    def _decide_link(self, link: LinkHead) -> LinkSight:
        a, b = (self.view_of(side.case) for side in (link.a, link.b))
        self._sights[link.link] = decide_link(a, b, link.band, link.exact_a, link.exact_b)
        return self._sights[link.link]

    async def see_links(self, links: Iterable[SealedLink]) -> dict[str, LinkSight]:
        """How the requester sees each of these links, by link id, whose cases were decided on.

        One with a hit-only side shows once the gate has answered the other side's present content.
        """
        seen = {sealed.head.link: (sealed.head, self._decide_link(sealed.head)) for sealed in links}
        asked = {
            link: _hit_question(head, sight.view) for link, (head, sight) in seen.items() if sight.view in HIT_VIEWS
        }
        decisions = self.session.runtime.decisions
        admitted = await decisions.read_admitted(name for name, _ in asked.values()) if asked else {}
        for link, (name, asks) in asked.items():
            if not passes_gate(asks, admitted.get(name)):
                self._sights[link] = UNSEEN
        return {link: self._sights[link] for link in seen}

    # ── open ──

    def open(self, sealed: Sealed[CaseMeta | LinkHead, Content]) -> Content:
        """What a case or link says that was decided to be seen in full. Raises UnavailableError for any other.

        It is opened to be shown, ranked or counted: `show` and `count` say what becomes of it.
        """
        head = sealed.head
        if isinstance(head, CaseMeta):
            self._require(self.view_of(head.case) is View.FULL)
        else:
            self._require(self._sights.get(head.link, UNSEEN).view is LinkView.FULL)
        self._opened.update((head.case,) if isinstance(head, CaseMeta) else head.cases)
        self._owes = True
        return unseal(sealed)

    async def weigh(self, cases: Iterable[SealedCase]) -> dict[str, CaseDocument]:
        """Decide on cases; what those say that are seen in full, by key, to rank, compare or count them."""
        held = list(cases)
        views = await self.decide(held)
        return {sealed.head.case: self.open(sealed) for sealed in held if views[sealed.head.case] is View.FULL}

    async def weigh_parts(self, parts: AsyncIterator[Sequence[SealedCase]]) -> AsyncIterator[dict[str, CaseDocument]]:
        """The same of cases that come in parts, for who keeps little of each."""
        async for part in parts:
            yield await self.weigh(part)

    def weigh_links(self, links: Iterable[SealedLink]) -> list[LinkDocument]:
        """What those of some links say of which both sides were decided to be seen in full."""
        return [self.open(sealed) for sealed in links if self._decide_link(sealed.head).view is LinkView.FULL]

    async def find_cases(
        self,
        question: Question,
        asked_for: QuestionProbe,
        limits: QueryLimits,
        most: int,
        *,
        after: Place | None = None,
        at: PointInTime | None = None,
        was_shown: Callable[[str], bool] = lambda _: False,
        selected: Selected | None = None,
    ) -> FoundCases:
        """The cases that answer a question, of those that are seen in full: see `pipeline.index.searching`."""
        session = self.session

        async def admit(documents: Documents) -> Collection[str]:
            return await self.weigh(map(seal_case, documents.values()))

        page = PageRequest(most, admit, after, at, was_shown, session.compute)
        runtime = session.runtime
        return await find_cases(runtime.unsealed, question, asked_for, runtime.model, limits, page, selected=selected)

    def ask(self, case: Sealed[CaseMeta, Content], question: Callable[[Content], bool]) -> bool:
        """Whether something holds of a case that was decided to be seen, as a hit too: yes or no, and nothing else.

        Of a hit only what a hit is told for may be asked: whether something meets it exactly.
        """
        self._require(self.view_of(case.head.case) is not View.NOTHING)
        return question(unseal(case))

    # ── show ──

    def redact(self, case: Sealed[CaseMeta, object]) -> HitRow:
        """What is told of a case that was decided to be seen as a hit. Raises UnavailableError for any other."""
        self._require(self.view_of(case.head.case) is View.HIT)
        self._owes = True
        return hit_for(case.head, self.session.make_reference)

    def redact_link(self, link: SealedLink, cases: Mapping[str, SealedCase]) -> LinkRow | None:
        """A link of these cases as it may be shown, by how it was decided to be seen; None where it may not."""
        self._require_open()
        sight = self._sights.get(link.head.link, UNSEEN)
        if sight is UNSEEN:
            return None
        self._owes = True
        ends = LinkEnds(*(cases[case].head for case in link.head.cases))
        return link_for(sight, ends, link_row(unseal(link)), self.session.make_reference)

    def show(self, cases: Iterable[str], *, later: bool = False) -> None:
        """Note which cases are shown, each as it was decided to be seen; `later`: by what `show_later` goes with.

        Raises UnavailableError for one that was not decided to be seen, or that is not seen in full any more though it
        was opened: then nothing leaves.
        """
        self._require_open()
        self._owes = False
        shown = {case: self._rules.get(case, UNDECIDED) for case in cases}
        for case, rule in shown.items():
            self._require(rule.view is View.FULL or (rule.view is View.HIT and case not in self._opened))
        for case, rule in shown.items():
            self.session.note_shown(case, rule, self._heads[case].handling.code)
            (self._held if later else self._shown)[case] = ShownCase(case, FORMS[rule.view], rule)

    def shows(self, case: str) -> bool:
        """Whether a case was noted as shown in this part."""
        return case in self._shown

    def show_later(self) -> None:
        """What was noted to be shown later is shown by the next part, or by the last."""
        self._shown |= self._held
        self._held.clear()

    def count(self, cases: Iterable[str], but: Collection[str] = ()) -> None:
        """Note over which cases a count is. Those of other agencies are named, if they are few, and not shown besides.

        `but`: those of which the requester has just been shown as much.
        """
        self._require_open()
        self._owes = False
        own = self.session.requester.agency
        foreign = [case for case in dict.fromkeys(cases) if case.partition(":")[0] != own]
        if len(foreign) <= MOST_COUNTED:
            for case in foreign:
                if case not in but:
                    self._counted[case] = ShownCase(case, ShownForm.COUNTED, self._rules.get(case, ""))

    def pose(self, *, asked: bool, not_asked: NotAsked = "", shared: bool = False) -> None:
        """Note that a question was posed, which `query` holds; whether hit-only records were `asked`, or why not all.

        `shared`: agencies that share an alert for the same are to be told.
        """
        self._require_open()
        self._facts = msgspec.structs.replace(self._facts, posed=True, asked=asked, not_asked=not_asked, shared=shared)

    def spend_hits(self, cases: Iterable[Sealed[CaseMeta, object]]) -> list[HitRow]:
        """Tell of those cases that were decided to be seen as hits, as far as the requester's budget of today goes.

        They are noted as shown, and come by reference, which says nothing of them.
        """
        session = self.session
        held = [case for case in cases if self.view_of(case.head.case) is View.HIT]
        found = {row.reference: (case.head.case, row) for case in held for row in [self.redact(case)]}
        rows = take_turns([row for _, (_, row) in sorted(found.items())])
        given = rows[: session.runtime.hits.spend(session.requester, session.now, len(rows))]
        given.sort(key=lambda row: row.reference)
        self.show(found[row.reference][0] for row in given)
        self._facts = msgspec.structs.replace(self._facts, hits=self._facts.hits + len(given))
        return given


def _hit_question(link: LinkHead, view: LinkView) -> tuple[str, str]:
    """The question that a link with a hit-only side is an answer to: its id, and the hash of what asks."""
    side = "a" if view is LinkView.HIT_B else "b"
    return question_id(link.link, side), link.a.hash if side == "a" else link.b.hash


class Owned(Protocol):
    """What is told of a record says whose it is."""

    @property
    def agency(self) -> str:
        """The owner."""


Row = TypeVar("Row", bound=Owned)


def take_turns(rows: Sequence[Row]) -> list[Row]:
    """Each agency's first row, then the second of each: where few are told, no agency's records leave out another's."""
    turns: Counter[str] = Counter()
    placed: list[tuple[int, Any]] = []
    for row in rows:
        placed.append((turns[row.agency], row))
        turns[row.agency] += 1
    return [row for _, row in sorted(placed, key=lambda one: one[0])]
