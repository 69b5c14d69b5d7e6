from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.errors import LiaisonError
from pipeline.localstack import artifacts, resolution
from pipeline.localstack.artifacts import PinnedJar
from pipeline.settings import Settings

CONTENT = b"not really a jar, but exactly these bytes"
JAR = PinnedJar("org.example:tool:1.0", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
QUIET = Console(quiet=True)
Repository = tuple[Path, str]


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    """A Maven repository on loopback: its jar's path and its URL."""
    root = tmp_path / "repository"
    jar = root / "org/example/tool/1.0/tool-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(CONTENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield jar, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "pinned_jars", lambda engines: {engine: [JAR] for engine in engines})


def fetch(cache: Path, mirror: str, offline: bool = False) -> Path:
    settings = Settings(engine_cache=cache, engine_mirror=mirror, offline=offline)
    return artifacts.fetch_jars(["kafka"], settings, QUIET)["kafka"][0]


@pytest.mark.usefixtures("pinned")
def test_a_jar_is_fetched_once_and_then_found_offline(tmp_path: Path, repository: Repository) -> None:
    jar, url = repository
    path = fetch(tmp_path / "cache", url)
    assert path.read_bytes() == CONTENT
    jar.unlink()
    assert fetch(tmp_path / "cache", url, offline=True) == path


@pytest.mark.usefixtures("pinned")
def test_a_damaged_cached_jar_is_fetched_again(tmp_path: Path, repository: Repository) -> None:
    _, url = repository
    path = fetch(tmp_path / "cache", url)
    path.write_bytes(CONTENT[:-1] + b"?")
    assert fetch(tmp_path / "cache", url).read_bytes() == CONTENT


@pytest.mark.usefixtures("pinned")
def test_a_jar_that_is_not_the_pinned_one_is_refused_and_not_kept(tmp_path: Path, repository: Repository) -> None:
    jar, url = repository
    jar.write_bytes(CONTENT.replace(b"really", b"at all"))
    with pytest.raises(LiaisonError, match=r"org\.example:tool:1\.0: its checksum is not the pinned one"):
        fetch(tmp_path / "cache", url)
    assert list((tmp_path / "cache").rglob("*.jar")) == []


@pytest.mark.usefixtures("pinned")
def test_a_missing_jar_names_the_ways_out_without_an_address(tmp_path: Path, repository: Repository) -> None:
    jar, url = repository
    jar.unlink()
    with pytest.raises(LiaisonError, match=r"LIAISON_KAFKA_URL and LIAISON_ELASTICSEARCH_URL .*deploy/compose\.yaml"):
        fetch(tmp_path / "cache", url)


def test_what_is_pinned_is_what_the_roots_ask_for() -> None:
    pinned = artifacts.pinned_jars(list(resolution.ROOTS))
    for engine, roots in resolution.ROOTS.items():
        coordinates = [jar.coordinate for jar in pinned[engine]]
        assert set(roots) <= set(coordinates)
        assert len({coordinate.rsplit(":", 1)[0] for coordinate in coordinates}) == len(coordinates)
        assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in pinned[engine])
