"""`liaison search`, `case` and `links`: the API's answers in a records."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from pipeline.command_settings import from_environment
from pipeline.ops.json_output import JsonOption

CaseKeyArgument = Annotated[str, typer.Argument(help="Case key, <agency>:<case id>.")]
TokenOption = Annotated[
    str, typer.Option(help="Access token; without one, the local operator asks, sees everything and is audited.")
]
PurposeOption = Annotated[str, typer.Option(help="Purpose; required with a token.")]
CaseReferenceOption = Annotated[str, typer.Option("--case-ref", help="Your case reference; required with a token.")]

OPERATOR = "Acting as the local operator: every case is shown, whatever its handling, and it is audited."


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
    from pipeline.cli.rendering import records

    body = {"question": question, "limit": limit, "country": country.upper(), "evidence": True}
    answer = ask_api(token, purpose, case_reference, "POST", "/v1/search", json=body)
    if as_json:
        print_json(answer["results"] + answer["hits"])
    else:
        if answer["results"] or answer["hits"]:
            _print_renderable(records.search(answer))
        else:
            typer.echo("No matching cases.")
        _print_renderable(records.hints(answer["hints"]))


def case(
    key: CaseKeyArgument,
    as_json: JsonOption = False,
    token: TokenOption = "",
    purpose: PurposeOption = "",
    case_reference: CaseReferenceOption = "",
) -> None:
    """Show a case: record, owner, handling and provenance."""
    from urllib.parse import quote

    from pipeline.cli.rendering import records

    record = ask_api(token, purpose, case_reference, "GET", f"/v1/cases/{quote(key, safe=':')}")["case"]
    if as_json:
        print_json(record)
    else:
        _print_renderable(records.case(record))


def links(
    key: CaseKeyArgument,
    limit: Annotated[int, typer.Option(min=1, max=100, help="Number of links to show, strongest first.")] = 20,
    as_json: JsonOption = False,
    token: TokenOption = "",
    purpose: PurposeOption = "",
    case_reference: CaseReferenceOption = "",
) -> None:
    """Show the links of a case and the reasons for each."""
    from pipeline.cli.rendering import records

    rows = ask_api(token, purpose, case_reference, "GET", "/v1/links", params={"case": key, "limit": limit})["links"]
    if as_json:
        print_json(rows)
    elif rows:
        _print_renderable(records.links(key, rows))
    else:
        typer.echo(f"{key} has no links.")


def ask_api(token: str, purpose: str, case_reference: str, method: str, path: str, **more: Any) -> Any:
    """The API's answer to whoever the options name; without a token to the local operator."""
    from pipeline.api.client import Caller, call_api
    from pipeline.streams.provisioning.users import as_role

    if not token:
        typer.echo(OPERATOR, err=True)
    caller = Caller(token, purpose, case_reference)
    return asyncio.run(call_api(as_role(from_environment(), "api"), caller, method, path, **more))


def _print_renderable(renderable: Any) -> None:
    from rich.console import Console

    Console().print(renderable)


def print_json(value: Any) -> None:
    """One JSON value on a line."""
    import orjson

    typer.echo(orjson.dumps(value))
