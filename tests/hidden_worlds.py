"""Generated indices, requesters and requests for the no-leak property, on one small population; and how they answer."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

import orjson
from api_runtime import NOW, Api, someone
from hypothesis import strategies as st
from index_office import Office

from pipeline.access.policy import CaseMeta, View, view
from pipeline.access.requester import Purpose, Requester, Role
from pipeline.index.documents import Action, case_document, link_document
from pipeline.matching.fingerprint import Handling
from pipeline.matching.model import load_model
from pipeline.records.messages import Accepted

OFFICE = Office(load_model())

AGENCIES = ("fr-pj", "fr-dgsi", "be-fp", "nl-np", "de-bka")
CODES = ("H0", "H1", "H2", "H3")
RELEASES = (("*",), ("BE",), ("FR", "NL"), ())
PURPOSES = (("investigation", "correlation"), ("investigation", "prosecution"), ())
EXPIRED = "2026-11-24"

PEOPLE: tuple[tuple[dict[str, Any], ...], ...] = (
    ({"type": "person", "names": [{"full": "Ivan Petrov"}], "birth_date": "1980-05-01", "phones": ["+33612345678"]},),
    ({"type": "person", "names": [{"full": "Иван Петров"}], "birth_date": "1980-05-01"},),
    (
        {"type": "person", "names": [{"full": "Ivan Petrov"}], "birth_date": "1955-11-30"},
        {"type": "vehicle", "plate": "1-ABC-234", "plate_country": "BE"},
    ),
    ({"type": "vehicle", "plate": "1-ABC-234", "plate_country": "BE"}, {"type": "phone", "number": "+33612345678"}),
)


class Spec(NamedTuple):
    """A case of a generated index."""

    agency: str
    number: int
    people: int
    code: str
    released: tuple[str, ...]
    purposes: tuple[str, ...]
    expired: bool = False

    @property
    def key(self) -> str:
        return f"{self.agency}:{self.number}"

    def meta(self) -> CaseMeta:
        handling = Handling(self.code, self.released, self.purposes)
        return CaseMeta(self.key, self.agency, handling, retain_until=EXPIRED if self.expired else "")

    def hidden_from(self, who: Requester, purpose: Purpose) -> bool:
        return view(self.meta(), who, purpose, NOW) is View.NOTHING


class Request(NamedTuple):
    """A request; `names` is the case that it names, whose document is read by its key."""

    method: str
    path: str
    body: dict[str, Any] | None = None


specs = st.builds(
    Spec,
    st.sampled_from(AGENCIES),
    st.integers(0, 1),
    st.integers(0, len(PEOPLE) - 1),
    st.sampled_from(CODES),
    st.sampled_from(RELEASES),
    st.sampled_from(PURPOSES),
    st.sampled_from((False, False, False, True)),
)
worlds = st.lists(specs, min_size=2, max_size=7, unique_by=lambda one: one.key)
requesters = st.builds(
    lambda agency, role: someone(agency, agency[:2].upper(), role),
    st.sampled_from((*AGENCIES, "lu-pg")),
    st.sampled_from((Role.INVESTIGATOR, Role.INVESTIGATOR, Role.SUPERVISOR, Role.AUDITOR)),
)
QUESTIONS = (
    "ivan petrov", "Иван Петров 1980-05-01", "ivan petrov 1955", "+33 6 12 34 56 78", "1ABC234", "plate:1?BC*",
    "text:affair", "petrow",
)  # fmt: skip
FILTERS: tuple[dict[str, Any], ...] = ({}, {"countries": ["BE", "FR"]}, {"agencies": ["nl-np"]}, {"open_only": True})
KEYS = [f"{agency}:{number}" for agency in AGENCIES for number in (0, 1)]

searches = st.builds(
    lambda question, filters, limit: Request(
        "POST", "/v1/search", {"question": question, "filters": filters, "limit": limit}
    ),
    st.sampled_from((*QUESTIONS, "")),
    st.sampled_from(FILTERS),
    st.sampled_from((1, 2, 20)),
)
BY_KEY = ("/v1/cases/{}", "/v1/links?case={}", "/v1/links?case={}&limit=1", "/v1/graph?case={}&depth=3",
          "/v1/timeline?case={}", "/v1/entities?case={}&entity=e0")  # fmt: skip
WHOLE = ("/v1/inbox", "/v1/disclosures", "/v1/notices", "/v1/manual-links?case=fr-pj:0", "/v1/export/links?form=ndjson",
         "/v1/export/cases?form=ndjson", "/v1/export/links?form=csv", "/v1/export/links?form=ftm",
         "/v1/export/cases?form=ftm")  # fmt: skip
requests = st.one_of(
    searches,
    st.builds(lambda path, key: Request("GET", path.format(key)), st.sampled_from(BY_KEY), st.sampled_from(KEYS)),
    st.sampled_from(WHOLE).map(lambda path: Request("GET", path)),
)


@cache
def accepted(spec: Spec) -> Accepted:
    """The accepted version of a case, made once."""
    entities = [{**one, "id": f"e{at}"} for at, one in enumerate(PEOPLE[spec.people])]
    handling = {"code": spec.code, "releasable_to": list(spec.released), "purposes": list(spec.purposes)}
    data = {
        "case_id": str(spec.number), "agency": spec.agency, "country": spec.agency[:2].upper(),
        "title": f"Affair of {spec.key}", "handling": handling, "contact": {"unit": f"desk of {spec.agency}"},
        "opened": "2026-01-10", "entities": entities,
    }  # fmt: skip
    return OFFICE.accepted(data | ({"retain_until": EXPIRED} if spec.expired else {}))


@cache
def _link(a: Spec, b: Spec) -> Action | None:
    claim = OFFICE.claim(accepted(a), accepted(b))
    return link_document(claim) if claim.band else None


def documents(world: Iterable[Spec]) -> list[Action]:
    """All documents of an index that holds these cases: theirs, and those of every link between two countries."""
    held = sorted(world, key=lambda one: one.key)
    pairs = ((a, b) for a, b in combinations(held, 2) if a.agency[:2] != b.agency[:2])
    return [*(case_document(accepted(one)) for one in held), *filter(None, (_link(a, b) for a, b in pairs))]


class Answered(NamedTuple):
    """All that can be told of an answer, without its date and with a cursor's length for the cursor; and its trace."""

    status: int
    headers: dict[str, str]
    body: object
    trace: list[tuple[str, int | None]]


async def ask(api: Api, who: Requester, purpose: Purpose, request: Request) -> Answered:
    """What an API answers, and the calls that it made to its engine with the documents that its searches brought."""
    headers = {"Liaison-Purpose": purpose.value, "Liaison-Case-Reference": "1", "X-Request-ID": "the-same-1"}
    answer = await api.request(request.method, request.path, who, headers, json=request.body)
    trace = [(call.kind, call.documents if call.kind == "search" else None) for call in api.engine.calls]
    kept = {name: value for name, value in answer.headers.items() if name != "date"}
    return Answered(answer.status_code, kept, _without_cursor(answer.content), trace)


def _without_cursor(body: bytes) -> object:
    """The body; a cursor, which is encrypted anew each time, is its length."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if isinstance(told, dict) and isinstance(told.get("next"), str):
        return orjson.dumps(told | {"next": len(told["next"])})
    return body
