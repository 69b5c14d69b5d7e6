"""What every test may use: one shared pair of real engines, a namespace of its own, waiting on a condition."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from zlib import crc32

import psutil
import pytest
from hypothesis import HealthCheck, settings

from pipeline.engines.endpoints import Endpoints, endpoints
from pipeline.errors import LiaisonError
from pipeline.heap import freeze_heap
from pipeline.localstack import stack
from pipeline.secret_file import make_secret
from pipeline.settings import Settings
from support.absences import tell_skips
from support.earlier_version import EarlierVersion
from support.installation.engines_folder import MEMORY, engines_folder
from support.installation.leftovers import delete_indices_and_templates, delete_topics_and_groups
from support.processes.warm import end_parent
from support.temporary_folders import remove_folders
from support.waiting import PATIENCE_S, WaitFor, wait
from support.web.shared_browser import BROWSER_TESTS, end_shared_browser

if TYPE_CHECKING:
    # At run time only where the engines are used: these imports take a second, which unit tests need not pay.
    from elasticsearch import Elasticsearch
    from kafka import KafkaAdminClient

gc.disable()
"""Until all is collected (`pytest_collection`): next to nothing that imports make is ever garbage, and looking for it
takes a third of them."""

settings.register_profile(
    "same verdict", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("same verdict")
"""The same code is given the same examples, so that nobody's change is refused for another's fault; `make test-long`
looks further, elsewhere each time. Deadlines measure a busy machine, not the code."""

HOME_PREFIX = "liaison-tests-"
SECRET_FILE = "LIAISON_SECRET_FILE"
GIVEN_HOME = "TEST_ENGINES_HOME"
"""The environment's name for a home whose stack several sessions share (`make test`); who names it ends the stack."""

SHORT_LIVED_JAVA = "-XX:TieredStopAtLevel=1"
"""For engines that live for minutes: without its second compiler Java takes half of the CPU to start, and less after.
Benchmarks, the demo and `liaison up` leave Java as it is."""

_home = pytest.StashKey[Path]()

PARTITIONS = 2
"""More than one, and half of the default: making and deleting topics is most of what a test asks of Kafka."""


THIRDS = 3
"""Of the files of tests; `.ci/run` takes another one of the rare tests at each commit."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--third`, of which a commit's number is the natural choice: three that follow each other make a whole."""
    parser.addoption("--third", type=int, help="run the tests of one file in three: a number says which, modulo three")


def pytest_configure(config: pytest.Config) -> None:
    """Agree on the engines' home: the environment names it or the controlling process does, and tells xdist's workers.

    Interrupts reach the processes that tests start, even where this one was started in the background without them.
    """
    os.environ.setdefault("JAVA_TOOL_OPTIONS", SHORT_LIVED_JAVA)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    handed_down = getattr(config, "workerinput", {}).get("engines_home")
    own = engines_folder() / f"{HOME_PREFIX}{os.getpid()}"
    config.stash[_home] = Path(handed_down or os.environ.get(GIVEN_HOME) or own)
    if not handed_down:
        _end_stacks_of_killed_sessions()
    _give_secret(config.stash[_home])


def _give_secret(home: Path) -> None:
    """One installation's secret for the whole session, where `up` would make it; the environment hands it down."""
    given = Settings(home=home, secret_file=None)
    with suppress(LiaisonError):  # another process of the session was first
        make_secret(given)
    os.environ[SECRET_FILE] = str(given.secret_path)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker where the engines are."""
    node.workerinput["engines_home"] = str(node.config.stash[_home])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End what was started for the session: the engines in the controlling process, which is the last to finish.

    Garbage goes first: a future that nobody asked logs its exception when collected, formatting a traceback parses, and
    CPython 3.11 can't parse within parsing (SystemError), as when the summary imports what is not loaded yet.
    """
    gc.collect()
    end_shared_browser()
    end_parent()
    remove_folders()
    if not hasattr(session.config, "workerinput") and GIVEN_HOME not in os.environ:
        _end_stack(session.config.stash[_home])


def _end_stack(home: Path) -> None:
    if home.exists():
        stack.stop_engines(Settings(home=home))
        shutil.rmtree(home, ignore_errors=True)  # another session may find the same one left over


def _end_stacks_of_killed_sessions() -> None:
    folders = {MEMORY, Path(tempfile.gettempdir())}
    for home in chain.from_iterable(folder.glob(f"{HOME_PREFIX}[0-9]*") for folder in folders):
        if not psutil.pid_exists(int(home.name.removeprefix(HOME_PREFIX))):
            _end_stack(home)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave what was imported out of the garbage collector's rounds, as long-running processes of ours do."""
    try:
        return (yield)
    finally:
        freeze_heap()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What may take longest goes first, so that no process is left with it when the others have nothing more to do."""
    third: int | None = config.getoption("--third")
    if third is not None:
        others = [item for item in items if find_third(item.nodeid) != third % THIRDS]
        items[:] = [item for item in items if find_third(item.nodeid) == third % THIRDS]
        config.hook.pytest_deselected(items=others)
    items.sort(key=_time_limit_s, reverse=True)


def find_third(test: str) -> int:
    """The third that a test belongs to, by its file, as tests of one file share what is dear to prepare."""
    return crc32(test.partition("::")[0].encode()) % THIRDS


def pytest_runtest_setup(item: pytest.Item) -> None:
    """End the shared browser before a test of another group, which may run a loop of its own in this thread."""
    group = item.get_closest_marker("xdist_group")
    if group is None or group.args != (BROWSER_TESTS,):
        end_shared_browser()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what each suite's tests took, one after the other, as suites run side by side; and what brings back skips."""
    took: defaultdict[str, float] = defaultdict(float)
    for report in chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            took[PurePath(report.nodeid).parts[1]] += report.duration
    if len(took) > 1:
        each = (f"{suite} {seconds:.0f} s" for suite, seconds in sorted(took.items(), key=lambda item: -item[1]))
        terminalreporter.write_line(f"tests, one after the other: {', '.join(each)}")
    skipped = (one for one in terminalreporter.stats.get("skipped", ()) if isinstance(one, pytest.TestReport))
    for line in tell_skips(skipped):
        terminalreporter.write_line(line)


def _time_limit_s(item: pytest.Item) -> float:
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0.0


@pytest.fixture(scope="session")
def engines(request: pytest.FixtureRequest) -> Endpoints:
    """The session's Kafka and Elasticsearch: those that both LIAISON_*_URL name, else a stack of its own.

    All xdist workers share them: `up` takes its turn under a file lock, and finds them running.
    """
    given = Settings()
    if given.kafka_url and given.elasticsearch_url:
        return endpoints(given)
    home = request.config.stash[_home]
    try:
        return stack.start_engines(
            Settings(home=home, kafka_url="", elasticsearch_url="", kafka_port=0, elasticsearch_port=0, offline=False)
        )
    except LiaisonError as error:
        pytest.fail(f"{error}\n{_ends_of_logs(home)}", pytrace=False)


def _ends_of_logs(home: Path, lines: int = 15) -> str:
    """The session's end deletes the logs, so a failure quotes them."""
    logs = sorted((home / "logs").glob("*.log"))
    return "\n".join(f"== {log.name}\n" + "\n".join(log.read_text().splitlines()[-lines:]) for log in logs)


@pytest.fixture(scope="session")
def kafka_admin(engines: Endpoints) -> Iterator[KafkaAdminClient]:
    """An admin client of the session's Kafka."""
    from kafka import KafkaAdminClient

    client = KafkaAdminClient(bootstrap_servers=engines.kafka)
    yield client
    client.close()


@pytest.fixture(scope="session")
def elasticsearch_client(engines: Endpoints) -> Iterator[Elasticsearch]:
    """A synchronous client of the session's Elasticsearch."""
    from elasticsearch import Elasticsearch

    with Elasticsearch(engines.elasticsearch, request_timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture(scope="session")
def new_namespace(
    kafka_admin: KafkaAdminClient, elasticsearch_client: Elasticsearch
) -> Callable[[], AbstractContextManager[str]]:
    """Make a prefix for topics, groups and indices that no other test has; what bears it is deleted afterwards."""

    @contextmanager
    def make() -> Iterator[str]:
        prefix = f"t{uuid.uuid4().hex[:12]}-"
        yield prefix
        delete_topics_and_groups(kafka_admin, prefix)
        delete_indices_and_templates(elasticsearch_client, prefix)

    return make


@pytest.fixture
def namespace(new_namespace: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """The prefix of a test that has one installation."""
    with new_namespace() as prefix:
        yield prefix


@pytest.fixture
def engine_settings(engines: Endpoints, namespace: str, tmp_path: Path) -> Settings:
    """Settings for the session's engines, this test's namespace and a home of its own."""
    return Settings(
        kafka_url=engines.kafka,
        elasticsearch_url=engines.elasticsearch,
        namespace=namespace,
        home=tmp_path,
        case_partitions=PARTITIONS,
        correlate_partitions=PARTITIONS,
    )


@pytest.fixture
def engine_environment(engine_settings: Settings) -> dict[str, str]:
    """The same settings as environment variables, for processes that a test starts."""
    return {
        **os.environ,
        "LIAISON_KAFKA_URL": engine_settings.kafka_url,
        "LIAISON_ELASTICSEARCH_URL": engine_settings.elasticsearch_url,
        "LIAISON_NAMESPACE": engine_settings.namespace,
        "LIAISON_HOME": str(engine_settings.home),
        "LIAISON_CASE_PARTITIONS": str(engine_settings.case_partitions),
        "LIAISON_CORRELATE_PARTITIONS": str(engine_settings.correlate_partitions),
    }


@pytest.fixture(scope="session")
def wait_for() -> WaitFor:
    """Wait on a condition with a deadline instead of sleeping."""
    return wait


@pytest.fixture(scope="session")
def earlier_version(tmp_path_factory: pytest.TempPathFactory) -> EarlierVersion:
    """The code of version 0.3.0."""
    return EarlierVersion.unpack(tmp_path_factory.mktemp("earlier"))
