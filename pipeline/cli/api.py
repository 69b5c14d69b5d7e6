"""The commands that ask the API, and `liaison token`, which makes what they ask with."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import msgspec
import orjson
import typer
from rich.console import Console

from pipeline.access.requester import Requester, Role
from pipeline.access.token_keys import issue_token
from pipeline.api.answers import (
    CaseAnswer,
    HitAllowanceAnswer,
    HitAllowanceRow,
    HitAllowancesAnswer,
    LinksAnswer,
    SearchAnswer,
)
from pipeline.api.client import Caller, call_api
from pipeline.cli import records
from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError
from pipeline.ops.command_output import JsonOption
from pipeline.streams.provisioning.users import as_role
from pipeline.times import now

CaseKeyArgument = Annotated[str, typer.Argument(help="Case key, <agency>:<case id>.")]
TokenOption = Annotated[
    str, typer.Option(help="Access token; without one, the local operator asks, sees everything and is audited.")
]
PurposeOption = Annotated[str, typer.Option(help="Purpose; required with a token.")]
CaseReferenceOption = Annotated[str, typer.Option("--case-ref", help="Your case reference; required with a token.")]

OPERATOR_NOTE = "Acting as the local operator: every case is shown, whatever its handling, and it is audited."


def search(
    question: Annotated[
        str, typer.Argument(help="Names in any script, numbers, phones, plates (AB?12*), dates, words.")
    ],
    limit: Annotated[int, typer.Option(min=1, max=100, help="Number of cases to show.")] = 20,
    country: Annotated[str, typer.Option(help="Country (FR) of phone numbers without a country code.")] = "",
    as_json: JsonOption = False,
    token: TokenOption = "",
    purpose: PurposeOption = "",
    case_reference: CaseReferenceOption = "",
) -> None:
    """Find cases by names, numbers, dates or words, best matches first."""
    body = {"question": question, "limit": limit, "country": country.upper(), "evidence": True}
    answer = ask_api(token, purpose, case_reference, "POST", "/v1/search", json=body)
    if as_json:
        print_json(answer["results"] + answer["hits"])
        return
    found = read_answer(answer, SearchAnswer)
    if found.results or found.hits:
        _print_renderable(records.search(found))
    else:
        typer.echo("No matching cases.")
    _print_renderable(records.hints(found.hints))


def case(
    key: CaseKeyArgument,
    as_json: JsonOption = False,
    token: TokenOption = "",
    purpose: PurposeOption = "",
    case_reference: CaseReferenceOption = "",
) -> None:
    """Show a case: record, owner, handling and provenance."""
    answer = ask_api(token, purpose, case_reference, "GET", f"/v1/cases/{quote(key, safe=':')}")
    if as_json:
        print_json(answer["case"])
    else:
        _print_renderable(records.case(read_answer(answer, CaseAnswer).case))


def links(
    key: CaseKeyArgument,
    limit: Annotated[int, typer.Option(min=1, max=100, help="Number of links to show, strongest first.")] = 20,
    as_json: JsonOption = False,
    token: TokenOption = "",
    purpose: PurposeOption = "",
    case_reference: CaseReferenceOption = "",
) -> None:
    """Show the links of a case and the reasons for each."""
    answer = ask_api(token, purpose, case_reference, "GET", "/v1/links", params={"case": key, "limit": limit})
    if as_json:
        print_json(answer["links"])
    elif rows := read_answer(answer, LinksAnswer).links:
        _print_renderable(records.links(key, rows))
    else:
        typer.echo(f"{key} has no links.")


def ask_api(token: str, purpose: str, case_reference: str, method: str, path: str, **more: Any) -> Any:
    """The API's answer to whoever the options name; without a token to the local operator."""
    if not token:
        typer.echo(OPERATOR_NOTE, err=True)
    caller = Caller(token, purpose, case_reference)
    return asyncio.run(call_api(as_role(from_environment(), "api"), caller, method, path, **more))


AnswerT = TypeVar("AnswerT", bound=msgspec.Struct)


def read_answer(answer: Any, struct: type[AnswerT]) -> AnswerT:
    """The API's JSON as the struct that it was made of. Raises LiaisonError where it is of another version."""
    try:
        return msgspec.convert(answer, struct)
    except msgspec.ValidationError as error:
        raise LiaisonError("the API is of another version than this command; use --json") from error


def _print_renderable(renderable: Any) -> None:
    Console().print(renderable)


def print_json(value: Any) -> None:
    """One JSON value on a line."""
    typer.echo(orjson.dumps(value))


OwnerTokenOption = Annotated[str, typer.Option(help="Token of the owner agency; setting needs a supervisor's.")]
StatedPurposeOption = Annotated[str, typer.Option(help="Purpose, such as investigation.")]
StatedReferenceOption = Annotated[str, typer.Option("--case-ref", help="Your case reference.")]
Days = Annotated[int, typer.Option(min=1, max=31, help="Days from now.")]


def list_allowances(
    token: OwnerTokenOption,
    purpose: StatedPurposeOption,
    case_reference: StatedReferenceOption,
    as_json: JsonOption = False,
) -> None:
    """Show our hit quotas for other agencies, and the default."""
    found = ask_api(token, purpose, case_reference, "GET", "/v1/hit-allowances")
    if as_json:
        print_json(found["allowances"])
        return
    answer = read_answer(found, HitAllowancesAnswer)
    for row in answer.allowances:
        typer.echo(_format_row(row))
    typer.echo(f"default for each other agency: {answer.daily} a day")


def set_allowance(
    agency: Annotated[str, typer.Argument(help="The agency that gets the higher quota, as for its initial load.")],
    daily: Annotated[int, typer.Option(min=1, max=100_000, help="Hit-only answers per day.")],
    token: OwnerTokenOption,
    purpose: StatedPurposeOption,
    case_reference: StatedReferenceOption,
    days: Days = 14,
    as_json: JsonOption = False,
) -> None:
    """Set a higher hit quota for an agency for a while; it replaces the earlier one. Needs a supervisor's token."""
    body = {"daily": daily, "until": (now() + timedelta(days=days)).isoformat()}
    path = f"/v1/hit-allowances/{agency}"
    answer = ask_api(token, purpose, case_reference, "PUT", path, json=body)
    if as_json:
        print_json(answer["allowance"])
    else:
        typer.echo(_format_row(read_answer(answer, HitAllowanceAnswer).allowance))


def _format_row(row: HitAllowanceRow) -> str:
    return f"{row.agency}\t{row.daily} a day\t{'until' if row.active else 'ended'} {row.until}\tby {row.by}"


def token(
    subject: Annotated[str, typer.Option(help="The user (`sub`).")] = "developer",
    agency: Annotated[str, typer.Option(help="The user's agency.")] = "",
    country: Annotated[str, typer.Option(help="The agency's country, ISO 3166-1 alpha-2.")] = "",
    role: Annotated[list[Role] | None, typer.Option(help="Repeatable; investigator by default.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 30, help="Validity.")] = 8.0,
) -> None:
    """Print a development token, signed with this machine's own key."""
    roles = frozenset(role or [Role.INVESTIGATOR])
    if Role.OPERATOR not in roles and not (agency and country):
        raise typer.BadParameter("--agency and --country are needed for every role but operator")
    requester = Requester(subject, agency, country.upper(), roles)
    typer.echo(issue_token(from_environment(), requester, datetime.now(UTC), timedelta(hours=hours)))
