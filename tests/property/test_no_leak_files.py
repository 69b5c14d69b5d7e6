"""I3 of lists that are saved as files: what their reader may not see leaves no trace, in either form.

Two installations that differ in hidden records give files that are the same to the byte. That the law would find a leak
is shown by one that is put there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.access.case_filters import Filters
from pipeline.access.requester import Purpose, Requester
from pipeline.api.answers import SearchAnswer
from pipeline.api.problems import ProblemError
from pipeline.api.result_files import RESULT_TYPES, ResultForm, write_results
from pipeline.api.services import result_tables
from pipeline.api.services.inbox import InboxFilter
from pipeline.api.services.links import CaseLinkFilter
from pipeline.api.services.result_tables import LinksPlace, ResultList, tabulate
from pipeline.api.services.search import Search, search
from pipeline.api.session import Session
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.no_leak.requests import QUESTIONS
from support.no_leak.worlds import KEYS, STAGES, CaseSpec, documents, requesters, worlds
from support.temporary_folders import make_folder

HOME = make_folder("liaison-no-leak-files-")

SHARE = 4
"""One in so many of the examples elsewhere: each makes two installations."""

PLACES: st.SearchStrategy[tuple[ResultList, msgspec.Struct]] = st.one_of(
    st.tuples(st.just("search"), st.sampled_from(QUESTIONS).map(Search)),
    st.tuples(st.just("search"), st.just(Search(filters=Filters(countries=("BE", "FR", "NL"))))),
    st.tuples(st.just("inbox"), st.sampled_from((InboxFilter(), InboxFilter(country="BE")))),
    st.tuples(st.just("links"), st.sampled_from(KEYS).map(LinksPlace)),
    st.tuples(st.just("links"), st.sampled_from(KEYS).map(lambda key: LinksPlace(key, CaseLinkFilter(country="BE")))),
)


def _save(
    world: Iterable[CaseSpec], who: Requester, what: ResultList, place: msgspec.Struct, form: ResultForm
) -> bytes:
    """The file that an index of these cases gives, or the word that there is none."""
    api = Api(STAGES, HOME)
    api.index.write(documents(world))
    made = api.session(who)
    session = Session(made.runtime, who, made.grounds, file_form=form)
    try:
        table = asyncio.run(tabulate(session, what, msgspec.json.encode(place).decode()))
    except ProblemError as problem:
        return repr(problem).encode()
    return write_results(form, table, [], "en", session.now)


@pytest.mark.timeout(3600)
@settings(max_examples=settings().max_examples // SHARE)
@given(worlds, requesters, PLACES, st.sampled_from((*RESULT_TYPES,)), st.data())
def test_a_hidden_case_leaves_no_trace_in_a_file(
    world: list[CaseSpec],
    who: Requester,
    asked: tuple[ResultList, msgspec.Struct],
    form: ResultForm,
    data: st.DataObject,
) -> None:
    hidden = [spec for spec in world if spec.hidden_from(who, Purpose.INVESTIGATION)]
    assume(hidden)
    removed = data.draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True))
    rest = [spec for spec in world if spec not in removed]
    assert _save(world, who, *asked, form) == _save(rest, who, *asked, form)


async def _count_before_the_policy(session: Session, asked: Search) -> SearchAnswer:
    """A leak: the score of each row is how many cases there are, whoever may see them."""
    answer = await search(session, asked)
    cases = await session.runtime.unsealed.read_cases(KEYS)
    rows = [msgspec.structs.replace(row, score=len(cases)) for row in answer.results]
    return msgspec.structs.replace(answer, results=tuple(rows))


SEEN = [
    CaseSpec("fr-pj", 0, 0, "H0", ("*",), ("investigation", "correlation")),
    CaseSpec("be-fp", 0, 1, "H0", ("*",), ("investigation", "correlation")),
]
SILENT = CaseSpec("nl-np", 0, 0, "H3", ("*",), ("investigation", "correlation"))


@pytest.mark.parametrize("form", [*RESULT_TYPES])
def test_the_law_finds_a_file_that_counts_what_is_hidden(form: ResultForm) -> None:
    who, asked = make_requester("be-fp"), Search("ivan petrov")
    assert _save([*SEEN, SILENT], who, "search", asked, form) == _save(SEEN, who, "search", asked, form)
    with patch.object(result_tables, "search", _count_before_the_policy):
        leaking, rest = (_save(world, who, "search", asked, form) for world in ([*SEEN, SILENT], SEEN))
    assert leaking != rest
