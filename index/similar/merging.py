"""Small parts made one, so that daily updates leave a few parts and not hundreds.

A new part takes in the parts before it for as long as the next has no more rows than it has by then: of n single
updates log n parts remain, and each vector is written again log n times at most.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from index.similar import keys as entries
from index.similar.keys import PART_ROWS, Keys, packed
from index.similar.parts import Part


def mergeable(parts: Iterable[Part], rows: int) -> list[Part]:
    """Of the parts before, newest first, those that a part of so many rows takes in."""
    taken = []
    for part in parts:
        if part.rows > rows or part.rows + rows > PART_ROWS:
            break
        taken.append(part)
        rows += part.rows
    return taken


def merged(parts: list[Part], numbers: NDArray[np.int64], keys: Keys) -> tuple[NDArray[np.int64], Keys]:
    """Numbers and entries of a new part and of older ones, newest first; of a trial in several the newest counts."""
    if not parts:
        return numbers, keys
    held, kept = numbers, []
    for part in parts:
        rows = np.flatnonzero(~np.isin(part.numbers, held))
        kept.append(rows)
        held = np.concatenate([held, part.numbers[rows]])
    held.sort()
    moved = np.searchsorted(held, numbers)[entries.rows(keys)]
    every = [packed(entries.columns(keys), moved, entries.low(keys))]
    for part, rows in zip(parts, kept, strict=True):
        every.append(part.keys(rows, np.searchsorted(held, part.numbers[rows])))
    joined = np.concatenate(every)
    joined.sort()
    return held, joined
