"""Which part of an index has each trial: the newest that holds it; what the columns don't have is nobody's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.inverted import Ints


@dataclass(frozen=True)
class Owners:
    """Rows of the columns in parts with rows of their own.

    `begins` says where each part begins in all of them laid end to end, and where the last one ends; `places` where in
    that each row of the columns is, the end where it is in no part; None where all are the same rows.
    """

    begins: NDArray[np.int64]
    places: NDArray[np.intp] | None

    @classmethod
    def of(cls, parts: Sequence[NDArray[np.int64]], numbers: NDArray[np.int64]) -> "Owners":
        """Tell for parts by their trials' numbers, the oldest first, and for the columns' numbers, all ascending."""
        begins = np.cumsum([0, *(held.size for held in parts)])
        bounds = list(zip(begins[:-1].tolist(), begins[1:].tolist(), parts, strict=True))
        if begins[-1] == numbers.size and all(np.array_equal(numbers[begin:end], held) for begin, end, held in bounds):
            return cls(begins, None)
        places = np.full(numbers.size, begins[-1], np.intp)
        for begin, end, held in bounds:
            rows = np.searchsorted(numbers, held)
            rows[rows == numbers.size] = 0
            found = np.flatnonzero(numbers[rows] == held) if numbers.size else rows[:0]
            places[rows[found]] = np.arange(begin, end)[found]
        return cls(begins, places)

    def place(self, row: int | None) -> tuple[int, int]:
        """Part and row in it of a row of the columns; KeyError for a trial that has none, or that no part has."""
        if row is None:
            raise KeyError(row)
        place = row if self.places is None else int(self.places[row])
        part = int(np.searchsorted(self.begins, place, side="right")) - 1
        if part == self.begins.size - 1:
            raise KeyError(row)
        return part, place - int(self.begins[part])

    @property
    def row_maps(self) -> tuple[Ints | None, ...]:
        """For each part, the row of the columns that each of its rows is, -1 for nobody's; None for the same rows."""
        if self.places is None and self.begins.size == 2:  # noqa: PLR2004 - one part
            return (None,)
        rows = np.full(int(self.begins[-1]) + 1, -1, np.int32)
        size = self.begins[-1] if self.places is None else self.places.size
        rows[slice(0, size) if self.places is None else self.places] = np.arange(size, dtype=np.int32)
        return tuple(np.split(rows[:-1], self.begins[1:-1]))
