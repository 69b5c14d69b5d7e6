"""What an agency asks the API of the audit log: its tag keys, and proofs of the accesses to its records."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Final

import httpx

from pipeline.errors import LiaisonError
from pipeline.feeds.gateway_client import problem_detail
from pipeline.settings import Settings

PATIENCE_S: Final = 60.0
"""Longest silence of the API, which waits some seconds for its index, then sends proofs a page at a time."""

PURPOSE: Final = "investigation"


def fetch_tag_keys(settings: Settings, token: str, case_reference: str) -> dict[str, str]:
    """The agency's tag keys, base64url by id. Raises LiaisonError."""
    try:
        with _make_client(settings, token, case_reference) as client:
            answer = client.get("/v1/audit/log/keys")
            _raise_if_refused(answer)
            keys: dict[str, str] = answer.json()["keys"]
            return keys
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise _unreachable_error(settings, error) from error


def fetch_accesses(settings: Settings, token: str, case_reference: str, first: int, output: Path) -> int:
    """Write the proofs to a file, whole or not at all; returns its size. Raises LiaisonError."""
    draft = output.with_name(f"{output.name}.part")
    try:
        with (
            _make_client(settings, token, case_reference) as client,
            client.stream("GET", "/v1/audit/log/accesses", params={"first": first}) as answer,
            draft.open("wb") as file,
        ):
            _raise_if_refused(answer)
            for part in answer.iter_bytes():
                file.write(part)
    except httpx.HTTPError as error:
        raise _unreachable_error(settings, error) from error
    draft.replace(output)
    return output.stat().st_size


def _make_client(settings: Settings, token: str, case_reference: str) -> httpx.Client:
    headers = {
        "Authorization": f"Bearer {token}",
        "Liaison-Purpose": PURPOSE,
        "Liaison-Case-Reference": case_reference,
    }
    options: dict[str, Any] = {"base_url": settings.api_url, "timeout": PATIENCE_S, "headers": headers}
    if settings.api_ca_file:
        options["verify"] = ssl.create_default_context(cafile=settings.api_ca_file)
    return httpx.Client(**options)


def _raise_if_refused(answer: httpx.Response) -> None:
    if answer.is_error:
        raise LiaisonError(f"the API refused: {problem_detail(answer.read()) or answer.reason_phrase}")


def _unreachable_error(settings: Settings, error: Exception) -> LiaisonError:
    return LiaisonError(
        f"the API at {settings.api_url} can't be reached or the connection broke ({type(error).__name__}); try again"
    )
