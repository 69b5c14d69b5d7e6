"""The budget of hit-only answers that come from the stream: pushed cases, alerts, shared interest. Pure.

Each answer about an agency's hit-only records that another agency is due is a HitQuestion. It is answered while the
asking agency has answers left about that owner today; else it waits, and is answered in the order of its id on a later
day, or once the owner allows more. None is dropped. Beside these it holds the searches that met silent records, until
their owners may be told (notices.searched_notice). All processes see the same: the ledger follows from the
questions in their order, and from the admissions that it made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from pipeline.access.guesses import BORN, GuessLedger
from pipeline.access.notices import Notice, notice_id
from pipeline.correlation.hits import Hit, HitKind
from pipeline.matching.bands import Band, ExactMatch
from pipeline.matching.handling import Contact

AgencyPair = tuple[str, str]
"""The agency that asks, and the one that owns what is asked about."""

REFUSED = "refused|"
TOLD = "told|"
"""What ids of admissions begin with that are not of this ledger."""

SOON_DAYS = 7
"""An agency that withdraws or rewrites a case so soon after it hit may have pushed it to find out."""

NEVER = datetime.max.replace(tzinfo=UTC)
"""When the next search is due to be told of, where none is held."""

DAY: Final = timedelta(days=1)

TELLING_TIME: Final = timedelta(minutes=10)
"""After midnight UTC, when owners are told of the day before. A search just before midnight is read from the audit
within seconds: told with all others, it does not show that it was late."""


class HitQuestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `hit_questions`, key = id: what `asker` is due to learn of a record of `owner`.

    With `due` the asker learns nothing: from that time on the owner of a silent record is told of a search, by
    `owner_notice`, if the asker's agency lets owners be told.

    Of a link `id` is its `question_id`, `asks` the hash of that side as a question and `hit` what its agency
    is told; `full`: it sees the other side in full now, `knew`: it did before, both of which are free;
    `asker_changed`: the link changed by a later version of the asker's case, not of the owner's. Else `id` is the id
    of `notice`. `owner_notice` is what the owner is told once it is answered. `exact` is by what of the question the
    record is met.
    """

    id: str
    asker: str
    owner: str
    asks: str = ""
    hit: Hit | None = None
    full: bool = False
    knew: bool = False
    asker_changed: bool = False
    notice: Notice | None = None
    owner_notice: Notice | None = None
    due: datetime | None = None
    exact: ExactMatch = ExactMatch.NONE

    @property
    def about(self) -> str:
        """The key of the case or alert that asks, as guesses name it; "" of a search."""
        if self.hit is not None:
            return self.hit.case
        return f"sub:{self.notice.subscription}" if self.notice is not None and self.notice.subscription else ""


class Admission(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `hit_admissions`, key = id: that a question was answered, or how many were on a day.

    Of an answer `id` is the question's and `asks` the hash of the case that asked, "" where the link shows no more.
    Of a count `id` is spent|<asker>|<owner>, and `spent` how many answers were given on the day of `time`. Of a case or
    alert that guesses too much `id` is refused|<its key>, `kinds` are of what it does, none once it may ask,
    `refused` its AskedGuesses (JSON) and `offset` where it stands; both agencies are the asker. So they are of
    told|<asker>: the day of `time` is the last of which it was told how many of its cases were refused.
    """

    id: str
    asker: str
    owner: str
    time: datetime
    asks: str = ""
    band: Band = Band.NONE
    contact: Contact = Contact()
    spent: int = 0
    kinds: tuple[str, ...] = ()
    refused: str = ""
    offset: int = 0


class HitAllowance(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `hit_allowances`, key = id: how many answers a day an owner allows an agency, until a time."""

    owner: str
    agency: str
    daily: int
    until: datetime
    by: str
    time: datetime

    @property
    def id(self) -> str:
        """One for each owner and agency."""
        return allowance_id(self.owner, self.agency)


class GateAnswers(NamedTuple):
    """What becomes of a question: hits and notices to send, admissions to keep, notices that wait no more.

    `withdrawn` counts links by asking agency that it took back soon after they hit; `deferred` those that wait now.
    """

    hits: list[Hit]
    notices: list[Notice]
    admissions: list[Admission]
    answered: list[str]
    withdrawn: Counter[str]
    deferred: Counter[str]


def allowance_id(owner: str, agency: str) -> str:
    """The id of an owner's allowance for an agency."""
    return f"{owner}|{agency}"


def question_id(link: str, side: str) -> str:
    """The id of what the agency of one side of a link ("a" or "b") is due to learn of the other."""
    return f"{link}-{side}"


def spent_id(pair: AgencyPair) -> str:
    """The id under which the answers of a day are counted."""
    return f"spent|{pair[0]}|{pair[1]}"


def tells_nobody(agency: str, purpose: str) -> bool:
    """The default: no agency lets owners of silent records be told of its searches."""
    return False


class HitLedger:
    """Who was answered what, what waits, and how much of today's budget is left, by asker and owner.

    What guesses too much waits, too, until `guesses` let it ask, or its owner allows the agency more answers for a
    while: then the owner means it to ask. `tells_owners` says whether an agency lets owners of silent records be told
    of its searches for a purpose. It is asked when a search comes and again when its owner is due to be told.
    """

    def __init__(
        self,
        daily: int,
        tells_owners: Callable[[str, str], bool] = tells_nobody,
        guesses: GuessLedger | None = None,
    ) -> None:
        self._daily, self._tells_owners = daily, tells_owners
        self._guesses = guesses or GuessLedger(keeping=True)
        self._refused: dict[str, dict[str, HitQuestion]] = {}
        """What waits for guesses, by what asks, apart: it may be much, and is not looked at until that changes."""
        self._held: dict[str, HitQuestion] = {}
        self._next_due = NEVER
        self._day = date.min
        self._spent: Counter[AgencyPair] = Counter()
        self._admitted: dict[str, Admission] = {}
        self._waiting: dict[AgencyPair, dict[str, HitQuestion]] = {}
        self._allowances: dict[str, HitAllowance] = {}

    def set_allowance(self, allowance: HitAllowance) -> None:
        """Take in what an owner allows; what waits is answered by the next `pass_day` or question."""
        self._allowances[allowance.id] = allowance
        self.release_refused(
            about
            for about, waiting in list(self._refused.items())
            if any(_pair_of(question) == (allowance.agency, allowance.owner) for question in waiting.values())
        )

    def release_refused(self, abouts: Iterable[str]) -> None:
        """Look again at what waits for the guesses of these, with the next question or `pass_day`."""
        for about in abouts:
            for question in self._refused.pop(about, {}).values():
                self._defer_question(question)

    def restore_admission(self, admission: Admission) -> None:
        """Take in an admission that was made before, each id's last."""
        if admission.spent:
            day = _utc_day(admission.time)
            self._begin_day(day)
            if day == self._day:
                self._spent[admission.asker, admission.owner] = admission.spent
        elif admission.asks:
            self._admitted[admission.id] = admission

    def restore_question(self, question: HitQuestion) -> None:
        """Take in the last question of an id that was asked before; it waits unless it was answered."""
        if question.due is not None:
            self._hold(question, question.due)
            return
        admission = self._admitted.get(question.id)
        retracted = question.hit is not None and question.hit.kind is HitKind.RETRACTED
        answered = admission is not None and admission.asks == question.asks
        if not (retracted or question.full or answered):
            self._defer_question(question)

    def snapshot(self) -> dict[str, Admission]:
        """Returns the admissions in force, by the ids of their questions: what links show."""
        return dict(self._admitted)

    def count_waiting(self) -> int:
        """How many questions wait."""
        return len(self._held) + sum(map(len, (*self._waiting.values(), *self._refused.values())))

    def submit_question(self, question: HitQuestion, at: datetime) -> GateAnswers:
        """Answer a question that came at an aware time, or let it wait."""
        if question.due is not None:
            return self._hold_search(question, question.due, at)
        answers = self.pass_day(at)
        if question.hit is None:
            # One that waits already keeps its place.
            places = self._waiting.get(_pair_of(question), {}), self._refused.get(question.about, {})
            if not any(question.id in place for place in places):
                self._answer_or_wait(question, at, answers)
        elif question.hit.kind is HitKind.RETRACTED:
            self._retract_hit(question, question.hit, at, answers)
        else:
            self._ask_link(question, question.hit, at, answers)
        return answers

    def pass_day(self, at: datetime) -> GateAnswers:
        """Answer what waits as far as the budgets at `at` reach, and tell owners of the searches that are due."""
        answers = GateAnswers([], [], [], [], Counter(), Counter())
        self._begin_day(_utc_day(at))
        if at >= self._next_due:
            self._tell_due(at, answers)
        # Who has spent the day's budget is passed over unsorted: much may wait, and this runs at every question.
        open_pairs = [pair for pair, waiting in self._waiting.items() if waiting and self._remaining_quota(pair, at)]
        for pair in sorted(open_pairs):
            waiting = self._waiting[pair]
            for due in sorted(waiting):
                if not self._remaining_quota(pair, at):
                    break
                question = waiting.pop(due)
                if self._is_refused(question, at):
                    self._refused.setdefault(question.about, {})[due] = question
                else:
                    self._answer_question(question, at, answers)
        return answers

    def _hold_search(self, question: HitQuestion, due: datetime, at: datetime) -> GateAnswers:
        """Keep a search that met a silent record until it is due; one that nobody may be told of is done with."""
        may_tell = self._may_tell(question)
        if may_tell:
            self._hold(question, due)
        answers = self.pass_day(at)
        if not may_tell:
            answers.answered.append(question.id)
        return answers

    def _hold(self, question: HitQuestion, due: datetime) -> None:
        self._held[question.id] = question
        self._next_due = min(self._next_due, due)

    def _tell_due(self, at: datetime, answers: GateAnswers) -> None:
        """All that is due goes out together, in the order of its ids, which are keyed: no order of searches shows."""
        due = sorted(name for name, question in self._held.items() if question.due and question.due <= at)
        for name in due:
            question = self._held.pop(name)
            answers.answered.append(name)
            if question.owner_notice is not None and self._may_tell(question):
                answers.notices.append(question.owner_notice)
        self._next_due = min((question.due for question in self._held.values() if question.due), default=NEVER)

    def _may_tell(self, question: HitQuestion) -> bool:
        notice = question.owner_notice
        return notice is not None and self._tells_owners(question.asker, notice.purpose)

    def _begin_day(self, day: date) -> None:
        if day > self._day:
            self._day = day
            self._spent.clear()

    def _remaining_quota(self, pair: AgencyPair, at: datetime) -> int:
        asker, owner = pair
        allowed = self._allowances.get(allowance_id(owner, asker))
        daily = self._daily if allowed is None or at >= allowed.until else max(self._daily, allowed.daily)
        return max(0, daily - self._spent[pair])

    def _ask_link(self, question: HitQuestion, hit: Hit, at: datetime, answers: GateAnswers) -> None:
        """Answer a link's question, free of charge where its agency sees all of it or asks the same as before."""
        admission = self._admitted.get(question.id)
        self._forget_waiting(question)
        if question.full:
            answers.hits.append(_mark_known(hit, known=question.knew or admission is not None))
            self._forget_admission(question, at, answers)
        elif admission is not None and admission.asks == question.asks:
            self._publish_hit(question, hit, admission, at, answers)  # the owner's record has changed, not the question
        else:
            self._answer_or_wait(question, at, answers)

    def _answer_or_wait(self, question: HitQuestion, at: datetime, answers: GateAnswers) -> None:
        """Answer while today's budget lasts; else let it wait, and take back what its agency knows of the link."""
        pair = _pair_of(question)
        refused = self._is_refused(question, at)
        if not refused and self._remaining_quota(pair, at) > 0:
            self._answer_question(question, at, answers)
            return
        self._defer_question(question, refused=refused)
        answers.deferred[question.asker] += 1
        if question.hit is not None and (question.knew or question.id in self._admitted):
            answers.hits.append(_make_retraction(question.hit))
            self._forget_admission(question, at, answers)

    def _defer_question(self, question: HitQuestion, *, refused: bool = False) -> None:
        """Keep a question for later; what its agency knew before has been retracted then."""
        kept = msgspec.structs.replace(question, knew=False)
        if refused:
            self._refused.setdefault(question.about, {})[question.id] = kept
        else:
            self._waiting.setdefault(_pair_of(question), {})[question.id] = kept

    def _is_refused(self, question: HitQuestion, at: datetime) -> bool:
        """Whether all by which it meets the record was asked too often, and the owner does not allow more now."""
        refused = ExactMatch.NONE
        for kind in self._guesses.kinds_refused_to(question.about) if question.about else ():
            refused |= ExactMatch.NAME if kind == BORN else ExactMatch.NUMBER
        if not refused or question.exact & ~refused:
            return False
        allowed = self._allowances.get(allowance_id(question.owner, question.asker))
        return allowed is None or at >= allowed.until

    def _answer_question(self, question: HitQuestion, at: datetime, answers: GateAnswers) -> None:
        """Answer at the cost of one from today's budget."""
        pair = _pair_of(question)
        self._spent[pair] += 1
        answers.admissions.append(Admission(spent_id(pair), *pair, at, spent=self._spent[pair]))
        if question.notice is not None:
            answers.notices.append(question.notice)
        if question.hit is None:
            answers.answered.append(question.id)
        else:
            self._publish_hit(question, question.hit, self._admitted.get(question.id), at, answers)
        if question.owner_notice is not None:
            answers.notices.append(question.owner_notice)

    def _publish_hit(
        self, question: HitQuestion, hit: Hit, before: Admission | None, at: datetime, answers: GateAnswers
    ) -> None:
        """Tell of a link, unless nothing that its agency may see has changed."""
        first = at if before is None else before.time
        kept = Admission(question.id, *_pair_of(question), first, question.asks, hit.band, hit.contact)
        if before is None or (before.band, before.contact) != (kept.band, kept.contact):
            answers.hits.append(_mark_known(hit, known=before is not None or question.knew))
        if before != kept:
            self._admitted[question.id] = kept
            answers.admissions.append(kept)

    def _retract_hit(self, question: HitQuestion, hit: Hit, at: datetime, answers: GateAnswers) -> None:
        self._forget_waiting(question)
        admission = self._admitted.get(question.id)
        if admission is not None and question.asker_changed and (at - admission.time).days < SOON_DAYS:
            answers.withdrawn[question.asker] += 1
        if admission is not None or question.knew:
            answers.hits.append(hit)
        self._forget_admission(question, at, answers)

    def _forget_admission(self, question: HitQuestion, at: datetime, answers: GateAnswers) -> None:
        if self._admitted.pop(question.id, None) is not None:
            answers.admissions.append(Admission(question.id, *_pair_of(question), at))

    def _forget_waiting(self, question: HitQuestion) -> None:
        self._waiting.get(_pair_of(question), {}).pop(question.id, None)
        self._refused.get(question.about, {}).pop(question.id, None)


def _pair_of(question: HitQuestion) -> AgencyPair:
    return question.asker, question.owner


def _utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _mark_known(hit: Hit, *, known: bool) -> Hit:
    """The hit as its agency takes it: new where it holds none of the link."""
    return msgspec.structs.replace(hit, kind=HitKind.CHANGED if known else HitKind.NEW)


def _make_retraction(hit: Hit) -> Hit:
    """That a link shows no more until its question is answered.

    Its id is another than that of the hit that comes then, as long and under the same key.
    """
    other = notice_id("deferred", hit.id)
    name = f"{hit.id[: -len(other)]}{other}"
    return msgspec.structs.replace(hit, id=name, kind=HitKind.RETRACTED, contact=Contact(), band=Band.NONE)


def searched_question(notice: Notice, now: datetime) -> HitQuestion:
    """What the gate holds until the owner is told: at TELLING_TIME of a day after that of the search, and after now."""
    due = notice.time + DAY + TELLING_TIME
    while due <= now:
        due += DAY
    return HitQuestion(notice.id, notice.other_agency, notice.agency, owner_notice=notice, due=due)
