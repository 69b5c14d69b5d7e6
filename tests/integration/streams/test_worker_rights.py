"""On engines that ask: each process has the rights that it needs, needs each that it has, and tells no secret."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from elasticsearch import AsyncElasticsearch
from pydantic import SecretStr

from pipeline.access.requester import Role
from pipeline.access.token_keys import issue_token
from pipeline.engines.layout import StackLayout
from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import Indices, index_body
from pipeline.index.rights import OPERATOR, USERS, index_patterns
from pipeline.matching.model import load_model
from pipeline.matching.model_file import Prior, encode_model
from pipeline.ops.backup.restored_state import refuse_unless_empty
from pipeline.ops.manifests import elasticsearch_roles
from pipeline.ops.status.overview import read_overview
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import API, ROLES, role_grants
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.monitoring.lag import measure_lag
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.provisioning.users import as_role
from pipeline.streams.registers import registry
from pipeline.streams.registers.control import read_control
from pipeline.streams.workers.supervisor import STAGES
from pipeline.times import now
from pipeline.web.csrf import COOKIE, make_form_token
from support.access.requesters import make_requester
from support.index.secure_node import PASSWORD, TESTER, IndexAct, SecureNode, secure_node
from support.installation.command import LIAISON
from support.installation.records import COUNTRIES, RecordMaker
from support.kafka.secure_broker import AccessRule, log_decisions, refusals, rules_used, secure_broker
from support.ports import own_port
from support.processes import warm
from support.processes.warm import WarmProcess
from support.waiting import PATIENCE_S, WaitFor

pytestmark = [
    pytest.mark.engines,
    pytest.mark.rare,
    pytest.mark.xdist_group("worker rights"),
    pytest.mark.timeout(600),
]

SECRETS = {"LIAISON_OIDC_CLIENT_SECRET": "canary-of-the-sign-in", "LIAISON_ELASTICSEARCH_PASSWORD": PASSWORD}

PIPELINE = Path(__file__).parents[3] / "pipeline"

ACTIONS = {
    "search": "indices:data/read/search", "mget": "indices:data/read/mget",
    "open_point_in_time": "indices:data/read/open_point_in_time",
    "close_point_in_time": "indices:data/read/close_point_in_time",
    "perform_request": "indices:data/write/bulk",
    "indices.refresh": "indices:admin/refresh", "indices.stats": "indices:monitor/stats",
    "indices.exists_alias": "indices:admin/aliases/get", "indices.get_alias": "indices:admin/aliases/get",
    "indices.get_mapping": "indices:admin/mappings/get", "indices.get_settings": "indices:monitor/settings/get",
    "indices.create": "indices:admin/create", "indices.put_mapping": "indices:admin/mapping/put",
    "indices.update_aliases": "indices:admin/aliases", "indices.put_settings": "indices:admin/settings/update",
    "indices.add_block": "indices:admin/block/add", "indices.forcemerge": "indices:admin/forcemerge",
    "indices.delete": "indices:admin/delete",
}  # fmt: skip
"""Each call of the client that our code makes, with what Elasticsearch names it where it asks for a right; the last
part of one is that of its REST API. Requests by `perform_request` are bulk requests (pipeline.index.writer)."""

NOBODY = ("intake", "derive", "correlate", "attest")
"""Processes that ask nothing of the index: their users have no role."""

NO_NAME = ("*", "-*")
"""What the audit calls the names of an act whose pattern no index has."""

HIT_ONLY = {"code": "H2", "releasable_to": ["*"], "purposes": ["investigation", "correlation"]}
SILENT = {"code": "H3", "releasable_to": [], "purposes": ["investigation", "correlation"]}
WHY = {"Liaison-Purpose": "investigation", "Liaison-Case-Reference": "2026/1"}


class Secured:
    """An installation on a broker that asks, with every process under its own user, and what all of them print."""

    def __init__(self, operator: Settings, index: SecureNode, folder: Path, wait_for: Callable[..., Any]) -> None:
        self.operator, self.index, self.folder, self.wait_for = operator, index, folder, wait_for
        self.port = own_port()
        self.environment = {
            **os.environ, **SECRETS, "LIAISON_HOME": str(operator.home), "LIAISON_NAMESPACE": operator.namespace,
            "LIAISON_ELASTICSEARCH_URL": operator.elasticsearch_url, "LIAISON_KAFKA_URL": "",
            "LIAISON_METRICS_PORT": "0",
        }  # fmt: skip
        people = (
            make_requester("fr-pj", Role.INVESTIGATOR, Role.FEED, subject="anna"),
            make_requester("be-fp", Role.SUPERVISOR, Role.FEED, subject="bert"),
        )
        self.tokens = {
            requester.subject: issue_token(operator, requester, now(), timedelta(hours=1)) for requester in people
        }
        self._processes = ExitStack()

    def start(self, *words: str) -> WarmProcess:
        """A `liaison` process until the end, its output in a file."""
        process_name = words[1] if words[0] == "worker" else API
        with (self.folder / f"{'-'.join(words[:2])}-{time.monotonic_ns()}.log").open("wb") as log:
            process = warm.start([sys.executable, str(LIAISON), *words], self._environment_of(process_name), log, log)
        self._processes.callback(self.end, process)
        return process

    def _environment_of(self, process: str) -> dict[str, str]:
        return {**self.environment, "LIAISON_ELASTICSEARCH_USERNAME": self.index_user(process)}

    def index_user(self, process: str) -> str:
        """The name of a process's user of the index."""
        return self.operator.namespace + process

    def as_api(self) -> Settings:
        """The API's own user of both engines."""
        return as_role(self.operator, API).model_copy(update={"elasticsearch_username": self.index_user(API)})

    def end(self, process: WarmProcess) -> None:
        """End it for good: a worker then leaves its group."""
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)

    def close(self) -> None:
        self._processes.close()

    def run(self, *words: str) -> str:
        """A `liaison` command to its end; what it prints is kept as well."""
        done = warm.run(words, self._environment_of(OPERATOR))
        (self.folder / f"{'-'.join(words[:2])}-{time.monotonic_ns()}.log").write_text(done.stdout + done.stderr)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, who: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = WHY | {"Authorization": f"Bearer {self.tokens[who]}"}
        answer = httpx.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=PATIENCE_S, **more
        )
        with (self.folder / "answers.log").open("a") as log:
            log.write(f"{answer.headers}\n{answer.text}\n")
        return answer

    def said(self) -> Iterator[tuple[str, str]]:
        """Everything that was printed or logged, the engines' logs included."""
        for file in [*self.folder.glob("*.log"), *(self.operator.home / "logs").glob("*.log*")]:
            yield file.name, file.read_text(errors="replace")

    def index_acts(self, process: str) -> set[IndexAct]:
        """What a process asked of the index."""
        return {act for act in self.index.acts() if act.user == self.index_user(process)}

    def unused(self) -> dict[str, set[AccessRule]]:
        """By role, the rights without which all that was done would have been allowed just the same."""
        used = rules_used(self.operator.home)
        granted = {role: {AccessRule(*grant) for grant in role_grants(self.operator, role)} for role in ROLES}
        granted["project"] -= {
            rule
            for rule in granted["project"]
            if (rule.name, rule.operation) == (f"{self.operator.namespace}hit_guesses", "WRITE")
        }  # what was refused is asked again when a span of ten days is over: used later than a test can wait
        return {
            role: rules - used.get(self.operator.namespace + role, set())
            for role, rules in granted.items()
            if rules - used.get(self.operator.namespace + role, set())
        }


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, wait_for: WaitFor) -> Iterator[Secured]:
    """Everything that a right is for has been done in it."""
    home, folder, namespace = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("said"), f"t{os.getpid()}-"
    roles = elasticsearch_roles(Settings(namespace=namespace))
    fewer = {name: role for each in USERS for name, role in roles_with_less(namespace, each.process).items()}
    users = {role: role for role in [*roles, *fewer]} | {namespace + process: "" for process in NOBODY}
    with secure_node(roles | fewer, users) as index:
        login = {"elasticsearch_username": namespace + OPERATOR, "elasticsearch_password": SecretStr(PASSWORD)}
        with secure_broker(home, index.url, namespace=namespace, **login) as operator:
            log_decisions(operator)
            found = Secured(operator, index, folder, wait_for)
            try:
                live(found)
                yield found
            finally:
                found.close()


def roles_with_less(namespace: str, process: str) -> dict[str, Any]:
    """For each privilege of a process a role without it, by name."""
    (held,) = elasticsearch_roles(Settings(namespace=namespace))[namespace + process]["indices"]
    return {
        f"{namespace}{process}-without-{privilege}": {
            "indices": [held | {"privileges": [other for other in held["privileges"] if other != privilege]}]
        }
        for privilege in held["privileges"]
    }


def live(secured: Secured) -> None:
    """Records, decisions, faults of ours, a store that is lost, a second generation, what operators do to the index."""
    asyncio.run(prepare(secured.operator))
    make_earlier_index(secured)
    workers = {stage: secured.start("worker", stage) for stage in STAGES}
    secured.start("serve", "--port", str(secured.port))
    secured.wait_for(lambda: serves(secured), 90)
    push(secured)
    links = secured.wait_for(lambda: linked(secured), 120)
    hits = secured.wait_for(lambda: withheld(secured))
    decide(secured, next(link["link_id"] for link in links if "link_id" in link), hits[0]["reference"])
    secured.end(workers["project"])
    asyncio.run(poison(secured.operator, *DECISIONS))
    count_waiting(secured)
    lead_readers_nowhere(secured)
    secured.start("worker", "project")
    asyncio.run(poison(secured.operator, topics.ACCEPTED, topics.FINGERPRINTS))
    lose_the_store(secured, workers["correlate"])
    build_another(secured)
    secured.end(workers["intake"])
    asyncio.run(poison(secured.operator, topics.EXPIRIES))
    look_after(secured)
    care_for_the_index(secured)
    sign_out(secured)


async def prepare(operator: Settings) -> None:
    await apply_all(operator)
    await refuse_unless_empty(operator, ())  # as a restore does
    for name, country in COUNTRIES.items():
        await registry.register_agency(operator, Agency(name, country))


EARLIER = "folder_visits"


def make_earlier_index(secured: Secured) -> None:
    """An index as an earlier version made it, which lacks a field."""
    body = index_body(EARLIER)
    body["mappings"]["properties"].pop(CATALOGUE[EARLIER][-1].path)
    indices = Indices(secured.operator.namespace, "")
    aliases = {"aliases": {indices.write_alias(EARLIER): {"is_write_index": True}}}
    secured.index.ask(TESTER, "PUT", f"/{indices.first_index(EARLIER)}", body | aliases)


def lead_readers_nowhere(secured: Secured) -> None:
    """As if a switch had been cut short: readers' alias of cases is gone."""
    alias = Indices(secured.operator.namespace, "").read_alias("cases")
    (index,) = secured.index.ask(TESTER, "GET", f"/_alias/{alias}")
    secured.index.ask(TESTER, "POST", "/_aliases", {"actions": [{"remove": {"index": index, "alias": alias}}]})


def serves(secured: Secured) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{secured.port}/readyz", timeout=PATIENCE_S).is_success
    except httpx.TransportError:
        return False


def push(secured: Secured) -> None:
    records = RecordMaker()
    petrov = records.person(names=[{"given": "Ivan", "family": "Petrov"}], birth_date="1980-05-14")
    feeds = {
        ("anna", "fr-pj"): [
            records.message("fr-pj", "1", people=[petrov]),
            records.message("fr-pj", "2", people=[petrov], handling=SILENT),
        ],
        ("bert", "be-fp"): [
            records.message("be-fp", "1", people=[petrov]),
            records.message("be-fp", "2", people=[petrov], handling=HIT_ONLY),
        ],
    }
    for (who, agency), messages in feeds.items():
        body = b"\n".join([*(message.value or b"" for message in messages), b"{broken"])
        answer = secured.ask(who, "POST", f"/v1/feeds/{agency}/cases?validate=false&upload=first", content=body)
        assert answer.status_code == 200, answer.text
        assert '"accepted"' in answer.text


DECISIONS = (topics.REVIEWS, topics.ASSIGNMENTS, topics.DISCLOSURES)
LINKS = "/v1/links?case=fr-pj:1"
QUESTION = "Ivan Petrov 1980-05-14"


def linked(secured: Secured) -> list[dict[str, Any]]:
    """The links of Anna's case, once both are there: one with what she may read, one with a hit."""
    answer = secured.ask("anna", "GET", LINKS)
    links: list[dict[str, Any]] = answer.json()["links"] if answer.is_success else []
    return links if len(links) == 2 else []


def withheld(secured: Secured) -> list[dict[str, Any]]:
    """What Anna's question finds of a case that is not for her to read: links become searchable before cases may."""
    answer = secured.ask("anna", "POST", "/v1/search", json={"question": QUESTION}).json()
    hits: list[dict[str, Any]] = answer["hits"]
    return hits


def decide(secured: Secured, link: str, reference: str) -> None:
    until = (now() + timedelta(days=1)).isoformat()
    done = [
        *(
            secured.ask(who, "POST", "/v1/subscriptions", json={"question": QUESTION, "share": True})
            for who in ("anna", "bert")
        ),
        secured.ask("bert", "PUT", "/v1/hit-allowances/fr-pj", json={"daily": 500, "until": until}),
        secured.ask("anna", "POST", f"/v1/links/{link}/reviews", json={"verdict": "same", "reason": "the same"}),
        secured.ask("anna", "PUT", f"/v1/inbox/{link}", json={"assignee": "anna"}),
        secured.ask(
            "anna", "POST", "/v1/disclosures", json={"reference": reference, "reason": "needed", "deadline": until}
        ),
    ]
    folder = secured.wait_for(lambda: make_folder(secured), 90)
    done += [
        secured.ask("anna", "POST", f"/v1/folders/{folder}/items", json={"items": ["record fr-pj:1"]}),
        secured.ask("anna", "POST", f"/v1/folders/{folder}/charts", json={"title": "Ring", "content": "{}"}),
        secured.ask("anna", "POST", f"/v1/folders/{folder}/visit"),
    ]
    assert all(is_kept(response) for response in done), [response.text for response in done]


def make_folder(secured: Secured) -> str:
    """The id of a new folder, "" where the index does not show it yet."""
    answer = secured.ask("anna", "POST", "/v1/folders", json={"title": "Kestrel"})
    made: str = answer.json()["folder"]["id"] if answer.is_success else ""
    return made


def is_kept(answer: httpx.Response) -> bool:
    """Whether a decision was saved, though the index may show it later than a request waits for that."""
    return answer.is_success or "saved; it takes effect" in answer.text


def count_waiting(secured: Secured) -> None:
    """Decisions are read under the API's own user only to count those that nobody has projected yet."""
    waiting = {lag.topic for lag in asyncio.run(measure_lag(secured.as_api())) if lag.lag}
    assert {topics.topic_name(secured.operator, topic) for topic in DECISIONS} <= waiting


def look_after(secured: Secured) -> None:
    """What the page of those who operate shows, asked under the API's own user."""
    seen = asyncio.run(read_overview(secured.as_api(), now()))
    assert "cases.fr-pj" in {records.topic for records in seen.waiting}
    assert "cases.fr-pj" in {rate.topic for rate in seen.throughput.rates}
    assert len(seen.generations) == 2
    assert all(one.records >= one.nameless for one in seen.silent)


def care_for_the_index(secured: Secured) -> None:
    """Each command that reads the index or changes it; lists in pages, whose place is kept."""
    secured.wait_for(lambda: linked(secured), 120)
    secured.run("ops", "trace", "fr-pj:1")
    secured.run("ops", "policy", "explain", "fr-pj:1")
    secured.run("ops", "subject-report", QUESTION, "--agency", "fr-pj")
    secured.run("ops", "sweep")
    secured.run("ops", "reindex", "--replicas-only")
    secured.run("ops", "reindex", "--kind", "links", "--kind", "folders")
    assert secured.ask("anna", "GET", "/v1/export/cases").is_success


def sign_out(secured: Secured) -> None:
    """A session is ended for all servers."""
    anna = secured.tokens["anna"]
    stated = quote(json.dumps({"purpose": "investigation", "case_reference": "2026/1"}))
    answer = httpx.post(
        f"http://127.0.0.1:{secured.port}/sign-out",
        data={"csrf": make_form_token("secret", anna)},
        cookies={"liaison_token": anna, "liaison_grounds": stated, COOKIE: "secret"},
        timeout=PATIENCE_S,
    )
    assert answer.headers["location"] == "/sign-in?after=/"


async def poison(operator: Settings, *where: topics.Topic) -> None:
    """What no stage of ours can read, in its input: kept in `rejected` by whom it reaches, or left out."""
    active = (await read_control(operator)).active
    async with AIOKafkaProducer(**client_options(operator)) as producer:
        for topic in where:
            name = topics.topic_name(operator, topic, generation=active)
            await producer.send_and_wait(name, b"poison", key=b"poison", partition=0)


def lose_the_store(secured: Secured, correlate: WarmProcess) -> None:
    secured.end(correlate)
    shutil.rmtree(secured.operator.home / "stores" / "0" / "correlate")
    secured.start("worker", "correlate")


def build_another(secured: Secured) -> None:
    file = load_model().file
    path = secured.folder / "other.json"
    prior = Prior(file.prior.bits - 100, {kind: bits - 100 for kind, bits in file.prior.companions.items()})
    path.write_bytes(encode_model(msgspec.structs.replace(file, version="other", prior=prior)))
    new = json.loads(secured.run("ops", "generation", "build", "--model", str(path), "--json"))["generation"]
    secured.start("worker", "derive", "--generation", new)


def test_every_processs_own_rights_suffice(secured: Secured) -> None:
    assert refusals(secured.operator.home) == []


def test_no_process_has_a_right_that_it_does_not_need(secured: Secured) -> None:
    with suppress(pytest.fail.Exception):
        secured.wait_for(lambda: not secured.unused(), 150)
    assert secured.unused() == {}


def test_every_processs_privileges_on_the_index_suffice(secured: Secured) -> None:
    assert {act for act in secured.index.acts() if act.is_refused} == set()


def test_no_process_has_a_privilege_on_the_index_that_it_does_not_need(secured: Secured) -> None:
    """Of each privilege, a role without it is refused something that the process did: by Elasticsearch's own word."""
    spare = {
        (each.process, privilege)
        for each in USERS
        for privilege in each.privileges
        if suffices_without(secured, each.process, privilege)
    }
    assert spare == set()


def suffices_without(secured: Secured, process: str, privilege: str) -> bool:
    acts = [act for act in secured.index_acts(process) if act.action.startswith("indices:")]
    asked = {act.action for act in acts}, {name for act in acts for name in act.names if name not in NO_NAME}
    user = secured.index_user(process)
    assert secured.index.may(user, *asked), process
    return secured.index.may(f"{user}-without-{privilege}", *asked)


def test_processes_without_a_role_ask_nothing_of_the_index(secured: Secured) -> None:
    assert {process: secured.index_acts(process) for process in NOBODY} == {process: set() for process in NOBODY}
    assert set(NOBODY) | {each.process for each in USERS} == {*ROLES, OPERATOR}


def test_each_pattern_of_names_is_of_an_index_or_alias_that_is_used(secured: Secured) -> None:
    names = {name for each in USERS for act in secured.index_acts(each.process) for name in act.names}
    assert [one for one in index_patterns(secured.operator) if not any(fnmatchcase(name, one) for name in names)] == []


def test_all_that_our_code_asks_of_the_index_was_asked(secured: Secured) -> None:
    """A call that the code has and the story above lacks would have been tried by no test."""
    done = {act.action for each in USERS for act in secured.index_acts(each.process)}
    assert calls_of_the_client() == set(ACTIONS)
    assert {call: action for call, action in ACTIONS.items() if action not in done} == {}


def calls_of_the_client() -> set[str]:
    """The calls of Elasticsearch's client in the code of an installation."""
    found: set[str] = set()
    for path in PIPELINE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.is_relative_to(PIPELINE / "demo") or not re.search(r"elasticsearch|index\.engine", text):
            continue
        called = re.findall(r"(?:client|elasticsearch)(?:\.options\([^)]*\))?\.(indices\.)?(\w+)", text)
        found |= {group + name for group, name in called if group or hasattr(AsyncElasticsearch, name)}
    return found - {"indices", "options", "transport"}


def test_secrets_are_in_no_log_and_no_answer(secured: Secured) -> None:
    credentials = StackLayout.of(secured.operator.home).access.parent.glob("*.json")
    held = {file.name: json.loads(file.read_text()) for file in credentials}
    logins = held.pop(f"{secured.operator.namespace}logins.json")
    passwords = {name: one["password"] for name, one in held.items()}
    salted = {f"login of {name}": one["salted_password"] for name, one in logins.items()}
    assert logins.keys() >= set(ROLES)
    assert len(passwords) == len(ROLES) + 1, "the operator's and each role's"
    given = {name: value for name, value in SECRETS.items() if value.startswith("canary")}
    said = dict(secured.said())
    assert {"kafka.log", "answers.log"} <= said.keys()
    assert {name.rsplit("-", 1)[0] for name in said} >= {f"worker-{role}" for role in ROLES if role != API}
    for name, secret in (passwords | salted | given | secured.tokens).items():
        assert [file for file, text in said.items() if secret in text] == [], name
