"""An installation that is asked a story, and what of its answers is compared with those of another one.

Nothing of an answer is left out or replaced but by REPLACED, HEADERS and SEALED_BODIES, which say why.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote

import httpx
import orjson

from pipeline.access.redaction import OpaqueCodec
from pipeline.access.requester import Requester
from pipeline.web import csrf, session
from support.correlation.key_rings import RING
from support.no_leak.story import PEOPLE, STREAMS, UNCOMPARED, Step, Story, Until
from support.waiting import PATIENCE_S

GROUNDS: Final = {"purpose": "investigation", "case_reference": "1"}
FORM_SECRET: Final = "of-a-test"
MOST_PAGES: Final = 4
XLSX: Final = b"PK\3\4"


class Replaced(NamedTuple):
    """What stands for something else before answers are compared: its name, and of what is `sealed` the length."""

    pattern: re.Pattern[str]
    why: str
    sealed: bool = False

    def stand_in(self, found: re.Match[str]) -> str:
        """What is compared in the place of what was found."""
        return f"<{self.why}, {len(found[0])}>" if self.sealed else f"<{self.why}>"


REPLACED: Final = (
    Replaced(re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?"), "a time"),
    Replaced(
        re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4},? \d\d:\d\d(:\d\d)?( GMT)?"), "a time, as pages and cookies have it"
    ),
    Replaced(re.compile(r'(?<="tag":"time","text":")\d\d:\d\d(?=")'), "a time of a day that stands above it"),
    Replaced(re.compile(r"(?<=-)\d{4}-\d\d-\d\d(?=\.\w+\")"), "the day in a file's name"),
    Replaced(re.compile(r'(?<="arrived_ms":)\d{13}'), "when an own record came, in milliseconds"),
    Replaced(re.compile(r'(?<="style":"width: )\d+(?=%")'), "how much of a request's time has passed"),
    Replaced(re.compile(r'(?<="entries":)\d+|\d+(?= entries verified)'), "how far the check of the trail has come"),
    Replaced(re.compile(r"(?<=nonce-)[\w-]{16,}|(?<=nonce=\")[\w-]{16,}"), "a nonce, drawn for each page", sealed=True),
    Replaced(
        re.compile(r'(?<="next":")[\w-]+|(?<="cursor":")[\w-]+|(?<=\nid: )[\w-]+|^(?<=id: )[\w-]+|[\w-]{800,}'),
        "a cursor, sealed under a nonce",
        sealed=True,
    ),
)

HEADERS: Final[Mapping[str, str]] = {
    "date": "a time",
    "content-length": "that of the body, which is compared where times have the same length",
}
"""Headers that are left out."""

SEALED_BODIES: Final[Mapping[str, str]] = {
    "/v1/audit/log/head": "the log's head is signed by the minute, so how many leaves it has is a matter of time",
    "/v1/audit/log/accesses": "what the last head holds, each leaf under salts drawn for it",
    "/v1/audit/log/inclusion": "a leaf, under salts drawn for it",
}
"""Routes of whose answers status and headers are compared alone."""


_ACTS: Final = "rows stand by the time of acts, and two acts of one moment, or of one request, in either order"
_NOTICES: Final = "notices stand by the time at which they were told, and two of one moment in either order"
BY_TIME: Final[Mapping[str, str]] = {
    "GET /records": _ACTS,
    "GET /audit": _ACTS,
    "POST /audit/file": _ACTS,
    "GET /v1/audit": _ACTS,
    "GET /v1/agencies/me/accesses": _ACTS,
    "GET /notices": _NOTICES,
    "GET /v1/notices": _NOTICES,
}
"""Beginnings of operations in whose answers the order of elements is not compared, with why: each element is."""

_PLACES = re.compile(r'\[\d+(?:,\d+)*\]|"\d+":(?=\{"tag")')
"""Where elements of a page stand: the lists of children and the numbers of elements."""

_ELEMENTS = re.compile(r',?(?=\{"(?:tag|id|time)":)|(?=event: )|(?=\],")|(?:\\r)?\\n')
"""Where an element of a page, a row of a list or of a file, or an event of a stream begins or ends."""


class Observed(NamedTuple):
    """An answer as it is compared."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


Answers = list[tuple[Step, Observed]]
"""All answers in their order, each with its step."""


class Asker:
    """Asks one installation as several people."""

    def __init__(
        self, url: str, namespace: str, tokens: Mapping[str, str], wait_until: Callable[[Until], None]
    ) -> None:
        """`tokens` are those of PEOPLE; `namespace` stands for nothing in answers, as two can't have the same."""
        self._namespace, self._tokens, self._wait_until = namespace, tokens, wait_until
        self._told: dict[str, str] = {}
        self._notices: Counter[str] = Counter()
        """How many a list told each person of."""
        self._firsts: dict[str, str] = {}
        """The cursor behind the first of them."""
        self._first_events: dict[str, bytes] = {}
        """That one as a stream would tell it, to stand with what a stream tells behind it: two of one moment may be
        the first, and what is behind either differs by the other."""
        self._open = ExitStack()
        plain = {"Accept-Encoding": "identity", "X-Request-ID": "the-same-1"}
        self._clients = {
            who: self._open.enter_context(httpx.Client(base_url=url, timeout=PATIENCE_S, headers=plain))
            for who in PEOPLE
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._open.close()

    def ask_all(self, story: Story) -> Answers:
        """What is answered to each step, page by page."""
        answers: Answers = []
        for step in story:
            if isinstance(step, Until):
                self._wait_until(step)
            else:
                answers += [(step, self._observe(step, answer)) for answer in self._ask(step)]
        return answers

    def _ask(self, step: Step) -> Iterator[httpx.Response]:
        """The answer, and where it has more the pages behind it."""
        body, cursor = self._filled(PEOPLE[step.who], step.body), None
        for _ in range(MOST_PAGES):
            answer = self._send(step, body, cursor)
            yield answer
            told = orjson.loads(answer.content) if step.pages and answer.status_code == httpx.codes.OK else {}
            if "notices" in told:
                self._notices[step.who] += len(told["notices"])
                if told["notices"] and step.who not in self._firsts:
                    place, row = told["next"].encode(), orjson.dumps(told["notices"][0])
                    self._first_events[step.who] = b"event: notice\nid: %s\ndata: %s\n\n" % (place, row)
                self._firsts.setdefault(step.who, told["next"])
            cursor = told.get("next") if told.get("notices", True) else None
            if cursor is None:
                return
            body = body | {"cursor": cursor} if body else None

    def _send(self, step: Step, body: Any, cursor: str | None) -> httpx.Response:
        path = self._with_told(step.path.replace("{first}", self._firsts.get(step.who, "")))
        client, headers = self._clients[step.who], self._headers(step)
        more: dict[str, Any] = {}
        if step.kind in ("form", "file"):
            fields = body if step.kind == "form" else {}
            own = csrf.make_form_token(FORM_SECRET, self._tokens[step.who])
            more["data"] = {csrf.FIELD: own} | {name: self._with_told(value) for name, value in fields.items()}
            if step.kind == "file":
                more["files"] = {"file": ("sent", body.encode())}
        elif step.kind:
            headers["Content-Type"], more["content"] = step.kind, body.encode()
        elif body is not None:
            more["json"] = body
        if cursor and step.method == "GET":
            more["params"] = {**httpx.URL(path).params, "cursor": cursor}
        if step.route in STREAMS:
            behind_first = "{first}" in step.path
            told = self._listen(client, path, headers, self._notices[step.who] - behind_first)
            content = told.content + (self._first_events.get(step.who, b"") if behind_first else b"")
            return httpx.Response(told.status_code, headers=told.headers, content=content)
        return client.request(step.method, path, headers=headers, **more)

    def _with_told(self, text: str) -> str:
        """A text whose {places} stand for what earlier answers told."""
        for name, value in self._told.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def _headers(self, step: Step) -> dict[str, str]:
        """Who asks and on what grounds: a token for the API, a browser's cookies for the site."""
        token = self._tokens[step.who]
        if step.route.startswith("/v1/"):
            stated = {"Liaison-Purpose": GROUNDS["purpose"], "Liaison-Case-Reference": GROUNDS["case_reference"]}
            return {"Authorization": f"Bearer {token}", **stated}
        grounds = quote(orjson.dumps(GROUNDS).decode())
        cookies = {session.TOKEN: token, session.GROUNDS: grounds, csrf.COOKIE: FORM_SECRET}
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}

    @staticmethod
    def _listen(client: httpx.Client, path: str, headers: Mapping[str, str], awaited: int) -> httpx.Response:
        """A stream, until it has told of as many notices; of none, until it has begun."""
        told = b""
        with client.stream("GET", path, headers=headers) as answer:
            for part in answer.iter_raw():
                told += part
                if told.count(b"event: notice") >= awaited and told.endswith(b"\n\n"):
                    break
        return httpx.Response(answer.status_code, headers=answer.headers, content=told)

    @staticmethod
    def _filled(who: Requester, body: Any) -> Any:
        """A body whose {reference KEY} is the requester's own to that case."""
        named = body.get("reference") if isinstance(body, dict) else None
        if named is None:
            return body
        key = named.removeprefix("{reference ").removesuffix("}")
        return {**body, "reference": OpaqueCodec(RING).make_reference(who.agency, key)}

    def _observe(self, step: Step, answer: httpx.Response) -> Observed:
        if step.keeps:
            told = answer.json()
            made = next((one for one in told.values() if isinstance(one, dict)), {"id": told.get("item")})
            self._told[step.keeps] = made.get("own") or made["id"]  # of a judged link that of the own review
        headers = tuple(
            (name, self._comparable(one)) for name, one in answer.headers.multi_items() if name not in HEADERS
        )
        body = "" if step.route in SEALED_BODIES else self._comparable(_text_of(answer.content))
        return Observed(answer.status_code, headers, body)

    def _comparable(self, text: str) -> str:
        text = text.replace(self._namespace, "")
        for one in REPLACED:
            text = one.pattern.sub(one.stand_in, text)
        return text


def _text_of(content: bytes) -> str:
    """The content; of a workbook, which is packed, each of its files."""
    if not content.startswith(XLSX):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "\n".join(f"{name}: {packed.read(name).decode()}" for name in packed.namelist())


Asked = tuple[str, str]
"""An operation, and the request."""


def compared(answers: Answers) -> dict[Asked, list[Observed]]:
    """The answers that are compared, by what was asked."""
    found: dict[Asked, list[Observed]] = {}
    for step, answer in answers:
        if step.who not in UNCOMPARED:
            found.setdefault((step.operation, str(step)), []).append(answer)
    return found


def differing(some: Answers, others: Answers) -> dict[Asked, str]:
    """What is answered otherwise, and where each begins to differ."""
    a, b = compared(some), compared(others)
    assert a.keys() == b.keys()
    return {
        asked: _first_difference(str(a[asked]), str(b[asked]))
        for asked in a
        if a[asked] != b[asked]
        and not (asked[0].startswith(tuple(BY_TIME)) and _elements_of(str(a[asked])) == _elements_of(str(b[asked])))
    }


def _elements_of(answers: str) -> list[str]:
    """The elements of answers in no order."""
    return sorted(_ELEMENTS.split(_PLACES.sub("", answers)))


def _first_difference(a: str, b: str, around: int = 120) -> str:
    at = next((at for at, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))
    shown = slice(max(0, at - around), at + around)
    return f"{a[shown]!r} and {b[shown]!r}"
