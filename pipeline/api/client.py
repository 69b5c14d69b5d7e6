"""The command line's way to the API.

Over the network, or, for the local operator of an installation whose API does not run, to the same application in this
process. Either way it is the API that decides, and it audits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

import httpx
import orjson

from pipeline.access.requester import Requester, Role
from pipeline.access.token_keys import issue_token
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.times import now

TIMEOUT_S: Final = 30.0
"""For each step of a request, as httpx counts them: connecting, sending, and the next part of the answer."""

TOKEN_LIFE: Final = timedelta(minutes=5)
"""Of the operator's own token, which is made for one request: longer than that takes, short if it is seen by others."""

OPERATOR: Final = Requester("local operator", "", "", frozenset({Role.OPERATOR}))
OWN_GROUNDS: Final = ("investigation", "command line")
"""What the local operator's reading is recorded under where nothing else is stated."""


class Caller(NamedTuple):
    """Who calls: a token with stated grounds, or, with all empty, the local operator."""

    token: str = ""
    purpose: str = ""
    case_reference: str = ""


async def call_api(settings: Settings, caller: Caller, method: str, path: str, **more: Any) -> Any:
    """The API's answer. Raises LiaisonError with the problem in one line."""
    headers = _make_headers(settings, caller)
    try:
        async with httpx.AsyncClient(base_url=settings.api_url, timeout=TIMEOUT_S) as client:
            return _read_answer(await client.request(method, path, headers=headers, **more))
    except httpx.ConnectError as error:
        if caller.token:
            raise LiaisonError(
                f"the API at {settings.api_url} can't be reached; start it with `liaison serve`"
            ) from error
    except httpx.HTTPError as error:
        raise LiaisonError(
            f"the API at {settings.api_url} is not responding ({type(error).__name__}); try again"
        ) from error
    return await _in_process(settings, method, path, headers, more)


def _make_headers(settings: Settings, caller: Caller) -> dict[str, str]:
    own_purpose, own_reference = ("", "") if caller.token else OWN_GROUNDS
    stated = {
        "Authorization": f"Bearer {caller.token or issue_token(settings, OPERATOR, now(), TOKEN_LIFE)}",
        "Liaison-Purpose": caller.purpose or own_purpose,
        "Liaison-Case-Reference": caller.case_reference or own_reference,
    }
    return {name: value for name, value in stated.items() if value}


async def _in_process(
    settings: Settings, method: str, path: str, headers: Mapping[str, str], more: Mapping[str, Any]
) -> Any:
    """The local operator reads what the index holds, however far it is behind."""
    from pipeline.api.application import create_app
    from pipeline.api.runtime import open_runtime

    lenient = settings.model_copy(update={"max_index_lag": 0.0})
    async with open_runtime(lenient) as runtime:
        app = create_app(lambda: open_runtime(lenient))
        app.state.runtime = runtime
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=settings.api_url) as client:
            return _read_answer(await client.request(method, path, headers=dict(headers), **more))


def _read_answer(response: httpx.Response) -> Any:
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError as error:
        raise LiaisonError(f"{response.url} is not a Liaison API; check LIAISON_API_URL") from error
    if response.is_success:
        return answer
    raise LiaisonError(answer.get("detail") or answer.get("title") or f"the API answers {response.status_code}")
