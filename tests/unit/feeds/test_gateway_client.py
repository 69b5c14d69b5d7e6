"""What goes over the line to a gateway, by a real HTTP server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import orjson
import pytest

from pipeline.feeds.gateway_client import Gateway
from pipeline.feeds.signing import RecordSigner
from support.records.samples import message
from support.records.signing import KEY, SIGNED

SIGNER = RecordSigner("fr-pj", KEY, SIGNED)


class GatewayServer(HTTPServer):
    """Keeps the body of the last request."""

    body = b""


class Handler(BaseHTTPRequestHandler):
    """Reads chunks, as the client sends them, and answers one line."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take a feed."""
        body = bytearray()
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        assert isinstance(self.server, GatewayServer)
        self.server.body = bytes(body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(orjson.dumps({"sent": 1}) + b"\n")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server calls it
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[GatewayServer]:
    with GatewayServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("signer", [None, SIGNER])
def test_lines_go_as_they_are_or_signed(gateway: GatewayServer, signer: RecordSigner | None, tmp_path: Path) -> None:
    file = tmp_path / "feed.ndjson"
    lines = [message(version=version, summary="x" * 3000) for version in range(1, 40)]
    file.write_bytes(b"\n".join(lines) + b"\n")
    advanced: list[int] = []
    url = f"http://127.0.0.1:{gateway.server_port}"
    answer = Gateway(url, "t").post_file(file, "fr-pj", "u", validate=True, advance=advanced.append, signer=signer)
    assert list(answer) == [{"sent": 1}]
    assert gateway.body.splitlines() == [signer.sign(line) if signer else line for line in lines]
    assert sum(advanced) == len(gateway.body)
    assert len(advanced) > 1


@pytest.mark.parametrize("signer", [None, SIGNER])
def test_objects_over_several_lines_go_as_a_line_each(
    gateway: GatewayServer, signer: RecordSigner | None, tmp_path: Path
) -> None:
    file = tmp_path / "case.json"
    held = [orjson.loads(message(version=version)) for version in (1, 2)]
    file.write_bytes(orjson.dumps(held, option=orjson.OPT_INDENT_2))
    url = f"http://127.0.0.1:{gateway.server_port}"
    sent = Gateway(url, "t").post_file(file, "fr-pj", "u", validate=True, advance=lambda _: None, signer=signer)
    assert list(sent) == [{"sent": 1}]
    assert [orjson.loads(line)["data"] for line in gateway.body.splitlines()] == [one["data"] for one in held]
