"""A local Elasticsearch that asks every client who it is, and logs what it let whom do.

Its security is Elastic's own module, under the Elastic License: it is fetched for a test, pinned here as the engines
are, and no part of what ships. It names libraries that are not at the repository (OpenSAML) or that nobody asks for
here (OpenID Connect, HTTP clients); empty classes of their names let the rest load.
"""

from __future__ import annotations

import json
import re
import struct
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import yaml
from rich.console import Console

from pipeline.engines.layout import StackLayout
from pipeline.engines.ports import LOOPBACK
from pipeline.localstack import artifacts
from pipeline.localstack.artifacts import PinnedJar
from pipeline.localstack.elasticsearch import Elasticsearch, belongs_to_http_module, lay_out_module
from pipeline.localstack.engine import EngineLaunch
from pipeline.settings import Settings
from support.cluster.engines import Member, await_all
from support.installation.engines_folder import engines_folder
from support.ports import own_port

CORE, SECURITY = "x-pack-core", "x-pack-security"

JARS: Final = (
    PinnedJar(
        "org.elasticsearch.plugin:x-pack-core:9.5.3",
        5_328_262,
        "59f3a3491cfb9378f6ed75733cd5e0b84dfbb7b8365d5ac8797ca0a7d2dc406a",
    ),
    PinnedJar(
        "org.elasticsearch.plugin:x-pack-security:9.5.3",
        2_000_314,
        "3417c2a700c6b85799f81c416cf53781abb9d09f6c147e30826c8082079f9874",
    ),
    PinnedJar(
        "com.unboundid:unboundid-ldapsdk:7.0.3",
        5_895_907,
        "7f1b9141f2c955d3a03b3f5da2c450bd616826e921a87fc19264a3f22b35e2fb",
    ),
)
"""Security itself, and of its libraries the one that it calls as it starts."""

SETTINGS: Final = {
    "xpack.security.enabled": "true",
    "xpack.security.autoconfiguration.enabled": "false",
    "xpack.security.audit.enabled": "true",
    "xpack.license.self_generated.type": "trial",  # which the audit asks for
}

TESTER: Final = "tester"
"""A user who may do everything."""

PASSWORD: Final = "canary-of-the-index"
"""Everybody's."""

ANSWER_TIMEOUT_S: Final = 5

_NAMED = re.compile(
    rb"(?:com/ibm/icu|com/nimbusds|com/unboundid|net/minidev|net/shibboleth|org/apache/commons|org/apache/hc|"
    rb"org/apache/http|org/opensaml|org/slf4j)/[\w/]*[A-Z][\w$]*"
)

_AUDIT: Final = """
appender.audit.type = File
appender.audit.name = audit
appender.audit.fileName = {path}
appender.audit.layout.type = PatternLayout
appender.audit.layout.pattern = {{"event":"%map{{event.action}}","user":"%enc{{%map{{user.name}}}}{{JSON}}",\
"action":"%map{{action}}"%varsNotEmpty{{,"names":%map{{indices}}}}}}%n
logger.audit.name = org.elasticsearch.xpack.security.audit.logfile.LoggingAuditTrail
logger.audit.level = info
logger.audit.additivity = false
logger.audit.appenderRef.audit.ref = audit
"""


class IndexAct(NamedTuple):
    """What somebody asked of the index: one of Elasticsearch's actions on these names, and what became of it."""

    event: str
    user: str
    action: str
    names: tuple[str, ...]

    @property
    def is_refused(self) -> bool:
        """Whether the user was not let in, or may not do this."""
        return self.event.endswith(("_denied", "_failed"))


@dataclass(frozen=True)
class SecureNode:
    """One that runs: where it is reached, and its file of acts."""

    url: str
    audit: Path

    def acts(self) -> set[IndexAct]:
        """What everybody asked so far, each act once."""
        lines = map(json.loads, self.audit.read_text(encoding="utf-8").splitlines())
        return {
            IndexAct(line["event"], line["user"], line["action"], tuple(sorted(line.get("names", ()))))
            for line in lines
        }

    def ask(self, user: str, method: str, path: str, body: object = None) -> Any:
        """The answer to a request of a user's; raises where that is refused."""
        answer = httpx.request(method, self.url + path, json=body, auth=(user, PASSWORD), timeout=60)
        return answer.raise_for_status().json()

    def may(self, user: str, actions: Iterable[str], names: Iterable[str]) -> bool:
        """Whether a user's role allows all of these actions on all of these names, by Elasticsearch's own word."""
        asked = {"index": [{"names": sorted(names), "privileges": sorted(actions)}]}
        return bool(self.ask(user, "POST", "/_security/user/_has_privileges", asked)["has_all_requested"])


@dataclass(frozen=True)
class SecureElasticsearch(Elasticsearch):
    """Such a node; `roles` as roles.yml has them, `users` with the role of each."""

    roles: Mapping[str, Any] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)

    def prepare_files(self, launch: EngineLaunch) -> None:
        """Also the modules of security, with its users and roles."""
        super().prepare_files(launch)
        home = launch.layout.configuration(self.address.name)
        pinned = {SECURITY: JARS}
        core, security, *libraries = artifacts.fetch_pinned(pinned, launch.settings, Console(quiet=True))[SECURITY]
        empty = _write_empty_classes(home / "empty.jar", (core, security), libraries)
        lay_out_module(home, CORE, [core, *libraries, empty])
        lay_out_module(home, SECURITY, [security, *filter(belongs_to_http_module, launch.jars)])
        self._write_users(home / "config")
        with (home / "config" / "log4j2.properties").open("a", encoding="utf-8") as log:
            log.write(_AUDIT.format(path=_audit_file(launch.layout)))
        _leave_start_cache(home / "launch.json")

    def _write_users(self, folder: Path) -> None:
        """The files of the file realm; a password without a hash's prefix is taken as it is."""
        users = {**self.users, TESTER: "superuser"}
        (folder / "roles.yml").write_text(yaml.safe_dump(dict(self.roles)), encoding="utf-8")
        (folder / "users").write_text("".join(f"{user}:{PASSWORD}\n" for user in users), encoding="utf-8")
        held = "".join(f"{role}:{user}\n" for user, role in users.items() if role)
        (folder / "users_roles").write_text(held, encoding="utf-8")

    def is_serving(self, port: int, layout: StackLayout, settings: Settings) -> bool:
        """Whether it lets the tester in, and every index's primary shards are there."""
        address = f"http://{LOOPBACK}:{port}/_cluster/health?wait_for_status=yellow&timeout=1s"
        try:
            return httpx.get(address, auth=(TESTER, PASSWORD), timeout=ANSWER_TIMEOUT_S).is_success
        except httpx.HTTPError:
            return False


@contextmanager
def secure_node(roles: Mapping[str, Any], users: Mapping[str, str]) -> Iterator[SecureNode]:
    """A node with these roles and users, each with the name of its role or "", whose data is gone afterwards."""
    jars = artifacts.fetch_jars(["elasticsearch"], Settings(), Console(quiet=True))["elasticsearch"]
    with tempfile.TemporaryDirectory(prefix="liaison-secure-", dir=engines_folder()) as folder:
        home = Path(folder)
        settings = Settings(home=home, elasticsearch_heap="384m")
        launch = EngineLaunch(StackLayout.of(home), settings, jars, own_port())
        member = Member("the secure node", SecureElasticsearch(SETTINGS, roles, users), launch)
        try:
            member.start()
            await_all([member], "serve")
            yield SecureNode(f"http://{LOOPBACK}:{launch.port}", _audit_file(launch.layout))
        finally:
            member.kill()


def _audit_file(layout: StackLayout) -> Path:
    return layout.log("elasticsearch").with_name("audit.jsonl")


def _leave_start_cache(file: Path) -> None:
    """Where this machine has no start cache yet, this node makes none: it would be of other classes."""
    launch = json.loads(file.read_bytes())
    launch["options"] = [option for option in launch["options"] if "AOTCacheOutput" not in option]
    file.write_text(json.dumps(launch), encoding="utf-8")


def _write_empty_classes(path: Path, jars: Iterable[Path], libraries: Sequence[Path]) -> Path:
    """A jar at `path` with an empty class for each that `jars` name and `libraries` do not have."""
    named = {name for jar in jars for content in _read_classes(jar) for name in _NAMED.findall(content)}
    there = {name.removesuffix(".class").encode() for jar in libraries for name in zipfile.ZipFile(jar).namelist()}
    with zipfile.ZipFile(path, "w") as made:
        for name in sorted(named - there):
            made.writestr(f"{name.decode()}.class", _empty_class(name))
    return path


def _read_classes(jar: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(jar) as held:
        yield from (held.read(name) for name in held.namelist() if name.endswith(".class"))


def _empty_class(name: bytes) -> bytes:
    """A class file (The Java Virtual Machine Specification, chapter 4) without members.

    It is an interface, of which the verifier asks nothing, or an exception where it is called one.
    """
    parent, flags = (b"java/lang/Exception", 0x0021) if name.endswith(b"Exception") else (b"java/lang/Object", 0x0601)
    texts = b"".join(struct.pack(">BH", 1, len(text)) + text for text in (name, parent))
    constants = texts + struct.pack(">BHBH", 7, 1, 7, 2)
    return struct.pack(">IHHH", 0xCAFEBABE, 0, 52, 5) + constants + struct.pack(">7H", flags, 3, 4, 0, 0, 0, 0)
