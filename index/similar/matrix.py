"""The vectors of one generation: its parts put together, so that a row is a row of the columns whatever part it is in.

Ranking reads the columns that carry most of the query's squared length, scores the rows that seem nearest exactly, and
from how much nearer these are than they seemed tells which others could be as near; those are scored too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.inverted import Floats, Ints, Mask
from index.mapped import Folder
from index.owners import Owners
from index.similar.aspects import WHOLE, factors
from index.similar.contents import VOCABULARY, Contents
from index.similar.groups import GROUPS
from index.similar.parts import Part
from index.similar.vocabulary import Surfaces

CUT = 0.9  # of the query's squared length, in the columns that are read
SAMPLE = 100  # rows that are scored first, or twice the limit
SLACK = 2  # times the most that a row of these was nearer than it seemed: others may be so by more
POOL_SHARE = 0.05  # of all rows: from here on reading all columns costs less than scoring more rows
_BLOCK = 4096  # rows scored at once: 40 MB
_LEAST = float(np.finfo(np.float32).tiny)  # less than any weight's product: what shares a column is nearer
_ROUNDING = 1e-6  # of sums in 32 bits

Weights: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One vector: its columns, ascending, and their weights."""

    columns: Ints
    weights: Weights


@dataclass(frozen=True)
class Query(Row):
    """A vector to score by, and the numbers of the groups that it reads."""

    groups: tuple[int, ...]


@dataclass(frozen=True)
class Ranked:
    """Rows, best first, with their exact scores."""

    rows: list[int]
    scores: list[float]


class Matrix:
    """Vectors of one generation, opened where they lie: all at once, so that a reader keeps its generation."""

    def __init__(self, folder: Path | Folder, numbers: NDArray[np.int64]) -> None:
        """Open it; `numbers` are the NCT ids' numbers of the rows, ascending.

        OSError or ValueError where a file is missing or is not what was written.
        """
        self.folder = folder
        self._numbers = numbers
        self._parts = [Part(folder / name) for name in Contents.read(folder).parts]
        self._surfaces = Surfaces(folder / VOCABULARY)
        self.size = int(numbers.size)

    @cached_property
    def _owners(self) -> Owners:
        return Owners.of([part.numbers for part in self._parts], self._numbers)

    def row(self, row: int) -> Row:
        """Vector of a row."""
        try:
            number, place = self._owners.place(row)
        except KeyError:
            return Row(np.zeros(0, np.int32), np.zeros(0))
        columns, weights = self._parts[number].row(place)
        return Row(columns, weights.astype(np.float64))

    def query(self, rows: list[int], aspect: str = WHOLE) -> Query:
        """What to score by for what is like all of some rows: the score is the mean of the scores against each."""
        return by(self.mean(rows), factors(aspect))

    def mean(self, rows: Sequence[int]) -> Row:
        """Mean of the vectors of some rows."""
        return self.row(rows[0]) if len(rows) == 1 else _mean([self.row(row) for row in rows])

    # -- ranking ---------------------------------------------------------------------------------------------------

    def ranked(self, query: Row, allowed: Mask, limit: int) -> Ranked:
        """Best rows of the mask by exact score, ties in order of row; rows that share nothing are left out."""
        sample = max(SAMPLE, 2 * limit)
        if not limit or not query.columns.size:
            return Ranked([], [])
        if np.count_nonzero(allowed) <= sample:
            rows = np.flatnonzero(allowed)
            scores = self.scores(query, rows)
        else:
            rows, scores = self._pool(query, allowed, limit, sample)
        return best(rows, scores, limit)

    def _pool(self, query: Row, allowed: Mask, limit: int, sample: int) -> tuple[NDArray[np.intp], Weights]:
        """Rows of the mask that the best are among, with their exact scores."""
        for cut in (CUT, 1.0):
            near = self._near(query, cut)
            near[~allowed] = 0
            floor = max(_floor(near, sample), _LEAST)
            first = np.flatnonzero(near >= floor)
            scores = self.scores(query, first)
            enough = -np.sort(-scores)[limit - 1] if first.size >= limit else 0.0
            beyond = SLACK * np.max(scores - near[first], initial=0.0) + _ROUNDING
            rest = np.flatnonzero((near >= max(enough - beyond, _LEAST)) & (near < floor))
            if enough > beyond and rest.size <= max(sample, POOL_SHARE * self.size):
                break
        return np.concatenate([first, rest]), np.concatenate([scores, self.scores(query, rest)])

    def _near(self, query: Row, cut: float) -> Floats:
        """About the score of every row: over the heaviest columns, which carry a share of the squared length."""
        kept = heaviest(query, cut)
        weights = kept.weights.astype(np.float32)
        begins, places = self._owners.begins, self._owners.places
        total = np.zeros(begins[-1] + 1, np.float32)
        for part, begin in zip(self._parts, begins.tolist(), strict=False):
            part.add_near(kept.columns, weights, total[begin : begin + part.rows])
        return total[:-1] if places is None else total[places]

    def scores(self, query: Row, rows: NDArray[np.intp]) -> Weights:
        """Exact scores of some rows: the sums of the products of shared columns."""
        sums = np.zeros(rows.size)
        if not rows.size:
            return sums
        dense = np.zeros(len(self._surfaces) * len(GROUPS))
        dense[query.columns] = query.weights
        begins = self._owners.begins
        places = rows if self._owners.places is None else self._owners.places[rows]
        part_of = np.searchsorted(begins, places, side="right") - 1
        for number, part in enumerate(self._parts):
            for held in _blocks(np.flatnonzero(part_of == number)):
                sums[held] = part.dots(dense, places[held] - begins[number])
        return sums

    # -- reasons ---------------------------------------------------------------------------------------------------

    def shared(self, query: Row, row: int) -> tuple[Ints, Weights]:
        """Columns that a query and a row share, and what each gives to the score."""
        other = self.row(row)
        columns, mine, theirs = np.intersect1d(query.columns, other.columns, assume_unique=True, return_indices=True)
        return columns, query.weights[mine] * other.weights[theirs]

    def surface(self, term: int) -> str:
        """A term as people write it."""
        return self._surfaces[term]


def _mean(rows: list[Row]) -> Row:
    columns, place = np.unique(np.concatenate([row.columns for row in rows]), return_inverse=True)
    return Row(columns, np.bincount(place, weights=np.concatenate([row.weights for row in rows])) / len(rows))


def by(row: Row, factor: Weights) -> Query:
    """Multiply a row's groups by their factors; what has none is left out."""
    weights = row.weights * factor[row.columns % len(GROUPS)]
    kept = np.flatnonzero(weights)
    return Query(row.columns[kept], weights[kept], tuple(np.flatnonzero(factor).tolist()))


def best(rows: NDArray[np.intp], scores: Weights, limit: int) -> Ranked:
    """Best of some rows, ties in order of row; those that share nothing are left out."""
    order = np.lexsort((rows, -scores))
    order = order[scores[order] > 0][:limit]
    return Ranked(rows[order].tolist(), scores[order].tolist())


def heaviest(query: Row, cut: float, most: int | None = None) -> Row:
    """The columns that carry a share of the squared length, so many at most."""
    order = np.argsort(-query.weights, kind="stable")
    carried = np.cumsum(query.weights[order] ** 2)
    kept = np.sort(order[: int(np.searchsorted(carried, cut * carried[-1])) + 1][:most])
    return Row(query.columns[kept], query.weights[kept])


def _floor(values: Floats, count: int) -> float:
    """Find a value that at least so many values reach, and not many more: the greatest of blocks tell it fast."""
    width = max(1, values.size // (16 * count))
    blocks = values.size // width
    greatest = values[: blocks * width].reshape(width, blocks).max(axis=0)
    return float(np.partition(greatest, -count)[-count])


def _blocks(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for begin in range(0, rows.size, _BLOCK):
        yield rows[begin : begin + _BLOCK]
