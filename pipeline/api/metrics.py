"""An API server's metrics: the catalogue, each with its unit, its labels and a sentence, and what counts requests.

No label holds what a caller wrote: a request bears the template of its route, never its path or query, and what no
route answers is one label. Workers' metrics are in pipeline/streams/catalogues/metrics.py.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPMethod
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.access.guesses import RefusedDay

REGISTRY: Final = CollectorRegistry()
"""What an API server's status port shows."""

ProcessCollector(registry=REGISTRY)

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""From a case read by its key (some 5 ms) to more than any answer may take."""

REQUESTS: Final = Counter(
    "liaison_http_requests",
    "Requests by their route's template and the answer's status; `unmatched` is what no route answers.",
    ["method", "route", "status"],
    registry=REGISTRY,
)
ANSWER_TIME: Final = Histogram(
    "liaison_http_answer_seconds",
    "From a request to the first byte of its answer.",
    ["route"],
    buckets=SECONDS,
    registry=REGISTRY,
)
AUDIT_FAILURES: Final = Counter(
    "liaison_audit_failures",
    "Requests that were refused because they could not be recorded.",
    registry=REGISTRY,
)
AUDIT_UNREADABLE: Final = Counter(
    "liaison_audit_unreadable_entries",
    "Records of the audit trail that are no entry, as this server followed it: hits in them count against no budget.",
    registry=REGISTRY,
)
UNDECIDED_ANSWERS: Final = Counter(
    "liaison_undecided_answers",
    "Answers that were refused because a record in them was not decided on, or otherwise than it would be shown.",
    registry=REGISTRY,
)
RATE_STORE_FAILURES: Final = Counter(
    "liaison_rate_store_failures",
    "Times that the store of LIAISON_RATE_STORE did not answer, so that this server counted requests for itself.",
    registry=REGISTRY,
)
INDEX_AGE: Final = Gauge(
    "liaison_index_age_seconds",
    "How far the index is behind: behind what agencies `pushed`, and behind what has passed intake and correlate "
    "(`derived`), which reads are refused by. Infinite while it is not known.",
    ["behind"],
    registry=REGISTRY,
)

LOG_HEAD_AGE: Final = Gauge(
    "liaison_audit_log_head_age_seconds",
    "How old the last head of the audit log is that this server has read; infinite before there is one.",
    registry=REGISTRY,
)
LOG_MISMATCHES: Final = Gauge(
    "liaison_audit_log_mismatches",
    "Signed heads of the audit log that are not those of its leaves, since this server started.",
    registry=REGISTRY,
)
REFUSALS_NOT_RECORDED: Final = Counter(
    "liaison_refusals_not_recorded",
    "Refused requests that are not in the audit: beyond the rate at which they are recorded, or Kafka was away.",
    registry=REGISTRY,
)
BREAK_GLASS_OVERDUE: Final = Gauge(
    "liaison_break_glass_overdue",
    "Records that a supervisor opened alone and their owner, `agency`, has not reviewed in time.",
    ["agency"],
    registry=REGISTRY,
)
GUESSES_REFUSED: Final = Gauge(
    "liaison_guesses_refused",
    "What an agency asked today (UTC) that guessed too many birth dates or numbers with one name, so that hit-only "
    "records were not asked: by its pushed `cases`, and by `searches`, list rows and alerts.",
    ["agency", "by"],
    registry=REGISTRY,
)

Moment = Callable[[], datetime | None]


def show_index_age(pushed: Moment, derived: Moment, clock: Callable[[], datetime]) -> None:
    """Let the gauge say, whenever it is asked, how long ago these moments are."""
    INDEX_AGE.labels("pushed").set_function(lambda: _age_s(pushed, clock))
    INDEX_AGE.labels("derived").set_function(lambda: _age_s(derived, clock))


@contextmanager
def show_audit_log(head_time: Moment, mismatches: Callable[[], int], clock: Callable[[], datetime]) -> Iterator[None]:
    """Let the gauges say, whenever they are asked, how the audit log stands, for as long as it is open."""
    LOG_HEAD_AGE.set_function(lambda: _age_s(head_time, clock))
    LOG_MISMATCHES.set_function(mismatches)
    try:
        yield
    finally:
        LOG_HEAD_AGE.set_function(lambda: math.inf)


def show_refused_guesses(days: Iterable[RefusedDay], now: datetime) -> None:
    """Let the gauge say what of these is of today, and nothing else."""
    GUESSES_REFUSED.clear()
    for refused in days:
        if refused.day == now.astimezone(UTC).date():
            GUESSES_REFUSED.labels(refused.agency, "cases").set(refused.cases)
            GUESSES_REFUSED.labels(refused.agency, "searches").set(refused.questions - refused.cases)


def _age_s(moment: Moment, clock: Callable[[], datetime]) -> float:
    """Seconds since a moment; infinite before there is one."""
    held = moment()
    return math.inf if held is None else (clock() - held).total_seconds()


UNMATCHED: Final = "unmatched"
OTHER_METHOD: Final = "other"

_METHODS: Final = frozenset(HTTPMethod)


class RequestMetrics:
    """The outermost middleware: it sees each answer as it leaves, and what failed without one.

    A stream counts as it begins: the notices of an open page last for hours.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        answered = False

        async def counted(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                _count_request(scope, message["status"], time.perf_counter() - begun)
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except Exception:
            if not answered:  # Starlette's own answer to it, 500, is made outside of this
                _count_request(scope, 500, time.perf_counter() - begun)
            raise


def _count_request(scope: Scope, status: int, seconds: float) -> None:
    route = request_route(scope)
    REQUESTS.labels(request_method(scope), route, status).inc()
    ANSWER_TIME.labels(route).observe(seconds)


def request_method(scope: Scope) -> str:
    """The request's method; one that HTTP does not know is `other`."""
    return scope["method"] if scope["method"] in _METHODS else OTHER_METHOD


def request_route(scope: Scope) -> str:
    """The template of the route that took the request: of a mounted folder its own path, never a file's in it.

    The pages are mounted on no path at all, so what none of them answers ends there.
    """
    template = getattr(scope.get("route"), "path_format", "")
    folder = scope.get("root_path", "").removeprefix(scope.get("app_root_path", ""))
    if template:
        return str(template)
    return f"{folder}/{{path}}" if folder else UNMATCHED
