"""Answers that are sent in parts, as files are."""

from __future__ import annotations

from collections.abc import AsyncIterator


async def start_stream(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same parts, the first records already made: what can go wrong goes wrong while it still can be said."""
    first = await anext(parts) + await anext(parts, b"")

    async def all_parts() -> AsyncIterator[bytes]:
        yield first
        async for part in parts:
            yield part

    return all_parts()


def name_file(name: str) -> dict[str, str]:
    """Headers by which a browser saves an answer under a name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
