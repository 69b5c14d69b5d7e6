"""Generated requests for the no-leak property, of every operation of the API, and all that their answers tell."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import combinations, product
from typing import Any, NamedTuple
from unittest.mock import patch

import httpx
import orjson
from hypothesis import strategies as st

from pipeline.access import folders
from pipeline.access.folders import ItemKind
from pipeline.access.requester import Purpose, Requester
from pipeline.api.list_worker import run_round
from pipeline.correlation.claims import link_id
from support.api.runtime import NOW, Api
from support.index.memory import IndexCall
from support.no_leak.decisions import (
    ASKING,
    CHART,
    FIRST,
    HALF,
    folder_id,
    folder_item_of,
    glass_threads_of,
    review_id,
    subscription_id,
    threads_of,
)
from support.no_leak.worlds import KEYS

QUESTIONS = (
    "ivan petrov", "Иван Петров 1980-05-01", "ivan petrov 1955", "+33 6 12 34 56 78", "1ABC234", "plate:1?BC*",
    "text:affair", "petrow",
    'type:person name:"Ivan Petrov" born:1980-05-01 born:1933-02-03 nationality:RU',
    'name:"Ivan Petrov" nickname:"Ivan Petrov" birthplace:Tver born:1932/1934',
    'nickname:"Ivan Petrov" born:1933-02-03', "type:organisation ivan petrov 1933-02",
    "ivan petrov 03/02/1933 0612345678", "case:1 ivan", "offence:ICCS:05 ivan petrov", "offence:0501",
    "YA1234568", "YA1243567 ivan", "C01X00T74", "number:X0000002", "C234", "plate:1AB",
    "1980-05-01", "1933-02",
)  # fmt: skip
FIELDS: tuple[dict[str, list[str]], ...] = (
    {},
    {"type": ["person"], "nationality": ["RU"], "birthplace": ["Tver", "Kazan"]},
    {"name": ["Ivan Petrov"], "alias": ["Vanya Petrov"], "nickname": ["Vanya"], "born": ["1933-02-03", "1980-05"]},
)
FILTERS: tuple[dict[str, Any], ...] = ({}, {"countries": ["BE", "FR"]}, {"agencies": ["nl-np"]}, {"open_only": True},
    {"types": ["vehicle"], "years": [2024, 2025]}, {"roles": ["suspect"], "offences": ["ICCS:0501", "ICCS:0601"]},
)  # fmt: skip
LIST = (
    "id,name,born,phone,nickname,birthplace,nationality,type\n1,Ivan Petrov,1980-05-01,,,,,\n2,,,+33612345678,,,,\n"
    "3,Иван Петров,,,,,,\n4,Ivan Petrov,1933|1933-02,,Vanya,Tver,RU,person\n5,,1933-02-03,,Ivan Petrov,,,\n"
)
CROSSED = "/v1/cross-references"
LISTS = ("/v1/list-checks", CROSSED)
"""Operations that make a list, which `ask` follows to its end."""

LIST_FILTERS = ("", "?found=match", "?found=none", "?found=weak&limit=1", "?band=certain", "?band=probable")
MOST_PAGES = 30

TOLD = ("/v1/notices", "/v1/disclosures", "/v1/break-glass/", "/v1/break-glass?", "/v1/manual-links?", "/v1/work")
"""Of these the answer is compared and not the trace: what is read of notices, requests, decisions and links made by
hand is found by its reader's agency or by the case, and then held against the handling of the cases that it names. Whom
it was told to, or who made it, saw those cases at that time.
"""


OWN_REQUESTS = ("search", "disclosures")
"""The call that looks for what its reader's agency asked for and was granted, by which lists are narrowed."""


class Request(NamedTuple):
    """A request. `names` are the cases and links that it names itself: a read by key fetches what is there.

    Of `pages` all are asked for; in a body {reference KEY} stands for the requester's own reference to a case.
    """

    method: str
    path: str
    body: dict[str, Any] | None = None
    names: frozenset[str] = frozenset()
    pages: bool = False

    @property
    def traced(self) -> bool:
        return not self.path.startswith(TOLD)


class Operation(NamedTuple):
    """One operation of the OpenAPI document, and what is asked of it; `writes` needs a log of decisions."""

    method: str
    path: str
    asked: Sequence[Request]
    writes: bool = False

    @property
    def requests(self) -> st.SearchStrategy[Request]:
        """Any of them."""
        return st.sampled_from(self.asked)


def _each(method: str, path: str, *paths: str, pages: bool = False, **body: Any) -> Operation:
    asked = [Request(method, one, body or None, pages=pages) for one in (paths or (path,))]
    return Operation(method, path, asked, writes=method != "GET")


def _by_case(path: str, query: str, *, pages: bool = False) -> Operation:
    asked = [Request("GET", query.format(key), names=_grants_of(key) | {key}, pages=pages) for key in KEYS]
    return Operation("GET", path, asked)


PAIRS = list(combinations(sorted(KEYS), 2))


def _all_of(a: str, b: str) -> frozenset[str]:
    """All that naming the link of two cases names: itself, its sides, its reviews."""
    agencies = (a.partition(":")[0], b.partition(":")[0])
    judged = {review_id(a, b, agency) for agency in agencies}
    return frozenset({link_id(a, b), a, b}) | judged | _grants_of(a) | _grants_of(b)


def _grants_of(key: str) -> frozenset[str]:
    """What naming a case names besides: the requests for it."""
    return frozenset((*threads_of([key]), *glass_threads_of([key])))


def _by_link(method: str, path: str, **body: Any) -> Operation:
    asked = [Request(method, path.format(link=link_id(a, b)), body or None, _all_of(a, b)) for a, b in PAIRS]
    return Operation(method, path, asked, writes=method != "GET")


def _by_reference(path: str, **body: Any) -> Operation:
    asked = [Request("POST", path, {"reference": f"{{reference {key}}}", **body}, frozenset({key})) for key in KEYS]
    return Operation("POST", path, asked, writes=True)


def _by_name(method: str, path: str, names: Iterable[str], **body: Any) -> Operation:
    asked = [Request(method, path.format(name=name), body or None) for name in names]
    return Operation(method, path, asked, writes=method != "GET")


def _charted() -> Iterator[Operation]:
    """Nodes expanded, whether cases or what they name; paths from one case to another; hubs of one and of two."""
    expansions = [
        {"places": [{"case": key, "entity": entity}], "more": more, "entities": entities, **number}
        for key in KEYS
        for entity, more, entities, number in (
            ("", 1, True, {}), ("", 12, False, {}), ("e0", 12, False, {}),
            ("e0", 12, False, {"number": "number phone +33612345678"}),
        )
    ]  # fmt: skip
    paths = [{"a": [{"case": a}], "b": [{"case": b, "entity": "e0"}]} for a, b in PAIRS]
    hubs = [{"cases": cases} for cases in ([KEYS[0]], *([key] for key in KEYS), *map(list, PAIRS))]
    opened = [
        {"items": [{"places": [{"case": a}]}, {"places": [{"case": b}]}, {"places": [{"case": b, "entity": "e0"}]}, {}],
         "links": links}
        for a, b in PAIRS
        for links in ([], [{"a": 0, "b": 1}])
    ]  # fmt: skip
    for path, bodies in (("expand", expansions), ("paths", paths), ("hubs", hubs), ("open", opened)):
        asked = [Request("POST", f"/v1/chart/{path}", body, _charted_names(body)) for body in bodies]
        yield Operation("POST", f"/v1/chart/{path}", asked)


def _charted_names(body: dict[str, Any]) -> frozenset[str]:
    """The cases that a chart's request names, and what naming them names."""
    items = (place for item in body.get("items", ()) for place in item.get("places", ()))
    places = [*items, *body.get("places", ()), *body.get("a", ()), *body.get("b", ())]
    cases = {place["case"] for place in places} | {*body.get("cases", ())}
    links = {link_id(*pair) for pair in combinations(sorted(cases), 2)}
    return frozenset(cases | links).union(*map(_grants_of, cases))


def _undone() -> Operation:
    asked = [
        Request("POST", f"/v1/reviews/{review_id(a, b, agency)}/undo", None, _all_of(a, b))
        for a, b in PAIRS
        for agency in {a.partition(":")[0], b.partition(":")[0]}
    ]
    return Operation("POST", "/v1/reviews/{name}/undo", asked, writes=True)


def _searched() -> Operation:
    bodies = [
        {"question": question, "fields": fields, "filters": filters, "limit": limit, "evidence": evidence}
        for question, fields, filters, limit, evidence in product(
            (*QUESTIONS, ""), FIELDS, FILTERS, (1, 2, 20), (False, True)
        )
    ]
    asked = [Request("POST", "/v1/search", body, pages=True) for body in bodies]
    return Operation("POST", "/v1/search", asked)


def _faceted() -> Operation:
    asked = [
        Request("POST", "/v1/search/facets", {"question": question, "fields": fields, "filters": filters})
        for question, fields, filters in product((*QUESTIONS, ""), FIELDS, FILTERS)
    ]
    return Operation("POST", "/v1/search/facets", asked)


def _judged_together() -> Operation:
    bodies = [{"links": [{"link": link_id(*PAIRS[0])}, {"link": link_id(*pair)}], "verdict": "same"} for pair in PAIRS]
    names = [_all_of(*PAIRS[0]) | _all_of(*pair) for pair in PAIRS]
    asked = [Request("POST", "/v1/reviews", *one) for one in zip(bodies, names, strict=True)]
    return Operation("POST", "/v1/reviews", asked, writes=True)


def _by_hand() -> Operation:
    bodies = [{"case_a": a, "case_b": b, "reason": "why"} for a, b in PAIRS]
    names = [_all_of(a, b) for a, b in PAIRS]
    asked = [Request("POST", "/v1/manual-links", *one) for one in zip(bodies, names, strict=True)]
    return Operation("POST", "/v1/manual-links", asked, writes=True)


def _exports() -> Operation:
    forms = [
        f"/v1/export/{what}?form={form}" for what in ("links", "cases") for form in ("ndjson", "csv", "ftm", "stix")
    ]
    return _each("GET", "/v1/export/{what}", *forms)


def _in_folders() -> Iterator[Operation]:
    """What may be done with case folders, of an own agency and of another's.

    What they keep they don't name: of others' cases only those are fetched that are to be read. Who adds something
    names it.
    """
    grants = frozenset({name for key in KEYS for name in _grants_of(key)})
    every = frozenset({name for a, b in PAIRS for name in _all_of(a, b)})

    def of_each(method: str, path: str, *, pages: bool = False, **body: Any) -> Operation:
        asked = [
            Request(
                method,
                path.format(name=folder_id(agency), item=folder_item_of(agency, _item_kind(path))),
                body or None,
                every if "items" in body else grants | {key for key in KEYS if key.startswith(agency)},
                pages=pages,
            )
            for agency in ASKING
        ]
        return Operation(method, path.partition("?")[0], asked, writes=method != "GET")

    searched = folders.Reference(ItemKind.SEARCH, search=folders.KeptSearch("petrow")).text
    some = [f"record {key}" for key in KEYS] + [f"link {link_id(a, b)}" for a, b in PAIRS]
    yield _each("GET", "/v1/folders", "/v1/folders", "/v1/folders?whole_agency=true")
    yield _each("POST", "/v1/folders", title="Kestrel")
    yield of_each("GET", "/v1/folders/{name}", pages=True)
    yield of_each("POST", "/v1/folders/{name}/visit")
    yield of_each("PUT", "/v1/folders/{name}", title="Kestrel 2")
    yield of_each("POST", "/v1/folders/{name}/renew")
    yield of_each("PUT", "/v1/folders/{name}/members", subject="bert", role="reader")
    yield of_each("POST", "/v1/folders/{name}/take-over")
    yield of_each("DELETE", "/v1/folders/{name}")
    yield of_each("POST", "/v1/folders/{name}/items", items=[*some, searched])
    yield of_each("PUT", "/v1/folders/{name}/items/{item}/place", after="")
    yield of_each("DELETE", "/v1/folders/{name}/items/{item}")
    yield of_each("POST", "/v1/folders/{name}/notes", text="why")
    yield of_each("PUT", "/v1/folders/{name}/notes/{item}", text="why not", seen=1)
    yield of_each("POST", "/v1/folders/{name}/charts", title="Ring", content=CHART)
    yield of_each("PUT", "/v1/folders/{name}/charts/{item}", title="Ring", content=CHART, seen=1)
    yield of_each("GET", "/v1/folders/{name}/charts/{item}")
    yield of_each("GET", "/v1/folders/{name}/file")
    yield of_each("GET", "/v1/folders/{name}/entities")
    yield of_each("POST", "/v1/folders/{name}/cross-reference")


def _item_kind(path: str) -> ItemKind:
    if "/charts/" in path:
        return ItemKind.CHART
    return ItemKind.NOTE if "/notes/" in path else ItemKind.RECORD


THREADS = threads_of(KEYS)
GLASS_THREADS = [*glass_threads_of(KEYS), *THREADS[:2]]
BREAK_GLASS_LISTS = [f"/v1/break-glass?mine={mine}&awaiting={some}" for mine in (True, False) for some in (True, False)]
UNTIL = f"{NOW + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"
"""An end of what is asked for or granted, a week after the clock of the law's use cases stands."""

CROSSED_RECORDS = Request(
    "POST", CROSSED, {"cases": KEYS, "title": "all"}, frozenset(KEYS).union(*map(_grants_of, KEYS))
)
"""All records crossed with all others; what naming them names are the requests for them too."""

OPERATIONS: tuple[Operation, ...] = (
    _searched(),
    _faceted(),
    _by_case("/v1/cases/{key}", "/v1/cases/{}"),
    _by_case("/v1/visibility", "/v1/visibility?case={}&handling=H2&releasable_to=BE"),
    _by_case("/v1/links", "/v1/links?case={}&limit=1", pages=True),
    _by_case("/v1/graph", "/v1/graph?case={}&depth=3"),
    *_charted(),
    _by_case("/v1/timeline", "/v1/timeline?case={}"),
    _by_case("/v1/entities", "/v1/entities?case={}&entity=e0"),
    _by_case("/v1/deconfliction", "/v1/deconfliction?case={}"),
    _by_case("/v1/manual-links", "/v1/manual-links?case={}"),
    _by_link("GET", "/v1/links/{link}"),
    _by_link("GET", "/v1/links/{link}/reviews"),
    _by_link("POST", "/v1/links/{link}/reviews", verdict="same", reason="why"),
    _by_link("PUT", "/v1/inbox/{link}", assignee=""),
    _by_hand(),
    _undone(),
    _by_reference("/v1/disclosures", reason="why", deadline=UNTIL),
    _by_reference("/v1/break-glass", reason="a life"),
    _each("GET", "/v1/break-glass", *BREAK_GLASS_LISTS, pages=True),
    _by_name("POST", "/v1/break-glass/{name}/confirm", GLASS_THREADS),
    _by_name("POST", "/v1/break-glass/{name}/withdraw", GLASS_THREADS),
    _by_name("POST", "/v1/break-glass/{name}/review", GLASS_THREADS, verdict="justified", comment="why"),
    _by_name("GET", "/v1/disclosures/{name}", THREADS),
    _by_name("GET", "/v1/disclosures/{name}/evidence", THREADS),
    _by_name("POST", "/v1/disclosures/{name}/grant", THREADS, until=UNTIL),
    _by_name("POST", "/v1/disclosures/{name}/refuse", THREADS, reason="why"),
    _by_name("POST", "/v1/disclosures/{name}/revoke", THREADS, reason="why"),
    _each("GET", "/v1/disclosures", "/v1/disclosures?limit=1", "/v1/disclosures?mine=false", pages=True),
    _each("GET", "/v1/notices", "/v1/notices?limit=1", pages=True),
    _each(
        "GET",
        "/v1/inbox",
        "/v1/inbox?limit=1",
        "/v1/inbox?assignee=anna",
        "/v1/inbox?country=BE&at_most_h=3&limit=1",
        "/v1/inbox?case=fr-pj:1",
        "/v1/inbox?listed=unsure",
        "/v1/inbox?listed=mine&limit=1",
        pages=True,
    ),
    _each("GET", "/v1/work", "/v1/work", "/v1/work?most=1"),
    _judged_together(),
    _each("GET", "/v1/agencies/me/accesses", "/v1/agencies/me/accesses?limit=1", pages=True),
    _each(
        "GET",
        "/v1/audit",
        "/v1/audit?limit=1",
        "/v1/audit?subject=bert",
        "/v1/audit?agency=lu-pg",
        "/v1/audit?first=2026-11-24&last=2026-11-24",
        pages=True,
    ),
    _each("GET", "/v1/audit/file", "/v1/audit/file", "/v1/audit/file?form=csv"),
    _each("GET", "/v1/audit/trail"),
    _each("GET", "/v1/audit/log/head"),
    _each("GET", "/v1/audit/log/consistency", "/v1/audit/log/consistency?first=1&second=1"),
    _each("GET", "/v1/audit/log/inclusion", "/v1/audit/log/inclusion?index=0&size=1"),
    _each("GET", "/v1/audit/log/keys"),
    _each("GET", "/v1/audit/log/accesses"),
    _each("GET", "/v1/statistics", "/v1/statistics", "/v1/statistics?countries=BE&countries=FR&open_only=true"),
    _each("GET", "/v1/subscriptions"),
    _each("POST", "/v1/subscriptions", question="ivan petrov born:1980-05-01", filters={"roles": ["suspect"]}),
    _by_name("POST", "/v1/subscriptions/{name}/renew", map(subscription_id, ASKING)),
    _by_name("PUT", "/v1/subscriptions/{name}/label", map(subscription_id, ASKING), label="the man from Tver"),
    _by_name("DELETE", "/v1/subscriptions/{name}", map(subscription_id, ASKING)),
    *_in_folders(),
    _each("GET", "/v1/hit-allowances"),
    _each("PUT", "/v1/hit-allowances/{agency}", "/v1/hit-allowances/nl-np", daily=500, until=UNTIL),
    _exports(),
    Operation("POST", "/v1/list-checks", [Request("POST", "/v1/list-checks")]),
    Operation("POST", CROSSED, [CROSSED_RECORDS]),
    _each("GET", "/readyz"),
)

WITHIN_A_LIST = {
    ("GET", "/v1/list-checks"), ("GET", "/v1/list-checks/{name}"), ("DELETE", "/v1/list-checks/{name}"),
    ("GET", "/v1/list-checks/{name}/results"), ("GET", "/v1/list-checks/{name}/file"),
    ("PUT", "/v1/list-checks/{name}/kept"), ("GET", "/v1/list-checks/{name}/records"),
}  # fmt: skip
"""What `ask` does with a list that it has sent."""

LEFT_OUT = {
    ("GET", "/healthz"),  # reads nothing
    ("GET", "/v1/notices/stream"),  # has no end; sends what GET /v1/notices answers
    *(("GET", path) for path in ("/v1/list-drafts", "/v1/list-drafts/{name}", "/v1/list-template")),
    *((method, "/v1/list-drafts/{name}") for method in ("PUT", "DELETE")),
    ("POST", "/v1/list-drafts"),  # reads the sender's own file, and no case
    ("POST", "/v1/list-drafts/{name}/check"),  # a list as POST /v1/list-checks takes one
    ("POST", "/v1/feeds/{agency}/cases"),  # writes to Kafka alone, and answers with the sender's own receipts
}

WAYS_OUT = (
    "/v1/search", "/v1/search/facets", "/v1/links", "/v1/graph", "/v1/timeline", "/v1/entities", "/v1/deconfliction",
    "/v1/chart/expand", "/v1/chart/paths", "/v1/chart/hubs", "/v1/chart/open", "/v1/notices",
    "/v1/links/{link}", "/v1/inbox", "/v1/statistics", "/v1/export/{what}", "/v1/list-checks", CROSSED,
    "/v1/folders/{name}", "/v1/folders/{name}/visit", "/v1/folders/{name}/charts/{item}", "/v1/folders/{name}/file",
)  # fmt: skip
"""Operations by which an agency may learn of a record that it has not been told of: the rest is about what it knows."""

ways_out = st.one_of(*(operation.requests for operation in OPERATIONS if operation.path in WAYS_OUT))
requests = st.one_of(*(operation.requests for operation in OPERATIONS))
counts = st.one_of(*(operation.requests for operation in OPERATIONS if operation.path == "/v1/search/facets"))
reads = st.one_of(*(operation.requests for operation in OPERATIONS if not operation.writes))


class ObservedAnswer(NamedTuple):
    """All that can be told of an answer, dates aside and with its length for a cursor; and the calls to the engine.

    Of a call: its kind, the index, and how many documents it brought that the request does not name itself.
    """

    statuses: list[int]
    headers: list[dict[str, str]]
    bodies: list[object]
    trace: list[tuple[str, str, int]]

    @property
    def content(self) -> tuple[object, ...]:
        return self.statuses, self.headers, self.bodies


async def ask(api: Api, who: Requester, purpose: Purpose, request: Request) -> ObservedAnswer:
    """What an API answers, and the calls that it made to its engine.

    Lists are kept in its home, which examples share: one that an earlier one left would be asked beside this one's.
    """
    for left in api.runtime.lists.list_all_jobs():
        api.runtime.lists.delete(left)
    api.decided.first, api.settled.end = FIRST, HALF
    headers = {"Liaison-Purpose": purpose.value, "Liaison-Case-Reference": "1", "X-Request-ID": "the-same-1"}
    with patch("uuid.uuid4", names().__next__):  # a mock takes as long as a request
        if request.path in LISTS:
            answers = await _list(api, who, headers, request)
        else:
            answers = [one async for one in _pages(api, who, headers, request)]
    return ObservedAnswer(
        [answer.status_code for answer in answers],
        [{name: value for name, value in answer.headers.items() if name != "date"} for answer in answers],
        [_comparable(answer.content, who) for answer in answers],
        _in_order(request, [trace_call(call, request.names) for call in api.engine.calls]),
    )


def names() -> Iterator[uuid.UUID]:
    """Ids that are the same each time."""
    return (uuid.UUID(int=number) for number in range(1, 1000))


def _in_order(request: Request, calls: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """The calls; those of a list, whose rows are asked at the same time, sorted."""
    return sorted(calls) if request.path in LISTS else calls


def trace_call(call: IndexCall, named: frozenset[str]) -> tuple[str, str, int]:
    """A call, with how many documents it brought; of an agency's own requests no number (TOLD says why)."""
    found = 0 if (call.kind, call.where) == OWN_REQUESTS else sum(one not in named for one in call.ids)
    return call.kind, call.where, found


async def _pages(api: Api, who: Requester, headers: dict[str, str], request: Request) -> Any:
    """The answer, and where it has more the pages behind it."""
    body, cursor = _filled(api, who, request.body), None
    for _ in range(MOST_PAGES):
        more: dict[str, Any] = {"json": body} if body else {}
        if cursor and request.method == "GET":
            more["params"] = {**httpx.URL(request.path).params, "cursor": cursor}
        answer = await api.request(request.method, request.path, who, headers, **more)
        yield answer
        body = answer.json() if request.pages and answer.status_code == 200 else {}
        cursor = body.get("next") if body.get("notices", True) else None
        if cursor is None:
            return
        body = {**body, "cursor": cursor} if body else None


def _filled(api: Api, who: Requester, body: dict[str, Any] | None) -> dict[str, Any] | None:
    named = (body or {}).get("reference")
    if body is None or named is None:
        return body
    key = named.removeprefix("{reference ").removesuffix("}")
    return body | {"reference": api.runtime.opaque.make_reference(who.agency, key)}


async def _list(api: Api, who: Requester, headers: dict[str, str], request: Request) -> list[httpx.Response]:
    """A list from its upload, or from the records that it asks about, to its end."""
    if request.path == CROSSED:
        sent = await api.request("POST", CROSSED, who, headers, json=request.body)
    else:
        typed = {**headers, "Content-Type": "text/csv"}
        sent = await api.request("POST", "/v1/list-checks", who, typed, content=LIST.encode())
    if sent.status_code != 202:
        return [sent]
    while await run_round(api.runtime):
        pass
    place = f"/v1/list-checks/{sent.json()['list']['id']}"
    filtered = [("GET", f"{place}/{part}{query}") for part in ("results", "file") for query in LIST_FILTERS]
    by_record = [("GET", f"{place}/records{query}") for query in ("", "?limit=1", f"?other={place[-32:]}")]
    by_record.append(("GET", f"{place}/file?form=ftm"))
    asked = [("GET", "/v1/list-checks"), ("GET", place), *filtered, *by_record]
    read = [await api.request(method, path, who, headers) for method, path in asked]
    kept = await api.request("PUT", f"{place}/kept", who, headers, json={"until": UNTIL})
    return [sent, *read, kept, await api.request("DELETE", place, who, headers)]


def _comparable(body: bytes, who: Requester) -> object:
    """The body; a cursor, which is encrypted anew each time, is its length.

    Where the reader's own record stands in Kafka may vary: an owner knows its topic.
    """
    try:
        return _masked(orjson.loads(body), who.agency)
    except orjson.JSONDecodeError:
        return body


def _masked(body: Any, own: str) -> Any:
    if isinstance(body, list):
        return [_masked(one, own) for one in body]
    if not isinstance(body, dict):
        return body
    if body.get("agency") == own and isinstance(body.get("provenance"), dict):
        body = body | {"provenance": sorted(body["provenance"])}
    return [
        (name, len(value) if name in ("next", "cursor") and isinstance(value, str) else _masked(value, own))
        for name, value in body.items()
    ]
