"""Search: the cases that answer a question best and why each of them does; and, apart, hits on hit-only cases.

Its facets say how many of the cases that it finds have each country, agency, type, role, offence and year. What a
question guesses with names is counted before hit-only records are asked, and what is too much is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import UNSET, Meta

from pipeline.access.audit import MOST_COUNTED, ActKind, NotAsked
from pipeline.access.case_filters import LONGEST, Filters
from pipeline.access.guesses import BORN, UNTYPED, AskedNumber, make_guesses
from pipeline.access.release import View
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import FacetsAnswer, FoundHit, ResultSubject, SearchAnswer, SearchRow
from pipeline.api.paging import CURSOR_CHARS, MovingList, PageCursor
from pipeline.api.problems import UnavailableError, UnprocessableError
from pipeline.api.recent_answers import digest_search
from pipeline.api.sealed import SealedFacets
from pipeline.api.services.disclosures import read_hit_requests
from pipeline.api.services.linked_things import NAMING, LinkedThing, name_side
from pipeline.api.session import Session
from pipeline.errors import LiaisonError
from pipeline.index.documents import AsSent, CaseDocument
from pipeline.index.filters import (
    FewOf,
    facet_body,
    facet_clauses,
    filter_clauses,
    offence_clauses,
    other_clauses,
)
from pipeline.index.queries import QueryLimits
from pipeline.index.reading import STATE_FIELDS
from pipeline.index.searching import (
    CANDIDATES,
    SearchResult,
    Selected,
    explain_result,
)
from pipeline.matching.bands import HIT_BAND
from pipeline.matching.explain.explanation import EntityEvidence
from pipeline.matching.explain.wording import reasons
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import judge_score
from pipeline.search.probes import QuestionProbe, make_probe, make_query_probe, strict_question
from pipeline.search.questions import FIELDS, CountryCode, Question, QuestionFields, add_fields, parse_question
from pipeline.search.ranking import RankedCandidate, rank_answers
from pipeline.search.understanding import (
    SearchHint,
    find_hints,
    list_unfound,
    translate_hint,
    understand_looks,
)
from pipeline.streams.audit.guess_log import GuessError

MOST = 100
"""Results of one page."""

MOST_ANSWERS: Final = 100 * CANDIDATES
"""More than are ranked: those that may be equal to a question are of each owner."""


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked, in words, by fields or both. Without either the filters list what may be read, by case key."""

    question: Annotated[
        str,
        Meta(
            description="Names in any script, numbers, phones, plates (AB?12*), dates, words; quotes and "
            f"{', '.join(f'{field}:' for field in FIELDS)} say outright what a word is.",
            examples=["иван петров 1980-05", "plate:AB?12*"],
        ),
    ] = ""
    country: Annotated[CountryCode, Meta(description="Where phones without a country code are dialled.")] = ""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 20
    cursor: Annotated[str, Meta(max_length=CURSOR_CHARS, description="`next` of the page before.")] = ""
    filters: Filters = Filters()
    share: Annotated[bool, Meta(description="Agencies that share an alert for the same are told, and so are you.")] = (
        False
    )
    fields: QuestionFields = QuestionFields()
    evidence: Annotated[
        bool,
        Meta(
            description="Each result has the comparisons behind its `why` too, and `about`: the entity that answers "
            "best, as its agency named it. A row is three times as long. Without it `title` and `caveat` are left out "
            "of a row where the case has none."
        ),
    ] = False

    @property
    def in_words(self) -> Search:
        """The same with its fields as words of the question."""
        return msgspec.structs.replace(self, question=add_fields(self.question, self.fields), fields=QuestionFields())


class JudgedSearch:
    """What a search has selected and judged, for whoever counts its facets right after it, as the search page does."""

    def __init__(self) -> None:
        self._held: tuple[object, Model, Selected] | None = None

    def keep(self, session: Session, asked: Search, selected: Selected) -> None:
        """Take note of what a first page was found among; where a facet narrows it, others are counted as well."""
        if not asked.cursor and not facet_clauses(asked.filters):
            self._held = self._name(session, asked), session.runtime.model, selected

    def find(self, session: Session, asked: Search) -> Selected | None:
        """What the same search of the same reader was found among, under the model of now."""
        if self._held is None:
            return None
        name, model, selected = self._held
        return selected if name == self._name(session, asked) and model is session.runtime.model else None

    @staticmethod
    def _name(session: Session, asked: Search) -> object:
        return session.viewer, session.now.date(), _search_context(asked)


class _ResultPage(msgspec.Struct):
    """What is shown before it is recorded: rows, their cases, its end.

    `ranked` are the cases of its rows as they were ranked, none of hits, which have no order; `cut` says whether
    others were left out of the ranking.
    """

    rows: list[SearchRow]
    seen: tuple[str, ...] = ()
    next: str | None = None
    ranked: tuple[RankedCandidate, ...] = ()
    cut: bool = False


class _HitPage(msgspec.Struct):
    """Hits before they are recorded, and why some were not asked."""

    rows: list[FoundHit]
    not_asked: NotAsked = ""


async def search(
    session: Session, asked: Search, *, with_reasons: bool = True, judged: JudgedSearch | None = None
) -> SearchAnswer:
    """Answer a search; each result says why it is there, unless nobody will read that. `judged` keeps what was judged.

    Raises UnprocessableError for a question that asks for nothing or makes no sense.
    """
    session.require_reader()
    require_bounded(asked.filters)
    asked, limit = asked.in_words, min(asked.limit, MOST)
    if not asked.question and asked.filters.empty:
        raise UnprocessableError("enter search terms or a filter", "question", "filters")
    question = parse_asked(asked)
    hits, is_asked = _HitPage([]), False
    async with session.answer(ActKind.SEARCH) as answer:
        if question.narrows_alone:
            page = await _browse_cases(answer, asked, question, limit)
        elif asked.cursor or session.viewer is None:
            page = await _find_answers(answer, asked, question, limit, with_reasons, judged)
        else:
            page, counted = await asyncio.gather(
                _find_answers(answer, asked, question, limit, with_reasons, judged),
                count_question(session, question, asked.country),
            )
            is_asked = counted.asked is not None
            hits, granted = await _find_hits(answer, asked, counted, question, with_reasons)
            page = _merge_pages(page, granted)
        answer.show(page.seen)
        if asked.question:
            answer.pose(asked=is_asked, not_asked=hits.not_asked, shared=asked.share)
        answer.query = msgspec.to_builtins(asked) | ({"not_asked": hits.not_asked} if hits.not_asked else {})
    name = digest_search(session.requester, session.grounds, asked.question, asked.country, asked.filters)
    session.runtime.answered.keep_answer(name, frozenset(page.seen), session.now)
    left = session.runtime.hits.remaining(session.requester, session.now)
    hints = _find_hints(session, asked, page) if with_reasons else ()
    understood = understand_looks(asked.question, asked.country) if asked.question else ()
    return SearchAnswer(
        *session.moment, tuple(page.rows), tuple(hits.rows), left, page.next, understood, hits.not_asked, hints
    )


def require_bounded(filters: Filters) -> None:
    """Raises UnprocessableError for a value that no case can have."""
    if not filters.bounded:
        raise UnprocessableError(
            LiaisonError("a filter has more than {most} characters; shorten it", most=LONGEST), "filters"
        )


def _search_context(asked: Search) -> Search:
    """What two pages of one search have in common."""
    return msgspec.structs.replace(asked, cursor="", limit=0, evidence=False)


def parse_asked(asked: Search) -> Question:
    """The question of a search in words, an empty one where it has none. Raises UnprocessableError."""
    try:
        return parse_question(asked.question) if asked.question else Question()
    except LiaisonError as error:
        raise UnprocessableError(error, "question") from error


def _find_hints(session: Session, asked: Search, page: _ResultPage) -> tuple[SearchHint, ...]:
    """What to try next; which parts nothing has is known only where all that answers is on this page, unnarrowed."""
    if not asked.question:
        return ()
    hints = find_hints(asked.question, session.now.date(), more_born=page.cut, language=session.language)
    if not asked.cursor and page.next is None and asked.filters.empty:
        hints += list_unfound(asked.question, asked.country, [one.candidate for one in page.ranked])
    return tuple(translate_hint(hint, session.language) for hint in hints)


def _make_limits(session: Session, asked: Search, question: Question) -> QueryLimits:
    narrowed = (*filter_clauses(asked.filters), *offence_clauses(question.offences))
    return QueryLimits(session.now.date(), session.viewer, narrowed)


async def _find_answers(
    answer: RecordedAnswer,
    asked: Search,
    question: Question,
    limit: int,
    with_reasons: bool,
    judged: JudgedSearch | None,
) -> _ResultPage:
    """The ranked cases behind the page before."""
    session, asked_for = answer.session, make_probe(question, asked.country)
    listing = MovingList(
        session,
        "search",
        _search_context(asked),
        cursor=asked.cursor,
        point=partial(session.runtime.reader.open_point, "cases"),
        limit=limit,
    )
    after = None if listing.after is None else tuple(listing.after)
    limits = _make_limits(session, asked, question)
    found = await answer.find_cases(
        question, asked_for, limits, limit + 1, after=after, at=listing.at, was_shown=listing.was_shown
    )
    shown = found.cases[:limit]
    page = await _make_page(answer, asked, asked_for, shown, with_reasons)
    page.next = await listing.next_cursor(page.seen, list(shown[-1][0].place) if len(found.cases) > limit else None)
    page.cut = found.selected.cut
    if judged is not None:
        judged.keep(session, asked, found.selected)
    return page


async def _make_page(
    answer: RecordedAnswer,
    asked: Search,
    asked_for: QuestionProbe,
    ranked: Sequence[tuple[RankedCandidate, CaseDocument]],
    with_reasons: bool,
) -> _ResultPage:
    """The rows of ranked cases that are read in full, each with its reasons and, under a grant, until when."""
    session = answer.session
    rows = [_make_row(session, *one) for one in ranked]
    if with_reasons:
        model = session.runtime.model
        results = await session.compute(lambda: [explain_result(*one, asked_for, model) for one in ranked])
        about = await describe_results(answer, results) if asked.evidence else {}
        rows = [
            _say_in_full(session, row, result, about.get(row.case))
            if asked.evidence
            else _say_why(session, row, result)
            for row, result in zip(rows, results, strict=True)
        ]
    seen = tuple(document.case for _, document in ranked)
    ends = await answer.read_access_ends(seen)
    rows = [msgspec.structs.replace(row, access_until=ends.get(row.case, UNSET)) for row in rows]
    return _ResultPage(rows, seen, ranked=tuple(candidate for candidate, _ in ranked))


def _merge_pages(page: _ResultPage, granted: _ResultPage) -> _ResultPage:
    """The first page with the granted records in their places: what answers exactly never waits for a later page."""
    found = [*zip(page.ranked, page.rows, strict=True), *zip(granted.ranked, granted.rows, strict=True)]
    found.sort(key=lambda one: one[0].place)
    ranked, rows = tuple(one for one, _ in found), [row for _, row in found]
    return msgspec.structs.replace(page, rows=rows, seen=(*page.seen, *granted.seen), ranked=ranked)


async def _find_hits(
    answer: RecordedAnswer, asked: Search, counted: CountedQuestion, question: Question, with_reasons: bool
) -> tuple[_HitPage, _ResultPage]:
    """The hit-only cases that a counted question may tell of; apart those that a grant opened, ranked as all others."""
    if counted.asked is None:
        return _HitPage([], counted.not_asked), _ResultPage([])
    session = answer.session
    limits, runtime = QueryLimits(session.now.date(), session.viewer), session.runtime
    exact = await runtime.reader.find_hits(counted.asked, asked.country, runtime.model, limits, session.compute)
    met = {sealed.head.case: sealed for sealed in exact}
    views = await answer.decide(met.values())
    asked_for = make_probe(question, asked.country)
    opened = {case: answer.open(sealed) for case, sealed in met.items() if views[case] is View.FULL}
    candidates = [candidate for candidate, _ in opened.values()]
    answers = await session.compute(partial(rank_answers, asked_for, candidates, runtime.model))
    ranked = [(one, opened[one.candidate.card.case][1]) for one in answers]
    granted = await _make_page(answer, asked, asked_for, ranked, with_reasons)
    told = answer.spend_hits(met.values())
    is_spent = not runtime.hits.remaining(session.requester, session.now)
    requests = await read_hit_requests(answer, told, met.values())
    rows = [
        FoundHit(**msgspec.structs.asdict(hit) | {"band": HIT_BAND, "request": requests.get(hit.reference)})
        for hit in told
    ]
    return _HitPage(rows, "budget" if is_spent else counted.not_asked), granted


async def _browse_cases(answer: RecordedAnswer, asked: Search, question: Question, limit: int) -> _ResultPage:
    """The cases that the filters allow, by case key, which never moves one; one more tells whether there is a next."""
    session = answer.session
    cursor = PageCursor(session, "cases", session.grounds.purpose, _search_context(asked))
    (after,) = cursor.open(asked.cursor) or ("",)
    found = await session.runtime.reader.browse_cases(_make_limits(session, asked, question), limit + 1, after)
    kept = [*(await answer.weigh(found)).values()]
    end = cursor.seal([kept[limit - 1].case]) if len(kept) > limit else None
    return _ResultPage(
        [summarise_case(document, session.language) for document in kept[:limit]],
        tuple(document.case for document in kept[:limit]),
        end,
    )


def _make_row(session: Session, candidate: RankedCandidate, document: CaseDocument) -> SearchRow:
    return msgspec.structs.replace(
        summarise_case(document, session.language),
        score=candidate.score,
        band=judge_score(candidate.score + session.runtime.model.prior).band,
        met=tuple(candidate.candidate.met),
    )


def _say_why(session: Session, row: SearchRow, result: SearchResult) -> SearchRow:
    """A row in brief: who does not ask for evidence asks for many rows, of which most have no caveat."""
    return msgspec.structs.replace(
        row,
        title=row.title or UNSET,
        caveat=row.caveat or UNSET,
        why=reasons(result.evidence, session.language),
    )


def _say_in_full(session: Session, row: SearchRow, result: SearchResult, about: ResultSubject | None) -> SearchRow:
    why = reasons(result.evidence, session.language)
    return msgspec.structs.replace(row, why=why, evidence=result.evidence, about=about)


def summarise_case(document: CaseDocument, language: str) -> SearchRow:
    """What a list says of a case that is seen in full."""
    return SearchRow(
        view=View.FULL.value,
        case=document.case,
        agency=document.agency,
        country=document.country,
        title=document.title,
        caveat=document.caveat,
        caveat_translation=document.translate_caveat(language),
    )


async def count_facets(session: Session, asked: Search, *, judged: JudgedSearch | None = None) -> FacetsAnswer:
    """Count the facets of a search. Raises UnprocessableError for a question that makes no sense.

    `judged` holds what the search itself has just judged: only what is left of that is judged now.

    Where a count is over few records of others, their owners are told of them: without, a question for one number and
    its counts would say what a record is about, and nobody would know.
    """
    session.require_reader()
    require_bounded(asked.filters)
    asked = asked.in_words
    question = parse_asked(asked)
    limits = QueryLimits(session.now.date(), session.viewer, offence_clauses(question.offences))
    async with session.answer(ActKind.READ, {"facets": msgspec.to_builtins(asked)}) as answer:
        cases = None if question.narrows_alone else await _find_counted(answer, asked, question, judged)
        few = FewOf(session.requester.agency, MOST_COUNTED + 1, STATE_FIELDS)
        found = await session.runtime.reader.count_facets(facet_body(limits, asked.filters, cases, few))
        _note_counted(answer, asked, found)
        return FacetsAnswer(*session.moment, found.counts)


def _note_counted(answer: RecordedAnswer, asked: Search, found: SealedFacets) -> None:
    """Note the records that few others stand beside in a count, but for those that the same search has just shown."""
    session = answer.session
    name = digest_search(session.requester, session.grounds, asked.question, asked.country, asked.filters)
    shown = session.runtime.answered.find_shown(name, session.now)
    answer.count(())  # over own records alone it names none
    for few in found.few:
        for sealed in few if len(few) <= MOST_COUNTED else ():
            answer.decide_case(sealed.head)
        answer.count((sealed.head.case for sealed in few), shown)


async def _find_counted(
    answer: RecordedAnswer, asked: Search, question: Question, judged: JudgedSearch | None
) -> list[str]:
    """The cases that answer a question, whatever facets are chosen."""
    session = answer.session
    narrowed = (*other_clauses(asked.filters), *offence_clauses(question.offences))
    limits = QueryLimits(session.now.date(), session.viewer, narrowed)
    selected = None if judged is None else judged.find(session, asked)
    probe = make_probe(question, asked.country)
    found = await answer.find_cases(question, probe, limits, MOST_ANSWERS, selected=selected)
    return [document.case for _, document in found.cases]


READ: Final = (*NAMING, "data.entities.role", "opened")
"""What of a case's document says whom a result is about, and since when it is open."""


async def describe_results(answer: RecordedAnswer, results: Sequence[SearchResult]) -> dict[str, ResultSubject]:
    """Whom each case is about, by its key: `entity`, `type`, `name`, `born`, `role`, and when it was `opened`.

    A case that is not read in full any more is left out.
    """
    found = await answer.session.runtime.reader.read_cases((result.case.case for result in results), READ)
    held = await answer.weigh(found.values())
    return {
        result.case.case: _describe(held[result.case.case], result.evidence, answer.session.language)
        for result in results
        if result.case.case in held
    }


def _describe(case: CaseDocument, evidence: Sequence[EntityEvidence], language: str) -> ResultSubject:
    side = name_side(case, LinkedThing(find_subject(case, evidence)), language)
    entities = case.sent_entities
    role = next((one.get("role") for one in entities if one.get("id") == side.entity), None)
    return ResultSubject(side.entity, side.type, side.name, side.born, role, case.opened)


def find_subject(case: CaseDocument, evidence: Sequence[EntityEvidence]) -> str:
    """The entity for which most speaks; without evidence the case's first.

    It goes by one name, whatever was asked: which of its names was compared stands among the reasons.
    """
    best = max(evidence, key=lambda part: part.bits, default=None)
    if best is None:
        first: AsSent = next(iter(case.sent_entities), {})
        return str(first.get("id", ""))
    return best.entity_b


class CountedQuestion(NamedTuple):
    """What of a question hit-only records may be asked, None where that is nothing, and why not all of it."""

    asked: Question | None
    not_asked: NotAsked = ""


async def count_question(session: Session, question: Question, dialled: str, about: str = "") -> CountedQuestion:
    """Count what a question, or the alert `about`, guesses with names. Raises UnavailableError.

    The answer follows from what the requester's agency has asked, never from what there is.
    """
    kept = strict_question(question)
    if kept is None:
        return CountedQuestion(None)
    typed = [AskedNumber(number.identifier_type, number.value) for number in kept.typed]
    agency, ring = session.requester.agency, session.runtime.opaque.ring
    made = make_guesses(ring, agency, make_query_probe(question, dialled), about, typed)
    try:
        refused = await session.runtime.guesses.ask(made)
    except GuessError as error:
        raise UnavailableError(error) from error
    if not refused:
        return CountedQuestion(kept)
    left = msgspec.structs.replace(
        kept,
        names=() if BORN in refused else kept.names,
        born=() if BORN in refused else kept.born,
        numbers=() if UNTYPED in refused else kept.numbers,
        typed=tuple(number for number in kept.typed if number.identifier_type not in refused),
    )
    return CountedQuestion(None if left.empty else left, "birth_dates" if BORN in refused else "numbers")
