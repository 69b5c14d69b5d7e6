"""Pin the engines' jars: resolve the roots with jgo and write artifacts.json.

Run by hand when a version changes: `python -m pipeline.localstack.resolution`. A start never resolves anything, it
fetches exactly what is pinned: that saves reading some 90 project files (25 s) and makes every installation the same.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

from jgo.maven import MavenContext, PythonResolver

from pipeline.localstack.artifacts import PINNED

ROOTS = {
    # Kafka logs through SLF4J; the binding brings its log into a rolling file.
    "kafka": ("org.apache.kafka:kafka_2.13:4.3.1", "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"),
    "elasticsearch": (
        "org.elasticsearch:elasticsearch:9.5.3",
        "org.elasticsearch.plugin:transport-netty4:9.5.3",
    ),
}

COMPILE_TIME_ONLY = frozenset({"scala-reflect"})
"""Scala macros need it, the compiled broker does not (3.8 MB)."""


def resolve_jars(roots: tuple[str, ...], context: MavenContext) -> list[dict[str, object]]:
    """The jars of `roots` and of all that they need at run time: coordinate, size in bytes, SHA-256."""
    # Raw: a root's managed versions must not replace those that another root was released with.
    dependencies = [context.create_dependency(f"{root}!") for root in roots]
    inputs, transitive = context.resolver.resolve(dependencies)
    pinned = {}
    for dependency in [*inputs, *transitive]:
        if dependency.type == "jar" and dependency.artifactId not in COMPILE_TIME_ONLY:
            content = dependency.artifact.resolve().read_bytes()
            coordinate = f"{dependency.groupId}:{dependency.artifactId}:{dependency.version}"
            pinned[coordinate] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return [{"coordinate": coordinate, **pinned[coordinate]} for coordinate in sorted(pinned)]


def main() -> None:
    """Write artifacts.json anew from the repository, never from a cache."""
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder), resolver=PythonResolver(), timeout=30)
        pinned = {engine: resolve_jars(roots, context) for engine, roots in ROOTS.items()}
    PINNED.write_text(json.dumps(pinned, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
