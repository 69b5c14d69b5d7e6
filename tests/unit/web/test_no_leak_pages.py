"""I3 on the pages: what a visitor may not see leaves no trace in what is drawn for them, in either language.

Then leaks are planted into what folders and charts ask, and the law has to find each.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from pipeline import locale
from pipeline.access.folders import ItemKind
from pipeline.access.requester import Purpose, Requester, Role
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import FoldersAnswer
from pipeline.api.services import folders as folder_services
from pipeline.api.services import saved_charts
from pipeline.api.session import Session
from pipeline.correlation.claims import link_id
from pipeline.index.documents import CaseDocument
from pipeline.web.components import keep, preview, tabs
from pipeline.web.page import OpenPage, Page
from pipeline.web.pages import PAGES, audit, case, chart, folder, folders, home, inbox, operations, records, search
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.no_leak.decisions import ASKING, EVERY_KEY, FIRST, folder_id, folder_item_of
from support.no_leak.requests import QUESTIONS, names
from support.no_leak.untold import find_untold
from support.no_leak.worlds import KEYS, STAGES, CaseSpec, documents, requesters, worlds
from support.temporary_folders import make_folder
from support.web.pages import opened

HOME = make_folder("liaison-no-leak-pages-")

CASE_PLACES: tuple[dict[str, str], ...] = (
    *({"tab": tab.name} for tab in case.TABS.tabs),
    {"tab": "links", "entity": "e0"}, {"tab": "links", "country": "BE"}, {"tab": "links", "colour": "yellow"},
    {"tab": "links", "band": "certain"}, {"tab": "links", "page": "2"}, {"tab": "links"},
)  # fmt: skip
"""What is opened of a case, one after the other."""

EXAMPLES = 1000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 100
"""A fifth of those that other laws have: a page takes as long as several requests.

The law stands here, not in tests/property: these run beside tests that serve pages, and NiceGUI has one loop a process.
"""

PLACES = {
    "key": st.sampled_from(KEYS),
    "case": st.sampled_from(KEYS),
    "link_id": st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)).map(lambda pair: link_id(*pair)),
    "entity": st.sampled_from(("e0", "e1")),
    "name": st.just("not-there"),
    "folder": st.sampled_from([folder_id(agency) for agency in ASKING]),
    "item": st.sampled_from(["", *(folder_item_of(agency, ItemKind.CHART) for agency in ASKING)]),
    "position": st.just("cases.fr-pj-0-7"),
}
"""What stands in a page's path; a new place is drawn from here."""

LEFT_OUT = {operations.PAGE.path}
"""Tells of no case, and asks Kafka."""

pages = st.sampled_from([page for page in PAGES if page.path not in LEFT_OUT])


QUERIES = {chart.PAGE.path: ("case", "folder", "item", "key")}
"""What an address asks of a page besides its path, or what is asked once it is open. Without a case a chart is in a
folder."""


def parameters(page: Page[Any]) -> st.SearchStrategy[dict[str, str]]:
    """Values for the places of a page's path, and for what its address asks."""
    names = (*re.findall(r"{(\w+)", page.path), *QUERIES.get(page.path, ()))
    drawn = st.fixed_dictionaries({name: PLACES[name] for name in names})
    return drawn.flatmap(lambda told: st.sampled_from([told, told | {"case": ""}])) if "case" in names else drawn


async def drawn(
    world: Iterable[CaseSpec], page: Page[Any], who: Requester, language: str, told: dict[str, str],
    before: Sequence[CaseSpec] = (),
) -> Any:  # fmt: skip
    """All that a page says, over an index of these cases.

    Of the search page it is what that says to a question; of the inbox by persons with the evidence of a link, of a
    case with all its tabs, of a chart what is asked of it. Beside each stands the preview of a case; and from each
    something is added to a folder. With it stands what scripts are told: of charts, of folders and of what was done.
    Where a page marks what is new it was looked at an hour ago, when there were the cases `before`.
    """
    return await draw(Api(STAGES, HOME), world, page, who, language, told, before)


async def draw(
    api: Api, world: Iterable[CaseSpec], page: Page[Any], who: Requester, language: str, told: dict[str, str],
    before: Sequence[CaseSpec] = (),
) -> Any:  # fmt: skip
    """The same with a given server."""
    api.decided.first = FIRST
    asked = {name: value for name, value in told.items() if name in PLACES}
    if before and page in (folder.PAGE, chart.PAGE):
        api.index.write(documents(before))
        earlier = await opened(api, page, who, language, **asked)
        await earlier.happen(chart.NEWS, {"cases": EVERY_KEY})
        earlier.close()
        api.now += timedelta(hours=1)
    api.index.write(documents(world))
    told_scripts: list[Any] = []

    def note(_: OpenPage, name: str, *arguments: object) -> None:
        if name.startswith(("chart", "chooseFolder", "kept", "say")):
            told_scripts.append((name, msgspec.to_builtins(arguments)))

    with patch("uuid.uuid4", names().__next__), patch.object(OpenPage, "call_script", note):
        found = await opened(api, page, who, language, **asked)
        if page is home.PAGE:
            await found.happen(home.BEGUN, {})
        if page is search.PAGE:
            await found.happen(search.ASKED, {"q": told["question"]})
        if page is case.PAGE:
            for place in CASE_PLACES:
                await found.happen(tabs.OPENED, place)
        if page is chart.PAGE:
            await found.happen(chart.NEWS, {"cases": EVERY_KEY})
            start = (told["case"] or told["key"], "")
            await found.happen(chart.EXPAND, {"node": "n", "places": [start], "entities": True})
            await found.happen(chart.PATHS, {"a": [start], "b": [(told["key"], "")]})
            await found.happen(chart.HUBS, {"cases": [start[0], told["key"]], "all": 2})
            await found.happen(chart.EVIDENCE, {"links": [told["link_id"]]})
            await found.happen(chart.EVIDENCE, {"place": (told["key"], "e0")})
        if page is inbox.PAGE:
            await found.happen(inbox.NARROW, {"listed": "unsure"})
            await found.happen(inbox.NARROW, {"group": "person"})
            await found.happen(inbox.OPEN, {"link": told["link_id"]})
        await found.happen(preview.ASKED, {"case": told["previewed"]})
        await found.happen(keep.ASKED)
        kept = [f"record {told['previewed']}", f"link {told['link_id']}", f"entity {told['previewed']} e0"]
        await found.happen(keep.ADDED, {"items": kept, "folder": folder_id(who.agency)})
        said = found.drawn(), found.beside(), told_scripts
    found.close()
    return said


def assert_no_trace(world: list[CaseSpec], who: Requester, page: Page[Any], language: str, data: st.DataObject) -> None:
    """A page is the same where some of the cases hidden from its visitor never were."""
    hidden = [spec for spec in world if spec.hidden_from(who, Purpose.INVESTIGATION)]
    assume(hidden)
    removed = data.draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True))
    told = data.draw(parameters(page)) | {"question": data.draw(st.sampled_from(QUESTIONS))}
    told = {"link_id": data.draw(PLACES["link_id"]), "previewed": data.draw(PLACES["key"])} | told
    others = [spec for spec in world if spec not in removed]
    whole = asyncio.run(drawn(world, page, who, language, told, others))
    rest = asyncio.run(drawn(others, page, who, language, told, others))
    event(page.path)
    assert whole == rest


LANGUAGES = st.sampled_from((*locale.LANGUAGES,))


@pytest.mark.timeout(3600)
@settings(max_examples=EXAMPLES // 2)
@given(worlds, requesters, pages, LANGUAGES, st.data())
def test_a_hidden_case_leaves_no_trace_on_a_page(
    world: list[CaseSpec], who: Requester, page: Page[Any], language: str, data: st.DataObject
) -> None:
    assert_no_trace(world, who, page, language, data)


@pytest.mark.rare
@pytest.mark.timeout(3600)
@settings(max_examples=EXAMPLES)
@given(worlds, requesters, pages, LANGUAGES, st.data())
def test_a_hidden_case_leaves_no_trace_on_a_page_wherever_one_looks(
    world: list[CaseSpec], who: Requester, page: Page[Any], language: str, data: st.DataObject
) -> None:
    assert_no_trace(world, who, page, language, data)


# ── what a page says is in the record ──

TELLS_OF_TELLING = {records.PAGE.path, audit.PAGE.path}
"""Who saw what: their rows name what was shown before, to those who were told of it then."""

RICH = [
    CaseSpec("be-fp", 0, 0, "H0", ("*",), ("investigation", "correlation")),
    CaseSpec("fr-pj", 0, 0, "H0", ("*",), ("investigation", "correlation")),
    CaseSpec("fr-pj", 1, 5, "H1", ("*",), ("investigation", "correlation")),
    CaseSpec("nl-np", 1, 0, "H2", ("*",), ("investigation", "correlation")),
    CaseSpec("de-bka", 1, 0, "H3", ("*",), ("investigation", "correlation")),
]


def untold_by(page: Page[Any], who: Requester) -> set[str]:
    """What a page says of records, all that may be asked of it included, and does not record."""
    api = Api(STAGES, HOME)
    names = dict.fromkeys(("case", "key", "previewed"), "be-fp:0") | {"entity": "e0", "question": "ivan petrov"}
    places = {"folder": folder_id(who.agency), "item": "", "link_id": link_id("be-fp:0", "fr-pj:0")}
    others = {"name": "not-there", "position": "cases.fr-pj-0-7"}
    said = asyncio.run(draw(api, RICH, page, who, "en", names | places | others))
    return find_untold(api, who, repr(said), ["be-fp:0", "fr-pj:0"], references=False)


SAYING = {page.path: page for page in PAGES if page.path not in LEFT_OUT | TELLS_OF_TELLING}


@pytest.mark.parametrize("path", SAYING)
def test_what_a_page_says_is_in_the_record(path: str) -> None:
    for who in (make_requester("be-fp"), make_requester("fr-dgsi", Role.SUPERVISOR)):
        assert untold_by(SAYING[path], who) == set()


def test_the_law_finds_what_a_page_shows_and_does_not_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RecordedAnswer, "show", lambda answer, *_, **__: answer.count(()))
    assert untold_by(case.PAGE, make_requester("be-fp"))


# ── leaks that are planted ──

VIEWER = make_requester("be-fp")
ALL = ("investigation", "correlation")
OWN = CaseSpec("be-fp", 0, 0, "H0", ("*",), ALL)
SEEN = CaseSpec("fr-pj", 0, 1, "H0", ("*",), ALL)
SILENT = CaseSpec("nl-np", 0, 0, "H3", ("*",), ALL)
"""A silent case that the two others are linked with."""

IN_ITS_FOLDER = {"folder": folder_id("be-fp"), "item": folder_item_of("be-fp", ItemKind.CHART), "case": ""}
TOLD = IN_ITS_FOLDER | {
    "previewed": SILENT.key, "key": SILENT.key, "link_id": link_id(OWN.key, SILENT.key), "question": "ivan petrov"
}  # fmt: skip


def is_traced(page: Page[Any]) -> bool:
    """Whether a page tells that there is a silent case, which its visitor's folder and chart keep."""
    one, other = (
        asyncio.run(drawn(world, page, VIEWER, "en", TOLD, [OWN, SEEN])) for world in ([OWN, SEEN], [OWN, SEEN, SILENT])
    )
    told: bool = one != other
    return told


OF_FOLDERS: dict[str, Page[Any]] = {
    "list": folders.PAGE, "folder": folder.PAGE, "chart": chart.PAGE, "any page": search.PAGE
}  # fmt: skip


@pytest.mark.parametrize("page", OF_FOLDERS)
def test_a_silent_case_that_a_folder_and_its_chart_keep_is_told_by_no_page(page: str) -> None:
    assert not is_traced(OF_FOLDERS[page])


def test_the_law_finds_a_list_of_folders_that_counts_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async def count_cases(session: Session, **asked: bool) -> FoldersAnswer:
        answer = await folder_services.list_folders(session, **asked)
        held = len(await session.runtime.unsealed.read_cases(EVERY_KEY))  # as who leaves out what is gone
        rows = tuple(msgspec.structs.replace(row, items=held) for row in answer.folders)
        return msgspec.structs.replace(answer, folders=rows)

    for module in (folders, keep):
        monkeypatch.setattr(module, "list_folders", count_cases)
        asked: Page[Any] = folders.PAGE if module is folders else search.PAGE
        assert is_traced(asked), "the list, and the dialog of any page"


async def _read_all(answer: RecordedAnswer, keys: Sequence[str], fields: Any) -> Mapping[str, CaseDocument]:
    return await answer.session.runtime.unsealed.read_cases(keys, fields)


def _show_nothing(answer: RecordedAnswer, _: Iterable[str]) -> None:
    answer.count(())


async def _count_all(answer: RecordedAnswer, keys: Sequence[str], _: int) -> dict[str, dict[str, str]]:
    found = (await answer.session.runtime.unsealed.next_links_of(keys, None))[0]
    return {key: {link.link: key for link in found if key in link.cases} for key in keys}


@pytest.mark.parametrize("leak", ["rows", "marks"])
def test_the_law_finds_a_folder_that_shows_or_counts_before_the_policy(
    leak: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if leak == "rows":
        monkeypatch.setattr(folder_services, "weigh_readable", _read_all)
        monkeypatch.setattr(RecordedAnswer, "show", _show_nothing)
    else:
        monkeypatch.setattr(folder_services, "find_links_of", _count_all)
    assert is_traced(folder.PAGE)


def test_the_law_finds_that_something_is_added_which_its_adder_cannot_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_services, "weigh_readable", _read_all)
    monkeypatch.setattr(RecordedAnswer, "show", _show_nothing)
    assert is_traced(search.PAGE)


def test_the_law_finds_marks_of_a_chart_that_come_before_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_charts, "find_links_of", _count_all)
    assert is_traced(chart.PAGE)
