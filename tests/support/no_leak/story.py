"""What two installations are asked in turn: every operation of the API, every page, every other route of the site.

A story is steps in their order, each a request of one person. It is the same for both, so that whatever differs in
their answers tells of the records that only one of them holds. What tells of acts (audit, accesses) is asked where all
of them have gone through, and before what is done by several hands at once (lists, streams).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final, NamedTuple

import orjson

from pipeline.access.requester import Requester, Role
from pipeline.correlation.claims import link_id
from pipeline.web.page import Page
from pipeline.web.pages import PAGES, case, chart
from support.access.requesters import make_requester
from support.no_leak.decisions import glass_threads_of, threads_of
from support.no_leak.requests import LIST, LIST_FILTERS, OPERATIONS, UNTIL, Request
from support.no_leak.worlds import GUESS, UNASKED, CaseSpec, record_of
from support.records.builder import event

OPEN = ("investigation", "correlation")
"""Purposes of every case of the story."""

SILENT = CaseSpec("nl-np", 1, 0, "H3", ("*",), OPEN)
UNRELEASED = CaseSpec("de-bka", 1, 0, "H0", ("FR",), OPEN)
UNGUESSED = CaseSpec("fr-dgsi", 1, UNASKED, "H2", ("*",), OPEN)
HIDDEN = (SILENT, UNRELEASED, UNGUESSED)
"""Records of which those whose answers are compared may not know: silent, not released to their countries, and hit only
while nobody asks for it exactly. Each is linked to records that they read."""

HIDDEN_KEYS = tuple(spec.key for spec in HIDDEN)

READABLE = SILENT._replace(code="H0")
"""One of them as if it were for all: what it changes shows what a leak would change."""

BATCHES: Final[Sequence[Sequence[CaseSpec]]] = (
    (
        CaseSpec("fr-pj", 0, 0, "H0", ("*",), OPEN),
        CaseSpec("be-fp", 0, 1, "H0", ("*",), OPEN),
        CaseSpec("be-fp", 1, GUESS, "H1", ("*",), OPEN),
    ),
    (CaseSpec("fr-dgsi", 0, 0, "H2", ("*",), OPEN),),
    (CaseSpec("nl-np", 0, 4, "H0", ("*",), OPEN), CaseSpec("fr-pj", 1, GUESS, "H0", ("*",), OPEN)),
    (CaseSpec("de-bka", 0, 5, "H2", ("*",), OPEN),),
)
"""What both hold, one batch after the other has gone through: open records, guesses at the one that nobody asks for
exactly, and records that are hit only and asked for exactly. These come alone, as nobody can tell which of two lanes is
first."""

HIDDEN_BEFORE: Final = 2
"""The batch before which hidden records come."""

AGAIN = BATCHES[0][1]
"""A record that its agency sends once more, by HTTP."""

COUNTRIES = {name: name[:2].upper() for name in ("fr-pj", "fr-dgsi", "be-fp", "nl-np", "de-bka", "lu-pg")}
"""Agencies that take part, with their countries."""

PEOPLE: Final[dict[str, Requester]] = {
    "reader": make_requester("be-fp"),
    "abroad": make_requester("lu-pg"),
    "supervisor": make_requester("be-fp", Role.SUPERVISOR, subject="chief"),
    "second": make_requester("be-fp", Role.SUPERVISOR, subject="second"),
    "auditor": make_requester("be-fp", Role.AUDITOR, subject="auditor"),
    "feed": make_requester("be-fp", Role.FEED, subject="feed"),
    "operations": make_requester("liaison-ops", Role.OPS, subject="ops", country="NL"),
    "owner": make_requester("nl-np"),
    "neighbour": make_requester("fr-pj"),
    "granting": make_requester("fr-dgsi"),
}
"""Who asks."""

UNCOMPARED: Final = ("owner", "neighbour", "granting", "operations")
"""Of these nothing is compared: they own or read a hidden record, or are told how many messages there are."""


class Until(Enum):
    """What a story waits for before it goes on."""

    REST = "everything has gone through all stages"
    LISTS = "every row of every list has been asked"


class Step(NamedTuple):
    """One request, whose {places} stand for what earlier answers told."""

    who: str
    method: str
    route: str
    """As the application names it."""
    path: str
    body: Any = None
    """JSON, where `kind` says no other type; "form" is a form of a page, "file" what one sends in its field `file`."""
    kind: str = ""
    keeps: str = ""
    """The name under which the id in the answer is kept."""
    pages: bool = False
    """Whether later pages are asked for by cursor."""

    @property
    def operation(self) -> str:
        """Its method and route."""
        return f"{self.method} {self.route}"

    def __str__(self) -> str:
        body = orjson.dumps(self.body).decode() if self.body is not None else ""
        return f"{self.who}: {self.method} {self.path} {body}".strip()


Story = Iterable[Step | Until]

ROUND: Final = 2
"""Requests of an operation, besides three that name what is hidden."""

SEARCHES: Final = 9
"""The same of searches and facets: some of them for each kind of question."""

NAMED: Final = (*HIDDEN_KEYS, *threads_of(["fr-dgsi:0", "de-bka:0", UNGUESSED.key]))
"""What names a hidden record, or access to a hit-only one."""


def push_of(specs: Iterable[CaseSpec]) -> list[tuple[str, bytes, bytes]]:
    """Agency, key and value of the messages that bring cases."""
    return [(spec.agency, spec.key.encode(), orjson.dumps(event(record_of(spec)))) for spec in specs]


def opening() -> Story:
    """What is asked before there is a case."""
    route, question = "/v1/subscriptions", "ivan petrov born:1980-05-01"
    yield Step("reader", "POST", route, route, {"question": question}, keeps="alert")
    yield Step("reader", "POST", route, route, {"question": question, "filters": {"roles": ["suspect"]}})
    yield Step("abroad", "POST", route, route, {"question": "C01X00T74"})
    yield Step("reader", "PUT", f"{route}/{{name}}/label", f"{route}/{{alert}}/label", {"label": "the man from Tver"})
    yield Step("reader", "POST", f"{route}/{{name}}/renew", f"{route}/{{alert}}/renew")


def main_part() -> Story:
    """What is asked of all cases."""
    yield from _reads("reader", ROUND, SEARCHES)
    yield from _reads("abroad", 1, ROUND)
    yield from _others()
    yield from _writes()
    yield from _feed()
    yield from _site("reader")
    yield Until.REST
    yield from _told()
    yield from _audit()
    yield from _pages(PAGES, "reader", "abroad")
    yield from _folders("reader", "supervisor")
    yield from _lists("reader")
    yield from _streams()
    yield from _undone()


def closing() -> Story:
    """What is asked once more, when one of the two has been given a record that is hidden from nobody."""
    yield Step("abroad", "POST", "/v1/search", "/v1/search", {"question": "ivan petrov 1980-05-01"})
    yield Step("abroad", "GET", "/v1/links/{link}", f"/v1/links/{link_id('be-fp:0', READABLE.key)}")
    yield from _reads("abroad", 1, 1)
    yield from _exports("abroad")
    yield from _result_files("abroad")
    yield from _pages([page for page in PAGES if page.entry not in ("audit", "operations")], "abroad")


def _sample(asked: Sequence[Request], count: int) -> Iterator[Request]:
    """Requests that name what is hidden, and others; of many some evenly spread."""
    naming = [one for one in asked if any(name in f"{one.names} {one.path} {one.body}" for name in NAMED)]
    others = [one for one in asked if one not in naming]
    yield from naming[:: max(1, len(naming) // len(HIDDEN))]
    yield from others[:: max(1, len(others) // count)]


def _ask(who: str, *wanted: str, count: int = ROUND) -> Iterator[Step]:
    """Some requests of the no-leak law for each of these operations, each a method and a route."""
    for name in wanted:
        method, route = name.split()
        [operation] = [one for one in OPERATIONS if (one.method, one.path) == (method, route)]
        for one in _sample(operation.asked, count):
            if (one.body or {}).get("reference") != f"{{reference {UNGUESSED.key}}}":  # which nobody has been given
                yield Step(who, method, route, one.path, _ending_later(one.body), pages=one.pages)


LATER: Final = f"{datetime.now(UTC) + timedelta(days=30, hours=12):%Y-%m-%dT%H:%M:%SZ}"
"""An end that both installations are given: as many days ahead from the first answer to the last."""


def _ending_later(body: Any) -> Any:
    """A body of the law, whose clock stands, with an end in the time to come."""
    return {name: LATER if value == UNTIL else value for name, value in body.items()} if body else body


ACTS_TOLD: Final = ("/v1/audit", "/v1/agencies/me/accesses", "/v1/notices")
"""Beginnings of routes that tell of acts."""


def _reads(who: str, count: int, searches: int) -> Iterator[Step]:
    charted = tuple(f"/v1/chart/{what}" for what in ("expand", "paths", "hubs", "open"))
    searched = ("/v1/search", "/v1/search/facets", *charted)

    reads = [one.path for one in OPERATIONS if one.method == "GET" and not one.path.startswith(ACTS_TOLD)]
    yield from _ask(who, *(f"POST {path}" for path in searched), count=searches)
    yield from _ask(who, *(f"GET {path}" for path in reads), count=count)
    yield Step(who, "GET", "/v1/list-template", "/v1/list-template?form=csv")
    yield Step(who, "GET", "/v1/list-template", "/v1/list-template?form=xlsx")
    yield Step(who, "GET", "/healthz", "/healthz")


def _others() -> Iterator[Step]:
    """What those ask in between who may know: a search shows them a hidden record, and else what it shows anyway."""
    for who in ("owner", "neighbour"):
        yield Step(who, "POST", "/v1/search", "/v1/search", {"question": "ivan petrov 1980-05-01"})
    yield Step("operations", "GET", "/operations", "/operations")


def _writes() -> Iterator[Step]:
    yield from _ask(
        "reader", "POST /v1/links/{link}/reviews", "POST /v1/reviews", "POST /v1/reviews/{name}/undo",
        "PUT /v1/inbox/{link}", "POST /v1/manual-links", "POST /v1/disclosures", "GET /v1/disclosures/{name}",
        "GET /v1/disclosures/{name}/evidence", "POST /v1/disclosures/{name}/grant",
        "POST /v1/disclosures/{name}/refuse", "POST /v1/disclosures/{name}/revoke",
    )  # fmt: skip
    yield from _ask("abroad", "POST /v1/disclosures", "GET /v1/disclosures/{name}")
    yield from _ask(
        "supervisor", "POST /v1/break-glass", "POST /v1/break-glass/{name}/confirm",
        "POST /v1/break-glass/{name}/withdraw", "POST /v1/break-glass/{name}/review", "GET /v1/break-glass",
        "PUT /v1/hit-allowances/{agency}",
    )  # fmt: skip
    opened, withdrawn = glass_threads_of(["de-bka:0", "fr-dgsi:0"], ["be-fp"])
    route = "/v1/break-glass/{name}"
    body = {"reference": "{reference fr-dgsi:0}", "reason": "a life"}
    yield Step("supervisor", "POST", "/v1/break-glass", "/v1/break-glass", body)
    yield Step("second", "POST", f"{route}/confirm", f"/v1/break-glass/{opened}/confirm")
    yield Step("supervisor", "POST", f"{route}/withdraw", f"/v1/break-glass/{withdrawn}/withdraw")
    judged = f"/v1/links/{link_id('be-fp:0', 'fr-pj:0')}/reviews"
    verdict = {"verdict": "unsure", "reason": "not sure"}
    yield Step("reader", "POST", "/v1/links/{link}/reviews", judged, verdict, keeps="review")
    yield Step("reader", "POST", "/v1/reviews/{name}/undo", "/v1/reviews/{review}/undo")
    thread = threads_of(["fr-dgsi:0"])[0]
    until = {"until": "2099-12-01T12:00:00Z"}
    yield Step("granting", "POST", "/v1/disclosures/{name}/grant", f"/v1/disclosures/{thread}/grant", until)
    yield Step("reader", "GET", "/v1/cases/{key}", "/v1/cases/fr-dgsi:0")


def _feed() -> Story:
    """A later version by HTTP, as the own receipts tell of it."""
    again = record_of(AGAIN) | {"version": 2, "title": "Affair told again"}
    path = f"/v1/feeds/{AGAIN.agency}/cases?upload=again"
    sent = orjson.dumps(event(again)).decode()
    yield Step("feed", "POST", "/v1/feeds/{agency}/cases", path, sent, "application/x-ndjson")
    yield Until.REST


def _exports(who: str) -> Iterator[Step]:
    for what in ("cases", "links"):
        for form in ("ndjson", "csv", "ftm", "stix"):
            yield Step(who, "POST", "/export", "/export", {"what": what, "form": form}, "form")


def _result_files(who: str) -> Iterator[Step]:
    """What pages list, as files: of a search, an inbox, and the links of cases that are read or hidden."""
    places = [
        ("search", {"question": "ivan petrov 1980-05-01", "country": "BE"}),
        ("search", {"filters": {"countries": ["BE", "FR", "NL"]}}),
        ("inbox", {}),
        *(("links", {"case": key}) for key in ("be-fp:0", *HIDDEN_KEYS)),
    ]
    for what, place in places:
        for form in ("xlsx", "csv"):
            body = {"what": what, "form": form, "place": orjson.dumps(place).decode()}
            yield Step(who, "POST", "/results/file", "/results/file", body, "form")


def _site(who: str) -> Iterator[Step]:
    """What the site does besides its pages."""
    yield from _exports(who)
    yield from _result_files(who)
    for form in ("csv", "xlsx"):
        yield Step(who, "GET", "/checks/template/{form}", f"/checks/template/{form}")
    for path, value in (("/language", "fr"), ("/theme", "dark"), ("/density", "dense")):
        yield Step(who, "POST", path, path, {"value": value, "back": "/search"}, "form")
    stated = {"purpose": "investigation", "case_reference": "1"}
    yield Step(who, "POST", "/grounds", "/grounds", stated | {"back": "/search"}, "form")
    yield Step(who, "POST", "/sign-in", "/sign-in", stated | {"token": "none"}, "form")
    yield Step(who, "GET", "/sign-in/back", "/sign-in/back?code=1&state=2")
    yield Step(who, "GET", "/sign-in", "/sign-in")
    yield Step(who, "GET", "/", "/")


def _told() -> Iterator[Step]:
    """What has come of all that meanwhile."""
    for who in ("reader", "abroad", "supervisor"):
        yield from _ask(who, "GET /v1/agencies/me/accesses", "GET /v1/notices", "GET /v1/subscriptions")
    for who in ("reader", "abroad"):
        yield from _ask(who, "GET /v1/disclosures", "GET /v1/inbox", "GET /v1/links/{link}")
        yield from _ask(who, "GET /v1/links/{link}/reviews", "GET /v1/export/{what}", count=1)


def _audit() -> Story:
    """Acts of the auditor's agency, each time with all that have been."""
    route = "/v1/audit"
    for path in (route, f"{route}?subject=someone@be-fp&limit=1", f"{route}?agency=lu-pg&limit=1"):
        yield Until.REST
        yield Step("auditor", "GET", route, path, pages=True)
    for form in ("ndjson", "csv"):
        yield Until.REST
        yield Step("auditor", "GET", f"{route}/file", f"{route}/file?form={form}")
    yield Until.REST
    yield Step("auditor", "POST", "/audit/file", "/audit/file", {"form": "csv"}, "form")
    yield Until.REST
    yield from _ask("auditor", *(f"GET {one.path}" for one in OPERATIONS if one.path.startswith(f"{route}/log")))
    yield Step("auditor", "GET", f"{route}/trail", f"{route}/trail")


PLACES: Final[dict[str, Sequence[str]]] = {
    "key": ("be-fp:0", *HIDDEN_KEYS),
    "link_id": (link_id("be-fp:0", "fr-pj:0"), *(link_id("be-fp:1", key) for key in HIDDEN_KEYS)),
    "entity": ("e0",) * 4,
    "position": ("cases.be-fp-0-0",),
}
"""What stands in the places of a page's path, in turn: first what its reader sees."""

QUERIES: Final[dict[str, Sequence[str]]] = {
    case.PAGE.path: [*(f"?tab={tab.name}" for tab in case.TABS.tabs), "?tab=links&colour=yellow"],
    chart.PAGE.path: ["", *(f"?case={key}" for key in ("be-fp:0", *HIDDEN_KEYS))],
    "/inbox": ["", "?group=person", "?country=FR"],
    "/records": ["", "?list=records"],
}
"""What is asked of a page besides its path, of the first place alone."""

OF_A_LIST: Final = "/checks/{name}"
"""The beginning of paths of what a list leads to."""
OF_A_FOLDER: Final = "/folders/{folder}"
"""The page of a folder, which is asked from its making to its end."""


def _pages(pages: Iterable[Page[Any]], *readers: str) -> Story:
    """Every page but those of a list or a folder, as who has it in their navigation sees it."""
    for page in pages:
        if page.path.startswith((OF_A_LIST, OF_A_FOLDER)):
            continue
        who_sees = {"audit": ["auditor"], "operations": ["operations"]}.get(page.entry, readers)
        if page.entry in ("audit", "records"):
            yield Until.REST
        for at, path in enumerate(_paths_of(page)):
            for query in QUERIES.get(page.path, [""]) if not at else [""]:
                yield from (Step(who, "GET", page.path, path + query) for who in who_sees)


def _paths_of(page: Page[Any]) -> Iterator[str]:
    places = {name: values for name, values in PLACES.items() if f"{{{name}" in page.path}
    for at in range(min(map(len, places.values()), default=1)):
        yield page.path.replace(":path", "").format(**{name: values[at] for name, values in places.items()})


def _lists(who: str) -> Story:
    """A list from its upload to its end, one written into a form, and a table whose columns are mapped first."""
    route, one = "/v1/list-checks", "/v1/list-checks/{name}"
    yield Step(who, "POST", route, route, LIST, "text/csv", keeps="list")
    drafts, draft = "/v1/list-drafts", "/v1/list-drafts/{name}"
    yield Step(who, "POST", drafts, f"{drafts}?title=a.csv", LIST, "application/octet-stream", keeps="draft")
    yield Step(who, "GET", draft, f"{drafts}/{{draft}}")
    targets = ["id", "name", "born", "phone", "nickname", "birthplace", "nationality", ""]
    yield Step(who, "PUT", draft, f"{drafts}/{{draft}}", {"targets": targets})
    yield Step(who, "GET", f"{OF_A_LIST}/columns", "/checks/{draft}/columns")
    yield Step(who, "POST", f"{draft}/check", f"{drafts}/{{draft}}/check")
    yield Step(who, "POST", drafts, f"{drafts}?title=b.csv", LIST, "application/octet-stream", keeps="mapped")
    chosen = {f"target-{at}": target for at, target in enumerate(targets)}
    yield Step(who, "POST", f"{OF_A_LIST}/start", "/checks/{mapped}/start", chosen, "form")
    yield Step(who, "POST", drafts, f"{drafts}?title=c.csv", LIST, "application/octet-stream", keeps="deleted")
    yield Step(who, "GET", drafts, drafts)
    yield Step(who, "DELETE", draft, f"{drafts}/{{deleted}}")
    crossed = "/v1/cross-references"
    yield Step(who, "POST", crossed, crossed, {"cases": ["be-fp:0", *HIDDEN_KEYS]}, keeps="crossed")
    yield Step(who, "POST", "/checks", "/checks", {"lines": "ivan petrov 1955\nC01X00T74"}, "form")
    yield Until.LISTS
    yield Step(who, "GET", route, route)
    yield Step(who, "GET", one, f"{route}/{{list}}")
    for part in ("results", "file"):
        for query in LIST_FILTERS:
            yield Step(who, "GET", f"{one}/{part}", f"{route}/{{list}}/{part}{query}", pages=part == "results")
    for name in ("list", "crossed"):
        yield Step(who, "GET", f"{one}/results", f"{route}/{{{name}}}/results")
        yield Step(who, "GET", f"{one}/records", f"{route}/{{{name}}}/records?other={{list}}")
        yield Step(who, "GET", f"{one}/file", f"{route}/{{{name}}}/file?form=ftm")
        yield Step(who, "GET", f"{OF_A_LIST}/records", f"/checks/{{{name}}}/records")
    yield Step(who, "PUT", f"{one}/kept", f"{route}/{{crossed}}/kept", {"until": LATER})
    yield Step(who, "GET", f"{one}/file", f"{route}/{{draft}}/file?form=ndjson")
    yield Step(who, "GET", OF_A_LIST, "/checks/{list}")
    yield Step(who, "GET", OF_A_LIST, "/checks/{mapped}?found=match")
    yield Step(who, "POST", f"{OF_A_LIST}/file", "/checks/{list}/file", {"form": "csv", "found": "match"}, "form")
    yield Step(who, "DELETE", one, f"{route}/{{draft}}")


BROUGHT: Final = "\n".join(
    orjson.dumps({"id": f"p{at}", "schema": "Person", "properties": {"name": [name], "phone": [phone]}}).decode()
    for at, (name, phone) in enumerate((("Ivan Petrov", "+33612345678"), (SILENT.key, "+33687654321")))
)
"""What somebody brings to a chart: a person with a number that records have, hidden ones among them."""


def _folders(who: str, chief: str) -> Story:
    """A case folder from its making to its end: what it keeps, hidden records among it, its notes and its charts."""
    route, one = "/v1/folders", "/v1/folders/{name}"
    folder = f"{route}/{{folder}}"
    kept = [f"record {key}" for key in ("be-fp:0", *HIDDEN_KEYS)]
    kept += [f"entity {key} e0" for key in ("be-fp:0", *HIDDEN_KEYS)]
    kept += [f"link {link_id('be-fp:1', key)}" for key in ("fr-pj:1", *HIDDEN_KEYS)]
    chart = orjson.dumps({"nodes": [{"ref": reference, "x": 1, "y": 2} for reference in kept]}).decode()
    yield Step(who, "POST", route, route, {"title": "Kestrel"}, keeps="folder")
    yield Step(who, "POST", f"{one}/items", f"{folder}/items", {"items": kept})
    yield Step(who, "POST", f"{one}/notes", f"{folder}/notes", {"text": "<b>why</b>"}, keeps="note")
    yield Step(who, "PUT", f"{one}/notes/{{item}}", f"{folder}/notes/{{note}}", {"text": "why not", "seen": 1})
    yield Step(who, "POST", f"{one}/charts", f"{folder}/charts", {"title": "Ring", "content": chart}, keeps="chart")
    saved = {"title": "Ring 2", "content": chart, "seen": 1}
    yield Step(who, "POST", "/chart/import", "/chart/import", BROUGHT, "file")
    again = {"folder": "{folder}", "title": "Ring 3", "content": chart}
    yield Step(who, "POST", "/chart/save", "/chart/save", again, "form")
    yield Step(who, "PUT", f"{one}/charts/{{item}}", f"{folder}/charts/{{chart}}", saved)
    yield Step(who, "PUT", f"{one}/items/{{item}}/place", f"{folder}/items/{{chart}}/place", {"after": ""})
    for looks in (who, chief):
        yield Step(looks, "POST", f"{one}/visit", f"{folder}/visit")
        yield Step(looks, "GET", one, folder, pages=True)
        yield Step(looks, "GET", f"{one}/charts/{{item}}", f"{folder}/charts/{{chart}}")
        for form in ("csv", "ndjson"):
            yield Step(looks, "GET", f"{one}/file", f"{folder}/file?form={form}")
        yield Step(looks, "GET", f"{one}/entities", f"{folder}/entities")
        yield Step(looks, "GET", OF_A_FOLDER, OF_A_FOLDER)
        yield Step(looks, "GET", "/folders", "/folders")
        yield Step(looks, "POST", "/folders/{name}/file", "/folders/{folder}/file", {"form": "csv"}, "form")
        yield Step(looks, "POST", "/folders/{name}/entities", "/folders/{folder}/entities", {}, "form")
        yield Step(looks, "GET", "/chart", "/chart?folder={folder}")
        yield Step(looks, "GET", "/chart", "/chart?folder={folder}&item={chart}")
        for form in ("svg", "png", "graphml", "i2"):
            drawn = {"form": form, "content": chart}
            yield Step(looks, "POST", "/chart/file", "/chart/file", drawn, "form")
        if looks == who:  # then the other may look as well
            share = {"subject": PEOPLE[chief].subject, "role": "reader"}
            yield Step(who, "PUT", f"{one}/members", f"{folder}/members", share)
    yield Step(who, "PUT", one, folder, {"title": "Kestrel 2"})
    yield Step(who, "POST", f"{one}/renew", f"{folder}/renew")
    yield Step(who, "POST", f"{one}/cross-reference", f"{folder}/cross-reference")
    yield Step(who, "POST", "/folders/{name}/cross-reference", "/folders/{folder}/cross-reference", {}, "form")
    yield Step(who, "DELETE", f"{one}/items/{{item}}", f"{folder}/items/{{note}}")
    yield Step(chief, "POST", f"{one}/take-over", f"{folder}/take-over")
    yield Step(chief, "GET", route, f"{route}?whole_agency=true")
    yield Step(chief, "DELETE", one, folder)
    yield Step(who, "GET", route, route)


STREAMS: Final = ("/v1/notices/stream", "/notices/live")
"""Routes whose answers have no end: notices as they come."""


def _streams() -> Iterator[Step]:
    """Streams of notices, from the first and behind it, by a cursor that an earlier list of them gave."""
    for who in ("reader", "abroad", "supervisor"):
        yield Step(who, "GET", STREAMS[0], STREAMS[0])
        yield Step(who, "GET", STREAMS[1], f"{STREAMS[1]}?after={{first}}")


def _undone() -> Iterator[Step]:
    """What ends what was begun."""
    yield Step("reader", "DELETE", "/v1/subscriptions/{name}", "/v1/subscriptions/{alert}")
    yield Step("reader", "GET", "/v1/subscriptions", "/v1/subscriptions")
    yield Step("reader", "POST", "/sign-out", "/sign-out", {"after": "/"}, "form")
    yield Step("reader", "GET", "/v1/cases/{key}", "/v1/cases/be-fp:0")
