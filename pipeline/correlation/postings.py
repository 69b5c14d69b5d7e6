"""The posting: what a home tells the owner of some keys of a case, in a fixed layout of 32-bit little-endian words.

| words | what |
|---|---|
| 2 | the version (external_version) times 1,024, plus the country's number |
| as many as the small sketch has | the small sketch |
| 2 a key | the keys that the partition owns, ascending |

A posting without keys has its first two words alone, without a country: the case is no longer under any key there. A
chunk is encoded and decoded by arithmetic over all of its words, so that a posting costs a few microseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.protocol import CASE_ID_BYTES, Posting, ProtocolError
from pipeline.matching.ragged import expand_counts

WORD_BYTES = 4

HEAD_WORDS, KEY_WORDS = 2, 2

COUNTRY_BITS = 10
"""Two letters of 26 and none. A version is at most 2 ** 53 - 1, so its external version takes 54 bits."""

UNKNOWN_COUNTRY = 0
"""Of cases without a country, as alerts are; they meet all others."""

_A = ord("A")

KeyArray = NDArray[np.uint64]
IdArray = NDArray[np.uint8]
"""Case ids: shape (cases, 16)."""
RowArray = NDArray[np.uint32]
"""Small sketches: shape (cases, words of a sketch)."""


def country_number(country: str) -> int:
    """The number of a country by its two capital letters; UNKNOWN_COUNTRY for any other text."""
    if len(country) == 2 and country.isascii() and country.isalpha() and country.isupper():
        return 1 + 26 * (ord(country[0]) - _A) + ord(country[1]) - _A
    return UNKNOWN_COUNTRY


class PostedCase(NamedTuple):
    """What is to be posted about a case; `gone` are partitions that own none of its keys any more."""

    case: bytes
    order: int
    country: str
    keys: Sequence[int]
    gone: Sequence[int] = ()


def encode_postings(cases: Sequence[PostedCase], sketches: RowArray, partitions: int) -> list[Posting]:
    """The postings of some cases, with their small sketches, to the owners of their keys."""
    # 1. The keys of all cases, by case and owner: each run of them is a posting.
    counts = np.array([len(case.keys) for case in cases], np.int64)
    keys = np.fromiter(chain.from_iterable(case.keys for case in cases), np.uint64, int(counts.sum()))
    run = np.repeat(np.arange(len(cases)), counts) * partitions + (keys % np.uint64(partitions)).astype(np.int64)
    order = np.argsort(run, kind="stable")
    run, keys = run[order], keys[order]
    begins = np.flatnonzero(np.diff(run, prepend=-1))
    case, partition = np.divmod(run[begins], partitions)
    held = np.diff(begins, append=len(run))
    # 2. Where each posting lies among all words, and what is in it.
    sketch_words = sketches.shape[1]
    sizes = HEAD_WORDS + sketch_words + KEY_WORDS * held
    ends = np.cumsum(sizes)
    starts = ends - sizes
    words = np.empty(int(ends[-1]) if len(ends) else 0, "<u4")
    words[starts[:, None] + np.arange(HEAD_WORDS)] = _encode_heads(cases)[case]
    words[starts[:, None] + (HEAD_WORDS + np.arange(sketch_words))] = sketches[case]
    posting, within = expand_counts(held)
    at = starts[posting] + HEAD_WORDS + sketch_words + KEY_WORDS * within
    words[at[:, None] + np.arange(KEY_WORDS)] = keys.astype("<u8").view("<u4").reshape(-1, KEY_WORDS)
    # 3. The words of each, and those that have no keys.
    value = words.tobytes()
    postings = [
        Posting(to, cases[of].case, value[start:end])
        for of, to, start, end in zip(
            case.tolist(), partition.tolist(), (WORD_BYTES * starts).tolist(), (WORD_BYTES * ends).tolist(), strict=True
        )
    ]
    postings += [Posting(to, one.case, encode_empty(one.order)) for one in cases for to in one.gone]
    return postings


def _encode_heads(cases: Sequence[PostedCase]) -> NDArray[np.uint32]:
    heads = np.array([one.order << COUNTRY_BITS | country_number(one.country) for one in cases], "<u8")
    return heads.view("<u4").reshape(-1, HEAD_WORDS)


def encode_empty(order: int) -> bytes:
    """The posting of a case without keys."""
    return (order << COUNTRY_BITS).to_bytes(HEAD_WORDS * WORD_BYTES, "little")


class Postings(NamedTuple):
    """Postings of distinct cases at one partition: `counts[i]` of `keys` are those of the i-th case, case by case."""

    cases: IdArray
    orders: NDArray[np.uint64]
    countries: NDArray[np.uint16]
    sketches: RowArray
    keys: KeyArray
    counts: NDArray[np.int64]

    def take(self, kept: NDArray[np.bool_]) -> Postings:
        """Those of some cases."""
        if kept.all():
            return self
        of_kept = np.repeat(kept, self.counts)
        return Postings(
            self.cases[kept],
            self.orders[kept],
            self.countries[kept],
            self.sketches[kept],
            self.keys[of_kept],
            self.counts[kept],
        )


def decode_postings(cases: Sequence[bytes], values: Sequence[bytes], sketch_words: int) -> Postings:
    """The last posting of each case, from records with these ids as keys. Raises ProtocolError."""
    (found,) = decode_chunks([(cases, values)], sketch_words)
    return found


def decode_chunks(chunks: Sequence[tuple[Sequence[bytes], Sequence[bytes]]], sketch_words: int) -> list[Postings]:
    """The last posting of each case in each chunk of ids and values. Raises ProtocolError for all of them.

    The words of all chunks are taken apart at once, since a few postings cost as much as a hundred.
    """
    last = [dict(zip(cases, values, strict=True)) for cases, values in chunks]
    ids, found = list(chain.from_iterable(last)), list(chain.from_iterable(one.values() for one in last))
    joined = b"".join(found)
    sizes = np.fromiter(map(len, found), np.int64, len(found)) // WORD_BYTES
    counts, odd = np.divmod(sizes - HEAD_WORDS - sketch_words, KEY_WORDS)
    empty = sizes == HEAD_WORDS
    counts[empty] = 0
    if (
        any(len(case) != CASE_ID_BYTES for case in ids)
        or len(joined) != WORD_BYTES * sizes.sum()
        or (~empty & ((counts < 1) | (odd != 0))).any()
    ):
        raise ProtocolError("not postings of this layout")
    words = np.frombuffer(joined, "<u4")
    starts = np.cumsum(sizes) - sizes
    heads = words[starts[:, None] + np.arange(HEAD_WORDS)].view("<u8")[:, 0]
    sketches = np.zeros((len(found), sketch_words), np.uint32)
    full = np.flatnonzero(~empty)
    sketches[full] = words[starts[full, None] + (HEAD_WORDS + np.arange(sketch_words))]
    posting, within = expand_counts(counts)
    at = starts[posting] + HEAD_WORDS + sketch_words + KEY_WORDS * within
    keys = words[at[:, None] + np.arange(KEY_WORDS)].view("<u8")[:, 0]
    cases, orders = np.frombuffer(b"".join(ids), np.uint8).reshape(-1, CASE_ID_BYTES), heads >> np.uint64(COUNTRY_BITS)
    countries = (heads & np.uint64((1 << COUNTRY_BITS) - 1)).astype(np.uint16)
    key_ends = np.concatenate([[0], np.cumsum(counts)])
    ends = [0, *accumulate(map(len, last))]
    return [
        Postings(
            cases[begin:end],
            orders[begin:end],
            countries[begin:end],
            sketches[begin:end],
            keys[key_ends[begin] : key_ends[end]],
            counts[begin:end],
        )
        for begin, end in pairwise(ends)
    ]
