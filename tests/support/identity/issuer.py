"""A small OpenID Connect issuer on loopback, as a process of its own: `python -m support.identity.issuer PORT`.

GET /.well-known/openid-configuration and /keys; POST /token signs the claims it is sent with its newest key, POST
/rotate makes a new key and takes back all but the one before, POST /foreign?on=1 names another issuer in the document.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey


class Issuer(BaseHTTPRequestHandler):
    """One request; the keys are the process's."""

    keys: ClassVar[list[RSAKey]] = []
    foreign = False

    def do_GET(self) -> None:
        url = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
        if self.path == "/keys":
            self._answer(KeySet([*self.keys]).as_dict(private=False))
        elif self.path == "/.well-known/openid-configuration":
            self._answer({"issuer": "https://evil.example" if self.foreign else url, "jwks_uri": f"{url}/keys"})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        claims = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/rotate":
            type(self).keys = [*self.keys[-1:], RSAKey.generate_key(2048, auto_kid=True)]
        elif self.path == "/foreign":
            type(self).foreign = True
        else:
            key = self.keys[-1]
            self._answer({"token": jwt.encode({"alg": "RS256", "kid": key.kid}, json.loads(claims), key)})
            return
        self._answer({})

    def _answer(self, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Issuer.keys = [RSAKey.generate_key(2048, auto_kid=True)]
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Issuer).serve_forever()
