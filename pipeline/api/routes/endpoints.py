"""How an endpoint is declared: once, with all that HTTP, OpenAPI and the audit need to know of it.

Most endpoints only forward what was asked to a service: they are rows of the table in `table.py`. One that has more
to do is a function behind `endpoint`. Both are an `Endpoint`, and what is not written follows from the service: its
answer and the defaults of its arguments from its signature, the example from the file in `pipeline/api/examples` that
is called as the answer is.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, get_args, get_type_hints

import msgspec
from fastapi import APIRouter, Depends, Header, Request, Response, params
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pipeline.access.audit import ActKind
from pipeline.access.requester import ASKABLE, GroundsError, Requester, parse_grounds
from pipeline.access.text_limits import CASE_REFERENCE
from pipeline.api import problems
from pipeline.api.problems import PROBLEM_TYPE, ProblemError, UnauthenticatedError, UnprocessableError
from pipeline.api.runtime import Runtime
from pipeline.api.session import COSTLY, Session
from pipeline.locale import LANGUAGES

PURPOSE_HEADER = "Liaison-Purpose"
REFERENCE_HEADER = "Liaison-Case-Reference"

PREFIX: Final = "/v1"
"""Of all paths that need a token."""

EXAMPLES: Final = Path(__file__).parents[1] / "examples"
"""A JSON file for each answer; tests/unit/api/routes/test_endpoints.py holds it to the answer's schema."""

COMMON: Final[tuple[type[ProblemError], ...]] = (
    problems.UnauthenticatedError,
    problems.ForbiddenError,
    problems.UnprocessableError,
    problems.StalledRequestError,
    problems.RequestTooLargeError,
    problems.UnsupportedMediaTypeError,
    problems.TooManyRequestsError,
    problems.UnavailableError,
)
"""What any request that needs a session may end in."""

OpenApiObject = dict[str, Any]
"""An object of an OpenAPI 3.1 document."""

Responses = dict[int | str, OpenApiObject]
"""An operation's `responses`, as FastAPI takes them."""

_bearer = HTTPBearer(auto_error=False, description="A signed token; `liaison token` makes development ones.")

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def runtime_of(request: Request) -> Runtime:
    """The server's runtime."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def requester_of(request: Request, _: Bearer) -> Requester:
    """Who asks, as the admission has found. Raises UnauthenticatedError where nobody was admitted."""
    found: Requester | None = getattr(request.state, "requester", None)
    if found is None:
        raise UnauthenticatedError()
    return found


Requesting = Annotated[Requester, Depends(requester_of)]


async def session_of(
    request: Request,
    requester: Requesting,
    purpose: Annotated[
        str | None,
        Header(alias=PURPOSE_HEADER, description=f"One of {', '.join(sorted(ASKABLE))}.", examples=["investigation"]),
    ] = None,
    case_reference: Annotated[
        str | None,
        Header(
            alias=REFERENCE_HEADER,
            description=f"Your own case that this is for, in at most {CASE_REFERENCE.most} characters.",
            examples=["2026/4711"],
        ),
    ] = None,
    accept_language: Annotated[str | None, Header(description=f"{', '.join(LANGUAGES)}.", examples=["fr"])] = None,
) -> Session:
    """The request's session. Raises UnprocessableError naming what is missing of the grounds."""
    try:
        stated = parse_grounds(purpose, case_reference)
    except GroundsError as error:
        raise UnprocessableError(error, *error.fields) from error
    return Session(runtime_of(request), requester, stated, request.state.language, request.state.request_id)


SessionOf = Annotated[Session, Depends(session_of)]


class NotRecordedError(RuntimeError):
    """An operation, which it names, would have answered what the audit does not have: a fault of ours."""


ServiceT = TypeVar("ServiceT", bound=Callable[..., Any])


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of the API.

    `takes` names the arguments of `serve` behind the session, each with where HTTP has it (`parameters.py`); a struct
    that is taken as `fields` is given to `serve` field by field. `act` is what the audit must have of the request
    before it is answered; None where nothing of any record is shown. `refuses` are the problems that it may end in
    besides COMMON. `example` names a file other than the answer's own.
    """

    method: str
    path: str
    name: str
    """The function that clients made of the document call: `operationId` begins with it."""
    tag: str
    summary: str
    description: str
    serve: Callable[..., Any]
    takes: Mapping[str, Any] = {}
    act: ActKind | None = None
    refuses: tuple[type[ProblemError], ...] = ()
    status: int = 200
    example: str = ""
    more: Mapping[str, Any] = {}
    """Further arguments of FastAPI's route: a body that is no JSON, its size, an answer that is none."""

    @property
    def answer(self) -> type[msgspec.Struct] | None:
        """The struct that is answered; None where the answer is a file, a text or a stream."""
        found = get_type_hints(self.serve)["return"]
        return found if isinstance(found, type) and issubclass(found, msgspec.Struct) else None

    @property
    def costly(self) -> bool:
        """Whether it always counts among the few costly things that a person has under way (`session.costly`)."""
        return self.serve in COSTLY

    def read_example(self) -> Any:
        """The answer's example."""
        answer = self.answer
        name = self.example or (answer.__name__ if answer else "")
        return json.loads((EXAMPLES / f"{name}.json").read_bytes())

    def describe_responses(self) -> Responses:
        """OpenAPI's `responses`: the answer and the problems."""
        found: Responses = {}
        if answer := self.answer:
            shape = {"schema": {"$ref": f"#/components/schemas/{answer.__name__}"}}
            found[self.status] = {"description": _first_sentence(answer), "content": {"application/json": shape}}
        return found | describe_problems(*self.refuses)

    def add_example(self, document: OpenApiObject) -> None:
        """Put the example into an OpenAPI document, whole: FastAPI would leave out what is null."""
        if self.answer:
            operation = document["paths"][f"{PREFIX}{self.path}".replace(":path}", "}")][self.method.lower()]
            operation["responses"][str(self.status)]["content"]["application/json"]["example"] = self.read_example()

    def add_to(self, router: APIRouter) -> None:
        """Serve it."""
        respond = self.make_route()
        responses = self.describe_responses() | dict(self.more.get("responses", {}))
        more: dict[str, Any] = {"status_code": self.status, **self.more, "responses": responses}
        if self.act:
            more["openapi_extra"] = {"x-audit-act": self.act.value} | dict(self.more.get("openapi_extra", {}))
        router.add_api_route(
            self.path, respond, methods=[self.method], name=self.name, tags=[self.tag], summary=self.summary,
            description=self.description, response_class=Response, **more,
        )  # fmt: skip

    def make_route(self) -> Callable[..., Any]:
        """What FastAPI calls: a function whose signature it reads as if somebody had written it."""

        async def respond(session: Session, **given: Any) -> Response:
            if fields := given.pop("fields", None):
                given |= msgspec.structs.asdict(fields)
            answer = self.serve(session, **given)
            if inspect.isawaitable(answer):
                answer = await answer
            if isinstance(answer, Response):
                return answer  # whatever is sent in parts is recorded part by part
            if session.unended or (self.act is not None and self.act not in session.recorded):
                raise NotRecordedError(self.name)
            return Response(msgspec.json.encode(answer), self.status, media_type="application/json")

        parameters = [inspect.Parameter("session", inspect.Parameter.KEYWORD_ONLY, annotation=SessionOf)]
        known = inspect.signature(self.serve).parameters
        for name, taken in self.takes.items():
            is_read = any(isinstance(part, params.Depends) for part in get_args(taken))
            default = inspect.Parameter.empty if is_read or name not in known else known[name].default
            parameters.append(
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=taken)
            )
        respond.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        respond.__name__ = self.name
        return respond


def endpoint(
    method: str, path: str, name: str, tag: str, summary: str, **declared: Any
) -> Callable[[ServiceT], Endpoint]:
    """Declare a function that has more to do than to forward: its docstring and signature say the rest."""

    def declare(serve: ServiceT) -> Endpoint:
        hints = get_type_hints(serve, include_extras=True)
        arguments = [*inspect.signature(serve).parameters][1:]
        return Endpoint(
            method=method, path=path, name=name, tag=tag, summary=summary, description=inspect.getdoc(serve) or "",
            serve=serve, takes={argument: hints[argument] for argument in arguments}, **declared,
        )  # fmt: skip

    return declare


def _forward(method: str) -> Callable[..., Endpoint]:
    def declare(
        path: str,
        name: str,
        tag: str,
        summary: str,
        description: str,
        serve: Callable[..., Any],
        act: ActKind | None = None,
        refuses: tuple[type[ProblemError], ...] = (),
        /,
        *,
        status: int = 200,
        example: str = "",
        more: Mapping[str, Any] = {},
        **takes: Any,
    ) -> Endpoint:
        return Endpoint(
            method=method, path=path, name=name, tag=tag, summary=summary, description=description, serve=serve,
            takes=takes, act=act, refuses=refuses, status=status, example=example, more=more,
        )  # fmt: skip

    return declare


get, post, put, delete = (_forward(method) for method in ("GET", "POST", "PUT", "DELETE"))
"""Declare an operation that only forwards; its keywords are what it takes."""


def describe_problems(*others: type[ProblemError]) -> Responses:
    """OpenAPI's `responses` for the common problems and `others`."""
    return {
        kind.status: {
            "description": _first_sentence(kind),
            "content": {
                PROBLEM_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": {"type": problems.BLANK, "title": kind.title, "status": kind.status},
                }
            },
        }
        for kind in (*COMMON, *others)
    }


def schema_components(endpoints: tuple[Endpoint, ...], asked: OpenApiObject) -> OpenApiObject:
    """JSON Schema 2020-12 of all answers, for OpenAPI 3.1's `components.schemas`, beside those of what is `asked`.

    A struct that is asked and answered has two schemas, as more is optional in a request: the answer's is called
    <name>Answered. An enumeration is the same in both.
    """
    answers = {answer.__name__: answer for each in endpoints if (answer := each.answer)}
    shown = (*answers.values(), problems.Problem)
    _, found = msgspec.json.schema_components(shown, ref_template="{name}")
    own = {name: schema for name, schema in found.items() if "enum" not in asked.get(name, ())}
    names = {name: f"{name}Answered" if name in own and name in asked else name for name in found}
    return {names[name]: _point_references(_title(schema, names[name]), names) for name, schema in own.items()}


def _title(schema: OpenApiObject, name: str) -> OpenApiObject:
    return schema | {"title": name} if "title" in schema else schema


def _point_references(schema: Any, names: Mapping[str, str]) -> Any:
    """The same schemas, whose references lead to where what they name stands in the document."""
    if isinstance(schema, list):
        return [_point_references(one, names) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        word: f"#/components/schemas/{names[held]}" if word == "$ref" else _point_references(held, names)
        for word, held in schema.items()
    }


def describe_items(schema: Any) -> Any:
    """The same schemas, in which each array says in `items` what it holds: makers of clients read no `prefixItems`."""
    if isinstance(schema, list):
        return [describe_items(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: describe_items(value) for name, value in schema.items()}
    if isinstance(places := found.pop("prefixItems", None), list):
        kinds = [kind for at, kind in enumerate(places) if kind not in places[:at]]
        found["items"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return found


def _first_sentence(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]
