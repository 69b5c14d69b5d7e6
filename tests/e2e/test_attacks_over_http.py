"""Attacks over HTTP on a whole installation whose broker asks who one is: sign-in, emergency access, alerts.

An identity provider and the server are processes of their own, as are the stages, each under its own login.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from pipeline.engines.endpoints import Endpoints
from pipeline.engines.ports import LOOPBACK, accepts
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.connection import client_options
from support.access.requesters import make_requester
from support.installation.command import LIAISON
from support.installation.fixtures import STAGE_PROCESS
from support.installation.provisioning import provision
from support.kafka.secure_broker import secure_broker
from support.ports import own_port
from support.processes.starting import started
from support.records.builder import event_bytes, handling, person
from support.waiting import PATIENCE_S, wait

pytestmark = [pytest.mark.engines, pytest.mark.rare, pytest.mark.timeout(600), pytest.mark.xdist_group("attacked site")]

STAGES = ("intake", "correlate", "project", "notify", "attest")
PETROV = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
HIDDEN, OWN = "fr-pj:1", "be-fp:1"
GROUNDS = {"Liaison-Purpose": "investigation", "Liaison-Case-Reference": "2026/1"}
UNSEEN = (401, 403, 404, 409)


class Site:
    """The server's address and the issuer's, and who asks by which token."""

    def __init__(self, settings: Settings, server: str, issuer: str, environment: dict[str, str]) -> None:
        self.settings, self.server, self.issuer, self.environment = settings, server, issuer, environment

    def claims(self, agency: str, subject: str, *roles: str) -> dict[str, Any]:
        """What a sound token of a person says."""
        now = int(time.time())
        times = {"iat": now, "exp": now + 600}
        named = {"sub": subject, "agency": agency, "country": make_requester(agency).country}
        return {"iss": self.issuer, "aud": "liaison", **times, **named, "roles": list(roles or ("investigator",))}

    def sign(self, claims: dict[str, Any]) -> str:
        """The token of these claims, by the issuer's own key."""
        answer = httpx.post(f"{self.issuer}/token", json={k: v for k, v in claims.items() if v is not None})
        return str(answer.json()["token"])

    def token(self, agency: str, subject: str, *roles: str) -> str:
        return self.sign(self.claims(agency, subject, *roles))

    def ask(self, method: str, path: str, token: str, **more: Any) -> httpx.Response:
        headers = GROUNDS | {"Authorization": f"Bearer {token}"}
        return httpx.request(method, self.server + path, headers=headers, timeout=PATIENCE_S, **more)

    def push(self, agency: str, case_id: str, **data: Any) -> None:
        """A record, as its agency sends it."""

        async def send() -> None:
            async with AIOKafkaProducer(**client_options(self.settings)) as producer:
                topic = topics.topic_name(self.settings, topics.CASES, agency=agency)
                value = event_bytes(agency, case_id, [PETROV], **data)
                await producer.send_and_wait(topic, value, f"{agency}:{case_id}".encode())

        asyncio.run(send())


@pytest.fixture(scope="module")
def site(engines: Endpoints) -> Iterator[Site]:
    """Two agencies; the French record is told to Belgians as a hit, and their own names the same man."""
    home, ports = Path(tempfile.mkdtemp(prefix="liaison-site-")), (own_port(), own_port())
    server, issuer = (f"http://{LOOPBACK}:{port}" for port in ports)
    namespace = f"site{os.getpid()}-"
    with ExitStack() as running:
        running.callback(shutil.rmtree, home)
        settings = running.enter_context(
            secure_broker(home, engines.elasticsearch, namespace=namespace, token_issuer=issuer)
        )
        asyncio.run(provision(settings, {"fr-pj": "FR", "be-fp": "BE", "de-bka": "DE"}))
        environment = os.environ | {
            "LIAISON_HOME": str(home), "LIAISON_KAFKA_URL": "", "LIAISON_ELASTICSEARCH_URL": engines.elasticsearch,
            "LIAISON_NAMESPACE": namespace, "LIAISON_TOKEN_ISSUER": issuer, "LIAISON_METRICS_PORT": "0",
        }  # fmt: skip
        running.enter_context(started("support.identity.issuer", environment, home))(str(ports[1]))
        wait(lambda: accepts(LOOPBACK, ports[1]))
        start_stage = running.enter_context(started(STAGE_PROCESS, environment, home))
        for stage in STAGES:
            start_stage(stage)
        running.enter_context(started("support.web.server_process", environment, home))(str(ports[0]))
        wait(lambda: accepts(LOOPBACK, ports[0]))
        found = Site(settings, server, issuer, environment)
        found.push("fr-pj", "1", handling=handling("H2", ["BE"]))
        found.push("be-fp", "1", handling=handling())
        anna = found.token("fr-pj", "anna")
        wait(lambda: found.ask("GET", f"/v1/cases/{HIDDEN}", anna).status_code == 200)
        wait(lambda: found.ask("GET", f"/v1/cases/{OWN}", anna).status_code == 200)
        yield found


@pytest.fixture
def hit(site: Site) -> str:
    """The reference by which Belgians know the French record."""
    asked = {"question": "ivan petrov 1980-05-01"}
    (found,) = site.ask("POST", "/v1/search", site.token("be-fp", "bert"), json=asked).json()["hits"]
    return str(found["reference"])


def test_no_token_but_a_sound_one_reads_anything(site: Site) -> None:
    sound = site.claims("fr-pj", "anna")
    now = int(time.time())
    strange = RSAKey.generate_key(2048, auto_kid=True)
    published = httpx.get(f"{site.issuer}/keys").json()["keys"][0]
    head, body, signature = site.sign(sound).split(".")
    others_body = site.sign(sound | {"agency": "be-fp"}).split(".")[1]
    forged = {
        "another audience": site.sign(sound | {"aud": "another"}),
        "no audience": site.sign(sound | {"aud": None}),
        "another issuer": site.sign(sound | {"iss": "https://evil.example"}),
        "over": site.sign(sound | {"iat": now - 7200, "exp": now - 3600}),
        "of the future": site.sign(sound | {"nbf": now + 3600}),
        "for ever": site.sign(sound | {"exp": None}),
        "of no agency here": site.sign(sound | {"agency": "xx-none"}),
        "of another country": site.sign(sound | {"country": "BE"}),
        "another's key": jwt.encode({"alg": "RS256", "kid": strange.kid}, sound, strange),
        "another's key under a known name": jwt.encode({"alg": "RS256", "kid": published["kid"]}, sound, strange),
        "the public key as a secret": jwt.encode(
            {"alg": "HS256", "kid": published["kid"]}, sound, OctKey.import_key(published["n"])
        ),
        "exchanged claims": f"{head}.{others_body}.{signature}",
        "no signature": f"{head}.{body}.",
        "no token": "nothing",
    }
    answered = {name: site.ask("GET", f"/v1/cases/{HIDDEN}", token).status_code for name, token in forged.items()}
    assert answered == dict.fromkeys(forged, 401)
    assert site.ask("GET", f"/v1/cases/{HIDDEN}", site.sign(sound)).status_code == 200


def test_a_stolen_token_reads_what_its_owner_may_and_nothing_once_their_sessions_are_ended(site: Site) -> None:
    token, other = site.token("be-fp", "robbed"), site.token("be-fp", "bert")
    assert site.ask("GET", f"/v1/cases/{OWN}", token).status_code == 200
    assert site.ask("GET", f"/v1/cases/{HIDDEN}", token).status_code == 404
    words = ("ops", "sessions", "end", "--subject", "robbed", "--agency", "be-fp")
    subprocess.run([sys.executable, LIAISON, *words], env=site.environment, check=True, capture_output=True)
    wait(lambda: site.ask("GET", f"/v1/cases/{OWN}", token).status_code == 401)
    assert site.ask("GET", f"/v1/cases/{OWN}", other).status_code == 200


def test_emergency_access_is_opened_once_by_two_and_to_one(site: Site, hit: str) -> None:
    chief, second, duty = (
        site.token(agency, name, "supervisor")
        for agency, name in (("be-fp", "chief"), ("be-fp", "second"), ("fr-pj", "duty"))
    )
    bert, stranger = site.token("be-fp", "bert"), site.token("de-bka", "stranger", "supervisor")
    wanted = {"reference": hit, "reason": "a life", "hours": 1}
    assert site.ask("POST", "/v1/break-glass", bert, json=wanted).status_code == 403
    assert site.ask("POST", "/v1/break-glass", stranger, json=wanted).status_code in UNSEEN
    name = site.ask("POST", "/v1/break-glass", chief, json=wanted).json()["disclosure"]["id"]
    place = f"/v1/break-glass/{name}/confirm"
    again = site.token("be-fp", "chief", "supervisor", "investigator")  # another session of the same person
    for who in (chief, again, bert, stranger, duty):
        assert site.ask("POST", place, who).status_code in UNSEEN
        assert site.ask("GET", f"/v1/cases/{HIDDEN}", chief).status_code == 404
    with ThreadPoolExecutor(8) as at_once:
        answers = list(at_once.map(lambda _: site.ask("POST", place, second).status_code, range(8)))
    assert answers.count(200) == 1, answers
    assert set(answers) <= {200, 409}
    wait(lambda: site.ask("GET", f"/v1/cases/{HIDDEN}", chief).status_code == 200)
    assert [site.ask("GET", f"/v1/cases/{HIDDEN}", who).status_code for who in (second, bert, stranger)] == [404] * 3
    assert site.ask("POST", f"/v1/break-glass/{name}/withdraw", chief).status_code == 409, "too late"
    wait(lambda: any(name == row["disclosure"] for row in notices(site, duty)))
    assert site.ask("POST", f"/v1/disclosures/{name}/revoke", duty, json={"reason": "no"}).status_code == 200
    assert site.ask("GET", f"/v1/cases/{HIDDEN}", chief).status_code == 404, "at once"


def notices(site: Site, token: str) -> list[dict[str, Any]]:
    """All notices of an agency."""
    rows: list[dict[str, Any]] = list(site.ask("GET", "/v1/notices?limit=100", token).json()["notices"])
    return rows


FILTERS: list[dict[str, Any]] = [
    {}, {"agencies": ["fr-pj"]}, {"agencies": ["be-fp"]}, {"countries": ["FR"]}, {"types": ["vehicle"]},
    {"roles": ["suspect"]}, {"opened_from": "2020-01-01"}, {"opened_to": "1990-01-01"}, {"years": [1990]},
    {"open_only": True}, {"goals": [7]}, {"offences": ["ICCS:0601"]},
]  # fmt: skip
"""Of which the hidden record meets some and not others, and its agency's and country's alone may tell."""


def test_alerts_with_filters_tell_whose_a_hidden_record_is_and_nothing_else(site: Site) -> None:
    bert = site.token("be-fp", "bert")
    made = {}
    for at, filters in enumerate(FILTERS):
        asked = {"question": "ivan petrov born:1980-05-01", "label": f"a{at}", "filters": filters}
        answer = site.ask("POST", "/v1/subscriptions", bert, json=asked)
        assert answer.status_code in (200, 201), answer.text
        made[answer.json()["subscription"]["id"]] = at

    def told() -> set[int]:
        return {
            made[row["subscription"]]
            for row in notices(site, bert)
            if row["agency"] == "fr-pj" and row["subscription"] in made
        }

    whose = {at for at, one in enumerate(FILTERS) if not one.keys() - {"agencies", "countries"}} - {2}
    expected = set(range(len(FILTERS))) - {2}
    wait(lambda: told() == expected)
    assert whose < expected, "what the record says of itself narrows nothing"
