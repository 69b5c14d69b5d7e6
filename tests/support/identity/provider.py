"""An identity provider that people sign in at: the issuer with OpenID Connect's authorisation code flow and PKCE.

`python -m support.identity.provider PORT`. GET /authorize is its page, which asks for a name; POST /exchange gives an
ID token for a code, once, to who holds the verifier of its challenge (RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
import sys
import time
from http.server import ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from support.identity.issuer import Issuer

CLIENT = "liaison-pages"
CLAIRE: dict[str, Any] = {"sub": "claire@fr-pj", "agency": "fr-pj", "country": "FR", "roles": ["investigator"]}
PEOPLE: dict[str, dict[str, Any]] = {
    "claire": CLAIRE,
    "another-journey": CLAIRE | {"nonce": "another's"},
    "another-client": CLAIRE | {"azp": "another"},
    "another-access-token": CLAIRE | {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "another-audience": CLAIRE | {"aud": "another"},
}
"""Names to enter by, and what the ID token then says beside, or in place of, what is right."""


class Provider(Issuer):
    """One request; codes are the process's."""

    codes: ClassVar[dict[str, dict[str, str]]] = {}

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        path, asked = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        url = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
        if path == "/.well-known/openid-configuration":
            issuer = "https://evil.example" if self.foreign else url
            ends = {"authorization_endpoint": f"{url}/authorize", "token_endpoint": f"{url}/exchange"}
            self._answer({"issuer": issuer, "jwks_uri": f"{url}/keys"} | ends)
        elif path == "/authorize":
            self._ask(asked)
        elif path == "/enter":
            self._enter(asked)
        else:
            super().do_GET()

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        if self.path != "/exchange":
            super().do_POST()
            return
        sent = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        begun = self.codes.pop(sent.get("code", ""), None)
        if begun is None or not _fits(begun, sent):
            self.send_error(400, "invalid_grant")
            return
        now = int(time.time())
        url = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
        claims = {"iss": url, "aud": CLIENT, "iat": now, "exp": now + 600, "nonce": begun["nonce"]} | PEOPLE[
            begun["name"]
        ]
        key = self.keys[-1]
        self._answer(
            {
                "id_token": jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key),
                "token_type": "Bearer",
                "access_token": "an-access-token",
            }
        )

    def _ask(self, asked: dict[str, str]) -> None:
        """The page that asks who it is; what the client sent goes along."""
        right = asked.get("response_type") == "code" and asked.get("code_challenge_method") == "S256"
        if not right or asked.get("client_id") != CLIENT or "openid" not in asked.get("scope", ""):
            self.send_error(400, "invalid_request")
            return
        kept = "".join(f'<input type="hidden" name="{name}" value="{html.escape(asked[name])}">' for name in asked)
        form = f'<form action="/enter">{kept}<label>Name <input name="name"></label><button>Enter</button></form>'
        self._send(200, f'<!doctype html><html lang="en"><title>Provider</title><h1>Provider</h1>{form}'.encode())

    def _enter(self, asked: dict[str, str]) -> None:
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        self._send(302, b"", Location=back)

    def _send(self, status: int, body: bytes, **headers: Any) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Type": "text/html", "Content-Length": len(body)}).items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


def _fits(begun: dict[str, str], sent: dict[str, str]) -> bool:
    """Whether a code is exchanged by who began, as RFC 7636 has it."""
    digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    same = begun["redirect_uri"] == sent.get("redirect_uri") and sent.get("client_id") == CLIENT
    return same and challenge == begun["code_challenge"] and sent.get("grant_type") == "authorization_code"


if __name__ == "__main__":
    Issuer.keys = [RSAKey.generate_key(2048, auto_kid=True)]
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()
