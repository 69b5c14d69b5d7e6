"""The engines' jars: pinned in artifacts.json, fetched with jgo, verified by SHA-256 at every start."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from pipeline.engines.file_lock import exclusive
from pipeline.errors import LiaisonError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from jgo.maven import Artifact

PINNED = Path(__file__).with_name("artifacts.json")

PARALLEL_FETCHES = 8
"""Most jars are small: the time goes to connecting, not to the line."""

TIMEOUT_S = 20
ATTEMPTS = 2
"""One transfer in a hundred breaking must not fail a start."""

WAITING_NOTICE = "Another start is downloading; waiting …"
"""Printed by a start that finds the cache locked; tests side by side share one cache, so any of them may print it."""

ReportBytesFetched = Callable[[int], None]


class PinnedJar(msgspec.Struct, frozen=True):
    """One pinned jar; `size` in bytes, `sha256` in hex."""

    coordinate: str
    size: int
    sha256: str


def pinned_jars(engines: Sequence[str]) -> dict[str, list[PinnedJar]]:
    """The jars of each engine, as resolution.py wrote them."""
    everything = msgspec.json.decode(PINNED.read_bytes(), type=dict[str, list[PinnedJar]])
    return {engine: everything[engine] for engine in engines}


def fetch_jars(engines: Sequence[str], settings: Settings, console: Console) -> dict[str, list[Path]]:
    """Paths of the verified jars of each engine, from the cache or the repository.

    Raises LiaisonError if one can be had from neither.
    """
    return fetch_pinned(pinned_jars(engines), settings, console)


def fetch_pinned(
    wanted: Mapping[str, Sequence[PinnedJar]], settings: Settings, console: Console
) -> dict[str, list[Path]]:
    """The same of jars that are pinned elsewhere, under the same names. Raises LiaisonError."""
    store = _Store(settings)
    with exclusive(settings.engine_cache / "maven.lock", lambda: console.print(WAITING_NOTICE)):
        missing = [jar for jars in wanted.values() for jar in jars if not store.is_intact(jar)]
        if missing:
            store.fetch_missing(missing, console)
    return {name: [store.jar_path(jar) for jar in jars] for name, jars in wanted.items()}


class _Store:
    """A Maven repository cache under the user's cache folder."""

    def __init__(self, settings: Settings) -> None:
        self.root = settings.engine_cache / "maven"
        self.mirror = settings.engine_mirror
        self.offline = settings.offline

    def jar_path(self, jar: PinnedJar) -> Path:
        """Where the jar is, or would be, by Maven's layout."""
        group, artifact, version = jar.coordinate.split(":")
        return self.root.joinpath(*group.split("."), artifact, version, f"{artifact}-{version}.jar")

    def is_intact(self, jar: PinnedJar) -> bool:
        """Whether the cached file is exactly the pinned one."""
        path = self.jar_path(jar)
        if not path.is_file() or path.stat().st_size != jar.size:
            return False
        return hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256

    def fetch_missing(self, jars: Sequence[PinnedJar], console: Console) -> None:
        """Fetch all, with one progress bar on a terminal."""
        if self.offline:
            raise _unavailable_error(f"{len(jars)} of their jars are not in the cache and LIAISON_OFFLINE is set")
        # Unlike an executor's, this pool's threads are not waited for: Ctrl-C ends even a fetch that hangs.
        with _show_progress(sum(jar.size for jar in jars), console) as advance, ThreadPool(PARALLEL_FETCHES) as pool:
            for _ in pool.imap_unordered(lambda jar: self._fetch_one(jar, advance), jars):
                pass

    def _fetch_one(self, jar: PinnedJar, advance: ReportBytesFetched) -> None:
        import requests

        artifact = self._make_artifact(jar, advance)
        failure = "its checksum is not the pinned one"
        for _ in range(ATTEMPTS):
            self.jar_path(jar).unlink(missing_ok=True)
            try:
                artifact.resolve()
            except (requests.RequestException, RuntimeError, OSError) as error:
                failure = type(error).__name__ if isinstance(error, requests.RequestException) else str(error)
                continue
            if self.is_intact(jar):
                return
        self.jar_path(jar).unlink(missing_ok=True)
        raise _unavailable_error(f"{jar.coordinate}: {failure}")

    def _make_artifact(self, jar: PinnedJar, advance: ReportBytesFetched) -> Artifact:
        from jgo.maven import MavenContext, PythonResolver

        @contextmanager
        def progress(filename: str, size: int) -> Iterator[ReportBytesFetched]:
            yield advance

        context = MavenContext(
            resolver=PythonResolver(progress_callback=progress),
            repo_cache=self.root,
            remote_repos={"mirror": self.mirror} if self.mirror else None,
            timeout=TIMEOUT_S,
        )
        return context.create_dependency(jar.coordinate).artifact


def _unavailable_error(reason: str) -> LiaisonError:
    return LiaisonError(
        f"the local engines can't be downloaded ({reason}); set LIAISON_KAFKA_URL and LIAISON_ELASTICSEARCH_URL to"
        " existing ones, or start those of deploy/compose.yaml"
    )


@contextmanager
def _show_progress(total: int, console: Console) -> Iterator[ReportBytesFetched]:
    columns = (TextColumn("Fetching Kafka and Elasticsearch"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar: AbstractContextManager[Progress] = Progress(*columns, console=console, disable=not console.is_terminal)
    with bar as progress:
        task = progress.add_task("fetch", total=total)
        yield lambda count: progress.advance(task, count)
