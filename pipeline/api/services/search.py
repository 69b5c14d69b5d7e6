"""Search: the cases that answer a question best, and why each of them does."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.access.audit import Kind
from pipeline.access.policy import View
from pipeline.access.redaction import Row
from pipeline.api.problems import Unprocessable
from pipeline.api.session import Session, shown
from pipeline.errors import LiaisonError
from pipeline.index import searching
from pipeline.index.queries import Limits
from pipeline.index.questions import Question, parse
from pipeline.index.searching import Result

MOST = 100
"""Results of one page."""


class Search(msgspec.Struct, frozen=True):
    """What is asked: words in any script, numbers, phones, plates, dates; `country` is where its phones are dialled."""

    question: str
    country: str = ""
    limit: int = 20


class SearchAnswer(msgspec.Struct, frozen=True):
    """What was found, the likeliest first."""

    as_of: str
    results: tuple[Row, ...]
    next: str | None = None


async def search(session: Session, asked: Search) -> SearchAnswer:
    """Answer a search. Raises Unprocessable for a question that asks for nothing or makes no sense."""
    session.require_reader()
    question = _question(asked)
    who = session.requester
    limits = Limits(session.now.date(), None if who.operates else (who.agency, who.country))
    reader, model = session.runtime.reader, session.runtime.model
    found = await searching.search(reader, question, model, limits, asked.country, min(asked.limit, MOST))
    views = await session.views({one.case.case: one.case for one in found})
    rows = [_row(one) for one in found if views[one.case.case] is View.FULL]
    full = {case: seen for case, seen in views.items() if seen is View.FULL}
    await session.audit(Kind.SEARCH, msgspec.to_builtins(asked), shown(full))
    return SearchAnswer(session.now.isoformat(), tuple(rows))


def _question(asked: Search) -> Question:
    try:
        return parse(asked.question)
    except LiaisonError as error:
        raise Unprocessable(str(error), "question") from error


def _row(one: Result) -> dict[str, Any]:
    document = one.case
    return {
        "view": View.FULL.value,
        "case": document.case,
        "agency": document.agency,
        "country": document.country,
        "title": (document.data or {}).get("title"),
        "caveat": (document.handling.caveat if document.handling else "") or None,
        "score": one.score,
        "met": list(one.met),
        "evidence": msgspec.to_builtins(one.evidence),
    }
