"""Least recently used cache with a bound in bytes, not in entries: fingerprints differ in size a thousandfold."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Keeps what was used last, as much as fits in `capacity` bytes of stated sizes."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.used = 0
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, now the most recent, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """Keep a value of `size` bytes as the most recent one; the oldest make room."""
        self.drop(key)
        self._entries[key] = (value, size)
        self.used += size
        while self.used > self.capacity:
            self.used -= self._entries.popitem(last=False)[1][1]

    def drop(self, key: Key) -> None:
        """Forget a value; harmless if it is not there."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.used -= entry[1]
