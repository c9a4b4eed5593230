"""A part of the vectors on disk: up to 65,536 rows, by column (to find who is near) and by row (for exact scores).

A part is never changed once written. Rows decide, columns only choose: weights are in 16 bits by row, and by column in
255 steps up to the column's greatest, rounded up, so that no row seems further than it is.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.inverted import Floats, Ints
from index.kinds import PART_KINDS
from index.mapped import File, read_arrays, write_arrays
from index.similar import keys as entries
from index.similar.keys import Halves, Keys, packed

_STEPS = np.float32(255)


def write_part(path: Path, numbers: NDArray[np.int64], keys: Keys) -> None:
    """Write a part: the NCT ids' numbers of its rows, its entries (sorted, with weights), which are turned by it."""
    by_column = _by_column(keys)
    entries.turn(keys)
    used = np.bincount(entries.rows(keys, turned=True), minlength=numbers.size)
    write_arrays(
        path,
        PART_KINDS,
        {
            "numbers": numbers,
            "row_begins": np.append(0, np.cumsum(used)),
            "row_columns": entries.columns(keys, turned=True),
            "row_weights": entries.low(keys).view(np.float16),
            **by_column,
        },
    )


def _by_column(keys: Keys) -> dict[str, NDArray[Any]]:
    column = entries.columns(keys)
    first = np.ones(column.size, np.bool_)
    first[1:] = column[1:] != column[:-1]
    begins = np.flatnonzero(first)
    bits = entries.low(keys)  # of numbers not below 0: they sort as the numbers do
    most = np.maximum.reduceat(bits, begins) if begins.size else bits
    scales = np.maximum(most.view(np.float16).astype(np.float32), np.finfo(np.float32).tiny) / _STEPS
    steps = np.repeat(scales, np.diff(begins, append=column.size))
    np.divide(bits.view(np.float16), steps, out=steps)
    np.minimum(np.ceil(steps, out=steps), _STEPS, out=steps)
    return {
        "columns": column[begins],
        "column_begins": np.append(begins, column.size),
        "column_scales": scales,
        "column_rows": entries.rows(keys),
        "column_steps": steps.astype(np.uint8),
    }


class Part:
    """One part, opened where it lies."""

    def __init__(self, path: Path | File) -> None:
        arrays = read_arrays(path, PART_KINDS)
        self.numbers: NDArray[np.int64] = arrays["numbers"]
        self._row_begins: NDArray[np.int64] = arrays["row_begins"]
        self._row_columns: Ints = arrays["row_columns"]
        self._row_weights: Halves = arrays["row_weights"]
        self._columns: Ints = arrays["columns"]
        self._column_begins: NDArray[np.int64] = arrays["column_begins"]
        self._column_scales: Floats = arrays["column_scales"]
        self._column_rows: NDArray[np.uint16] = arrays["column_rows"]
        self._column_steps: NDArray[np.uint8] = arrays["column_steps"]
        self.rows = int(self.numbers.size)

    def row(self, row: int) -> tuple[Ints, Halves]:
        """Columns, ascending, and weights of a row."""
        begin, end = self._row_begins[row : row + 2].tolist()
        return self._row_columns[begin:end], self._row_weights[begin:end]

    def add_near(self, columns: Ints, weights: Floats, total: Floats) -> None:
        """Add to each row's total what some columns, ascending, give to its score."""
        at = np.searchsorted(self._columns, columns)
        held = np.flatnonzero(self._columns.take(at, mode="clip") == columns) if self._columns.size else at[:0]
        if not held.size:
            return
        at = at[held]
        starts, ends = self._column_begins[at], self._column_begins[at + 1]
        factor = np.repeat(weights[held] * self._column_scales[at], ends - starts)
        factor *= _pieces(self._column_steps, starts, ends)
        rows = _pieces(self._column_rows, starts, ends).astype(np.intp)  # `add` is four times as fast by such
        np.add.at(total, rows, factor)

    def dots(self, query: NDArray[np.float64], rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Exact scores of some rows against a dense query."""
        starts, ends = self._row_begins[rows], self._row_begins[rows + 1]
        products = query[_pieces(self._row_columns, starts, ends)] * _pieces(self._row_weights, starts, ends)
        lengths = ends - starts
        used = np.flatnonzero(lengths)
        sums = np.zeros(rows.size)
        if used.size:
            sums[used] = np.add.reduceat(products, (np.cumsum(lengths) - lengths)[used])
        return sums

    def keys(self, rows: NDArray[np.intp], renumbered: NDArray[np.intp]) -> Keys:
        """Entries of some rows, which get other numbers; not sorted."""
        starts, ends = self._row_begins[rows], self._row_begins[rows + 1]
        weights = _pieces(self._row_weights, starts, ends).view(np.uint16)
        return packed(_pieces(self._row_columns, starts, ends), np.repeat(renumbered, ends - starts), weights)


def _pieces(array: NDArray[Any], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[Any]:
    """Ranges of an array, one after the other: copied as they lie, which no list of indices does as fast."""
    pieces = [array[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return np.concatenate([array[:0], *pieces])
