"""How much a term says of a document in a search area: the best over the area's fields of weight × BM25.

The whole number is worked out when an index is built (document frequencies and mean lengths hold until the next
rebuild), so that a query only adds up: its words' numbers, summed.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.inverted import Floats, Ints, InvertedFile, runs
from index.schema import AREAS, TEXT_FIELDS, pieces_of

K1, B = 1.2, 0.75  # BM25's usual values
_FIELDS = len(TEXT_FIELDS)
_TERMS, _ARRAYS = "statistics.json", "statistics.npz"


@dataclass(frozen=True)
class Statistics:
    """What BM25 has to know of a whole collection: each field is one of its own.

    `frequencies[i]` rows hold term `keys[i] // fields` in field `keys[i] % fields`, keys ascending; `mean_lengths` of
    each field, in words, over the rows that have it.
    """

    rows: int
    terms: list[str]
    keys: NDArray[np.int64]
    frequencies: Ints
    mean_lengths: NDArray[np.float64]

    @classmethod
    def of(cls, inverted: InvertedFile) -> "Statistics":
        """Count a collection that is one batch."""
        tally = Tally()
        tally.add(inverted)
        return tally.statistics()

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {term: number for number, term in enumerate(self.terms)}

    def frequency(self, inverted: InvertedFile) -> Ints:
        """For each entry of an inverted file, how many rows of the collection hold its term in its field."""
        if inverted.terms == self.terms or not self.keys.size:
            number = np.arange(len(inverted.terms), dtype=np.int64)
        else:
            number = np.array([self._numbers.get(term, len(self.terms)) for term in inverted.terms], np.int64)
        keys = _keys(number[inverted.term], inverted.field)
        at = np.minimum(np.searchsorted(self.keys, keys), max(self.keys.size - 1, 0))
        if not self.keys.size:
            return np.zeros(keys.size, np.int32)
        found: Ints = np.where(self.keys[at] == keys, self.frequencies[at], 0)
        return found

    def write(self, folder: Path) -> None:
        """Keep them in a folder that is there."""
        (folder / _TERMS).write_bytes(msgspec.json.encode(self.terms))
        numbers = np.array([self.rows], np.int64)
        np.savez(folder / _ARRAYS, rows=numbers, keys=self.keys, frequencies=self.frequencies, mean=self.mean_lengths)

    @classmethod
    def read(cls, folder: Path) -> "Statistics":
        """Read what `write` kept."""
        terms = msgspec.json.decode((folder / _TERMS).read_bytes(), type=list[str])
        with np.load(folder / _ARRAYS) as held:
            return cls(int(held["rows"][0]), terms, held["keys"], held["frequencies"], held["mean"])


class Tally:
    """Counts a collection, batch by batch."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._rows = 0
        self._keys: list[NDArray[np.int64]] = []
        self._frequencies: list[NDArray[np.int64]] = []
        self._filled = np.zeros(_FIELDS, np.int64)
        self._words = np.zeros(_FIELDS, np.int64)

    def add(self, inverted: InvertedFile) -> None:
        """Count the next documents."""
        numbers = np.array([self._numbers.setdefault(term, len(self._numbers)) for term in inverted.terms], np.int64)
        keys, frequencies = np.unique(_keys(numbers[inverted.term], inverted.field), return_counts=True)
        self._rows += inverted.rows
        self._keys.append(keys)
        self._frequencies.append(frequencies)
        self._filled += (inverted.lengths > 0).sum(axis=0)
        self._words += inverted.lengths.sum(axis=0)

    def statistics(self) -> Statistics:
        """All that was counted."""
        keys = np.concatenate([np.zeros(0, np.int64), *self._keys])
        each = np.concatenate([np.zeros(0, np.int64), *self._frequencies])
        distinct, place = np.unique(keys, return_inverse=True)
        frequencies = np.bincount(place, weights=each, minlength=distinct.size).astype(np.int32)
        mean_lengths = np.maximum(self._words / np.maximum(self._filled, 1), 1.0)
        return Statistics(self._rows, list(self._numbers), distinct, frequencies, mean_lengths)


def _keys(term: NDArray[np.integer], field: NDArray[np.uint8]) -> NDArray[np.int64]:
    return term.astype(np.int64) * _FIELDS + field


@dataclass(frozen=True)
class AreaPostings:
    """Postings of one area, sorted by term and row: `weight` is the term's whole score in that row."""

    term: Ints
    row: Ints
    weight: Floats


def bm25(inverted: InvertedFile, statistics: Statistics) -> NDArray[np.float64]:
    """BM25 of every entry of the inverted file, each field a collection of its own."""
    frequency = np.minimum(statistics.frequency(inverted), statistics.rows)
    inverse = np.log1p((statistics.rows - frequency + 0.5) / (frequency + 0.5))
    length = inverted.lengths[inverted.row, inverted.field]
    norm = K1 * (1 - B + B * length / statistics.mean_lengths[inverted.field])
    score: NDArray[np.float64] = inverse * inverted.count * (K1 + 1) / (inverted.count + norm)
    return score


def area_postings(inverted: InvertedFile, statistics: Statistics) -> dict[str, AreaPostings]:
    """Scored postings of every search area."""
    score = bm25(inverted, statistics)
    return {area: _of_area(inverted, score, area) for area in AREAS}


def _of_area(inverted: InvertedFile, score: NDArray[np.float64], area: str) -> AreaPostings:
    weights = np.zeros(_FIELDS)
    for number, weight in pieces_of(area).items():
        weights[number] = weight
    entries = np.flatnonzero(weights[inverted.field] > 0)
    term, row = inverted.term[entries], inverted.row[entries]
    begins = runs(term, row)
    weighted = score[entries] * weights[inverted.field[entries]]
    best = np.maximum.reduceat(weighted, begins) if begins.size else weighted
    return AreaPostings(term[begins], row[begins], best.astype(np.float32))
