"""The vectors on disk, memory-mapped, by column (for ranking) and by row (for exact scores and reasons)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.columns import Mask
from index.similar.vectors import Vectors

# Ranking reads the columns that carry most of the query's squared length, then scores a pool of rows exactly. At
# 11,814 trials that kept the exact ten of 1,500 queries out of 1,500 (a cut of .85: 1,495), at a quarter of the time.
CUT = 0.9
POOL = 300
POOL_SHARE = 0.005  # of all rows, where that is more


@dataclass(frozen=True)
class Row:
    """One vector: its columns, ascending, and their weights."""

    columns: NDArray[np.int32]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class Ranked:
    """Rows, best first, with their exact scores."""

    rows: list[int]
    scores: list[float]


def write_matrix(folder: Path, made: Vectors, surfaces: list[str]) -> None:
    """Write vectors and the words that their terms are shown as into a new folder."""
    folder.mkdir(parents=True)
    columns = np.repeat(np.arange(made.begins.size - 1, dtype=np.int32), np.diff(made.begins))
    order = np.argsort(made.row, kind="stable")
    row_begins = np.searchsorted(made.row[order], np.arange(made.rows + 1))
    weight = made.weight.astype(np.float16)
    above = weight > made.weight
    weight[above] = np.nextafter(weight[above], np.float16(0))  # rounded down: twins score 1 at most
    spelled = [surface.encode() for surface in surfaces]
    arrays: dict[str, NDArray[np.generic]] = {
        "column_begins": made.begins,
        "column_rows": made.row,
        "column_weights": weight,
        "row_begins": row_begins,
        "row_columns": columns[order],
        "row_weights": weight[order],
        "column_group": made.column_group,
        "column_term": made.column_term,
        "surface_begins": np.cumsum([0, *(len(word) for word in spelled)]),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    (folder / "surfaces").write_bytes(b"".join(spelled))


class Matrix:
    """Vectors of one generation."""

    def __init__(self, folder: Path) -> None:
        def load(name: str) -> NDArray[np.generic]:
            array: NDArray[np.generic] = np.load(folder / f"{name}.npy", mmap_mode="r")
            return array

        self._column_begins = load("column_begins").view(np.int64)
        self._column_rows = load("column_rows").view(np.int32)
        self._column_weights = load("column_weights").view(np.float16)
        self._row_begins = load("row_begins").view(np.int64)
        self._row_columns = load("row_columns").view(np.int32)
        self._row_weights = load("row_weights").view(np.float16)
        self.column_group = load("column_group").view(np.uint8)
        self.column_term = load("column_term").view(np.int32)
        self._surface_begins = load("surface_begins").view(np.int64)
        self._surfaces = (folder / "surfaces").read_bytes()
        self.size = self._row_begins.size - 1

    def row(self, row: int) -> Row:
        """Vector of a row."""
        begin, end = self._row_begins[row : row + 2]
        return Row(self._row_columns[begin:end], self._row_weights[begin:end].astype(np.float64))

    def mean(self, rows: list[int]) -> Row:
        """Mean of several rows' vectors: the score against it is the mean of the scores against each."""
        if len(rows) == 1:
            return self.row(rows[0])
        parts = [self.row(row) for row in rows]
        columns, place = np.unique(np.concatenate([part.columns for part in parts]), return_inverse=True)
        weights = np.bincount(place, weights=np.concatenate([part.weights for part in parts]))
        return Row(columns, weights / len(rows))

    def ranked(self, query: Row, allowed: Mask, limit: int) -> Ranked:
        """Best rows of the mask by exact score, ties in order of row; rows that share nothing are left out."""
        rows = np.flatnonzero(allowed & (np.diff(self._row_begins) > 0))
        pool = max(POOL, 4 * limit, int(POOL_SHARE * self.size))
        if pool < rows.size:
            rows = np.sort(rows[np.argpartition(-self._near(query)[rows], pool)[:pool]])
        exact = self.scores(query, rows)
        order = np.argsort(-exact, kind="stable")
        order = order[exact[order] > 0][:limit]
        return Ranked(rows[order].tolist(), exact[order].tolist())

    def _near(self, query: Row) -> NDArray[np.float32]:
        """Score of every row over the query's heaviest columns."""
        heaviest = np.argsort(-np.abs(query.weights), kind="stable")
        carried = np.cumsum(query.weights[heaviest] ** 2)
        kept = heaviest[: int(np.searchsorted(carried, CUT * carried[-1])) + 1] if carried.size else heaviest
        columns, begins = query.columns[kept], self._column_begins
        starts, ends = begins[columns].tolist(), begins[columns + 1].tolist()
        total = np.zeros(self.size, np.float32)
        rows, weights = self._column_rows, self._column_weights
        for start, end, weight in zip(starts, ends, query.weights[kept].astype(np.float32), strict=True):
            total[rows[start:end]] += weights[start:end] * weight
        return total

    def scores(self, query: Row, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Exact scores of some rows, each with at least one column: the sum of the products of shared columns."""
        dense = np.zeros(self.column_group.size)
        dense[query.columns] = query.weights
        begins = self._row_begins[rows]
        lengths = self._row_begins[rows + 1] - begins
        ends = np.cumsum(lengths)
        at = np.arange(lengths.sum()) - np.repeat(ends - lengths - begins, lengths)
        products = dense[self._row_columns[at]] * self._row_weights[at]
        sums: NDArray[np.float64] = np.add.reduceat(products, ends - lengths) if rows.size else products
        return sums

    def shared(self, query: Row, row: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Columns that a query and a row share, and what each gives to the score."""
        other = self.row(row)
        columns, mine, theirs = np.intersect1d(query.columns, other.columns, assume_unique=True, return_indices=True)
        return columns, query.weights[mine] * other.weights[theirs]

    def surface(self, term: int) -> str:
        """A term as people write it."""
        begin, end = self._surface_begins[term : term + 2].tolist()
        return self._surfaces[begin:end].decode()
