"""Which part of an index has each trial: the newest that holds it; what the columns don't have is nobody's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.inverted import Ints


@dataclass(frozen=True)
class Owners:
    """`row_maps`: for each part, the row of the columns that each of its rows is, -1 for nobody's; None for the same.

    `part` and `row` tell for each row of the columns where it is; None where there is one part with the same rows.
    """

    row_maps: tuple[Ints | None, ...]
    part: NDArray[np.int16] | None
    row: Ints | None

    @classmethod
    def of(cls, parts: Sequence[NDArray[np.int64]], numbers: NDArray[np.int64]) -> "Owners":
        """Tell for parts by their trials' numbers and for the columns' numbers, all ascending."""
        if len(parts) == 1 and np.array_equal(parts[0], numbers):
            return cls((None,), None, None)
        part, row = np.full(numbers.size, -1, np.int16), np.full(numbers.size, -1, np.int32)
        for place, held in enumerate(parts):
            rows = _rows(held, numbers)
            part[rows[rows >= 0]] = place
            row[rows[rows >= 0]] = np.flatnonzero(rows >= 0)
        row_maps = []
        for place, held in enumerate(parts):
            rows = _rows(held, numbers)
            mine = np.flatnonzero(rows >= 0)
            rows[mine[part[rows[mine]] != place]] = -1
            row_maps.append(rows)
        return cls(tuple(row_maps), part, row)

    def place(self, row: int | None) -> tuple[int, int]:
        """Part and row in it of a row of the columns; KeyError for a trial that no part has."""
        if row is None:
            raise KeyError(row)
        if self.part is None or self.row is None:
            return 0, row
        return int(self.part[row]), int(self.row[row])


def _rows(held: NDArray[np.int64], numbers: NDArray[np.int64]) -> Ints:
    """Row of each number, -1 where it has none."""
    if not numbers.size:
        return np.full(held.size, -1, np.int32)
    at = np.minimum(np.searchsorted(numbers, held), numbers.size - 1)
    return np.where(numbers[at] == held, at, -1).astype(np.int32)
