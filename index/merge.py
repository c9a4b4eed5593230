"""A table brought up to date: rows kept of what stood before, new ones among them, in order of NCT id."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.inverted import Ints


@dataclass(frozen=True)
class Merge:
    """`kept` are the rows before that stay, ascending; `order` sorts them and the new ones after them by number.

    `size_before` rows there were.
    """

    size_before: int
    kept: NDArray[np.int64]
    order: NDArray[np.int64]

    @classmethod
    def of(cls, before: NDArray[np.int64], removed: set[int], new: NDArray[np.int64]) -> "Merge":
        """Plan it by the NCT ids' numbers."""
        gone = np.isin(before, np.fromiter(removed, np.int64, len(removed)))
        kept = np.flatnonzero(~gone)
        return cls(before.size, kept, np.argsort(np.concatenate([before[kept], new]), kind="stable"))

    def rows(self, before: NDArray[np.generic], new: NDArray[np.generic]) -> NDArray[np.generic]:
        """Values with one a row: those before, and new ones."""
        merged: NDArray[np.generic] = np.concatenate([before[self.kept], new])[self.order]
        return merged

    def lines(self, before: Ints, new: Ints) -> tuple[NDArray[np.int64], Ints]:
        """Lines of which a row has any number, by the row of each: which to take of both, one after the other.

        Second, the row of each line taken, ascending.
        """
        place = np.empty(self.order.size, np.int32)
        place[self.order] = np.arange(self.order.size, dtype=np.int32)
        moved = np.full(self.size_before, -1, np.int32)
        moved[self.kept] = place[: self.kept.size]
        rows = np.concatenate([moved[before], place[self.kept.size :][new]])
        taken = np.flatnonzero(rows >= 0)
        taken = taken[np.argsort(rows[taken], kind="stable")]
        return taken, rows[taken]
