from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.engines.credentials import make_operator_credentials
from pipeline.engines.endpoints import ELASTICSEARCH, KAFKA, Endpoints, endpoints, how_to_mend
from pipeline.engines.layout import StackLayout
from pipeline.errors import LiaisonError
from pipeline.index.engine import cluster_addresses
from pipeline.localstack import stack
from pipeline.settings import Settings
from pipeline.streams.kafka.connection import client_options


@pytest.fixture
def listening() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_given_urls_are_the_endpoints(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, kafka_url="a:1,b:2", elasticsearch_url="https://search:9200")
    assert endpoints(settings) == Endpoints(kafka="a:1,b:2", elasticsearch="https://search:9200")


@pytest.mark.parametrize(("given", "asked"), [("kafka_url", "ELASTICSEARCH"), ("elasticsearch_url", "KAFKA")])
def test_without_a_stack_the_error_names_the_missing_setting(tmp_path: Path, given: str, asked: str) -> None:
    urls: dict[str, Any] = {"kafka_url": "", "elasticsearch_url": "", given: "http://x:1"}
    settings = Settings(home=tmp_path, **urls)
    with pytest.raises(LiaisonError, match=f"no local engines are running; .*LIAISON_{asked}_URL"):
        endpoints(settings)


def test_each_engine_is_found_while_the_other_has_stopped(tmp_path: Path) -> None:
    """Workers and `ops lag` said of Kafka what was wrong with Elasticsearch."""
    kafka = Settings(home=tmp_path, kafka_url="a:1", elasticsearch_url="")
    index = Settings(home=tmp_path, kafka_url="", elasticsearch_url="http://x:1")
    assert client_options(kafka)["bootstrap_servers"] == ["a:1"]
    assert cluster_addresses(index) == ["http://x:1"]
    assert how_to_mend(KAFKA, index) == how_to_mend(ELASTICSEARCH, kafka) != ""
    assert "`liaison up`" in how_to_mend(ELASTICSEARCH, kafka)
    assert "LIAISON_KAFKA_URL" in how_to_mend(KAFKA, kafka)


@pytest.mark.parametrize(
    "form", ["{}", "127.0.0.1:1,{}", "http://127.0.0.1:1,http://{}", "http://{}", "http://user:secret@{}/path"]
)
def test_an_external_server_is_reachable_by_any_form_of_its_address(listening: str, form: str) -> None:
    status = stack.engine_statuses(Settings(kafka_url=form.format(listening), elasticsearch_url="http://127.0.0.1:1"))
    assert [engine.state for engine in status] == ["external", "unreachable"]
    assert [engine.healthy for engine in status] == [True, False]


def test_a_home_with_records_that_has_lost_its_secret_is_not_given_another(tmp_path: Path) -> None:
    home = tmp_path / "home"
    StackLayout.of(home).data("kafka").mkdir(parents=True)
    with pytest.raises(LiaisonError, match=r"put it back; if it is lost.* `liaison ops secret new`"):
        stack.start_engines(Settings(home=home, secret_file=None, kafka_url="", elasticsearch_url=""))
    assert not (home / "secret").exists()
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("secure", [True, False], ids=["asked for", "for good"])
def test_a_secure_home_is_not_started_with_an_index_that_is_open_to_all(tmp_path: Path, secure: bool) -> None:
    """Any user of the machine could have read every hidden record at the local Elasticsearch's port."""
    settings = Settings(home=tmp_path, secret_file=None, kafka_url="", elasticsearch_url="", offline=True)
    if not secure:
        make_operator_credentials(StackLayout.of(tmp_path), keystore=None)
    with pytest.raises(LiaisonError, match=r"every user of this machine .* --accept-open-index"):
        stack.start_engines(settings, secure=secure)
    assert not (tmp_path / "engines" / "elasticsearch").exists()


@pytest.mark.parametrize("accepted", [{"open_index": True}, {"elasticsearch_url": "http://x:1"}], ids=str)
def test_it_is_where_that_is_accepted_or_the_index_is_elsewhere(tmp_path: Path, accepted: dict[str, Any]) -> None:
    words = {"open_index": accepted.pop("open_index", False)}
    given = {"home": tmp_path, "secret_file": None, "kafka_url": "", "elasticsearch_url": "", "offline": True,
             "engine_cache": tmp_path / "empty"} | accepted  # fmt: skip
    with pytest.raises(LiaisonError, match="are not in the cache"):
        stack.start_engines(Settings(**given), secure=True, **words)


def test_it_is_where_the_index_runs_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who started it has accepted it: a demo in that home goes on."""
    monkeypatch.setattr(stack, "local_process", lambda _, name: object() if name == "elasticsearch" else None)
    settings = Settings(home=tmp_path, secret_file=None, kafka_url="", elasticsearch_url="", offline=True,
                        engine_cache=tmp_path / "empty")  # fmt: skip
    with pytest.raises(LiaisonError, match="are not in the cache"):
        stack.start_engines(settings, secure=True)


def test_down_without_a_stack_makes_nothing(tmp_path: Path) -> None:
    assert stack.stop_engines(Settings(home=tmp_path / "none")) == []
    assert list(tmp_path.iterdir()) == []
