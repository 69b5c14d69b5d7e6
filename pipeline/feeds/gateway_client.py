"""What agencies without Kafka ask over HTTPS: `liaison feed push --gateway`, and their own accesses.

An agency's accesses come from the API of the audit log: its tag keys, and proofs of the accesses to its records.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from pipeline.errors import LiaisonError
from pipeline.feeds.files import is_by_line, numbered_lines
from pipeline.feeds.signing import RecordSigner, signed_lines
from pipeline.settings import Settings

PIECE_BYTES: Final = 1 << 16
PATIENCE_S: Final = 180.0
"""Longest silence of the gateway, which waits for intake for up to 120 s."""


@dataclass(frozen=True)
class Gateway:
    """An installation's API at `url`, reached with a token with the role feed.

    `ca_file` has the authority that signed its certificate, in PEM; None: the system's.
    """

    url: str
    token: str = field(repr=False)
    ca_file: Path | None = None

    def post_file(
        self,
        file: Path,
        agency: str,
        upload: str,
        *,
        validate: bool,
        advance: Callable[[int], Any],
        signer: RecordSigner | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Send an agency's file under the name `upload`; gives the objects of the answer as they come.

        `advance` hears how many bytes have gone. With a `signer` each line is signed on its way. Raises LiaisonError;
        the same call again sends nothing twice.
        """
        address = f"{self.url.rstrip('/')}/v1/feeds/{agency}/cases"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/x-ndjson"}
        query = {"upload": upload, "validate": str(validate).lower()}
        tls = ssl.create_default_context(cafile=self.ca_file)
        body = _read_pieces(file, advance) if is_by_line(file) and not signer else _write_pieces(file, signer, advance)
        try:
            with (
                httpx.Client(timeout=PATIENCE_S, verify=tls) as client,
                client.stream("POST", address, params=query, headers=headers, content=body) as answer,
            ):
                if answer.is_error:
                    raise LiaisonError(f"the gateway refused: {problem_detail(answer.read()) or answer.reason_phrase}")
                for line in answer.iter_lines():
                    yield orjson.loads(line)
        except (httpx.HTTPError, orjson.JSONDecodeError) as error:
            raise LiaisonError(
                f"the gateway can't be reached or broke off ({type(error).__name__}); "
                "run the same command again to go on"
            ) from error


def _write_pieces(file: Path, signer: RecordSigner | None, advance: Callable[[int], Any]) -> Iterator[bytes]:
    """The file's records, signed or as they are, a line each, by pieces as large as those of a file sent as it is."""
    piece, records = bytearray(), numbered_lines(file)
    for line in signed_lines(records, signer) if signer else (raw + b"\n" for _, raw in records):
        piece += line
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            advance(len(piece))
            piece.clear()
    if piece:
        yield bytes(piece)
        advance(len(piece))


def _read_pieces(file: Path, advance: Callable[[int], Any]) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(PIECE_BYTES):
            yield piece
            advance(len(piece))


def problem_detail(body: bytes) -> str:
    """What an answer of the API says is wrong; "" where it says nothing."""
    try:
        problem = orjson.loads(body)
        return str(problem.get("detail") or problem["title"])
    except (orjson.JSONDecodeError, KeyError, AttributeError):
        return ""


API_PATIENCE_S: Final = 60.0
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
    options: dict[str, Any] = {"base_url": settings.api_url, "timeout": API_PATIENCE_S, "headers": headers}
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
