"""Pushes a file as `liaison feed push` does, and kills itself right before or after an effect of a transaction."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from pipeline.feeds import pushing
from pipeline.feeds.client import FeedClient

EFFECTS = ("begin_transaction", "send", "send_offsets_to_transaction", "commit_transaction")


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at(effect: str, when: str, count: int) -> None:
    """Let the producer do this effect so many times; then kill before, or after, the next."""
    real: Callable[..., Awaitable[Any]] = getattr(AIOKafkaProducer, effect)
    done = 0

    async def deadly(self: AIOKafkaProducer, *given: Any, **named: Any) -> Any:
        nonlocal done
        done += 1
        if done > count and when == "before":
            kill()
        result = await real(self, *given, **named)
        if done > count:
            if effect == "send":
                await self.flush()
            kill()
        return result

    setattr(AIOKafkaProducer, effect, deadly)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("effect", choices=EFFECTS)
    parser.add_argument("when", choices=("before", "after"))
    parser.add_argument("count", type=int)
    arguments = parser.parse_args()
    pushing.CHUNK_LINES = 10  # type: ignore[misc]
    kill_at(arguments.effect, arguments.when, arguments.count)
    with FeedClient("fr-pj") as client:
        client.push("killed", arguments.file.read_bytes().splitlines())
