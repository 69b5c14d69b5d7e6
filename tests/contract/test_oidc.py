"""Tokens of a real OpenID Connect issuer: found by discovery, followed through a change of keys, and nothing else."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from pipeline.access.audit import ActKind
from pipeline.access.tokens import KEPT, REFETCH_AFTER
from pipeline.engines.ports import LOOPBACK, accepts
from pipeline.errors import LiaisonError
from support.api.runtime import GROUNDS, NOW, Api
from support.api.runtime import stages as stages
from support.index.documents import PureStages
from support.ports import own_port
from support.processes.commands import command_of, with_support
from support.records.builder import record
from support.waiting import PATIENCE_S, WaitFor

ISSUER_PROCESS = "support.identity.issuer"
CLAIMS: dict[str, Any] = {
    "aud": "liaison", "sub": "anna", "agency": "fr-pj", "country": "FR", "roles": ["investigator"],
    "exp": int(NOW.timestamp()) + 3600, "iat": int(NOW.timestamp()),
}  # fmt: skip


class Issuer:
    """The issuer's process, and what is asked of it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{LOOPBACK}:{port}"
        self.process = subprocess.Popen(command_of(ISSUER_PROCESS, str(port)), env=with_support(os.environ))

    def token(self, **claims: Any) -> str:
        told = {name: value for name, value in ({"iss": self.url} | CLAIMS | claims).items() if value is not None}
        return str(httpx.post(f"{self.url}/token", json=told, timeout=PATIENCE_S).json()["token"])

    def key_id(self) -> str:
        return str(httpx.get(f"{self.url}/keys", timeout=PATIENCE_S).json()["keys"][-1]["kid"])

    def do(self, what: str) -> None:
        """`rotate` its keys, or publish a `foreign` document."""
        httpx.post(f"{self.url}/{what}", timeout=PATIENCE_S)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def issuer(wait_for: WaitFor) -> Iterator[Issuer]:
    port = own_port()
    found = Issuer(port)
    try:
        wait_for(lambda: accepts(LOOPBACK, port))
        yield found
    finally:
        found.end()


@pytest.fixture
def api(stages: PureStages, tmp_path: Path, issuer: Issuer) -> Api:
    made = Api(stages, tmp_path, token_issuer=issuer.url)
    made.hold(record("fr-pj"))
    return made


async def answered(api: Api, token: str) -> int:
    headers = {**GROUNDS, "Authorization": f"Bearer {token}"}
    return (await api.get("/v1/cases/fr-pj:1", who=None, headers=headers)).status_code


async def test_its_tokens_name_their_bearer(api: Api, issuer: Issuer) -> None:
    assert await answered(api, issuer.token()) == 200
    assert api.audit.acts[-1].subject == "anna"


async def test_requests_that_come_before_the_keys_wait_for_them(api: Api, issuer: Issuer) -> None:
    token = issuer.token()
    assert await asyncio.gather(*(answered(api, token) for _ in range(5))) == [200] * 5


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"}, {"aud": None}, {"iss": "https://evil.example"}, {"iss": None},
        {"exp": int(NOW.timestamp()) - 31}, {"exp": None}, {"nbf": int(NOW.timestamp()) + 60}, {"sub": None},
    ],
    ids=str,
)  # fmt: skip
async def test_what_it_signed_for_others_or_for_another_time_is_refused(api: Api, issuer: Issuer, claims: Any) -> None:
    assert await answered(api, issuer.token(**claims)) == 401


async def test_what_it_did_not_sign_is_refused(api: Api, issuer: Issuer) -> None:
    claims = CLAIMS | {"iss": issuer.url}
    stranger = RSAKey.generate_key(2048)
    for kid in (issuer.key_id(), "unknown"):
        forged = jwt.encode({"alg": "RS256", "kid": kid}, claims, stranger)
        assert await answered(api, forged) == 401
    head, body = (
        base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=")
        for one in ({"alg": "none", "kid": issuer.key_id()}, claims)
    )
    for unsigned in (f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.AAAA"):
        assert await answered(api, unsigned) == 401
    assert {(act.kind, act.subject, act.object) for act in api.audit.acts} == {
        (ActKind.REFUSED, "", "401 GET /v1/cases/{key}")
    }


async def test_a_new_key_is_found_and_an_old_one_ends(api: Api, issuer: Issuer) -> None:
    first = issuer.token()
    assert await answered(api, first) == 200
    issuer.do("rotate")
    second = issuer.token()
    api.now += REFETCH_AFTER
    assert [await answered(api, one) for one in (second, first)] == [200, 200]
    issuer.do("rotate")  # takes the first key back
    api.now += KEPT
    assert [await answered(api, one) for one in (first, second)] == [401, 200]


async def test_while_it_is_away_known_keys_hold_and_without_any_nobody_is_called_a_stranger(
    api: Api, issuer: Issuer, stages: PureStages, tmp_path: Path
) -> None:
    token = issuer.token()
    assert await answered(api, token) == 200
    issuer.end()
    api.now += KEPT + timedelta(seconds=1)
    assert await answered(api, token) == 200
    fresh = Api(stages, tmp_path, token_issuer=issuer.url)
    answer = await fresh.get("/v1/cases/fr-pj:1", who=None, headers={**GROUNDS, "Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_another_issuers_document_is_not_taken(api: Api, issuer: Issuer) -> None:
    issuer.do("foreign")
    assert await answered(api, issuer.token()) == 503


async def test_keys_do_not_come_unprotected_over_a_network(stages: PureStages, tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match="https"):
        Api(stages, tmp_path, token_issuer="http://id.example")
