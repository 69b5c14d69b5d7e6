"""Fills stores as a rebuild does, without judging: fingerprints are made by all cores, in blocks of cases.

Each block is of a population of its own, whose seed follows from its first case, so what is held depends on its size
alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import msgspec

from benchmarks.stream.populations import open_population
from benchmarks.stream.stages import Stages, Stopwatch
from pipeline.matching.fingerprint import Fingerprint

BLOCK = 5000
FIRST_SEED = 1000

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Fingerprint]).decode


def fill(folder: Path, population: str, partitions: int, cases: int, rarity: int) -> None:
    """Fill the stores in a folder with so many cases; runs in a process of its own, so that none of it stays."""
    child = get_context("spawn").Process(target=_fill, args=(folder, population, partitions, cases, rarity))
    child.start()
    child.join()
    if child.exitcode:
        raise RuntimeError("the stores could not be filled")


def _fill(folder: Path, population: str, partitions: int, cases: int, rarity: int) -> None:
    stages = Stages(folder, partitions, rarity, Stopwatch())
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for block in pool.map(_made, *zip(*_blocks(population, cases, rarity), strict=True)):
            stages.fill(_decode(block))
    stages.close()


def _blocks(population: str, cases: int, rarity: int) -> Iterator[tuple[str, int, int, int, int]]:
    """Population, seed, first case and count of each block, and its keys' rarity."""
    for first in range(0, cases, BLOCK):
        yield population, FIRST_SEED + first, first, min(BLOCK, cases - first), rarity


def _made(population: str, seed: int, first: int, count: int, rarity: int) -> bytes:
    return _encode(list(islice(open_population(population, seed, first, rarity).fingerprints(), count)))
